//! `external`: another project's tool behind Cargo, or another Cargo.
//!
//! ```text
//! <root>/store/   what it stores: measured, emptied with the store
//! <root>/state/   everything else it writes, its HOME among it: measured and emptied with it
//! <root>/homes/   its CARGO_HOME, where it keeps something there, and a second one for scenarios that move: only what
//!                 was downloaded is shared, by links; measured and emptied with it
//! ```
//!
//! A tool is opened once an arm. Its daemon runs only while its arm has its turn: arms are renamed aside while they
//! wait, and a process that serves must not find another arm's store at its path.

mod daemon;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use records::Outcome;
use strategies::external::placeholder::PlaceholderValues;
use strategies::external::statistics::Counters;
use strategies::external::{Caches, External, Install};
use strategies::key::Digest;

use self::daemon::ServingDaemon;
use super::plain::outcome;
use super::{Expectations, Integration, IntegrationDirs, OpenedIntegration, OwnCount, StepStart, UnitOutcome};
use crate::build::{Build, BuildPhases, Usage, describe_build, run_cargo};
use crate::build_env::BuildEnv;
use crate::deadline::BuildError;
use crate::invocation::{BuildOptions, CargoHooks, EnvVariables, Site};
use exec::cargo_home;
use exec::filesystem::remove_dir;
use exec::interrupt::Supervisor;
use exec::leftovers::{self, TOOL_MARK};
use exec::process::{CommandSpec, Finished, ProcessError};
use exec::sandbox::{self, Sandbox};
use exec::toolchain::{Toolchain, find_in};

const PATIENCE: Duration = Duration::from_secs(30);

/// An external tool in one arm.
pub struct ExternalTool {
    external: Arc<External>,
    /// The values of placeholders, but for those of a daemon or a build.
    values: PlaceholderValues,
    base: EnvVariables,
    cargo: Option<Toolchain>,
    store: PathBuf,
    /// The directory of the arm's store, of which `store` is a part.
    store_root: PathBuf,
    state: PathBuf,
    /// Where its builds have a CARGO_HOME of their own.
    homes: Option<PathBuf>,
    /// The one that has the downloads.
    shared_home: PathBuf,
    mark: String,
    sandbox: Option<Arc<Sandbox>>,
    supervisor: Supervisor,
    serving: Mutex<Option<ServingDaemon>>,
}

impl fmt::Debug for ExternalTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalTool").field("name", &self.external.name()).finish_non_exhaustive()
    }
}

/// Where `harness strategies install` puts a version of a tool.
pub fn install_dir(work: &Path, install: &Install) -> PathBuf {
    work.join("tools").join(format!("{}-{}", install.package, install.version))
}

/// The directory of a tool's programs, where it has one of its own.
pub fn find_tool(work: &Path, external: &External, path: &OsStr) -> Result<Option<PathBuf>, String> {
    if let Some(missing) = external.description.requires.iter().find(|program| find_in(program, path).is_none()) {
        return Err(format!("{missing} is not on PATH; install it"));
    }
    let name = external.name();
    match (&external.tool, &external.description.install, external.needs_tool()) {
        (_, _, false) => Ok(None),
        (Some(tool), _, _) if Path::new(tool).is_dir() => Ok(Some(std::path::absolute(tool).unwrap_or(tool.into()))),
        (Some(tool), _, _) => Err(format!("--set {name}.tool: {tool} is not a directory")),
        (None, Some(install), _) => {
            let dir = install_dir(work, install).join("bin");
            match dir.is_dir() {
                true => Ok(Some(dir)),
                false => Err(format!(
                    "{} {} is not installed; `harness strategies install {}` does it, or --set \
                     {name}.tool=DIR takes yours",
                    install.package, install.version, install.package
                )),
            }
        }
        (None, None, _) => Err(format!("nothing says where {name} is; --set {name}.tool=DIR does")),
    }
}

impl ExternalTool {
    pub(super) fn open(env: &BuildEnv, external: &Arc<External>, dirs: &IntegrationDirs) -> Result<OpenedIntegration> {
        let programs = match find_tool(&env.work, external, &env.path()) {
            Ok(programs) => programs,
            Err(why) => return Ok(OpenedIntegration::Unsupported(why)),
        };
        let cargo = match external.cargo.as_deref().map(|cargo| env.toolchain.with_cargo(Path::new(cargo))) {
            Some(Ok(toolchain)) => Some(toolchain),
            Some(Err(error)) => {
                return Ok(OpenedIntegration::Unsupported(format!("--set {}.cargo: {error}", external.name())));
            }
            None => None,
        };
        let state = dirs.root.join("state");
        let homes = external.needs_cargo_home().then(|| homes_dir(dirs));
        let toolchain = cargo.as_ref().unwrap_or(&env.toolchain);
        let values = arm_values(env, dirs, external, toolchain, programs.as_deref());
        let mark = leftovers::fresh_mark();
        // What a daemon compiles with its own environment and not with a build's.
        let mut base = env.variables_with(&state.join("rustc-daemon.log"), toolchain);
        give_home(&mut base, &state.join("home"));
        base.insert(TOOL_MARK.into(), mark.clone().into());
        if homes.is_some() {
            base.insert("CARGO_HOME".into(), values.text("{cargo-home}")?.into());
        }
        let tool = ExternalTool {
            external: Arc::clone(external),
            store: PathBuf::from(values.text(&external.description.store.path)?),
            values,
            base,
            cargo,
            store_root: dirs.store.clone(),
            state,
            homes,
            shared_home: env.cargo_home.clone(),
            mark,
            sandbox: env.sandbox().cloned(),
            supervisor: env.supervisor.clone(),
            serving: Mutex::default(),
        };
        if let Some(shared) =
            tool.stored_in_home().filter(|name| cargo_home::SHARED.iter().any(|it| name.as_os_str() == *it))
        {
            let why = format!("store.path: every CARGO_HOME has {} in common", shared.display());
            return Ok(OpenedIntegration::Unsupported(why));
        }
        tool.make_dirs()?;
        Ok(OpenedIntegration::Ready(Arc::new(tool)))
    }

    fn make_dirs(&self) -> Result<()> {
        for dir in [&self.store_root, &self.store, &self.state, &self.state.join("home")] {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        }
        if let Some(homes) = &self.homes {
            self.own_home(homes, &self.shared_home)?;
        }
        Ok(())
    }

    /// The directory of its CARGO_HOME in which its store is, if that is where it is.
    fn stored_in_home(&self) -> Option<PathBuf> {
        let inside = self.store.strip_prefix(self.homes.as_ref()?).ok()?;
        inside.components().nth(1).map(|name| PathBuf::from(name.as_os_str()))
    }

    /// Its own CARGO_HOME in place of `shared`, with the downloads of that one.
    fn own_home(&self, homes: &Path, shared: &Path) -> Result<PathBuf> {
        let own = homes.join(shared.file_name().unwrap_or(OsStr::new("cargo-home")));
        cargo_home::share(shared, &own)?;
        // A second home is another way to the same store.
        if let Some(name) = self.stored_in_home()
            && !own.join(&name).exists()
        {
            cargo_home::link(&self.values.text("{cargo-home}").map(PathBuf::from)?.join(&name), &own.join(&name))?;
        }
        Ok(own)
    }

    fn command(&self, values: &PlaceholderValues, argv: &[String]) -> Result<CommandSpec> {
        let described = self.external.description.env.iter();
        // What belongs to one build has no value here, and no business.
        let described = described.filter_map(|(name, text)| Some((name.into(), values.text(text).ok()?.into())));
        let mut variables = self.base.clone();
        variables.extend(described);
        Ok(command(&values.argv(argv)?, &self.state, &variables))
    }

    fn run(&self, spec: &CommandSpec) -> Result<Finished, ProcessError> {
        sandbox::run(self.sandbox.as_deref(), spec, &self.supervisor, &mut |_, _| ())
    }

    fn run_captured(&self, spec: &CommandSpec) -> Option<String> {
        let spec = spec.clone().timeout(PATIENCE);
        let (finished, stdout) = sandbox::run_captured(self.sandbox.as_deref(), &spec, &self.supervisor).ok()?;
        finished.status.success().then(|| stdout.join("\n"))
    }

    /// Runs its commands before or after a build; how long they took, if there are any.
    fn run_each(
        &self,
        commands: &[Vec<String>],
        (env, site, options): (&BuildEnv, &Site, &BuildOptions),
        usage: &mut Usage,
    ) -> Result<Option<Duration>, BuildError> {
        let values = self.build_values(env, site, options);
        let mut took = None;
        for argv in commands {
            let argv = values.argv(argv).map_err(|error| BuildError::Failed(error.to_string()))?;
            let deadline = env.deadline();
            let spec = deadline.on(command(&argv, &site.dir, &site.env(env, options)));
            let finished = self.run(&spec).map_err(|error| deadline.annotate("a command of the tool", error))?;
            if !finished.status.success() {
                let said = finished.stderr_tail.join(" | ");
                return Err(BuildError::Failed(format!("`{}` failed: {said}", spec.display())));
            }
            usage.add(&finished);
            *took.get_or_insert(Duration::ZERO) += finished.wall;
        }
        Ok(took)
    }

    fn serving(&self) -> MutexGuard<'_, Option<ServingDaemon>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn values_now(&self, values: PlaceholderValues) -> PlaceholderValues {
        match self.port() {
            Some(port) => values.with("port", port.to_string()),
            None => values,
        }
    }

    fn build_values(&self, env: &BuildEnv, site: &Site, options: &BuildOptions) -> PlaceholderValues {
        let folder = site.tree.file_name().unwrap_or(OsStr::new("site")).to_string_lossy().into_owned();
        let lockfile = std::fs::read(site.root.join("Cargo.lock")).unwrap_or_default();
        let flags = options.rustflags.as_deref().unwrap_or_default();
        let environment = format!("{} {} {} {flags}", env.toolchain.rustc_verbose, options.profile, options.task);
        let values = self
            .values
            .clone()
            .with("workspace", site.workspace.clone())
            .with("site", folder)
            .with("workspace-root", site.root.display().to_string())
            .with("build-dir", site.build_dir.display().to_string())
            .with("profile", options.profile.clone())
            .with("lockfile-hash", Digest::of(&lockfile).short())
            .with("environment-hash", Digest::of(environment.as_bytes()).short());
        let text = |path: &Path| path.display().to_string();
        // Those of the step's toolchain.
        let values = match self.cargo {
            Some(_) => values,
            None => values.with("cargo", text(&env.toolchain.cargo)).with("rustc", text(env.rustc())),
        };
        self.values_now(values)
    }

    /// Its counters, where a command states them.
    fn counters(&self) -> Option<Counters> {
        let statistics = self.external.description.statistics.as_ref()?;
        if statistics.command.is_empty() {
            return None;
        }
        let values = self.values_now(self.values.clone());
        let spec = self.command(&values, &statistics.command).ok()?;
        Counters::read(statistics, &self.run_captured(&spec)?)
    }

    fn statistics_file(&self, env: &BuildEnv, site: &Site, options: &BuildOptions) -> Option<PathBuf> {
        let template = self.external.description.statistics.as_ref()?.file.as_ref()?;
        self.build_values(env, site, options).text(template).ok().map(Into::into)
    }
}

impl CargoHooks for ExternalTool {
    fn toolchain(&self) -> Option<&Toolchain> {
        self.cargo.as_ref()
    }

    fn set_variables(&self, variables: &mut EnvVariables, env: &BuildEnv, site: &Site, options: &BuildOptions) {
        if let Some(homes) = &self.homes {
            // The usual one is there already. Without another Cargo finds no packages, and the row is a failed one.
            let own = self.own_home(homes, &options.cargo_home).unwrap_or_else(|_| homes.clone());
            variables.insert("CARGO_HOME".into(), own.into());
        }
        let own = ["HOME", TOOL_MARK, "RUSTUP_HOME"];
        let from_base = self.base.iter().filter(|(name, _)| {
            own.iter().any(|own| name.as_os_str() == *own) || name.to_string_lossy().starts_with("XDG_")
        });
        variables.extend(from_base.map(|(name, value)| (name.clone(), value.clone())));
        if self.target_dir(&site.root).as_ref() == Some(&site.target_dir) {
            ["CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"]
                .iter()
                .for_each(|name| drop(variables.remove(OsStr::new(name))));
        }
        let values = self.build_values(env, site, options);
        let described = self.external.description.env.iter();
        variables.extend(described.map(|(name, text)| (name.into(), values.text(text).unwrap_or_default().into())));
    }

    fn program(&self, env: &BuildEnv, site: &Site, options: &BuildOptions) -> Option<(PathBuf, Vec<OsString>)> {
        let values = self.build_values(env, site, options);
        let description = &self.external.description;
        let args = values.argv(&description.args).unwrap_or_default().into_iter().map(OsString::from).collect();
        Some((values.text(&description.program).unwrap_or_default().into(), args))
    }

    fn flags(&self, env: &BuildEnv, site: &Site, options: &BuildOptions) -> Vec<OsString> {
        let values = self.build_values(env, site, options);
        let description = &self.external.description;
        let config = values.argv(&description.config).unwrap_or_default();
        let config = config.into_iter().map(|config| format!("--config={config}"));
        config.chain(values.argv(&description.flags).unwrap_or_default()).map(OsString::from).collect()
    }
}

impl Integration for ExternalTool {
    fn expectations(&self) -> Expectations {
        let claims_hits = self.external.description.caches == Caches::Units;
        Expectations { claims_hits, opaque: true, ..Expectations::default() }
    }

    fn store_dir(&self) -> Option<&Path> {
        Some(&self.store)
    }

    fn target_dir(&self, root: &Path) -> Option<PathBuf> {
        self.external.description.default_target_dir.then(|| root.join("target"))
    }

    fn kept_dirs(&self) -> Vec<&Path> {
        [&self.store_root, &self.state].into_iter().chain(&self.homes).map(PathBuf::as_path).collect()
    }

    fn version(&self) -> Option<String> {
        let spec = self.command(&self.values, &self.external.description.version.as_ref()?.command).ok()?;
        let stdout = self.run_captured(&spec)?;
        stdout.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    }

    fn start_step(&self, env: &BuildEnv, builds: &[(&Site, &BuildOptions)]) -> Result<StepStart, BuildError> {
        let daemon = self.serve()?;
        if builds.is_empty() {
            return Ok(StepStart::default());
        }
        // What an earlier build left is not this one's.
        let files = builds.iter().filter_map(|(site, options)| self.statistics_file(env, site, options));
        files.for_each(|file| drop(std::fs::remove_file(file)));
        Ok(StepStart { counters: self.counters(), daemon, ..StepStart::default() })
    }

    /// Its commands before, Cargo or what stands in for it, its commands after. The CPU time of its
    /// daemon counts, as far as the daemon waited for it.
    fn build(&self, env: &BuildEnv, site: &Site, options: &BuildOptions, _: &StepStart) -> Result<Build, BuildError> {
        self.serve()?;
        let mut usage = Usage::default();
        let used = self.used();
        let call = (env, site, options);
        let restore = self.run_each(&self.external.description.before, call, &mut usage)?;
        let cargo = run_cargo(env, site, options, &mut usage, env.deadline())?;
        let publish = self.run_each(&self.external.description.after, call, &mut usage)?;
        let now = self.used();
        usage.user += now.user.saturating_sub(used.user);
        usage.sys += now.sys.saturating_sub(used.sys);
        describe_build(call, cargo, usage, BuildPhases { restore, publish, ..BuildPhases::default() }, true)
    }

    /// What the tool did can only be seen from outside. A unit is a hit when it was fresh in a build
    /// directory that had been empty, or when Cargo ran it and no compiler did. A build script
    /// that Cargo ran is a miss: whether what ran was the script cannot be seen.
    fn outcomes(&self, build: &Build, cold: bool) -> Vec<UnitOutcome> {
        let judge = |index| {
            let place = build.built.matched.units.get(&index).map(|(_, place)| place);
            let ran = build.graph.units[index].is_script_run() || place.is_none_or(|place| build.ran.contains(place));
            match (build.is_compiled(index), build.is_fresh(index)) {
                (true, _) => Some(if ran { Outcome::Miss } else { Outcome::Hit }),
                (false, true) if cold => Some(Outcome::Hit),
                _ => None,
            }
        };
        let mut outcomes: Vec<Option<Outcome>> = (0..build.graph.units.len()).map(judge).collect();
        if self.external.description.caches == Caches::Nothing && !outcomes.contains(&Some(Outcome::Hit)) {
            outcomes.fill(None); // Nothing was asked of it.
        }
        outcomes.into_iter().enumerate().map(|(index, found)| outcome(build, index, found)).collect()
    }

    fn end_step(&self, env: &BuildEnv, builds: &[(&Site, &BuildOptions)], start: &StepStart) -> Option<OwnCount> {
        let statistics = self.external.description.statistics.as_ref()?;
        let counters = match statistics.file {
            Some(_) => {
                let read = |(site, options): &(&Site, &BuildOptions)| {
                    let text = std::fs::read_to_string(self.statistics_file(env, site, options)?).ok()?;
                    Counters::read(statistics, &text)
                };
                let each = builds.iter().map(read).collect::<Option<Vec<Counters>>>()?;
                each.into_iter().reduce(Counters::plus)?
            }
            None => self.counters()?.since(start.counters?),
        };
        Some(OwnCount { hits: counters.hits, misses: counters.misses })
    }

    fn fault(&self) -> Option<String> {
        self.daemon_ended()
    }

    fn used(&self) -> Usage {
        self.daemon_used()
    }

    fn reset(&self) -> Result<()> {
        for argv in &self.external.description.reset {
            let spec = self.command(&self.values, argv)?;
            let finished = self.run(&spec)?;
            anyhow::ensure!(finished.status.success(), "`{}` failed: {}", spec.display(), finished.stderr_text());
        }
        self.shutdown();
        self.kept_dirs().into_iter().try_for_each(remove_dir)?;
        self.make_dirs()
    }

    fn pause(&self) {
        self.shutdown();
    }
}

fn command(argv: &[String], dir: &Path, variables: &EnvVariables) -> CommandSpec {
    let (program, args) = argv.split_first().map_or(("", [].as_slice()), |(program, args)| (program.as_str(), args));
    // A bare name is looked for where the child would look.
    let path = variables.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let program = match program.contains('/') {
        true => PathBuf::from(program),
        false => find_in(program, &path).unwrap_or_else(|| program.into()),
    };
    CommandSpec::new(program, dir).args(args.iter().cloned()).envs(variables.clone())
}

fn homes_dir(dirs: &IntegrationDirs) -> PathBuf {
    dirs.root.join("homes")
}

fn arm_values(
    env: &BuildEnv,
    dirs: &IntegrationDirs,
    external: &External,
    toolchain: &Toolchain,
    programs: Option<&Path>,
) -> PlaceholderValues {
    let state = dirs.root.join("state");
    let own = std::env::current_exe().unwrap_or_default();
    let text = |path: &Path| path.display().to_string();
    let values = external
        .values()
        .with("store", text(&dirs.store))
        .with("home", text(&state.join("home")))
        .with("state", text(&state))
        .with("cargo-home", text(&homes_dir(dirs).join(env.cargo_home.file_name().unwrap_or_default())))
        .with("work", text(&dirs.root))
        .with("harness", text(&own))
        .with("cargo", text(&toolchain.cargo))
        .with("rustc", text(env.rustc()))
        .with("target", toolchain.host.clone());
    match programs {
        Some(dir) => values.with("tool", text(dir)),
        None => values,
    }
}

/// Gives a tool a home of its own, so that it neither reads nor changes the user's.
fn give_home(variables: &mut EnvVariables, home: &Path) {
    if let (Some(user), false) =
        (variables.get(OsStr::new("HOME")).cloned(), variables.contains_key(OsStr::new("RUSTUP_HOME")))
    {
        variables.insert("RUSTUP_HOME".into(), Path::new(&user).join(".rustup").into());
    }
    variables.insert("HOME".into(), home.into());
    for (name, dir) in [
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
    ] {
        variables.insert(name.into(), home.join(dir).into());
    }
}
