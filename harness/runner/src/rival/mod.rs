//! An external strategy at work in one arm: its tool, its directories, its daemon.
//!
//! ```text
//! arm/store/   what it stores: measured, emptied with the store
//! arm/state/   everything else it writes, its HOME among it: emptied as well, not measured
//! ```
//!
//! A [`Rival`] is opened once an arm, and every working copy knows it ([`Site::rival`]). Its
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
use super::invocation::{Recipe, Site};
use super::lab::Lab;
pub use count::{Counting, OwnCount};
use daemon::Serving;
use exec::dirs::remove_dir;
use exec::interrupt::Supervisor;
use exec::leftovers::{self, TOOL_MARK};
use exec::process::{CommandSpec, Finished, ProcessError};
use exec::sandbox::{self, Sandbox};
use exec::toolchain::Toolchain;

/// How long a tool may take to answer about itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// A tool at work in one arm.
pub struct Rival {
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

impl fmt::Debug for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rival").field("name", &self.external.name()).finish_non_exhaustive()
    }
}

impl Rival {
    /// Opens it in the arm that runs now. The inner error says why it cannot work here.
    ///
    /// # Errors
    /// When its directories cannot be made.
    pub fn open(lab: &Lab, external: &Arc<External>) -> Result<Result<Rival, String>> {
        Rival::open_at(lab, &lab.arm_dir(), external)
    }

    /// Opens it with its store and everything else it keeps below `arm`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_at(lab: &Lab, arm: &Path, external: &Arc<External>) -> Result<Result<Rival, String>> {
        let found = match tool::find(&lab.work, external, &lab.path()) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let cargo = match external.cargo.as_deref().map(|cargo| lab.toolchain.with_cargo(Path::new(cargo))) {
            Some(Ok(toolchain)) => Some(toolchain),
            Some(Err(error)) => return Ok(Err(format!("--set {}.cargo: {error}", external.name()))),
            None => None,
        };
        let (store_root, state) = (arm.join("store"), arm.join("state"));
        // What a daemon compiles with its own environment and not with a build's.
        let log = state.join("rustc-daemon.log");
        let toolchain = cargo.as_ref().unwrap_or(&lab.toolchain);
        let values = values::of_arm(lab, arm, external, toolchain, found.as_deref());
        let store = PathBuf::from(values.text(&external.description.store.path)?);
        let mark = leftovers::fresh_mark();
        let mut base = lab.build_env_with(&log, toolchain);
        values::at_home(&mut base, &state.join("home"));
        base.insert(TOOL_MARK.into(), mark.clone().into());
        let rival = Rival {
            external: Arc::clone(external),
            values,
            base,
            cargo,
            store,
            store_root,
            state,
            mark,
            sandbox: lab.sandbox().cloned(),
            supervisor: lab.supervisor.clone(),
            serving: Mutex::default(),
        };
        rival.make_dirs()?;
        Ok(Ok(rival))
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
    pub fn apply(&self, env: &mut BTreeMap<OsString, OsString>, lab: &Lab, site: &Site, recipe: &Recipe) {
        let own = ["HOME", TOOL_MARK, "RUSTUP_HOME"];
        let from_base = self.base.iter().filter(|(name, _)| {
            own.iter().any(|own| name.as_os_str() == *own) || name.to_string_lossy().starts_with("XDG_")
        });
        env.extend(from_base.map(|(name, value)| (name.clone(), value.clone())));
        let values = self.of_build(lab, site, recipe);
        let described = &self.external.description.env;
        env.extend(described.iter().map(|(name, text)| (name.into(), values.text(text).unwrap_or_default().into())));
    }

    /// The program to call with Cargo's arguments, and those that come before them.
    pub fn program(&self, lab: &Lab, site: &Site, recipe: &Recipe) -> (PathBuf, Vec<OsString>) {
        let values = self.of_build(lab, site, recipe);
        let description = &self.external.description;
        let args = values.argv(&description.args).unwrap_or_default();
        (values.text(&description.program).unwrap_or_default().into(), args.into_iter().map(OsString::from).collect())
    }

    /// Arguments after Cargo's own: configuration and flags.
    pub fn flags(&self, lab: &Lab, site: &Site, recipe: &Recipe) -> Vec<OsString> {
        let values = self.of_build(lab, site, recipe);
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
        let values = self.of_build(env.lab, site, env.recipe);
        let mut took = None;
        for argv in commands {
            let argv = values.argv(argv).map_err(|error| BuildError::Failed(error.to_string()))?;
            let deadline = env.lab.deadline();
            let spec = deadline.on(command(&argv, &site.dir, &site.env(env.lab, env.recipe)));
            let finished = self.run(&spec);
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
            let finished = self.run(&spec)?;
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
        let (finished, stdout) =
            sandbox::run_captured(self.sandbox.as_deref(), &spec.timeout(PATIENCE), &self.supervisor).ok()?;
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
        Ok(command(&values.argv(argv)?, &self.state, &env))
    }

    /// Runs a command of the tool: in the sandbox, if there is one.
    fn run(&self, spec: &CommandSpec) -> Result<Finished, ProcessError> {
        sandbox::run(self.sandbox.as_deref(), spec, &self.supervisor, &mut |_, _| ())
    }

    fn of_build(&self, lab: &Lab, site: &Site, recipe: &Recipe) -> Values {
        let values = values::of_build(self.values.clone(), lab, site, recipe);
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
    /// The lab.
    pub lab: &'a Lab,
    /// How the site is built.
    pub recipe: &'a Recipe,
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
