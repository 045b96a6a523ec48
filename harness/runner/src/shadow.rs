//! The shadow check of a step: every hit is compiled anyway, and the outputs compared.
//!
//! The build directory is renamed aside and the same build run at the same path from nothing,
//! since a path ends up in what is compiled. Only where bytes differ a second compile shows
//! whether the compiler agrees with itself ([`strategies::shadow`]). Then everything is put
//! back: a rename changes no file and no time, so the next step finds what it would have found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use records::Outcome;
use strategies::graph::layout::UnitPlace;
use strategies::shadow::{FileDifference, ShadowComparison, ShadowVerdict, compare, judge};

use super::build_env::BuildEnv;
use super::integration::{self, StepStart, plain::PlainCargo};
use super::invocation::Site;
use super::step::{ShadowResult, StepBuild, Trial};
use exec::filesystem::remove_dir;

pub(crate) fn check(env: &BuildEnv, job: &StepBuild, trial: &Trial) -> Result<ShadowResult> {
    let hits: Vec<(UnitPlace, String)> = trial
        .units
        .iter()
        .filter(|unit| unit.outcome == Some(Outcome::Hit))
        .filter_map(|unit| {
            let (_, place) = trial.build.built.matched.units.get(&unit.index)?;
            Some((place.clone(), trial.build.graph.units[unit.index].label()))
        })
        .collect();
    let mut shadow = ShadowResult::default();
    if hits.is_empty() {
        return Ok(shadow);
    }
    let aside = BuildDirAside::take(&job.site.build_dir, env.arm_dir().join("shadow"))?;
    let first = aside.compile(env, job, "first")?;
    let mut second: Option<PathBuf> = None;
    for (place, label) in &hits {
        let in_first = first.join(&place.0);
        let restored = compare(&aside.restored().join(&place.0), &in_first)?;
        let verdict = judge(&restored, || -> Result<ShadowComparison> {
            let compiled = match &second {
                Some(dir) => dir,
                None => second.insert(aside.compile(env, job, "second")?),
            };
            Ok(compare(&in_first, &compiled.join(&place.0))?)
        })?;
        let named = || format!("{label} ({})", files(&restored));
        match verdict {
            ShadowVerdict::Same => shadow.same += 1,
            ShadowVerdict::Differs => shadow.differs.push(named()),
            ShadowVerdict::NonDeterministic => shadow.nondeterministic.push(named()),
        }
    }
    aside.put_back()?;
    Ok(shadow)
}

fn files(comparison: &ShadowComparison) -> String {
    let ShadowComparison::Differs(differences) = comparison else { return String::new() };
    let kind = |difference: &FileDifference| {
        let path = Path::new(&difference.path);
        path.extension().map_or_else(|| "program".to_owned(), |kind| kind.to_string_lossy().into_owned())
    };
    differences.iter().map(kind).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}

/// A build directory renamed aside, and put back also when something fails.
struct BuildDirAside {
    place: PathBuf,
    dir: PathBuf,
    done: bool,
}

impl BuildDirAside {
    fn take(place: &Path, dir: PathBuf) -> Result<BuildDirAside> {
        remove_dir(&dir)?;
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let aside = BuildDirAside { place: place.to_owned(), dir, done: false };
        std::fs::rename(place, aside.restored()).with_context(|| format!("cannot rename {}", place.display()))?;
        Ok(aside)
    }

    fn restored(&self) -> PathBuf {
        self.dir.join("restored")
    }

    /// Builds from nothing in the place of the restored directory, and takes the result aside.
    fn compile(&self, env: &BuildEnv, job: &StepBuild, name: &str) -> Result<PathBuf> {
        let site = Site { hooks: Arc::new(PlainCargo::default()), ..job.site.clone() };
        integration::build(&PlainCargo::default(), env, &site, &job.options, &StepStart::default())?;
        let kept = self.dir.join(name);
        std::fs::rename(&self.place, &kept).with_context(|| format!("cannot rename {}", self.place.display()))?;
        Ok(kept)
    }

    fn put_back(mut self) -> Result<()> {
        self.done = true;
        remove_dir(&self.place)?;
        std::fs::rename(self.restored(), &self.place)
            .with_context(|| format!("cannot rename {} back", self.restored().display()))?;
        remove_dir(&self.dir)
    }
}

impl Drop for BuildDirAside {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_dir_all(&self.place);
            let _ = std::fs::rename(self.restored(), &self.place);
        }
    }
}
