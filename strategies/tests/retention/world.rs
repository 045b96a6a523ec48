//! A made-up workspace and a made-up Cargo: unit directories of the real layout, built by
//! writing files, so that plan, restore and publish run as they do beside the real one.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use strategies::explain::{EntryIndex, MissReason};
use strategies::graph::layout::UnitPlace;
use strategies::graph::matching::{BuiltUnits, Matched};
use strategies::graph::{Dependency, Graph, Lto, Mode, PackageId, PackageSource, Profile, Unit, UnitTarget};
use strategies::key::{Context, Digest};
use strategies::link::LinkMode;
use strategies::policy;
use strategies::store::collect::{CollectError, CollectOutcome, CollectRequest, collect};
use strategies::store::survey::Survey;
use strategies::store::verify::{VerifyOutcome, verify};
use strategies::store::{Store, StoreKind};
use strategies::units::{self, Decision, Session, Units};

/// Units of the made-up workspace; the last is the workspace's own.
pub const UNITS: usize = 8;

/// A workspace, its store and its build directories, all in a temporary directory.
pub struct World {
    dir: tempfile::TempDir,
    pub kind: &'static StoreKind,
    pub link: LinkMode,
}

/// What one build did.
#[derive(Debug, Default)]
pub struct Report {
    pub hits: usize,
    pub present: usize,
    pub compiled: usize,
    /// Restored, yet not as it should be.
    pub stale: usize,
    /// Units the plan promised and restoring could not deliver.
    pub failed: usize,
    pub reasons: BTreeMap<String, MissReason>,
}

impl World {
    pub fn new(kind: &'static StoreKind, link: LinkMode) -> World {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("workspace/src")).unwrap();
        fs::write(dir.path().join("workspace/Cargo.toml"), "[package]").unwrap();
        fs::write(dir.path().join("workspace/src/lib.rs"), "source").unwrap();
        // What changes within a tick of the clock that stamps files might have changed during a build.
        std::thread::sleep(Duration::from_millis(30));
        World { dir, kind, link }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    pub fn store_dir(&self) -> PathBuf {
        self.path("store")
    }

    pub fn store(&self) -> Box<dyn Store> {
        self.kind.open(&self.store_dir()).unwrap()
    }

    /// One build of a variant into a build directory; the lower half of the units is the
    /// same in every variant.
    pub fn build(&self, variant: usize, build_dir: &str, locked: bool) -> Result<Report, String> {
        let store = self.store();
        let _lock = locked.then(|| store.root().lock_shared().unwrap());
        let graph = self.graph(variant);
        let build_dir = self.path(build_dir);
        let root = self.path("workspace");
        let context = Context::new(&root, &self.path("home"), &build_dir, &build_dir, "rustc", BTreeMap::new());
        let (policy, options) = (&policy::AGGRESSIVE, Default::default());
        let strategy = Units { policy, link: self.link, store: self.kind, options, fault: None };
        let session = Session { units: &strategy, store: &*store, graph: &graph, context: &context };

        let mut plan = units::plan(&session);
        let restored = units::restore(&session, &mut plan).map_err(|error| error.to_string())?;
        let built = cargo(&graph, &build_dir).map_err(|error| format!("Cargo failed: {error}"))?;
        let before = EntryIndex::load(&*store);
        units::publish(&session, &mut plan, &built, &HashMap::new(), "w").map_err(|error| error.to_string())?;

        let present = plan.units.iter().filter(|unit| matches!(unit.decision, Decision::Present { .. })).count();
        let stale = restored.units.iter().filter(|(index, _)| built.compiled.contains(index)).count();
        let explained = before.explain(&session, &plan);
        Ok(Report {
            hits: restored.units.len(),
            present,
            compiled: built.compiled.len(),
            stale,
            failed: restored.failed.len(),
            reasons: explained.iter().map(|(at, why)| (graph.units[*at].package.name.clone(), why.reason)).collect(),
        })
    }

    pub fn wipe(&self, build_dir: &str) {
        let _ = fs::remove_dir_all(self.path(build_dir));
    }

    pub fn survey(&self) -> Survey {
        Survey::of(&*self.store()).unwrap()
    }

    pub fn verify(&self) -> VerifyOutcome {
        verify(&*self.store(), &self.survey(), &|_| ())
    }

    pub fn collect(&self, max_bytes: Option<u64>) -> Result<CollectOutcome, CollectError> {
        collect(&*self.store(), &request(max_bytes), &mut |_| std::ops::ControlFlow::Continue(()))
    }

    fn graph(&self, variant: usize) -> Graph {
        let root = self.path("workspace");
        let units: Vec<Unit> = (0..UNITS).map(|n| unit(n, variant, &root)).collect();
        Graph { units, roots: vec![UNITS - 1], order: (0..UNITS).collect() }
    }
}

/// A collection that waits for builds.
pub fn request(max_bytes: Option<u64>) -> CollectRequest {
    let limits = strategies::retention::StoreLimits { max_age: None, max_bytes };
    CollectRequest { limits, snapshots: false, now: SystemTime::now(), wait: true, dry_run: false, deep: false }
}

fn unit(n: usize, variant: usize, workspace: &Path) -> Unit {
    let local = n == UNITS - 1;
    let name = format!("unit{n}");
    let dependency = |index| Dependency { index, extern_name: format!("unit{index}"), flags: String::new() };
    let source = if local { PackageSource::Path(workspace.to_owned()) } else { PackageSource::Registry };
    let src_path = match local {
        true => workspace.join("src/lib.rs").display().to_string(),
        false => format!("/registry/{name}/src/lib.rs"),
    };
    Unit {
        package: PackageId {
            raw: format!("registry#{name}@1.0.0"),
            name: name.clone(),
            version: "1.0.0".into(),
            source,
        },
        target: UnitTarget {
            kind: vec!["lib".into()],
            crate_types: vec!["lib".into()],
            name,
            src_path,
            edition: "2024".into(),
        },
        profile: Profile {
            name: "dev".into(),
            opt_level: "0".into(),
            lto: "false".into(),
            debuginfo: serde_json::Value::Null,
            debug_assertions: true,
            overflow_checks: true,
        },
        profile_text: "{}".into(),
        lto: Lto::default(),
        platform: None,
        mode: Mode::Build,
        features: if n < UNITS / 2 { vec![] } else { vec![format!("v{variant}")] },
        is_std: false,
        dependencies: [n.checked_sub(1), n.checked_sub(3)].into_iter().flatten().map(dependency).collect(),
    }
}

/// What a unit's outputs are: one its own, one the same in all, one of some size.
fn outputs(unit: &Unit) -> Vec<(String, Vec<u8>)> {
    let name = &unit.package.name;
    let own = format!("{name} {:?}", unit.features);
    let dep_info = if unit.is_local() { "x: src/lib.rs\n\nsrc/lib.rs:\n" } else { "" };
    vec![
        (format!("lib{name}.rmeta"), own.clone().into_bytes()),
        (format!("lib{name}.rlib"), own.repeat(700).into_bytes()),
        ("common.o".into(), b"common".repeat(900)),
        (format!("{name}.d"), dep_info.as_bytes().to_vec()),
    ]
}

/// What Cargo would do: leave alone what is as it should be, build the rest. A link that
/// leads nowhere, or anything else it cannot build through, is a failed build.
fn cargo(graph: &Graph, build_dir: &Path) -> std::io::Result<BuiltUnits> {
    let mut built = BuiltUnits { matched: Matched::default(), ..BuiltUnits::default() };
    for &index in &graph.order {
        let unit = &graph.units[index];
        let hash = Digest::of(format!("{:?}", unit.features).as_bytes()).short();
        let place = UnitPlace(format!("debug/build/{}/{hash}", unit.package.name));
        let dir = build_dir.join(&place.0);
        let expected = outputs(unit);
        let fresh = dir.join("fingerprint/invoked.timestamp").exists()
            && expected.iter().all(|(name, bytes)| fs::read(dir.join("out").join(name)).ok().as_ref() == Some(bytes));
        if fresh {
            built.fresh.push(index);
        } else {
            fs::create_dir_all(dir.join("fingerprint"))?;
            fs::create_dir_all(dir.join("out"))?;
            fs::write(dir.join("fingerprint/invoked.timestamp"), "now")?;
            for (name, bytes) in expected {
                let temporary = dir.join("out").join(format!("{name}.tmp"));
                fs::write(&temporary, bytes)?;
                fs::rename(&temporary, dir.join("out").join(name))?;
            }
            built.compiled.push(index);
        }
        built.matched.units.insert(index, (0, place));
    }
    // Sources must be older than what is made of them.
    std::thread::sleep(Duration::from_millis(1));
    Ok(built)
}
