//! What `harness ablate` does with each input of the key, one file a way to look at it.
//!
//! | file | question |
//! |---|---|
//! | `replay` | what would keys without it reuse? |
//! | `evidence` | what did real builds and probes say? rows and verdicts |

pub mod evidence;
pub mod replay;

use strategies::key::Input;

/// Where an input shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Where {
    /// Probes in which it varies: names and globs.
    pub probes: &'static str,
    /// Scenarios in which it varies between builds with one store.
    pub scenarios: &'static [&'static str],
}

/// Where an input shows. One without a line of its own gets the probes of everything that says what a unit is.
pub fn shows_in(input: Input) -> Where {
    let (probes, scenarios): (_, &[_]) = match input {
        Input::Version => ("transitive-dependency-bumped,hyphens-and-two-versions", &["upgrade"]),
        Input::Toolchain => ("toolchain-switched,compiler-replaced,two-toolchains-at-once", &["settings"]),
        Input::Platform => ("target-given-explicitly", &[]),
        Input::Profile => ("profile-*,profiles-in-turn", &["profiles"]),
        Input::Lto => ("profile-lto,lto-asked-for-by-others", &["profiles"]),
        Input::ProfileDirectory => ("profiles-in-turn", &["profiles"]),
        Input::Features => ("feature-*", &["gauntlet", "settings"]),
        Input::Flags => ("rustflags-*,config-*,warnings-denied-by-rustflags", &["settings"]),
        Input::Tools => ("rustc-wrapper-edited,linker-edited", &[]),
        Input::Cpu => ("native-is-another-cpu", &[]),
        Input::Checksum => ("git-bumped-same-version,transitive-dependency-bumped", &["upgrade"]),
        Input::PackageId => (UNITS, &["upgrade"]),
        Input::SourcePath => ("*two-checkouts*,modules-swapped,git-bumped-same-version", &["moved"]),
        Input::Mode => (UNITS, &["profiles"]),
        Input::Edition => ("edition-changed", &[]),
        Input::Manifest => ("*description*,lints-*,feature-declared,cfg-expected,edition-changed", &["worktrees"]),
        Input::DependencyNames => ("dependency-renamed,dependency-made-private", &[]),
        Input::DependencyKeys => ("identity,macro-edited,transitive-dependency-bumped", &["upgrade"]),
        Input::DependencyContents => ("identity,macro-edited,file-outside-the-package-two-checkouts", &["upgrade"]),
        Input::Files => ("file-*,patch-by-path-edited,macro-*,script-rerun-if-changed", &["worktrees"]),
        Input::Variables => ("env-changed,option-env-*,script-rerun-if-env-changed,manifest-dir-*", &["moved"]),
        Input::WorkspaceRoot => ("file-outside-the-package-two-checkouts,script-*-two-checkouts", &["moved"]),
        Input::BuildDirectory => ("script-passes-on-*,two-build-directories,file-below-*", &["moved"]),
        Input::StaticLibraries => ("static-library-*,library-by-link-arg", &[]),
        Input::PackageTime => ("script-watches-nothing,vendored-script-watches-nothing", &["worktrees"]),
        _ => (UNITS, &[]),
    };
    Where { probes, scenarios }
}

/// Probes in which units of one name differ in what they are.
const UNITS: &str = "same-version-two-checkouts,two-checkouts-with-*,modules-swapped,git-bumped-same-version,\
                     patch-by-path-edited,hyphens-and-two-versions,all-targets-from-the-store,two-workspaces-take-turns,\
                     profiles-in-turn,three-targets-of-one-source";

/// The scenarios in the order in which they are built.
pub fn scenarios(inputs: &[Input]) -> Vec<(&'static str, Vec<Input>)> {
    let mut all: Vec<(&'static str, Vec<Input>)> = Vec::new();
    for &input in inputs {
        for scenario in shows_in(input).scenarios {
            match all.iter_mut().find(|(name, _)| name == scenario) {
                Some((_, inputs)) => inputs.push(input),
                None => all.push((scenario, vec![input])),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_input_shows_in_is_there() {
        for input in Input::all() {
            let shows = shows_in(input);
            for list in shows.probes.split(',') {
                assert!(probes::select(list).is_ok(), "{input:?}: no probe {list}");
            }
            for scenario in shows.scenarios {
                assert!(corpora::scenario::names().any(|name| name == *scenario), "{input:?}: {scenario}");
            }
        }
    }
}
