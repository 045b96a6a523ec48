//! The units of a package, and the circumstances that a unit is built in.

use crate::trace::{Trace, Unit};

/// A unit of a foreign package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The library or the proc macro.
    Lib,
    /// The build script, compiled.
    Compile,
    /// The build script, run.
    Run,
}

/// For what a package is built: without `--target` Cargo builds some packages twice, with other
/// features and another profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// For the program.
    Target,
    /// For build scripts and proc macros.
    Host,
}

/// What decides a unit's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role {
    /// Of a path package.
    pub local: bool,
    /// For what it is built.
    pub side: Side,
    /// What it is.
    pub shape: RoleShape,
}

/// What a unit is, as far as profiles tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleShape {
    /// A library.
    Lib,
    /// A proc macro.
    Macro,
    /// A build script, compiled.
    Compile,
    /// A build script, run.
    Run,
    /// A test harness.
    Test,
    /// A program.
    Bin,
}

impl Side {
    /// Both.
    pub const BOTH: [Side; 2] = [Side::Target, Side::Host];

    /// As an index.
    pub fn at(self) -> usize {
        self as usize
    }
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 3] = [Part::Lib, Part::Compile, Part::Run];

    /// As an index.
    pub fn at(self) -> usize {
        self as usize
    }
}

impl RoleShape {
    /// What a unit is.
    pub fn of(trace: &Trace, unit: &Unit) -> RoleShape {
        let has = |kind: &str| trace.text(unit.kind).split(',').any(|it| it == kind);
        match trace.text(unit.mode) {
            "run-custom-build" => RoleShape::Run,
            "test" => RoleShape::Test,
            _ if has("custom-build") => RoleShape::Compile,
            _ if has("proc-macro") => RoleShape::Macro,
            _ if ["bin", "test", "bench", "example"].into_iter().any(has) => RoleShape::Bin,
            _ => RoleShape::Lib,
        }
    }

    /// The part of a package that it is; programs and tests are nobody's dependency.
    pub fn part(self) -> Option<Part> {
        match self {
            RoleShape::Lib | RoleShape::Macro => Some(Part::Lib),
            RoleShape::Compile => Some(Part::Compile),
            RoleShape::Run => Some(Part::Run),
            RoleShape::Test | RoleShape::Bin => None,
        }
    }
}
