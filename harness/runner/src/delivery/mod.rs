//! Ways from the machine that built something to one that has nothing.
//!
//! | way | what travels |
//! |---|---|
//! | `archive` | the store, packed into one archive for each lockfile; that of this lockfile, else the newest |
//! | `build-dir` | the archives that a strategy makes of its build directory, as they are |
//! | `remote` | each unit's files when the plan asks for it, by the Remote Execution API |
//!
//! The first two are what a cache of CI offers: whole files, found by their name or the beginning of it (`server`). What
//! a producer wrote is in the namespace `main`; a consumer reads that, and writes into one of its own that nobody else
//! reads. A server that fails costs hits and some time, never the build.

mod archive;
pub mod buildgrid;
mod client;
pub mod remote;
mod server;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::remote::Settings;
use corpora::scenario::{Machine, Scenario};
use exec::network::{Proxy, Traffic};
use records::network::Network;
use serde::{Deserialize, Serialize};
use strategies::Strategy;
use strategies::external::Caches;
use strategies::key::Digest;
use strategies::option::StrategyOption;
use strategies::store::Store;
use walkdir::WalkDir;

use crate::build::{Build, BuildPhases, Usage};
use crate::build_env::BuildEnv;
use crate::deadline::BuildError;
use crate::experiment::Options;
use crate::integration::Integration;
use crate::invocation::{BuildOptions, Site};

use self::remote::{RemoteClient, RemoteServer};
use archive::Archiver;
use buildgrid::BuildGrid;
use client::{FileClient, TransferError};
use server::FileServer;

/// The namespace that producers write.
const MAIN: &str = "main";

const SUFFIX: &str = ".tar.zst";

/// A way of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// The store as one archive.
    Archive,
    /// Archives of the build directory that the strategy makes itself.
    BuildDir,
    /// Object by object, on demand.
    Remote,
}

impl Delivery {
    /// Every way.
    pub const ALL: [Delivery; 3] = [Delivery::Archive, Delivery::BuildDir, Delivery::Remote];

    /// The ways that a strategy can take, the usual one first.
    pub fn of(strategy: &Strategy) -> &'static [Delivery] {
        match strategy {
            Strategy::Named(named) if !named.name.starts_with("shared-target") => &[],
            // The slot of a unit is on one machine's disk.
            Strategy::Units(units) if !units.options.chosen.has(StrategyOption::SingleSlot) => {
                &[Delivery::Archive, Delivery::Remote]
            }
            Strategy::Named(_) | Strategy::Units(_) => &[Delivery::Archive],
            Strategy::External(external) if external.description.archives => &[Delivery::BuildDir],
            Strategy::External(external) if external.description.caches == Caches::Nothing => &[],
            Strategy::External(_) => &[Delivery::Archive],
        }
    }

    /// Its name on the command line and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::Archive => "archive",
            Delivery::BuildDir => "build-dir",
            Delivery::Remote => "remote",
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Delivery {
    type Err = String;

    fn from_str(text: &str) -> Result<Delivery, String> {
        let names = || Delivery::ALL.map(Delivery::as_str).join(", ");
        Delivery::ALL.into_iter().find(|way| way.as_str() == text).ok_or_else(|| format!("it is one of {}", names()))
    }
}

/// The server of the way `remote`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteServerKind {
    /// One in this process.
    #[default]
    InProcess,
    /// BuildGrid, where `harness strategies install` put it.
    Buildgrid,
}

impl RemoteServerKind {
    /// Whether it is the one that nobody has to ask for.
    pub fn is_default(&self) -> bool {
        *self == RemoteServerKind::default()
    }
}

impl FromStr for RemoteServerKind {
    type Err = String;

    fn from_str(text: &str) -> Result<RemoteServerKind, String> {
        match text {
            "in-process" => Ok(RemoteServerKind::InProcess),
            buildgrid::NAME => Ok(RemoteServerKind::Buildgrid),
            _ => Err("it is one of in-process, buildgrid".to_owned()),
        }
    }
}

/// The way of one arm, and the network it goes over.
#[derive(Debug)]
pub(crate) struct Route {
    way: Delivery,
    network: Network,
    /// The server that lasts as long as the arm, where it is no server of ours.
    buildgrid: Option<OwnBuildGrid>,
    /// What the server has, on its own disk as it were.
    remote: PathBuf,
    /// Where files wait between network and store.
    staging: PathBuf,
    /// For archives alone.
    archiver: Option<Archiver>,
}

/// What a step moved, and the seconds of each part.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// The way.
    pub way: Delivery,
    /// The network.
    pub network: Network,
    /// Seconds of each part.
    pub parts: TransferParts,
    /// What passed the network.
    pub traffic: Traffic,
    /// Bytes of delivered store files that no hit used, unpacked; where that can be seen.
    pub unused_bytes: Option<u64>,
    /// What packing and unpacking used.
    pub usage: Usage,
    /// What went wrong on the way, first of all.
    pub trouble: Option<String>,
}

/// Seconds of the parts of a step that are no part of its build.
#[derive(Debug, Clone, Copy, Default)]
pub struct TransferParts {
    /// Starting what serves the builds.
    pub start: Option<Duration>,
    /// Looking up and downloading.
    pub deliver: Option<Duration>,
    /// Unpacking what came.
    pub unpack: Option<Duration>,
    /// Packing what was built, with ending what serves the builds.
    pub pack: Option<Duration>,
    /// Uploading it.
    pub upload: Option<Duration>,
}

impl TransferParts {
    /// Their sum.
    pub(crate) fn total(&self) -> Duration {
        [self.start, self.deliver, self.unpack, self.pack, self.upload].into_iter().flatten().sum()
    }
}

/// One step on a machine: its server, the network in front of it, and what was moved so far.
pub(crate) struct Leg<'a> {
    route: &'a Route,
    env: &'a BuildEnv,
    store: &'a Path,
    name: String,
    /// The beginning of the name that archives of the same compiler and profile share.
    family: String,
    namespace: String,
    /// Files of the store and their sizes, where it is ours and something came.
    delivered: HashMap<PathBuf, u64>,
    /// Files that came as they are, and must not go back.
    came: Vec<PathBuf>,
    is_exact: bool,
    pub(crate) transfer: Transfer,
    proxy: Proxy,
    client: Option<RemoteClient>,
    _server: RunningServer,
}

/// A BuildGrid that is started by the first step that needs it.
#[derive(Debug)]
struct OwnBuildGrid {
    program: PathBuf,
    instances: Vec<String>,
    running: Mutex<Option<BuildGrid>>,
}

impl OwnBuildGrid {
    fn address(&self, env: &BuildEnv, root: &Path) -> Result<SocketAddr, BuildError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = &*running {
            return Ok(server.address());
        }
        let server = BuildGrid::start(env, &self.program, root, &self.instances)?;
        Ok(running.insert(server).address())
    }
}

/// What is written by the machine of a step.
fn namespace(machine: Machine, step: &str) -> String {
    match machine {
        Machine::Producer => MAIN.to_owned(),
        Machine::Consumer => format!("of-{step}"),
    }
}

/// What the leg ends at, for as long as it lasts.
#[expect(dead_code, reason = "a server ends when it is dropped")]
enum RunningServer {
    Files(FileServer),
    Objects(RemoteServer),
    OfArm,
}

impl Route {
    /// A route whose server keeps its files in the directory of the arm; why there is none, where a program is missing.
    pub(crate) fn open(way: Delivery, options: &Options, scenario: &Scenario, env: &BuildEnv) -> Result<Route, String> {
        let (network, dir) = (options.network.clone().unwrap_or_else(Network::unshaped), env.arm_dir());
        let mut buildgrid = None;
        if way == Delivery::Remote {
            // Whether there is one is known before anything is built.
            RemoteServer::start(&dir.join("remote"), &[MAIN], None)?;
            if options.remote_server == RemoteServerKind::Buildgrid {
                let written = scenario.steps.iter().filter_map(|step| Some(namespace(step.machine?, &step.name)));
                buildgrid = Some(OwnBuildGrid {
                    program: buildgrid::find(&env.work)?,
                    instances: written.collect::<BTreeSet<_>>().into_iter().collect(),
                    running: Mutex::default(),
                });
            }
        }
        let archiver = (way == Delivery::Archive).then(|| Archiver::find(&env.path())).transpose()?;
        Ok(Route { way, network, buildgrid, remote: dir.join("remote"), staging: dir.join("staging"), archiver })
    }

    /// Puts a machine at the end of the network, for one step that builds `site` with what is in `store`.
    pub(crate) fn begin<'a>(
        &'a self,
        env: &'a BuildEnv,
        (machine, step): (Machine, &str),
        (site, options): (&Site, &BuildOptions),
        store: &'a Path,
    ) -> Result<Leg<'a>, BuildError> {
        let namespace = namespace(machine, step);
        let failed =
            |error: std::io::Error| BuildError::Failed(format!("cannot serve {}: {error}", self.remote.display()));
        for dir in [&self.remote, &self.staging] {
            std::fs::create_dir_all(dir).map_err(failed)?;
        }
        let (server, address) = match (self.way, &self.buildgrid) {
            (Delivery::Remote, Some(buildgrid)) => (RunningServer::OfArm, buildgrid.address(env, &self.remote)?),
            (Delivery::Remote, None) => {
                let server =
                    RemoteServer::start(&self.remote, &[namespace.as_str()], None).map_err(BuildError::Failed)?;
                let address = server.address();
                (RunningServer::Objects(server), address)
            }
            (Delivery::Archive | Delivery::BuildDir, _) => {
                let server = FileServer::start(&self.remote, &namespace).map_err(failed)?;
                let address = server.address();
                (RunningServer::Files(server), address)
            }
        };
        let proxy = Proxy::start(address, &self.network).map_err(failed)?;
        let client = match self.way {
            Delivery::Remote => {
                let settings = Settings::new(&format!("http://{}", proxy.address()), &[&namespace, MAIN]);
                Some(RemoteClient::new(settings).map_err(BuildError::Failed)?)
            }
            Delivery::Archive | Delivery::BuildDir => None,
        };
        let lockfile = std::fs::read(site.root.join("Cargo.lock")).unwrap_or_default();
        let flags = options.rustflags.as_deref().unwrap_or_default();
        let environment = format!("{} {} {} {flags}", env.compiler, options.profile, options.task);
        let family = format!("{}-", Digest::of(environment.as_bytes()).short());
        Ok(Leg {
            route: self,
            env,
            store,
            name: format!("{family}{}{SUFFIX}", Digest::of(&lockfile).short()),
            family,
            namespace,
            delivered: HashMap::new(),
            came: Vec::new(),
            is_exact: false,
            transfer: Transfer {
                way: self.way,
                network: self.network.clone(),
                parts: TransferParts::default(),
                traffic: Traffic::default(),
                unused_bytes: None,
                usage: Usage::default(),
                trouble: None,
            },
            proxy,
            client,
            _server: server,
        })
    }
}

impl Leg<'_> {
    /// Whether the store talks to the server itself, which a producer's does too.
    pub(crate) fn is_remote(&self) -> bool {
        self.client.is_some()
    }

    /// Fetches what there is, and unpacks it into the store, or connects the store with the server. Whether anything came,
    /// or may come.
    pub(crate) fn deliver(&mut self, integration: &dyn Integration) -> Result<bool, BuildError> {
        if let Some(client) = &self.client {
            integration.connect(Some(client.cache()));
            return Ok(true);
        }
        let (began, archive) = (Instant::now(), self.route.staging.join("delivered"));
        let fetched = self.fetch(&archive);
        self.transfer.parts.deliver = Some(began.elapsed());
        let came = match (fetched, &self.route.archiver) {
            (Ok(true), Some(archiver)) => {
                let began = Instant::now();
                let unpacked = archiver.unpack(self.env, &archive, self.store, &mut self.transfer.usage)?;
                self.transfer.parts.unpack = Some(began.elapsed());
                unpacked.map(|()| true)
            }
            (fetched, _) => fetched.map_err(|error| error.to_string()),
        };
        let _ = std::fs::remove_file(&archive);
        if let (Ok(true), Some(store)) = (&came, integration.store()) {
            self.delivered = stored_files(store);
        }
        Ok(came.unwrap_or_else(|why| {
            self.note(format!("not delivered: {why}"));
            false
        }))
    }

    fn fetch(&mut self, archive: &Path) -> Result<bool, TransferError> {
        let mut client = FileClient::connect(self.proxy.address())?;
        let (exact, family) = match self.route.way {
            Delivery::Archive => (self.name.as_str(), self.family.as_str()),
            // Its names are its own; the newest is what an action would find.
            Delivery::BuildDir | Delivery::Remote => ("", ""),
        };
        let Some(found) = client.find(MAIN, exact, family)? else { return Ok(false) };
        self.is_exact = found == exact;
        let target = match self.route.way {
            Delivery::Archive => archive.to_owned(),
            Delivery::BuildDir | Delivery::Remote => self.store.join(&found),
        };
        client.get(MAIN, &found, &target)?;
        if self.route.way == Delivery::BuildDir {
            self.came.push(target);
        }
        Ok(true)
    }

    /// Moves what a build did for delivery to where it belongs: a strategy that packs and unpacks does so in its phases,
    /// and restoring waits for objects that are under way.
    pub(crate) fn claim(&mut self, phases: &mut BuildPhases, integration: &dyn Integration) {
        match self.route.way {
            Delivery::BuildDir => {
                self.transfer.parts.unpack = phases.restore.take();
                self.transfer.parts.pack = phases.publish.take();
            }
            Delivery::Remote => {
                let waited = integration.remote_use().waited;
                phases.restore = phases.restore.map(|restore| restore.saturating_sub(waited));
                self.transfer.parts.deliver = Some(waited);
            }
            Delivery::Archive => {}
        }
    }

    /// Packs the store and uploads it, unless the archive of this lockfile is there; or uploads the units that `build` has
    /// published. What may still write to an archived store is ended first.
    pub(crate) fn publish(&mut self, integration: &dyn Integration, build: &Build) -> Result<(), BuildError> {
        if self.client.is_some() {
            let began = Instant::now();
            let failed = integration.upload(build);
            self.transfer.parts.upload = Some(began.elapsed());
            if failed > 0 {
                self.note(format!("{failed} units not uploaded"));
            }
            return Ok(());
        }
        if self.route.way == Delivery::Archive && self.is_exact {
            return Ok(());
        }
        let (began, packed) = (Instant::now(), self.route.staging.join("packed"));
        let files: Vec<(String, PathBuf)> = match &self.route.archiver {
            Some(archiver) => {
                integration.pause();
                let outcome = archiver.pack(self.env, self.store, &packed, &mut self.transfer.usage)?;
                self.transfer.parts.pack = Some(began.elapsed());
                match outcome {
                    Ok(()) => vec![(self.name.clone(), packed.clone())],
                    Err(why) => {
                        self.note(format!("not packed: {why}"));
                        return Ok(());
                    }
                }
            }
            None => self.new_files(),
        };
        if !files.is_empty() {
            let began = Instant::now();
            let uploaded = self.upload(&files);
            self.transfer.parts.upload = Some(began.elapsed());
            if let Err(error) = uploaded {
                self.note(format!("not uploaded: {error}"));
            }
        }
        let _ = std::fs::remove_file(&packed);
        Ok(())
    }

    fn new_files(&self) -> Vec<(String, PathBuf)> {
        let files = WalkDir::new(self.store).into_iter().flatten().filter(|entry| entry.file_type().is_file());
        let new = files.map(walkdir::DirEntry::into_path).filter(|path| !self.came.contains(path));
        new.filter_map(|path| Some((path.strip_prefix(self.store).ok()?.to_str()?.to_owned(), path))).collect()
    }

    fn upload(&self, files: &[(String, PathBuf)]) -> Result<(), TransferError> {
        let mut client = FileClient::connect(self.proxy.address())?;
        files.iter().try_for_each(|(name, path)| client.put(&self.namespace, name, path))
    }

    /// Ends the step: what passed, and how much of what came `build` did not use.
    pub(crate) fn finish(mut self, integration: &dyn Integration, build: &Build) -> Transfer {
        self.transfer.traffic = self.proxy.traffic();
        let restored = build
            .cached
            .iter()
            .flat_map(|cached| cached.restored.units.iter().filter_map(|(index, _)| cached.plan.units[*index].hit()));
        let used = restored.flat_map(|entry| entry.stored_files().map(move |(file, _)| (entry, file)));
        if let Some(client) = &self.client {
            let used: u64 = used.map(|(_, file)| file.size).sum();
            self.transfer.unused_bytes = Some(integration.remote_use().fetched_bytes.saturating_sub(used));
            let trouble = client.trouble();
            integration.connect(None);
            trouble.into_iter().for_each(|trouble| self.note(trouble));
        } else if let (Some(store), false) = (integration.store(), self.delivered.is_empty()) {
            for (entry, file) in used {
                self.delivered.remove(&store.stored(entry, file));
            }
            self.transfer.unused_bytes = Some(self.delivered.values().sum());
        }
        self.transfer
    }

    fn note(&mut self, trouble: String) {
        self.transfer.trouble.get_or_insert(trouble);
    }
}

/// Every file of every entry, with its size.
fn stored_files(store: &dyn Store) -> HashMap<PathBuf, u64> {
    let entries = store.entries();
    let files = entries.iter().flat_map(|entry| entry.stored_files().map(move |(file, _)| (entry, file)));
    files.map(|(entry, file)| (store.stored(entry, file), file.size)).collect()
}
