//! The whole trace as the artifacts it makes and uses.

use std::collections::HashMap;

use super::{ArtifactKey, Machine, Standing};
use crate::history::{Artifact, ArtifactId, Build, History};
use crate::keys::View;
use crate::trace::{NodeId, Plan, Source, Trace};

impl History {
    /// Plays all events of a trace under a design.
    pub fn of(trace: &Trace, view: &View) -> History {
        let mut history = History::default();
        let mut known: HashMap<ArtifactKey, ArtifactId> = HashMap::new();
        // What each node of the plan at hand is, and in which build that was noted.
        let mut here: Vec<(u32, ArtifactId)> = vec![(0, ArtifactId(0)); trace.nodes.len()];
        // The build in which each artifact was last listed.
        let mut listed: Vec<u32> = Vec::new();
        let mut machine = Machine::new(trace, view);
        for event in &trace.events {
            machine.play(event.action, |plan, standings| {
                let mark = history.builds.len() as u32 + 1;
                let command = plan.profile.0 << 2 | plan.task as u32;
                let mut build = Build { at: event.at, workspace: plan.workspace.0, command, ..Build::default() };
                let (mut present, mut wanted) = (Vec::new(), Vec::new());
                for (node, standing) in plan.nodes.iter().zip(standings) {
                    let (key, list) = match standing {
                        Standing::Refused => {
                            build.refused += 1;
                            build.refused_s += f64::from(trace.nodes[node.at()].seconds.value);
                            continue;
                        }
                        Standing::Present(None) => continue,
                        Standing::Present(Some(key)) => (*key, &mut present),
                        Standing::Wanted(key) => (*key, &mut wanted),
                    };
                    let id = *known.entry(key).or_insert_with(|| {
                        let below = below(trace, plan, *node, mark, &here);
                        history.artifacts.push(artifact(trace, *node, below));
                        ArtifactId(history.artifacts.len() as u32 - 1)
                    });
                    // Nodes that are alike under this design are one artifact.
                    listed.resize(history.artifacts.len(), 0);
                    if std::mem::replace(&mut listed[id.at()], mark) != mark {
                        list.push(id);
                    }
                    here[node.at()] = (mark, id);
                }
                history.push(build, &present, &wanted);
            });
        }
        history
    }
}

fn artifact(trace: &Trace, node: NodeId, below: Vec<ArtifactId>) -> Artifact {
    let Some(found) = trace.nodes.get(node.at()) else {
        return Artifact { seconds: 0.0, bytes: 0.0, local: false, below };
    };
    let local = trace.unit(node).source == Source::Path;
    Artifact { seconds: found.seconds.value, bytes: found.bytes.value, local, below }
}

/// The artifacts a node of this build stands on.
fn below(trace: &Trace, plan: &Plan, node: NodeId, mark: u32, here: &[(u32, ArtifactId)]) -> Vec<ArtifactId> {
    debug_assert!(plan.nodes.binary_search(&node).is_ok());
    let of_build = trace.edges(node).iter().map(|edge| here[edge.node.at()]).filter(|(at, _)| *at == mark);
    let mut below: Vec<ArtifactId> = of_build.map(|(_, id)| id).collect();
    below.sort_unstable();
    below.dedup();
    below
}
