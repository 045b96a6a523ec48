//! What is known of a unit without compiling it.

/// The kind of a unit, as far as its cost depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
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

impl UnitKind {
    /// Every kind.
    pub const ALL: [UnitKind; 6] = [
        UnitKind::Library,
        UnitKind::ProcMacro,
        UnitKind::BuildScript,
        UnitKind::ScriptRun,
        UnitKind::Program,
        UnitKind::Test,
    ];
}

/// What is known of a unit without compiling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitFeatures {
    /// Its kind.
    pub kind: UnitKind,
    /// Bytes of the Rust files below its root file's folder, or of the root file and its modules.
    pub source_bytes: u64,
    /// For the run of a build script that has a C compiler at hand: bytes of its package's C, C++ and assembler files;
    /// else 0.
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

/// Units with comparable costs. Each group has a plane of its own if enough of it was measured: what makes a library
/// slow does not predict a build script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CostGroup {
    Library,
    ProcMacro,
    BuildScript,
    ScriptRun,
    /// Programs and tests, which are linked with all their dependencies.
    Linked,
}

/// Number of groups.
pub(super) const GROUPS: usize = 5;

/// Columns of the design matrix, the constant not among them.
pub(super) const COLUMNS: usize = 16;

impl UnitFeatures {
    pub(super) fn group(&self) -> CostGroup {
        match self.kind {
            // Nothing is linked in a check.
            UnitKind::Library => CostGroup::Library,
            UnitKind::Program | UnitKind::Test if self.check => CostGroup::Library,
            UnitKind::Program | UnitKind::Test => CostGroup::Linked,
            UnitKind::ProcMacro => CostGroup::ProcMacro,
            UnitKind::BuildScript => CostGroup::BuildScript,
            UnitKind::ScriptRun => CostGroup::ScriptRun,
        }
    }

    /// The row of the design matrix. What is counted enters by its logarithm: costs span five orders of magnitude, and
    /// so do sizes.
    pub(super) fn row(&self) -> [f64; COLUMNS] {
        let flag = |on: bool| f64::from(u8::from(on));
        let [size, foreign] = [self.source_bytes, self.foreign_bytes].map(|bytes| (bytes as f64).ln_1p());
        let [direct, all, features] = [self.direct, self.all, self.features].map(|count| f64::from(count).ln_1p());
        if self.group() == CostGroup::ScriptRun {
            // What a script does, only C sources tell. Few were measured, and slopes on anything else would be those of
            // one package.
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
            flag(self.kind == UnitKind::Program),
            flag(self.kind == UnitKind::Test),
            // For groups that have no plane of their own.
            flag(self.group() == CostGroup::ProcMacro),
            flag(self.group() == CostGroup::BuildScript),
            flag(self.group() == CostGroup::ScriptRun),
            flag(self.group() == CostGroup::Linked),
        ]
    }
}
