//! The packages of a made-up ecosystem: the real ones, and copies of rare ones under new names.
//!
//! A copy has the releases, features and costs of its original. It needs the same popular
//! packages; of a rare package below it there is a copy, too, of the same family, so that the
//! whole tail grows and not only its tips.

use std::collections::HashMap;

use super::model::{Line, LineId, Model, Piece, Shape};
use super::parts::Part;

/// Index of a package of the ecosystem; below the number of lines it is the real one.
pub type Made = u32;

/// What a unit of a package needs: label, package and part.
pub type Need = (String, Made, Part);

/// Packages.
#[derive(Debug)]
pub struct Universe<'m> {
    model: &'m Model,
    made: Vec<(LineId, u32)>,
    known: HashMap<(LineId, u32), Made>,
    families: u32,
}

impl<'m> Universe<'m> {
    /// The real packages.
    pub fn new(model: &'m Model) -> Universe<'m> {
        let made = (0..model.lines.len() as u32).map(|line| (line, 0)).collect();
        Universe { model, made, known: HashMap::new(), families: 0 }
    }

    /// A new package, like a real one.
    pub fn copy(&mut self, line: LineId) -> Made {
        self.families += 1;
        self.of(line, self.families)
    }

    /// The real line that a package is, or is a copy of.
    pub fn line(&self, made: Made) -> (LineId, &'m Line) {
        let (line, _) = self.made[made as usize];
        (line, &self.model.lines[line as usize])
    }

    /// What the name of a package ends in; empty for a real one.
    pub fn suffix(&self, made: Made) -> String {
        match self.made[made as usize].1 {
            0 => String::new(),
            family => format!("-x{family}"),
        }
    }

    /// What a unit needs in a release of its package.
    pub fn needs(&mut self, made: Made, shape: &Shape, piece: &Piece, release: usize) -> Vec<Need> {
        let (own, line) = self.line(made);
        let family = self.made[made as usize].1;
        let version = line.schedule.releases[release].seen;
        let mut needs = Vec::with_capacity(piece.edges.len());
        for (label, below, part) in &piece.edges {
            let below = if *below == own { own } else { self.at_version(line, *below, shape.version, version) };
            let copied = below == own || self.model.lines[below as usize].rare;
            needs.push((label.clone(), self.of(below, if copied { family } else { 0 }), *part));
        }
        needs
    }

    /// The line that another version needs instead of one: what the nearest version was seen to
    /// need of the same package.
    fn at_version(&self, line: &Line, below: LineId, shape: usize, version: usize) -> LineId {
        if shape == version {
            return below;
        }
        let Some(over_time) = line.needs.get(&self.model.lines[below as usize].name) else { return below };
        let nearest = over_time.iter().min_by_key(|(at, it)| (at.abs_diff(version), *it != below));
        nearest.map_or(below, |(_, line)| *line)
    }

    fn of(&mut self, line: LineId, family: u32) -> Made {
        if family == 0 {
            return line;
        }
        let next = self.made.len() as u32;
        let made = *self.known.entry((line, family)).or_insert(next);
        if made == next {
            self.made.push((line, family));
        }
        made
    }
}
