//! What one workspace uses: packages, their versions and features.
//!
//! Each choice is drawn from a stream of its own (workspace, package, side), so that a lockfile
//! that is updated later keeps every choice but the versions.

use std::collections::HashMap;

use super::model::{Donor, Line, LineId, Model};
use super::parts::{Part, RoleShape, Side};
use super::prepare::Shelf;
use super::universe::{Made, Universe};
use super::walk::below;
use crate::random::Random;
use crate::trace::Builder;

/// Nothing chosen.
const NONE: u32 = u32::MAX;

/// What all workspaces share.
#[derive(Debug)]
pub struct Ground<'m> {
    /// The model.
    pub model: &'m Model,
    /// All packages.
    pub universe: Universe<'m>,
    /// Those that are written.
    pub shelf: Shelf,
    /// The trace.
    pub builder: Builder,
    /// Probability that a package has the features that it has where those of the package above
    /// it come from.
    pub heredity: f64,
    /// Whether each line is a proc macro.
    pub macros: Vec<bool>,
}

/// A package in a workspace.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Which.
    pub made: Made,
    /// In which release.
    release: u32,
    /// On each side, its index on the shelf.
    packages: [u32; 2],
}

/// The packages of a workspace.
#[derive(Debug, Clone)]
pub struct Resolved<'m> {
    /// All of them.
    pub choices: Vec<Choice>,
    at: HashMap<Made, u32>,
    journal: Vec<(u32, Side)>,
    /// Seed of the workspace's streams.
    seed: u64,
    /// Whose lags it has.
    clock: &'m Donor,
    /// Day on which it is locked; 0 where nobody knows.
    day: u32,
}

impl Choice {
    /// The package on the shelf as a side has it.
    pub fn on(&self, side: Side) -> Option<u32> {
        Some(self.packages[side.at()]).filter(|package| *package != NONE)
    }
}

impl<'m> Resolved<'m> {
    /// A workspace without packages.
    pub fn new(seed: u64, clock: &'m Donor, day: u32) -> Resolved<'m> {
        Resolved { choices: Vec::new(), at: HashMap::new(), journal: Vec::new(), seed, clock, day }
    }

    /// Index of a package among the choices.
    pub fn index(&self, made: Made) -> Option<usize> {
        self.at.get(&made).map(|at| *at as usize)
    }

    /// Where the journal stands, for [`Self::back_to`].
    pub fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Takes back everything since a mark.
    pub fn back_to(&mut self, mark: usize) {
        while self.journal.len() > mark {
            let Some((at, side)) = self.journal.pop() else { return };
            let choice = &mut self.choices[at as usize];
            choice.packages[side.at()] = NONE;
            if choice.packages == [NONE; 2] {
                self.at.remove(&choice.made);
                self.choices.truncate(at as usize);
            }
        }
    }

    /// Adds a package, as one of its donors has it, and everything below it.
    pub fn add(&mut self, ground: &mut Ground<'m>, made: Made, side: Side, donor: u32) {
        let mut open = vec![(made, side, donor)];
        while let Some((made, side, donor)) = open.pop() {
            let (id, line) = ground.universe.line(made);
            let side = if ground.macros[id as usize] { Side::Host } else { side };
            let at = match self.at.get(&made) {
                Some(at) => *at,
                None => {
                    let at = self.choices.len() as u32;
                    let release = self.release(line, made);
                    self.choices.push(Choice { made, release, packages: [NONE; 2] });
                    self.at.insert(made, at);
                    at
                }
            };
            let choice = &mut self.choices[at as usize];
            if choice.packages[side.at()] != NONE {
                continue;
            }
            let mut random = Random::of(self.seed, u64::from(made) * 4 + side as u64);
            let (donor, shape) = shape(ground, id, line, side, donor, &mut random);
            let shape = nearest(line, shape, line.schedule.releases[choice.release as usize].seen);
            let package = ground.shelf.of(&mut ground.universe, &mut ground.builder, made, choice.release, shape);
            choice.packages[side.at()] = package;
            self.journal.push((at, side));
            for ready in ground.shelf.package(package).parts.iter().flatten() {
                for (_, needed, part) in ready.edges.iter().rev().filter(|(_, needed, _)| *needed != made) {
                    let dependency = match part {
                        Part::Compile => RoleShape::Compile,
                        Part::Run => RoleShape::Run,
                        Part::Lib => RoleShape::Lib,
                    };
                    open.push((*needed, below(ready.shape, side, dependency), donor));
                }
            }
        }
    }

    /// Whether a package was there already on the workspace's day.
    pub fn in_time(&self, ground: &Ground<'_>, made: Made) -> bool {
        let first = ground.universe.line(made).1.schedule.releases.first();
        self.day == 0 || first.is_some_and(|release| release.day <= self.day)
    }

    /// The day of the newest package that a workspace uses.
    pub fn locked(&self, shelf: &Shelf) -> u32 {
        let packages = self.choices.iter().flat_map(|choice| choice.packages).filter(|package| *package != NONE);
        packages.map(|package| shelf.package(package).published).max().unwrap_or(0)
    }

    /// The release that a workspace of this day uses.
    fn release(&self, line: &Line, made: Made) -> u32 {
        let mut random = Random::of(self.seed, u64::from(made) * 4 + 2);
        let releases = &line.schedule.releases;
        let dated = releases.first().is_some_and(|release| release.day > 0);
        if self.day == 0 || !dated {
            let seen: Vec<u32> = line.seen.iter().flatten().map(|(_, shape)| *shape).collect();
            let version = random.pick(&seen).map_or(0, |shape| line.shapes[*shape as usize].version);
            return releases.iter().position(|release| release.seen == version && release.real).unwrap_or(0) as u32;
        }
        let lag = random.pick(&self.clock.lags).copied().unwrap_or(0);
        line.schedule.newest(self.day.saturating_sub(lag)) as u32
    }
}

/// A shape of a line, and the donor it comes from: the donor of the package above it, or one at
/// random.
fn shape(ground: &Ground<'_>, id: LineId, line: &Line, side: Side, donor: u32, random: &mut Random) -> (u32, u32) {
    let inherited = ground.model.donors[donor as usize].shapes[side.at()].get(&id);
    if let Some(shape) = inherited.filter(|_| random.chance(ground.heredity)) {
        return (donor, *shape);
    }
    let other = if side == Side::Host { Side::Target } else { Side::Host };
    let seen = [side, other].map(|side| &line.seen[side.at()]);
    random.pick(seen[0]).or_else(|| random.pick(seen[1])).copied().unwrap_or((donor, 0))
}

/// Of the shapes with the same features the one of the nearest version.
fn nearest(line: &Line, shape: u32, version: usize) -> u32 {
    let features = &line.shapes[shape as usize].features;
    let first = line.shapes.partition_point(|it| it.features < *features);
    let alike = line.shapes[first..].iter().take_while(|it| it.features == *features).zip(first as u32..);
    alike.min_by_key(|(it, _)| it.version.abs_diff(version)).map_or(shape, |(_, at)| at)
}
