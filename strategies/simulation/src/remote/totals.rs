//! Many jobs over many links.

use rayon::prelude::*;

use super::{Job, Link, Lookup, Times, times};

/// All jobs over one link: amounts are sums over jobs, shares are of all of their units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// The link.
    pub link: Link,
    /// Compiles at a time.
    pub cores: u32,
    /// Jobs.
    pub jobs: u64,
    /// Share of units that the cache has; 0 where there are none.
    pub available: f64,
    /// Share of those that come faster than they compile, each looked at alone.
    pub worth_fetching: f64,
    /// What the jobs come to, one after the other.
    pub sum: Times,
}

/// Plays every job over every link, as many at a time as there are processors here.
pub fn totals(jobs: &[Job], links: &[Link], lookup: Lookup, cores: u32) -> Vec<Total> {
    let pairs: Vec<(Link, &Job)> = links.iter().flat_map(|link| jobs.iter().map(move |job| (*link, job))).collect();
    let all: Vec<Times> = pairs.into_par_iter().map(|(link, job)| times(job, link, lookup, cores)).collect();
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    links
        .iter()
        .enumerate()
        .map(|(at, link)| {
            let sum =
                all[at * jobs.len()..(at + 1) * jobs.len()].iter().fold(Times::default(), |sum, one| sum.plus(one));
            Total {
                link: *link,
                cores,
                jobs: jobs.len() as u64,
                available: share(sum.available, sum.units),
                worth_fetching: share(sum.worth_fetching, sum.available),
                sum,
            }
        })
        .collect()
}

impl Times {
    /// Two jobs, one after the other.
    pub fn plus(&self, other: &Times) -> Times {
        Times {
            units: self.units + other.units,
            available: self.available + other.available,
            worth_fetching: self.worth_fetching + other.worth_fetching,
            moved_bytes: self.moved_bytes + other.moved_bytes,
            chosen_bytes: self.chosen_bytes + other.chosen_bytes,
            compile_s: self.compile_s + other.compile_s,
            fetch_s: self.fetch_s + other.fetch_s,
            choose_s: self.choose_s + other.choose_s,
            critical_compile_s: self.critical_compile_s + other.critical_compile_s,
            critical_fetch_s: self.critical_fetch_s + other.critical_fetch_s,
            critical_choose_s: self.critical_choose_s + other.critical_choose_s,
        }
    }
}
