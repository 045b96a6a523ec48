//! What these tests share: a made-up registry, workspaces, and one build under a strategy
//! step by step, with the Cargo that runs the test.
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use strategies::Strategy;
use strategies::graph::Graph;
use strategies::graph::matching::BuiltUnits;
use strategies::graph::messages::Messages;
use strategies::key::Context;
use strategies::store::Store;
use strategies::units::{Decision, PublishOutcome, RestoreOutcome, Session, Units, plan, publish, restore};

/// A temporary directory with a registry and workspaces.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let config = "[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = ";
        place.write("home/config.toml", &format!("{config}{:?}\n", place.at("vendor")));
        place
    }

    pub fn at(&self, relative: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.at(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A crate in the registry; `manifest` follows the package's name, version and edition.
    pub fn publish(&self, name: &str, manifest: &str, files: &[(&str, &str)]) {
        let dir = format!("vendor/{name}-1.0.0");
        self.package(&dir, name, manifest, files);
        let sum = strategies::key::Digest::of(name.as_bytes());
        self.write(&format!("{dir}/.cargo-checksum.json"), &format!("{{\"files\":{{}},\"package\":\"{sum}\"}}"));
    }

    /// A workspace of one package.
    pub fn workspace(&self, name: &str, manifest: &str, files: &[(&str, &str)]) {
        self.package(name, name, &format!("{manifest}\n[workspace]\n"), files);
    }

    fn package(&self, dir: &str, name: &str, manifest: &str, files: &[(&str, &str)]) {
        let head = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
        self.write(&format!("{dir}/Cargo.toml"), &format!("{head}{manifest}"));
        for (path, text) in files {
            self.write(&format!("{dir}/{path}"), text);
        }
    }
}

/// A strategy by name.
pub fn units(name: &str) -> Units {
    match strategies::Catalog::with([]).select(name).unwrap().remove(0).1 {
        Strategy::Units(units) => units,
        other => panic!("{other:?}"),
    }
}

/// A strategy with its store, and the workspace `top`, which it has built.
pub fn built(place: &Place, name: &str) -> (Units, Box<dyn Store>, Site) {
    let units = units(name);
    let store = units.store.open(&place.at("store")).unwrap();
    let site = Site::new(place, "top");
    site.build(&units, &*store);
    (units, store, site)
}

/// A workspace where it is built.
pub struct Site {
    pub dir: PathBuf,
    pub target: PathBuf,
    pub graph: Graph,
    pub context: Context,
    env: BTreeMap<String, String>,
}

impl Site {
    /// Asks Cargo what there is to build.
    pub fn new(place: &Place, workspace: &str) -> Self {
        let (dir, target) = (place.at(workspace), place.at(&format!("target-{workspace}")));
        let mut env: BTreeMap<String, String> = ["PATH", "HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "TMPDIR"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
            .collect();
        let own = [
            ("CARGO_HOME", place.at("home").display().to_string()),
            ("CARGO_TARGET_DIR", target.display().to_string()),
            ("CARGO_NET_OFFLINE", "true".to_owned()),
            ("__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS", "nightly".to_owned()),
        ];
        env.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let rustc = Command::new("rustc").arg("-vV").env_clear().envs(&env).output().unwrap();
        assert!(rustc.status.success());
        let graph = cargo(&dir, &env, &["--unit-graph", "-Zunstable-options"]);
        let graph = Graph::parse(std::str::from_utf8(&graph.stdout).unwrap()).unwrap();
        let verbose = String::from_utf8(rustc.stdout).unwrap();
        let context = Context::new(&dir, &place.at("home"), &target, &target, &verbose, env.clone());
        Self { dir, target, graph, context, env }
    }

    pub fn session<'a>(&'a self, units: &'a Units, store: &'a dyn Store) -> Session<'a> {
        Session { units, store, graph: &self.graph, context: &self.context }
    }

    pub fn wipe(&self) {
        let _ = fs::remove_dir_all(&self.target);
    }

    /// Has Cargo build, whatever is there.
    pub fn cargo(&self) -> BuiltUnits {
        let started = SystemTime::now();
        let output = cargo(&self.dir, &self.env, &["--message-format=json-render-diagnostics"]);
        let mut messages = Messages::default();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            messages.line(&self.context.layout, line, 0.0);
        }
        BuiltUnits::of(&self.graph, &self.context.layout, &messages, started)
    }

    /// Plan, restore, Cargo, publish.
    pub fn build(&self, units: &Units, store: &dyn Store) -> Done {
        let session = self.session(units, store);
        let mut plan = plan(&session);
        let restored = restore(&session, &mut plan).unwrap();
        let built = self.cargo();
        let published = publish(&session, &mut plan, &built, &HashMap::new(), "test").unwrap();
        Done { restored, built, published }
    }

    /// Units by what is planned for them in an empty build directory: hits and misses.
    pub fn planned(&self, units: &Units, store: &dyn Store) -> (Vec<String>, Vec<String>) {
        let plan = plan(&self.session(units, store));
        let of = |wanted: fn(&Decision) -> bool| {
            let chosen = plan.units.iter().enumerate().filter(|(_, unit)| wanted(&unit.decision));
            chosen.map(|(index, _)| self.label(index)).collect()
        };
        (of(|decision| matches!(decision, Decision::Hit(_))), of(|decision| matches!(decision, Decision::Miss)))
    }

    /// `package kind mode`.
    pub fn label(&self, index: usize) -> String {
        let unit = &self.graph.units[index];
        format!("{} {} {}", unit.package.name, unit.target.kind_label(), unit.mode.as_str())
    }

    /// What the built program prints.
    pub fn run(&self, bin: &str) -> String {
        let output = Command::new(self.target.join("debug").join(bin)).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A finished build.
pub struct Done {
    pub restored: RestoreOutcome,
    pub built: BuiltUnits,
    pub published: PublishOutcome,
}

fn cargo(dir: &Path, env: &BTreeMap<String, String>, args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO"))
        .args(["build", "-Zbuild-dir-new-layout"])
        .args(args)
        .current_dir(dir)
        .env_clear()
        .envs(env)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
