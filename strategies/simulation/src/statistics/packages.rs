//! Which packages workspaces use, in which versions, with which features and profiles.

use std::collections::{BTreeMap, BTreeSet};

use strategies::key::Input;

use super::NumberForm::{Count, Days, Decimal, Percent};
use super::sample::effective;
use super::share;
use crate::keys::range_of;
use crate::trace::{Text, Trace, TracePlan, TraceSource};

/// Packages that fewer workspaces contain say nothing about skew.
const FEW: usize = 5;

const RANKS: [usize; 4] = [1, 10, 100, 1000];

/// The workspaces that have each of some things.
type Seen = BTreeMap<Text, BTreeSet<u32>>;

/// Adds rows on registry and git packages, and on the profiles that most of a workspace's libraries are built with.
pub(super) fn rows(trace: &Trace, plans: &[&TracePlan], add: &mut dyn FnMut(&'static str, &str, String)) {
    let mut packages: BTreeMap<Text, BTreeSet<u32>> = BTreeMap::new();
    let mut versions: BTreeMap<Text, Seen> = BTreeMap::new();
    let mut features: BTreeMap<(Text, Text), Seen> = BTreeMap::new();
    let mut profiles: BTreeMap<Text, u64> = BTreeMap::new();
    let mut ages = Vec::new();
    for plan in plans {
        let workspace = plan.workspace.0;
        let locked = trace.workspaces[plan.workspace.at()].locked;
        let mut used: BTreeMap<Text, u64> = BTreeMap::new();
        let mut dated = BTreeSet::new();
        for unit in plan.nodes.iter().map(|node| trace.unit(*node)).filter(|unit| unit.source != TraceSource::Path) {
            packages.entry(unit[Input::PackageName]).or_default().insert(workspace);
            versions
                .entry(unit[Input::PackageName])
                .or_default()
                .entry(unit[Input::Version])
                .or_default()
                .insert(workspace);
            if trace.text(unit[Input::Mode]) == "run-custom-build" {
                continue;
            }
            let sets = features.entry((unit[Input::PackageName], unit[Input::Version])).or_default();
            sets.entry(unit[Input::Features]).or_default().insert(workspace);
            if trace.text(unit[Input::TargetKind]) != "custom-build" {
                *used.entry(unit[Input::Profile]).or_default() += 1;
            }
            if unit.published > 0 && locked > 0 && dated.insert((unit[Input::PackageName], unit[Input::Version])) {
                ages.push(f64::from(locked) - f64::from(unit.published));
            }
        }
        // Of equally frequent ones the first, so that the order of the table decides.
        if let Some((most, _)) = used.iter().rev().max_by_key(|(_, count)| **count) {
            *profiles.entry(*most).or_default() += 1;
        }
    }
    let whole = plans.len() as f64;
    let mut popular: Vec<usize> = packages.values().map(BTreeSet::len).collect();
    popular.sort_unstable_by(|left, right| right.cmp(left));
    let skew = |seen: &Seen| effective(seen.values().map(|it| it.len() as u64));
    let by_range = |seen: &Seen| {
        let mut ranges: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        for (version, workspaces) in seen {
            ranges.entry(range_of(trace.text(*version))).or_default().extend(workspaces);
        }
        effective(ranges.values().map(|it| it.len() as u64))
    };
    let section = "packages of dev builds";
    let mut row = |label: &str, value: String| add(section, label, value);
    row("distinct packages", Count("").one(Some(popular.len() as f64)));
    for rank in RANKS {
        let share = popular.get(rank - 1).map(|count| share(*count as f64, whole));
        row(&format!("workspaces with number {rank}"), Percent.one(share));
    }
    let popularity = popular.iter().map(|count| share(*count as f64, whole)).collect();
    row("workspaces with a package", Percent.quartiles(&popularity));
    let alone = popular.iter().filter(|count| **count == 1).count();
    row("in one workspace only", Percent.one(Some(share(alone as f64, popular.len() as f64))));
    let often = || versions.iter().filter(|(package, _)| packages[package].len() >= FEW).map(|(_, seen)| seen);
    row("versions, effective", Decimal.quartiles(&often().map(skew).collect()));
    row("semver ranges, effective", Decimal.quartiles(&often().map(by_range).collect()));
    let of_version = |(package, version): &(Text, Text)| versions[package][version].len();
    let features = features.iter().filter(|(version, _)| of_version(version) >= FEW).map(|(_, seen)| skew(seen));
    row("feature sets, effective", Decimal.quartiles(&features.collect()));
    row("age when locked", Days.quartiles(&ages.into_iter().collect()));
    let section = "profiles of dev builds";
    add(section, "distinct", Count("").one(Some(profiles.len() as f64)));
    add(section, "effective", Decimal.one(Some(effective(profiles.values().copied()))));
    let most = profiles.values().copied().max().unwrap_or(0);
    add(section, "with the most frequent", Percent.one(Some(share(most as f64, whole))));
}
