//! The exact Cargo command lines.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use corpora::scenario::Task;

use super::lab::Lab;
use super::rival::Rival;
use exec::process::CommandSpec;
use exec::toolchain::Toolchain;

/// One working copy where it is built.
#[derive(Debug, Clone)]
pub struct Site {
    /// Name of the workspace.
    pub workspace: String,
    /// The whole working copy.
    pub tree: PathBuf,
    /// Where Cargo runs.
    pub dir: PathBuf,
    /// Root of the Cargo workspace: where the lockfile is.
    pub root: PathBuf,
    /// Final artifacts.
    pub target_dir: PathBuf,
    /// Intermediate artifacts.
    pub build_dir: PathBuf,
    /// Where the observer records this working copy's compiles.
    pub log: PathBuf,
    /// Arguments of the manifest.
    pub cargo_args: Vec<String>,
    /// Those that come on top when tests are built.
    pub test_args: Vec<String>,
    /// A command that proves the built program runs.
    pub run: Option<corpora::RunCommand>,
    /// Whose builds these are, under an external strategy.
    pub rival: Option<Arc<Rival>>,
}

/// How a site is to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Which Cargo command.
    pub task: Task,
    /// Cargo profile.
    pub profile: String,
    /// Cargo's `--jobs`.
    pub jobs: Option<u32>,
    /// CARGO_HOME.
    pub cargo_home: PathBuf,
    /// RUSTFLAGS.
    pub rustflags: Option<String>,
    /// Other variables on top of the scrubbed environment.
    pub env: BTreeMap<String, String>,
}

impl Site {
    /// The environment of Cargo on this site.
    pub fn env(&self, lab: &Lab, recipe: &Recipe) -> BTreeMap<OsString, OsString> {
        let mut env = lab.build_env_with(&self.log, self.toolchain(lab));
        env.insert("CARGO_TARGET_DIR".into(), self.target_dir.clone().into());
        env.insert("CARGO_BUILD_BUILD_DIR".into(), self.build_dir.clone().into());
        env.insert("CARGO_HOME".into(), recipe.cargo_home.clone().into());
        env.extend(recipe.env.iter().map(|(name, value)| (name.into(), value.into())));
        env.extend(recipe.rustflags.as_ref().map(|flags| ("RUSTFLAGS".into(), flags.into())));
        self.rival.iter().for_each(|rival| rival.apply(&mut env, lab, self, recipe));
        env
    }

    /// The command that builds this site.
    pub fn build(&self, lab: &Lab, recipe: &Recipe) -> CommandSpec {
        let args = self.build_args(lab, recipe);
        match &self.rival {
            Some(rival) => {
                let (program, first) = rival.program(lab, self, recipe);
                CommandSpec::new(program, &self.dir).args(first).args(args).envs(self.env(lab, recipe))
            }
            None => lab.cargo(&self.dir, &self.env(lab, recipe), &args),
        }
    }

    /// Cargo itself on this site, with other arguments.
    pub fn cargo(&self, lab: &Lab, recipe: &Recipe, args: &[OsString]) -> CommandSpec {
        let program = &self.toolchain(lab).cargo;
        CommandSpec::new(program, &self.dir).args(args.iter().cloned()).envs(self.env(lab, recipe))
    }

    fn toolchain<'a>(&'a self, lab: &'a Lab) -> &'a Toolchain {
        self.rival.as_ref().and_then(|rival| rival.cargo()).unwrap_or(&lab.toolchain)
    }

    /// The build of this site.
    pub fn build_args(&self, lab: &Lab, recipe: &Recipe) -> Vec<OsString> {
        let mut args = self.common_args(lab, recipe);
        args.push("--message-format=json-render-diagnostics".into());
        args
    }

    /// The same build, only described.
    pub fn graph_args(&self, lab: &Lab, recipe: &Recipe) -> Vec<OsString> {
        let mut args = self.common_args(lab, recipe);
        args.extend(["--unit-graph", "-Zunstable-options"].map(OsString::from));
        args
    }

    /// `cargo clean` of this site: everything.
    pub fn clean_args(&self, lab: &Lab) -> Vec<OsString> {
        let mut args: Vec<OsString> = ["clean", "--locked", "--offline"].map(OsString::from).to_vec();
        args.extend(self.toolchain(lab).layout_flag().map(OsString::from));
        args
    }

    fn common_args(&self, lab: &Lab, recipe: &Recipe) -> Vec<OsString> {
        let command: &[&str] = match recipe.task {
            Task::Check => &["check"],
            Task::Test => &["test", "--no-run"],
            Task::Build | Task::Clean | Task::Collect { .. } => &["build"],
        };
        let mut args: Vec<OsString> = command.iter().chain(&["--locked", "--offline"]).map(OsString::from).collect();
        args.extend(["--profile".into(), OsString::from(&recipe.profile)]);
        args.extend(recipe.jobs.map(|jobs| format!("--jobs={jobs}").into()));
        args.extend(self.cargo_args.iter().map(OsString::from));
        if recipe.task == Task::Test {
            args.extend(self.test_args.iter().map(OsString::from));
        }
        args.extend(self.toolchain(lab).layout_flag().map(OsString::from));
        args.extend(self.rival.iter().flat_map(|rival| rival.flags(lab, self, recipe)));
        args
    }

    /// The path of a built program.
    pub fn program(&self, bin: &str, profile: &str) -> PathBuf {
        let dir = self.target_dir.join(strategies::graph::layout::profile_dir(profile));
        dir.join(format!("{bin}{}", std::env::consts::EXE_SUFFIX))
    }
}
