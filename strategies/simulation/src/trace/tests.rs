//! A small trace by hand.

use super::*;
use strategies::key::{Input, KeyInputs};

const DEV: &str =
    r#"{"name":"dev","opt_level":"0","debuginfo":2,"debug_assertions":true,"overflow_checks":true,"strip":"none"}"#;
const HOST: &str = r#"{"name":"dev","opt_level":"0","debuginfo":0,"debug_assertions":true,"overflow_checks":true,"strip":"debuginfo"}"#;

/// A unit `name version` of a kind and mode with its dependencies; 0.0.1 is the version of path packages.
fn node(b: &mut TraceBuilder, id: &str, kind: &str, mode: &str, profile: &str, dependencies: &[NodeId]) -> NodeId {
    let (name, version) = id.split_once(' ').unwrap();
    let local = version == "0.0.1";
    let package = match local {
        true => format!("path ws: {name} {version}"),
        false => format!("registry+https://example.org/index#{name}@{version}"),
    };
    let path = if local { "ws:src/main.rs".to_owned() } else { format!("abs:/r/{name}-{version}/src/lib.rs") };
    let mut inputs = KeyInputs::default();
    for (input, text) in [
        (Input::PackageName, name),
        (Input::Version, version),
        (Input::PackageId, &package),
        (Input::Checksum, if local { "" } else { "c0ffee" }),
        (Input::SourcePath, &path),
        (Input::Features, "default"),
        (Input::Profile, profile),
        (Input::ProfileDirectory, "debug"),
        (Input::TargetName, name),
        (Input::TargetKind, kind),
        (Input::CrateTypes, if kind == "custom-build" { "bin" } else { kind }),
        (Input::Mode, mode),
    ] {
        inputs[input].push_str(text);
    }
    let source = if local { TraceSource::Path } else { TraceSource::Registry };
    let unit = TraceUnit { observed: b.text(if local { name } else { "" }), ..b.unit_of(&inputs, source) };
    let unit = b.unit(unit);
    let label = b.text("x ");
    let edges = dependencies.iter().map(|node| Edge { label, node: *node }).collect();
    let amount = |value| Amount { value, measured: true };
    let node = b.node(unit, edges);
    b.cost(node, amount(2.0), amount(100.0));
    node
}

/// A workspace with a development build; the last node is what is asked for.
fn workspace(b: &mut TraceBuilder, name: &str, nodes: &[NodeId]) {
    let workspace = b.workspace(name);
    b.plan(workspace, TraceTask::Build, "dev", nodes.to_vec(), vec![*nodes.last().unwrap()]);
}

/// Three programs: two that use `log` and a macro, one of them with a build script among its dependencies; a third that
/// uses an older `log` and a package that no other has.
pub(crate) fn by_hand() -> Trace {
    let mut b = TraceBuilder::default();
    let b = &mut b;
    let log = node(b, "log 1.0.3", "lib", "build", DEV, &[]);
    let quote = node(b, "quote 1.0.0", "lib", "build", HOST, &[]);
    let derive = node(b, "derive 1.0.0", "proc-macro", "build", HOST, &[quote]);
    let compile = node(b, "libc 0.2.5", "custom-build", "build", HOST, &[]);
    let run = node(b, "libc 0.2.5", "custom-build", "run-custom-build", DEV, &[compile]);
    let libc = node(b, "libc 0.2.5", "lib", "build", DEV, &[run]);
    let one = node(b, "one 0.0.1", "bin", "build", DEV, &[log, derive]);
    workspace(b, "one", &[log, quote, derive, one]);
    let two = node(b, "two 0.0.1", "bin", "build", DEV, &[log, derive, libc]);
    workspace(b, "two", &[log, quote, derive, compile, run, libc, two]);
    let old = node(b, "log 1.0.1", "lib", "build", DEV, &[]);
    let rare = node(b, "rare 2.0.0", "lib", "build", DEV, &[old]);
    let three = node(b, "three 0.0.1", "bin", "build", DEV, &[rare]);
    workspace(b, "three", &[old, rare, three]);
    std::mem::take(b).finish(About { title: "by hand".to_owned(), ..About::default() })
}

#[test]
fn equal_things_are_one_row_and_a_measurement_replaces_an_estimate() {
    let trace = by_hand();
    assert_eq!((trace.strings[0].as_str(), trace.units.len(), trace.nodes.len()), ("", 11, 11));
    let mut builder = TraceBuilder::default();
    let unit = trace.units[0];
    let amount = |value, measured| Amount { value, measured };
    let unit = builder.unit(unit);
    let [once, again] = [0, 1].map(|_| builder.node(unit, Vec::new()));
    builder.cost(once, amount(1.0, false), amount(5.0, true));
    builder.cost(again, amount(3.0, true), amount(9.0, true));
    assert_eq!(once, again);
    let trace = builder.finish(About::default());
    assert_eq!((trace.nodes[0].seconds, trace.nodes[0].bytes), (amount(3.0, true), amount(5.0, true)));
}

#[test]
fn every_input_of_a_unit_is_written_and_read() {
    let mut trace = by_hand();
    for input in Input::of_unit() {
        // The file has no text for this one.
        let text = if input == Input::BuildStd { "std" } else { input.info().name };
        trace.units[0].inputs[input] = Text(trace.strings.len() as u32);
        trace.strings.push(text.to_owned());
    }
    let read = Trace::parse(&trace.to_bytes().unwrap(), std::path::Path::new("x.trace")).unwrap();
    assert_eq!(read, trace);
}
