//! What all builds of a run share: the toolchain, the environment, the directories.
//!
//! ```text
//! <work>/
//!     cargo-home/   private CARGO_HOME
//!     sources/      fetched sources, never built in
//!     bin/rustc     the observer
//!     lib           the toolchain's, beside the observer for tools that look there
//!     cargo-home-2/ the same content at another path, for scenarios that move
//!     arm/          the arm that runs now, at the same paths for every arm
//!         store/
//!         src/<workspace>/
//!         target/<workspace>/
//!     parked/<n>/   the arms that wait for their turn
//!     runs/         records, unless --out says otherwise
//! ```
//!
//! Every arm runs at the same paths: a path is an input of a build (it ends up in debug information), and must not
//! differ between arms. So an arm that waits is renamed aside, which changes no file, no inode and no time in it. Only
//! store and build directories have to share a file system, so a volume (`--volume`) holds `arm/` and `parked/` and
//! nothing else: what was fetched stays for the next run.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use corpora::{CargoProgram, Fetcher};

use super::deadline::Deadline;
use exec::cargo_home::CargoHome;
use exec::environment::Environment;
use exec::filesystem::remove_dir;
use exec::interrupt::Supervisor;
use exec::observer::Observer;
use exec::process::{CommandSpec, Finished, ProcessError, Stream};
use exec::sandbox::{self, Sandbox};
use exec::toolchain::Toolchain;
use strategies::key;

/// Bytes that must be free before anything is begun.
pub const DISK_FLOOR: u64 = 2 << 30;

/// The surroundings of every build.
#[derive(Debug)]
pub struct BuildEnv {
    /// The work directory.
    pub work: PathBuf,
    /// Ends our processes on Ctrl-C.
    pub supervisor: Supervisor,
    /// The toolchain under test.
    pub toolchain: Toolchain,
    /// The identity of its compiler, as keys have it.
    pub compiler: String,
    compiler_contents: OnceLock<key::Digest>,
    /// The processor, as the compiler describes it.
    pub(crate) processor: String,
    /// The private CARGO_HOME.
    pub cargo_home: PathBuf,
    /// The same content at another path, where a scenario needs one.
    pub(crate) second_home: PathBuf,
    /// The directory that holds `arm/`: the work directory or a volume.
    arms_root: PathBuf,
    environment: Environment,
    observer: Observer,
    programs: Vec<Option<(u64, SystemTime)>>,
    on_phase: fn(Phase),
    build_limit: Option<Duration>,
    /// Where untrusted code runs, if it is confined.
    sandbox: Option<Arc<Sandbox>>,
    /// The same with another toolchain, for the steps that ask for one.
    pub(crate) second: Option<Box<BuildEnv>>,
}

/// A part of a build that begins now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Unit graph and keys.
    Plan,
    /// Filling the build directory.
    Restore,
    /// Cargo.
    Cargo,
    /// Filling the store.
    Publish,
    /// Nothing any more.
    End,
}

impl BuildEnv {
    /// Finds the toolchain and prepares the private CARGO_HOME and the observer.
    pub fn open(work: &Path, toolchain: Option<&str>, supervisor: Supervisor) -> Result<BuildEnv> {
        BuildEnv::with_toolchain(work, Toolchain::find(toolchain)?, supervisor)
    }

    /// The same with a toolchain that was found.
    pub fn with_toolchain(work: &Path, toolchain: Toolchain, supervisor: Supervisor) -> Result<BuildEnv> {
        let home = CargoHome::prepare(work, CargoHome::of_user().as_deref())?;
        let bin = toolchain.rustc.parent().unwrap_or(Path::new("/"));
        let environment = Environment::scrub(&home, bin);
        let observer = Observer::install(work, &toolchain.rustc, &toolchain.sysroot)?;
        let compiler =
            key::compiler_identity(&toolchain.rustc, &toolchain.sysroot, &toolchain.host, &toolchain.rustc_verbose);
        Ok(BuildEnv {
            work: work.to_owned(),
            supervisor,
            cargo_home: home.dir.clone(),
            second_home: work.join("cargo-home-2"),
            programs: stamps(&toolchain),
            processor: toolchain.processor(),
            toolchain,
            compiler,
            compiler_contents: OnceLock::new(),
            arms_root: work.to_owned(),
            environment,
            observer,
            on_phase: |_| (),
            build_limit: None,
            sandbox: None,
            second: None,
        })
    }

    /// The digest of the compiler's libraries.
    pub fn compiler_contents(&self) -> &key::Digest {
        let read = || key::compiler_contents(&self.toolchain.sysroot, &self.toolchain.host);
        self.compiler_contents.get_or_init(read)
    }

    /// The same, with its arms on another file system, at its root `arms_root`.
    #[must_use]
    pub fn with_arms_root(self, arms_root: &Path) -> BuildEnv {
        BuildEnv { arms_root: arms_root.to_owned(), ..self }
    }

    /// The surroundings of builds with another toolchain, below a directory of their own: an observer, and what Cargo notes
    /// about rustc, belong to one compiler. Without a name it is nightly or else stable, whichever is another one.
    pub fn of_second_toolchain(&self, name: Option<&str>) -> Result<Option<BuildEnv>> {
        let is_other = |found: &Toolchain| found.rustc_verbose != self.toolchain.rustc_verbose;
        let found = match name {
            Some(name) => match Toolchain::find(Some(name))? {
                found if is_other(&found) => Some(found),
                _ => bail!("{name} is the toolchain under test; name another one"),
            },
            None => ["nightly", "stable"].iter().filter_map(|name| Toolchain::find(Some(name)).ok()).find(is_other),
        };
        let work = self.work.join("second-toolchain");
        let open = |found| {
            let second = BuildEnv::with_toolchain(&work, found, self.supervisor.clone())?;
            Ok(BuildEnv { environment: second.environment.of_run_in(&self.work), ..second })
        };
        found.map(open).transpose()
    }

    /// The same, with a second toolchain for the steps that ask for one, if there is one.
    pub fn with_second_toolchain(self) -> Result<BuildEnv> {
        let second = self.of_second_toolchain(None)?.map(|mut second| {
            second.toolchain.unit_layout &= self.toolchain.unit_layout;
            Box::new(BuildEnv { arms_root: self.arms_root.clone(), build_limit: self.build_limit, ..second })
        });
        Ok(BuildEnv { second, ..self })
    }

    /// The same, in Cargo's default layout of the build directory, whichever that is.
    #[must_use]
    pub fn with_default_layout(mut self) -> BuildEnv {
        self.toolchain.unit_layout = false;
        self
    }

    /// The same, which calls `on_phase` with every phase of a build as it begins.
    #[must_use]
    pub fn with_phase_listener(self, on_phase: fn(Phase)) -> BuildEnv {
        BuildEnv { on_phase, ..self }
    }

    /// The same, in which one build may take so long.
    #[must_use]
    pub fn with_build_limit(self, build_limit: Option<Duration>) -> BuildEnv {
        BuildEnv { build_limit, ..self }
    }

    /// The limit of a build that begins now.
    pub fn deadline(&self) -> Deadline {
        Deadline::starting_now(self.build_limit)
    }

    /// The same, which runs untrusted code in a sandbox.
    #[must_use]
    pub fn with_sandbox(self, sandbox: Sandbox) -> BuildEnv {
        let sandbox = Some(Arc::new(sandbox));
        let second = self.second.map(|second| Box::new(BuildEnv { sandbox: sandbox.clone(), ..*second }));
        BuildEnv { sandbox, second, ..self }
    }

    /// The sandbox, if there is one.
    pub fn sandbox(&self) -> Option<&Arc<Sandbox>> {
        self.sandbox.as_ref()
    }

    /// Runs a command of untrusted code: in the sandbox, if there is one.
    pub fn run(&self, spec: &CommandSpec, on_line: &mut dyn FnMut(Stream, &str)) -> Result<Finished, ProcessError> {
        sandbox::run(self.sandbox.as_deref(), spec, &self.supervisor, on_line)
    }

    /// The same, keeping its standard output.
    pub fn run_captured(&self, spec: &CommandSpec) -> Result<(Finished, Vec<String>), ProcessError> {
        sandbox::run_captured(self.sandbox.as_deref(), spec, &self.supervisor)
    }

    pub(crate) fn enter(&self, phase: Phase) {
        (self.on_phase)(phase);
    }

    pub(crate) fn toolchain_changed(&self) -> bool {
        stamps(&self.toolchain) != self.programs
    }

    /// This toolchain's Cargo, for what is neither built nor measured.
    pub fn cargo(&self) -> CargoProgram {
        CargoProgram::new(&self.toolchain.cargo, self.fetch_variables().into_iter().collect())
    }

    /// A fetcher of sources with this toolchain's Cargo.
    pub fn fetcher(&self) -> Fetcher {
        Fetcher::new(self.work.join("sources"), self.cargo())
    }

    /// The directory below which arms are built.
    pub fn arms_root(&self) -> &Path {
        &self.arms_root
    }

    pub(crate) fn arm_dir(&self) -> PathBuf {
        self.arms_root.join("arm")
    }

    /// The environment of a build whose compiles are recorded in `log`: scrubbed, observed,
    /// offline, unstable flags unlocked for Cargo alone.
    pub fn variables(&self, log: &Path) -> BTreeMap<OsString, OsString> {
        self.variables_with(log, &self.toolchain)
    }

    pub(crate) fn variables_with(&self, log: &Path, toolchain: &Toolchain) -> BTreeMap<OsString, OsString> {
        let mut env = self.environment.for_build();
        env.extend(self.observer.env(log));
        env.insert("CARGO_NET_OFFLINE".into(), "true".into());
        env.extend(toolchain.unlock().map(|(name, value)| (name.into(), value.into())));
        env
    }

    /// The environment in which something is fetched and installed: with the tokens of registries,
    /// and the compiler itself.
    pub fn fetch_variables(&self) -> BTreeMap<OsString, OsString> {
        let mut env = self.environment.for_fetch();
        env.insert("RUSTC".into(), self.toolchain.rustc.clone().into());
        env
    }

    /// Where programs are looked for.
    pub fn path(&self) -> OsString {
        self.environment.for_build().get(OsStr::new("PATH")).cloned().unwrap_or_default()
    }

    /// The compiler that records what it is called for.
    pub fn rustc(&self) -> &Path {
        &self.observer.rustc
    }

    pub(crate) fn park(&self, arm: usize) -> Result<()> {
        rename(&self.arm_dir(), &self.parked(arm))
    }

    pub(crate) fn unpark(&self, arm: usize) -> Result<()> {
        rename(&self.parked(arm), &self.arm_dir())
    }

    pub(crate) fn remove_parked(&self, arm: usize) -> Result<()> {
        remove_dir(&self.parked(arm))
    }

    /// An empty directory for an arm that begins.
    pub fn clear_arm(&self) -> Result<()> {
        let dir = self.arm_dir();
        remove_dir(&dir)?;
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))
    }

    /// Removes every arm's directories.
    pub fn clear_all(&self) -> Result<()> {
        remove_dir(&self.arm_dir())?;
        remove_dir(&self.arms_root.join("parked"))
    }

    fn parked(&self, arm: usize) -> PathBuf {
        self.arms_root.join("parked").join(arm.to_string())
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    }
    std::fs::rename(from, to).with_context(|| format!("cannot rename {} to {}", from.display(), to.display()))
}

fn stamps(toolchain: &Toolchain) -> Vec<Option<(u64, SystemTime)>> {
    let stamp = |path: &PathBuf| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.len(), meta.modified().ok()?))
    };
    [&toolchain.cargo, &toolchain.rustc].map(stamp).to_vec()
}
