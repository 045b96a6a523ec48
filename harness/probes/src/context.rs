//! What a probe works with: a directory, settings, builds, and what must come out of them.
//!
//! ```text
//! <dir>/.cargo/config.toml   replaces crates.io by vendor/, no debug information
//! <dir>/vendor/              the generated registry: a directory source
//! <dir>/registry/            the same as a local registry, if asked for; then cargo-home/ is Cargo's home
//! <dir>/ws/<tree>/           workspaces
//! <dir>/target/<tree>/       their build directories (`target/shared` for shared-target)
//! <dir>/store/               the store of the strategy
//! ```
//!
//! Every attempt has a directory of its own, empty when it begins.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use corpora::scenario::Task;
use reports::probes::ProbeVerdict;
use strategies::Strategy;
use strategies::key::Digest;
use strategies::store::Store;
use strategies::units::{Units, UnitsOptions};

use crate::build::ProbeBuild;
use crate::rustc_info::RustcInfo;
use crate::script::{Script, ScriptStep};
use crate::{ProbeError, ProbeResult};
use exec::filesystem::remove_dir;
use exec::process::{self, CommandSpec};
use runner::build_env::BuildEnv;
use runner::deadline::BuildError;
use runner::delivery::remote::RemoteClient;
use runner::experiment::StrategyFile;
use runner::integration::plain::PlainCargo;
use runner::integration::{self, Integration, IntegrationDirs, OpenedIntegration, StepStart};
use runner::invocation::{BuildOptions, Site};

/// The longest a single command of a probe may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// What all probes of a run share.
#[derive(Debug, Clone, Copy)]
pub struct ProbeEnv<'a> {
    /// The toolchain under test and everything around it.
    pub build_env: &'a BuildEnv,
    /// Another toolchain, where there is one.
    pub second: Option<&'a BuildEnv>,
    /// Strategies that the catalog does not have.
    pub extra: &'a ExtraStrategies,
    /// What need not be found out twice.
    pub cache: &'a RunCache,
    /// Packages come from a local registry, in place of a directory source.
    pub registry: bool,
}

/// Strategies and parameters given on the command line, for processes that look names up again.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct ExtraStrategies {
    /// Files that describe strategies.
    pub files: Vec<StrategyFile>,
    /// Parameters of external strategies.
    pub set: Vec<String>,
}

/// One attempt at a probe.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// How it ended.
    pub verdict: ProbeVerdict,
    /// What was wrong, why it is not applicable, or why the harness failed.
    pub detail: String,
    /// What was done.
    pub script: Script,
}

/// The guard of a mutex: what is behind it here is whole also after a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Results that do not depend on the strategy, kept for the length of a run.
#[derive(Debug, Default)]
pub struct RunCache {
    /// Lockfiles by what they depend on.
    lockfiles: Mutex<HashMap<Digest, String>>,
    /// How plain Cargo does in a probe.
    plain: Mutex<HashMap<&'static str, Arc<Mutex<Option<Attempt>>>>>,
}

impl RunCache {
    pub(crate) fn lockfile(&self, of: &Digest) -> Option<String> {
        lock(&self.lockfiles).get(of).cloned()
    }

    pub(crate) fn keep_lockfile(&self, of: Digest, text: String) {
        lock(&self.lockfiles).insert(of, text);
    }

    /// The slot for how plain Cargo does in a probe.
    pub(crate) fn plain(&self, probe: &'static str) -> Arc<Mutex<Option<Attempt>>> {
        Arc::clone(lock(&self.plain).entry(probe).or_default())
    }
}

/// How a tree is built; changed by probes between builds.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct TreeSettings {
    /// Arguments of Cargo.
    pub(crate) args: Vec<String>,
    /// Environment variables on top of the scrubbed ones.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) rustflags: Option<String>,
    /// `dev` where not set.
    pub(crate) profile: Option<String>,
    pub(crate) second_toolchain: bool,
    /// A folder between `ws/` or `target/` and the tree.
    pub(crate) parent: Option<String>,
    /// Sources that are not in `ws/`.
    pub(crate) sources: Option<PathBuf>,
    /// A build directory that is not in `target/`.
    pub(crate) target: Option<PathBuf>,
    /// A home of Cargo of its own.
    pub(crate) cargo_home: Option<PathBuf>,
    /// Name of its program, where that is not the tree's.
    pub(crate) program: Option<String>,
}

/// One attempt of a probe: a directory, a strategy, and what was done so far.
#[derive(Debug)]
pub struct ProbeContext<'a> {
    env: ProbeEnv<'a>,
    strategy: &'a Strategy,
    name: String,
    dir: PathBuf,
    /// The directory of its stores.
    stores: PathBuf,
    /// Plain Cargo until the store is opened.
    integration: Arc<dyn Integration>,
    settings: BTreeMap<String, TreeSettings>,
    /// Trees that were built since their build directory was last emptied.
    warm: BTreeSet<String>,
    /// Packages are packed into a local registry.
    pub(crate) registry: bool,
    pub(crate) script: Script,
    remark: String,
}

const CONFIG: &str = "[source.crates-io]
replace-with = \"made-up\"
[source.made-up]
directory = \"vendor\"
[profile.dev]
debug = 0
";

impl<'a> ProbeContext<'a> {
    /// A context in `dir`, which is emptied; not applicable where the strategy does not work here.
    pub(crate) fn create(env: ProbeEnv<'a>, name: &str, strategy: &'a Strategy, dir: &Path) -> ProbeResult<Self> {
        remove_dir(dir)?;
        std::fs::create_dir_all(dir)?;
        let mut cx = ProbeContext::at(env, name, strategy, dir);
        cx.write(".cargo/config.toml", CONFIG)?;
        std::fs::create_dir_all(cx.path("vendor"))?;
        if env.registry {
            cx.use_registry()?;
        }
        cx.open_store()?;
        Ok(cx)
    }

    /// Packages that are published from now on come from a local registry, and Cargo's home is one of this probe:
    /// Cargo unpacks them there.
    pub(crate) fn use_registry(&mut self) -> ProbeResult {
        self.registry = true;
        std::fs::create_dir_all(self.path("registry/index"))?;
        let config = CONFIG.replace("directory = \"vendor\"", "local-registry = \"registry\"");
        self.write(".cargo/config.toml", &config)
    }

    /// The context of what `dir` holds already, without opening its store.
    pub(crate) fn at(env: ProbeEnv<'a>, name: &str, strategy: &'a Strategy, dir: &Path) -> Self {
        ProbeContext {
            env,
            strategy,
            name: name.to_owned(),
            dir: dir.to_owned(),
            stores: dir.to_owned(),
            integration: Arc::new(PlainCargo::default()),
            settings: BTreeMap::new(),
            warm: BTreeSet::new(),
            registry: false,
            script: Script::default(),
            remark: String::new(),
        }
    }

    /// Another machine at the same paths: it has the trees and their settings, and a store of its own.
    pub(crate) fn other_machine(&self, name: &str) -> ProbeResult<ProbeContext<'a>> {
        let mut cx = ProbeContext::at(self.env, &self.name, self.strategy, &self.dir);
        (cx.settings, cx.stores) = (self.settings.clone(), self.path("machines").join(name));
        std::fs::create_dir_all(&cx.stores)?;
        cx.open_store()?;
        Ok(cx)
    }

    /// Does something in other surroundings of builds, with the same directories and settings.
    pub(crate) fn with_build_env(
        &mut self,
        build_env: &BuildEnv,
        act: impl FnOnce(&mut ProbeContext<'_>) -> ProbeResult,
    ) -> ProbeResult {
        let env = ProbeEnv { build_env, ..self.env };
        let mut cx = ProbeContext::at(env, &self.name, self.strategy, &self.dir);
        cx.settings = self.settings.clone();
        cx.script = std::mem::take(&mut self.script);
        let acted = cx.open_store().and_then(|()| act(&mut cx));
        self.script = cx.script;
        acted
    }

    /// Builds a tree that plain Cargo has built just before, and publishes what is fresh in it, which
    /// strategies do not do: compiling it once more for each of them would take too long.
    pub(crate) fn publish_fresh(&mut self, tree: &str) -> ProbeResult<ProbeBuild> {
        let Some(units) = self.strategy.as_units() else { return self.build(tree) };
        let options = UnitsOptions { publish_fresh: true, ..units.options };
        let own = Arc::clone(&self.integration);
        self.open(&Strategy::Units(Units { options, ..*units }))?;
        let built = self.build(tree);
        self.integration = own;
        built
    }

    /// Opens the store, or makes an empty one; starts the external tool, if it is one.
    pub(crate) fn open_store(&mut self) -> ProbeResult {
        self.open(self.strategy)
    }

    fn open(&mut self, strategy: &Strategy) -> ProbeResult {
        let shared_target = self.path("target/shared");
        let dirs = IntegrationDirs { shared_target, ..IntegrationDirs::below(&self.stores) };
        self.integration = match integration::open(strategy, self.build_env(), &dirs) {
            Ok(OpenedIntegration::Ready(integration)) => integration,
            Ok(OpenedIntegration::Unsupported(why)) => return ProbeError::not_applicable(why),
            Err(error) if self.strategy.as_units().is_some() => {
                return ProbeError::failed(format!("the store does not open: {error}"));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    // What a probe may ask of its strategy.

    pub(crate) fn strategy(&self) -> &'a Strategy {
        self.strategy
    }

    pub(crate) fn strategy_name(&self) -> &str {
        &self.name
    }

    /// A probe about reuse does not apply to a strategy that reuses nothing.
    pub(crate) fn needs_cache(&self) -> ProbeResult {
        match self.integration.expectations().cacheless {
            true => ProbeError::not_applicable("it reuses nothing"),
            false => Ok(()),
        }
    }

    pub(crate) fn needs_second_toolchain(&self) -> ProbeResult {
        match self.env.second {
            // It was opened with the toolchain under test and passes the environment of that one on.
            Some(_) if self.integration.expectations().opaque => {
                ProbeError::not_applicable("a tool is opened for one toolchain only")
            }
            Some(_) => Ok(()),
            None => ProbeError::not_applicable("there is one toolchain only on this machine"),
        }
    }

    /// The open store of a `units` strategy; not applicable to others.
    pub(crate) fn store(&self) -> ProbeResult<&dyn Store> {
        self.integration.store().ok_or_else(|| ProbeError::NotApplicable("it has no store of ours".to_owned()))
    }

    /// Puts a remote cache behind the store, or takes it away.
    pub(crate) fn connect(&self, remote: Option<&RemoteClient>) {
        self.integration.connect(remote.map(RemoteClient::cache));
    }

    pub(crate) fn store_dir(&self) -> PathBuf {
        self.stores.join("store")
    }

    // Directories, settings and what is recorded.

    pub(crate) fn env(&self) -> ProbeEnv<'a> {
        self.env
    }

    /// The surroundings of builds with the toolchain under test.
    pub(crate) fn build_env(&self) -> &'a BuildEnv {
        self.env.build_env
    }

    /// The surroundings of a tree's builds.
    pub(crate) fn build_env_of(&self, tree: &str) -> &'a BuildEnv {
        match self.env.second {
            Some(second) if self.settings_of(tree).second_toolchain => second,
            _ => self.env.build_env,
        }
    }

    /// A path in the probe's directory.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.join(relative)
    }

    /// The same path relative to the probe's directory.
    pub(crate) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.dir).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// How a tree is built from now on.
    pub(crate) fn settings(&mut self, tree: &str) -> &mut TreeSettings {
        self.settings.entry(tree.to_owned()).or_default()
    }

    pub(crate) fn settings_of(&self, tree: &str) -> TreeSettings {
        self.settings.get(tree).cloned().unwrap_or_default()
    }

    /// Keeps a remark for readers of a probe that passes; the last one counts.
    pub(crate) fn remark(&mut self, text: String) {
        self.remark = text;
    }

    /// The script and the last remark.
    pub(crate) fn into_record(self) -> (Script, String) {
        (self.script, self.remark)
    }

    /// Notes in the script what it cannot do.
    pub(crate) fn note(&mut self, text: &str) {
        self.script.add(ScriptStep::Note(text.to_owned()));
    }

    /// The path of a tree's folder in `ws` or `target`.
    pub(crate) fn inside(&self, folder: &str, tree: &str) -> String {
        match self.settings_of(tree).parent {
            Some(parent) => format!("{folder}/{parent}/{tree}"),
            None => format!("{folder}/{tree}"),
        }
    }

    // Builds.

    /// Builds a tree under the strategy. Fails when the build fails, or when units were restored
    /// and rebuilt all the same.
    pub(crate) fn build(&mut self, tree: &str) -> ProbeResult<ProbeBuild> {
        let built = self.try_build(tree)??;
        match built.stale().as_slice() {
            [] => Ok(built),
            [first] => ProbeError::failed(format!("restored, yet rebuilt by Cargo: {first}")),
            [first, others @ ..] => {
                ProbeError::failed(format!("restored, yet rebuilt by Cargo: {first} and {} more", others.len()))
            }
        }
    }

    /// Builds a tree under the strategy, which may fail or restore in vain: the inner error is the
    /// build's, the outer one the harness's.
    pub(crate) fn try_build(&mut self, tree: &str) -> ProbeResult<ProbeResult<ProbeBuild>> {
        let (build_env, site, options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        let cold = self.warm.insert(tree.to_owned());
        let args = site.build_args(build_env, &options);
        let shown =
            args.iter().map(|arg| arg.to_string_lossy().into_owned()).filter(|arg| !arg.starts_with("--message"));
        self.script.add(ScriptStep::Build {
            tree: self.inside("", tree).trim_start_matches('/').to_owned(),
            env: self.variables(tree),
            args: shown.collect(),
            must_fail: false,
        });
        let start = self.integration.start_step(build_env, &[])?;
        let rustc_info = RustcInfo::of(build_env, &site);
        if self.strategy.as_external().is_none() {
            rustc_info.restore();
        }
        match integration::build(&*self.integration, build_env, &site, &options, &start) {
            Ok(mut build) => {
                build.release();
                // Another compiler than the usual one can be set there.
                if self.settings_of(tree).env.is_empty() {
                    rustc_info.keep();
                }
                let outcomes = self.integration.outcomes(&build, cold);
                let began = Instant::now();
                self.integration.upload(&build);
                Ok(Ok(ProbeBuild::new(&build, &outcomes, began.elapsed())))
            }
            Err(error @ BuildError::Process(_)) => Err(error.into()),
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// A build of a tree that has nothing to do.
    pub(crate) fn no_op(&mut self, tree: &str, when: &str) -> ProbeResult {
        let built = self.build(tree)?;
        match built.ran() {
            0 => Ok(()),
            _ => ProbeError::failed(format!("a build of {tree} {when} has something to do: {}", built.what_ran())),
        }
    }

    /// Builds a tree that plain Cargo refuses: it must not build, and the error must hold `says`.
    pub(crate) fn must_not_build(&mut self, tree: &str, says: &str) -> ProbeResult {
        let built = self.try_build(tree)?;
        self.script.last_must_fail();
        match built {
            Ok(_) => ProbeError::failed(format!("{tree} builds, though plain Cargo refuses its sources")),
            Err(ProbeError::Failed(why)) if why.contains(says) => Ok(()),
            Err(ProbeError::Failed(why)) => ProbeError::failed(format!("nothing about `{says}`: {why}")),
            Err(other) => Err(other),
        }
    }

    /// Builds a tree by plain Cargo in its own build directory: how many units ran, and how long it took.
    pub(crate) fn build_plainly(&mut self, tree: &str) -> ProbeResult<(usize, Duration)> {
        let (build_env, site, options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        self.warm.insert(tree.to_owned());
        self.note(&format!("build {tree} with plain Cargo, as if there were no cache"));
        let built = integration::build(&PlainCargo::default(), build_env, &site, &options, &StepStart::default())?;
        Ok((built.built.compiled.len(), built.phases.cargo))
    }

    /// The program of a tree must print this; otherwise the strategy made a wrong build.
    pub(crate) fn prints(&mut self, tree: &str, expected: &str) -> ProbeResult {
        let settings = self.settings_of(tree);
        let folder = strategies::graph::layout::profile_dir(settings.profile.as_deref().unwrap_or("dev"));
        let program = settings.program.as_deref().unwrap_or(tree);
        let path = format!("{}/{folder}/{program}", self.inside("target", tree));
        let shown = expected.replace(&*self.dir.to_string_lossy(), "$here");
        self.script.add(ScriptStep::Prints(path, shown));
        let printed = self.output(tree)?;
        match printed == expected {
            true => Ok(()),
            false => {
                ProbeError::failed(format!("{tree} prints {printed:?}, and {expected:?} when built from its sources"))
            }
        }
    }

    /// Builds a tree, whose program must print this.
    pub(crate) fn builds(&mut self, tree: &str, prints: &str) -> ProbeResult {
        self.build(tree)?;
        self.prints(tree, prints)
    }

    /// The same in an empty build directory.
    pub(crate) fn rebuilds(&mut self, tree: &str, prints: &str) -> ProbeResult {
        self.wipe(tree)?;
        self.builds(tree, prints)
    }

    /// Builds a tree, whatever of it is reused or rebuilt, and looks at what it prints.
    pub(crate) fn survives(&mut self, tree: &str, prints: &str) -> ProbeResult {
        // A linker that is given damaged files prints thousands of characters.
        const ENOUGH: usize = 160;
        self.try_build(tree)?.map_err(|error| match error {
            ProbeError::Failed(why) if why.chars().count() > ENOUGH => {
                ProbeError::Failed(format!("{} …", why.chars().take(ENOUGH).collect::<String>().trim_end()))
            }
            other => other,
        })?;
        self.prints(tree, prints)
    }

    /// What the program of a tree prints.
    pub(crate) fn output(&self, tree: &str) -> ProbeResult<String> {
        let (build_env, site, options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        let program = self.program(tree);
        let spec = CommandSpec::new(&program, &site.dir).envs(site.env(build_env, &options)).timeout(LIMIT);
        match process::run_captured(&spec, &build_env.supervisor) {
            Ok((finished, stdout)) if finished.status.success() => Ok(stdout.join("\n")),
            Ok((finished, _)) => ProbeError::failed(format!(
                "the program of {tree} ends with exit code {}: {}",
                finished.code(),
                finished.stderr_text()
            )),
            Err(process::ProcessError::Spawn { source, .. }) => {
                ProbeError::failed(format!("the program of {tree} does not start: {source}"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The path of a tree's program.
    fn program(&self, tree: &str) -> PathBuf {
        let settings = self.settings_of(tree);
        let site = self.site(tree);
        let triple = settings.args.iter().find_map(|arg| arg.strip_prefix("--target="));
        let profile = settings.profile.as_deref().unwrap_or("dev");
        let inside = Site { target_dir: triple.map_or(site.target_dir.clone(), |it| site.target_dir.join(it)), ..site };
        inside.program(settings.program.as_deref().unwrap_or(tree), profile)
    }

    /// Stops the daemon of the external tool; the next build starts it again.
    pub(crate) fn stop_daemon(&self) {
        self.integration.pause();
    }

    /// Empties the build directory of a tree: what its workspace has to itself.
    ///
    /// The directory that all trees of `shared-target` build into stays. It is what that design
    /// has for a store, and wiping a workspace leaves every store as it is; `compare` does the same.
    pub(crate) fn wipe(&mut self, tree: &str) -> ProbeResult {
        remove_dir(&self.site(tree).target_dir)?;
        self.set_cold(tree);
        self.script.add(ScriptStep::Remove(self.inside("target", tree)));
        Ok(())
    }

    /// Notes that the build directory of a tree is empty.
    pub(crate) fn set_cold(&mut self, tree: &str) {
        self.warm.remove(tree);
    }

    /// Notes that another process built a tree.
    pub(crate) fn set_warm(&mut self, tree: &str) {
        self.warm.insert(tree.to_owned());
    }

    /// Where a tree is built.
    pub(crate) fn site(&self, tree: &str) -> Site {
        let settings = self.settings_of(tree);
        let dir = settings.sources.unwrap_or_else(|| self.path(&self.inside("ws", tree)));
        let target_dir = settings.target.unwrap_or_else(|| self.path(&self.inside("target", tree)));
        let shared = self.integration.shared_build_dir().map(Path::to_path_buf);
        Site {
            workspace: tree.to_owned(),
            tree: dir.clone(),
            root: dir.clone(),
            dir,
            build_dir: shared.unwrap_or_else(|| target_dir.clone()),
            target_dir,
            log: self.path(&format!("rustc-{tree}.log")),
            cargo_args: settings.args,
            test_args: Vec::new(),
            run: None,
            hooks: Arc::<dyn Integration>::clone(&self.integration),
        }
    }

    /// How it is built there.
    pub(crate) fn build_options(&self, tree: &str) -> BuildOptions {
        let settings = self.settings_of(tree);
        let mut env = settings.env;
        // Nothing here speaks TLS, and reading the machine's certificates is a third of what a
        // Cargo with nothing to do costs. An external tool may have a server of its own.
        if self.strategy.as_external().is_none() && Path::new(NOTHING).exists() {
            env.extend(["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| (name.to_owned(), NOTHING.to_owned())));
        }
        BuildOptions {
            task: Task::Build,
            profile: settings.profile.unwrap_or_else(|| "dev".to_owned()),
            jobs: None,
            cargo_home: match settings.cargo_home {
                Some(home) => home,
                None if self.registry => self.path("cargo-home"),
                None => self.build_env_of(tree).cargo_home.clone(),
            },
            rustflags: settings.rustflags,
            env,
            features: Vec::new(),
        }
    }

    /// The variables that a probe sets for a tree.
    pub(crate) fn variables(&self, tree: &str) -> Vec<(String, String)> {
        let settings = self.settings_of(tree);
        let flags = settings.rustflags.map(|flags| ("RUSTFLAGS".to_owned(), flags));
        settings.env.into_iter().chain(flags).collect()
    }
}

const NOTHING: &str = "/dev/null";
