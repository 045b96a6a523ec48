//! Traces are written, read back, and refused when anything about them is wrong.

use std::path::Path;

use crate::trace::{NodeId, PlanId, Text, Trace, TraceAction, TraceError, TraceEvent};
use proptest::prelude::*;
use strategies::key::Input;

use super::MadeUnit;

fn parse(bytes: &[u8]) -> Result<Trace, TraceError> {
    Trace::parse(bytes, Path::new("x.trace"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(workspaces in super::workspaces(5)) {
        let trace = super::trace(&workspaces);
        let bytes = trace.to_bytes().unwrap();
        prop_assert_eq!(&parse(&bytes).unwrap(), &trace);
        prop_assert_eq!(trace.to_bytes().unwrap(), bytes, "the same trace is the same bytes");
    }

    #[test]
    fn a_changed_byte_is_noticed(workspaces in super::workspaces(3), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = super::trace(&workspaces).to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(parse(&bytes).is_err(), "byte {} of {}", at, bytes.len());
    }
}

#[test]
fn every_truncation_gets_one_line() {
    let bytes = super::trace(&[vec![MadeUnit::default()]]).to_bytes().unwrap();
    for end in 0..bytes.len() {
        let message = parse(&bytes[..end]).unwrap_err().to_string();
        assert!(!message.contains('\n') && message.contains("x.trace"), "{end}: {message}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(parse(&longer).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn other_files_and_versions_are_refused() {
    let of = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
    assert!(of(b"").contains("is no trace"));
    assert!(of(b"package,version\nserde,1\n").contains("is no trace"));
    assert!(of(b"cargo-cache-trace 99\n{}\n").contains("has version 99"));
}

/// Writes a trace whose tables do not hold together, as a hostile file would.
fn refused(change: impl Fn(&mut Trace)) -> String {
    let other = MadeUnit { package: 1, ..MadeUnit::default() };
    let mut trace = super::trace(&[vec![MadeUnit::default(), other]]);
    change(&mut trace);
    parse(&trace.to_bytes().unwrap()).unwrap_err().to_string()
}

#[test]
fn indexes_that_lead_nowhere_are_refused() {
    let far = u32::MAX - 1;
    assert!(refused(|it| it.strings[0] = "x".into()).contains("first string"));
    assert!(refused(|it| it.units[0].inputs[Input::Features] = Text(far)).contains("names a string"));
    assert!(refused(|it| it.workspaces[0].name = Text(far)).contains("workspace 0"));
    assert!(refused(|it| it.nodes[0].unit.0 = far).contains("of a unit"));
    assert!(refused(|it| it.nodes[0].edges_end = far).contains("edges of node 0"));
    assert!(refused(|it| it.nodes[2].edges_end -= 1).contains("edges of no node"));
    assert!(refused(|it| it.nodes[0].seconds.value = f32::NAN).contains("amount"));
    assert!(refused(|it| it.nodes[0].bytes.value = -1.0).contains("amount"));
    assert!(refused(|it| it.edges[0].node = NodeId(2)).contains("comes before"));
    assert!(refused(|it| it.plans[0].nodes[0] = NodeId(far)).contains("not there, or out of order"));
    assert!(refused(|it| _ = it.plans[0].nodes.remove(0)).contains("lacks a dependency"));
    assert!(refused(|it| it.plans[0].roots[0] = NodeId(far)).contains("what it was asked for"));
    assert!(refused(|it| it.plans[0].workspace.0 = far).contains("workspace or profile"));
    let build = |at, plan| TraceEvent { at, action: TraceAction::Build(PlanId(plan)) };
    assert!(refused(|it| it.events.push(build(0, far))).contains("event 0"));
    assert!(refused(|it| it.events.extend([build(5, 0), build(4, 0)])).contains("event 1"));
}
