//! Random histories: two checkouts of a generated workspace, edited, wiped, switched, killed and built, whole or in part, in any order.
//!
//! After each build the program must print what an empty plain build prints. A failure counts only if plain Cargo
//! does not fail in the same steps, and is shrunk to the fewest steps and packages that still fail.

mod world;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use reports::probes::{ProbeRow, ProbeVerdict};
use strategies::Strategy;

use crate::child_build::{KillAt, KillPoint};
use crate::context::{Attempt, ProbeContext, ProbeEnv, lock};
use crate::run::{RunOptions, attempt_with, in_parallel};
use crate::{ProbeError, ProbeResult};
use exec::filesystem::remove_dir;
use runner::build_env::Phase;
use world::{PARTS, Part, Switches};

/// How many histories are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So many for each strategy.
    Count(u64),
    /// As many as are begun in this time.
    Time(Duration),
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Count(count) => write!(f, "{count} each"),
            Limit::Time(time) => write!(f, "as many as begin in {} s", time.as_secs()),
        }
    }
}

/// The file of a failed history's steps in `scripts/` of the run folder.
pub fn script_name(seed: u64, strategy: &str) -> String {
    format!("history-{seed}-{}.sh", strategy.replace(':', "-"))
}

/// Runs the histories of consecutive seeds under each strategy: a row for each strategy, which fails with the first
/// history that does. `on_end` is called for each history. An interrupted run has the rows of the histories that ended.
pub fn run_all(
    env: ProbeEnv<'_>,
    strategies: &[(String, Strategy)],
    (limit, first): (Limit, u64),
    options: &RunOptions,
    on_end: &(dyn Fn(&str, u64, &Attempt) + Sync),
) -> (Vec<ProbeRow>, Result<()>) {
    let began = Instant::now();
    let ended: Mutex<Vec<(usize, u64, Attempt)>> = Mutex::new(Vec::new());
    let count = match limit {
        Limit::Count(count) => count as usize * strategies.len(),
        Limit::Time(_) => usize::MAX,
    };
    let one = |at: usize| -> Result<()> {
        let (which, seed) = (at % strategies.len(), first + (at / strategies.len()) as u64);
        let (name, strategy) = &strategies[which];
        let dir = options.dir.join(format!("history-{seed}-{which}"));
        let attempt = History::of(seed).run(env, (name, strategy), &dir)?;
        remove_dir(&dir)?;
        on_end(name, seed, &attempt);
        lock(&ended).push((which, seed, attempt));
        Ok(())
    };
    let is_over = || matches!(limit, Limit::Time(time) if began.elapsed() >= time);
    let result = in_parallel((0..count).take_while(|_| !is_over()), options.workers, &one);
    let mut ended = lock(&ended);
    ended.sort_by_key(|(which, seed, _)| (*which, *seed));
    let row = |(which, (name, _)): (usize, &(String, Strategy))| {
        let of: Vec<_> = ended.iter().filter(|(it, ..)| *it == which).collect();
        let number = |verdict| of.iter().filter(|(.., it)| it.verdict == verdict).count();
        let worst = [ProbeVerdict::Error, ProbeVerdict::Fail].into_iter().find(|it| number(*it) > 0);
        let mut detail = format!(
            "{} histories of {} steps from seed {first}: {} pass, {} fail, {} in which plain Cargo fails, too",
            of.len(),
            History::of(first).len(),
            number(ProbeVerdict::Pass),
            number(ProbeVerdict::Fail),
            number(ProbeVerdict::NotApplicable)
        );
        if let Some((_, seed, attempt)) = of.iter().find(|(.., it)| Some(it.verdict) == worst) {
            detail += &format!("; scripts/{}: {}", script_name(*seed, name), attempt.detail);
        }
        let mut verdict = worst.unwrap_or(ProbeVerdict::Pass);
        // What the strategy needs is not here.
        let lacks = |it: &&(usize, u64, Attempt)| {
            it.2.verdict == ProbeVerdict::NotApplicable && !it.2.detail.starts_with(PLAIN_TOO)
        };
        if let Some((.., attempt)) = of.iter().copied().find(lacks) {
            (verdict, detail) = (ProbeVerdict::NotApplicable, attempt.detail.clone());
        }
        ProbeRow {
            run: options.run.clone(),
            family: "histories".to_owned(),
            probe: "random-histories".to_owned(),
            expects: "survive".to_owned(),
            origin: "https://github.com/rust-lang/cargo/issues/5931".to_owned(),
            strategy: name.clone(),
            verdict,
            detail,
            known: String::new(),
            attempts: 1,
            wall_s: began.elapsed().as_secs_f64(),
        }
    };
    (strategies.iter().enumerate().map(row).collect(), result)
}

/// How the detail of a history begins that is no failure of the strategy.
const PLAIN_TOO: &str = "plain Cargo fails, too";

const TREES: [&str; 2] = ["first", "second"];
/// Few, so that a word comes back.
const WORDS: [&str; 3] = ["one", "two", "six"];
/// Random steps; those that build everything anew at the end come on top.
const STEPS: usize = 14;

/// One step. Trees are numbers in `TREES`, words in `WORDS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HistoryStep {
    /// The file of a part gets this word.
    Edit(usize, Part, usize),
    /// The same by a file that is older than all others.
    OldFile(usize, Part, usize),
    /// A tree gets the files of the other one where they differ, as a switch of branches does.
    Switch(usize),
    Wipe(usize),
    Build(usize),
    /// A part alone, `-p`.
    BuildPart(usize, Part),
    /// Built by plain Cargo, as an editor does.
    PlainBuild(usize),
    /// Killed in a phase, so many milliseconds after it began.
    Kill(usize, Phase, u64),
    /// The store loses one entry in two.
    Evict,
    /// `cargo clean -p` of a part.
    Clean(usize, Part),
    Release(usize),
    Feature(usize),
    Flag(usize),
    Incremental(usize),
}

/// Steps for a workspace with these parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    parts: Vec<Part>,
    steps: Vec<HistoryStep>,
}

impl History {
    /// The history of a seed.
    pub fn of(seed: u64) -> History {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut parts: Vec<Part> = PARTS.iter().copied().filter(|_| random.random_ratio(1, 3)).collect();
        if parts.is_empty() {
            parts.push(Part::Source);
        }
        let mut steps = vec![HistoryStep::Build(0)];
        for _ in 1..STEPS {
            let tree = random.random_range(0..TREES.len());
            let (part, word) = (parts[random.random_range(0..parts.len())], random.random_range(0..WORDS.len()));
            steps.push(match random.random_range(0..28) {
                0..6 => HistoryStep::Build(tree),
                6..11 => HistoryStep::Edit(tree, part, word),
                11..13 => HistoryStep::OldFile(tree, part, word),
                13..15 => HistoryStep::Switch(tree),
                15..18 => HistoryStep::Wipe(tree),
                18 | 26 => HistoryStep::PlainBuild(tree),
                27 => HistoryStep::BuildPart(tree, part),
                19 => {
                    let phase = [Phase::Restore, Phase::Cargo, Phase::Publish][random.random_range(0..3)];
                    HistoryStep::Kill(tree, phase, random.random_range(0..200))
                }
                20 => HistoryStep::Evict,
                21 => HistoryStep::Release(tree),
                22 => HistoryStep::Feature(tree),
                23 => HistoryStep::Flag(tree),
                24 => HistoryStep::Incremental(tree),
                _ => HistoryStep::Clean(tree, part),
            });
        }
        // Whatever got into the store shows in an empty build directory.
        steps.extend([0, 1].into_iter().flat_map(|tree| [HistoryStep::Wipe(tree), HistoryStep::Build(tree)]));
        History { parts, steps }
    }

    /// How many steps it has.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it has no steps.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Runs it under a strategy, and under plain Cargo if it fails; then it is shrunk.
    ///
    /// # Errors
    /// When the run is interrupted.
    pub fn run(&self, env: ProbeEnv<'_>, strategy: (&str, &Strategy), dir: &Path) -> Result<Attempt> {
        let (mut failed, done) = self.attempt(env, strategy, dir)?;
        if failed.verdict != ProbeVerdict::Fail {
            return Ok(failed);
        }
        // What plain Cargo does in later steps is no excuse for this one.
        let mut history = History { parts: self.parts.clone(), steps: self.steps[..=done].to_vec() };
        if history.attempt(env, ("none", &runner::integration::plain::NONE), dir)?.0.verdict != ProbeVerdict::Pass {
            failed.verdict = ProbeVerdict::NotApplicable;
            failed.detail = format!("{PLAIN_TOO}: {}", failed.detail);
            return Ok(failed);
        }
        loop {
            let smaller = history.smaller().into_iter().find_map(|smaller| {
                let (attempt, _) = smaller.attempt(env, strategy, dir).ok()?;
                let fails = attempt.verdict == ProbeVerdict::Fail;
                let plain =
                    fails.then(|| smaller.attempt(env, ("none", &runner::integration::plain::NONE), dir).ok())??.0;
                (plain.verdict == ProbeVerdict::Pass).then_some((smaller, attempt))
            });
            env.build_env.supervisor.check()?;
            match smaller {
                Some(found) => (history, failed) = found,
                None => return Ok(failed),
            }
        }
    }

    /// Histories with fewer parts, or fewer steps: first halves, then single ones.
    fn smaller(&self) -> Vec<History> {
        let without_part = self.parts.iter().filter(|_| self.parts.len() > 1).map(|gone| History {
            parts: self.parts.iter().copied().filter(|part| part != gone).collect(),
            steps: self.steps.iter().copied().filter(|step| step.part() != Some(*gone)).collect(),
        });
        let without_steps = [self.steps.len() / 2, self.steps.len() / 4, 1].into_iter().filter(|size| *size > 0);
        let without_steps = without_steps.flat_map(|size| {
            (0..self.steps.len()).step_by(size).map(move |at| {
                let (before, rest) = self.steps.split_at(at);
                History { parts: self.parts.clone(), steps: [before, &rest[size.min(rest.len())..]].concat() }
            })
        });
        without_part.chain(without_steps).filter(|it| !it.is_empty()).collect()
    }

    /// The second value is how many steps were done before it ended.
    fn attempt(&self, env: ProbeEnv<'_>, strategy: (&str, &Strategy), dir: &Path) -> Result<(Attempt, usize)> {
        let done = Cell::new(0);
        let attempt = attempt_with(env, &|cx| self.steps_in(cx, &done), strategy, dir)?;
        Ok((attempt, done.get()))
    }

    fn steps_in(&self, cx: &mut ProbeContext<'_>, done: &Cell<usize>) -> ProbeResult {
        let words: Vec<(Part, String)> = self.parts.iter().map(|part| (*part, WORDS[0].to_owned())).collect();
        let mut trees: Vec<Checkout> = Vec::new();
        for name in TREES {
            world::check_out(cx, name, &words)?;
            trees.push(Checkout { name, words: words.clone(), ..Checkout::default() });
        }
        for (at, step) in self.steps.iter().enumerate() {
            match *step {
                HistoryStep::Edit(tree, part, word) => trees[tree].edit(cx, part, WORDS[word], false)?,
                HistoryStep::OldFile(tree, part, word) => trees[tree].edit(cx, part, WORDS[word], true)?,
                HistoryStep::Switch(tree) => {
                    for (part, word) in trees[1 - tree].words.clone() {
                        trees[tree].edit(cx, part, &word, false)?;
                    }
                }
                HistoryStep::Wipe(tree) => {
                    cx.wipe(TREES[tree])?;
                    (trees[tree].is_built, trees[tree].may_be_stale) = (false, false);
                }
                HistoryStep::Build(tree) => trees[tree].build(cx)?,
                HistoryStep::BuildPart(tree, part) => {
                    trees[tree].is_built = true;
                    trees[tree].set_up(cx);
                    cx.settings(TREES[tree]).args = ["-p", part.name()].map(str::to_owned).into();
                    cx.try_build(TREES[tree])??;
                }
                HistoryStep::PlainBuild(tree) => {
                    trees[tree].is_built = true;
                    trees[tree].set_up(cx);
                    cx.build_plainly(TREES[tree])?;
                    trees[tree].look(cx)?;
                }
                HistoryStep::Kill(tree, phase, ms) => {
                    trees[tree].is_built = true;
                    trees[tree].set_up(cx);
                    cx.build_and_kill(
                        TREES[tree],
                        KillAt { phase, point: KillPoint::After(Duration::from_millis(ms)) },
                    )?;
                }
                HistoryStep::Evict => evict(cx)?,
                HistoryStep::Clean(tree, part) => {
                    let layout = cx.build_env().toolchain.layout_flag();
                    let args = ["clean", "--offline", "-p", part.name()];
                    cx.cargo(TREES[tree], &args.into_iter().chain(layout).collect::<Vec<_>>())?;
                }
                HistoryStep::Release(tree) => trees[tree].switches.release ^= true,
                HistoryStep::Feature(tree) => trees[tree].switches.more ^= true,
                HistoryStep::Flag(tree) => trees[tree].switches.loud ^= true,
                HistoryStep::Incremental(tree) => trees[tree].is_not_incremental ^= true,
            }
            done.set(at + 1);
        }
        Ok(())
    }
}

impl HistoryStep {
    fn part(self) -> Option<Part> {
        match self {
            HistoryStep::Edit(_, part, _)
            | HistoryStep::OldFile(_, part, _)
            | HistoryStep::Clean(_, part)
            | HistoryStep::BuildPart(_, part) => Some(part),
            _ => None,
        }
    }
}

/// A checkout and what its program must print.
#[derive(Debug, Default)]
struct Checkout {
    name: &'static str,
    words: Vec<(Part, String)>,
    switches: Switches,
    is_not_incremental: bool,
    is_built: bool,
    /// Its build directory is older than an edit that plain Cargo does not see.
    may_be_stale: bool,
}

impl Checkout {
    fn edit(&mut self, cx: &mut ProbeContext<'_>, part: Part, word: &str, old: bool) -> ProbeResult {
        let Some((_, now)) = self.words.iter_mut().find(|(it, now)| *it == part && now != word) else { return Ok(()) };
        let (before, _) = part.file(now);
        word.clone_into(now);
        let (path, text) = part.file(word);
        if before != path {
            cx.remove(&format!("ws/{}/{before}", self.name))?;
        }
        world::put(cx, self.name, (path.clone(), text))?;
        if old {
            cx.set_time(&format!("ws/{}/{path}", self.name), 1_000_000_000)?;
        }
        self.may_be_stale |= self.is_built && (old || !part.is_seen_by_cargo());
        Ok(())
    }

    fn set_up(&self, cx: &mut ProbeContext<'_>) {
        let settings = cx.settings(self.name);
        settings.profile = self.switches.release.then(|| "release".to_owned());
        settings.rustflags = self.switches.loud.then(|| "--cfg loud".to_owned());
        let has_feature = self.switches.more && self.words.iter().any(|(part, _)| *part == Part::Source);
        settings.env =
            self.is_not_incremental.then(|| ("CARGO_INCREMENTAL".to_owned(), "0".to_owned())).into_iter().collect();
        settings.args = if has_feature { vec!["--features=more".to_owned()] } else { Vec::new() };
    }

    fn build(&mut self, cx: &mut ProbeContext<'_>) -> ProbeResult {
        self.is_built = true;
        self.set_up(cx);
        cx.try_build(self.name)??;
        self.look(cx)
    }

    fn look(&self, cx: &mut ProbeContext<'_>) -> ProbeResult {
        match self.may_be_stale {
            true => Ok(()),
            false => cx.prints(self.name, &world::printed(&self.words, self.switches)),
        }
    }
}

/// Takes every second entry out of the store, where there is one of ours.
fn evict(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let keys: BTreeMap<_, _> = match cx.store() {
        Ok(store) => store.entries().into_iter().map(|entry| (entry.key, store.manifest(&entry.key))).collect(),
        Err(ProbeError::NotApplicable(_)) => return Ok(()),
        Err(other) => return Err(other),
    };
    cx.note("the store loses every second entry");
    keys.into_values().step_by(2).try_for_each(|manifest| Ok(std::fs::remove_file(manifest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_history_and_smaller_ones_are_smaller() {
        let history = History::of(7);
        assert_eq!(history, History::of(7));
        assert_ne!(history, History::of(8));
        assert!(history.len() >= 12 && history.steps.ends_with(&[HistoryStep::Wipe(1), HistoryStep::Build(1)]));
        let size = |it: &History| it.parts.len() + it.steps.len();
        assert!(history.smaller().iter().all(|smaller| size(smaller) < size(&history)));
        let used: std::collections::BTreeSet<Part> = (0..60).flat_map(|seed| History::of(seed).parts).collect();
        assert_eq!(used.len(), PARTS.len(), "every part is drawn");
    }
}
