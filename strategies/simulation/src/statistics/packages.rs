//! Which packages workspaces use, in which versions, with which features and profiles.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::{SortedSample, effective};
use super::share;
use crate::keys::range_of;
use crate::trace::{Text, Trace, TracePlan, TraceSource};

/// Packages that fewer workspaces contain say nothing about skew.
const FEW: usize = 5;

/// Ranks at which popularity is reported.
pub(super) const RANKS: [usize; 4] = [1, 10, 100, 1000];

/// Registry and git packages of development builds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackageStatistics {
    /// Distinct packages, by name.
    pub distinct: u64,
    /// Share of workspaces that contain a package, for each package.
    pub popularity: SortedSample,
    /// Share of workspaces that contain the 1st, 10th, 100th and 1000th most popular package; `None` where there are
    /// fewer packages.
    pub by_rank: [Option<f64>; RANKS.len()],
    /// Share of packages that only one workspace contains.
    pub alone: f64,
    /// Effective number of versions of a package, over packages in five workspaces or more.
    pub versions: SortedSample,
    /// The same of semver-compatible ranges.
    pub ranges: SortedSample,
    /// Effective number of feature sets of a version, over versions in five workspaces or more.
    pub features: SortedSample,
    /// Distinct profiles that most of a workspace's foreign libraries are built with.
    pub profiles: u64,
    /// Effective number of these.
    pub effective_profiles: f64,
    /// Share of workspaces with the most frequent one.
    pub top_profile: f64,
    /// Days between a version's publishing and the workspace's lockfile.
    pub ages: SortedSample,
}

/// The workspaces that have each of some things.
type Seen = BTreeMap<Text, BTreeSet<u32>>;

impl PackageStatistics {
    /// The packages of one plan of each workspace.
    pub(super) fn of(trace: &Trace, plans: &[&TracePlan]) -> PackageStatistics {
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
            for unit in plan.nodes.iter().map(|node| trace.unit(*node)).filter(|unit| unit.source != TraceSource::Path)
            {
                packages.entry(unit.package_name).or_default().insert(workspace);
                versions.entry(unit.package_name).or_default().entry(unit.version).or_default().insert(workspace);
                if trace.text(unit.mode) == "run-custom-build" {
                    continue;
                }
                let sets = features.entry((unit.package_name, unit.version)).or_default();
                sets.entry(unit.features).or_default().insert(workspace);
                if trace.text(unit.kind) != "custom-build" {
                    *used.entry(unit.profile).or_default() += 1;
                }
                if unit.published > 0 && locked > 0 && dated.insert((unit.package_name, unit.version)) {
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
        let often = |package: &Text| packages.get(package).is_some_and(|it| it.len() >= FEW);
        let skew = |seen: &Seen| effective(seen.values().map(|it| it.len() as u64));
        let by_range = |seen: &Seen| {
            let mut ranges: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
            for (version, workspaces) in seen {
                ranges.entry(range_of(trace.text(*version))).or_default().extend(workspaces);
            }
            effective(ranges.values().map(|it| it.len() as u64))
        };
        PackageStatistics {
            distinct: popular.len() as u64,
            popularity: popular.iter().map(|count| share(*count as f64, whole)).collect(),
            by_rank: RANKS.map(|rank| Some(share(*popular.get(rank - 1)? as f64, whole))),
            alone: share(popular.iter().filter(|count| **count == 1).count() as f64, popular.len() as f64),
            versions: versions.iter().filter(|(package, _)| often(package)).map(|(_, seen)| skew(seen)).collect(),
            ranges: versions.iter().filter(|(package, _)| often(package)).map(|(_, seen)| by_range(seen)).collect(),
            features: features
                .iter()
                .filter(|((package, version), _)| versions[package][version].len() >= FEW)
                .map(|(_, seen)| skew(seen))
                .collect(),
            profiles: profiles.len() as u64,
            effective_profiles: effective(profiles.values().copied()),
            top_profile: share(profiles.values().copied().max().unwrap_or(0) as f64, whole),
            ages: ages.into_iter().collect(),
        }
    }
}
