//! The chapters of a report: analyses in, a [`Document`] out.
//!
//! Each chapter shows the same runs from one side, with a conclusion in words and the numbers behind
//! it. Nothing here knows a format.

mod ablation;
mod changes;
mod costs;
mod environment;
mod lead;
mod probes;
pub(crate) mod simulated;
pub(crate) mod wall;
pub(crate) mod ways;

pub use ablation::section as ablation;
pub use changes::section as changes;
pub use probes::tally as probe_tally;
pub use simulated::brief;

use crate::ablation::AblationRun;
use crate::against::Changes;
use crate::analysis::{Analysis, ArmAnalysis, Metric, StepAnalysis};
use crate::delivery::Ways;
use crate::document::{Block, Cell, Document, Grid, Section};
use crate::probes::ProbeRun;
use crate::simulation::SimulationRun;
use crate::words::distinct;
use records::RunInfo;

/// The document of these runs.
///
/// `ways` is what their deliveries have in common. `changes` compares the first run with an older one and comes before everything else; `review` answers
/// the open questions of the design and comes before what was run.
pub(crate) fn document(
    (runs, ways): (&[&Analysis], &Ways),
    probe_runs: &[&ProbeRun],
    simulations: &[&SimulationRun],
    ablations: &[&AblationRun],
    changes: Option<&Changes>,
    review: Vec<Section>,
) -> Document {
    let compared = runs.iter().map(|run| &run.info);
    let probed = probe_runs.iter().map(|run| &run.info);
    let ablated = ablations.iter().map(|run| &run.info);
    let infos = compared.chain(probed).chain(simulations.iter().map(|run| &run.info)).chain(ablated);
    let infos: Vec<&RunInfo> = infos.collect();
    let mut document = Document { title: title(&infos), ..Document::default() };
    let several = infos.len() > 1;
    document.lead.extend(runs.iter().flat_map(|run| lead::of_run(run, several)));
    document.lead.extend(probe_runs.iter().map(|run| lead::of_probes(run)));
    document.lead.extend(simulations.iter().map(|run| simulated::lead(run)));
    document.lead.extend(ablations.iter().map(|run| ablation::lead(run)));
    if !review.is_empty() {
        // A review begins with its screen.
        let mut what = Section::new("what-was-run", "What was run", 0);
        what.push(Block::List(std::mem::take(&mut document.lead)));
        document.sections.extend(review.into_iter().chain([what]));
    }
    if let Some(changes) = changes {
        document.lead.insert(0, changes::sentence(changes));
        document.sections.push(changes::section(changes));
    }
    for (at, run) in runs.iter().enumerate() {
        let prefix = if several { format!("r{}-", at + 1) } else { String::new() };
        document.sections.extend(lead::matrix(run, &prefix));
        document.sections.extend(of_run(run, &prefix));
    }
    document.sections.extend(ways::section(ways));
    document.sections.extend(probe_runs.iter().enumerate().map(|(at, run)| probes::section(run, at)));
    document.sections.extend(simulations.iter().enumerate().flat_map(|(at, run)| simulated::sections(run, at)));
    document.sections.extend(ablations.iter().enumerate().map(|(at, run)| Section {
        id: format!("ablation-{}", at + 1),
        title: format!("Inputs of the key ({})", run.info.name),
        ..ablation::section(&run.rows)
    }));
    document.sections.push(environment::section(&infos));
    document
}

fn title(infos: &[&RunInfo]) -> String {
    match infos {
        [] => "No runs".into(),
        [one] => format!("Build caches compared: {}", one.name),
        all => format!("Build caches compared: {} runs", all.len()),
    }
}

/// A section for each scenario of a run, each followed by its parts. `prefix` begins the anchors where
/// there are several runs.
fn of_run(run: &Analysis, prefix: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    for name in distinct(run.steps.iter().map(|step| step.scenario.as_str())) {
        let steps: Vec<&StepAnalysis> = run.steps.iter().filter(|step| step.scenario == name).collect();
        let of_run = if prefix.is_empty() { String::new() } else { format!(" ({})", run.info.name) };
        let anchor = format!("{prefix}{name}");
        let mut head = Section::new(&anchor, format!("Scenario {name}{of_run}"), 0);
        head.say(lead::scenario(run, &steps));
        sections.push(head);
        let scenario = ScenarioView { run, name, steps: &steps, anchor: &anchor };
        let parts = [
            wall::section,
            wall::left_out,
            costs::hits,
            costs::phases,
            costs::delivery,
            costs::disk,
            wall::by_workspace,
            costs::causes,
        ];
        sections.extend(parts.iter().filter_map(|part| part(&scenario)));
    }
    sections
}

/// One scenario of one run: the subject of most chapters.
struct ScenarioView<'a> {
    run: &'a Analysis,
    name: &'a str,
    steps: &'a [&'a StepAnalysis],
    /// The beginning of the anchors of the chapters.
    anchor: &'a str,
}

impl ScenarioView<'_> {
    fn id(&self, chapter: &str) -> String {
        format!("{}-{chapter}", self.anchor)
    }

    fn section(&self, chapter: &str, title: &str) -> Section {
        Section::new(&self.id(chapter), title, 1)
    }

    fn builds(&self, has: impl Fn(&ArmAnalysis) -> bool) -> Vec<&StepAnalysis> {
        let steps = self.steps.iter().copied();
        steps.filter(|step| !step.cleans && step.arms.iter().any(&has)).collect()
    }
}

/// Wall times and metrics of every arm of a run, in two tables.
pub fn numbers(run: &Analysis) -> [Grid; 2] {
    let steps: Vec<&StepAnalysis> = run.steps.iter().collect();
    let metrics = metric_table("Hits, units compiled and disk.", &steps, "hit_rate compiled all_physical_bytes");
    [wall::table(&steps, &run.baseline), metrics]
}

/// A column: its head, which begins with `>` where it holds numbers, and its cells.
type ArmColumn = (&'static str, fn(&ArmAnalysis) -> Cell);

/// A row for each step and arm; columns in which nothing was measured are left out.
fn arm_table(caption: &str, steps: &[&StepAnalysis], columns: &[ArmColumn]) -> Grid {
    let heads: Vec<&str> = columns.iter().map(|column| column.0).collect();
    rows_of_arms(caption, steps, &heads, |arm| columns.iter().map(|column| (column.1)(arm)).collect())
}

/// As [`arm_table`], of metrics by name.
fn metric_table(caption: &str, steps: &[&StepAnalysis], names: &str) -> Grid {
    let metrics: Vec<&Metric> = names.split(' ').filter_map(Metric::named).collect();
    let heads: Vec<String> = metrics.iter().map(|it| format!(">{}", it.heading)).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    rows_of_arms(caption, steps, &heads, |arm| metrics.iter().map(|it| it.cell(&arm.numbers)).collect())
}

fn rows_of_arms(
    caption: &str,
    steps: &[&StepAnalysis],
    heads: &[&str],
    cells: impl Fn(&ArmAnalysis) -> Vec<Cell>,
) -> Grid {
    let mut grid = Grid::new(caption, &[&["step", "strategy"], heads].concat());
    for (step, arm) in steps.iter().flat_map(|step| step.arms.iter().map(move |arm| (step, arm))) {
        grid.row([step.step.clone().into(), step.label(arm).into()].into_iter().chain(cells(arm)));
    }
    grid.measured()
}
