//! What Cargo commands would run in one workspace.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use corpora::scenario::MAIN;
use itertools::Itertools as _;
use simulation::cost::UnitFeatures;
use simulation::trace::{LeftOut, TraceSource};
use strategies::graph::{self, Graph, Unit};
use strategies::key::{Context, Input, KeyInputs};

use super::choose::TraceCommand;
use super::sources::{PackageDigests, SourceSizes, all_dependencies, watched_paths};
use exec::filesystem::remove_dir;
use runner::arm::{ArmDirs, WorkspaceCopies};
use runner::build::{Usage, ask_graph, context};
use runner::build_env::BuildEnv;
use runner::integration::Integration;
use runner::integration::plain::PlainCargo;
use runner::invocation::{BuildOptions, Site};
use runner::prepare::PreparedWorkspace;

const MOST: usize = 300;

#[derive(Debug)]
pub(super) struct GraphCollector<'a> {
    build_env: &'a BuildEnv,
    commands: &'a [TraceCommand],
    sizes: SourceSizes,
}

#[derive(Debug)]
pub(super) struct WorkspaceGraphs {
    pub name: String,
    /// A plan for each command that has a graph.
    pub plans: Vec<PlanGraph>,
    /// Commands without a graph, and why.
    pub left_out: Vec<LeftOut>,
}

#[derive(Debug)]
pub(super) struct PlanGraph {
    pub command: TraceCommand,
    /// Its units, dependencies first.
    pub units: Vec<CollectedUnit>,
    /// The units that were asked for, as indexes.
    pub roots: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct CollectedUnit {
    pub inputs: KeyInputs,
    pub source: TraceSource,
    /// Digest of a local package's sources; else empty.
    pub observed: String,
    /// What the run of a build script watches, a line each.
    pub watches: String,
    pub features: UnitFeatures,
    /// Labels of its dependencies, and their indexes in the plan.
    pub edges: Vec<(String, usize)>,
}

impl<'a> GraphCollector<'a> {
    pub fn of(build_env: &'a BuildEnv, commands: &'a [TraceCommand]) -> GraphCollector<'a> {
        GraphCollector { build_env, commands, sizes: SourceSizes::default() }
    }

    /// The graphs of a workspace, at the paths and in the environment of a trial.
    pub fn graphs(&self, prepared: &PreparedWorkspace) -> Result<WorkspaceGraphs> {
        self.in_copy(prepared).or_else(|error| {
            self.build_env.supervisor.check()?;
            Ok(WorkspaceGraphs::nothing(&prepared.workspace.name, &format!("{error:#}")))
        })
    }

    fn in_copy(&self, prepared: &PreparedWorkspace) -> Result<WorkspaceGraphs> {
        let dirs =
            ArmDirs { env: self.build_env, integration: &(Arc::new(PlainCargo::default()) as Arc<dyn Integration>) };
        let place = WorkspaceCopies::open(dirs, prepared, false)?;
        let site = &place.copy(MAIN)?.site;
        let name = &prepared.workspace.name;
        let mut contents = PackageDigests::default();
        let (mut plans, mut failures) = (Vec::new(), Vec::new());
        for command in self.commands {
            self.build_env.supervisor.check()?;
            let build_options = build_options(self.build_env, command);
            let deadline = self.build_env.deadline();
            match ask_graph(self.build_env, site, &build_options, &mut Usage::default(), deadline) {
                Ok(call) => plans.push(self.plan(site, &build_options, command, &call.graph, &mut contents)),
                Err(error) => {
                    self.build_env.supervisor.check()?;
                    failures.push((command, error.to_string()));
                }
            }
        }
        remove_dir(&site.tree)?;
        remove_dir(&site.target_dir)?;
        if let ([], Some((_, why))) = (plans.as_slice(), failures.first()) {
            return Ok(WorkspaceGraphs::nothing(name, why));
        }
        let why = |(command, why): (&TraceCommand, String)| line(&format!("{command}: {why}"));
        let left_out = failures.into_iter().map(why).map(|why| LeftOut { workspace: name.clone(), why });
        Ok(WorkspaceGraphs { name: name.clone(), plans, left_out: left_out.collect() })
    }

    fn plan(
        &self,
        site: &Site,
        build_options: &BuildOptions,
        command: &TraceCommand,
        graph: &Graph,
        contents: &mut PackageDigests,
    ) -> PlanGraph {
        let context = context(self.build_env, site, build_options);
        let at: HashMap<usize, usize> = graph.order.iter().enumerate().map(|(at, &unit)| (unit, at)).collect();
        let all = all_dependencies(graph);
        let unit = |&index: &usize| {
            let unit = &graph.units[index];
            let edges = unit.dependencies.iter().filter_map(|it| Some((it.label(), *at.get(&it.index)?)));
            self.collected(graph, unit, &context, (all[index], edges.collect()), contents)
        };
        let units = graph.order.iter().map(unit).collect();
        let roots = graph.roots.iter().filter_map(|root| at.get(root).copied()).collect();
        PlanGraph { command: command.clone(), units, roots }
    }

    fn collected(
        &self,
        graph: &Graph,
        unit: &Unit,
        context: &Context,
        (all_dependencies, edges): (usize, Vec<(String, usize)>),
        contents: &mut PackageDigests,
    ) -> CollectedUnit {
        let package = &unit.package;
        let (source, observed) = match &package.source {
            graph::PackageSource::Registry => (TraceSource::Registry, ""),
            graph::PackageSource::Git => (TraceSource::Git, ""),
            graph::PackageSource::Path(dir) => (TraceSource::Path, contents.of(dir)),
        };
        let mut inputs = KeyInputs::of_unit(graph, unit, context);
        // With the path of Cargo's home traces of two machines would differ.
        if let Ok(inside) = Path::new(&unit.target.src_path).strip_prefix(&context.cargo_home) {
            inputs[Input::SourcePath] = format!("home:{}", inside.display());
        }
        CollectedUnit {
            inputs,
            source,
            observed: observed.to_owned(),
            watches: match source == TraceSource::Path && unit.is_script_run() {
                true => watched_paths(&std::fs::read_to_string(&unit.target.src_path).unwrap_or_default()),
                false => String::new(),
            },
            features: self.sizes.features(graph, unit, all_dependencies),
            edges,
        }
    }
}

impl WorkspaceGraphs {
    pub fn nothing(name: &str, why: &str) -> WorkspaceGraphs {
        let left_out = vec![LeftOut { workspace: name.to_owned(), why: line(why) }];
        WorkspaceGraphs { name: name.to_owned(), plans: Vec::new(), left_out }
    }
}

fn build_options(build_env: &BuildEnv, command: &TraceCommand) -> BuildOptions {
    BuildOptions {
        task: command.scenario_task(),
        profile: command.profile.clone(),
        jobs: None,
        cargo_home: build_env.cargo_home.clone(),
        rustflags: None,
        env: BTreeMap::new(),
        features: Vec::new(),
    }
}

fn line(text: &str) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|it| !it.is_empty()).join(" ");
    match line.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_line() {
        assert_eq!(line("error: no\n  such \u{1b}[31mpackage\t"), "error: no such [31mpackage");
        let long = line(&"ä".repeat(900));
        assert!(long.ends_with("ä…") && long.chars().count() == MOST + 1);
    }
}
