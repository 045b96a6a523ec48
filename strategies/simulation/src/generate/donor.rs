//! Takes one real workspace apart: its members, what they need, and how it is built.

use std::collections::{BTreeMap, BTreeSet};

use super::learn::{Lines, slot};
use super::model::{Class, Command, Donor, LineId, Member, Setting, Slot};
use super::parts::{Part, Role, RoleShape, Side};
use super::walk::Walk;
use crate::trace::{NodeId, Plan, Source, Trace, Unit};

/// Every workspace of a trace, in its order. The first plan of each is the one that decides what
/// its tests add.
pub(super) fn all(lines: &Lines<'_>, plans: &[&Plan], walks: &[Walk]) -> Vec<Donor> {
    let mut donors: Vec<Donor> = lines.trace.workspaces.iter().map(|it| empty(it.locked)).collect();
    let mut owned: Vec<(BTreeSet<LineId>, Vec<String>)> = vec![Default::default(); donors.len()];
    for (plan, walk) in plans.iter().zip(walks) {
        let at = plan.workspace.at();
        let profile = lines.trace.text(plan.profile);
        if donors[at].commands.iter().any(|it| it.task == plan.task && it.profile == profile) {
            continue;
        }
        let (lines_before, packages) = &mut owned[at];
        let main = donors[at].commands.is_empty();
        let found: BTreeSet<LineId> =
            plan.nodes.iter().filter_map(|node| lines.of_unit(lines.trace.unit(*node))).collect();
        if main {
            donors[at].size[0] = found.len();
            donors[at].lags = found.iter().filter_map(|line| lag(lines, *line, plan.workspace.0)).collect();
        }
        lines_before.extend(found);
        donors[at].size[1] = lines_before.len() - donors[at].size[0];
        let command = command(lines, plan, walk, &mut donors[at].slots, packages, main);
        donors[at].commands.push(command);
    }
    for (at, donor) in donors.iter_mut().enumerate() {
        for side in Side::BOTH {
            donor.shapes[side.at()] = lines.shapes(at as u32, side);
        }
    }
    donors
}

fn empty(locked: u32) -> Donor {
    let (lags, commands, slots) = (Vec::new(), Vec::new(), Vec::new());
    Donor { locked, lags, commands, slots, size: [0; 2], shapes: [BTreeMap::new(), BTreeMap::new()] }
}

/// By how many days a donor is behind with a line.
fn lag(lines: &Lines<'_>, line: LineId, donor: u32) -> Option<u32> {
    let locked = lines.trace.workspaces[donor as usize].locked;
    let line = lines.line(line);
    let (_, shape) = line.seen.iter().flatten().find(|(it, _)| *it == donor)?;
    let version = line.versions.get(line.shapes.get(*shape as usize)?.version)?;
    (locked > 0 && version.published > 0).then(|| line.schedule.lag(&version.version, locked))?
}

fn command(
    lines: &Lines<'_>,
    plan: &Plan,
    walk: &Walk,
    slots: &mut Vec<Slot>,
    packages: &mut Vec<String>,
    main: bool,
) -> Command {
    let trace = lines.trace;
    let mut settings: BTreeMap<Role, BTreeMap<Setting, usize>> = BTreeMap::new();
    let mut single: Vec<(Role, &Unit, Setting)> = Vec::new();
    let mut members: Vec<Member> = Vec::new();
    let mut at: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut before = None;
    for (node, side) in &walk.found {
        // What both sides need is built as the program's.
        if before.replace(*node) == Some(*node) {
            continue;
        }
        let unit = trace.unit(*node);
        let role = Role { local: unit.source == Source::Path, side: *side, shape: RoleShape::of(trace, unit) };
        let setting = setting(trace, unit);
        *settings.entry(role).or_default().entry(setting.clone()).or_default() += 1;
        if !role.local {
            single.push((role, unit, setting));
            continue;
        }
        let mut member = member(trace, *node, role, setting, packages);
        for edge in trace.edges(*node) {
            let below = trace.unit(edge.node);
            if let Some(to) = at.get(&edge.node) {
                member.members.push((trace.text(edge.label).to_owned(), *to));
            } else if let (Some(line), Some(Part::Lib)) = (lines.of_unit(below), RoleShape::of(trace, below).part()) {
                member.slots.push(place(slots, role, line, main));
            }
        }
        at.insert(*node, members.len());
        members.push(member);
    }
    let most = |counts: BTreeMap<Setting, usize>| counts.into_iter().rev().max_by_key(|(_, count)| *count);
    let settings: BTreeMap<Role, Setting> =
        settings.into_iter().filter_map(|(role, counts)| Some((role, most(counts)?.0))).collect();
    let unusual = single.into_iter().filter(|(role, _, setting)| settings.get(role) != Some(setting));
    Command {
        task: plan.task,
        profile: trace.text(plan.profile).to_owned(),
        roots: plan.roots.iter().filter_map(|root| at.get(root).copied()).collect(),
        exceptions: unusual
            .map(|(role, unit, setting)| ((trace.text(unit.package_name).to_owned(), role), setting))
            .collect(),
        settings,
        members,
    }
}

/// The slot of a line that a member needs.
fn place(slots: &mut Vec<Slot>, role: Role, line: LineId, main: bool) -> usize {
    let class = match (role.shape, main) {
        (RoleShape::Compile, _) => Class::Build,
        (_, true) => Class::Normal,
        (_, false) => Class::Dev,
    };
    let known = |class| slots.iter().position(|slot| *slot == Slot { class, line });
    // What a test needs that the program needs, too, is no dependency of tests only.
    let known = if class == Class::Dev { known(Class::Normal).or_else(|| known(class)) } else { known(class) };
    known.unwrap_or_else(|| {
        slots.push(Slot { class, line });
        slots.len() - 1
    })
}

fn setting(trace: &Trace, unit: &Unit) -> Setting {
    let text = |text| trace.text(text).to_owned();
    Setting {
        profile: text(unit.profile),
        directory: text(unit.directory),
        platform: text(unit.platform),
        toolchain: text(unit.toolchain),
        flags: text(unit.flags),
        mode: text(unit.mode),
    }
}

fn member(trace: &Trace, node: NodeId, role: Role, setting: Setting, packages: &mut Vec<String>) -> Member {
    let unit = trace.unit(node);
    let text = |text| trace.text(text).to_owned();
    let package = text(unit.package);
    let known = packages.iter().position(|it| *it == package);
    let known = known.unwrap_or_else(|| {
        packages.push(package.clone());
        packages.len() - 1
    });
    let amounts = trace.nodes[node.at()];
    // `path ws:crates/core name 1.0.0`
    let place = package.strip_prefix("path ").unwrap_or(&package);
    let tail = format!(" {} {}", trace.text(unit.package_name), trace.text(unit.version));
    Member {
        role,
        package: known,
        slot: slot(trace.text(unit.name), trace.text(unit.package_name)),
        version: text(unit.version),
        place: place.strip_suffix(&tail).unwrap_or(place).to_owned(),
        path: text(unit.path),
        features: text(unit.features),
        target: text(unit.target),
        kind: text(unit.kind),
        crate_types: text(unit.crate_types),
        edition: text(unit.edition),
        setting,
        members: Vec::new(),
        slots: Vec::new(),
        seconds: amounts.seconds,
        bytes: amounts.bytes,
    }
}
