//! From a run folder to an [`Entry`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use records::run_folder::{CutOff, RUN_FILE, RunError, RunFolder, STEPS_FILE};
use records::{RunInfo, Status, StepRow};
use reports::analysis::baseline_of;
use reports::probes;
use reports::stats::{Block, Sample, median};

use super::{Entry, Key, Kind, Point, ProbePoint, line, tables_digest};
use crate::error::SeriesError;

/// Why a folder is no run that a series can hold, though it is a run: a line for the user.
pub fn skipped(dir: &Path) -> Option<&'static str> {
    reports::simulation::is_one(dir).then_some("a simulation replays a trace and has no times of its own")
}

/// Understands the run in `dir`. `units.csv` is not looked at.
///
/// # Errors
/// When there is no run, one that was cut off, or one that cannot be read.
pub fn of_folder(dir: &Path) -> Result<Entry, SeriesError> {
    if dir.join(probes::WHOLE).is_file() {
        let run = probes::read(dir)?;
        let verdict = |row: &probes::ProbeRow| ProbePoint {
            probe: row.probe.clone(),
            strategy: row.strategy.clone(),
            verdict: row.verdict.as_str().into(),
        };
        let mut all: Vec<ProbePoint> = run.rows.iter().map(verdict).collect();
        all.sort_unstable();
        all.dedup_by(|a, b| (&a.probe, &a.strategy) == (&b.probe, &b.strategy));
        let told = run.rows.iter().filter(|row| row.verdict != probes::ProbeVerdict::Error).count();
        let mut strategies: Vec<&str> = all.iter().map(|it| it.strategy.as_str()).collect();
        strategies.sort_unstable();
        strategies.dedup();
        return Ok(Entry {
            kind: Kind::Probe,
            digest: tables_digest(dir, &[probes::WHOLE])?,
            rows: run.rows.len() as u64,
            ok_rows: told as u64,
            strategies: strategies.join(","),
            probes: all,
            ..head(&run.info, "")
        });
    }
    let run = RunFolder::read_steps(dir)?;
    let not_a_run = |why: &str| RunError::NotARun { path: dir.into(), why: why.into() };
    if let Some(part) = run.info.part() {
        return Err(SeriesError::Shard { part: part.to_owned(), name: run.info.name });
    }
    if !run.info.complete && !run.info.shards.is_empty() {
        return Err(SeriesError::Partial { name: run.info.name });
    }
    if !run.info.complete {
        return Err(SeriesError::Incomplete { name: run.info.name, dir: dir.into() });
    }
    if run.cut != CutOff::default() {
        return Err(not_a_run("it was complete once, yet steps.csv ends in the middle of a row").into());
    }
    if run.steps.is_empty() {
        return Err(not_a_run("no step was recorded in it").into());
    }
    let baseline = baseline_of(&run);
    Ok(Entry {
        digest: tables_digest(dir, &[RUN_FILE, STEPS_FILE])?,
        rows: run.steps.len() as u64,
        ok_rows: run.steps.iter().filter(|row| row.status == Status::Ok).count() as u64,
        strategies: run.info.strategies.join(","),
        points: points(&run, &baseline),
        ..head(&run.info, &baseline)
    })
}

fn head(info: &RunInfo, baseline: &str) -> Entry {
    Entry {
        name: info.name.clone(),
        started: info.started.clone(),
        line: line(info, baseline),
        corpus: info.corpus.name.clone(),
        toolchain: info.toolchain.rustc.lines().next().unwrap_or_default().to_owned(),
        kernel: info.host.kernel.clone().unwrap_or_default(),
        scenario: info.scenario.clone(),
        baseline: baseline.into(),
        ..Entry::default()
    }
}

/// The valid rows of one strategy in one step, by workspace and round.
type Rows<'a> = BTreeMap<&'a str, BTreeMap<u32, &'a StepRow>>;

fn points(run: &RunFolder, baseline: &str) -> Vec<Point> {
    let mut steps: BTreeMap<(&str, &str), BTreeMap<&str, Rows<'_>>> = BTreeMap::new();
    let mut workspaces: BTreeMap<(&str, &str), BTreeMap<&str, ()>> = BTreeMap::new();
    for row in &run.steps {
        let step = (row.scenario.as_str(), row.step.as_str());
        workspaces.entry(step).or_default().insert(&row.workspace, ());
        if row.status == Status::Ok {
            let arms = steps.entry(step).or_default();
            arms.entry(&row.strategy).or_default().entry(&row.workspace).or_default().insert(row.round, row);
        }
    }
    let block = Block::of_run(&run.info);
    let none = Rows::new();
    let mut points = Vec::new();
    for ((scenario, step), arms) in &steps {
        let base = arms.get(baseline).unwrap_or(&none);
        let all = workspaces.get(&(*scenario, *step)).map_or(0, BTreeMap::len);
        for (strategy, rows) in arms {
            let own = (*strategy != baseline).then_some(base);
            let key = |workspace: &str| {
                Arc::new(Key {
                    scenario: (*scenario).into(),
                    step: (*step).into(),
                    workspace: workspace.into(),
                    strategy: (*strategy).into(),
                })
            };
            let places: Vec<Point> = rows.keys().map(|place| point(key(place), rows, own, &[place], block)).collect();
            let whole = own.map_or(rows.len(), |_| places.iter().filter(|it| it.log_ratio.is_some()).count());
            // Fewer workspaces are another question, whose answer is not to be mixed in.
            if whole == all {
                let names: Vec<&str> = rows.keys().copied().collect();
                let together = point(key(""), rows, own, &names, block);
                points.push(over_all(together, &places));
            }
            points.extend(places);
        }
    }
    points
}

fn point(key: Arc<Key>, rows: &Rows<'_>, base: Option<&Rows<'_>>, places: &[&str], block: Block) -> Point {
    let mut sample = Sample::new("");
    let mut valid: Vec<&StepRow> = Vec::new();
    for place in places {
        for (round, row) in rows.get(place).into_iter().flatten() {
            valid.push(row);
            let beside = base.and_then(|base| base.get(place)?.get(round)?.wall_s);
            if let (Some(arm), Some(base)) = (row.wall_s, beside) {
                sample.add(place, *round, arm, base);
            }
        }
    }
    let middle = |of: &dyn Fn(&StepRow) -> Option<f64>| {
        median(&valid.iter().filter_map(|row| of(row)).filter(|value| value.is_finite()).collect::<Vec<_>>())
    };
    Point {
        key,
        pairs: if base.is_some() { sample.pairs() } else { valid.len() } as u32,
        log_ratio: sample.estimate().filter(|value| value.is_finite()),
        spread: sample.spread(block).filter(|value| value.is_finite()),
        wall_s: middle(&|row| row.wall_s),
        hit_rate: middle(&|row| row.hit_rate),
        by_cost: middle(&|row| row.hit_rate_by_cost),
        compiled: middle(&|row| row.compiled.map(|n| n as f64)),
        physical_bytes: middle(&|row| row.all_physical_bytes.map(|n| n as f64)),
    }
}

/// Sums and means of what must not be pooled over workspaces of different size.
fn over_all(together: Point, places: &[Point]) -> Point {
    let sum = |of: fn(&Point) -> Option<f64>| places.iter().map(of).sum::<Option<f64>>();
    let mean = |of| sum(of).map(|sum| sum / places.len() as f64);
    Point {
        wall_s: sum(|it| it.wall_s),
        hit_rate: mean(|it: &Point| it.hit_rate),
        by_cost: mean(|it: &Point| it.by_cost),
        compiled: sum(|it| it.compiled),
        physical_bytes: None,
        ..together
    }
}
