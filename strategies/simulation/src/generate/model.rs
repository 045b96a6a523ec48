//! What is learned from a real trace: distributions, kept as the observations themselves.

use std::collections::BTreeMap;

use super::costs::Costs;
use super::parts::{Part, Role, RoleShape, Side};
use super::urn::Growth;
use super::versions::Schedule;
use crate::trace::{Amount, Source, Task};

/// A real trace, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Foreign packages within one semver-compatible range, by name and range.
    pub lines: Vec<Line>,
    /// Workspaces.
    pub donors: Vec<Donor>,
    /// What workspaces ask for, in the order of classes.
    pub demand: [Demand; 3],
    /// What units cost.
    pub costs: Costs,
    /// First line of `rustc -vV`.
    pub toolchain: String,
}

/// Index of a line in its model.
pub type LineId = u32;

/// A foreign package within one semver-compatible range.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Package name.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// Versions seen, in order of days.
    pub versions: Vec<Version>,
    /// All versions over time.
    pub schedule: Schedule,
    /// Distinct shapes, by feature set and then version.
    pub shapes: Vec<Shape>,
    /// On each side, which donor has it in which shape.
    pub seen: [Vec<(u32, u32)>; 2],
    /// Of each package that it depends on, the line it needs from which of its own versions on.
    pub needs: BTreeMap<String, Vec<(usize, LineId)>>,
    /// Donors that have the line.
    pub owners: u32,
    /// Whether only one donor has the package, in any range: the long tail.
    pub rare: bool,
}

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Day since the Unix epoch; 0 where nobody knows.
    pub published: u32,
    /// The version.
    pub version: String,
    /// Package id.
    pub package: String,
    /// Checksum or commit.
    pub checksum: String,
}

/// A version of a package with its features and what they make it need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// Activated features.
    pub features: String,
    /// Index of its version.
    pub version: usize,
    /// Its units, by [`Part`].
    pub parts: [Option<Piece>; 3],
}

/// A unit of a foreign package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// Whether it is a proc macro.
    pub is_macro: bool,
    /// What follows the package name in the unit's name.
    pub slot: String,
    /// Name of the target.
    pub target: String,
    /// Kinds of the target.
    pub kind: String,
    /// Crate types.
    pub crate_types: String,
    /// Edition.
    pub edition: String,
    /// Root source file.
    pub path: String,
    /// Edges: label, line and part.
    pub edges: Vec<(String, LineId, Part)>,
}

/// A real workspace, whose structure others take.
#[derive(Debug, Clone, PartialEq)]
pub struct Donor {
    /// Day of its lockfile; 0 where nobody knows.
    pub locked: u32,
    /// By how many days its packages are behind.
    pub lags: Vec<u32>,
    /// Its commands.
    pub commands: Vec<Command>,
    /// Foreign packages that its members need themselves.
    pub slots: Vec<Slot>,
    /// Foreign lines of its builds, and those that only its tests add.
    pub size: [usize; 2],
    /// On each side, line → shape.
    pub shapes: [BTreeMap<LineId, u32>; 2],
}

/// What a member needs a package for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `[dependencies]`.
    Normal,
    /// `[build-dependencies]`.
    Build,
    /// `[dev-dependencies]`.
    Dev,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 3] = [Class::Normal, Class::Build, Class::Dev];
}

/// A foreign package that members need themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// What for.
    pub class: Class,
    /// Which.
    pub line: LineId,
}

/// What workspaces ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Lines, and how many donors ask for them.
    pub counts: Vec<(LineId, u64)>,
    /// How the number of lines grows.
    pub growth: Growth,
}

/// A command of a donor.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Which.
    pub task: Task,
    /// Its profile.
    pub profile: String,
    /// Units of path packages, dependencies first.
    pub members: Vec<Member>,
    /// Indexes of those that were asked for.
    pub roots: Vec<usize>,
    /// What each role is built with.
    pub settings: BTreeMap<Role, Setting>,
    /// Profiles of single packages.
    pub exceptions: BTreeMap<(String, Role), Setting>,
}

/// A unit of a path package.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its role.
    pub role: Role,
    /// Index of the package among the donor's own.
    pub package: usize,
    /// The unit's name behind the package name.
    pub slot: String,
    /// The package id behind its name: its version.
    pub version: String,
    /// Directory of the package, as in the package id.
    pub place: String,
    /// Root source file.
    pub path: String,
    /// Features.
    pub features: String,
    /// Target name.
    pub target: String,
    /// Kinds.
    pub kind: String,
    /// Crate types.
    pub crate_types: String,
    /// Edition.
    pub edition: String,
    /// The setting it was built with.
    pub setting: Setting,
    /// Other members: label and index.
    pub members: Vec<(String, usize)>,
    /// Foreign packages: index of the slot.
    pub slots: Vec<usize>,
    /// Seconds.
    pub seconds: Amount,
    /// Bytes.
    pub bytes: Amount,
}

/// What a unit is built with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// The profile as Cargo printed it.
    pub profile: String,
    /// Directory below the build directory.
    pub directory: String,
    /// Target triple, or empty.
    pub platform: String,
    /// Digest of the toolchain.
    pub toolchain: String,
    /// Digest of flags and configuration.
    pub flags: String,
    /// What Cargo does with the target.
    pub mode: String,
}

impl Command {
    /// What a role is built with; that of the role next to it where the donor had none.
    pub fn setting(&self, role: Role, package: &str) -> Option<&Setting> {
        // Few donors have any; most look-ups need no key.
        if !self.exceptions.is_empty()
            && let Some(setting) = self.exceptions.get(&(package.to_owned(), role))
        {
            return Some(setting);
        }
        let lib = Role { shape: RoleShape::Lib, ..role };
        let other = Role { side: if role.side == Side::Host { Side::Target } else { Side::Host }, ..role };
        [role, other, lib, Role { local: !role.local, ..role }, Role { local: !role.local, ..lib }]
            .iter()
            .find_map(|role| self.settings.get(role))
    }
}
