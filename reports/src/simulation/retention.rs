//! Retention policies against each other and against what no policy can do better.

use super::{RetentionRow, SimulationRun};
use crate::words::gathered;

/// By how much seconds may differ and still count as the same: estimates are no closer.
pub const NEAR: f64 = 1.05;

/// Stores of limited size under one key policy.
#[derive(Debug, Clone, PartialEq)]
pub struct RetentionByKey<'a> {
    /// The key policy.
    pub key: &'a str,
    /// Each retention policy, in order of appearance; its rows by rising cap, none last.
    pub policies: Vec<(&'a str, Vec<&'a RetentionRow>)>,
}

/// Whether a policy knows the future, so that none can be built like it.
fn is_offline(policy: &str) -> bool {
    policy.starts_with("offline-")
}

impl<'a> RetentionByKey<'a> {
    /// Policies that can be built.
    pub fn online(&self) -> impl Iterator<Item = &(&'a str, Vec<&'a RetentionRow>)> {
        self.policies.iter().filter(|(name, _)| !is_offline(name))
    }

    /// Sizes that were looked at, rising.
    pub fn caps(&self) -> Vec<u64> {
        let mut caps: Vec<u64> = self.rows().filter_map(|row| row.cap_bytes).collect();
        caps.sort_unstable();
        caps.dedup();
        caps
    }

    fn rows(&self) -> impl Iterator<Item = &'a RetentionRow> + '_ {
        self.policies.iter().flat_map(|(_, rows)| rows.iter().copied())
    }

    /// Seconds compiled without a limit: first builds, which no policy avoids.
    pub fn unlimited_s(&self) -> Option<f64> {
        self.rows().filter(|row| row.cap_bytes.is_none()).map(|row| row.rebuilt_s).reduce(f64::min)
    }

    /// No policy compiles fewer seconds at this size.
    pub fn bound_s(&self, cap: u64) -> Option<f64> {
        self.rows().filter(|row| row.cap_bytes == Some(cap)).map(|row| row.bound_s).reduce(f64::max)
    }

    /// The fewest seconds of a policy that can be built, at this size.
    pub fn least_s(&self, cap: u64) -> Option<f64> {
        let rows = self.online().flat_map(|(_, rows)| rows.iter().copied());
        rows.filter(|row| row.cap_bytes == Some(cap)).map(|row| row.rebuilt_s).reduce(f64::min)
    }

    /// The smallest size at which a policy compiles at most 5 % more than without a limit.
    pub fn enough(&self, rows: &[&'a RetentionRow]) -> Option<&'a RetentionRow> {
        // Where nothing was looked up every size is enough, which says nothing.
        let unlimited = self.unlimited_s().filter(|seconds| *seconds > 0.0)?;
        rows.iter().copied().find(|row| row.cap_bytes.is_some() && row.rebuilt_s <= NEAR * unlimited)
    }

    /// The one policy that is never more than 5 % above the least of those that can be built,
    /// where each other one is, at some size. `Err` names those that are never more than 5 %
    /// above it; it is empty where each is beaten somewhere.
    ///
    /// # Errors
    /// When not exactly one policy is so.
    pub fn best(&self) -> Result<&'a str, Vec<&'a str>> {
        let near = |rows: &[&RetentionRow]| {
            let known = self.caps().into_iter().map(|cap| {
                let own = rows.iter().find(|row| row.cap_bytes == Some(cap)).map(|row| row.rebuilt_s);
                own.zip(self.least_s(cap)).is_some_and(|(own, least)| own <= NEAR * least)
            });
            known.fold(None, |all: Option<bool>, near| Some(all.unwrap_or(true) && near)).unwrap_or(false)
        };
        let never: Vec<&str> = self.online().filter(|(_, rows)| near(rows)).map(|(name, _)| *name).collect();
        match never.as_slice() {
            [one] if self.online().count() > 1 => Ok(one),
            _ => Err(never),
        }
    }
}

/// All of a simulation, by key policy in order of appearance.
pub fn retention_by_key(run: &SimulationRun) -> Vec<RetentionByKey<'_>> {
    let mut all = Vec::new();
    for (key, rows) in gathered(run.retention.iter().map(|row| (row.key.as_str(), row))) {
        let mut policies = gathered(rows.into_iter().map(|row| (row.policy.as_str(), row)));
        policies.iter_mut().for_each(|(_, rows)| rows.sort_by_key(|row| row.cap_bytes.unwrap_or(u64::MAX)));
        all.push(RetentionByKey { key, policies });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(policy: &str, cap: Option<u64>, rebuilt_s: f64) -> RetentionRow {
        let (policy, key) = (policy.into(), "aggressive".into());
        RetentionRow { policy, key, cap_bytes: cap, rebuilt_s, bound_s: 50.0, ..RetentionRow::default() }
    }

    fn best(rows: &[RetentionRow]) -> Result<String, Vec<String>> {
        let mut run = SimulationRun::new(records::RunInfo::new("s"), crate::simulation::TraceInfo::default());
        run.retention = rows.to_vec();
        let all = retention_by_key(&run);
        all[0].best().map(str::to_owned).map_err(|names| names.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn the_best_is_near_the_least_everywhere_and_alone() {
        let lru = [row("lru", Some(1), 120.0), row("lru", Some(2), 100.0), row("lru", None, 100.0)];
        let age = |one: f64, two: f64| [row("age", Some(1), one), row("age", Some(2), two), row("age", None, 100.0)];
        let both = |age: [RetentionRow; 3]| best(&[&lru[..], &age[..]].concat());
        assert_eq!(both(age(130.0, 100.0)), Ok("lru".into()));
        assert_eq!(both(age(100.0, 104.0)), Ok("age".into()));
        // Each loses somewhere, or neither does.
        assert_eq!(both(age(100.0, 110.0)), Err(vec![]));
        assert_eq!(both(age(125.0, 100.0)), Err(vec!["lru".into(), "age".into()]));
        // One alone is compared with none, and the future cannot be built.
        assert_eq!(best(&lru), Err(vec!["lru".into()]));
        let mut future = age(50.0, 50.0).to_vec();
        future.iter_mut().for_each(|row| row.policy = "offline-farthest".into());
        assert_eq!(best(&[&lru[..], &future].concat()), Err(vec!["lru".into()]));
    }

    #[test]
    fn a_size_is_enough_within_a_twentieth() {
        let rows = [row("lru", Some(1), 106.0), row("lru", Some(2), 105.0), row("lru", None, 100.0)];
        let mut run = SimulationRun::new(records::RunInfo::new("s"), crate::simulation::TraceInfo::default());
        run.retention = rows.to_vec();
        let all = retention_by_key(&run);
        assert_eq!(all[0].enough(&all[0].policies[0].1).and_then(|row| row.cap_bytes), Some(2));
        run.retention.pop();
        let all = retention_by_key(&run);
        assert_eq!(all[0].enough(&all[0].policies[0].1), None);
    }
}
