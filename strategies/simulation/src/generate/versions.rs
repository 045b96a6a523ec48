//! The releases of a package within one semver-compatible range, over time.
//!
//! Goes in: the versions that the real trace has seen, with their days. Comes out: a schedule
//! with the versions in between, which version numbers tell of (1.0.3 and 1.0.6 mean that 1.0.4
//! and 1.0.5 were published some time between them), and with releases after the last day that
//! anybody looked, at the rate measured so far. A workspace uses the newest version of a day.

use crate::random::Random;

/// More versions than this are not filled in between two that were seen.
const MOST_BETWEEN: u64 = 60;

/// Schedules go on for so many days after the last of all workspaces was locked.
pub const AHEAD: u32 = 400;

/// Releases that a rate is assumed to be known from before any is seen: the pooled rate, with
/// the weight of half a release.
const PRIOR: f64 = 0.5;

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: String,
    /// Its day since the Unix epoch.
    pub day: u32,
    /// Index of it among the versions that were seen, or else of the last one before it.
    pub seen: usize,
    /// Whether it was seen.
    pub real: bool,
}

/// Releases in order of their days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Never empty in a learned model.
    pub releases: Vec<Release>,
}

/// `1.2.3`, without pre-release and build metadata.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.split('+').next()?.split('.').map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// The versions between two.
fn between(low: &str, high: &str) -> Vec<String> {
    let (Some(low), Some(high)) = (numbers(low), numbers(high)) else { return Vec::new() };
    let (from, to, minor) = match (low[0] == high[0], low[1] == high[1]) {
        (true, true) => (low[2], high[2], false),
        (true, false) if low[0] > 0 => (low[1], high[1], true),
        _ => return Vec::new(),
    };
    if to <= from + 1 || to - from - 1 > MOST_BETWEEN {
        return Vec::new();
    }
    let name =
        |number| if minor { format!("{}.{number}.0", low[0]) } else { format!("{}.{}.{number}", low[0], low[1]) };
    (from + 1..to).map(name).collect()
}

impl Schedule {
    /// The schedule of versions with their days, in order of days. `looked` is the last day that a
    /// workspace which uses the package was locked on, `end` that of all workspaces; `rate` the
    /// releases a day of an average package. Without days nothing is known but the versions.
    pub fn new(seen: &[(String, u32)], looked: u32, end: u32, rate: f64, random: &mut Random) -> Schedule {
        let mut releases: Vec<Release> = Vec::new();
        for (at, (version, day)) in seen.iter().enumerate() {
            if let Some((before, from)) = at.checked_sub(1).and_then(|at| seen.get(at)) {
                let names = between(before, version);
                let step = f64::from(day - from) / (names.len() + 1) as f64;
                for (nth, version) in names.into_iter().enumerate() {
                    let day = from + (step * (nth + 1) as f64) as u32;
                    releases.push(Release { version, day, seen: at - 1, real: false });
                }
            }
            releases.push(Release { version: version.clone(), day: *day, seen: at, real: true });
        }
        let schedule = Schedule { releases };
        if seen.iter().any(|(_, day)| *day == 0) {
            schedule
        } else {
            schedule.carried_on(looked, end + AHEAD, rate, random)
        }
    }

    /// Releases of the time after the last look.
    fn carried_on(mut self, looked: u32, end: u32, rate: f64, random: &mut Random) -> Schedule {
        let (Some(first), Some(newest)) = (self.releases.first(), self.releases.last()) else { return self };
        let looked = looked.max(newest.day);
        let span = f64::from(looked - first.day) + PRIOR / rate.max(1e-6);
        let gap = span / (self.releases.len() as f64 - 1.0 + PRIOR);
        let Some([major, minor, patch]) = numbers(&newest.version) else { return self };
        let (seen, mut day, mut nth) = (newest.seen, f64::from(looked), 0);
        loop {
            day += random.waiting(gap).max(1.0);
            nth += 1;
            if day > f64::from(end) {
                return self;
            }
            let version = format!("{major}.{minor}.{}", patch + nth);
            self.releases.push(Release { version, day: day as u32, seen, real: false });
        }
    }

    /// The newest release of a day, or the oldest of all.
    pub fn newest(&self, day: u32) -> usize {
        self.releases.partition_point(|release| release.day <= day).saturating_sub(1)
    }

    /// The fewest days that a lockfile of a day can be behind and still name a version.
    pub fn lag(&self, version: &str, locked: u32) -> Option<u32> {
        let at = self.releases.iter().position(|release| release.version == version)?;
        let next = self.releases.get(at + 1).filter(|next| next.day <= locked);
        Some(next.map_or(0, |next| locked - next.day + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(seen: &[(&str, u32)], last: u32) -> Schedule {
        let seen: Vec<(String, u32)> = seen.iter().map(|(version, day)| ((*version).to_owned(), *day)).collect();
        Schedule::new(&seen, last, last, 0.01, &mut Random::new(1))
    }

    #[test]
    fn versions_in_between_are_filled_in() {
        let schedule = schedule(&[("1.0.3", 100), ("1.0.6", 130), ("1.3.0", 190)], 200);
        let known: Vec<(&str, u32)> =
            schedule.releases.iter().take(6).map(|release| (release.version.as_str(), release.day)).collect();
        assert_eq!(
            known,
            [("1.0.3", 100), ("1.0.4", 110), ("1.0.5", 120), ("1.0.6", 130), ("1.1.0", 150), ("1.2.0", 170)]
        );
        assert!(schedule.releases.iter().skip(7).all(|release| release.day > 200 && !release.real));
        assert!(schedule.releases.is_sorted_by_key(|release| release.day));
    }

    #[test]
    fn the_newest_of_a_day_is_used() {
        let schedule = schedule(&[("0.1.0", 100), ("0.1.1", 130)], 200);
        assert_eq!([50, 100, 129, 130, 200].map(|day| schedule.newest(day)), [0, 0, 0, 1, 1]);
        assert_eq!(schedule.lag("0.1.1", 200), Some(0));
        assert_eq!(schedule.lag("0.1.0", 129), Some(0));
        assert_eq!(schedule.lag("0.1.0", 140), Some(11));
        assert_eq!(schedule.lag("9.9.9", 140), None);
    }

    #[test]
    fn nothing_is_made_up_without_days() {
        assert_eq!(schedule(&[("1.0.0", 0)], 200).releases.len(), 1);
        assert_eq!(between("1.0.0-rc.1", "1.0.2"), Vec::<String>::new());
        assert_eq!(between("0.1.0", "0.4.0"), Vec::<String>::new());
    }
}
