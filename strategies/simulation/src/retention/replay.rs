//! A history under one retention policy and one size limit.
//!
//! After every build: what it looked up and missed is compiled and stored; all it used of the store counts as used now,
//! including what its build directory had by itself; then the policy collects. During a build the store may be over its
//! limit, as a real one is that collects afterwards. What a build directory has and the store does not is not stored
//! again.

use rayon::prelude::*;

use super::bound::ReuseIntervals;
use super::cap::Cap;
use super::flat::{FlatHistory, seconds};
use super::store::SimulatedStore;
use super::{ArtifactUse, EvictionRule, RetentionPolicy};

/// A replay, build by build.
pub struct RetentionReplay<'a> {
    flat: &'a FlatHistory,
    store: SimulatedStore<'a>,
    policy: Box<dyn EvictionRule + 'a>,
    cap: Option<u64>,
    made: Vec<bool>,
    build: u32,
    tally: RetentionTally,
}

/// The counts of a replay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionTally {
    /// Artifacts that builds looked up in the store.
    pub lookups: u64,
    /// The number of these that it had.
    pub hits: u64,
    /// Microseconds of all that was looked up.
    pub looked_up_us: u64,
    /// Microseconds of what the store had.
    pub reused_us: u64,
    /// Microseconds of what had been stored before, was evicted, and had to be made again.
    pub again_us: u64,
    /// Bytes evicted.
    pub evicted_bytes: u64,
    /// The most bytes at the end of any build.
    pub peak_bytes: u64,
}

/// The outcome of one policy and size limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetentionOutcome {
    /// Name of the policy.
    pub policy: &'static str,
    /// The size limit, bytes; nothing for none.
    pub cap_bytes: Option<u64>,
    /// Artifacts that builds looked up in the store.
    pub lookups: u64,
    /// Share of these that it had; 0 of no lookups.
    pub hit_rate: f64,
    /// The same by seconds.
    pub hit_rate_by_cost: f64,
    /// Seconds of what was looked up and had to be compiled.
    pub rebuilt_s: f64,
    /// Seconds compiled on top of these because they may not be stored: the same under all policies.
    pub refused_s: f64,
    /// No policy of this size can have a smaller `rebuilt_s`.
    pub bound_s: f64,
    /// Bytes evicted.
    pub evicted_bytes: f64,
    /// The part of `rebuilt_s` that had been stored before and was evicted.
    pub rebuilt_again_s: f64,
    /// `rebuilt_again_s` for each GB (10^9 bytes) evicted; nothing where nothing was evicted.
    pub rebuilt_s_per_gb: Option<f64>,
    /// The most the store held at the end of any build, bytes.
    pub peak_bytes: f64,
}

impl<'a> RetentionReplay<'a> {
    /// Before the first build.
    pub fn new(flat: &'a FlatHistory, policy: &RetentionPolicy, cap: Option<u64>) -> RetentionReplay<'a> {
        RetentionReplay {
            flat,
            store: SimulatedStore::new(flat),
            policy: policy.make(flat),
            cap,
            made: vec![false; flat.artifacts()],
            build: 0,
            tally: RetentionTally::default(),
        }
    }

    /// Replays the next build. Returns whether there was one.
    pub fn step(&mut self) -> bool {
        let Some(&build) = self.flat.builds.get(self.build as usize) else { return false };
        let number = self.build;
        for at in build.start..build.end {
            let artifact = self.flat.uses[at as usize];
            let there = self.store.has(artifact);
            if at >= build.wanted {
                self.look_up(artifact, there);
            } else if !there {
                continue;
            }
            let of = ArtifactUse { build: number, next: self.flat.next[at as usize], fresh: !there };
            let rank = self.policy.used(artifact, of);
            self.store.set_rank(artifact, rank);
        }
        self.store.line_up(&self.flat.uses[build.start as usize..build.end as usize]);
        self.policy.collect(&mut self.store, number, self.cap);
        self.store.build_ends();
        self.build += 1;
        true
    }

    /// The store as the last build and its collection left it.
    pub fn store(&self) -> &SimulatedStore<'a> {
        &self.store
    }

    /// The counts so far.
    pub fn tally(&self) -> RetentionTally {
        RetentionTally { evicted_bytes: self.store.evicted_bytes(), peak_bytes: self.store.peak(), ..self.tally }
    }

    fn look_up(&mut self, artifact: u32, there: bool) {
        let at = artifact as usize;
        let cost = self.flat.cost[at];
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

/// Replays a whole history.
pub fn replay(flat: &FlatHistory, policy: &RetentionPolicy, cap: Option<u64>) -> RetentionTally {
    let mut replay = RetentionReplay::new(flat, policy, cap);
    while replay.step() {}
    replay.tally()
}

/// A size limit, and the most that any policy can reuse under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionBound {
    /// The limit.
    pub cap: Cap,
    /// Microseconds.
    most_reused_us: u64,
}

/// The bound of each size limit, that no policy can beat.
pub fn bounds(flat: &FlatHistory, caps: &[Cap]) -> Vec<RetentionBound> {
    let intervals = ReuseIntervals::of(flat);
    caps.par_iter().map(|cap| RetentionBound { cap: *cap, most_reused_us: intervals.most_reused(cap.0) }).collect()
}

/// Every policy under every size limit, policy by policy, as many at a time as there are cores.
pub fn table(flat: &FlatHistory, policies: &[&'static RetentionPolicy], caps: &[Cap]) -> Vec<RetentionOutcome> {
    outcomes(flat, policies, &bounds(flat, caps))
}

/// The same where the bounds are known already.
pub fn outcomes(
    flat: &FlatHistory,
    policies: &[&'static RetentionPolicy],
    bounds: &[RetentionBound],
) -> Vec<RetentionOutcome> {
    let with = |policy: &&'static RetentionPolicy| bounds.iter().map(|bound| (*policy, *bound)).collect::<Vec<_>>();
    let pairs: Vec<(&'static RetentionPolicy, RetentionBound)> = policies.iter().flat_map(with).collect();
    pairs
        .into_par_iter()
        .with_max_len(1)
        .map(|(policy, bound)| replay(flat, policy, bound.cap.0).outcome(policy.name, bound, flat.refused_s))
        .collect()
}

impl RetentionTally {
    fn outcome(
        self,
        policy: &'static str,
        RetentionBound { cap, most_reused_us }: RetentionBound,
        refused_s: f64,
    ) -> RetentionOutcome {
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let again = seconds(self.again_us);
        let evicted_bytes = self.evicted_bytes as f64;
        RetentionOutcome {
            policy,
            cap_bytes: cap.0,
            lookups: self.lookups,
            hit_rate: share(self.hits, self.lookups),
            hit_rate_by_cost: share(self.reused_us, self.looked_up_us),
            rebuilt_s: seconds(self.looked_up_us - self.reused_us),
            refused_s,
            bound_s: seconds(self.looked_up_us.saturating_sub(most_reused_us)),
            evicted_bytes,
            rebuilt_again_s: again,
            rebuilt_s_per_gb: (self.evicted_bytes > 0).then(|| again / (evicted_bytes / 1e9)),
            peak_bytes: self.peak_bytes as f64,
        }
    }
}
