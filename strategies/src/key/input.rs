//! Every input of a key.
//!
//! One more input is one more variant here and one more value where inputs are gathered
//! (`inputs.rs` or `observed.rs`): hashing, explaining misses, leaving an input out, simulating and the
//! table of `strategies/KEYS.md` loop over this list.

use std::fmt;

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
    Lto,
    ProfileDirectory,
    Features,
    Flags,
    Tools,
    Cpu,
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
    BuildDirectory,
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
    /// What it is.
    pub about: &'static str,
    /// The reason of a miss that it causes.
    pub reason: MissReason,
    /// When its value is known.
    pub stage: InputStage,
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
        let (name, about, reason, stage) = match self {
            Input::Version => ("version", "package version", Reason::Version, Unit),
            Input::Toolchain => {
                ("toolchain", "`rustc -vV`, the compiler's program and its libraries", Reason::Toolchain, Unit)
            }
            Input::Platform => {
                ("platform", "target triple, and whether RUSTFLAGS reach the host", Reason::Platform, Unit)
            }
            Input::Profile => ("profile", "every field of the profile", Reason::Profile, Unit),
            Input::Lto => ("lto", "what link-time optimisation asks of the unit", Reason::Profile, Unit),
            Input::ProfileDirectory => ("profile-directory", "profile directory and triple", Reason::Profile, Unit),
            Input::Features => ("features", "activated features", Reason::Features, Unit),
            Input::Flags => ("flags", "RUSTFLAGS and configuration that reaches rustc", Reason::Rustflags, Unit),
            Input::Tools => {
                ("tools", "content of wrappers, linkers and files that flags name", Reason::Rustflags, Unit)
            }
            Input::Cpu => ("cpu", "the processor, where flags say `native`", Reason::Rustflags, Unit),
            Input::PackageName => ("package-name", "package name", Reason::Content, Unit),
            Input::PackageId => ("package-id", "package id", Reason::Content, Unit),
            Input::Checksum => ("checksum", "checksum, or commit of a git package", Reason::Content, Unit),
            Input::SourcePath => ("source-path", "path of the root source file", Reason::Content, Unit),
            Input::TargetName => ("target-name", "target name", Reason::Content, Unit),
            Input::TargetKind => ("target-kind", "target kind", Reason::Content, Unit),
            Input::CrateTypes => ("crate-types", "crate types", Reason::Content, Unit),
            Input::Edition => ("edition", "edition", Reason::Content, Unit),
            Input::Mode => ("mode", "mode: check, build, test or script run", Reason::Content, Unit),
            Input::BuildStd => ("build-std", "whether `-Zbuild-std` built it", Reason::Content, Unit),
            Input::Manifest => ("manifest", "manifests of a package that can be edited", Reason::Content, Unit),
            Input::DependencyNames => {
                ("dependency-names", "name and flags of each dependency edge", Reason::Dependency, Dependency)
            }
            Input::DependencyKeys => ("dependency-keys", "key of each dependency", Reason::Dependency, Dependency),
            Input::DependencyContents => {
                ("dependency-contents", "digest of what each dependency exports", Reason::Dependency, Dependency)
            }
            Input::Files => ("files", "content of files that an earlier build read", Reason::Content, Observed),
            Input::Variables => ("variables", "variables that an earlier build read", Reason::Content, Observed),
            Input::WorkspaceRoot => {
                ("workspace-root", "path of the workspace, where the unit depends on it", Reason::Content, Observed)
            }
            Input::BuildDirectory => (
                "build-directory",
                "path of the build directory, where a script run depends on it",
                Reason::Content,
                Observed,
            ),
            Input::StaticLibraries => {
                ("static-libraries", "content of static libraries that a script has linked", Reason::Content, Observed)
            }
            Input::PackageTime => (
                "package-time",
                "content of a package that a script watches whole, and of a path package its newest time",
                Reason::Content,
                Observed,
            ),
        };
        InputInfo { name, about, reason, stage }
    }
}

/// How keys are made. As text `~without-INPUT` for each input that is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
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

    /// Reads `without-INPUT~without-INPUT`.
    ///
    /// # Errors
    /// The first word that is no option.
    pub fn parse(text: &str) -> Result<KeyOptions, &str> {
        let input = |word| str::strip_prefix(word, "without-").and_then(Input::by_name).ok_or(word);
        Ok(KeyOptions::without(text.split('~').map(input).collect::<Result<Vec<_>, _>>()?))
    }

    /// Whether an input counts.
    pub fn has(&self, input: Input) -> bool {
        !self.without[input]
    }
}

impl fmt::Display for KeyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Input::all().filter(|input| !self.has(*input)).try_for_each(|input| write!(f, "~without-{}", input.info().name))
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

    #[test]
    fn options_are_read_back() {
        let options = KeyOptions::parse("without-files~without-cpu").unwrap();
        assert_eq!(options, KeyOptions::without([Input::Cpu, Input::Files]));
        assert_eq!(options.to_string(), "~without-cpu~without-files");
        assert_eq!(KeyOptions::parse("without-cpu~without-x"), Err("without-x"));
        assert_eq!(KeyOptions::parse(""), Err(""));
    }

    /// Where a value comes from and why it counts is prose; what there is, is this list.
    #[test]
    fn the_documented_table_is_this_list() {
        let row = |input: Input| format!("| `{}` | {} |", input.info().name, input.info().about);
        let expected: Vec<String> = Input::all().map(row).collect();
        let text = include_str!("../../KEYS.md");
        let section = text.split("\n## ").find(|section| section.starts_with("What goes in\n")).unwrap();
        let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
        let table: Vec<String> = rows.map(|row| row.split_inclusive('|').take(3).collect()).collect();
        assert_eq!(table, expected, "KEYS.md, \"What goes in\", should begin with:\n{}", expected.join("\n"));
    }
}
