//! An external strategy at work in one arm: its tool, its directories, its daemon.
//!
//! ```text
//! arm/store/   what it stores: measured, emptied with the store
//! arm/state/   everything else it writes, its HOME among it: emptied as well, not measured
//! ```
//!
//! A [`ExternalTool`] is opened once an arm, and every working copy knows it ([`Site::tool`]). Its
//! daemon runs only while its arm has its turn: arms are renamed aside while they wait, and a
//! process that serves must not find another arm's store at its path.

mod count;
mod daemon;
pub mod tool;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use strategies::external::External;
use strategies::external::placeholder::Values;

use super::build::{BuildError, Usage};
use super::build_env::BuildEnv;
use super::invocation::{BuildOptions, Site};
pub use count::{Counting, OwnCount};
use daemon::Serving;
use exec::dirs::remove_dir;
use exec::interrupt::Supervisor;
use exec::marked;
use exec::process::{self, CommandSpec};
use exec::sandbox::Sandbox;
use exec::toolchain::Toolchain;

/// How long a tool may take to answer about itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// A tool at work in one arm.
pub struct ExternalTool {
    external: Arc<External>,
    /// What placeholders mean, but for those of a daemon or a build.
    values: Values,
    /// The scrubbed environment, with a HOME of its own.
    base: BTreeMap<OsString, OsString>,
    /// Another Cargo than the toolchain's.
    cargo: Option<Toolchain>,
    store: PathBuf,
    /// The directory of the arm's store, of which `store` is a part.
    store_root: PathBuf,
    state: PathBuf,
    mark: String,
    sandbox: Option<Arc<Sandbox>>,
    supervisor: Supervisor,
    serving: Mutex<Option<Serving>>,
}

impl fmt::Debug for ExternalTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalTool").field("name", &self.external.name()).finish_non_exhaustive()
    }
}

impl ExternalTool {
    /// Opens it in the arm that runs now. The inner error says why it cannot work here.
    ///
    /// # Errors
    /// When its directories cannot be made.
    pub fn open(build_env: &BuildEnv, external: &Arc<External>) -> Result<Result<ExternalTool, String>> {
        ExternalTool::open_at(build_env, &build_env.arm_dir(), external)
    }

    /// Opens it with its store and everything else it keeps below `arm`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_at(build_env: &BuildEnv, arm: &Path, external: &Arc<External>) -> Result<Result<ExternalTool, String>> {
        let found = match tool::find(&build_env.work, external, &build_env.path()) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let cargo = match external.cargo.as_deref().map(|cargo| build_env.toolchain.with_cargo(Path::new(cargo))) {
            Some(Ok(toolchain)) => Some(toolchain),
            Some(Err(error)) => return Ok(Err(format!("--set {}.cargo: {error}", external.name()))),
            None => None,
        };
        let (store_root, state) = (arm.join("store"), arm.join("state"));
        // What a daemon compiles with its own environment and not with a build's.
        let log = state.join("rustc-daemon.log");
        let toolchain = cargo.as_ref().unwrap_or(&build_env.toolchain);
        let values = values::of_arm(build_env, arm, external, toolchain, found.as_deref());
        let store = PathBuf::from(values.text(&external.description.store.path)?);
        let mark = marked::fresh();
        build_env.supervisor.mark(&mark);
        let mut base = build_env.variables_with(&log, toolchain);
        values::at_home(&mut base, &state.join("home"));
        base.insert(marked::VARIABLE.into(), mark.clone().into());
        let tool = ExternalTool {
            external: Arc::clone(external),
            values,
            base,
            cargo,
            store,
            store_root,
            state,
            mark,
            sandbox: build_env.sandbox().cloned(),
            supervisor: build_env.supervisor.clone(),
            serving: Mutex::default(),
        };
        tool.make_dirs()?;
        Ok(Ok(tool))
    }

    /// What it is.
    pub fn external(&self) -> &Arc<External> {
        &self.external
    }

    /// The directory whose size counts as the store's.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// The Cargo it drives, where that is not the toolchain's own.
    pub fn cargo(&self) -> Option<&Toolchain> {
        self.cargo.as_ref()
    }

    /// Changes the environment of a build as the strategy says.
    pub fn apply(
        &self,
        env: &mut BTreeMap<OsString, OsString>,
        build_env: &BuildEnv,
        site: &Site,
        options: &BuildOptions,
    ) {
        let own = ["HOME", marked::VARIABLE, "RUSTUP_HOME"];
        let from_base = self.base.iter().filter(|(name, _)| {
            own.iter().any(|own| name.as_os_str() == *own) || name.to_string_lossy().starts_with("XDG_")
        });
        env.extend(from_base.map(|(name, value)| (name.clone(), value.clone())));
        let values = self.of_build(build_env, site, options);
        let described = &self.external.description.env;
        env.extend(described.iter().map(|(name, text)| (name.into(), values.text(text).unwrap_or_default().into())));
    }

    /// The program to call with Cargo's arguments, and those that come before them.
    pub fn program(&self, build_env: &BuildEnv, site: &Site, options: &BuildOptions) -> (PathBuf, Vec<OsString>) {
        let values = self.of_build(build_env, site, options);
        let description = &self.external.description;
        let args = values.argv(&description.args).unwrap_or_default();
        (values.text(&description.program).unwrap_or_default().into(), args.into_iter().map(OsString::from).collect())
    }

    /// Arguments after Cargo's own: configuration and flags.
    pub fn flags(&self, build_env: &BuildEnv, site: &Site, options: &BuildOptions) -> Vec<OsString> {
        let values = self.of_build(build_env, site, options);
        let description = &self.external.description;
        let config = values.argv(&description.config).unwrap_or_default();
        let config = config.into_iter().map(|config| format!("--config={config}"));
        config.chain(values.argv(&description.flags).unwrap_or_default()).map(OsString::from).collect()
    }

    /// Runs its commands before a build; how long they took, if there are any.
    ///
    /// # Errors
    /// When one fails.
    pub fn before(&self, site: &Site, env: &Env<'_>, usage: &mut Usage) -> Result<Option<Duration>, BuildError> {
        self.each(&self.external.description.before, site, env, usage)
    }

    /// Runs its commands after a build.
    ///
    /// # Errors
    /// When one fails.
    pub fn after(&self, site: &Site, env: &Env<'_>, usage: &mut Usage) -> Result<Option<Duration>, BuildError> {
        self.each(&self.external.description.after, site, env, usage)
    }

    fn each(
        &self,
        commands: &[Vec<String>],
        site: &Site,
        env: &Env<'_>,
        usage: &mut Usage,
    ) -> Result<Option<Duration>, BuildError> {
        let values = self.of_build(env.build_env, site, env.options);
        let mut took = None;
        for argv in commands {
            let argv = values.argv(argv).map_err(|error| BuildError::Failed(error.to_string()))?;
            let deadline = env.build_env.deadline();
            let spec =
                env.build_env.confine(deadline.on(command(&argv, &site.dir, &site.env(env.build_env, env.options))));
            let finished = process::run(&spec, &self.supervisor, &mut |_, _| ());
            let finished = finished.map_err(|error| deadline.told("a command of the tool", error))?;
            if !finished.status.success() {
                let said = finished.stderr_tail.join(" | ");
                return Err(BuildError::Failed(format!("`{}` failed: {said}", spec.display())));
            }
            usage.add(&finished);
            *took.get_or_insert(Duration::ZERO) += finished.wall;
        }
        Ok(took)
    }

    /// Empties its store and everything else it keeps.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub fn reset(&self) -> Result<()> {
        for argv in &self.external.description.reset {
            let spec = self.command(&self.values, argv)?;
            let finished = process::run(&spec, &self.supervisor, &mut |_, _| ())?;
            anyhow::ensure!(finished.status.success(), "`{}` failed: {}", spec.display(), finished.stderr_text());
        }
        self.rest();
        remove_dir(&self.store_root)?;
        remove_dir(&self.state)?;
        self.make_dirs()
    }

    /// What its version command says; `None` where there is none.
    pub fn version(&self) -> Option<String> {
        let spec = self.command(&self.values, &self.external.description.version.as_ref()?.command).ok()?;
        let (finished, stdout) = process::run_captured(&spec.timeout(PATIENCE), &self.supervisor).ok()?;
        let first = stdout.iter().map(|line| line.trim()).find(|line| !line.is_empty())?;
        finished.status.success().then(|| first.to_owned())
    }

    fn make_dirs(&self) -> Result<()> {
        for dir in [&self.store_root, &self.store, &self.state, &self.state.join("home")] {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        }
        Ok(())
    }

    fn command(&self, values: &Values, argv: &[String]) -> Result<CommandSpec> {
        let described = self.external.description.env.iter();
        // What belongs to one build has no value here, and no business.
        let described = described.filter_map(|(name, text)| Some((name.into(), values.text(text).ok()?.into())));
        let mut env = self.base.clone();
        env.extend(described);
        let spec = command(&values.argv(argv)?, &self.state, &env);
        Ok(self.sandbox.iter().fold(spec, |spec, sandbox| sandbox.confine(spec)))
    }

    fn of_build(&self, build_env: &BuildEnv, site: &Site, options: &BuildOptions) -> Values {
        let values = values::of_build(self.values.clone(), build_env, site, options);
        match self.port() {
            Some(port) => values.with("port", port.to_string()),
            None => values,
        }
    }

    fn serving(&self) -> MutexGuard<'_, Option<Serving>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a command of a build needs besides its site.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    /// The build_env.
    pub build_env: &'a BuildEnv,
    /// How the site is built.
    pub options: &'a BuildOptions,
}

fn command(argv: &[String], dir: &Path, env: &BTreeMap<OsString, OsString>) -> CommandSpec {
    let (program, args) = argv.split_first().map_or(("", [].as_slice()), |(program, args)| (program.as_str(), args));
    // A bare name is looked for where the child would look.
    let path = env.get(std::ffi::OsStr::new("PATH")).cloned().unwrap_or_default();
    let program = match program.contains('/') {
        true => PathBuf::from(program),
        false => exec::toolchain::find_in(program, &path).unwrap_or_else(|| program.into()),
    };
    CommandSpec::new(program, dir).args(args.iter().cloned()).envs(env.clone())
}
