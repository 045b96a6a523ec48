//! A measured build step of an arm: one Cargo, or several at once on one store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use corpora::scenario::{Home, Step};
use records::{Outcome, Status, StepRow, UnitRow};
use strategies::Strategy;
use strategies::explain::Index;

use super::arm::{Arm, Memory};
use super::build::{Build, BuildError, build};
use super::checks::{Checked, check};
use super::confinement;
use super::copies::WorkingCopy;
use super::facts::facts;
use super::gates;
use super::invocation::{Recipe, Site};
use super::ledger::DiskUse;
use super::outcome::{Counts, UnitOutcome, outcomes};
use super::rival::{self, Counting, OwnCount};
use super::rows::Identity;
use super::shadow::{self, Shadow};
use exec::cpu::{CpuTimes, own_cpu};
use exec::process::ProcessError;

/// One Cargo of a step, with everything known of it.
#[derive(Debug)]
pub struct Trial {
    /// What it did.
    pub build: Build,
    /// What was looked at afterwards.
    pub checked: Checked,
    /// What became of its units.
    pub units: Vec<UnitOutcome>,
    /// Their numbers.
    pub counts: Counts,
}

/// A finished step.
#[derive(Debug)]
pub struct Measured {
    /// Its Cargos; never empty.
    pub trials: Vec<Trial>,
    /// CPU time of the harness itself while they ran: planning, restoring, publishing.
    pub own: Duration,
    /// What store and build directories take.
    pub disk: DiskUse,
    /// What a compile of every hit showed, if that was asked for.
    pub shadow: Option<Shadow>,
    /// Why it could not be checked so.
    pub unchecked: Option<String>,
    /// Why it does not count.
    pub invalid: Option<String>,
    /// What the tool of an external strategy says of it.
    pub own_count: Option<OwnCount>,
    /// What the processors did while they ran.
    pub processors: Option<CpuTimes>,
}

impl Trial {
    /// Units that Cargo ran and that were not brought back instead.
    pub fn compiled(&self) -> u64 {
        let hits = self.units.iter().filter(|unit| unit.outcome == Some(Outcome::Hit));
        let brought_back = hits.filter(|unit| self.build.built.compiled.binary_search(&unit.index).is_ok()).count();
        (self.build.built.compiled.len() - brought_back) as u64
    }
}

/// What the builds of a step were.
struct Built {
    trials: Vec<(Build, Checked)>,
    own: Duration,
    own_count: Option<OwnCount>,
    ended: Option<String>,
    processors: Option<CpuTimes>,
}

/// One working copy about to be built.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub copy: String,
    pub site: Site,
    pub recipe: Recipe,
    /// Its build directory is empty.
    pub cold: bool,
    pub edits: u32,
    /// Name of the step.
    pub step: String,
    /// What tells this build from others of the workspace whose units have other indices.
    pub variant: String,
}

fn sites(jobs: &[Job]) -> Vec<&Site> {
    jobs.iter().map(|job| &job.site).collect()
}

impl Arm<'_> {
    /// Builds the working copies of a step, measured, and checks them.
    ///
    /// # Errors
    /// When the run is interrupted. A build that fails is a row, not an error.
    pub(super) fn build_step(
        &mut self,
        identity: &Identity,
        step: &Step,
        workspace: usize,
        memory: &mut Memory,
    ) -> Result<(StepRow, Vec<UnitRow>)> {
        let jobs = self.jobs(step, workspace)?;
        for job in &jobs {
            // Whatever comes of the build, its directory is no longer empty.
            self.place_mut(workspace)?.copy_mut(&job.copy)?.cold = false;
        }
        self.ledger.begin();
        match self.build_and_check(&jobs) {
            Ok(built) => self.judge(identity, &jobs, built, memory),
            Err(BuildError::Process(error @ ProcessError::Interrupted(_))) => Err(error.into()),
            Err(error) => {
                self.look_at_disk(&jobs); // What it left there is not the next step's doing.
                if matches!(error, BuildError::TooLong { .. }) {
                    self.cut_off(&step.name, workspace, &error);
                }
                let note = confinement::annotate(self.lab, error.to_string());
                Ok((identity.row(&self.strategy, Status::Failed, note), Vec::new()))
            }
        }
    }

    fn jobs(&self, step: &Step, workspace: usize) -> Result<Vec<Job>> {
        let place = self.place(workspace)?;
        let job = |name: &String| {
            let WorkingCopy { name, site, cold, edits, upgraded } = place.copy(name)?;
            let recipe = self.recipe(step, name);
            let lockfile = if *upgraded { "upgraded" } else { "" };
            let home = if step.cargo_home == Home::Elsewhere { "elsewhere" } else { "" };
            let flags = recipe.rustflags.as_deref().unwrap_or_default();
            let variant = format!("{} {} {lockfile} {home} {flags}", recipe.task, recipe.profile);
            Ok(Job {
                copy: name.clone(),
                site: site.clone(),
                recipe,
                cold: *cold,
                edits: *edits,
                step: step.name.clone(),
                variant,
            })
        };
        step.trees.iter().map(job).collect()
    }

    /// Everything that can fail.
    fn build_and_check(&self, jobs: &[Job]) -> Result<Built, BuildError> {
        let store = self.store.as_deref();
        // Read before anybody publishes: what misses is explained by what was there.
        let before = store.filter(|_| jobs.len() > 1).map(|store| Arc::new(Index::load(store)));
        let counting = self.begin_counting(jobs)?;
        let processors = self.processors();
        let own_before = own_cpu();
        let one = |job: &Job| build(self.lab, &job.site, &job.recipe, &self.strategy, store, before.as_ref());
        let built: Vec<Result<Build, BuildError>> = match jobs {
            [job] => vec![one(job)],
            several => std::thread::scope(|scope| {
                let threads: Vec<_> = several.iter().map(|job| scope.spawn(|| one(job))).collect();
                let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
                joined.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
            }),
        };
        let own = own_cpu().saturating_sub(own_before);
        let processors = self.processors().zip(processors).map(|(now, before)| now.since(&before));
        let own_count = self.end_counting(counting.as_ref(), jobs);
        let built = built.into_iter().zip(jobs).map(|(built, job)| {
            let mut built = built?;
            let checked = check(self.lab, &job.site, &job.recipe, &built, store)?;
            built.release();
            Ok((built, checked))
        });
        let trials: Vec<(Build, Checked)> = built.collect::<Result<_, BuildError>>()?;
        let own = if let [(alone, _)] = trials.as_slice() { alone.own } else { own };
        let ended = self.rival.as_ref().and_then(|rival| rival.ended());
        Ok(Built { trials, own, own_count, ended, processors })
    }

    /// What the processors did so far; what a daemon of ours did is ours.
    fn processors(&self) -> Option<CpuTimes> {
        let now = CpuTimes::now()?;
        let daemon = self.rival.as_ref().map(|rival| rival.used()).unwrap_or_default();
        Some(CpuTimes { own: now.own + daemon.user + daemon.sys, ..now })
    }

    /// Why a step that others disturbed does not count, where a limit was asked for.
    fn disturbed(&self, processors: Option<&CpuTimes>) -> Option<String> {
        let limit = self.options.guards.max_foreign_cpu_percent?;
        let others = processors?.others_share().filter(|others| *others > limit.share())?;
        let share = 100.0 * others;
        Some(format!("others used {share:.0} % of the processor time, {limit} are allowed (--max-foreign-cpu)"))
    }

    /// Has the tool of an external strategy serve, and reads its counters.
    fn begin_counting(&self, jobs: &[Job]) -> Result<Option<Counting>, BuildError> {
        let (Some(rival), Some(job)) = (&self.rival, jobs.first()) else { return Ok(None) };
        rival.serve()?;
        let env = rival::Env { lab: self.lab, recipe: &job.recipe };
        Ok(Some(rival.begin_counting(&env, &sites(jobs))))
    }

    fn end_counting(&self, counting: Option<&Counting>, jobs: &[Job]) -> Option<OwnCount> {
        let env = rival::Env { lab: self.lab, recipe: &jobs.first()?.recipe };
        self.rival.as_ref()?.end_counting(counting?, &env, &sites(jobs))
    }

    fn look_at_disk(&mut self, jobs: &[Job]) -> DiskUse {
        let trees: Vec<&Path> = jobs.iter().map(|job| job.site.target_dir.as_path()).collect();
        let store: Option<PathBuf> = self.store_dir.clone();
        self.ledger.end(store.as_deref(), &trees)
    }

    fn judge(
        &mut self,
        identity: &Identity,
        jobs: &[Job],
        Built { trials: built, own, own_count, ended, processors }: Built,
        memory: &mut Memory,
    ) -> Result<(StepRow, Vec<UnitRow>)> {
        let disk = self.look_at_disk(jobs);
        let mut invalid = ended;
        let mut trials = Vec::new();
        for (job, (build, checked)) in jobs.iter().zip(built) {
            let mut units = outcomes(&build, &self.strategy, self.store.as_deref(), job.cold);
            self.settle_costs(job, &mut units, memory);
            let counts = Counts::of(&units);
            let seen = (job.site.workspace.clone(), job.copy.clone(), job.variant.clone(), job.edits);
            let was_seen = !self.seen.insert(seen);
            let expects_hits = job.cold && was_seen;
            let trial = Trial { build, checked, units, counts };
            let facts = facts(self.lab, &self.strategy, job, &trial, expects_hits, memory);
            invalid = invalid.or_else(|| gates::invalid(&facts));
            trials.push(trial);
        }
        let invalid = invalid.or_else(|| self.origins.check(jobs, &trials));
        let invalid = invalid.or_else(|| self.disturbed(processors.as_ref()));
        let (shadow, unchecked) = match (&self.strategy, self.options.shadow) {
            (Strategy::Units(_), true) => match self.shadow(jobs, &trials) {
                Ok(shadow) => (Some(shadow), None),
                Err(error) if self.lab.supervisor.is_interrupted() => return Err(error),
                Err(error) => (None, Some(format!("{error:#}"))),
            },
            _ => (None, None),
        };
        let measured = Measured { trials, own, disk, shadow, unchecked, invalid, own_count, processors };
        let units = measured.trials.iter().flat_map(|trial| identity.units(&trial.build, &trial.units)).collect();
        Ok((identity.measured(&self.strategy, &measured), units))
    }

    fn shadow(&self, jobs: &[Job], trials: &[Trial]) -> Result<Shadow> {
        let mut sum = Shadow::default();
        for (job, trial) in jobs.iter().zip(trials) {
            let one = shadow::check(self.lab, job, trial).with_context(|| format!("shadow check of {}", job.copy))?;
            sum.add(one);
        }
        Ok(sum)
    }

    /// A unit's seconds where this build did not run it: what the `none` arm took for it before,
    /// else this arm itself. [`records::costs::settle`] has the last word when the run is over.
    fn settle_costs(&mut self, job: &Job, units: &mut [UnitOutcome], memory: &mut Memory) {
        let is_none = matches!(self.strategy, Strategy::None);
        for unit in units {
            let at = (job.site.workspace.clone(), job.variant.clone(), unit.index);
            match unit.cost_s {
                Some(cost) => {
                    self.costs.entry(at.clone()).or_insert(cost);
                    if is_none {
                        memory.none_costs.entry(at).or_insert(cost);
                    }
                }
                None if is_none => {}
                None => unit.cost_s = memory.none_costs.get(&at).or_else(|| self.costs.get(&at)).copied(),
            }
        }
    }
}
