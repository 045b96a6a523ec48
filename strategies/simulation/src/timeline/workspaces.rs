//! What of a trace a life needs to know.

use std::collections::BTreeSet;

use crate::trace::{Plan, PlanId, Source, Task, Text, Trace};

/// A workspace that can be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    /// Index of it in the trace.
    pub workspace: u32,
    /// Plans of development builds, tests, checks and release builds, each in the order of its
    /// lockfile's updates.
    pub plans: [Vec<PlanId>; 4],
    /// Root files of programs.
    pub programs: Vec<Text>,
    /// Root files of libraries.
    pub libraries: Vec<Text>,
}

/// Every workspace that has a plan.
pub(super) fn sites(trace: &Trace) -> Vec<Site> {
    let mut sites: Vec<Site> = (0..trace.workspaces.len() as u32)
        .map(|workspace| Site { workspace, plans: Default::default(), programs: Vec::new(), libraries: Vec::new() })
        .collect();
    let mut main_files = vec![false; sites.len()];
    for (at, plan) in trace.plans.iter().enumerate() {
        let site = &mut sites[plan.workspace.at()];
        site.plans[place(trace, plan)].push(PlanId(at as u32));
        // Files are those of one plan: another command of the workspace has the same ones.
        if !std::mem::replace(&mut main_files[plan.workspace.at()], true) {
            (site.programs, site.libraries) = files(trace, plan);
        }
    }
    sites.retain(|site| site.plans.iter().any(|plans| !plans.is_empty()));
    sites
}

/// Where a plan stands in [`Site::plans`]: a build of another profile than `dev` counts as a
/// release build.
fn place(trace: &Trace, plan: &Plan) -> usize {
    match plan.task {
        Task::Build if trace.text(plan.profile) == "dev" => 0,
        Task::Build => 3,
        Task::Test => 1,
        Task::Check => 2,
    }
}

/// Root files of programs and of libraries among the units of path packages. Build scripts are
/// left out: nobody works in them all day.
fn files(trace: &Trace, plan: &Plan) -> (Vec<Text>, Vec<Text>) {
    let (mut programs, mut libraries) = (BTreeSet::new(), BTreeSet::new());
    for unit in plan.nodes.iter().map(|node| trace.unit(*node)).filter(|unit| unit.source == Source::Path) {
        let kind = trace.text(unit.kind);
        if kind == "custom-build" || unit.path == Text(0) {
            continue;
        }
        let is_program = kind.split(',').any(|kind| kind == "bin");
        (if is_program { &mut programs } else { &mut libraries }).insert(unit.path);
    }
    (programs.into_iter().collect(), libraries.into_iter().collect())
}

impl Site {
    /// The plan of a command that the lockfile of a moment asks for; `share` is how much of all
    /// days is over, and `phase` shifts the days of updates.
    pub(super) fn plan(&self, command: usize, share: f64, phase: f64) -> Option<PlanId> {
        let plans = [command, 0, 3, 2, 1].map(|at| &self.plans[at]);
        let plans = plans.into_iter().find(|plans| !plans.is_empty())?;
        // The first and the last lockfile last shorter by the phase and its rest.
        let at = share * (plans.len() as f64 - 1.0) + phase;
        plans.get((at as usize).min(plans.len() - 1)).copied()
    }
}
