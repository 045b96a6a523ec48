//! Every story to every strategy.
//!
//! Stories are told in parallel, each in a place of its own; families that want the machine for
//! themselves come afterwards, one story at a time. A failure counts only where plain Cargo passes
//! the same story, and one of somebody else's tool only if it repeats: an accusation needs more
//! than one look.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use reports::probes::{ProbeRow, Verdict};
use strategies::Strategy;
use strategies::catalog::Catalog;

use super::bench::{Bench, Ground};
use super::story::Story;
use super::{Family, Probe, Wrong, known};
use exec::dirs::remove_dir;

/// How often a failure of somebody else's tool must be seen.
pub const REPEATS: u32 = 3;

/// One story for one strategy.
#[derive(Debug, Clone)]
pub struct Task {
    /// The family.
    pub family: &'static Family,
    /// The story.
    pub probe: &'static Probe,
    /// The strategy's name.
    pub name: String,
    /// The strategy.
    pub strategy: Strategy,
}

/// How stories are told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the run.
    pub run: String,
    /// Below which stories get their places.
    pub places: PathBuf,
    /// Leave places as they are at the end of their story.
    pub keep: bool,
    /// How many at a time.
    pub workers: usize,
}

/// One telling.
#[derive(Debug)]
pub struct Telling {
    /// How it ended.
    pub verdict: Verdict,
    /// What was wrong, why it is not applicable, or what kept the harness from telling it.
    pub detail: String,
    /// What was done.
    pub story: Story,
}

/// The strategy of a name.
///
/// # Errors
/// When there is none.
pub fn strategy(catalog: &Catalog, name: &str) -> Result<Strategy> {
    let found = catalog.select(name)?.into_iter().next();
    Ok(found.with_context(|| format!("no strategy is called {name}"))?.1)
}

/// Tells everything; `on_begin` and `on_end` hear of each task. Rows come in the order of
/// the tasks.
///
/// # Errors
/// When the run is interrupted, or the harness cannot go on.
pub fn tell_all(
    ground: Ground<'_>,
    tasks: &[Task],
    options: &Options,
    on_begin: &(dyn Fn(&Task) + Sync),
    on_end: &(dyn Fn(&ProbeRow, &Story) + Sync),
) -> Result<Vec<ProbeRow>> {
    let rows: Mutex<Vec<(usize, ProbeRow)>> = Mutex::new(Vec::new());
    let one = |at: usize| -> Result<()> {
        ground.build_env.supervisor.check()?;
        on_begin(&tasks[at]);
        let (row, story) = judge(ground, &tasks[at], options)?;
        on_end(&row, &story);
        rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, row));
        Ok(())
    };
    let (alone, together): (Vec<usize>, Vec<usize>) = (0..tasks.len()).partition(|at| tasks[*at].family.alone);
    in_parallel(&together, options.workers, &one)?;
    alone.into_iter().try_for_each(one)?;
    let mut rows = rows.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    rows.sort_by_key(|(at, _)| *at);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Runs `one` for each number on some threads; stops at the first error.
fn in_parallel(numbers: &[usize], workers: usize, one: &(dyn Fn(usize) -> Result<()> + Sync)) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let work = || {
        while let Some(at) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = one(*at) {
                next.store(numbers.len(), Ordering::Relaxed);
                failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| (0..workers.max(1)).for_each(|_| drop(scope.spawn(work))));
    failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Tells a story, as often as it takes to be sure.
fn judge(ground: Ground<'_>, task: &Task, options: &Options) -> Result<(ProbeRow, Story)> {
    let began = Instant::now();
    let mut attempts = 1;
    let place = place_of(&options.places, task.probe, &task.name);
    let mut telling = tell(ground, task.probe, (&task.name, &task.strategy), &place, options.keep)?;
    if telling.verdict == Verdict::Fail && !matches!(task.strategy, Strategy::None) {
        // A place of its own: `none` may be told the same story right now.
        let beside = place_of(&options.places, task.probe, &format!("{}.none", task.name));
        let plain = tell(ground, task.probe, (NONE, &Strategy::None), &beside, options.keep)?;
        if plain.verdict == Verdict::Fail {
            telling.verdict = Verdict::NotApplicable;
            telling.detail = format!("plain Cargo fails it too here: {}", plain.detail);
        } else if plain.verdict == Verdict::Error {
            telling.verdict = Verdict::Error;
            telling.detail = format!("plain Cargo, the yardstick: {}", plain.detail);
        }
        while telling.verdict == Verdict::Fail && is_foreign(&task.strategy) && attempts < REPEATS {
            attempts += 1;
            let again = tell(ground, task.probe, (&task.name, &task.strategy), &place, options.keep)?;
            if again.verdict == Verdict::Error {
                (telling.verdict, telling.detail) = (again.verdict, again.detail);
            } else if again.verdict != Verdict::Fail {
                telling.verdict = Verdict::NotApplicable;
                telling.detail = format!("failed {} of {attempts} times: {}", attempts - 1, telling.detail);
            }
        }
    }
    let why = known::explanation(task.probe.name, &task.strategy).filter(|_| telling.verdict == Verdict::Fail);
    let row = ProbeRow {
        run: options.run.clone(),
        family: task.family.name.to_owned(),
        probe: task.probe.name.to_owned(),
        expects: task.probe.expects.as_str().to_owned(),
        origin: task.probe.origin.to_owned(),
        strategy: task.name.clone(),
        verdict: telling.verdict,
        detail: telling.detail,
        known: why.unwrap_or_default().to_owned(),
        attempts,
        wall_s: began.elapsed().as_secs_f64(),
    };
    Ok((row, telling.story))
}

const NONE: &str = "none";

/// Neither ours nor plain Cargo's.
fn is_foreign(strategy: &Strategy) -> bool {
    strategy.as_external().is_some()
}

/// Tells a story once, in a place that is emptied before and, unless `keep`, removed after.
///
/// # Errors
/// When the run is interrupted. What the harness cannot tell is an error of its own, with the reason.
pub fn tell(
    ground: Ground<'_>,
    probe: &'static Probe,
    (name, strategy): (&str, &Strategy),
    place: &Path,
    keep: bool,
) -> Result<Telling> {
    let (ended, story, remark) = match Bench::set_up(ground, name, strategy, place) {
        Ok(mut bench) => {
            let ended = (probe.tell)(&mut bench);
            (ended, bench.story().clone(), bench.remarked().to_owned())
        }
        Err(wrong) => (Err(wrong), Story::default(), String::new()),
    };
    ground.build_env.supervisor.check()?;
    let one_line = |text: &str| one_line(text, place);
    let (verdict, detail) = match ended {
        Ok(()) => (Verdict::Pass, remark),
        Err(Wrong::Failed(why)) => (Verdict::Fail, one_line(&why)),
        Err(Wrong::NotApplicable(why)) => (Verdict::NotApplicable, one_line(&why)),
        Err(Wrong::Internal(error)) => {
            (Verdict::Error, format!("the harness could not tell it: {}", one_line(&format!("{error:#}"))))
        }
    };
    if keep {
        let title = format!("{}: {}", probe.name, probe.about);
        let script = place.join("by-hand.sh");
        std::fs::write(&script, story.script(&title)).with_context(|| format!("cannot write {}", script.display()))?;
    } else {
        remove_dir(place)?;
    }
    Ok(Telling { verdict, detail, story })
}

/// Where a story is told to a strategy.
pub fn place_of(places: &Path, probe: &Probe, strategy: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-+@._".contains(c) { c } else { '-' };
    places.join(probe.name).join(strategy.chars().map(plain).collect::<String>())
}

/// One line, in which the place and names of blobs are left out: the same words for every strategy.
fn one_line(text: &str, place: &Path) -> String {
    let text = text.replace(&format!("{}/", place.display()), "");
    let line = text.split_whitespace().map(without_digest).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// The word with 64 hexadecimal digits in it, if there are, left out.
fn without_digest(word: &str) -> String {
    let is_digest = |part: &&str| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match word.split(|c: char| !c.is_ascii_alphanumeric()).find(is_digest) {
        Some(digest) => word.replace(digest, "…").replace(&format!("/{}/", &digest[..2]), "/"),
        None => word.to_owned(),
    }
}

/// Characters of an explanation; a linker's complaint has thousands.
const LONGEST: usize = 300;

/// Every probe for every strategy, probe by probe.
///
/// # Errors
/// When there is none of either.
pub fn tasks(probes: &[(&'static Family, &'static Probe)], strategies: &[(String, Strategy)]) -> Result<Vec<Task>> {
    if probes.is_empty() || strategies.is_empty() {
        bail!("nothing to tell: name at least one probe and one strategy");
    }
    let task = |(family, probe): &(&'static Family, &'static Probe), (name, strategy): &(String, Strategy)| Task {
        family,
        probe,
        name: name.clone(),
        strategy: strategy.clone(),
    };
    Ok(probes.iter().flat_map(|probe| strategies.iter().map(move |strategy| task(probe, strategy))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_one_line_without_places_and_digests() {
        let digest = "0e".repeat(32);
        let text = format!("store\n /at/this/place/store/v1/blobs/0e/{digest}-x has other bytes");
        let line = one_line(&text, Path::new("/at/this/place"));
        assert_eq!(line, "store store/v1/blobs/…-x has other bytes");
        assert_eq!(one_line(&"ä".repeat(LONGEST + 1), Path::new("/")).chars().count(), LONGEST + 2);
    }

    #[test]
    fn a_task_that_fails_stops_the_others() {
        let told = Mutex::new(Vec::new());
        let one = |at: usize| {
            told.lock().unwrap().push(at);
            if at == 3 { bail!("three") } else { Ok(()) }
        };
        let numbers: Vec<usize> = (0..1000).collect();
        assert_eq!(in_parallel(&numbers, 1, &one).unwrap_err().to_string(), "three");
        assert_eq!(told.lock().unwrap().len(), 4);
        told.lock().unwrap().clear();
        let fine = |at: usize| {
            told.lock().unwrap().push(at);
            Ok(())
        };
        in_parallel(&numbers, 4, &fine).unwrap();
        let mut told = told.into_inner().unwrap();
        told.sort_unstable();
        assert_eq!(told, numbers);
    }
}
