//! From which bandwidth on fetching beats compiling.

use super::{RemoteRow, SimulationRun};
use crate::words::gathered;

/// One policy on one kind of network, by bandwidth.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteByBandwidth<'a> {
    /// The simulated key policy.
    pub policy: &'a str,
    /// By rising bandwidth, at least one; they differ in nothing else that was given.
    pub rows: Vec<&'a RemoteRow>,
}

/// Where fetching begins to be faster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BreakEven {
    /// At every bandwidth looked at, from this on, bits a second.
    Always(f64),
    /// Slower at the first, faster from the second on.
    Between(f64, f64),
    /// At none, up to this.
    Never(f64),
    /// Faster here and slower there, without an order.
    Unclear,
}

impl<'a> RemoteByBandwidth<'a> {
    /// What all its rows have in common.
    pub fn setup(&self) -> &'a RemoteRow {
        self.rows[0]
    }

    /// Where `of` begins to be less than compiling all.
    pub fn break_even(&self, of: impl Fn(&RemoteRow) -> f64) -> BreakEven {
        let faster: Vec<bool> = self.rows.iter().map(|row| of(row) < row.compile_s).collect();
        let from = faster.iter().position(|faster| *faster);
        match from {
            None => BreakEven::Never(self.rows[self.rows.len() - 1].bits_per_s),
            Some(at) if faster[at..].contains(&false) => BreakEven::Unclear,
            Some(0) => BreakEven::Always(self.rows[0].bits_per_s),
            Some(at) => BreakEven::Between(self.rows[at - 1].bits_per_s, self.rows[at].bits_per_s),
        }
    }
}

impl BreakEven {
    /// `from somewhere between 10 Mbit/s and 100 Mbit/s on`.
    pub fn words(self) -> String {
        let mbit = |bits: f64| format!("{} Mbit/s", (megabits(bits) * 1e3).round() / 1e3);
        match self {
            Self::Always(from) => format!("at every bandwidth looked at, from {} on", mbit(from)),
            Self::Between(below, above) => format!("from somewhere between {} and {} on", mbit(below), mbit(above)),
            Self::Never(to) => format!("at none, up to {}", mbit(to)),
            Self::Unclear => "now and then, in no order of bandwidth".into(),
        }
    }
}

/// Seconds ÷ seconds of compiling all; `None` where there is nothing to compile.
pub fn ratio(row: &RemoteRow, seconds: f64) -> Option<f64> {
    (row.compile_s > 0.0).then(|| seconds / row.compile_s)
}

/// Megabits a second.
pub fn megabits(bits_per_s: f64) -> f64 {
    bits_per_s / 1e6
}

/// All of a simulation, a group for each command and network, each with its policies, in order
/// of appearance.
pub fn remote_by_bandwidth(run: &SimulationRun) -> Vec<Vec<RemoteByBandwidth<'_>>> {
    let network = |row: &RemoteRow| (row.latency_s, row.transfers, row.jobs);
    let all = run.remote.iter().map(|row| ((&row.command, &row.lookup, network(row)), row));
    let mut groups = Vec::new();
    for (_, rows) in gathered(all) {
        let policies = gathered(rows.into_iter().map(|row| (row.policy.as_str(), row)));
        let by_bandwidth = |(policy, rows)| RemoteByBandwidth { policy, rows };
        let mut group: Vec<RemoteByBandwidth<'_>> = policies.into_iter().map(by_bandwidth).collect();
        group.iter_mut().for_each(|it| it.rows.sort_by(|a, b| a.bits_per_s.total_cmp(&b.bits_per_s)));
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetching_breaks_even_between_two_bandwidths() {
        let row =
            |bits: f64, fetch_s: f64| RemoteRow { bits_per_s: bits, compile_s: 100.0, fetch_s, ..RemoteRow::default() };
        let found = |times: [f64; 3]| {
            let rows: Vec<RemoteRow> = [1.0, 2.0, 3.0].into_iter().zip(times).map(|(at, s)| row(at, s)).collect();
            RemoteByBandwidth { policy: "p", rows: rows.iter().collect() }.break_even(|row| row.fetch_s)
        };
        assert_eq!(found([300.0, 200.0, 50.0]), BreakEven::Between(2.0, 3.0));
        assert_eq!(found([90.0, 80.0, 50.0]), BreakEven::Always(1.0));
        assert_eq!(found([300.0, 200.0, 100.0]), BreakEven::Never(3.0));
        assert_eq!(found([300.0, 20.0, 200.0]), BreakEven::Unclear);
    }
}
