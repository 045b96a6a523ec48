//! Measured steps that compile nothing: `cargo clean`, and collection of the store.
//!
//! Both say how many bytes they free; the ledger says how many were freed. What build
//! directory and store share is promised by either and freed by the last.

use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use corpora::scenario::Step;
use records::quantity::parse_size;
use strategies::retention::StoreLimits;
use strategies::store::Store;
use strategies::store::collect::{CollectError, CollectRequest, CollectStep, collect};

use super::Arm;
use crate::checks::shallow_damage;
use crate::confinement;
use crate::deadline::BuildError;
use crate::step::{Maintenance, StepOutcome};
use exec::cpu::own_cpu;
use exec::process::ProcessError;

impl Arm<'_> {
    pub(super) fn clean(&mut self, step: &Step, workspace: usize) -> Result<StepOutcome> {
        let name = step.trees.first().context("a step without a working copy")?;
        let options = self.build_options(step, name);
        let site = self.copies(workspace)?.copy(name)?.site.clone();
        self.ledger.begin();
        let deadline = self.env.deadline();
        let spec = deadline.on(site.cargo(self.env, &options, &site.clean_args(self.env)));
        let finished = self.env.run(&spec, &mut |_, _| ());
        let finished = match finished.map_err(|error| deadline.annotate("`cargo clean`", error)) {
            Ok(finished) => finished,
            Err(error @ BuildError::TooLong { .. }) => {
                self.ledger.end(&self.integration.kept_dirs(), &[&site.target_dir]);
                self.note_cut_off(&step.name, workspace, &error);
                return Ok(StepOutcome::Failed(error.to_string()));
            }
            Err(error @ BuildError::Process(ProcessError::LeftLinks { .. })) => {
                self.ledger.end(&self.integration.kept_dirs(), &[&site.target_dir]);
                return Ok(StepOutcome::Failed(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        let disk = self.ledger.end(&self.integration.kept_dirs(), &[&site.target_dir]);
        if !finished.status.success() {
            return Ok(StepOutcome::Failed(confinement::annotate(self.env, finished.stderr_text())));
        }
        self.copies_mut(workspace)?.copy_mut(name)?.cold = true;
        let promised = finished.stderr_tail.iter().rev().find_map(|line| promised(line));
        let damage = self.integration.store().map(shallow_damage);
        let cpu = (finished.user, finished.sys);
        Ok(StepOutcome::Maintained(Box::new(Maintenance { wall: finished.wall, cpu, promised, disk, damage })))
    }

    pub(super) fn collect(&mut self, step: &Step, workspace: usize, keep_percent: u8) -> Result<StepOutcome> {
        let Some(store) = self.integration.store() else {
            return Ok(StepOutcome::Unsupported("it has no store to collect".to_owned()));
        };
        let name = step.trees.first().context("a step without a working copy")?;
        let target = self.copies(workspace)?.copy(name)?.site.target_dir.clone();
        self.ledger.begin();
        let request = down_to(store, keep_percent)?;
        let (started, own_before) = (Instant::now(), own_cpu());
        let promised = collect(store, &request, &mut go_on)?.promised;
        let (wall, own) = (started.elapsed(), own_cpu().saturating_sub(own_before));
        let damage = Some(shallow_damage(store));
        let disk = self.ledger.end(&self.integration.kept_dirs(), &[&target]);
        self.seen.clear(); // What is left of it promises nothing.
        let cpu = (own, Duration::ZERO);
        Ok(StepOutcome::Maintained(Box::new(Maintenance { wall, cpu, promised: Some(promised), disk, damage })))
    }
}

/// What has to be asked for, so that this part of what a store holds is left.
fn down_to(store: &dyn Store, keep_percent: u8) -> Result<CollectRequest, CollectError> {
    let unlimited = CollectRequest {
        limits: StoreLimits::default(),
        snapshots: false,
        now: SystemTime::now(),
        wait: true,
        dry_run: true,
        deep: false,
    };
    let size = collect(store, &unlimited, &mut go_on)?.bytes_before;
    let limits = StoreLimits { max_bytes: Some(size / 100 * u64::from(keep_percent)), ..StoreLimits::default() };
    Ok(CollectRequest { limits, dry_run: false, ..unlimited })
}

fn go_on(_: &CollectStep) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The bytes in Cargo's line `Removed 123 files, 45.6MiB total`.
fn promised(line: &str) -> Option<u64> {
    let (_, rest) = line.trim().strip_prefix("Removed ")?.split_once(' ')?;
    match rest.split_once(", ") {
        Some((_, size)) => parse_size(size.strip_suffix(" total")?).ok(),
        None => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_what_it_removed() {
        assert_eq!(promised("     Removed 1234 files, 45.5MiB total"), Some(45 * 1024 * 1024 + 512 * 1024));
        assert_eq!(promised("     Removed 3 files, 12B total"), Some(12));
        assert_eq!(promised("     Removed 0 files"), Some(0));
        assert_eq!(promised("   Compiling removed v1.0.0"), None);
    }
}
