//! Compile it, fetch it, or choose: one job over one link.
//!
//! Choosing cannot be exact (scheduling with precedence on few cores is NP-hard), so it tries a family of rules and
//! takes the best:
//!
//! - nothing is fetched, or everything available;
//! - **alone**: a unit is fetched if it compiles for longer than `f` times what it takes to fetch it alone on an idle
//!   link (lookup, first byte, bytes), for each `f` of [`FACTORS`]. With 1 that is "what is fetched faster than it
//!   compiles"; with more, a narrow link is left to the units that gain most; with less, many transfers at a time serve
//!   few cores;
//! - **sooner**: dependencies first, a unit is fetched if its fetch would end before its compile could, with unlimited
//!   cores and transfers. So the dependent of a long chain of compiles is fetched, however quickly it compiles itself.
//!
//! Being the best of these, choosing is never worse than compiling all or fetching all; the true optimum may be better
//! still.

use rayon::prelude::*;
use records::simulated::RemoteRow;

use super::schedule::{PreparedJob, ScheduledBuild};
use super::{Link, Lookup, RemoteUnit};
use crate::reuse::share;

/// How many times longer than its fetch a unit must compile to be fetched, in turn.
pub(crate) const FACTORS: [f64; 8] = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// One job over one link.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct BuildTimes {
    /// Units of the job.
    pub units: u64,
    /// Units that the cache has.
    pub available: u64,
    /// The number of those that are fetched faster than they compile, each considered alone.
    pub worth_fetching: u64,
    /// Bytes moved when everything available that is needed is fetched.
    pub moved_bytes: f64,
    /// Bytes moved when choosing.
    pub chosen_bytes: f64,
    /// Seconds until everything is present, compiling all of it.
    pub compile_s: f64,
    /// The same, fetching whatever is available.
    pub fetch_s: f64,
    /// The same, choosing.
    pub choose_s: f64,
    /// Compiling all of it on unlimited cores: the critical path.
    pub critical_compile_s: f64,
    /// Fetching whatever is available, on unlimited cores.
    pub critical_fetch_s: f64,
    /// Choosing, on unlimited cores.
    pub critical_choose_s: f64,
}

/// Seconds from the lookup of a unit until it is present, on an idle link.
pub(crate) fn alone(unit: &RemoteUnit, link: Link) -> f64 {
    2.0 * link.latency_s + 8.0 * unit.bytes / link.bits_per_s
}

/// The times of a job in all three ways, on `cores` and on unlimited ones.
pub(crate) fn times(units: &[RemoteUnit], link: Link, lookup: Lookup, cores: u32) -> BuildTimes {
    let prepared = PreparedJob::new(units);
    let ways = |cores| {
        let run = |fetched: &[bool]| prepared.run(fetched, link, lookup, cores);
        let compile = run(&vec![false; units.len()]);
        let fetch = run(&available(units));
        let mut choose = if fetch.seconds < compile.seconds { fetch } else { compile };
        for plan in plans(units, link, lookup) {
            let run = run(&plan);
            if run.seconds < choose.seconds {
                choose = run;
            }
        }
        (compile, fetch, choose)
    };
    let (compile, fetch, choose): (ScheduledBuild, ScheduledBuild, ScheduledBuild) = ways(Some(cores));
    let (critical_compile, critical_fetch, critical_choose) = ways(None);
    let there = || units.iter().filter(|unit| unit.available);
    BuildTimes {
        units: units.len() as u64,
        available: there().count() as u64,
        worth_fetching: there().filter(|unit| alone(unit, link) < unit.seconds).count() as u64,
        moved_bytes: fetch.moved_bytes,
        chosen_bytes: choose.moved_bytes,
        compile_s: compile.seconds,
        fetch_s: fetch.seconds,
        choose_s: choose.seconds,
        critical_compile_s: critical_compile.seconds,
        critical_fetch_s: critical_fetch.seconds,
        critical_choose_s: critical_choose.seconds,
    }
}

fn available(units: &[RemoteUnit]) -> Vec<bool> {
    units.iter().map(|unit| unit.available).collect()
}

/// The units to fetch by each of the rules, without repetitions.
fn plans(units: &[RemoteUnit], link: Link, lookup: Lookup) -> Vec<Vec<bool>> {
    let worth = |factor: f64| {
        let worth = |unit: &RemoteUnit| unit.available && unit.seconds > factor * alone(unit, link);
        units.iter().map(worth).collect::<Vec<bool>>()
    };
    let mut plans: Vec<Vec<bool>> = FACTORS.iter().map(|factor| worth(*factor)).collect();
    plans.push(sooner(units, link, lookup));
    plans.dedup();
    plans
}

fn sooner(units: &[RemoteUnit], link: Link, lookup: Lookup) -> Vec<bool> {
    let mut there: Vec<f64> = Vec::with_capacity(units.len());
    let mut known: Vec<f64> = Vec::with_capacity(units.len());
    let mut fetched = Vec::with_capacity(units.len());
    for unit in units {
        let latest =
            |times: &[f64]| unit.dependencies.iter().map(|dependency| times[*dependency as usize]).fold(0.0, f64::max);
        let compiles = latest(&there) + unit.seconds;
        let lookup_s = if lookup == Lookup::ByLevel { latest(&known) } else { 0.0 };
        let arrives = lookup_s + alone(unit, link);
        let fetch = unit.available && arrives < compiles;
        fetched.push(fetch);
        there.push(if fetch { arrives } else { compiles });
        known.push(if unit.available { lookup_s + link.latency_s } else { compiles });
    }
    fetched
}

/// All jobs over each link, computed in parallel: amounts are sums over jobs, shares are of all of their units. Neither
/// key policy nor command is named.
pub fn totals(jobs: &[Vec<RemoteUnit>], links: &[Link], lookup: Lookup, cores: u32) -> Vec<RemoteRow> {
    let total = |link: &Link| {
        let all: Vec<BuildTimes> = jobs.par_iter().map(|job| times(job, *link, lookup, cores)).collect();
        let count = |of: fn(&BuildTimes) -> u64| all.iter().map(of).sum::<u64>();
        let sum = |of: fn(&BuildTimes) -> f64| all.iter().map(of).sum::<f64>();
        let (units, available) = (count(|it| it.units), count(|it| it.available));
        RemoteRow {
            bits_per_s: link.bits_per_s,
            latency_s: link.latency_s,
            transfers: link.transfers,
            jobs: cores,
            workspaces: jobs.len() as u32,
            units,
            available: share(available as f64, units as f64),
            worth_fetching: share(count(|it| it.worth_fetching) as f64, available as f64),
            moved_bytes: sum(|it| it.moved_bytes),
            compile_s: sum(|it| it.compile_s),
            fetch_s: sum(|it| it.fetch_s),
            choose_s: sum(|it| it.choose_s),
            critical_compile_s: sum(|it| it.critical_compile_s),
            critical_choose_s: sum(|it| it.critical_choose_s),
            lookup: lookup.as_str().to_owned(),
            ..RemoteRow::default()
        }
    };
    links.iter().map(total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(seconds: f64, bytes: f64, dependencies: &[u32], available: bool) -> RemoteUnit {
        RemoteUnit { seconds, bytes, dependencies: dependencies.to_vec(), available, library: true, root: false }
    }

    #[test]
    fn a_long_chain_is_fetched_though_each_of_it_compiles_faster() {
        let link = Link { bits_per_s: f64::INFINITY, latency_s: 1.0, transfers: 8 };
        let mut units: Vec<RemoteUnit> =
            (0..9u32).map(|at| unit(1.5, 0.0, &[at.saturating_sub(1)][..at.min(1) as usize], true)).collect();
        units.push(RemoteUnit { root: true, ..unit(1.0, 0.0, &[8], false) });
        let job = units;
        let at_once = times(&job, link, Lookup::AtOnce, 1);
        assert_eq!((at_once.worth_fetching, at_once.compile_s), (0, 14.5));
        // Fetched, the ninth has to wait for a transfer; chosen, the lowest compiles meanwhile.
        assert_eq!((at_once.fetch_s, at_once.choose_s), (4.0, 3.0));
        let by_level = times(&job, link, Lookup::ByLevel, 1);
        assert_eq!(by_level.fetch_s, 11.0, "nine answers one after the other, one first byte, one compile");
    }

    #[test]
    fn sooner_sees_that_lookups_go_level_by_level() {
        let link = Link { bits_per_s: f64::INFINITY, latency_s: 1.0, transfers: 8 };
        let job = vec![unit(1.5, 0.0, &[], true), unit(1.0, 0.0, &[0], true)];
        assert_eq!(sooner(&job, link, Lookup::AtOnce), [false, true], "2 s against 2.5 s");
        assert_eq!(sooner(&job, link, Lookup::ByLevel), [false, false], "3 s");
    }

    #[test]
    fn a_narrow_link_is_left_to_what_is_most_worth_it() {
        // 1 MB/s. Each compiles for longer than it takes to fetch alone; all of them together take the link for 40 s,
        // and the cores for 30.
        let link = Link { bits_per_s: 8e6, latency_s: 0.0, transfers: 8 };
        let mut units: Vec<RemoteUnit> = (0..10).map(|_| unit(5.0, 4e6, &[], true)).collect();
        units.extend((0..2).map(|_| unit(5.0, 0.1e6, &[], true)));
        units.iter_mut().for_each(|unit| unit.root = true);
        let times = times(&units, link, Lookup::AtOnce, 2);
        assert_eq!((times.worth_fetching, times.compile_s), (12, 30.0));
        assert!((times.fetch_s - 40.2).abs() < 1e-9, "{}", times.fetch_s);
        assert!((times.choose_s - 25.0).abs() < 1e-9, "{}", times.choose_s);
        assert!((times.chosen_bytes - 0.2e6).abs() < 1e-9);
    }
}
