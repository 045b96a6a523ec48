//! Makes traces of ecosystems of any size that are like a real trace.
//!
//! In goes a [`Model`], learned from a real trace, and [`Options`]; out comes a [`Trace`] that the
//! same key code runs over. The same seed makes the same bytes. `simulation/GENERATE.md` says what
//! is measured, what is assumed, and how close it comes.
//!
//! ```text
//! structure   members, their units and edges, and the size: those of a random real workspace
//! profiles    those of another one
//! lockfile    its day and how far each package is behind: those of a third one
//! packages    asked for one after another until the size is reached, popular ones often, now and
//!             then a new one, each with what it was seen to need
//! versions    the newest of the day on which the lockfile is, less what it is behind
//! features    one set for each package, as often as they were seen
//! ```
//!
//! - `model`: what is learned; `learn`, `donor`, `walk`, `costs`: from a trace
//! - `versions`: releases over time
//! - `urn`: popularity and growth
//! - `universe`: the packages there are; `prepare`: written into the trace's tables
//! - `ask`, `resolve`: what a workspace asks for, and gets
//! - `emit`, `workspace`: units, plans

mod ask;
mod costs;
mod donor;
mod emit;
mod learn;
mod model;
mod parts;
mod prepare;
mod resolve;
mod shipped;
#[cfg(test)]
pub(crate) mod tests;
mod universe;
mod urn;
mod versions;
mod walk;
mod workspace;

use std::collections::BTreeMap;

use crate::trace::{About, Builder, Origin, Task, Trace};
use ask::Market;
use emit::Desk;
use model::{Command, Donor};
use resolve::Ground;
use universe::Universe;

pub use model::Model;
pub use shipped::shipped;
pub use urn::{exponent, rarefied};

/// Up to so many workspaces have all commands, unless something else is asked for.
pub const ALL_COMMANDS: usize = 500;

/// What to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many workspaces.
    pub workspaces: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Which commands: tasks with their profiles. Empty: all that the real trace has, or only
    /// development builds of more than [`ALL_COMMANDS`] workspaces.
    pub commands: Vec<(Task, String)>,
    /// How often each lockfile is updated: every command has one plan more for each.
    pub updates: u32,
    /// Days from one update to the next.
    pub update_days: u32,
    /// Probability that a package has the features that it has where those of the package above it
    /// come from, instead of independent ones. Calibrated, see `simulation/GENERATE.md`.
    pub heredity: f64,
    /// Probability that a workspace asks for a package that the real workspace asks for whose
    /// structure it has. Calibrated, too.
    pub copying: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            workspaces: 1000,
            seed: 1,
            commands: Vec::new(),
            updates: 0,
            update_days: 30,
            heredity: 0.5,
            copying: 0.2,
        }
    }
}

/// A command that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    task: Task,
    profile: String,
}

impl Wanted {
    /// Whether it needs what only tests need.
    fn tests(&self) -> bool {
        self.task == Task::Test
    }

    /// What a donor does for it.
    fn of<'m>(&self, donor: &'m Donor) -> Option<&'m Command> {
        donor.commands.iter().find(|command| command.task == self.task && command.profile == self.profile)
    }
}

/// Makes a trace. `go_on` is told how many workspaces there are after each, and asked whether to
/// make more; without, there is no trace.
pub fn generate(model: &Model, options: &Options, go_on: &dyn Fn(usize) -> bool) -> Option<Trace> {
    let wanted = wanted(model, options);
    let mut ground = Ground::new(model, options.heredity);
    let mut market = Market::new(model, options.copying);
    let mut desk = Desk::default();
    let mut deck = workspace::Deck::new(model, &wanted, options.seed);
    for at in 0..options.workspaces {
        workspace::write(&mut ground, &mut market, (&mut deck, &mut desk), options, &wanted, at);
        if !go_on(at + 1) {
            return None;
        }
    }
    Some(ground.builder.finish(About {
        title: format!("{} made-up workspaces, like {} real ones", options.workspaces, model.donors.len()),
        origin: Origin::Generated,
        seed: Some(options.seed),
        toolchain: model.toolchain.clone(),
        ..About::default()
    }))
}

/// The commands to make: those asked for that the model knows.
fn wanted(model: &Model, options: &Options) -> Vec<Wanted> {
    let mut known: BTreeMap<(Task, String), usize> = BTreeMap::new();
    for command in model.donors.iter().flat_map(|donor| &donor.commands) {
        *known.entry((command.task, command.profile.clone())).or_default() += 1;
    }
    let main = (Task::Build, "dev".to_owned());
    let few = options.workspaces > ALL_COMMANDS && known.contains_key(&main);
    let mut wanted: Vec<(Task, String)> = match (options.commands.is_empty(), few) {
        (true, true) => vec![main],
        (true, false) => known.into_keys().collect(),
        (false, _) => options.commands.iter().filter(|command| known.contains_key(*command)).cloned().collect(),
    };
    wanted.dedup();
    wanted.into_iter().map(|(task, profile)| Wanted { task, profile }).collect()
}

impl<'m> Ground<'m> {
    fn new(model: &'m Model, heredity: f64) -> Ground<'m> {
        let is_macro = |line: &model::Line| {
            line.shapes.iter().any(|shape| shape.parts[0].as_ref().is_some_and(|piece| piece.is_macro))
        };
        Ground {
            model,
            universe: Universe::new(model),
            shelf: Default::default(),
            builder: Builder::default(),
            heredity,
            macros: model.lines.iter().map(is_macro).collect(),
        }
    }
}
