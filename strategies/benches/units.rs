//! Planning and restoring at the size of a real project.
//!
//! A graph of 220 library units with 1.99 dependencies each (bat's graph has 1.84) is published
//! into a store, then planned and restored into an empty build directory. `plan` is everything beyond Cargo's own unit-graph call: parsing
//! the graph, keys, lookups. `restore` is what the link mode costs, 7 files a unit of which
//! 2 are shared, and again with 60 shared files a unit for a rate by file.

// A bench that cannot be set up has nothing to measure.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use strategies::graph::Graph;
use strategies::graph::layout::{FileSharing, Layout, UnitPlace};
use strategies::graph::matching::BuiltUnits;
use strategies::graph::messages::Messages;
use strategies::key::{BaseKey, ContentDigest, Context, Digest, Key, KeyInputs};
use strategies::link::LinkMode;
use strategies::store::{Bytes, Entry, FORMAT, FileRecord, check};
use strategies::units::{Session, Units, plan, publish, restore};
use strategies::{Catalog, Strategy};

const UNITS: usize = 220;

/// What a unit depends on: two earlier ones, so that the graph is as shallow as real ones.
fn deps(at: usize) -> Vec<usize> {
    let mut deps: Vec<usize> = [at / 2, at / 3].into_iter().filter(|dep| *dep < at).collect();
    deps.dedup();
    deps
}

/// The graph in Cargo's format.
fn graph_json() -> String {
    let units: Vec<_> = (0..UNITS)
        .map(|at| {
            let deps: Vec<_> = deps(at).into_iter().map(|index| serde_json::json!({"index": index, "extern_crate_name": format!("d{index}"), "public": false, "noprelude": false}))
                .collect();
            serde_json::json!({
                "pkg_id": id(at),
                "target": {"kind": ["lib"], "crate_types": ["lib"], "name": format!("p{at}"), "src_path": format!("/home/x/p{at}/src/lib.rs"), "edition": "2021"},
                "profile": {"name": "dev", "opt_level": "0", "lto": "false", "codegen_units": null, "debuginfo": 2, "debug_assertions": true, "overflow_checks": true,
                    "rpath": false, "incremental": false, "panic": "unwind", "strip": {"deferred": "None"}},
                "platform": null, "mode": "build", "features": ["default", "std"], "dependencies": deps,
            })
        })
        .collect();
    serde_json::json!({"version": 1, "units": units, "roots": [UNITS - 1]}).to_string()
}

fn id(at: usize) -> String {
    format!("registry+https://example.org/index#p{at}@1.0.0")
}

/// What Cargo would leave behind: unit directories with fingerprints, and its messages.
fn build(dir: &Path, shared_files: usize) -> Messages {
    let layout = Layout { build_dir: dir.to_owned() };
    let mut messages = Messages::default();
    for at in 0..UNITS {
        let unit = dir.join(format!("debug/build/p{at}/{at:016x}"));
        for folder in ["fingerprint", "out"] {
            fs::create_dir_all(unit.join(folder)).unwrap();
        }
        let fingerprint = format!("{:016x}", (at as u64 + 1).swap_bytes());
        let deps: Vec<_> =
            deps(at).into_iter().map(|dep| (dep as u64, format!("d{dep}"), false, dep as u64 + 1)).collect();
        for (name, text) in [
            (format!("lib-p{at}"), fingerprint),
            (format!("lib-p{at}.json"), serde_json::json!({"rustc": 1, "deps": deps, "local": []}).to_string()),
            (format!("dep-lib-p{at}"), "x".repeat(60)),
            ("invoked.timestamp".to_owned(), "This file has an mtime of when this was started.".to_owned()),
        ] {
            fs::write(unit.join("fingerprint").join(name), text).unwrap();
        }
        fs::write(unit.join(format!("out/p{at}.d")), format!("out/libp{at}.rlib: /home/x/p{at}/src/lib.rs\n")).unwrap();
        fs::write(unit.join(format!("out/libp{at}.rmeta")), format!("rmeta {at}").repeat(500)).unwrap();
        for file in 1..shared_files {
            fs::write(unit.join(format!("out/lib{file}.rlib")), format!("rlib {at} {file}").repeat(500)).unwrap();
        }
        let line = serde_json::json!({
            "reason": "compiler-artifact", "package_id": id(at),
            "target": {"kind": ["lib"], "crate_types": ["lib"], "name": format!("p{at}"), "src_path": "/x", "edition": "2021"},
            "profile": {"opt_level": "0", "debuginfo": 2, "debug_assertions": true, "overflow_checks": true, "test": false},
            "features": ["default", "std"], "filenames": [unit.join(format!("out/libp{at}.rmeta")), unit.join("out/lib1.rlib")], "fresh": false,
        });
        messages.line(&layout, &line.to_string(), 0.0);
    }
    messages
}

fn context(root: &Path, target: &Path) -> Context {
    Context::new(root, &root.join("cargo-home"), target, target, "rustc 1.95.0", BTreeMap::new())
}

fn units_of(name: &str) -> Units {
    match Catalog::with([]).select(name).unwrap()[0].1 {
        Strategy::Units(units) => units,
        _ => unreachable!("{name} restores units"),
    }
}

/// Publishes the graph with a link mode and returns the directory that holds the store.
fn filled(name: &str, shared_files: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("built");
    let messages = build(&target, shared_files);
    let graph = Graph::parse(&graph_json()).unwrap();
    let units = units_of(name);
    let store = units.store.open(&dir.path().join("store")).unwrap();
    let context = context(dir.path(), &target);
    let session = Session { units: &units, store: store.as_ref(), graph: &graph, context: &context };
    let mut planned = plan(&session);
    let built = BuiltUnits::of(&graph, &context.layout, &messages, SystemTime::UNIX_EPOCH);
    let published = publish(&session, &mut planned, &built, &Default::default(), "bench").unwrap();
    assert_eq!(published.units.len(), UNITS, "{:?}", published.left_out);
    dir
}

fn planning(c: &mut Criterion) {
    let dir = filled("hardlink+aggressive", 2);
    let units = units_of("hardlink+aggressive");
    let store = units.store.open(&dir.path().join("store")).unwrap();
    let json = graph_json();
    let target = dir.path().join("empty");
    c.bench_function("plan/220 units, all hits", |b| {
        b.iter(|| {
            let graph = Graph::parse(black_box(&json)).unwrap();
            let context = context(dir.path(), &target);
            let session = Session { units: &units, store: store.as_ref(), graph: &graph, context: &context };
            let planned = plan(&session);
            assert_eq!(planned.units.iter().filter(|unit| unit.hit().is_some()).count(), UNITS);
        });
    });
}

fn restoring(c: &mut Criterion) {
    let mut group = c.benchmark_group("restore");
    group.sample_size(20);
    for (mode, shared_files) in [("hardlink", 2), ("symlink", 2), ("copy", 2), ("in-place", 2), ("hardlink", 60)] {
        let name = format!("{mode}+aggressive");
        let dir = filled(&name, shared_files);
        let units = units_of(&name);
        let store = units.store.open(&dir.path().join("store")).unwrap();
        let graph = Graph::parse(&graph_json()).unwrap();
        let target = dir.path().join("target");
        let context = context(dir.path(), &target);
        let session = Session { units: &units, store: store.as_ref(), graph: &graph, context: &context };
        group.throughput(Throughput::Elements((UNITS * (shared_files + 5)) as u64));
        group.bench_function(format!("{mode}, {shared_files} shared and 5 private files a unit"), |b| {
            b.iter_batched(
                || {
                    let _ = fs::remove_dir_all(&target);
                    plan(&session)
                },
                |mut planned| {
                    let restored = restore(&session, &mut planned).unwrap();
                    assert_eq!(restored.units.len(), UNITS);
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// What `~verify` adds to a plan, from the page cache.
fn verifying(c: &mut Criterion) {
    const FILES: usize = 8;
    const SIZE: usize = 8 << 20;
    let dir = tempfile::tempdir().unwrap();
    let store = units_of("copy+aggressive").store.open(&dir.path().join("store")).unwrap();
    let unit_dir = dir.path().join("debug/build/a/0f");
    fs::create_dir_all(unit_dir.join("out")).unwrap();
    let file = |at: usize| {
        let path = format!("out/lib{at}.rlib");
        let bytes: Vec<u8> = (0..SIZE).map(|byte| (byte * (at + 7) / 3) as u8).collect();
        fs::write(unit_dir.join(&path), &bytes).unwrap();
        let bytes = Bytes::Stored(Some(Digest::of(&bytes)));
        FileRecord { path, size: SIZE as u64, executable: false, mode: None, share: FileSharing::Shared, bytes }
    };
    let key = Key::of(b"verified");
    let entry = Entry {
        format: FORMAT,
        key,
        base: BaseKey(*key),
        package: "a".into(),
        slot: "lib a build".into(),
        place: UnitPlace("debug/build/a/0f".into()),
        inputs: (&KeyInputs::default()).into(),
        observed: None,
        content: ContentDigest(*key),
        stamp: Duration::from_secs(1_000_000_000),
        cost_s: None,
        created: 0.0,
        publishers: vec!["w".into()],
        files: (0..FILES).map(file).collect(),
        session: None,
        folders: Vec::new(),
    };
    store.add(&entry, &unit_dir, LinkMode::Copy).unwrap();
    let mut group = c.benchmark_group("verify");
    group.throughput(Throughput::Bytes((FILES * SIZE) as u64));
    group.bench_function("8 files of 8 MiB", |b| b.iter(|| assert!(check(store.as_ref(), &entry, true).is_empty())));
    group.finish();
}

criterion_group!(benches, planning, restoring, verifying);
criterion_main!(benches);
