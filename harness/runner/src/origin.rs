//! Which sources the units of a build directory were compiled from.
//!
//! A unit of a path package can be called fresh although it holds another working copy's code:
//! where copies share a build directory, both have one unit directory, and Cargo compares
//! times, not content. So after each step the files a unit was compiled from (its dep-info)
//! are remembered with their content; a unit that is fresh must have been compiled from what
//! its working copy holds now.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use strategies::graph::UnitIndex;
use strategies::key::{Digest, depinfo};

use super::trial::{Job, Trial};

/// The sources of every unit directory that was seen compiled or restored.
#[derive(Debug, Default)]
pub(super) struct Origins {
    units: HashMap<PathBuf, Vec<Source>>,
}

/// A source file relative to its working copy, and its content; `None` when it is missing.
type Source = (PathBuf, Option<Digest>);

impl Origins {
    /// Takes in what a step compiled, and looks at what it found fresh: the first unit that was
    /// compiled from other sources than its working copy has, as a reason.
    pub(super) fn check(&mut self, jobs: &[Job], trials: &[Trial]) -> Option<String> {
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
                was_there(job, trial, *index) && self.units.get(dir).is_some_and(|known| !is_as(job, known))
            })?;
            let label = trial.build.graph.units[index].label();
            Some(format!("{label} was fresh, yet compiled from other sources than those of {}", job.copy))
        })
    }
}

/// Compiled units of path packages, and their directories.
fn local_units<'t>(job: &'t Job, trial: &'t Trial) -> impl Iterator<Item = (UnitIndex, PathBuf)> + 't {
    let units = trial.build.built.matched.units.iter();
    units
        .filter(|(index, _)| {
            let unit = &trial.build.graph.units[**index];
            unit.is_local() && !unit.is_script_run()
        })
        .map(|(index, (_, place))| (*index, job.site.build_dir.join(&place.0)))
}

/// Whether the unit was neither compiled nor restored in this step.
fn was_there(job: &Job, trial: &Trial, index: UnitIndex) -> bool {
    if job.cold && job.site.tool.is_some() {
        return false; // A tool brought it.
    }
    let restored = trial.build.cached.iter().flat_map(|cached| &cached.restored.units);
    trial.build.built.fresh.binary_search(&index).is_ok() && !restored.into_iter().any(|(unit, _)| *unit == index)
}

/// What a unit read of its working copy, by its dep-info.
fn sources(job: &Job, unit_dir: &Path) -> Vec<Source> {
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

fn is_as(job: &Job, known: &[Source]) -> bool {
    known.iter().all(|(file, was)| content(job, file) == *was)
}

fn content(job: &Job, file: &Path) -> Option<Digest> {
    std::fs::read(job.site.tree.join(file)).ok().map(|bytes| Digest::of(&bytes))
}
