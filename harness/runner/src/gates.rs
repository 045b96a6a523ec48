//! Validity gates: what makes a row invalid.
//!
//! A row that a gate rejects is kept, with the reason, and never enters a comparison.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use enum_map::EnumMap;
use strategies::graph::UnitIndex;
use strategies::graph::layout::FileSharing;
use strategies::key::{Digest, depinfo};
use strategies::link::{LinkMode, Mechanism};

use super::build_env::BuildEnv;
use super::integration::Expectations;
use super::step::{StepBuild, Trial};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct GateFacts {
    pub baseline: bool,
    pub(crate) restored_files: u64,
    pub(crate) expects_hits: bool,
    pub admitted: u64,
    pub hits: u64,
    pub mechanism: Option<(LinkMode, EnumMap<Mechanism, u64>)>,
    pub(crate) toolchain_changed: bool,
    pub damage: Vec<String>,
    pub noop_compiled: u64,
    /// The program's output, and that of the first build of this workspace in this run.
    pub program: Option<(String, String)>,
    pub(crate) program_failed: Option<String>,
    /// Units with files that may be shared were hit, so the mechanism has to show.
    pub(crate) shares_files: bool,
    pub(crate) fresh_from_nothing: u64,
    pub(crate) unmatched: u64,
    pub(crate) astray: u64,
}

/// Collects the facts of a finished build. `was_seen` says that this store has seen this very
/// build before; `programs` is what programs printed that were built first.
pub(crate) fn facts(
    env: &BuildEnv,
    expectations: &Expectations,
    job: &StepBuild,
    trial: &Trial,
    was_seen: bool,
    programs: &mut HashMap<(String, String, String), String>,
) -> GateFacts {
    let Trial { build, checked, counts, .. } = trial;
    let placed = build.cached.as_ref().map(|cached| cached.restored.files);
    let (program, program_failed) = match &checked.program {
        Some(Ok(now)) => {
            // What a program prints may depend on profile, sources and lockfile: like with like.
            let built = (job.site.workspace.clone(), job.step.clone(), job.copy.clone());
            let first = programs.entry(built).or_insert_with(|| now.clone());
            (Some((now.clone(), first.clone())), None)
        }
        Some(Err(why)) => (None, Some(why.clone())),
        None => (None, None),
    };
    let hits = build.cached.iter().flat_map(|cached| &cached.plan.units).filter_map(|unit| unit.hit());
    let shares_files =
        hits.flat_map(|entry| &entry.files).any(|file| file.share == FileSharing::Shared && !file.is_of_session());
    GateFacts {
        baseline: expectations.baseline,
        restored_files: placed.map_or(0, |placed| placed.values().sum()),
        expects_hits: expectations.claims_hits && was_seen && job.cold && env.toolchain.has_unit_dirs(),
        admitted: counts.hits + counts.missed + counts.stale,
        hits: counts.hits,
        mechanism: expectations.link.zip(placed),
        toolchain_changed: env.toolchain_changed(),
        damage: checked.damage.clone().unwrap_or_default(),
        noop_compiled: checked.noop_compiled,
        program,
        program_failed,
        shares_files,
        fresh_from_nothing: if expectations.cacheless && job.cold { build.built.fresh.len() as u64 } else { 0 },
        unmatched: if env.toolchain.has_unit_dirs() { build.built.matched.unmatched.len() as u64 } else { 0 },
        astray: build.astray,
    }
}

/// The first gate that fires, as a reason; `None` for a valid row.
pub fn invalid(facts: &GateFacts) -> Option<String> {
    let GateFacts { restored_files, admitted, fresh_from_nothing, unmatched, noop_compiled, damage, .. } = facts;
    let gates = [
        (facts.baseline && *restored_files > 0).then(|| format!("a baseline restored {restored_files} files")),
        (*fresh_from_nothing > 0)
            .then(|| format!("{fresh_from_nothing} units were fresh in an empty build directory without a cache")),
        (*unmatched > 0).then(|| format!("{unmatched} units could not be followed into the build directory")),
        // Its unit would have been taken for a hit: Cargo ran it and no compiler wrote there.
        (facts.astray > 0).then(|| format!("{} compiles wrote outside the build directory", facts.astray)),
        (facts.expects_hits && *admitted > 0 && facts.hits == 0)
            .then(|| format!("{admitted} units were admitted and none was hit")),
        other_mechanism(facts),
        facts.toolchain_changed.then(|| "the toolchain changed during the run".to_owned()),
        damage.first().map(|first| format!("the store is damaged in {} places, first {first}", damage.len())),
        (*noop_compiled > 0).then(|| format!("a no-op build after it ran {noop_compiled} units")),
        facts.program_failed.as_ref().map(|why| format!("the built program does not run: {why}")),
        facts
            .program
            .as_ref()
            .filter(|(now, first)| now != first)
            .map(|(now, first)| format!("the program printed {now:?}, the first build in this run {first:?}")),
    ];
    gates.into_iter().flatten().next()
}

fn other_mechanism(facts: &GateFacts) -> Option<String> {
    let (link, counts) = facts.mechanism?;
    let mut others = counts.iter().filter(|(mechanism, count)| *mechanism != link.mechanism() && **count > 0);
    let link = link.name();
    if let Some((mechanism, count)) = others.next() {
        // A mechanism is called like the first mode that uses it.
        let other = LinkMode::ALL.iter().find(|mode| mode.mechanism() == mechanism).map_or("-", |mode| mode.name());
        return Some(format!("{link} was asked for, {count} files came by {other}"));
    }
    (facts.shares_files && counts.values().all(|count| *count == 0))
        .then(|| format!("{link} was asked for, and nothing was shared"))
}

/// The sources of every unit directory that was seen compiled or restored.
///
/// A unit of a path package can be called fresh although it holds another working copy's code: where copies share a
/// build directory, both have one unit directory, and Cargo compares times, not content. So after each step the files a
/// unit was compiled from (its dep-info) are remembered with their content; a unit that is fresh must have been
/// compiled from what its working copy holds now.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    units: HashMap<PathBuf, Vec<SourceFile>>,
}

/// A source file relative to its working copy, and its content; `None` when it is missing.
type SourceFile = (PathBuf, Option<Digest>);

impl Origins {
    /// Takes in what a step compiled, and looks at what it found fresh: the first unit that was
    /// compiled from other sources than its working copy has, as a reason.
    pub(crate) fn check(&mut self, jobs: &[StepBuild], trials: &[Trial], opaque: bool) -> Option<String> {
        // In an empty build directory a tool brought it.
        let was_there = |job: &StepBuild, trial: &Trial, index| !(job.cold && opaque) && was_there(trial, index);
        for (job, trial) in jobs.iter().zip(trials) {
            for (index, dir) in local_units(job, trial) {
                if !was_there(job, trial, index) || !self.units.contains_key(&dir) {
                    self.units.insert(dir.clone(), sources(job, &dir));
                }
            }
        }
        let mut all = jobs.iter().zip(trials);
        all.find_map(|(job, trial)| {
            let (index, _) = local_units(job, trial).find(|(index, dir)| {
                was_there(job, trial, *index) && self.units.get(dir).is_some_and(|sources| !is_unchanged(job, sources))
            })?;
            let label = trial.build.graph.units[index].label();
            Some(format!("{label} was fresh, yet compiled from other sources than those of {}", job.copy))
        })
    }
}

fn local_units<'t>(job: &'t StepBuild, trial: &'t Trial) -> impl Iterator<Item = (UnitIndex, PathBuf)> + 't {
    let units = trial.build.built.matched.units.iter();
    units
        .filter(|(index, _)| {
            let unit = &trial.build.graph.units[**index];
            unit.is_local() && !unit.is_script_run()
        })
        .map(|(index, (_, place))| (*index, job.site.build_dir.join(&place.0)))
}

/// Whether the unit was neither compiled nor restored in this step.
fn was_there(trial: &Trial, index: UnitIndex) -> bool {
    let restored = trial.build.cached.iter().flat_map(|cached| &cached.restored.units);
    trial.build.is_fresh(index) && !restored.into_iter().any(|(unit, _)| *unit == index)
}

fn sources(job: &StepBuild, unit_dir: &Path) -> Vec<SourceFile> {
    let files = std::fs::read_dir(unit_dir.join("out")).into_iter().flatten().flatten().map(|file| file.path());
    let dep_infos = files.filter(|path| path.extension().is_some_and(|kind| kind == "d"));
    let mut read: Vec<PathBuf> = dep_infos
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .flat_map(|text| depinfo::parse(&text).files)
        // rustc runs at the root of the workspace and names files relative to it.
        .filter_map(|file| Some(job.site.root.join(file).strip_prefix(&job.site.tree).ok()?.to_owned()))
        .collect();
    read.sort();
    read.dedup();
    read.into_iter().map(|file| (file.clone(), content(job, &file))).collect()
}

fn is_unchanged(job: &StepBuild, sources: &[SourceFile]) -> bool {
    sources.iter().all(|(file, was)| content(job, file) == *was)
}

fn content(job: &StepBuild, file: &Path) -> Option<Digest> {
    std::fs::read(job.site.tree.join(file)).ok().map(|bytes| Digest::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(link: LinkMode, counts: [u64; 4]) -> Option<(LinkMode, EnumMap<Mechanism, u64>)> {
        Some((link, EnumMap::from_array(counts)))
    }

    fn reason(change: impl FnOnce(&mut GateFacts)) -> String {
        let mut facts = GateFacts::default();
        assert_eq!(invalid(&facts), None);
        change(&mut facts);
        invalid(&facts).unwrap()
    }

    #[test]
    fn every_gate_fires() {
        assert!(reason(|f| (f.baseline, f.restored_files) = (true, 3)).contains("baseline restored 3"));
        assert!(reason(|f| (f.expects_hits, f.admitted) = (true, 5)).contains("5 units were admitted"));
        assert!(reason(|f| f.mechanism = placed(LinkMode::Hardlink, [9, 0, 1, 0])).contains("1 files came by copy"));
        assert!(reason(|f| f.toolchain_changed = true).contains("toolchain changed"));
        assert!(reason(|f| f.damage = vec!["x: missing".into()]).contains("damaged in 1 places, first x: missing"));
        assert!(reason(|f| f.noop_compiled = 2).contains("ran 2 units"));
        assert!(reason(|f| f.fresh_from_nothing = 4).contains("4 units were fresh in an empty"));
        assert!(reason(|f| f.astray = 2).contains("2 compiles wrote outside the build directory"));
        assert!(reason(|f| f.unmatched = 1).contains("could not be followed"));
        assert!(reason(|f| f.program_failed = Some("exit code 1".into())).contains("does not run: exit code 1"));
        assert!(
            reason(|f| (f.mechanism, f.shares_files) = (placed(LinkMode::Hardlink, [0; 4]), true))
                .contains("nothing was shared")
        );
        assert!(reason(|f| f.program = Some(("b".into(), "a".into()))).contains("\"b\""));
    }

    #[test]
    fn what_is_asked_for_is_valid() {
        let facts = GateFacts {
            expects_hits: true,
            admitted: 5,
            hits: 5,
            mechanism: placed(LinkMode::InPlace, [0, 0, 0, 4]),
            ..GateFacts::default()
        };
        assert_eq!(invalid(&facts), None);
        let facts = GateFacts {
            mechanism: placed(LinkMode::Reflink, [0, 7, 0, 0]),
            program: Some(("a".into(), "a".into())),
            ..facts
        };
        assert_eq!(invalid(&facts), None);
    }
}
