//! One made-up workspace: drawn, resolved and written.

use super::ask::{Asked, Market};
use super::emit::{Desk, Emitter};
use super::model::{Class, Donor, Member, Model};
use super::parts::{Role, Side};
use super::resolve::{Ground, Resolved};
use super::universe::Made;
use super::{Options, Wanted};
use crate::random::Random;
use crate::trace::{Edge, NodeId, Source, Text, Unit, WorkspaceId};

/// Days by which a lockfile may be older or newer than the real one it follows.
const JITTER: usize = 14;

/// The real workspaces that a made-up one is drawn from.
struct Drawn<'m> {
    /// Its members, and how large it is.
    structure: (u32, &'m Donor),
    /// Its profiles.
    profiles: &'m Donor,
    /// Its lockfile's day, and how far behind it is.
    clock: &'m Donor,
}

/// Deals out real workspaces like cards: each comes once before one comes twice, so that few
/// made-up workspaces are as the real ones are together.
#[derive(Debug)]
pub(super) struct Deck {
    all: Vec<u32>,
    left: [Vec<u32>; 3],
    random: Random,
}

impl Deck {
    /// The workspaces that have a wanted command.
    pub(super) fn new(model: &Model, wanted: &[Wanted], seed: u64) -> Deck {
        let has = |at: &u32| wanted.iter().any(|wanted| wanted.of(&model.donors[*at as usize]).is_some());
        let all = (0..model.donors.len() as u32).filter(has).collect();
        Deck { all, left: Default::default(), random: Random::of(seed, u64::MAX) }
    }

    fn one<'m>(&mut self, model: &'m Model, hand: usize) -> Option<(u32, &'m Donor)> {
        if self.left[hand].is_empty() {
            self.left[hand].clone_from(&self.all);
            self.random.shuffle(&mut self.left[hand]);
        }
        let at = self.left[hand].pop()?;
        Some((at, &model.donors[at as usize]))
    }

    fn draw<'m>(&mut self, model: &'m Model) -> Option<Drawn<'m>> {
        let structure = self.one(model, 0)?;
        Some(Drawn { structure, profiles: self.one(model, 1)?.1, clock: self.one(model, 2)?.1 })
    }
}

/// Draws, resolves and writes workspace number `at`.
pub(super) fn write(
    ground: &mut Ground<'_>,
    market: &mut Market,
    (deck, desk): (&mut Deck, &mut Desk),
    options: &Options,
    wanted: &[Wanted],
    at: usize,
) {
    let seed = Random::of(options.seed, at as u64).number();
    let mut random = Random::new(seed);
    let Some(drawn) = deck.draw(ground.model) else { return };
    let shift = random.below(2 * JITTER + 1) as u32;
    let day = if drawn.clock.locked > 0 { drawn.clock.locked + shift - JITTER as u32 } else { 0 };
    let name = format!("made-{:06}", at + 1);
    let digests: Vec<String> = (0..packages(drawn.structure.1)).map(|_| random.digest()).collect();

    let mut resolved = Resolved::new(seed, drawn.clock, day);
    let size = drawn.structure.1.size;
    let mut asked: Asked = Default::default();
    for class in [Class::Build, Class::Normal] {
        asked[class as usize] = market.ask(ground, &mut resolved, drawn.structure, class, size[0], &mut random);
    }
    let locked = resolved.locked(&ground.shelf);
    let workspace = ground.builder.workspace(&name, locked);
    let tests = wanted.iter().any(|it| it.tests());
    let mut with_tests = resolved.clone();
    if tests {
        let all = resolved.choices.len() + size[1];
        asked[Class::Dev as usize] = market.ask(ground, &mut with_tests, drawn.structure, Class::Dev, all, &mut random);
    }
    let writer = Writer { workspace, name: &name, drawn: &drawn, asked: &asked, digests: &digests };
    for update in 0..=options.updates {
        if update > 0 {
            let day = day + update * options.update_days;
            resolved = again(ground, &asked, &[Class::Build, Class::Normal], seed, drawn.clock, day);
            with_tests =
                if tests { again(ground, &asked, &Class::ALL, seed, drawn.clock, day) } else { resolved.clone() };
        }
        for wanted in wanted {
            let of = if wanted.tests() { &with_tests } else { &resolved };
            writer.plan(ground, desk, of, wanted);
        }
    }
}

/// The same packages on a later day.
fn again<'m>(
    ground: &mut Ground<'m>,
    asked: &Asked,
    classes: &[Class],
    seed: u64,
    clock: &'m Donor,
    day: u32,
) -> Resolved<'m> {
    let mut resolved = Resolved::new(seed, clock, day);
    for class in classes {
        let side = if *class == Class::Build { Side::Host } else { Side::Target };
        for made in &asked[*class as usize] {
            resolved.add(ground, *made, side, 0);
        }
    }
    resolved
}

/// How many path packages a donor has.
fn packages(donor: &Donor) -> usize {
    let members = donor.commands.iter().flat_map(|command| &command.members);
    members.map(|member| member.package + 1).max().unwrap_or(0)
}

/// Writes plans of one workspace.
struct Writer<'a, 'm> {
    workspace: WorkspaceId,
    name: &'a str,
    drawn: &'a Drawn<'m>,
    asked: &'a Asked,
    digests: &'a [String],
}

impl<'m> Writer<'_, 'm> {
    fn plan(&self, ground: &mut Ground<'m>, desk: &mut Desk, resolved: &Resolved<'m>, wanted: &Wanted) {
        let Some(structure) = wanted.of(self.drawn.structure.1) else { return };
        let settings = wanted.of(self.drawn.profiles).unwrap_or(structure);
        let mut emitter = Emitter::new(ground, desk, resolved, settings);
        let mut nodes: Vec<NodeId> = Vec::with_capacity(structure.members.len());
        for member in &structure.members {
            let node = self.member(&mut emitter, member, &nodes);
            nodes.push(node);
        }
        let roots = structure.roots.iter().map(|at| nodes[*at]).collect();
        nodes.extend(emitter.written());
        nodes.sort_unstable();
        nodes.dedup();
        ground.builder.plan(self.workspace, wanted.task, &wanted.profile, nodes, roots);
    }

    fn member(&self, emitter: &mut Emitter<'_, 'm>, member: &'m Member, before: &[NodeId]) -> NodeId {
        let mut edges: Vec<Edge> = Vec::new();
        for (label, at) in &member.members {
            edges.push(Edge { label: emitter.text(label), node: before[*at] });
        }
        let Role { side, shape, .. } = member.role;
        for made in self.needed(member) {
            let edge = emitter.library(made, shape, side).map(|(label, node)| Edge { label, node });
            edges.extend(edge);
        }
        let unit = self.unit(emitter, member);
        emitter.member(unit, edges, [member.seconds, member.bytes])
    }

    /// The packages that stand where the real workspace has those that this member needs.
    fn needed(&self, member: &Member) -> Vec<Made> {
        let slots = &self.drawn.structure.1.slots;
        let mut needed = Vec::new();
        for at in &member.slots {
            let class = slots[*at].class;
            let place = slots[..*at].iter().filter(|slot| slot.class == class).count();
            let all = slots.iter().filter(|slot| slot.class == class).count();
            needed.extend(self.asked[class as usize].iter().skip(place).step_by(all));
        }
        needed
    }

    fn unit(&self, emitter: &mut Emitter<'_, 'm>, member: &Member) -> Unit {
        // The mode is what the member's own command does with it, not what profiles decide.
        let name = match member.package {
            0 => self.name.to_owned(),
            other => format!("{}-{other}", self.name),
        };
        let setting = emitter.setting(member.role, "");
        let mode = emitter.text(&member.setting.mode);
        let observed = emitter.text(&self.digests[member.package]);
        let unit = Unit {
            name: emitter.text(&format!("{name} {}", member.slot)),
            package_name: emitter.text(&name),
            version: emitter.text(&member.version),
            source: Source::Path,
            package: emitter.text(&format!("path {} {name} {}", member.place, member.version)),
            checksum: Text(0),
            path: emitter.text(&member.path),
            features: emitter.text(&member.features),
            profile: Text(0),
            directory: Text(0),
            platform: Text(0),
            toolchain: Text(0),
            flags: Text(0),
            target: emitter.text(&member.target),
            kind: emitter.text(&member.kind),
            crate_types: emitter.text(&member.crate_types),
            edition: emitter.text(&member.edition),
            mode,
            is_std: false,
            manifest: observed,
            observed,
            published: 0,
            watches: Text(0),
        };
        setting.map_or(unit, |setting| Unit { mode, ..setting.on(unit) })
    }
}
