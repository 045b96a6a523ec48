//! A measured build step of an arm: one Cargo, or several at once on one store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use corpora::scenario::{Fingerprint, Home, Machine, Step};

use super::{Arm, Programs, WorkingCopy};
use crate::build::Build;
use crate::build_env::BuildEnv;
use crate::checks::{CheckResult, check};
use crate::confinement;
use crate::deadline::BuildError;
use crate::delivery::{Leg, Transfer};
use crate::gates;
use crate::integration::{self, OwnCount, StepStart};
use crate::invocation::{BuildOptions, Site};
use crate::ledger::DiskUse;
use crate::shadow;
use crate::step::{BuiltStep, OutcomeCounts, ShadowResult, StepBuild, StepOutcome, Trial};
use exec::cpu::{CpuTimes, own_cpu};
use exec::process::ProcessError;

struct BuiltJobs {
    builds: Vec<(Build, CheckResult)>,
    transfer: Option<Transfer>,
    own: Duration,
    own_count: Option<OwnCount>,
    fault: Option<String>,
    processors: Option<CpuTimes>,
    daemon: Option<Duration>,
}

impl Arm<'_> {
    pub(super) fn build(&mut self, step: &Step, workspace: usize, programs: &mut Programs) -> Result<StepOutcome> {
        self.ledger.begin();
        let mut whole: Option<BuiltStep> = None;
        for n in 0..step.times {
            let turn = step.turn(n);
            // Before the first time they were done with the step's preparation.
            for action in turn.each.iter().filter(|_| n > 0) {
                self.act_or_break(&turn, action, Some(workspace));
                if let Some(why) = &self.broken {
                    return Ok(StepOutcome::Failed(why.clone()));
                }
            }
            let jobs = self.jobs(&turn, workspace)?;
            for job in &jobs {
                // Whatever comes of the build, its directory is no longer empty.
                self.copies_mut(workspace)?.copy_mut(&job.copy)?.cold = false;
            }
            match self.build_and_check(&turn, &jobs) {
                Ok(built) => {
                    let is_last = n + 1 == step.times;
                    let built = self.judge(&turn, &jobs, built, programs, is_last)?;
                    whole = Some(match whole {
                        Some(before) => before.then(built),
                        None => built,
                    });
                }
                Err(BuildError::Process(error @ ProcessError::Interrupted(_))) => return Err(error.into()),
                Err(error) => {
                    self.look_at_disk(step, workspace)?; // What it left there is not the next step's doing.
                    if matches!(error, BuildError::TooLong { .. }) {
                        self.note_cut_off(&step.name, workspace, &error);
                    }
                    return Ok(StepOutcome::Failed(confinement::annotate(self.env, error.to_string())));
                }
            }
        }
        let whole = whole.context("a step that is done no time")?;
        let disk = self.look_at_disk(step, workspace)?;
        Ok(StepOutcome::Built(Box::new(BuiltStep { disk, ..whole })))
    }

    fn jobs(&self, step: &Step, workspace: usize) -> Result<Vec<StepBuild>> {
        let copies = self.copies(workspace)?;
        let job = |name: &String| {
            let WorkingCopy { name, site, cold, edits, upgraded, .. } = copies.copy(name)?;
            let options = self.build_options(step, name);
            let lockfile = if *upgraded { "upgraded" } else { "" };
            let home = if step.cargo_home == Home::Elsewhere { "elsewhere" } else { "" };
            let flags = options.rustflags.as_deref().unwrap_or_default();
            let by = if step.fingerprint == Fingerprint::Content { "content" } else { "" };
            let settings = step.settings();
            let variant = format!("{} {} {lockfile} {home} {by} {flags} {settings}", options.task, options.profile);
            Ok(StepBuild {
                copy: name.clone(),
                site: site.clone(),
                options,
                cold: *cold,
                edits: *edits,
                step: step.name.clone(),
                machine: step.machine,
                variant,
            })
        };
        step.trees.iter().map(job).collect()
    }

    fn build_and_check(&mut self, step: &Step, jobs: &[StepBuild]) -> Result<BuiltJobs, BuildError> {
        let integration = Arc::clone(&self.integration);
        let (env, integration) = (self.env_of(step), &*integration);
        let builds: Vec<(&Site, &BuildOptions)> = jobs.iter().map(|job| (&job.site, &job.options)).collect();
        let mut leg = match (&self.route, step.machine, integration.store_dir(), builds.as_slice()) {
            (Some(route), Some(machine), Some(store), [alone]) => {
                let leg = route.begin(env, (machine, &step.name), *alone, store)?;
                Some(leg)
            }
            _ => None,
        };
        if let Some(leg) = &mut leg
            && (step.machine == Some(Machine::Consumer) || leg.is_remote())
            && leg.deliver(integration)?
        {
            self.seen.extend(self.published.iter().cloned());
        }
        let mut start = integration.start_step(env, &builds)?;
        if let Some(leg) = &mut leg {
            leg.transfer.parts.start = start.daemon.take();
        }
        let processors = self.processors();
        let own_before = own_cpu();
        let mut built = self.build_all(env, &builds, &start);
        let own = own_cpu().saturating_sub(own_before);
        let processors = self.processors().zip(processors).map(|(now, before)| now.since(&before));
        let own_count = integration.end_step(env, &builds, &start);
        let fault = integration.fault();
        let transfer = match leg {
            Some(leg) => self.publish(leg, &mut built, &builds)?,
            None => None,
        };
        let checked = built.into_iter().zip(&builds).map(|(built, (site, options))| {
            let mut built = built?;
            let checked = check(env, site, options, &built, integration.store())?;
            built.release();
            Ok((built, checked))
        });
        let builds: Vec<(Build, CheckResult)> = checked.collect::<Result<_, BuildError>>()?;
        // Of several at once nobody can say whose CPU time it was.
        let own = if let [(alone, _)] = builds.as_slice() { alone.own } else { own };
        Ok(BuiltJobs { builds, transfer, own, own_count, fault, processors, daemon: start.daemon })
    }

    /// Publishes what a machine has built, and takes it off the network.
    fn publish(
        &self,
        mut leg: Leg<'_>,
        built: &mut [Result<Build, BuildError>],
        builds: &[(&Site, &BuildOptions)],
    ) -> Result<Option<Transfer>, BuildError> {
        let integration = &*self.integration;
        let Some(Ok(build)) = built.first_mut() else {
            integration.connect(None);
            return Ok(None);
        };
        leg.claim(&mut build.phases, integration);
        leg.publish(integration, build)?;
        let transfer = leg.finish(integration, build);
        // The no-op build asks the same programs again, and nobody else may start them.
        integration.start_step(self.env, &builds[..0])?;
        Ok(Some(transfer))
    }

    fn build_all(
        &self,
        env: &BuildEnv,
        builds: &[(&Site, &BuildOptions)],
        start: &StepStart,
    ) -> Vec<Result<Build, BuildError>> {
        let one =
            |(site, options): (&Site, &BuildOptions)| integration::build(&*self.integration, env, site, options, start);
        match builds {
            [alone] => vec![one(*alone)],
            several => std::thread::scope(|scope| {
                let threads: Vec<_> = several.iter().map(|build| scope.spawn(|| one(*build))).collect();
                let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
                joined.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
            }),
        }
    }

    /// What the processors did so far; what a daemon of ours did is ours.
    fn processors(&self) -> Option<CpuTimes> {
        let now = CpuTimes::now()?;
        let daemon = self.integration.used();
        Some(CpuTimes { own: now.own + daemon.user + daemon.sys, ..now })
    }

    /// Why a step that others disturbed does not count, where a limit was asked for.
    fn disturbed(&self, processors: Option<&CpuTimes>) -> Option<String> {
        let limit = self.options.guards.max_foreign_cpu_percent?;
        let others = processors?.others_share().filter(|others| *others > limit.share())?;
        let share = 100.0 * others;
        Some(format!("others used {share:.0} % of the processor time, {limit} are allowed (--max-foreign-cpu)"))
    }

    fn look_at_disk(&mut self, step: &Step, workspace: usize) -> Result<DiskUse> {
        let copies = self.copies(workspace)?;
        let trees = step.trees.iter().map(|name| Ok(copies.copy(name)?.site.target_dir.clone()));
        let trees: Vec<PathBuf> = trees.collect::<Result<_>>()?;
        let trees: Vec<&Path> = trees.iter().map(PathBuf::as_path).collect();
        Ok(self.ledger.end(&self.integration.kept_dirs(), &trees))
    }

    fn judge(
        &mut self,
        step: &Step,
        jobs: &[StepBuild],
        built: BuiltJobs,
        programs: &mut Programs,
        is_last: bool,
    ) -> Result<BuiltStep> {
        let BuiltJobs { builds, transfer, own, own_count, fault, processors, daemon } = built;
        let (env, expectations) = (self.env_of(step), self.integration.expectations());
        let mut invalid = fault;
        let mut trials = Vec::new();
        for (job, (build, checked)) in jobs.iter().zip(builds) {
            let units = self.integration.outcomes(&build, job.cold);
            let counts = OutcomeCounts::of(&units);
            let seen = (job.site.workspace.clone(), job.copy.clone(), job.variant.clone(), job.edits);
            let was_seen = !self.seen.insert(seen);
            let trial = Trial { build, checked, units, counts };
            let facts = gates::facts(env, &expectations, job, &trial, was_seen, programs);
            invalid = invalid.or_else(|| gates::invalid(&facts));
            trials.push(trial);
        }
        if transfer.is_some() && jobs.iter().any(|job| job.machine == Some(Machine::Producer)) {
            self.published.clone_from(&self.seen);
        }
        let opaque = expectations.opaque;
        let invalid = invalid.or_else(|| self.origins.check(jobs, &trials, opaque));
        let invalid = invalid.or_else(|| self.disturbed(processors.as_ref()));
        let (shadow, unchecked) = match self.integration.store().is_some() && self.options.shadow && is_last {
            true => match Self::shadow(env, jobs, &trials) {
                Ok(shadow) => (Some(shadow), None),
                Err(error) if self.env.supervisor.is_interrupted() => return Err(error),
                Err(error) => (None, Some(format!("{error:#}"))),
            },
            false => (None, None),
        };
        let walls = trials.iter().map(|trial| trial.build.phases.wall()).max().into_iter();
        let cpus = [own + trials.iter().map(|trial| trial.build.usage.user + trial.build.usage.sys).sum()];
        let turns = walls.zip(cpus).collect();
        let disk = DiskUse::default(); // Looked at once, after the last time.
        Ok(BuiltStep {
            trials,
            turns,
            opaque,
            own,
            disk,
            shadow,
            unchecked,
            invalid,
            own_count,
            processors,
            daemon,
            transfer,
        })
    }

    fn shadow(env: &BuildEnv, jobs: &[StepBuild], trials: &[Trial]) -> Result<ShadowResult> {
        let mut sum = ShadowResult::default();
        for (job, trial) in jobs.iter().zip(trials) {
            let one = shadow::check(env, job, trial).with_context(|| format!("shadow check of {}", job.copy))?;
            sum.add(one);
        }
        Ok(sum)
    }
}
