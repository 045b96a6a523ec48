//! What Cargo commands would run in one workspace.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use corpora::scenario::MAIN;
use simulation::cost::Features;
use simulation::trace::{LeftOut, Source};
use strategies::graph::{self, Graph, Unit};
use strategies::key::{Context, Input, KeyInputs};

use super::command::Command;
use super::published::Published;
use super::sources::{Contents, Sizes, below};
use exec::dirs::remove_dir;
use runner::arm::{ArmDirs, WorkspaceCopies};
use runner::build::{Usage, ask_graph, context};
use runner::build_env::BuildEnv;
use runner::integration::Integration;
use runner::integration::plain::PlainCargo;
use runner::invocation::{BuildOptions, Site};
use runner::prepare::PreparedWorkspace;

/// Characters of an error that are kept.
const MOST: usize = 300;

/// What all workspaces share.
#[derive(Debug)]
pub struct Shared<'a> {
    build_env: &'a BuildEnv,
    commands: &'a [Command],
    sizes: Sizes,
    published: Published,
}

/// The unit graphs of a workspace.
#[derive(Debug)]
pub struct WorkspaceGraphs {
    /// Its name.
    pub name: String,
    /// A plan for each command whose graph could be had.
    pub plans: Vec<PlanGraph>,
    /// What could not be had.
    pub left_out: Vec<LeftOut>,
}

/// What one command would run.
#[derive(Debug)]
pub struct PlanGraph {
    /// The command.
    pub command: Command,
    /// Its units, dependencies first.
    pub units: Vec<SeenUnit>,
    /// What was asked for, as places in `units`.
    pub roots: Vec<usize>,
}

/// A unit and everything of it that a trace keeps.
#[derive(Debug)]
pub struct SeenUnit {
    /// The inputs of its key.
    pub inputs: KeyInputs,
    /// Name of its package.
    pub package: String,
    /// Where the package comes from.
    pub source: Source,
    /// Digest of a local package's sources; else empty.
    pub observed: String,
    /// Day of publication since the Unix epoch; 0 where nobody knows.
    pub published: u32,
    /// What a script's run watches, a line each.
    pub watches: String,
    /// What its cost is estimated from.
    pub features: Features,
    /// Labels of its dependencies, and their places in the plan.
    pub edges: Vec<(String, usize)>,
}

impl<'a> Shared<'a> {
    /// What the workspaces of a build_env share; after everything was fetched.
    pub fn of(build_env: &'a BuildEnv, commands: &'a [Command]) -> Shared<'a> {
        Shared { build_env, commands, sizes: Sizes::default(), published: Published::of(&build_env.cargo_home) }
    }

    /// The graphs of a workspace, at the paths and in the environment of a trial.
    ///
    /// # Errors
    /// When the run was interrupted; anything else is left out.
    pub fn graphs(&self, prepared: &PreparedWorkspace) -> Result<WorkspaceGraphs> {
        let name = prepared.workspace.name.clone();
        let graphs = match self.laid_out(prepared) {
            Ok(graphs) => graphs,
            Err(error) => {
                self.build_env.supervisor.check()?;
                WorkspaceGraphs::nothing(&name, &format!("{error:#}"))
            }
        };
        Ok(graphs)
    }

    fn laid_out(&self, prepared: &PreparedWorkspace) -> Result<WorkspaceGraphs> {
        let dirs = ArmDirs { env: self.build_env, integration: &(Arc::new(PlainCargo) as Arc<dyn Integration>) };
        let place = WorkspaceCopies::open(dirs, prepared, false)?;
        let site = &place.copy(MAIN)?.site;
        let name = &prepared.workspace.name;
        let mut contents = Contents::default();
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
        let why = |(command, why): (&Command, String)| line(&format!("{command}: {why}"));
        let left_out = failures.into_iter().map(why).map(|why| LeftOut { workspace: name.clone(), why });
        Ok(WorkspaceGraphs { name: name.clone(), plans, left_out: left_out.collect() })
    }

    fn plan(
        &self,
        site: &Site,
        build_options: &BuildOptions,
        command: &Command,
        graph: &Graph,
        contents: &mut Contents,
    ) -> PlanGraph {
        let context = context(self.build_env, site, build_options);
        let at: HashMap<usize, usize> = graph.order.iter().enumerate().map(|(at, &unit)| (unit, at)).collect();
        let below = below(graph);
        let units = graph.order.iter().map(|&index| {
            let unit = &graph.units[index];
            let edges = unit.dependencies.iter().filter_map(|it| Some((it.label(), *at.get(&it.index)?)));
            let edges = edges.collect();
            self.seen(graph, unit, &context, (below[index], edges), contents)
        });
        let units = units.collect();
        let roots = graph.roots.iter().filter_map(|root| at.get(root).copied()).collect();
        PlanGraph { command: command.clone(), units, roots }
    }

    fn seen(
        &self,
        graph: &Graph,
        unit: &Unit,
        context: &Context,
        (below, edges): (usize, Vec<(String, usize)>),
        contents: &mut Contents,
    ) -> SeenUnit {
        let package = &unit.package;
        let (source, observed, published) = match &package.source {
            graph::PackageSource::Registry => {
                (Source::Registry, "", self.published.day(&package.name, &package.version))
            }
            graph::PackageSource::Git => (Source::Git, "", 0),
            graph::PackageSource::Path(dir) => (Source::Path, contents.of(dir), 0),
        };
        let mut inputs = KeyInputs::of_unit(graph, unit, context);
        // Where Cargo's home is would make the trace of one machine unlike that of another.
        if let Ok(inside) = Path::new(&unit.target.src_path).strip_prefix(&context.cargo_home) {
            inputs[Input::SourcePath] = format!("home:{}", inside.display());
        }
        SeenUnit {
            inputs,
            package: package.name.clone(),
            source,
            observed: observed.to_owned(),
            published,
            watches: match source == Source::Path && unit.is_script_run() {
                true => watched(&unit.target.src_path),
                false => String::new(),
            },
            features: self.sizes.features(graph, unit, below),
            edges,
        }
    }
}

/// What a local build script's source says it watches. Scripts are read, never run.
fn watched(script: &str) -> String {
    std::fs::read_to_string(script).map(|text| super::watched::watched(&text)).unwrap_or_default()
}

impl WorkspaceGraphs {
    /// A workspace of which nothing could be had.
    pub fn nothing(name: &str, why: &str) -> WorkspaceGraphs {
        let left_out = vec![LeftOut { workspace: name.to_owned(), why: line(why) }];
        WorkspaceGraphs { name: name.to_owned(), plans: Vec::new(), left_out }
    }
}

/// The build_options of a step without anything special.
fn build_options(build_env: &BuildEnv, command: &Command) -> BuildOptions {
    BuildOptions {
        task: command.scenario_task(),
        profile: command.profile.clone(),
        jobs: None,
        cargo_home: build_env.cargo_home.clone(),
        rustflags: None,
        env: BTreeMap::new(),
    }
}

/// An error as one line that steers no terminal.
fn line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|it| !it.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

/// The first line of `rustc -vV`.
pub fn toolchain_line(build_env: &BuildEnv) -> String {
    build_env.toolchain.rustc_verbose.lines().next().unwrap_or_default().to_owned()
}

/// Whether a path can be written to, asked before anything takes long.
///
/// # Errors
/// When it is a directory, or its folder cannot be made or written to.
pub fn check_writable(out: &Path) -> Result<()> {
    let cannot = |why: &dyn std::fmt::Display| {
        anyhow::anyhow!("cannot write the trace {}: {why}; choose another --out", out.display())
    };
    if out.is_dir() || out.file_name().is_none() {
        return Err(cannot(&"it is a directory"));
    }
    let dir = out.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(|error| cannot(&error))?;
    tempfile::tempfile_in(dir).map_err(|error| cannot(&error))?;
    Ok(())
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

    #[test]
    fn what_cannot_be_written_is_known_beforehand() {
        let dir = tempfile::tempdir().unwrap();
        check_writable(&dir.path().join("new/folder/x.trace")).unwrap();
        assert!(!dir.path().join("new/folder/x.trace").exists());
        let error = check_writable(dir.path()).unwrap_err().to_string();
        assert!(error.contains("it is a directory; choose another --out"), "{error}");
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(check_writable(&dir.path().join("file/x.trace")).is_err());
    }
}
