//! What the members of a workspace ask for: as many packages as make the workspace as large as
//! the real one whose structure it has.

use super::model::{Class, Donor, LineId, Model};
use super::parts::Side;
use super::resolve::{Ground, Resolved};
use super::universe::Made;
use super::urn::Urn;
use crate::random::Random;

/// Draws that may fail in a row before a workspace is large enough as it is.
const PATIENCE: u32 = 12;

/// What all workspaces asked for so far.
#[derive(Debug)]
pub struct Market {
    urns: [Urn; 3],
    /// What a new package is a copy of.
    patterns: [Vec<LineId>; 3],
    /// Probability that a workspace asks for what the one whose structure it has asks for.
    copying: f64,
}

/// What a workspace asks for: in each class its packages.
pub type Asked = [Vec<Made>; 3];

impl Market {
    /// The market of the real trace.
    pub fn new(model: &Model, copying: f64) -> Market {
        let urns = Class::ALL.map(|class| {
            let demand = &model.demand[class as usize];
            Urn::new(&demand.counts, demand.growth)
        });
        let patterns = Class::ALL.map(|class| {
            let counts = &model.demand[class as usize].counts;
            let rare = |line: LineId| model.lines[line as usize].rare;
            let all: Vec<LineId> = counts.iter().map(|(line, _)| *line).collect();
            let tail: Vec<LineId> = all.iter().copied().filter(|line| rare(*line)).collect();
            if tail.is_empty() { all } else { tail }
        });
        Market { urns, patterns, copying }
    }

    /// Asks for packages of a class until the workspace has `size` of them, and resolves them.
    pub fn ask<'m>(
        &mut self,
        ground: &mut Ground<'m>,
        resolved: &mut Resolved<'m>,
        donor: (u32, &Donor),
        class: Class,
        size: usize,
        random: &mut Random,
    ) -> Vec<Made> {
        let own: Vec<LineId> = donor.1.slots.iter().filter(|it| it.class == class).map(|it| it.line).collect();
        let side = if class == Class::Build { Side::Host } else { Side::Target };
        let (mut asked, mut failed) = (Vec::new(), 0);
        let full = |asked: &[Made], resolved: &Resolved<'_>| match class {
            Class::Build => asked.len() >= own.len(),
            Class::Normal | Class::Dev => resolved.choices.len() >= size,
        };
        while !own.is_empty() && failed < PATIENCE && !full(&asked, resolved) {
            let copied = random.chance(self.copying).then(|| random.pick(&own).copied()).flatten();
            let made = copied.or_else(|| self.draw(ground, class, random));
            let Some(made) = made.filter(|made| !asked.contains(made) && resolved.in_time(ground, *made)) else {
                failed += 1;
                continue;
            };
            let (mark, before) = (resolved.mark(), resolved.choices.len());
            let of = any_owner(ground, made, copied.map(|_| donor.0), random);
            resolved.add(ground, made, side, of);
            let after = resolved.choices.len();
            // Too much is worse than too little only where it is farther from what is wanted.
            if class != Class::Build && !asked.is_empty() && after > size && after - size > size - before {
                resolved.back_to(mark);
                failed += 1;
                continue;
            }
            failed = 0;
            self.urns[class as usize].add(made);
            asked.push(made);
        }
        asked
    }

    fn draw(&self, ground: &mut Ground<'_>, class: Class, random: &mut Random) -> Option<Made> {
        match self.urns[class as usize].draw(random) {
            Some(made) => Some(made),
            None => Some(ground.universe.copy(*random.pick(&self.patterns[class as usize])?)),
        }
    }
}

/// Whose features a package has that a member asks for.
fn any_owner(ground: &Ground<'_>, made: Made, known: Option<u32>, random: &mut Random) -> u32 {
    let line = ground.universe.line(made).1;
    let owners: Vec<u32> = line.seen.iter().flatten().map(|(donor, _)| *donor).collect();
    known.or_else(|| random.pick(&owners).copied()).unwrap_or(0)
}
