//! Takes a real trace apart.

use std::collections::{BTreeMap, BTreeSet};

use super::costs::{Costs, Effort};
use super::donor;
use super::model::{Class, Demand, Line, LineId, Model, Piece, Shape, Version};
use super::parts::{RoleShape, Side};
use super::urn::Growth;
use super::versions::Schedule;
use super::walk::Walk;
use crate::random::Random;
use crate::statistics::{main_plans, range};
use crate::trace::{NodeId, Source, Text, Trace, Unit};

/// What tells lines apart.
type Key = (String, String, Source);

/// Lines of a trace, while they are collected.
pub(super) struct Lines<'a> {
    /// The trace.
    pub trace: &'a Trace,
    ids: BTreeMap<(Text, Text, u8), LineId>,
    lines: Vec<Line>,
}

impl Model {
    /// Learns from a trace. One without workspaces makes only traces without units.
    pub fn learn(trace: &Trace) -> Model {
        let mut lines = Lines::of(trace);
        let mut plans = main_plans(trace);
        let mains: Vec<_> = plans.iter().map(|plan| std::ptr::from_ref(*plan)).collect();
        plans.extend(trace.plans.iter().filter(|plan| !mains.contains(&std::ptr::from_ref(*plan))));
        let walks: Vec<Walk> = plans.iter().map(|plan| Walk::of(trace, plan)).collect();
        for (plan, walk) in plans.iter().zip(&walks) {
            lines.observe(plan.workspace.0, walk);
        }
        let mut costs = Costs::default();
        for node in (0..trace.nodes.len() as u32).map(NodeId) {
            let unit = trace.unit(node);
            let (line, part) = (lines.of_unit(unit), RoleShape::of(trace, unit).part());
            if let (Some(line), Some(part)) = (line, part) {
                let effort = Effort::of(trace.text(unit.mode), trace.text(unit.profile));
                let it = &trace.nodes[node.at()];
                costs.add(line, part, effort, it.seconds, it.bytes);
            }
        }
        costs.settle();
        lines.finish();
        let donors = donor::all(&lines, &plans, &walks);
        let demand = Class::ALL.map(|class| {
            let mut counts: BTreeMap<LineId, u64> = BTreeMap::new();
            for donor in &donors {
                for slot in donor.slots.iter().filter(|slot| slot.class == class) {
                    *counts.entry(slot.line).or_default() += 1;
                }
            }
            let often: Vec<u64> = counts.values().copied().collect();
            Demand { counts: counts.into_iter().collect(), growth: Growth::of(&often, donors.len() as u64) }
        });
        Model { lines: lines.lines, donors, demand, costs, toolchain: trace.about.toolchain.clone() }
    }
}

impl<'a> Lines<'a> {
    fn of(trace: &'a Trace) -> Lines<'a> {
        let mut versions: BTreeMap<Key, BTreeSet<Version>> = BTreeMap::new();
        for unit in trace.units.iter().filter(|unit| unit.source != Source::Path) {
            let text = |text| trace.text(text).to_owned();
            let version = Version {
                published: unit.published,
                version: text(unit.version),
                package: text(unit.package),
                checksum: text(unit.checksum),
            };
            versions.entry(key(trace, unit)).or_default().insert(version);
        }
        let at: BTreeMap<&Key, LineId> = versions.keys().zip(0..).collect();
        let ids = trace.units.iter().filter(|unit| unit.source != Source::Path);
        let ids =
            ids.map(|unit| ((unit.package_name, unit.version, unit.source as u8), at[&key(trace, unit)])).collect();
        let line = |((name, _, source), mut versions): (Key, BTreeSet<Version>)| {
            // A version is known by one name only; git packages may have several commits of it.
            let mut known = BTreeSet::new();
            versions.retain(|version| known.insert(version.version.clone()));
            Line {
                name,
                source,
                versions: versions.into_iter().collect(),
                schedule: Schedule::default(),
                shapes: Vec::new(),
                seen: [Vec::new(), Vec::new()],
                needs: BTreeMap::new(),
                owners: 0,
                rare: false,
            }
        };
        Lines { trace, ids, lines: versions.into_iter().map(line).collect() }
    }

    /// The line of a unit; path packages have none.
    pub(super) fn of_unit(&self, unit: &Unit) -> Option<LineId> {
        self.ids.get(&(unit.package_name, unit.version, unit.source as u8)).copied()
    }

    /// A line.
    pub(super) fn line(&self, line: LineId) -> &Line {
        &self.lines[line as usize]
    }

    /// Notes the shape of every package of a plan that its donor has not shown before.
    fn observe(&mut self, donor: u32, walk: &Walk) {
        let mut packages: BTreeMap<(LineId, Side), [Option<NodeId>; 3]> = BTreeMap::new();
        for (node, side) in &walk.found {
            let unit = self.trace.unit(*node);
            let part = RoleShape::of(self.trace, unit).part();
            if let (Some(line), Some(part)) = (self.of_unit(unit), part) {
                packages.entry((line, *side)).or_default()[part.at()].get_or_insert(*node);
            }
        }
        for ((line, side), nodes) in packages {
            if self.lines[line as usize].seen[side.at()].iter().any(|(it, _)| *it == donor) {
                continue;
            }
            let Some(shape) = self.shape(line, nodes) else { continue };
            let line = &mut self.lines[line as usize];
            let at = line.shapes.iter().position(|it| *it == shape).unwrap_or_else(|| {
                line.shapes.push(shape);
                line.shapes.len() - 1
            });
            line.seen[side.at()].push((donor, at as u32));
        }
    }

    fn shape(&self, line: LineId, nodes: [Option<NodeId>; 3]) -> Option<Shape> {
        let trace = self.trace;
        let main = trace.unit((*nodes.iter().flatten().next()?).to_owned());
        let version =
            self.lines[line as usize].versions.iter().position(|it| it.version == trace.text(main.version))?;
        let piece = |node: NodeId| {
            let unit = trace.unit(node);
            let text = |text| trace.text(text).to_owned();
            let edges = trace.edges(node).iter().filter_map(|edge| {
                let below = trace.unit(edge.node);
                let part = RoleShape::of(trace, below).part()?;
                Some((text(edge.label), self.of_unit(below)?, part))
            });
            Piece {
                is_macro: RoleShape::of(trace, unit) == RoleShape::Macro,
                slot: slot(trace.text(unit.name), trace.text(unit.package_name)),
                target: text(unit.target),
                kind: text(unit.kind),
                crate_types: text(unit.crate_types),
                edition: text(unit.edition),
                path: text(unit.path),
                edges: edges.collect(),
            }
        };
        Some(Shape {
            features: trace.text(main.features).to_owned(),
            version,
            parts: nodes.map(|node| node.map(piece)),
        })
    }

    /// What needs all observations: order of shapes, schedules, the long tail.
    fn finish(&mut self) {
        let locked = |donor: u32| self.trace.workspaces[donor as usize].locked;
        let lasts: Vec<u32> = self
            .lines
            .iter()
            .map(|line| line.seen.iter().flatten().map(|(donor, _)| locked(*donor)).max().unwrap_or(0))
            .collect();
        let end = self.trace.workspaces.iter().map(|it| it.locked).max().unwrap_or(0);
        let (mut releases, mut days) = (0f64, 0f64);
        for (line, last) in self.lines.iter().zip(&lasts) {
            if let Some(first) = line.versions.first().filter(|version| version.published > 0) {
                releases += line.versions.len() as f64 - 1.0;
                days += f64::from(last.saturating_sub(first.published));
            }
        }
        let rate = if days > 0.0 { releases / days } else { 0.0 };
        let mut owners: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        for line in &self.lines {
            let of = owners.entry(line.name.clone()).or_default();
            of.extend(line.seen.iter().flatten().map(|(donor, _)| donor));
        }
        let names: Vec<String> = self.lines.iter().map(|line| line.name.clone()).collect();
        for (at, line) in self.lines.iter_mut().enumerate() {
            line.order();
            let seen: Vec<(String, u32)> =
                line.versions.iter().map(|version| (version.version.clone(), version.published)).collect();
            line.schedule = Schedule::new(&seen, lasts[at], end, rate, &mut Random::of(0x5EED, at as u64));
            line.owners = line.seen.iter().flatten().map(|(donor, _)| donor).collect::<BTreeSet<_>>().len() as u32;
            line.rare = owners[&line.name].len() == 1;
            for shape in &line.shapes {
                for (_, below, _) in shape.parts.iter().flatten().flat_map(|piece| &piece.edges) {
                    let over_time = line.needs.entry(names[*below as usize].clone()).or_default();
                    over_time.push((shape.version, *below));
                }
            }
            for over_time in line.needs.values_mut() {
                over_time.sort_unstable();
                over_time.dedup();
            }
        }
    }
}

impl Line {
    /// Shapes by feature set and then version, so that those of one set stand side by side.
    fn order(&mut self) {
        let mut order: Vec<usize> = (0..self.shapes.len()).collect();
        order.sort_by(|left, right| self.shapes[*left].cmp(&self.shapes[*right]));
        let mut place = vec![0u32; order.len()];
        order.iter().zip(0..).for_each(|(at, new)| place[*at] = new);
        self.shapes.sort();
        self.seen.iter_mut().flatten().for_each(|(_, shape)| *shape = place[*shape as usize]);
    }
}

fn key(trace: &Trace, unit: &Unit) -> Key {
    (trace.text(unit.package_name).to_owned(), range(trace.text(unit.version)).to_owned(), unit.source)
}

/// A unit's name without the package in front.
pub(super) fn slot(name: &str, package: &str) -> String {
    name.strip_prefix(package).unwrap_or(name).trim_start().to_owned()
}

impl Lines<'_> {
    /// What a donor has on a side: line → shape.
    pub(super) fn shapes(&self, donor: u32, side: Side) -> BTreeMap<LineId, u32> {
        let of = |(line, id): (&Line, LineId)| {
            let (_, shape) = line.seen[side.at()].iter().find(|(it, _)| *it == donor)?;
            Some((id, *shape))
        };
        self.lines.iter().zip(0..).filter_map(of).collect()
    }
}
