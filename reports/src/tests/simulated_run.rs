//! A small handmade simulation with every table: `fixtures/simulation`.

use std::path::Path;

use crate::simulation::{SimulationRun, read};

/// Three policies and a relaxed one; the widest is called `wide`.
pub fn simulation(wide: &str) -> SimulationRun {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/fixtures/simulation");
    let mut run = read(&dir).unwrap();
    let curve = run.curve.iter_mut().map(|row| &mut row.policy);
    let relaxations = run.relaxations.iter_mut().map(|row| &mut row.policy);
    let keys = run.retention.iter_mut().map(|row| &mut row.key).chain(run.growth.iter_mut().map(|row| &mut row.key));
    let policies = curve.chain(relaxations).chain(run.misses.iter_mut().map(|row| &mut row.policy));
    let policies = policies.chain(run.sharing.iter_mut().map(|row| &mut row.policy));
    let policies = policies.chain(run.remote.iter_mut().map(|row| &mut row.policy)).chain(keys);
    policies.for_each(|name| *name = name.replace("aggressive", wide));
    run
}
