//! Retention policies against each other and against what no policy can do better.

use super::{RetentionRow, SimulationRun};

/// By how much seconds may differ and still count as the same: estimates are no closer.
const NEAR: f64 = 1.05;

/// Under a key policy the retention policy that can be built and comes near a store without a limit at the smallest size,
/// and that size: at most 5 % more seconds are compiled.
pub fn enough<'a>(run: &'a SimulationRun, key: &str) -> Option<(&'a str, u64)> {
    let rows = || run.retention.iter().filter(|row| row.key == key);
    let unlimited = rows().filter(|row| row.cap_bytes.is_none()).map(|row| row.rebuilt_s).reduce(f64::min);
    // Where nothing was looked up every size is enough, which says nothing.
    let unlimited = unlimited.filter(|seconds| *seconds > 0.0)?;
    // Knowing the future cannot be built.
    let built = |row: &&RetentionRow| !row.policy.starts_with("offline-");
    let near = rows().filter(built).filter(|row| row.rebuilt_s <= NEAR * unlimited);
    near.filter_map(|row| Some((row.policy.as_str(), row.cap_bytes?))).min_by_key(|(_, cap)| *cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(policy: &str, cap: Option<u64>, rebuilt_s: f64) -> RetentionRow {
        let (policy, key) = (policy.into(), "aggressive".into());
        RetentionRow { policy, key, cap_bytes: cap, rebuilt_s, bound_s: 50.0, ..RetentionRow::default() }
    }

    #[test]
    fn a_size_is_enough_within_a_twentieth() {
        let mut rows = vec![row("lru", Some(1), 106.0), row("lru", Some(2), 105.0), row("lru", None, 100.0)];
        rows.push(row("offline-farthest", Some(1), 50.0));
        rows.push(row("age", Some(3), 100.0));
        let mut run = SimulationRun::new(records::RunInfo::new("s"), crate::simulation::TraceInfo::default());
        run.retention = rows;
        assert_eq!(enough(&run, "aggressive"), Some(("lru", 2)));
        run.retention.retain(|row| row.cap_bytes.is_some());
        assert_eq!(enough(&run, "aggressive"), None);
    }
}
