//! All probes for all strategies.
//!
//! Probes run in parallel, each in a directory of its own; families that need all processors come
//! afterwards, one probe at a time. A failure counts only where plain Cargo passes the same probe,
//! and one of an external tool, or of keys that lack an input, only if it repeats: an accusation needs more than one look.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use reports::probes::{ProbeRow, ProbeVerdict};
use strategies::Strategy;
use strategies::key::KeyOptions;
use strategies::units::Units;

use crate::context::{Attempt, ProbeContext, ProbeEnv, lock};
use crate::script::Script;
use crate::{Family, FamilyProbe, Probe, ProbeError, ProbeResult, known_gaps};
use exec::filesystem::remove_dir;

/// How often a failure of what is accused must be seen.
const REPEATS: u32 = 3;

/// One probe for one strategy.
#[derive(Debug, Clone)]
pub struct ProbeTask {
    /// The family.
    pub family: &'static Family,
    /// The probe.
    pub probe: &'static Probe,
    /// The strategy's name.
    pub name: String,
    /// The strategy.
    pub strategy: Strategy,
}

/// How probes are run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Name of the run.
    pub run: String,
    /// The directory in which every attempt gets one of its own.
    pub dir: PathBuf,
    /// Leave directories as they are at the end of their probe.
    pub keep: bool,
    /// How many at a time.
    pub workers: usize,
}

/// Every probe for every strategy, probe by probe.
///
/// # Errors
/// When there is none of either.
pub fn tasks(probes: &[FamilyProbe], strategies: &[(String, Strategy)]) -> Result<Vec<ProbeTask>> {
    if probes.is_empty() || strategies.is_empty() {
        bail!("nothing to run: name at least one probe and one strategy");
    }
    let task = |(family, probe): &FamilyProbe, (name, strategy): &(String, Strategy)| ProbeTask {
        family,
        probe,
        name: name.clone(),
        strategy: strategy.clone(),
    };
    Ok(probes.iter().flat_map(|probe| strategies.iter().map(move |strategy| task(probe, strategy))).collect())
}

/// Runs everything; `on_begin` and `on_end` are called for each task. Rows come in the order of
/// the tasks, those of the tasks that ended if there is an error: the run was interrupted, or the harness cannot go on.
pub fn run_all(
    env: ProbeEnv<'_>,
    tasks: &[ProbeTask],
    options: &RunOptions,
    on_begin: &(dyn Fn(&ProbeTask) + Sync),
    on_end: &(dyn Fn(&ProbeRow, &Script) + Sync),
) -> (Vec<ProbeRow>, Result<()>) {
    let rows: Mutex<Vec<(usize, ProbeRow)>> = Mutex::new(Vec::new());
    let one = |at: usize| -> Result<()> {
        env.build_env.supervisor.check()?;
        on_begin(&tasks[at]);
        let (row, script) = run_task(env, &tasks[at], options)?;
        on_end(&row, &script);
        lock(&rows).push((at, row));
        Ok(())
    };
    let (alone, together): (Vec<usize>, Vec<usize>) = (0..tasks.len()).partition(|at| tasks[*at].family.alone);
    let ended = in_parallel(together.into_iter(), options.workers, &one);
    let ended = ended.and_then(|()| alone.into_iter().try_for_each(one));
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|(at, _)| *at);
    (rows.into_iter().map(|(_, row)| row).collect(), ended)
}

/// Runs `one` for each number on some threads; stops at the first error.
pub(crate) fn in_parallel(
    numbers: impl Iterator<Item = usize> + Send,
    workers: usize,
    one: &(dyn Fn(usize) -> Result<()> + Sync),
) -> Result<()> {
    let next = Mutex::new(numbers);
    let failed: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let work = || {
        while lock(&failed).is_none() {
            // The guard must not live while the number is worked on.
            let Some(at) = lock(&next).next() else { break };
            if let Err(error) = one(at) {
                lock(&failed).get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| (0..workers.max(1)).for_each(|_| drop(scope.spawn(work))));
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Runs a probe, as often as it takes to be sure.
fn run_task(env: ProbeEnv<'_>, task: &ProbeTask, options: &RunOptions) -> Result<(ProbeRow, Script)> {
    let began = Instant::now();
    let mut attempts = 1;
    let dir = options.dir_of(task.probe, &task.name);
    let again = || attempt(env, task.probe, (&task.name, &task.strategy), &dir, options.keep);
    let mut last = again()?;
    if last.verdict == ProbeVerdict::Fail && task.name != NONE {
        let plain = plain_attempt(env, task.probe, options)?;
        if plain.verdict == ProbeVerdict::Fail {
            last.verdict = ProbeVerdict::NotApplicable;
            last.detail = format!("plain Cargo fails it too here: {}", plain.detail);
        } else if plain.verdict == ProbeVerdict::Error {
            last.verdict = ProbeVerdict::Error;
            last.detail = format!("plain Cargo, the yardstick: {}", plain.detail);
        }
        while last.verdict == ProbeVerdict::Fail && is_accused(&task.strategy) && attempts < REPEATS {
            attempts += 1;
            let next = again()?;
            if next.verdict == ProbeVerdict::Error {
                (last.verdict, last.detail) = (next.verdict, next.detail);
            } else if next.verdict != ProbeVerdict::Fail {
                last.verdict = ProbeVerdict::NotApplicable;
                last.detail = format!("failed {} of {attempts} times: {}", attempts - 1, last.detail);
            }
        }
    }
    let gap = known_gaps::explanation(task.probe.name, &task.strategy);
    let row = ProbeRow {
        run: options.run.clone(),
        family: task.family.name.to_owned(),
        probe: task.probe.name.to_owned(),
        expects: task.probe.expects.as_str().to_owned(),
        origin: task.probe.origin.to_owned(),
        strategy: task.name.clone(),
        verdict: last.verdict,
        detail: last.detail,
        known: gap.filter(|_| last.verdict == ProbeVerdict::Fail).unwrap_or_default().to_owned(),
        attempts,
        wall_s: began.elapsed().as_secs_f64(),
    };
    Ok((row, last.script))
}

/// Whether a failure accuses somebody else: a tool, or an input that keys lack.
fn is_accused(strategy: &Strategy) -> bool {
    let lacks = |units: &Units| units.fault.is_none() && units.options.key != KeyOptions::default();
    strategy.as_external().is_some() || strategy.as_units().is_some_and(lacks)
}

const NONE: &str = "none";

/// How plain Cargo does, found out once for all strategies that fail.
fn plain_attempt(env: ProbeEnv<'_>, probe: &'static Probe, options: &RunOptions) -> Result<Attempt> {
    let slot = env.cache.plain(probe.name);
    let mut known = lock(&slot);
    if let Some(plain) = &*known {
        return Ok(plain.clone());
    }
    // A directory of its own: the strategy `none` may run the same probe right now.
    let dir = options.dir_of(probe, "plain-cargo");
    let plain = attempt(env, probe, (NONE, &runner::integration::plain::NONE), &dir, options.keep)?;
    Ok(known.insert(plain).clone())
}

/// Runs a probe once, in a directory that is emptied before and, unless `keep`, removed after.
///
/// # Errors
/// When the run is interrupted. Any other failure of the harness is a verdict, with the reason.
pub fn attempt(
    env: ProbeEnv<'_>,
    probe: &'static Probe,
    strategy: (&str, &Strategy),
    dir: &Path,
    keep: bool,
) -> Result<Attempt> {
    let attempt = attempt_with(env, &probe.run, strategy, dir)?;
    if keep {
        let file = dir.join("by-hand.sh");
        let text = attempt.script.to_shell(&format!("{}: {}", probe.name, probe.about));
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    } else {
        remove_dir(dir)?;
    }
    Ok(attempt)
}

/// Does the steps of a probe in a directory that is emptied before.
pub(crate) fn attempt_with(
    env: ProbeEnv<'_>,
    steps: &dyn Fn(&mut ProbeContext<'_>) -> ProbeResult,
    (name, strategy): (&str, &Strategy),
    dir: &Path,
) -> Result<Attempt> {
    let (result, script, remark) = match ProbeContext::create(env, name, strategy, dir) {
        Ok(mut cx) => {
            let result = steps(&mut cx);
            let (script, remark) = cx.into_record();
            (result, script, remark)
        }
        Err(error) => (Err(error), Script::default(), String::new()),
    };
    env.build_env.supervisor.check()?;
    let (verdict, detail) = match result {
        Ok(()) => (ProbeVerdict::Pass, remark),
        Err(ProbeError::Failed(why)) => (ProbeVerdict::Fail, one_line(&why, dir)),
        Err(ProbeError::NotApplicable(why)) => (ProbeVerdict::NotApplicable, one_line(&why, dir)),
        Err(ProbeError::Internal(error)) => {
            let why = one_line(&format!("{error:#}"), dir);
            (ProbeVerdict::Error, format!("the harness could not run it: {why}"))
        }
    };
    Ok(Attempt { verdict, detail, script })
}

impl RunOptions {
    /// The directory of a probe under a strategy.
    pub fn dir_of(&self, probe: &Probe, strategy: &str) -> PathBuf {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-+@._".contains(c) { c } else { '-' };
        self.dir.join(probe.name).join(strategy.chars().map(plain).collect::<String>())
    }
}

/// One line, without the directory and the names of blobs: the same words for every strategy.
fn one_line(text: &str, dir: &Path) -> String {
    let text = text.replace(&format!("{}/", dir.display()), "");
    let line = text.split_whitespace().map(without_digest).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// The word without the 64 hexadecimal digits in it, if there are.
fn without_digest(word: &str) -> String {
    let is_digest = |part: &&str| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match word.split(|c: char| !c.is_ascii_alphanumeric()).find(is_digest) {
        Some(digest) => word.replace(digest, "…").replace(&format!("/{}/", &digest[..2]), "/"),
        None => word.to_owned(),
    }
}

/// Characters of an explanation; a linker prints thousands.
const LONGEST: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_one_line_without_directories_and_digests() {
        let digest = "0e".repeat(32);
        let text = format!("store\n /of/this/probe/store/v1/blobs/0e/{digest}-x has other bytes");
        let line = one_line(&text, Path::new("/of/this/probe"));
        assert_eq!(line, "store store/v1/blobs/…-x has other bytes");
        assert_eq!(one_line(&"ä".repeat(LONGEST + 1), Path::new("/")).chars().count(), LONGEST + 2);
    }

    #[test]
    fn a_task_that_fails_stops_the_others() {
        let done = Mutex::new(Vec::new());
        let one = |at: usize| {
            lock(&done).push(at);
            if at == 3 { bail!("three") } else { Ok(()) }
        };
        assert_eq!(in_parallel(0..1000, 1, &one).unwrap_err().to_string(), "three");
        assert_eq!(lock(&done).len(), 4);
        lock(&done).clear();
        let fine = |at: usize| {
            lock(&done).push(at);
            Ok(())
        };
        in_parallel(0..1000, 4, &fine).unwrap();
        let mut done = done.into_inner().unwrap();
        done.sort_unstable();
        assert!(done.into_iter().eq(0..1000));
    }
}
