//! What a store of limited size keeps, and what that costs.
//!
//! A history, retention policies by name and size limits give a [`RetentionRow`] for each pair: hit rates, seconds
//! compiled because of evictions, and the bound that no policy of that size can beat.
//! `strategies/simulation/RETENTION.md` says what is assumed and why the bound is one.

mod bound;
mod cap;
mod policies;
mod store;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use records::simulated::RetentionRow;

use crate::history::History;
use bound::ReuseIntervals;
use store::{ArtifactUse, EvictionRule, SimulatedStore};

pub use cap::{Cap, CapError};
pub use policies::{ALL, RetentionPolicy};

/// A replay, build by build.
struct RetentionReplay<'a> {
    history: &'a History,
    pub store: SimulatedStore<'a>,
    policy: Box<dyn EvictionRule + 'a>,
    cap: Option<u64>,
    made: Vec<bool>,
    build: u32,
    tally: RetentionTally,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct RetentionTally {
    pub lookups: u64,
    pub hits: u64,
    /// Microseconds of all that was looked up.
    pub looked_up_us: u64,
    pub reused_us: u64,
    /// Microseconds of what had been stored before, was evicted, and had to be made again.
    pub again_us: u64,
    pub evicted_bytes: u64,
    pub peak_bytes: u64,
}

impl<'a> RetentionReplay<'a> {
    pub fn new(history: &'a History, policy: &RetentionPolicy, cap: Option<u64>) -> RetentionReplay<'a> {
        RetentionReplay {
            history,
            store: SimulatedStore::new(history),
            policy: (policy.make)(history),
            cap,
            made: vec![false; history.artifacts()],
            build: 0,
            tally: RetentionTally::default(),
        }
    }

    /// Replays the next build. Returns whether there was one.
    pub fn step(&mut self) -> bool {
        let history = self.history;
        let Some(build) = history.builds.get(self.build as usize) else { return false };
        let number = self.build;
        for at in build.present.start..build.wanted.end {
            let artifact = history.uses[at];
            let there = self.store.has(artifact);
            if at >= build.wanted.start {
                self.look_up(artifact, there);
            } else if !there {
                continue;
            }
            let of = ArtifactUse { build: number, next: history.next[at], fresh: !there };
            let rank = self.policy.used(artifact, of);
            self.store.set_rank(artifact, rank);
        }
        self.store.line_up(history.used(build));
        self.policy.collect(&mut self.store, number, self.cap);
        self.store.build_ends();
        self.build += 1;
        true
    }

    pub fn tally(&self) -> RetentionTally {
        RetentionTally { evicted_bytes: self.store.evicted_bytes, peak_bytes: self.store.peak, ..self.tally }
    }

    fn look_up(&mut self, artifact: u32, there: bool) {
        let at = artifact as usize;
        let cost = self.history.cost[at];
        let made = std::mem::replace(&mut self.made[at], true);
        self.tally.lookups += 1;
        self.tally.looked_up_us += cost;
        if there {
            self.tally.hits += 1;
            self.tally.reused_us += cost;
            return;
        }
        if made {
            self.tally.again_us += cost;
        }
        self.store.insert(artifact);
    }
}

fn replay(history: &History, policy: &RetentionPolicy, cap: Option<u64>) -> RetentionTally {
    let mut replay = RetentionReplay::new(history, policy, cap);
    while replay.step() {}
    replay.tally()
}

/// A size limit, and the most that any policy can reuse under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionBound {
    cap: Cap,
    most_reused_us: u64,
}

/// The bound of each size limit, that no policy can beat.
pub fn bounds(history: &History, caps: &[Cap]) -> Vec<RetentionBound> {
    let intervals = ReuseIntervals::of(history);
    caps.par_iter().map(|cap| RetentionBound { cap: *cap, most_reused_us: intervals.most_reused(cap.0) }).collect()
}

/// A policy under every size limit, as many at a time as there are cores; `key` is the key policy of the history.
pub fn outcomes(
    history: &History,
    key: &str,
    policy: &RetentionPolicy,
    bounds: &[RetentionBound],
) -> Vec<RetentionRow> {
    let refused_s = history.builds.iter().map(|build| build.refused_s).sum();
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let seconds = |microseconds: u64| microseconds as f64 / 1e6;
    let outcome = |bound: &RetentionBound| {
        let tally = replay(history, policy, bound.cap.0);
        let evicted_bytes = tally.evicted_bytes as f64;
        let rebuilt_again_s = seconds(tally.again_us);
        RetentionRow {
            policy: policy.name.to_owned(),
            key: key.to_owned(),
            cap_bytes: bound.cap.0,
            hit_rate: share(tally.hits, tally.lookups),
            hit_rate_by_cost: share(tally.reused_us, tally.looked_up_us),
            rebuilt_s: seconds(tally.looked_up_us - tally.reused_us),
            refused_s,
            bound_s: seconds(tally.looked_up_us.saturating_sub(bound.most_reused_us)),
            evicted_bytes,
            rebuilt_again_s,
            rebuilt_s_per_gb: (tally.evicted_bytes > 0).then(|| rebuilt_again_s / (evicted_bytes / 1e9)),
            peak_bytes: tally.peak_bytes as f64,
        }
    };
    bounds.par_iter().with_max_len(1).map(outcome).collect()
}
