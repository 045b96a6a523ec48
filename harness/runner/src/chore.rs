//! Measured steps that compile nothing: `cargo clean`, and collection of the store.
//!
//! Both say how many bytes they free; the ledger says how many were freed. What build
//! directory and store share is promised by either and freed by the last.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result};
use corpora::scenario::{Step, Task};
use records::{Status, StepRow};
use strategies::retention::Limits;
use strategies::store::Store;
use strategies::store::collect::{CollectError, Request, Step as CollectStep, collect};

use super::arm::Arm;
use super::build::BuildError;
use super::checks::shallow_damage;
use super::confinement;
use super::ledger::DiskUse;
use super::rows::{Chore, Identity};
use crate::quantity::parse_size;
use exec::cpu::own_cpu;
use exec::process::ProcessError;

impl Arm<'_> {
    /// `cargo clean` of a working copy.
    ///
    /// # Errors
    /// When the run is interrupted. A `cargo clean` that fails is a row.
    pub(super) fn clean_step(&mut self, identity: &Identity, step: &Step, workspace: usize) -> Result<StepRow> {
        let name = step.trees.first().context("a step without a working copy")?;
        let recipe = self.recipe(step, name);
        let site = self.place(workspace)?.copy(name)?.site.clone();
        self.ledger.begin();
        let deadline = self.lab.deadline();
        let spec = deadline.on(site.cargo(self.lab, &recipe, &site.clean_args(self.lab)));
        let finished = self.lab.run(&spec, &mut |_, _| ());
        let finished = match finished.map_err(|error| deadline.told("`cargo clean`", error)) {
            Ok(finished) => finished,
            Err(error @ BuildError::TooLong { .. }) => {
                self.ledger.end(self.store_dir.as_deref(), &[&site.target_dir]);
                self.cut_off(&step.name, workspace, &error);
                return Ok(identity.row(&self.strategy, Status::Failed, error.to_string()));
            }
            Err(error @ BuildError::Process(ProcessError::LeftLinks { .. })) => {
                self.ledger.end(self.store_dir.as_deref(), &[&site.target_dir]);
                return Ok(identity.row(&self.strategy, Status::Failed, error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        let disk = self.ledger.end(self.store_dir.as_deref(), &[&site.target_dir]);
        if !finished.status.success() {
            let note = confinement::annotate(self.lab, finished.stderr_text());
            return Ok(identity.row(&self.strategy, Status::Failed, note));
        }
        self.place_mut(workspace)?.copy_mut(name)?.cold = true;
        let promised = finished.stderr_tail.iter().rev().find_map(|line| promised(line));
        let damage = self.store.as_deref().map(shallow_damage);
        let chore = Chore { wall: finished.wall, usage: (finished.user, finished.sys), promised, disk, damage };
        Ok(identity.chore(&self.strategy, &chore))
    }

    /// Collection of the arm's store down to a part of what it holds.
    ///
    /// # Errors
    /// When the store cannot be read or changed.
    pub(super) fn collect_step(&mut self, identity: &Identity, step: &Step, workspace: usize) -> Result<StepRow> {
        let Task::Collect { keep_percent } = step.run else {
            anyhow::bail!("a step that collects nothing");
        };
        let Some(store) = self.store.as_deref() else {
            return Ok(identity.row(&self.strategy, Status::Unsupported, "it has no store to collect".to_owned()));
        };
        let name = step.trees.first().context("a step without a working copy")?;
        let target = self.place(workspace)?.copy(name)?.site.target_dir.clone();
        self.ledger.begin();
        let request = down_to(store, keep_percent)?;
        let (started, own_before) = (Instant::now(), own_cpu());
        let promised = collect(store, &request, &mut go_on)?.promised;
        let (wall, own) = (started.elapsed(), own_cpu().saturating_sub(own_before));
        let damage = Some(shallow_damage(store));
        let dir: Option<PathBuf> = self.store_dir.clone();
        let disk: DiskUse = self.ledger.end(dir.as_deref(), &[&target]);
        self.seen.clear(); // What is left of it promises nothing.
        let usage = (own, std::time::Duration::ZERO);
        Ok(identity.chore(&self.strategy, &Chore { wall, usage, promised: Some(promised), disk, damage }))
    }
}

/// What has to be asked for, so that this part of what a store holds is left.
fn down_to(store: &dyn Store, keep_percent: u8) -> Result<Request, CollectError> {
    let unlimited =
        Request { limits: Limits::default(), now: SystemTime::now(), wait: true, dry_run: true, deep: false };
    let held = collect(store, &unlimited, &mut go_on)?.bytes_before;
    let limits = Limits { max_bytes: Some(held / 100 * u64::from(keep_percent)), ..Limits::default() };
    Ok(Request { limits, dry_run: false, ..unlimited })
}

fn go_on(_: &CollectStep<'_>) -> ControlFlow<()> {
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
