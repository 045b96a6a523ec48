//! Writes the units of one command of one workspace into the trace.

use std::collections::HashMap;

use super::costs::Effort;
use super::model::{Command, LineId, Setting};
use super::parts::{Part, Role, RoleShape, Side};
use super::resolve::{Ground, Resolved};
use super::universe::Made;
use super::walk::below;
use crate::trace::{Amount, Edge, NodeId, Text, Unit};

/// Not written yet.
const NONE: NodeId = NodeId(u32::MAX);
/// Being written: whoever needs it now stands on a circle, which real packages cannot, and goes
/// without it.
const OPEN: NodeId = NodeId(u32::MAX - 1);

/// A setting in the trace's tables.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    profile: Text,
    directory: Text,
    platform: Text,
    toolchain: Text,
    flags: Text,
    mode: Text,
    effort: u32,
}

/// Settings and costs that are known already.
#[derive(Debug, Default)]
pub struct Desk {
    efforts: Vec<Effort>,
    costs: HashMap<(LineId, Part, u32), [Amount; 2]>,
}

/// What is the same for all units of a command.
#[derive(Debug)]
pub struct Emitter<'a, 'm> {
    ground: &'a mut Ground<'m>,
    desk: &'a mut Desk,
    resolved: &'a Resolved<'m>,
    command: &'m Command,
    settings: HashMap<Role, Option<Written>>,
    shares: bool,
    nodes: Vec<NodeId>,
}

impl<'a, 'm> Emitter<'a, 'm> {
    /// Writes a command; its settings are those of `command`.
    pub fn new(
        ground: &'a mut Ground<'m>,
        desk: &'a mut Desk,
        resolved: &'a Resolved<'m>,
        command: &'m Command,
    ) -> Emitter<'a, 'm> {
        let nodes = vec![NONE; resolved.choices.len() * 6];
        let shares = shares(command);
        Emitter { ground, desk, resolved, command, settings: HashMap::new(), shares, nodes }
    }

    /// The nodes of foreign packages that are written.
    pub fn written(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.iter().copied().filter(|node| *node != NONE && *node != OPEN)
    }

    /// What a role is built with.
    pub fn setting(&mut self, role: Role, package: &str) -> Option<Written> {
        let general = self.command.exceptions.is_empty();
        if let Some(known) = self.settings.get(&role).filter(|_| general) {
            return *known;
        }
        let command = self.command;
        let written = command.setting(role, package).map(|setting| self.write(setting));
        if general {
            self.settings.insert(role, written);
        }
        written
    }

    fn write(&mut self, setting: &Setting) -> Written {
        let effort = Effort::of(&setting.mode, &setting.profile);
        let efforts = &mut self.desk.efforts;
        let at = efforts.iter().position(|it| *it == effort).unwrap_or_else(|| {
            efforts.push(effort);
            efforts.len() - 1
        });
        let mut text = |text: &str| self.ground.builder.text(text);
        Written {
            profile: text(&setting.profile),
            directory: text(&setting.directory),
            platform: text(&setting.platform),
            toolchain: text(&setting.toolchain),
            flags: text(&setting.flags),
            mode: text(&setting.mode),
            effort: at as u32,
        }
    }

    /// The library of a package for a member, and the label of the edge.
    pub fn library(&mut self, made: Made, above: RoleShape, side: Side) -> Option<(Text, NodeId)> {
        let at = self.resolved.index(made)?;
        let side = self.side(made, Part::Lib, above, side);
        let node = self.node(at, side, Part::Lib)?;
        let target = self.ground.builder.so_far().unit(node).target;
        let name = self.ground.builder.so_far().text(target).replace('-', "_");
        Some((self.ground.builder.text(&format!("{name} ")), node))
    }

    /// The side on which a unit needs a part of a package.
    fn side(&self, made: Made, part: Part, above: RoleShape, side: Side) -> Side {
        let is_macro = self.ground.macros[self.ground.universe.line(made).0 as usize];
        let shape = match part {
            Part::Lib if is_macro => RoleShape::Macro,
            Part::Lib => RoleShape::Lib,
            Part::Compile => RoleShape::Compile,
            Part::Run => RoleShape::Run,
        };
        if is_macro { Side::Host } else { below(above, side, shape) }
    }

    /// Writes a unit and everything below it, once.
    fn node(&mut self, at: usize, side: Side, part: Part) -> Option<NodeId> {
        let place = at * 6 + side.at() * 3 + part.at();
        match self.nodes[place] {
            OPEN => return None,
            NONE => {}
            known => return Some(known),
        }
        self.nodes[place] = OPEN;
        let node = self.draft(at, side, part).map(|draft| match self.shared(at, side, part, &draft) {
            Some(node) => node,
            None => self.finish(at, part, draft),
        });
        self.nodes[place] = node.unwrap_or(NONE);
        node
    }

    /// A unit with its edges, and all below it written.
    fn draft(&mut self, at: usize, side: Side, part: Part) -> Option<Draft> {
        let resolved = self.resolved;
        let choice = &resolved.choices[at];
        let package = choice.on(side)?;
        let ready = self.ground.shelf.package(package).parts[part.at()].as_ref()?;
        let (shape, unit, edges) = (ready.shape, ready.unit, ready.edges.clone());
        let name = &self.ground.universe.line(choice.made).1.name;
        let role = Role { local: false, side, shape };
        let setting = self.setting(role, name)?;
        let mut found = Vec::with_capacity(edges.len());
        for (label, made, part) in edges {
            let side = if made == choice.made { side } else { self.side(made, part, shape, side) };
            let node = resolved.index(made).and_then(|at| self.node(at, side, part));
            found.extend(node.map(|node| Edge { label, node }));
        }
        Some(Draft { unit: setting.on(unit), effort: setting.effort, edges: found })
    }

    /// The unit of the program that a unit of the host is the same as: Cargo builds one where
    /// only debug information would tell them apart.
    fn shared(&mut self, at: usize, side: Side, part: Part, draft: &Draft) -> Option<NodeId> {
        if side == Side::Target || !self.shares {
            return None;
        }
        let twin = self.resolved.choices[at].on(Side::Target)?;
        if self.ground.shelf.package(twin).features != draft.unit.features {
            return None;
        }
        let node = self.node(at, Side::Target, part)?;
        let edges = self.ground.builder.so_far().edges(node);
        let same = edges.len() == draft.edges.len() && edges.iter().all(|edge| draft.edges.contains(edge));
        same.then_some(node)
    }

    fn finish(&mut self, at: usize, part: Part, draft: Draft) -> NodeId {
        let line = self.ground.universe.line(self.resolved.choices[at].made).0;
        let (costs, efforts) = (&self.ground.model.costs, &self.desk.efforts);
        let known = self.desk.costs.entry((line, part, draft.effort));
        let [seconds, bytes] = *known.or_insert_with(|| costs.of(line, part, &efforts[draft.effort as usize]));
        let unit = self.ground.builder.unit(draft.unit);
        self.ground.builder.node(unit, draft.edges, seconds, bytes)
    }

    /// Writes a unit of a path package.
    pub fn member(&mut self, unit: Unit, edges: Vec<Edge>, amounts: [Amount; 2]) -> NodeId {
        let unit = self.ground.builder.unit(unit);
        let [seconds, bytes] = amounts.map(|amount| Amount { measured: false, ..amount });
        self.ground.builder.node(unit, edges, seconds, bytes)
    }

    /// The index of a text.
    pub fn text(&mut self, text: &str) -> Text {
        self.ground.builder.text(text)
    }
}

/// A unit that is to be written.
#[derive(Debug)]
struct Draft {
    unit: Unit,
    effort: u32,
    edges: Vec<Edge>,
}

impl Written {
    /// A unit built with a setting.
    pub fn on(self, unit: Unit) -> Unit {
        let Written { profile, directory, platform, toolchain, flags, mode, effort: _ } = self;
        Unit { profile, directory, platform, toolchain, flags, mode, ..unit }
    }
}

/// Whether libraries of the host and of the program differ in debug information only, which Cargo
/// then does not let tell them apart.
fn shares(command: &Command) -> bool {
    let profile = |side| {
        let role = Role { local: false, side, shape: RoleShape::Lib };
        let mut value: serde_json::Value = serde_json::from_str(&command.settings.get(&role)?.profile).ok()?;
        let fields = value.as_object_mut()?;
        fields.retain(|name, _| name != "debuginfo" && name != "strip");
        Some((value, command.settings[&role].platform.clone(), command.settings[&role].mode.clone()))
    };
    let (target, host) = (profile(Side::Target), profile(Side::Host));
    target.is_some() && target == host
}
