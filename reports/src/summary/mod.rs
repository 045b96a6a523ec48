//! The tables that end `harness compare`: a run understood in, a [`Document`] out.
//!
//! Per step a table with a row per strategy; the verdicts, which say which of those
//! ratios hold; then what the missed and refused units cost. Rows that are not `ok`
//! never enter a number; they show as a mark with their reason.

mod verdicts;

use itertools::Itertools as _;
use records::{Outcome, RunInfo};

use crate::analysis::{
    Analysis, ArmAnalysis, CauseGroup, Metric, OwnCounts, Problem, ShadowCounts, StepAnalysis, WallRounds, costliest,
};
use crate::document::{Align, Block, Cell, Document, Grid, GridColumn, Section};
use crate::text::{UNMEASURED, clean, count, factor, fit, percent, seconds};
use crate::words::plural;

/// How much of the causes is shown; what is left is summed up in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CauseLimits {
    /// Causes of a list.
    pub causes: usize,
    /// Lists, the costliest.
    pub lists: usize,
}

impl Default for CauseLimits {
    fn default() -> Self {
        Self { causes: 8, lists: 6 }
    }
}

/// Which sizes a run can show; there is no room for both kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShownSizes {
    /// Allocated bytes, of the store and of the build directories.
    Allocated,
    /// Physical bytes, of all together and of what a step added: the ones that are right
    /// where files share their extents.
    Physical,
}

/// Heads and metrics of a step that builds, without its disk.
const BUILDS: [(&str, &str); 3] =
    [("hits", "hit_rate"), ("by\ncost", "hit_rate_by_cost"), ("rustc\nruns", "rustc_runs")];
const ALL: (&str, &str) = ("disk:\nall", "all_physical_bytes");
/// Those of a step that cleans.
const CLEANS: [(&str, &str); 3] = [("promised", "promised_bytes"), ("freed", "added_physical_bytes"), ALL];

impl ShownSizes {
    /// Physical where it was measured at all: the same in every table of a run.
    fn of(run: &Analysis) -> Self {
        let arms = run.steps.iter().flat_map(|step| &step.arms);
        let measured = |arm: &ArmAnalysis| arm.numbers.all_physical_bytes.is_some();
        if arms.into_iter().any(measured) { ShownSizes::Physical } else { ShownSizes::Allocated }
    }

    fn legend(self, alone: bool) -> &'static str {
        match (self, alone) {
            (ShownSizes::Allocated, false) => "allocated bytes, store at its largest, build directories summed",
            (ShownSizes::Allocated, true) => {
                "allocated bytes, summed over workspaces, each of which has a store and build directories of its own"
            }
            (ShownSizes::Physical, false) => {
                "physical bytes, all: store and build directories together after the step's last workspace, \
                 added: by the step, summed over workspaces"
            }
            (ShownSizes::Physical, true) => {
                "physical bytes, summed over workspaces, each of which has a store and build directories of its \
                 own, all: store and build directories together after the step, added: by the step"
            }
        }
    }

    fn columns(self) -> [(&'static str, &'static str); 2] {
        match self {
            ShownSizes::Allocated => [("disk:\nstore", "store_peak_bytes"), ("disk:\nbuilds", "tree_allocated_bytes")],
            ShownSizes::Physical => [ALL, ("disk:\nadded", "added_physical_bytes")],
        }
    }
}

pub fn document(run: &Analysis) -> Document {
    document_within(run, CauseLimits::default())
}

/// As [`document()`], with more or fewer causes.
pub fn document_within(run: &Analysis, limits: CauseLimits) -> Document {
    let sizes = ShownSizes::of(run);
    let mut steps = Section::default();
    for step in &run.steps {
        step_table(&mut steps, run, step, sizes);
    }
    if run.steps.is_empty() {
        steps.say("no step was recorded");
    }
    let mut own = Section::default();
    for (at, it) in run.own_counts.iter().enumerate() {
        own.say(own_counts(it, at == 0));
    }
    let sections = [steps, verdicts::section(run), own, causes(run, limits)];
    Document {
        title: title(run),
        lead: [legend(run, sizes), corpus(run)].into_iter().filter(|text| !text.is_empty()).collect(),
        sections: sections.into_iter().filter(|section| !section.blocks.is_empty()).collect(),
    }
}

/// What must be known of the workspaces that a newcomer builds before their hit rates are taken for usual ones.
pub(crate) fn sisters(info: &RunInfo) -> &'static str {
    let quick = info.corpus.name == "quick";
    if quick { "mostly sister tools, which share far more units than strangers with their 10 to 20 %" } else { "" }
}

fn corpus(run: &Analysis) -> String {
    let sisters = sisters(&run.info);
    if sisters.is_empty() { String::new() } else { format!("corpus {}: {sisters}", run.info.corpus.name) }
}

fn title(run: &Analysis) -> String {
    let info = &run.info;
    let name = if info.name.is_empty() { "run" } else { &info.name };
    let mut title = format!("{name}: corpus {}, profile {}", info.corpus.name, info.profile);
    if !info.complete {
        title.push_str("; INCOMPLETE, so far");
    }
    if let Some(part) = info.part() {
        title.push_str(&format!("; shard {part}, a part of a run"));
    }
    if !info.shards.is_empty() {
        title.push_str(&format!("; merged from {}", plural(info.shards.len(), "shard")));
    }
    let kinds = info.kinds_of_hosts().len();
    if kinds > 1 {
        title.push_str(&format!(" on {kinds} kinds of machines: ratios are of one machine each, bare times are not"));
    }
    title
}

fn legend(run: &Analysis, sizes: ShownSizes) -> String {
    let freed = "promised: bytes that a step which cleans said it would free, freed: physical bytes that it did; ";
    format!(
        "wall and rustc: sum over workspaces of the median round; vs {base}: geometric mean over \
         workspaces of wall ÷ wall of {base} in the same round, below 1x is faster, CPU ratio: the same of user and \
         system time; wall - graph: without Cargo's answer for the unit graph, which a cache inside Cargo has for \
         nothing; hits: units reused ÷ units of a clean build, runs of build scripts left out, by cost: weighed by \
         compile seconds; disk: {disk}; {freed}{UNMEASURED}: not measured",
        base = run.baseline,
        disk = sizes.legend(run.info.alone()),
        freed = if run.steps.iter().any(|step| step.cleans) { freed } else { "" },
    )
}

/// The table of one step, its footnotes, and what compiling its hits anyway showed.
fn step_table(section: &mut Section, run: &Analysis, step: &StepAnalysis, sizes: ShownSizes) {
    let columns = if step.cleans { CLEANS.to_vec() } else { [&BUILDS[..], &sizes.columns()].concat() };
    let against = format!("vs\n{}", fit(&clean(&run.baseline), 12));
    let asked = |arm: &ArmAnalysis| arm.numbers.wall_without_graph_s.is_some_and(|it| Some(it) != arm.numbers.wall_s);
    let without_graph = step.arms.iter().any(asked);
    let with_cpu = step.arms.iter().any(|arm| arm.cpu_against_baseline.is_some());
    let mut heads = vec![("wall", Align::Right), (&*against, Align::Right)];
    if with_cpu {
        heads.push(("CPU\nratio", Align::Right));
    }
    if without_graph {
        heads.push(("wall\n- graph", Align::Right));
    }
    let heads = heads.into_iter().chain(columns.iter().map(|(head, _)| (*head, Align::Right)));
    let heads = [("strategy", Align::Left)].into_iter().chain(heads);
    let mut grid = Grid {
        caption: format!(
            "step {} of scenario {}: {} × {}",
            step.step,
            step.scenario,
            plural(step.workspaces, "workspace"),
            plural(step.rounds, "round"),
        ),
        columns: heads.map(|(head, align)| GridColumn { head: head.into(), align }).collect(),
        rows: Vec::new(),
    };
    let mut notes: Vec<String> = Vec::new();
    for arm in &step.arms {
        if arm.workspaces == 0 {
            let why = arm.problems.iter().map(|it| problem(it, step)).join("; ");
            grid.row([Cell::from(arm.name()), Cell::across(why)]);
            continue;
        }
        let mark = footnote(arm, step, &run.baseline).map(|note| {
            notes.push(note);
            format!(" [{}]", notes.len())
        });
        let numbers = columns.iter().map(|(_, name)| shown(arm, name));
        let first = [
            format!("{}{}", arm.name(), mark.unwrap_or_default()),
            seconds(arm.numbers.wall_s),
            factor(arm.against_baseline),
        ];
        let first = first.into_iter().chain(with_cpu.then(|| factor(arm.cpu_against_baseline)));
        let graph = without_graph.then(|| seconds(arm.numbers.wall_without_graph_s));
        grid.row(first.chain(graph).chain(numbers));
    }
    section.push(Block::Grid(grid));
    if run.begins_scenario(step) {
        positions(section, step, &run.baseline);
    }
    for (at, note) in notes.iter().enumerate() {
        section.say(format!("[{}] {note}", at + 1));
    }
    if let WallRounds::Shared(rounds) = &step.wall_rounds {
        section.say(format!("wall: over {}, the rounds of all arms; all else over each arm's own", named(rounds)));
    }
    shadow_lines(section, step);
    of_edits(section, step);
}

/// The ratios of the step that fills a store by the workspace's place in it: the first finds an empty store, the last what
/// all others left, and the mean is neither.
fn positions(section: &mut Section, step: &StepAnalysis, baseline: &str) {
    let arms = || step.arms.iter().filter(|arm| arm.name() != baseline && arm.numbers.hit_rate.is_some());
    let most = arms().map(|arm| arm.by_store_position.len()).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let places: Vec<String> = (1..=most).map(|place| format!(">{place}.")).collect();
    let heads: Vec<&str> = ["strategy"].into_iter().chain(places.iter().map(String::as_str)).collect();
    let caption = format!("step {}: vs {baseline}, by the workspace's place in the store", step.step);
    let mut grid = Grid::new(caption, &heads);
    for arm in arms() {
        let ratios = arm.by_store_position.iter().map(|ratio| factor(*ratio));
        grid.row([arm.name().to_owned()].into_iter().chain(ratios));
    }
    section.push(Block::Grid(grid));
}

/// What an edit after a restore costs with the restore, and how single edits of many are spread.
fn of_edits(section: &mut Section, step: &StepAnalysis) {
    let all = ["warm_and_edit_s", "wall_p50_s", "wall_p95_s", "cpu_p50_s", "cpu_p95_s"].map(Metric::named);
    let measured = |metric: &&Metric| step.arms.iter().any(|arm| (metric.of)(&arm.numbers).is_some());
    let metrics: Vec<&Metric> = all.into_iter().flatten().filter(measured).collect();
    let heads: Vec<String> = metrics.iter().map(|metric| format!(">{}", metric.heading)).collect();
    let heads: Vec<&str> = ["strategy"].into_iter().chain(heads.iter().map(String::as_str)).collect();
    let what = if metrics.len() > 1 { "of one repetition" } else { "with the restore before it" };
    let mut grid = Grid::new(format!("step {}, {what}: sum over workspaces of the median round", step.step), &heads);
    for arm in step.arms.iter().filter(|arm| arm.workspaces > 0) {
        grid.row([arm.name().to_owned()].into_iter().chain(metrics.iter().map(|metric| metric.show(&arm.numbers))));
    }
    if !metrics.is_empty() {
        section.push(Block::Grid(grid));
    }
}

fn shown(arm: &ArmAnalysis, name: &str) -> String {
    let freed = arm.numbers.promised_bytes.is_some() && name == "added_physical_bytes";
    match Metric::named(name) {
        Some(metric) if freed => metric.unit.show((metric.of)(&arm.numbers).map(|added| 0.0 - added)),
        Some(metric) => metric.show(&arm.numbers),
        None => UNMEASURED.into(),
    }
}

/// What a reader must know before taking an arm's numbers at face value.
fn footnote(arm: &ArmAnalysis, step: &StepAnalysis, baseline: &str) -> Option<String> {
    let mut parts: Vec<String> = arm.problems.iter().map(|it| problem(it, step)).collect();
    if arm.workspaces < step.workspaces {
        parts.push(format!("numbers over {} of {} workspaces", arm.workspaces, step.workspaces));
    }
    if arm.paired_workspaces < arm.workspaces && arm.name() != baseline {
        parts.push(format!("ratio over {} of {} workspaces", arm.paired_workspaces, step.workspaces));
    }
    if let Some((rows, share)) = arm.disturbed {
        let rows = plural(rows, "row");
        parts.push(format!("disturbed: others used up to {} of the processor time in {rows}", percent(Some(share))));
    }
    if arm.is_noop {
        parts.push("a no-op: its build directory was not emptied".into());
    }
    if step.wall_rounds == WallRounds::Own {
        parts.push(format!("wall over {}, which not all arms share", named(&arm.rounds)));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `rounds 1–5, 7`.
fn named(rounds: &[u32]) -> String {
    let spans = rounds.chunk_by(|a, b| a + 1 == *b).map(|span| match span {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}–{last}"),
        [] => String::new(),
    });
    format!("{} {}", if rounds.len() == 1 { "round" } else { "rounds" }, spans.collect::<Vec<_>>().join(", "))
}

fn problem(problem: &Problem, step: &StepAnalysis) -> String {
    let places = match problem.workspaces.len() < step.workspaces {
        true => format!(" in {}", problem.workspaces.join(", ")),
        false => String::new(),
    };
    let rows = match problem.rows < problem.workspaces.len() * step.rounds {
        true => format!(" ({})", plural(problem.rows, "row")),
        false => String::new(),
    };
    let note = if problem.note.trim().is_empty() { "no reason recorded" } else { problem.note.trim() };
    format!("{}{places}{rows}: {}", problem.status, fit(&clean(note), 200))
}

/// A line for every arm with hits that are not the same, and one for the step; nothing
/// where no hit was checked.
fn shadow_lines(section: &mut Section, step: &StepAnalysis) {
    let checked: Vec<_> = step.arms.iter().filter_map(|arm| Some((arm, arm.shadow.as_ref()?))).collect();
    for (arm, shadow) in &checked {
        let found = [
            (shadow.differs, "with other bytes than a compile"),
            (shadow.nondeterministic, "that compile to other bytes each time"),
        ];
        let found = found.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).join(", ");
        if !found.is_empty() {
            let notes = fit(&shadow.notes.join("; "), 200);
            let example = if notes.is_empty() { String::new() } else { format!(" ({notes})") };
            let hits = plural(shadow.all() as usize, "hit");
            section.say(format!("shadow: {}: of {hits} {found}{example}", arm.name()));
        }
    }
    if !checked.is_empty() {
        let hits: u64 = checked.iter().map(|(_, shadow)| ShadowCounts::all(shadow)).sum();
        let same: u64 = checked.iter().map(|(_, shadow)| shadow.same).sum();
        let hits = plural(hits as usize, "hit");
        section.say(format!("shadow: {hits} compiled anyway, all rounds and arms, {same} found the same"));
    }
}

/// An external tool's own account beside what was counted; why the two differ is said once.
fn own_counts(it: &OwnCounts, first: bool) -> String {
    let (own_hits, own_misses) = it.own;
    let (hits, misses) = it.counted;
    let own_misses = own_misses.map(|misses| format!(" and {misses} misses")).unwrap_or_default();
    let why = match first {
        true => {
            " (a tool counts the calls that reach it, and its replays of build scripts; here a unit is a hit when no \
             compiler ran for it, and a build script that Cargo ran is a miss)"
        }
        false => "",
    };
    format!(
        "{} counts {own_hits} hits{own_misses} of its own calls; of the units that Cargo asked for, {hits} were hits \
         and {misses} misses{why}",
        it.strategy
    )
}

fn causes(run: &Analysis, limits: CauseLimits) -> Section {
    let mut section = Section::default();
    let (grids, more) = cause_tables(&run.causes, limits);
    if !grids.is_empty() {
        section.say(format!("top causes of recompiles: {CAUSES}"));
    }
    section.blocks.extend(grids.into_iter().map(Block::Grid));
    more.into_iter().for_each(|more| section.say(more));
    section
}

/// What the tables of causes count.
pub(crate) const CAUSES: &str = "compile seconds (as the run's `none` arm took them) of units missed, refused, stale or \
                                 stored under another key, per round, all workspaces";

/// The costliest lists of causes, and what the others lost in a line.
pub(crate) fn cause_tables(groups: &[CauseGroup], limits: CauseLimits) -> (Vec<Grid>, Option<String>) {
    let several = groups.iter().map(|group| &group.scenario).unique().count() > 1;
    let (shown, others) = costliest(groups, limits.lists);
    let table = |group: &CauseGroup| {
        let scenario = if several { format!(" of {}", group.scenario) } else { String::new() };
        let caption = format!(
            "{} in {}{scenario}: lost {} in {} units a round",
            siblings(&group.strategies),
            group.step,
            seconds(Some(group.lost_s)),
            count(Some(group.units)),
        );
        cause_table(caption, group, limits.causes)
    };
    let more = (!others.is_empty()).then(|| {
        let lost: f64 = others.iter().map(|group| group.lost_s).sum();
        let steps = others.iter().map(|group| &group.step).unique().join(", ");
        format!("{} in units.csv: lost {} a round in {steps}", plural(others.len(), "more list"), seconds(Some(lost)))
    });
    (shown.into_iter().map(table).collect(), more)
}

fn cause_table(caption: String, group: &CauseGroup, most: usize) -> Grid {
    let mut grid = Grid::new(caption, &[">lost", ">share", ">units", "outcome", "reason or rule", "because"]);
    let share = |lost: f64| percent((group.lost_s > 0.0).then(|| lost / group.lost_s));
    for cause in group.causes.iter().take(most) {
        let reason = match cause.outcome {
            Outcome::Stale | Outcome::Dup if cause.reason.is_empty() => cause.outcome.as_str(),
            // Somebody else's tool gives no reason.
            _ if cause.reason.is_empty() => "no reason given",
            _ => &cause.reason,
        };
        grid.row([
            seconds(Some(cause.lost_s)),
            share(cause.lost_s),
            count(Some(cause.units)),
            cause.outcome.to_string(),
            reason.into(),
            cause.because.clone(),
        ]);
    }
    let others = group.causes.get(most..).unwrap_or_default();
    if !others.is_empty() {
        let lost: f64 = others.iter().map(|cause| cause.lost_s).sum();
        let units = others.iter().map(|cause| cause.units).sum();
        let more = format!("{} more", others.len());
        grid.row([seconds(Some(lost)), share(lost), count(Some(units)), String::new(), more]);
    }
    grid
}

/// `{hardlink,copy}+aggressive` for names that differ before one common end.
fn siblings(names: &[String]) -> String {
    let split: Option<Vec<(&str, &str)>> = names.iter().map(|name| name.split_once('+')).collect();
    match split.as_deref() {
        Some([(_, key), _, ..]) if split.iter().flatten().all(|(_, other)| other == key) => {
            format!("{{{}}}+{key}", split.iter().flatten().map(|(link, _)| *link).join(","))
        }
        _ => names.join(", "),
    }
}
