//! Where a unit's files live in a build directory, and which of them may be shared.
//!
//! Cargo's build-directory layout (stable default from 1.100, `-Zbuild-dir-new-layout`
//! before) gives every unit a directory of its own:
//!
//! ```text
//! <build-dir>/[<triple>/]<profile>/build/<package>/<hash>/
//!     fingerprint/   Cargo's own notes, rewritten in place        private
//!     run/           build-script runs: output, rewritten         private
//!     out/           what rustc wrote, replaced not rewritten     shared …
//!     out/*.d        dep-info, rewritten in place                 private
//!     out/           of a build-script run: OUT_DIR               private
//! ```
//!
//! Two further kinds of file get private copies although rustc replaces them: whatever a
//! build script wrote (scripts truncate and rewrite their own files), and everything that Cargo
//! uplifts: it is hard linked to where users `strip` and overwrite it.
//!
//! Modification times have to agree, because Cargo finds a unit stale when an output of a dependency is newer than its own
//! newest output, and when a source is newer than the unit's dep-info. In a build directory filled from several builds:
//!
//! - outputs of every cached unit carry one normal time, also where they were built, so that no mixture is out of order;
//! - a build-script run that watches files which are not immutable must be at least as new as they are, and everything
//!   that depends on it at least as new as it: such units carry the newest of these times instead;
//! - files under `fingerprint/` are private and get the time at which planning began, before the sources were compared.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::files::since_epoch;

use super::{Graph, Mode, Unit, UnitIndex, UnitTarget};

/// The build directory of one invocation.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The build directory (`build.build-dir`, else the target directory).
    pub build_dir: PathBuf,
}

impl Layout {
    /// The absolute directory of a unit, given its place relative to the build directory.
    pub fn unit_dir(&self, place: &UnitPlace) -> PathBuf {
        self.build_dir.join(&place.0)
    }

    /// Takes the place of a unit from the path of any file under its `out` directory.
    pub fn place_of(&self, file: &Path) -> Option<UnitPlace> {
        let relative = file.strip_prefix(&self.build_dir).ok()?;
        let parts: Vec<&str> = relative.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
        let build = parts.iter().position(|part| *part == "build")?;
        // build / package / hash / out …
        (parts.get(build + 3) == Some(&"out")).then(|| UnitPlace(parts[..build + 3].join("/")))
    }
}

/// A unit directory relative to the build directory: `debug/build/serde/0123456789abcdef`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct UnitPlace(pub String);

impl UnitPlace {
    /// Whether the text is a plain relative path of the expected shape, so that a foreign
    /// manifest cannot lead outside the build directory.
    pub fn is_sound(&self) -> bool {
        let parts: Vec<&str> = self.0.split('/').collect();
        is_plain_relative(&self.0) && parts.len() >= 4 && parts[parts.len() - 3] == "build"
    }
}

/// Whether `path` is relative and made of ordinary names only.
pub fn is_plain_relative(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\\')
        && !path.contains('\0')
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The directory name of a profile: `dev` and `test` build into `debug`, `bench` into `release`.
pub fn profile_dir(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    }
}

/// The directory with a unit's `build/`, relative to the build directory: `debug`, `<triple>/debug`.
/// Cargo records this path in the unit's fingerprint, so it is part of the identity.
pub fn base_dir(graph: &Graph, unit: &Unit) -> String {
    let profile = graph.roots.first().map_or(unit.profile.name.as_str(), |root| &graph.units[*root].profile.name);
    let profile = profile_dir(profile);
    match &unit.platform {
        // A custom target is named by the stem of its JSON file.
        Some(triple) => {
            let stem = Path::new(triple).file_stem().and_then(|stem| stem.to_str());
            let name = if triple.ends_with(".json") { stem.unwrap_or(triple) } else { triple };
            format!("{name}/{profile}")
        }
        None => profile.to_owned(),
    }
}

/// Cargo's base name for a unit's files under `fingerprint/`.
pub(crate) fn fingerprint_name(target: &UnitTarget, mode: &Mode) -> String {
    let flavor = match mode {
        Mode::Test => "test-",
        Mode::RunCustomBuild => "run-",
        Mode::Other(name) if name.starts_with("doc") => "doc-",
        _ => "",
    };
    let description = match target.main_kind() {
        "bin" => "bin",
        "test" => "integration-test",
        "example" => "example",
        "bench" => "bench",
        "custom-build" => "build-script",
        _ => "lib",
    };
    format!("{flavor}{description}-{}", target.name)
}

/// When a unit directory was last built or restored: the time of `invoked.timestamp`, of a compilation or of a
/// build-script run.
pub fn invoked_at(unit_dir: &Path) -> Option<Duration> {
    let time = |relative: &str| std::fs::metadata(unit_dir.join(relative)).and_then(|meta| meta.modified()).ok();
    time("fingerprint/invoked.timestamp").or_else(|| time("run/invoked.timestamp")).map(since_epoch)
}

/// The time all outputs carry unless a watched file forces a newer one.
pub(crate) const NORMAL_STAMP: Duration = Duration::from_secs(1_000_000_000);

/// The oldest time that a unit's outputs may have: the newest of the normal time, its dependencies' times and the files that it watches.
pub(crate) fn oldest_stamp(dependencies: impl Iterator<Item = Duration>, watched: Option<SystemTime>) -> Duration {
    dependencies.chain(watched.map(since_epoch)).fold(NORMAL_STAMP, Duration::max)
}

/// Whether a restored file may share its inode with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileSharing {
    /// The link mode decides how it is placed.
    Shared,
    /// Always a copy of its own.
    Private,
}

/// Whether Cargo links what a unit makes to a place where people change it: every binary and
/// dynamic library, also those that nobody asked for, and whatever was asked for.
pub fn is_uplifted(graph: &Graph, index: UnitIndex) -> bool {
    let target = &graph.units[index].target;
    let final_kind = target.kind.iter().any(|kind| kind == "bin" || kind == "example");
    final_kind || target.crate_types.iter().any(|it| it == "dylib") || graph.roots.contains(&index)
}

/// The one predicate that decides which files need a private copy; `path` is relative to
/// the unit directory, `immutable` says that its package cannot change.
///
/// A shared file must never be written in place. rustc replaces libraries by renaming a new one
/// over the old (traced with 1.95), and so do the linkers bfd, gold and lld; mold writes programs
/// in place. rustc writes in place what else there is: `.d`, `.o`, `.dwo`, `.dwp`.
pub fn share(unit: &Unit, uplifted: bool, immutable: bool, path: &str) -> FileSharing {
    let replaced = match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("rlib" | "rmeta" | "so" | "dylib" | "dll" | "a" | "lib") => true,
        None | Some("exe") => immutable,
        Some(_) => false,
    };
    let shared = replaced && path.starts_with("out/") && !unit.is_script_run() && !uplifted;
    if shared { FileSharing::Shared } else { FileSharing::Private }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_is_read_from_any_file_under_out() {
        let layout = Layout { build_dir: "/t".into() };
        let place = |path: &str| layout.place_of(Path::new(path)).map(|place| place.0);
        assert_eq!(place("/t/debug/build/a/00ff/out/liba-00ff.rlib").as_deref(), Some("debug/build/a/00ff"));
        assert_eq!(place("/t/x86/debug/build/a/00ff/out").as_deref(), Some("x86/debug/build/a/00ff"));
        assert_eq!(place("/t/debug/a"), None);
        assert_eq!(place("/elsewhere/debug/build/a/00ff/out/x"), None);
    }

    #[test]
    fn places_that_lead_elsewhere_are_unsound() {
        for sound in ["debug/build/a/0f", "x86/debug/build/a/0f"] {
            assert!(UnitPlace(sound.into()).is_sound(), "{sound}");
        }
        for unsound in [
            "",
            "debug",
            "../build/a/0f",
            "/debug/build/a/0f",
            "debug/build/../0f",
            "debug/build//0f",
            "debug/other/a/0f",
        ] {
            assert!(!UnitPlace(unsound.into()).is_sound(), "{unsound}");
        }
    }

    proptest! {
        #[test]
        fn no_dependency_is_newer_than_its_dependent(deps in proptest::collection::vec(0u64..3_000_000_000, 0..5), watched in proptest::option::of(0u64..3_000_000_000)) {
            let stamp = oldest_stamp(deps.iter().map(|secs| Duration::from_secs(*secs)), watched.map(|secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs)));
            prop_assert!(stamp >= NORMAL_STAMP);
            prop_assert!(deps.iter().chain(watched.iter()).all(|secs| Duration::from_secs(*secs) <= stamp));
        }
    }
}
