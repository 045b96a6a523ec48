//! The exact Cargo command lines, and where an integration changes them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use corpora::scenario::Task;
use strategies::graph::layout::Layout;

use super::build_env::BuildEnv;
use exec::process::CommandSpec;
use exec::toolchain::Toolchain;

/// Environment variables of a child process.
pub type EnvVariables = BTreeMap<OsString, OsString>;

/// What an integration changes in the calls of Cargo. By default nothing.
pub trait CargoHooks: Debug + Send + Sync {
    /// Another Cargo than that of the toolchain under test.
    fn toolchain(&self) -> Option<&Toolchain> {
        None
    }

    /// Changes the environment of Cargo.
    fn set_variables(&self, _: &mut EnvVariables, _: &BuildEnv, _: &Site, _: &BuildOptions) {}

    /// The program that builds in Cargo's place, and its arguments before Cargo's.
    fn program(&self, _: &BuildEnv, _: &Site, _: &BuildOptions) -> Option<(PathBuf, Vec<OsString>)> {
        None
    }

    /// Arguments after Cargo's own.
    fn flags(&self, _: &BuildEnv, _: &Site, _: &BuildOptions) -> Vec<OsString> {
        Vec::new()
    }
}

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
    /// What the integration changes.
    pub hooks: Arc<dyn CargoHooks>,
}

/// How a site is to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildOptions {
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
    /// Arguments that choose features.
    pub features: Vec<String>,
}

impl Site {
    /// The environment of Cargo on this site.
    pub fn env(&self, env: &BuildEnv, options: &BuildOptions) -> EnvVariables {
        let mut variables = env.variables_with(&self.log, self.toolchain(env));
        variables.insert("CARGO_TARGET_DIR".into(), self.target_dir.clone().into());
        variables.insert("CARGO_BUILD_BUILD_DIR".into(), self.build_dir.clone().into());
        variables.insert("CARGO_HOME".into(), options.cargo_home.clone().into());
        variables.extend(options.env.iter().map(|(name, value)| (name.into(), value.into())));
        variables.extend(options.rustflags.as_ref().map(|flags| ("RUSTFLAGS".into(), flags.into())));
        self.hooks.set_variables(&mut variables, env, self, options);
        variables
    }

    /// The command that builds this site.
    pub fn build(&self, env: &BuildEnv, options: &BuildOptions) -> CommandSpec {
        let args = self.build_args(env, options);
        match self.hooks.program(env, self, options) {
            Some((program, first)) => {
                CommandSpec::new(program, &self.dir).args(first).args(args).envs(self.env(env, options))
            }
            None => self.cargo(env, options, &args),
        }
    }

    /// Cargo itself on this site.
    pub fn cargo(&self, env: &BuildEnv, options: &BuildOptions, args: &[OsString]) -> CommandSpec {
        let program = &self.toolchain(env).cargo;
        CommandSpec::new(program, &self.dir).args(args.iter().cloned()).envs(self.env(env, options))
    }

    /// The build directory, as its units lie in it.
    pub fn layout(&self) -> Layout {
        Layout { build_dir: self.build_dir.clone() }
    }

    fn toolchain<'a>(&'a self, env: &'a BuildEnv) -> &'a Toolchain {
        self.hooks.toolchain().unwrap_or(&env.toolchain)
    }

    /// The arguments of the build.
    pub fn build_args(&self, env: &BuildEnv, options: &BuildOptions) -> Vec<OsString> {
        let mut args = self.common_args(env, options);
        args.push("--message-format=json-render-diagnostics".into());
        args
    }

    pub(crate) fn graph_args(&self, env: &BuildEnv, options: &BuildOptions) -> Vec<OsString> {
        let mut args = self.common_args(env, options);
        args.extend(["--unit-graph", "-Zunstable-options"].map(OsString::from));
        args
    }

    pub(crate) fn clean_args(&self, env: &BuildEnv) -> Vec<OsString> {
        let mut args: Vec<OsString> = ["clean", "--locked", "--offline"].map(OsString::from).to_vec();
        args.extend(self.toolchain(env).layout_flag().map(OsString::from));
        args
    }

    fn common_args(&self, env: &BuildEnv, options: &BuildOptions) -> Vec<OsString> {
        let command: &[&str] = match options.task {
            Task::Check => &["check"],
            Task::Test => &["test", "--no-run"],
            Task::Build | Task::Clean | Task::Collect { .. } => &["build"],
        };
        let mut args: Vec<OsString> = command.iter().chain(&["--locked", "--offline"]).map(OsString::from).collect();
        args.extend(["--profile".into(), OsString::from(&options.profile)]);
        args.extend(options.jobs.map(|jobs| format!("--jobs={jobs}").into()));
        args.extend(self.cargo_args.iter().chain(&options.features).map(OsString::from));
        if options.task == Task::Test {
            args.extend(self.test_args.iter().map(OsString::from));
        }
        args.extend(self.toolchain(env).layout_flag().map(OsString::from));
        args.extend(self.hooks.flags(env, self, options));
        args
    }

    /// The path of a built program.
    pub fn program(&self, bin: &str, profile: &str) -> PathBuf {
        let dir = self.target_dir.join(strategies::graph::layout::profile_dir(profile));
        dir.join(format!("{bin}{}", std::env::consts::EXE_SUFFIX))
    }
}
