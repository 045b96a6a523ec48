//! The exact Cargo command lines.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use corpora::scenario::Task;

use super::build_env::BuildEnv;
use super::external::ExternalTool;
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
    pub run: Option<corpora::Run>,
    /// Whose builds these are, under an external strategy.
    pub tool: Option<Arc<ExternalTool>>,
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
}

impl Site {
    /// The environment of Cargo on this site.
    pub fn env(&self, build_env: &BuildEnv, options: &BuildOptions) -> BTreeMap<OsString, OsString> {
        let mut env = build_env.variables_with(&self.log, self.toolchain(build_env));
        env.insert("CARGO_TARGET_DIR".into(), self.target_dir.clone().into());
        env.insert("CARGO_BUILD_BUILD_DIR".into(), self.build_dir.clone().into());
        env.insert("CARGO_HOME".into(), options.cargo_home.clone().into());
        env.extend(options.env.iter().map(|(name, value)| (name.into(), value.into())));
        env.extend(options.rustflags.as_ref().map(|flags| ("RUSTFLAGS".into(), flags.into())));
        self.tool.iter().for_each(|tool| tool.apply(&mut env, build_env, self, options));
        env
    }

    /// The command that builds this site.
    pub fn build(&self, build_env: &BuildEnv, options: &BuildOptions) -> CommandSpec {
        let args = self.build_args(build_env, options);
        match &self.tool {
            Some(tool) => {
                let (program, first) = tool.program(build_env, self, options);
                CommandSpec::new(program, &self.dir).args(first).args(args).envs(self.env(build_env, options))
            }
            None => build_env.cargo(&self.dir, &self.env(build_env, options), &args),
        }
    }

    /// Cargo itself on this site, with other arguments.
    pub fn cargo(&self, build_env: &BuildEnv, options: &BuildOptions, args: &[OsString]) -> CommandSpec {
        let program = &self.toolchain(build_env).cargo;
        CommandSpec::new(program, &self.dir).args(args.iter().cloned()).envs(self.env(build_env, options))
    }

    fn toolchain<'a>(&'a self, build_env: &'a BuildEnv) -> &'a Toolchain {
        self.tool.as_ref().and_then(|tool| tool.cargo()).unwrap_or(&build_env.toolchain)
    }

    /// The build of this site.
    pub fn build_args(&self, build_env: &BuildEnv, options: &BuildOptions) -> Vec<OsString> {
        let mut args = self.common_args(build_env, options);
        args.push("--message-format=json-render-diagnostics".into());
        args
    }

    /// The same build, only described.
    pub fn graph_args(&self, build_env: &BuildEnv, options: &BuildOptions) -> Vec<OsString> {
        let mut args = self.common_args(build_env, options);
        args.extend(["--unit-graph", "-Zunstable-options"].map(OsString::from));
        args
    }

    /// `cargo clean` of this site: everything.
    pub fn clean_args(&self, build_env: &BuildEnv) -> Vec<OsString> {
        let mut args: Vec<OsString> = ["clean", "--locked", "--offline"].map(OsString::from).to_vec();
        args.extend(self.toolchain(build_env).layout_flag().map(OsString::from));
        args
    }

    fn common_args(&self, build_env: &BuildEnv, options: &BuildOptions) -> Vec<OsString> {
        let command: &[&str] = match options.task {
            Task::Check => &["check"],
            Task::Test => &["test", "--no-run"],
            Task::Build | Task::Clean | Task::Collect { .. } => &["build"],
        };
        let mut args: Vec<OsString> = command.iter().chain(&["--locked", "--offline"]).map(OsString::from).collect();
        args.extend(["--profile".into(), OsString::from(&options.profile)]);
        args.extend(options.jobs.map(|jobs| format!("--jobs={jobs}").into()));
        args.extend(self.cargo_args.iter().map(OsString::from));
        if options.task == Task::Test {
            args.extend(self.test_args.iter().map(OsString::from));
        }
        args.extend(self.toolchain(build_env).layout_flag().map(OsString::from));
        args.extend(self.tool.iter().flat_map(|tool| tool.flags(build_env, self, options)));
        args
    }

    /// The path of a built program.
    pub fn program(&self, bin: &str, profile: &str) -> PathBuf {
        let dir = self.target_dir.join(strategies::graph::layout::profile_dir(profile));
        dir.join(format!("{bin}{}", std::env::consts::EXE_SUFFIX))
    }
}
