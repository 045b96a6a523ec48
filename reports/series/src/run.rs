//! A run as a series knows it: its conditions, and a point for each track.
//!
//! It is made from a run folder by [`of_folder`] and by nothing else. Two runs are comparable if
//! their lines are the same ([`line()`]): a ratio between two strategies can be followed over time
//! as long as the same sources are built in the same scenario on the same kind of machine.
//! Toolchain, kernel, harness and tools are left out of a line, since they are what changes and
//! what a change is then blamed on; strategies, rounds, seed and time budget, since they move no
//! ratio.

use std::collections::BTreeMap;
use std::path::Path;

use records::run_folder::{CutOff, RUN_FILE, RunError, RunFolder, STEPS_FILE};
use records::{RunInfo, Status, StepRow};
use reports::analysis::baseline_of;
use reports::probes;
use reports::stats::{PairedSample, median};
use serde_json::Value;

use crate::error::SeriesError;

/// Which command made a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunKind {
    /// `harness compare`.
    #[default]
    Compare,
    /// `harness probe`.
    Probe,
}

impl RunKind {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            RunKind::Compare => "compare",
            RunKind::Probe => "probe",
        }
    }
}

/// A run: under which conditions, and what came out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SeriesRun {
    /// Name of the run.
    pub name: String,
    /// What it is a run of.
    pub kind: RunKind,
    /// BLAKE3 of its tables, in hexadecimal.
    pub digest: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// What two runs must have in common to be in one track, see [`line()`].
    pub line: String,
    /// Name of the corpus.
    pub corpus: String,
    /// First line of `rustc -vV`.
    pub toolchain: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The strategy that others are compared with.
    pub baseline: String,
    /// Names of the strategies, separated by commas.
    pub strategies: String,
    /// Rows of its table.
    pub rows: u64,
    /// Of them, rows that count.
    pub ok_rows: u64,
    /// One for each step, strategy and workspace, and for all workspaces together.
    pub points: Vec<TrackPoint>,
    /// One for each probe and strategy.
    pub probes: Vec<ProbePoint>,
}

/// What a track is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TrackKey {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Name of the workspace; empty for all together.
    pub workspace: String,
    /// Name of the strategy.
    pub strategy: String,
}

/// What one run says on one track; what was not measured is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackPoint {
    /// The track.
    pub key: TrackKey,
    /// Natural logarithm of wall time ÷ that of the baseline in the same round: mean over rounds;
    /// over all workspaces, the mean of those. `None` for the baseline itself.
    pub log_ratio: Option<f64>,
    /// Wall seconds, median over rounds; over all workspaces, their sum.
    pub wall_s: Option<f64>,
    /// Hits ÷ units; over all workspaces, the mean.
    pub hit_rate: Option<f64>,
    /// Units Cargo ran; over all workspaces, the sum.
    pub compiled: Option<f64>,
}

/// The result of a probe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ProbePoint {
    /// Name of the probe.
    pub probe: String,
    /// Name of the strategy.
    pub strategy: String,
    /// `pass`, `fail`, `n/a` or `error`.
    pub verdict: String,
}

/// BLAKE3 of the tables that a run consists of, in hexadecimal: each file's name, length, bytes.
fn tables_digest(dir: &Path, files: &[&str]) -> Result<String, SeriesError> {
    let mut hasher = blake3::Hasher::new();
    for name in files {
        let bytes = fs_err::read(dir.join(name))?;
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Why a folder is no run that a series can hold, though it is a run: a line for the user.
pub fn skipped(dir: &Path) -> Option<&'static str> {
    reports::simulation::is_one(dir).then_some("a simulation replays a trace and has no times of its own")
}

/// Understands the run in `dir`. `units.csv` is not looked at.
///
/// # Errors
/// When there is no run, one that was cut off, or one that cannot be read.
pub fn of_folder(dir: &Path) -> Result<SeriesRun, SeriesError> {
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
        let finished = run.rows.iter().filter(|row| row.verdict != probes::ProbeVerdict::Error).count();
        let mut strategies: Vec<&str> = all.iter().map(|it| it.strategy.as_str()).collect();
        strategies.sort_unstable();
        strategies.dedup();
        return Ok(SeriesRun {
            kind: RunKind::Probe,
            digest: tables_digest(dir, &[probes::WHOLE])?,
            rows: run.rows.len() as u64,
            ok_rows: finished as u64,
            strategies: strategies.join(","),
            probes: all,
            ..head(&run.info, "")
        });
    }
    let run = RunFolder::read_steps(dir)?;
    let not_a_run = |why: &str| RunError::not_a_run(dir, why);
    let refused = |why: String| Err(SeriesError::Refused(format!("{} {why}", run.info.name)));
    if let Some(part) = run.info.part() {
        let todo = "merge all its shards first with harness merge, and add the merged run";
        return refused(format!("is shard {part} of a run: {todo}"));
    }
    match (run.info.complete, run.info.shards.is_empty()) {
        (true, _) => {}
        (false, false) => {
            let todo = "merge them all with harness merge, and add the merged run";
            return refused(format!("was merged without all of its shards: {todo}"));
        }
        (false, true) => {
            let todo = format!("finish it first: harness compare --resume {}", dir.display());
            return refused(format!("is not complete; {todo}"));
        }
    }
    if run.cut != CutOff::default() {
        return Err(not_a_run("it was complete once, yet steps.csv ends in the middle of a row").into());
    }
    if run.steps.is_empty() {
        return Err(not_a_run("no step was recorded in it").into());
    }
    let baseline = baseline_of(&run);
    Ok(SeriesRun {
        digest: tables_digest(dir, &[RUN_FILE, STEPS_FILE])?,
        rows: run.steps.len() as u64,
        ok_rows: run.steps.iter().filter(|row| row.status == Status::Ok).count() as u64,
        strategies: run.info.strategies.join(","),
        points: points(&run, &baseline),
        ..head(&run.info, &baseline)
    })
}

fn head(info: &RunInfo, baseline: &str) -> SeriesRun {
    SeriesRun {
        name: info.name.clone(),
        started: info.started.clone(),
        line: line(info, baseline),
        corpus: info.corpus.name.clone(),
        toolchain: info.toolchain.rustc.lines().next().unwrap_or_default().to_owned(),
        scenario: info.scenario.clone(),
        baseline: baseline.into(),
        ..SeriesRun::default()
    }
}

/// The valid rows of one strategy in one step, by workspace and round.
type StrategyRows<'a> = BTreeMap<&'a str, BTreeMap<u32, &'a StepRow>>;

fn points(run: &RunFolder, baseline: &str) -> Vec<TrackPoint> {
    let mut steps: BTreeMap<(&str, &str), BTreeMap<&str, StrategyRows<'_>>> = BTreeMap::new();
    let mut workspaces: BTreeMap<(&str, &str), BTreeMap<&str, ()>> = BTreeMap::new();
    for row in &run.steps {
        let step = (row.scenario.as_str(), row.step.as_str());
        workspaces.entry(step).or_default().insert(&row.workspace, ());
        if row.status == Status::Ok {
            let arms = steps.entry(step).or_default();
            arms.entry(&row.strategy).or_default().entry(&row.workspace).or_default().insert(row.round, row);
        }
    }
    let none = StrategyRows::new();
    let mut points = Vec::new();
    for ((scenario, step), arms) in &steps {
        let base = arms.get(baseline).unwrap_or(&none);
        let all = workspaces.get(&(*scenario, *step)).map_or(0, BTreeMap::len);
        for (strategy, rows) in arms {
            let own = (*strategy != baseline).then_some(base);
            let key = |workspace: &str| TrackKey {
                scenario: (*scenario).into(),
                step: (*step).into(),
                workspace: workspace.into(),
                strategy: (*strategy).into(),
            };
            let places: Vec<TrackPoint> = rows.keys().map(|place| point(key(place), rows, own, &[place])).collect();
            let whole = own.map_or(rows.len(), |_| places.iter().filter(|it| it.log_ratio.is_some()).count());
            // Fewer workspaces are another question, whose answer is not to be mixed in.
            if whole == all {
                let names: Vec<&str> = rows.keys().copied().collect();
                let together = point(key(""), rows, own, &names);
                points.push(over_all(together, &places));
            }
            points.extend(places);
        }
    }
    points
}

fn point(key: TrackKey, rows: &StrategyRows<'_>, base: Option<&StrategyRows<'_>>, places: &[&str]) -> TrackPoint {
    let mut sample = PairedSample::new("");
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
    TrackPoint {
        key,
        log_ratio: sample.estimate().filter(|value| value.is_finite()),
        wall_s: middle(&|row| row.wall_s),
        hit_rate: middle(&|row| row.hit_rate),
        compiled: middle(&|row| row.compiled.map(|n| n as f64)),
    }
}

/// Sums and means of what must not be pooled over workspaces of different size.
fn over_all(together: TrackPoint, places: &[TrackPoint]) -> TrackPoint {
    let sum = |of: fn(&TrackPoint) -> Option<f64>| places.iter().map(of).sum::<Option<f64>>();
    TrackPoint {
        wall_s: sum(|it| it.wall_s),
        hit_rate: sum(|it| it.hit_rate).map(|sum| sum / places.len() as f64),
        compiled: sum(|it| it.compiled),
        ..together
    }
}

/// Options that can move a ratio. A list of those that matter, since an option that a later
/// harness adds must not begin a new line by being there.
const OPTIONS: [&str; 6] = ["alone", "jobs", "order", "sandbox", "shadow", "volume"];

/// The conditions as text, `name=value` separated by `; `; the same for comparable runs.
pub fn line(info: &RunInfo, baseline: &str) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let gib = |bytes: u64| format!("{:.0} GiB", bytes as f64 / f64::from(1 << 30));
    let corpus = if info.corpus.hash.is_empty() { &info.corpus.name } else { &info.corpus.hash };
    let mut parts = vec![
        ("corpus", corpus.clone()),
        ("workspaces", info.corpus.workspaces.join(",")),
        ("scenario", info.scenario.clone()),
        ("profile", info.profile.clone()),
        ("baseline", baseline.to_owned()),
        ("processor", text(&info.host.cpu_model)),
        ("cores", info.host.cores.map(|n| n.to_string()).unwrap_or_default()),
        ("memory", info.host.memory_bytes.map(gib).unwrap_or_default()),
        ("system", text(&info.host.os)),
    ];
    let mut disks: Vec<String> = info.file_systems.iter().map(|fs| format!("{}:{}", fs.role, fs.kind)).collect();
    disks.sort_unstable();
    parts.push(("file systems", disks.join(",")));
    // What is of one kind of machine is in the same line as a run taken in one go.
    let kinds = info.kinds_of_hosts();
    if kinds.len() > 1 {
        parts.push(("machines", kinds.into_iter().collect::<Vec<_>>().join(" + ")));
    }
    for name in OPTIONS {
        match info.options.get(name) {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(value) => parts.push((name, value.to_string())),
        }
    }
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.join("; ")
}

/// A short name of a line.
pub fn line_id(line: &str) -> String {
    blake3::hash(line.as_bytes()).to_hex()[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::ShardInfo;

    #[test]
    fn what_changes_over_time_begins_no_new_line() {
        let mut info = RunInfo::new("a");
        info.corpus.hash = "c0ffee".into();
        info.host.cores = Some(2);
        let before = line(&info, "none");
        info.name = "b".into();
        info.toolchain.rustc = "rustc 1.99.0".into();
        info.host.kernel = Some("Linux 7".into());
        info.strategies = vec!["none".into()];
        info.options.insert("new".into(), true.into());
        info.options.insert("shadow".into(), false.into());
        info.options.insert("jobs".into(), Value::Null);
        assert_eq!(line(&info, "none"), before);
        assert_ne!(line(&info, "shared-target"), before);
        info.options.insert("jobs".into(), 1.into());
        assert_ne!(line(&info, "none"), before);
        assert_eq!(line_id(&before).len(), 8);
    }

    #[test]
    fn shards_of_one_kind_of_machine_are_in_the_line_of_the_whole_run_and_others_are_not() {
        let mut info = RunInfo::new("a");
        info.corpus.hash = "c0ffee".into();
        let before = line(&info, "none");
        info.shards = vec![ShardInfo::default(), ShardInfo { machine: Some("b".into()), ..ShardInfo::default() }];
        assert_eq!(line(&info, "none"), before);
        info.shards[1].host.cores = Some(4);
        assert_ne!(line(&info, "none"), before);
    }
}
