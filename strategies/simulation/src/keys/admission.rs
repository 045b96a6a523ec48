//! Which nodes a design admits.
//!
//! The policies in `strategies` are asked, with a plan as the graph they look at. Rules look at
//! a unit and at what is below it, and at the build script of its package, which is below it in
//! every graph of Cargo's; so a node that two plans share is judged alike in both, and once.

use rayon::prelude::*;
use strategies::graph::Graph;
use strategies::policy::{self, KeyPolicy, Rule, UnitFacts};

use super::{Design, Effect};
use crate::trace::Trace;

/// What decides which nodes are admitted: two designs that differ only in their keys share it.
#[derive(Debug, Clone)]
pub(super) struct Class {
    policy: &'static KeyPolicy,
    waived: Vec<&'static str>,
    imposed: Vec<&'static str>,
}

/// For each node 0 where it is admitted, else the number of the rule that refuses it, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Admission {
    pub refused: Vec<u8>,
    pub rules: Vec<&'static Rule>,
}

impl Class {
    pub fn of(design: &Design) -> Class {
        let mut class = Class { policy: design.policy, waived: Vec::new(), imposed: Vec::new() };
        for relaxation in &design.relaxations {
            match relaxation.effect {
                Effect::Waive(rules) => class.waived.extend(rules),
                Effect::Impose(rules) => class.imposed.extend(rules),
                Effect::Inputs(_) | Effect::Cutoff | Effect::Workspace => {}
            }
        }
        class
    }

    pub fn is_like(&self, other: &Class) -> bool {
        self.policy.name == other.policy.name && self.waived == other.waived && self.imposed == other.imposed
    }

    /// The rule that refuses each unit of a graph.
    fn of_graph(&self, graph: &Graph) -> Vec<Option<&'static Rule>> {
        let facts = UnitFacts::of(graph);
        // A build script is no library: where scripts are admitted, that rule is waived for them, too.
        let (scripts, macros) = (self.waived.contains(&"build-script"), self.waived.contains(&"proc-macro"));
        let refused = facts.iter().map(|unit| {
            let not_meant = scripts && unit.build_script || macros && unit.proc_macro;
            let is_waived = |rule: &Rule| self.waived.contains(&rule.name) || rule.name == "not-a-library" && not_meant;
            self.policy.refuses(unit, &is_waived)
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
pub(super) fn admissions(trace: &Trace, classes: &[Class]) -> Vec<Admission> {
    // Plans with a node that no plan before them has.
    let mut seen = vec![false; trace.nodes.len()];
    let mut telling = Vec::new();
    for plan in &trace.plans {
        let new = plan.nodes.iter().filter(|node| !std::mem::replace(&mut seen[node.at()], true)).count();
        if new > 0 {
            telling.push(plan);
        }
    }
    let mut admissions: Vec<Admission> =
        classes.iter().map(|_| Admission { refused: vec![0; trace.nodes.len()], rules: Vec::new() }).collect();
    // Some at a time, so that graphs of a hundred thousand plans are not in memory at once.
    for plans in telling.chunks(512) {
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
