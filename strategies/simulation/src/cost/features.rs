//! What can be seen of a unit without compiling it.

/// What a unit is, as far as its cost goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A library.
    Library,
    /// A procedural macro.
    ProcMacro,
    /// A build script that is compiled.
    BuildScript,
    /// A build script that runs.
    ScriptRun,
    /// A program.
    Program,
    /// A test program.
    Test,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] =
        [Kind::Library, Kind::ProcMacro, Kind::BuildScript, Kind::ScriptRun, Kind::Program, Kind::Test];
}

/// What can be seen of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Features {
    /// What it is.
    pub kind: Kind,
    /// Bytes of the Rust files below its root file's folder, or of the root file and its modules.
    pub source_bytes: u64,
    /// For the run of a build script that has a C compiler at hand: bytes of its package's C,
    /// C++ and assembler files; else 0.
    pub foreign_bytes: u64,
    /// Units it depends on directly.
    pub direct: u32,
    /// Units it depends on at all.
    pub all: u32,
    /// Features of its package that are on.
    pub features: u32,
    /// Its `opt-level` is not 0.
    pub optimised: bool,
    /// Only metadata is made (`cargo check`).
    pub check: bool,
    /// It is given debug information.
    pub debug: bool,
}

/// Units whose costs are of one sort. Each group has a plane of its own where enough of it was
/// measured: what makes a library slow says nothing of a build script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Library,
    ProcMacro,
    BuildScript,
    ScriptRun,
    /// Programs and tests, which are linked with everything below them.
    Linked,
}

/// Number of groups.
pub(super) const GROUPS: usize = 5;

/// Columns of the design matrix, the constant not among them.
pub(super) const COLUMNS: usize = 16;

impl Features {
    pub(super) fn group(&self) -> Group {
        match self.kind {
            // Nothing is linked in a check.
            Kind::Library => Group::Library,
            Kind::Program | Kind::Test if self.check => Group::Library,
            Kind::Program | Kind::Test => Group::Linked,
            Kind::ProcMacro => Group::ProcMacro,
            Kind::BuildScript => Group::BuildScript,
            Kind::ScriptRun => Group::ScriptRun,
        }
    }

    /// The row of the design matrix. What is counted enters by its logarithm: costs span five
    /// orders of magnitude, and so do sizes.
    pub(super) fn row(&self) -> [f64; COLUMNS] {
        let flag = |on: bool| f64::from(u8::from(on));
        let [size, foreign] = [self.source_bytes, self.foreign_bytes].map(|bytes| (bytes as f64).ln_1p());
        let [direct, all, features] = [self.direct, self.all, self.features].map(|count| f64::from(count).ln_1p());
        if self.group() == Group::ScriptRun {
            // What a script does, only C sources tell. Few were measured, and slopes on anything
            // else would be those of one package.
            let mut row = [0.0; COLUMNS];
            (row[8], row[9], row[14]) = (flag(self.foreign_bytes > 0), foreign, 1.0);
            return row;
        }
        [
            size,
            direct,
            all,
            features,
            flag(self.optimised),
            flag(self.check),
            flag(self.debug),
            flag(self.optimised) * size,
            flag(self.foreign_bytes > 0),
            foreign,
            flag(self.kind == Kind::Program),
            flag(self.kind == Kind::Test),
            // For groups that have no plane of their own.
            flag(self.group() == Group::ProcMacro),
            flag(self.group() == Group::BuildScript),
            flag(self.group() == Group::ScriptRun),
            flag(self.group() == Group::Linked),
        ]
    }
}
