//! Properties of every made trace, and of one made from a small trace by hand.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::statistics::{Statistics, compare};
use crate::trace::{Action, Amount, Edge, NodeId, Source, Text, Unit};

const DEV: &str =
    r#"{"name":"dev","opt_level":"0","debuginfo":2,"debug_assertions":true,"overflow_checks":true,"strip":"none"}"#;
const HOST: &str = r#"{"name":"dev","opt_level":"0","debuginfo":0,"debug_assertions":true,"overflow_checks":true,"strip":"debuginfo"}"#;

/// Builds traces by hand.
#[derive(Default)]
pub(crate) struct Hand {
    builder: Builder,
}

impl Hand {
    /// A unit `name version`, of a kind and mode, below others.
    pub(crate) fn node(&mut self, id: &str, kind: &str, mode: &str, profile: &str, below: &[NodeId]) -> NodeId {
        let (name, version) = id.split_once(' ').unwrap();
        let local = version == "0.0.1";
        let slot = format!("{kind}-{name}-{mode}");
        let package = match local {
            true => format!("path ws: {name} {version}"),
            false => format!("registry+https://example.org/index#{name}@{version}"),
        };
        let patch: u32 = version.rsplit('.').next().unwrap().parse().unwrap();
        let b = &mut self.builder;
        let unit = Unit {
            name: b.text(&format!("{name} {slot}")),
            package_name: b.text(name),
            version: b.text(version),
            source: if local { Source::Path } else { Source::Registry },
            package: b.text(&package),
            checksum: b.text(if local { "" } else { "c0ffee" }),
            path: b.text(&if local {
                "ws:src/main.rs".to_owned()
            } else {
                format!("abs:/r/{name}-{version}/src/lib.rs")
            }),
            features: b.text("default"),
            profile: b.text(profile),
            directory: b.text("debug"),
            platform: Text(0),
            toolchain: b.text("t"),
            flags: b.text("f"),
            target: b.text(name),
            kind: b.text(kind),
            crate_types: b.text(if kind == "custom-build" { "bin" } else { kind }),
            edition: b.text("2021"),
            mode: b.text(mode),
            is_std: false,
            manifest: Text(0),
            observed: b.text(if local { name } else { "" }),
            published: if local { 0 } else { 1000 + 10 * patch },
            watches: Text(0),
        };
        let unit = b.unit(unit);
        let edges = below.iter().map(|node| Edge { label: b.text("x "), node: *node }).collect();
        let amount = |value| Amount { value, measured: true };
        b.node(unit, edges, amount(2.0), amount(100.0))
    }

    /// A workspace with a development build; the last node is what is asked for.
    pub(crate) fn workspace(&mut self, name: &str, locked: u32, nodes: &[NodeId]) {
        let workspace = self.builder.workspace(name, locked);
        let root = *nodes.last().unwrap();
        self.builder.plan(workspace, Task::Build, "dev", nodes.to_vec(), vec![root]);
    }

    pub(crate) fn finish(self) -> Trace {
        self.builder.finish(About { title: "by hand".to_owned(), ..About::default() })
    }
}

/// Three programs: two on `log` and a macro, one of them with a build script below; a third on an
/// older `log` and a package that nobody else has.
pub(crate) fn by_hand() -> Trace {
    let mut hand = Hand::default();
    let log = hand.node("log 1.0.3", "lib", "build", DEV, &[]);
    let quote = hand.node("quote 1.0.0", "lib", "build", HOST, &[]);
    let derive = hand.node("derive 1.0.0", "proc-macro", "build", HOST, &[quote]);
    let compile = hand.node("libc 0.2.5", "custom-build", "build", HOST, &[]);
    let run = hand.node("libc 0.2.5", "custom-build", "run-custom-build", DEV, &[compile]);
    let libc = hand.node("libc 0.2.5", "lib", "build", DEV, &[run]);
    let one = hand.node("one 0.0.1", "bin", "build", DEV, &[log, derive]);
    hand.workspace("one", 1100, &[log, quote, derive, one]);
    let two = hand.node("two 0.0.1", "bin", "build", DEV, &[log, derive, libc]);
    hand.workspace("two", 1120, &[log, quote, derive, compile, run, libc, two]);
    let old = hand.node("log 1.0.1", "lib", "build", DEV, &[]);
    let rare = hand.node("rare 2.0.0", "lib", "build", DEV, &[old]);
    let three = hand.node("three 0.0.1", "bin", "build", DEV, &[rare]);
    hand.workspace("three", 1020, &[old, rare, three]);
    hand.finish()
}

fn made(workspaces: usize, seed: u64, updates: u32) -> Trace {
    let options = Options { workspaces, seed, updates, ..Options::default() };
    generate(&Model::learn(&by_hand()), &options, &|_| true).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_made_trace_is_sound_and_the_same_again(workspaces in 0usize..40, seed: u64, updates in 0u32..3) {
        let trace = made(workspaces, seed, updates);
        let bytes = trace.to_bytes().unwrap();
        prop_assert_eq!(&Trace::parse(&bytes, Path::new("made")).unwrap(), &trace);
        prop_assert_eq!(trace.workspaces.len(), workspaces);
        prop_assert_eq!(trace.plans.len(), workspaces * (updates as usize + 1));
        prop_assert_eq!(made(workspaces, seed, updates).to_bytes().unwrap(), bytes);
        for plan in &trace.plans {
            prop_assert!(!plan.roots.is_empty());
            // No unit that nobody needs.
            let needed: BTreeSet<NodeId> = plan.nodes.iter().flat_map(|node| trace.edges(*node)).map(|edge| edge.node).chain(plan.roots.iter().copied()).collect();
            prop_assert!(plan.nodes.iter().all(|node| needed.contains(node)));
            // The same keys can be made of it as of a real one.
            prop_assert_eq!(trace.graph(plan).units.len(), plan.nodes.len());
        }
    }
}

#[test]
fn another_seed_makes_other_bytes() {
    assert_ne!(made(20, 1, 0).to_bytes().unwrap(), made(20, 2, 0).to_bytes().unwrap());
}

#[test]
fn nothing_is_made_of_nothing() {
    let trace = generate(&Model::learn(&Trace::default()), &Options::default(), &|_| true).unwrap();
    assert_eq!(trace.unit_builds(), 0);
    assert!(Trace::parse(&trace.to_bytes().unwrap(), Path::new("made")).is_ok());
}

#[test]
fn the_tail_grows_and_popular_packages_stay() {
    let trace = made(300, 5, 0);
    let names: BTreeSet<&str> = trace.units.iter().map(|unit| trace.text(unit.package_name)).collect();
    assert!(names.contains("log") && names.iter().any(|name| name.starts_with("rare-x")), "{names:?}");
    // Versions that nobody was seen with are used, too: 1.0.2 lies between 1.0.1 and 1.0.3.
    let versions: BTreeSet<&str> = trace
        .units
        .iter()
        .filter(|unit| trace.text(unit.package_name) == "log")
        .map(|it| trace.text(it.version))
        .collect();
    assert!(versions.contains("1.0.1") && versions.contains("1.0.3"), "{versions:?}");
}

#[test]
fn updates_bring_newer_versions() {
    let trace = made(60, 3, 4);
    let newest = |update: usize| -> f64 {
        let plans = trace.plans.iter().skip(update).step_by(5);
        let days: Vec<f64> = plans
            .flat_map(|plan| &plan.nodes)
            .map(|node| f64::from(trace.unit(*node).published))
            .filter(|day| *day > 0.0)
            .collect();
        days.iter().sum::<f64>() / days.len() as f64
    };
    assert!(newest(4) > newest(0), "{} {}", newest(4), newest(0));
}

#[test]
fn what_comes_with_the_harness_can_be_learned_from() {
    let real = shipped().unwrap();
    let options = Options { workspaces: 10, ..Options::default() };
    let trace = generate(&Model::learn(&real), &options, &|_| true).unwrap();
    assert!(Trace::parse(&trace.to_bytes().unwrap(), Path::new("made")).is_ok());
    assert!(Statistics::of(&trace).unit_builds > 1000);
    assert!(trace.events.iter().all(|event| event.action != Action::Toolchain));
}

/// The calibration of `simulation/GENERATE.md`, for one seed, with room for what seeds differ by.
#[test]
fn as_many_workspaces_as_the_real_ones_are_like_them() {
    let real = shipped().unwrap();
    let options = Options {
        workspaces: real.workspaces.len(),
        commands: vec![(Task::Build, "dev".to_owned())],
        ..Options::default()
    };
    let made = generate(&Model::learn(&real), &options, &|_| true).unwrap();
    let close = compare(&Statistics::of(&real), &Statistics::of(&made));
    for label in ["dev build", "workspaces with a package", "units another workspace has", "feature sets, effective"] {
        let distance = close.of(label).unwrap();
        assert!(distance < 0.15, "{label}: KS {distance}");
    }
    for label in ["units another has, mean", "distinct packages", "workspaces with number 100", "in one workspace only"]
    {
        let ratio = close.of(label).unwrap();
        assert!((0.8..1.25).contains(&ratio), "{label}: × {ratio}");
    }
}
