//! What may be left out of a key or admitted in addition, one thing at a time.

use strategies::key::{Input, KeyInputs};

/// The consequence of a relaxation for builds, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Soundness {
    /// The key becomes narrower: what an input costs that could be put in.
    Stricter,
    /// Artifacts stay interchangeable; Cargo would have to change something else for it.
    Sound,
    /// Wrong builds follow.
    Unsound,
    /// No key could leave this out. The gain is that with everything else as it is, and would be larger if dependencies
    /// became equal, too.
    WhatIf,
}

impl Soundness {
    /// The word used in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Soundness::Sound => "sound",
            Soundness::WhatIf => "what-if",
            Soundness::Unsound => "unsound",
            Soundness::Stricter => "stricter",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum RelaxationEffect {
    /// Changes a unit's own inputs.
    Inputs(fn(&mut KeyInputs)),
    /// A dependency counts by what it exports and no longer by its key. What it exports is assumed to be decided by
    /// package, version, features, target and mode.
    Cutoff,
    /// What depends on a path package has a key of its workspace alone.
    Workspace,
    /// These rules of a policy no longer refuse.
    Waive(&'static [&'static str]),
    /// These rules of the most careful policy refuse, whatever the policy is.
    Impose(&'static [&'static str]),
}

/// One change to a design.
#[derive(Debug)]
pub struct Relaxation {
    /// Stable name.
    pub name: &'static str,
    /// The consequence for builds.
    pub soundness: Soundness,
    /// What it changes and what that risks, in a line.
    pub about: &'static str,
    pub(crate) effect: RelaxationEffect,
}

const SCRIPT_RULES: &[&str] = &["build-script", "below-build-script"];
const MACRO_RULES: &[&str] = &["proc-macro", "below-proc-macro"];

/// Profile fields that say which debug information is made and where it goes.
const DEBUG_FIELDS: &[&str] = &["debuginfo", "split_debuginfo", "strip"];
/// Profile fields that no artifact of a build without incremental state depends on.
const NAME_FIELDS: &[&str] = &["name", "incremental"];

/// Every relaxation.
pub static RELAXATIONS: [Relaxation; 13] = [
    Relaxation {
        name: "without-profile-directory",
        soundness: Soundness::Sound,
        about: "`debug` or `release` is no input, except of runs of build scripts, which read it; Cargo would have to \
                keep that path out of its fingerprints",
        effect: RelaxationEffect::Inputs(|inputs| {
            if inputs[Input::Mode] != "run-custom-build" {
                inputs[Input::ProfileDirectory].clear();
            }
        }),
    },
    Relaxation {
        name: "without-profile-name",
        soundness: Soundness::Sound,
        about: "the profile's name and whether it is incremental are no inputs; its other settings are",
        effect: RelaxationEffect::Inputs(|inputs| {
            inputs[Input::Profile] = without_fields(&inputs[Input::Profile], NAME_FIELDS)
        }),
    },
    Relaxation {
        name: "without-debug",
        soundness: Soundness::Unsound,
        about: "debuginfo, split-debuginfo and strip are no inputs: code is right, debug information is that of another profile",
        effect: RelaxationEffect::Inputs(|inputs| {
            inputs[Input::Profile] = without_fields(&inputs[Input::Profile], DEBUG_FIELDS)
        }),
    },
    Relaxation {
        name: "without-profile",
        soundness: Soundness::WhatIf,
        about: "no profile setting and no directory is an input: one profile for everybody",
        effect: RelaxationEffect::Inputs(|inputs| {
            inputs[Input::Profile].clear();
            inputs[Input::ProfileDirectory].clear();
        }),
    },
    Relaxation {
        name: "without-features",
        soundness: Soundness::WhatIf,
        about: "features are no input; the dependencies that they add still are, by their keys",
        effect: RelaxationEffect::Inputs(|inputs| inputs[Input::Features].clear()),
    },
    Relaxation {
        name: "without-flags",
        soundness: Soundness::Unsound,
        about: "RUSTFLAGS, the configuration that reaches rustc ([build], [target], [env]) and -Z are no inputs: code \
                that was compiled with others is used",
        effect: RelaxationEffect::Inputs(|inputs| inputs[Input::Flags].clear()),
    },
    Relaxation {
        name: "compatible-versions",
        soundness: Soundness::WhatIf,
        about: "one version for each semver-compatible range; the dependencies of each version still count",
        effect: RelaxationEffect::Inputs(compatible),
    },
    Relaxation {
        name: "early-cutoff",
        soundness: Soundness::WhatIf,
        about: "a dependency counts by what it exports, assumed to be decided by its package, version, features, \
                target and mode",
        effect: RelaxationEffect::Cutoff,
    },
    Relaxation {
        name: "admit-build-scripts",
        soundness: Soundness::Unsound,
        about: "rules about build scripts are waived: what a script reads without declaring it is missed",
        effect: RelaxationEffect::Waive(SCRIPT_RULES),
    },
    Relaxation {
        name: "admit-proc-macros",
        soundness: Soundness::Unsound,
        about: "rules about procedural macros are waived: what a macro reads without declaring it is missed",
        effect: RelaxationEffect::Waive(MACRO_RULES),
    },
    Relaxation {
        name: "refuse-build-scripts",
        soundness: Soundness::Stricter,
        about: "no package with a build script, and nothing that depends on one",
        effect: RelaxationEffect::Impose(SCRIPT_RULES),
    },
    Relaxation {
        name: "refuse-proc-macros",
        soundness: Soundness::Stricter,
        about: "no procedural macro, and nothing that depends on one",
        effect: RelaxationEffect::Impose(MACRO_RULES),
    },
    Relaxation {
        name: "with-workspace-path",
        soundness: Soundness::Stricter,
        about: "the path of the workspace is an input of what depends on a path package, as it is of Cargo's own hash",
        effect: RelaxationEffect::Workspace,
    },
];

impl Relaxation {
    pub(crate) fn by_name(name: &str) -> Option<&'static Relaxation> {
        RELAXATIONS.iter().find(|relaxation| relaxation.name == name)
    }

    /// Whether it widens what is reused.
    pub fn widens(&self) -> bool {
        self.soundness != Soundness::Stricter
    }
}

/// A profile as Cargo printed it, without some of its fields; what is no object stays as it is.
pub(super) fn without_fields(profile: &str, fields: &[&str]) -> String {
    match serde_json::from_str(profile) {
        Ok(serde_json::Value::Object(mut object)) => {
            object.retain(|name, _| !fields.contains(&name.as_str()));
            serde_json::Value::Object(object).to_string()
        }
        _ => profile.to_owned(),
    }
}

/// Replaces the version by its semver-compatible range in every input. Path packages keep theirs.
fn compatible(inputs: &mut KeyInputs) {
    if inputs[Input::PackageId].starts_with("path ") {
        return;
    }
    let range = range_of(&inputs[Input::Version]);
    let (exact, wide) = (format!("@{}", inputs[Input::Version]), format!("@{range}"));
    // `…#name@1.2.3`, or `…#1.2.3` where the name is that of the source.
    inputs[Input::PackageId] = match inputs[Input::PackageId].strip_suffix(&exact) {
        Some(start) => format!("{start}{wide}"),
        None => match inputs[Input::PackageId].strip_suffix(&format!("#{}", inputs[Input::Version])) {
            Some(start) => format!("{start}#{range}"),
            None => inputs[Input::PackageId].clone(),
        },
    };
    // `…/name-1.2.3/src/lib.rs`
    inputs[Input::SourcePath] =
        inputs[Input::SourcePath].replacen(&format!("-{}/", inputs[Input::Version]), &format!("-{range}/"), 1);
    inputs[Input::Checksum].clear();
    inputs[Input::Version] = range;
}

/// The semver-compatible range of a version: `1` of 1.2.3 and 1.9.0, `0.4` of 0.4.2, `0.0.3` of 0.0.3 (the Cargo book,
/// "Default requirements"). A pre-release is compatible with itself alone.
fn range_of(version: &str) -> String {
    let plain = version.split('+').next().unwrap_or(version);
    let mut parts = plain.split('.');
    match (parts.next(), parts.next()) {
        _ if plain.contains('-') => version.to_owned(),
        (Some("0"), Some("0")) | (_, None) | (None, _) => version.to_owned(),
        (Some("0"), Some(minor)) => format!("0.{minor}"),
        (Some(major), Some(_)) => major.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<&str> = RELAXATIONS.iter().map(|it| it.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RELAXATIONS.len());
    }

    #[test]
    fn ranges_are_those_of_semver() {
        let ranges = ["1.2.3", "0.4.2", "0.0.3", "2.0.0-rc.1", "1.0.0+build.7", "11.5.0", "7"].map(range_of);
        assert_eq!(ranges, ["1", "0.4", "0.0.3", "2.0.0-rc.1", "1", "11", "7"]);
    }

    #[test]
    fn two_compatible_versions_become_one() {
        let of = |version: &str| {
            let mut inputs = KeyInputs::default();
            inputs[Input::Version] = version.into();
            inputs[Input::PackageId] = format!("registry+https://example.org/index#serde@{version}");
            inputs[Input::Checksum] = format!("sum of {version}");
            inputs[Input::SourcePath] = format!("abs:/home/registry/src/index/serde-{version}/src/lib.rs");
            compatible(&mut inputs);
            inputs
        };
        assert_eq!(of("1.0.1"), of("1.9.0"));
        assert_ne!(of("1.0.1"), of("2.0.0"));
        assert_ne!(of("0.1.0"), of("0.2.0"));
    }

    #[test]
    fn a_profile_loses_only_the_named_fields() {
        let profile = r#"{"name":"dev","debuginfo":2,"opt_level":"0"}"#;
        assert_eq!(without_fields(profile, DEBUG_FIELDS), r#"{"name":"dev","opt_level":"0"}"#);
        assert_eq!(without_fields("no object", DEBUG_FIELDS), "no object");
    }
}
