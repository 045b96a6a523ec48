//! Every input of a key.
//!
//! One more input is one more variant here and one more value where inputs are gathered
//! (`inputs.rs` or `observed.rs`): hashing, explaining misses, leaving an input out, simulating and the
//! table of `strategies/KEYS.md` loop over this list.

use enum_map::{Enum, EnumMap};
use records::MissReason;

/// An input of a key. Explaining a miss names the first one that differs, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Enum)]
#[allow(missing_docs, reason = "`Input::info` describes each")]
pub enum Input {
    Version,
    Toolchain,
    Platform,
    Profile,
    ProfileDirectory,
    Features,
    Flags,
    PackageName,
    PackageId,
    Checksum,
    SourcePath,
    TargetName,
    TargetKind,
    CrateTypes,
    Edition,
    Mode,
    BuildStd,
    Manifest,
    DependencyNames,
    DependencyKeys,
    DependencyContents,
    Files,
    Variables,
    WorkspaceRoot,
    StaticLibraries,
    PackageTime,
}

/// When the value of an input is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputStage {
    /// Before the build, from the unit graph and its surroundings: a text of [`KeyInputs`](super::KeyInputs).
    Unit,
    /// Once the keys and contents of all dependencies are known.
    Dependency,
    /// Once a unit with the same base key has been built.
    Observed,
}

/// The description of an input.
#[derive(Debug, Clone, Copy)]
pub struct InputInfo {
    /// Stable name: `~without-NAME` leaves the input out.
    pub name: &'static str,
    /// When its value is known.
    pub stage: InputStage,
    /// The reason of a miss that it causes.
    pub reason: MissReason,
    /// What it is.
    pub about: &'static str,
    /// Where its value comes from.
    pub origin: &'static str,
    /// Why two artifacts that differ in it are not interchangeable.
    pub why: &'static str,
}

impl Input {
    /// Every input.
    pub fn all() -> impl Iterator<Item = Input> {
        (0..Input::LENGTH).map(Input::from_usize)
    }

    /// The inputs that a unit has by itself.
    pub fn of_unit() -> impl Iterator<Item = Input> {
        Input::all().filter(|input| input.info().stage == InputStage::Unit)
    }

    /// The input of a name.
    pub fn by_name(name: &str) -> Option<Input> {
        Input::all().find(|input| input.info().name == name)
    }

    /// The description of the input.
    pub const fn info(self) -> InputInfo {
        use InputStage::{Dependency, Observed, Unit};
        use MissReason as Reason;
        let (name, stage, reason, about, origin, why) = match self {
            Input::Version => (
                "version",
                Unit,
                Reason::Version,
                "package version",
                "unit graph",
                "two versions are two sources (the package id has it, too; it is an input of its own to be named when it \
                 is what differs)",
            ),
            Input::Toolchain => {
                ("toolchain", Unit, Reason::Toolchain, "`rustc -vV`", "toolchain", "crate identity; metadata format")
            }
            Input::Platform => (
                "platform",
                Unit,
                Reason::Platform,
                "target triple; for a host unit, whether there is a `--target`, if any RUSTFLAGS are set",
                "unit graph, environment, configuration",
                "`--target` keeps RUSTFLAGS from build scripts and proc macros, also when it names the host",
            ),
            Input::Profile => (
                "profile",
                Unit,
                Reason::Profile,
                "all fields of the profile",
                "unit graph, as printed, so that fields unknown here count too",
                "rustc arguments",
            ),
            Input::ProfileDirectory => (
                "profile-directory",
                Unit,
                Reason::Profile,
                "profile directory and triple",
                "unit graph",
                "Cargo stores the path of dep-info, `debug/build/…`, in the fingerprint: one artifact cannot serve two \
                 profile directories",
            ),
            Input::Features => (
                "features",
                Unit,
                Reason::Features,
                "activated features",
                "unit graph",
                "`--cfg feature`, and Cargo's unit hash",
            ),
            Input::Flags => (
                "flags",
                Unit,
                Reason::Rustflags,
                "RUSTFLAGS, `CARGO_ENCODED_RUSTFLAGS`, `RUSTC_BOOTSTRAP`, `RUSTC_WRAPPER`, `RUSTC_WORKSPACE_WRAPPER`, \
                 `SOURCE_DATE_EPOCH`, `CARGO_BUILD_*`, `CARGO_TARGET_*`, `CARGO_HOST_*`, `CARGO_UNSTABLE_*`; `[build]`, \
                 `[target]`, `[host]`, `[env]`, `[unstable]`, `include`; `-Z`. Paths of directories and job counts are left \
                 out",
                "environment; every `.cargo/config.toml` in force where Cargo runs and the files these include; \
                 `--config` and `-Z` among Cargo's arguments",
                "reach rustc; a whole table counts, so one variable in `[env]` misses everything. Values relative to the \
                 directory of the file count as text only, but a unit that is known to read a variable has the value that \
                 it has here in its key",
            ),
            Input::PackageName => (
                "package-name",
                Unit,
                Reason::Content,
                "package name",
                "unit graph",
                "`CARGO_PKG_NAME`, and the name of the unit directory",
            ),
            Input::PackageId => (
                "package-id",
                Unit,
                Reason::Content,
                "package id",
                "unit graph; the path of the workspace replaced by `ws:`",
                "two packages are never one; a workspace may move",
            ),
            Input::Checksum => (
                "checksum",
                Unit,
                Reason::Content,
                "checksum, or commit of a git package",
                "`Cargo.lock`",
                "the content of the source; a git id has no commit in it",
            ),
            Input::SourcePath => (
                "source-path",
                Unit,
                Reason::Content,
                "path of the root source file",
                "unit graph; relative inside the workspace, absolute elsewhere",
                "Cargo hashes it into the fingerprint; rmeta and debug information hold it. Another `CARGO_HOME` path \
                 therefore means other keys",
            ),
            Input::TargetName => ("target-name", Unit, Reason::Content, "target name", "unit graph", "rustc arguments"),
            Input::TargetKind => ("target-kind", Unit, Reason::Content, "target kind", "unit graph", "rustc arguments"),
            Input::CrateTypes => ("crate-types", Unit, Reason::Content, "crate types", "unit graph", "rustc arguments"),
            Input::Edition => ("edition", Unit, Reason::Content, "edition", "unit graph", "rustc arguments"),
            Input::Mode => (
                "mode",
                Unit,
                Reason::Content,
                "mode",
                "unit graph",
                "check, build, test and script runs make different files",
            ),
            Input::BuildStd => (
                "build-std",
                Unit,
                Reason::Content,
                "whether the unit is part of the standard library (`-Zbuild-std`)",
                "unit graph",
                "such units are compiled with other arguments",
            ),
            Input::Manifest => (
                "manifest",
                Unit,
                Reason::Content,
                "manifests of a path package: its own and that of the workspace, whole; and that of the workspace it really \
                 belongs to (the one it names, or the nearest above it that does not exclude it), be it outside the \
                 workspace that is built or nested in it",
                "files",
                "`[lints]`, declared features, `CARGO_PKG_*`; a changed comment is a miss",
            ),
            Input::DependencyNames => (
                "dependency-names",
                Dependency,
                Reason::Dependency,
                "name and flags of each dependency edge",
                "unit graph",
                "`--extern` arguments",
            ),
            Input::DependencyKeys => (
                "dependency-keys",
                Dependency,
                Reason::Dependency,
                "key of each dependency",
                "computed before, dependencies first",
                "what a dependency was made from",
            ),
            Input::DependencyContents => (
                "dependency-contents",
                Dependency,
                Reason::Dependency,
                "digest of what each dependency exports: the rmeta (libraries), the loadable library (proc macros), standard \
                 output with `OUT_DIR` replaced and every file and empty directory of `OUT_DIR` (script runs)",
                "store or build directory",
                "two builds of one key may differ in their bytes",
            ),
            Input::Files => (
                "files",
                Observed,
                Reason::Content,
                "content of source files of path packages, of files outside a package, of `rerun-if-changed` files and \
                 directories",
                "rustc's dep-info, the script's output; also files below the build directory, unless a unit made them \
                 (`build/<package>/<hash>/out`)",
                "the source itself; Cargo reruns scripts on them",
            ),
            Input::Variables => (
                "variables",
                Observed,
                Reason::Content,
                "variables read by `env!` and `option_env!` and those of `rerun-if-env-changed`, as the environment or an \
                 `[env]` table gives them; `CARGO_MANIFEST_DIR` as a path, the target directory for `CARGO_BIN_EXE_*` and \
                 `CARGO_TARGET_TMPDIR`",
                "rustc's dep-info, the script's output",
                "compiled in; Cargo reruns scripts on them",
            ),
            Input::WorkspaceRoot => (
                "workspace-root",
                Observed,
                Reason::Content,
                "path of the workspace: of a unit that read a file of the workspace outside its own package, and of a script \
                 run whose output has a path in the workspace (below the build directory and Cargo's home does not count)",
                "rustc's dep-info, links followed; the script's output",
                "Cargo's fingerprint names such a file by its absolute path: restored elsewhere, the unit would watch the \
                 publisher's file; such a script passes on the publisher's files, or watches them. Neither is shared between \
                 checkouts",
            ),
            Input::StaticLibraries => (
                "static-libraries",
                Observed,
                Reason::Content,
                "content of static libraries that a script has linked (`rustc-link-lib`, with `+verbatim` too) in the \
                 directories it names (`rustc-link-search`), and of files among its arguments for the linker \
                 (`rustc-link-arg*`)",
                "the script's output",
                "rustc copies them into the rlib; Cargo does not look at them. A kept build directory stays as plain Cargo \
                 leaves it, and is not published then",
            ),
            Input::PackageTime => (
                "package-time",
                Observed,
                Reason::Content,
                "content and newest modification time of the whole package",
                "files, only for a local script without any `rerun-if-*`",
                "Cargo puts that time into the fingerprint; any other would be stale",
            ),
        };
        InputInfo { name, stage, reason, about, origin, why }
    }
}

/// How keys are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyOptions {
    /// Inputs that are left out: unsafe on purpose, to show what each is good for.
    pub without: EnumMap<Input, bool>,
}

impl KeyOptions {
    /// Keys without some inputs.
    pub fn without(inputs: impl IntoIterator<Item = Input>) -> KeyOptions {
        let mut options = KeyOptions::default();
        inputs.into_iter().for_each(|input| options.without[input] = true);
        options
    }

    /// Whether an input counts.
    pub fn has(&self, input: Input) -> bool {
        !self.without[input]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_inputs() {
        assert_eq!(Input::all().count(), Input::LENGTH);
        for input in Input::all() {
            assert_eq!(Input::by_name(input.info().name), Some(input));
        }
        assert_eq!(Input::by_name("name"), None);
    }

    /// The table of KEYS.md is this list; on a difference the table as it has to be is printed.
    #[test]
    fn the_documented_table_is_this_list() {
        let row = |input: Input| {
            let InputInfo { name, about, origin, why, .. } = input.info();
            format!("| `{name}` | {about} | {origin} | {why} |")
        };
        let head = ["| name | input | where it comes from | why |".to_owned(), "|---|---|---|---|".to_owned()];
        let expected: Vec<String> = head.into_iter().chain(Input::all().map(row)).collect();
        let text = include_str!("../../KEYS.md");
        let section = text.split("\n## ").find(|section| section.starts_with("What goes in\n")).unwrap();
        let table: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(table, expected, "KEYS.md, \"What goes in\", should be:\n{}", expected.join("\n"));
    }
}
