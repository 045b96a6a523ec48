//! A trace under one design: what is admitted, and under which keys.
//!
//! The policies in `strategies` are asked, with a plan as the graph they look at. Rules look at a unit, at what it
//! depends on, and at the build script of its package, which it depends on in every graph of Cargo's; so a node that
//! two plans share is judged the same in both, and once.

use std::sync::Arc;

use indexmap::IndexSet;
use rayon::prelude::*;
use strategies::graph::Graph;
use strategies::key::{ContentDigest, Digest, FieldHasher, Input, Key, KeyOptions, base_key, final_key};
use strategies::policy::{self, Rule, UnitFacts};

use super::{KeyDesign, Relaxation, RelaxationEffect};
use crate::trace::{Edge, NodeId, Text, Trace};

/// What a design admits of a trace, and under which keys.
#[derive(Debug, Clone)]
pub struct KeyView {
    /// The design.
    pub design: KeyDesign,
    /// Keys, shared with designs that differ only in what they admit.
    pub(crate) keys: Arc<Keys>,
    admission: Arc<Admission>,
}

impl KeyView {
    /// The key of a node; `None` where the node is refused.
    pub fn key(&self, node: NodeId) -> Option<KeyId> {
        match self.admission.refused[node.at()] {
            0 => self.keys.of(node),
            _ => None,
        }
    }

    pub(crate) fn refused_by(&self, node: NodeId) -> Option<&'static str> {
        let number = self.admission.refused[node.at()];
        let rule = usize::from(number).checked_sub(1).and_then(|at| self.admission.rules.get(at));
        rule.map(|rule| rule.name)
    }
}

/// A trace under each of some designs. What two designs have in common is computed once.
pub fn views(trace: &Trace, designs: &[KeyDesign]) -> Vec<KeyView> {
    let (mut classes, mut key_classes) = (IndexSet::new(), IndexSet::new());
    let class = |design| {
        let class = classes.insert_full(AdmissionClass::of(design)).0;
        (class, key_classes.insert_full(KeyClass::of(design)).0)
    };
    let of_design: Vec<(usize, usize)> = designs.iter().map(class).collect();
    let (classes, key_classes): (Vec<_>, Vec<_>) = (classes.into_iter().collect(), key_classes.into_iter().collect());
    let admissions: Vec<Arc<Admission>> = admissions(trace, &classes).into_iter().map(Arc::new).collect();
    let keys: Vec<Arc<Keys>> = key_classes
        .par_iter()
        .enumerate()
        .map(|(at, key_class)| {
            let mut wanted = vec![false; trace.nodes.len()];
            for (class, _) in of_design.iter().filter(|(_, key_class)| *key_class == at) {
                wanted.iter_mut().zip(&admissions[*class].refused).for_each(|(wanted, rule)| *wanted |= *rule == 0);
            }
            Arc::new(Keys::make(trace, key_class, &wanted))
        })
        .collect();
    let both = designs.iter().zip(of_design);
    both.map(|(design, (class, key_class))| KeyView {
        design: design.clone(),
        keys: keys[key_class].clone(),
        admission: admissions[class].clone(),
    })
    .collect()
}

/// Everything that decides which nodes are admitted: two designs that differ only in their keys share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct AdmissionClass {
    policy: &'static str,
    waived: Vec<&'static str>,
    imposed: Vec<&'static str>,
}

/// For each node 0 where it is admitted, else the number of the rule that refuses it, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Admission {
    refused: Vec<u8>,
    rules: Vec<&'static Rule>,
}

impl AdmissionClass {
    fn of(design: &KeyDesign) -> AdmissionClass {
        let mut class = AdmissionClass { policy: design.policy.name, waived: Vec::new(), imposed: Vec::new() };
        for relaxation in &design.relaxations {
            match relaxation.effect {
                RelaxationEffect::Waive(rules) => class.waived.extend(rules),
                RelaxationEffect::Impose(rules) => class.imposed.extend(rules),
                RelaxationEffect::Inputs(_) | RelaxationEffect::Cutoff | RelaxationEffect::Workspace => {}
            }
        }
        class
    }

    /// The rule that refuses each unit of a graph.
    fn of_graph(&self, graph: &Graph) -> Vec<Option<&'static Rule>> {
        let facts = UnitFacts::of(graph);
        let policy = policy::ALL.into_iter().find(|policy| policy.name == self.policy).unwrap_or(&policy::CONSERVATIVE);
        // A build script is not a library: a design that admits scripts admits them in spite of that rule.
        let (scripts, macros) = (self.waived.contains(&"build-script"), self.waived.contains(&"proc-macro"));
        let refused = facts.iter().map(|unit| {
            let exempt = scripts && unit.build_script || macros && unit.proc_macro;
            let is_waived = |rule: &Rule| self.waived.contains(&rule.name) || rule.name == "not-a-library" && exempt;
            policy.refuses(unit, &is_waived)
        });
        let mut refused = policy::close_downwards(graph, refused.collect());
        for (unit, refused) in facts.iter().zip(&mut refused) {
            let imposed = || policy::CONSERVATIVE.refuses(unit, &|rule| !self.imposed.contains(&rule.name));
            *refused = refused.or_else(imposed);
        }
        refused
    }
}

/// Judges every node of a trace under each class.
fn admissions(trace: &Trace, classes: &[AdmissionClass]) -> Vec<Admission> {
    // Plans with a node that no plan before them has.
    let mut seen = vec![false; trace.nodes.len()];
    let mut with_new_nodes = Vec::new();
    for plan in &trace.plans {
        let new = plan.nodes.iter().filter(|node| !std::mem::replace(&mut seen[node.at()], true)).count();
        if new > 0 {
            with_new_nodes.push(plan);
        }
    }
    let mut admissions: Vec<Admission> =
        classes.iter().map(|_| Admission { refused: vec![0; trace.nodes.len()], rules: Vec::new() }).collect();
    // Some at a time, so that graphs of a hundred thousand plans are not in memory at once.
    for plans in with_new_nodes.chunks(512) {
        let judged: Vec<Vec<Vec<Option<&'static Rule>>>> = plans
            .par_iter()
            .map(|plan| {
                let graph = trace.graph(plan);
                classes.iter().map(|class| class.of_graph(&graph)).collect()
            })
            .collect();
        for (plan, judged) in plans.iter().zip(judged) {
            for (admission, refused) in admissions.iter_mut().zip(judged) {
                for (node, rule) in plan.nodes.iter().zip(refused) {
                    admission.refused[node.at()] = rule.map_or(0, |rule| number(&mut admission.rules, rule));
                }
            }
        }
    }
    admissions
}

/// The number of a rule among those met so far, from 1. There are a dozen rules in all.
fn number(rules: &mut Vec<&'static Rule>, rule: &'static Rule) -> u8 {
    let at = rules.iter().position(|known| known.name == rule.name).unwrap_or_else(|| {
        rules.push(rule);
        rules.len() - 1
    });
    u8::try_from(at + 1).unwrap_or(u8::MAX)
}

/// The number of a key: equal for nodes that one artifact can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    const NONE: KeyId = KeyId(u32::MAX);

    /// The number as an index.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// The keys of all nodes that some design with these relaxations admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    ids: Vec<KeyId>,
    pub(crate) count: usize,
    pub(crate) cutoff: bool,
    /// What depends on a path package has a key of its workspace alone.
    pub(crate) by_workspace: bool,
    /// Whether an edited source file makes another key of the unit that reads it.
    pub(crate) files: bool,
}

/// Everything that decides keys: designs that differ only in what they admit share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct KeyClass {
    /// Names of relaxations that change inputs.
    changes: Vec<&'static str>,
    cutoff: bool,
    by_workspace: bool,
    options: KeyOptions,
}

impl KeyClass {
    pub fn of(design: &KeyDesign) -> KeyClass {
        let mut class = KeyClass { options: design.options, ..KeyClass::default() };
        for relaxation in &design.relaxations {
            match relaxation.effect {
                RelaxationEffect::Inputs(_) => class.changes.push(relaxation.name),
                RelaxationEffect::Cutoff => class.cutoff = true,
                RelaxationEffect::Workspace => class.by_workspace = true,
                RelaxationEffect::Waive(_) | RelaxationEffect::Impose(_) => {}
            }
        }
        class
    }
}

impl Keys {
    /// The key of a node, if a design it was made for admits the node.
    pub fn of(&self, node: NodeId) -> Option<KeyId> {
        Some(self.ids[node.at()]).filter(|id| *id != KeyId::NONE)
    }

    /// Makes the keys of the nodes that are wanted; the dependencies of such a node are wanted, too.
    fn make(trace: &Trace, class: &KeyClass, wanted: &[bool]) -> Keys {
        let mut units: Vec<Option<RelaxedUnit>> = vec![None; trace.units.len()];
        let mut keys: Vec<Key> = vec![Key::of(b""); trace.nodes.len()];
        let mut distinct: IndexSet<Key> = IndexSet::new();
        let mut ids = vec![KeyId::NONE; trace.nodes.len()];
        let mut dependencies = Vec::new();
        for (at, node) in trace.nodes.iter().enumerate().filter(|(at, _)| wanted[*at]) {
            let id = NodeId(at as u32);
            if units[node.unit.at()].is_none() {
                units[node.unit.at()] = Some(RelaxedUnit::of(trace, node.unit.at(), class));
            }
            dependencies.clear();
            for edge in trace.edges(id) {
                let key = keys[edge.node.at()];
                dependencies.push(match class.cutoff {
                    true => (edge, Key::of(b""), exports(trace, edge.node, &units)),
                    false => (edge, key, ContentDigest(*key)),
                });
            }
            in_order(trace, &mut dependencies);
            let Some(own) = &units[node.unit.at()] else { continue };
            let edges = dependencies.iter().map(|(edge, key, content)| (trace.text(edge.label), *key, *content));
            keys[at] = final_key(&base_key(&own.digest, edges, &class.options), own.observed.as_ref());
            ids[at] = KeyId(distinct.insert_full(keys[at]).0 as u32);
        }
        let has = |input| class.options.has(input);
        // Neither key nor content of a dependency counts: no edit to it reaches a dependent.
        let cutoff = class.cutoff || !has(Input::DependencyKeys) && !has(Input::DependencyContents);
        Keys { ids, count: distinct.len(), cutoff, by_workspace: class.by_workspace, files: has(Input::Files) }
    }
}

#[derive(Debug, Clone)]
struct RelaxedUnit {
    digest: Digest,
    observed: Option<Digest>,
    /// What it would export, if its package, version, features, target and mode decided that.
    interface: ContentDigest,
}

impl RelaxedUnit {
    fn of(trace: &Trace, at: usize, class: &KeyClass) -> RelaxedUnit {
        let unit = &trace.units[at];
        let mut inputs = trace.inputs(unit);
        for relaxation in class.changes.iter().filter_map(|name| Relaxation::by_name(name)) {
            if let RelaxationEffect::Inputs(change) = relaxation.effect {
                change(&mut inputs);
            }
        }
        Input::of_unit().filter(|input| !class.options.has(*input)).for_each(|input| inputs[input].clear());
        let mut interface = FieldHasher::new("interface");
        for input in [
            Input::PackageName,
            Input::TargetKind,
            Input::TargetName,
            Input::Mode,
            Input::PackageId,
            Input::Checksum,
            Input::Features,
            Input::Platform,
            Input::Toolchain,
        ] {
            interface.field(input.info().name, &inputs[input]);
        }
        let observed = Some(unit.observed).filter(|text| *text != Text(0) && class.options.has(Input::Files));
        RelaxedUnit {
            observed: observed.map(|text| Digest::of(trace.text(text).as_bytes())),
            interface: ContentDigest(interface.finish()),
            digest: inputs.own_digest(),
        }
    }
}

/// What a dependency exports under early cutoff. It comes before its dependents, so its unit is known.
fn exports(trace: &Trace, node: NodeId, units: &[Option<RelaxedUnit>]) -> ContentDigest {
    units[trace.nodes[node.at()].unit.at()].as_ref().map_or_else(|| ContentDigest::of(b""), |unit| unit.interface)
}

/// Orders edges as a real key does: those with one package and one label by their keys. All others are in order
/// already.
fn in_order(trace: &Trace, dependencies: &mut [(&Edge, Key, ContentDigest)]) {
    let same = |a: &Edge, b: &Edge| {
        a.label == b.label && trace.unit(a.node)[Input::PackageName] == trace.unit(b.node)[Input::PackageName]
    };
    for equal in dependencies.chunk_by_mut(|a, b| same(a.0, b.0)) {
        equal.sort_by_key(|(_, key, content)| (*key, *content));
    }
}
