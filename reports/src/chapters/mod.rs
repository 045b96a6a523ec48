//! What a report tells, chapter by chapter: analyses in, a [`Document`] out.
//!
//! Each chapter looks at the same runs from one side and says in words what it shows,
//! with the numbers behind it. Nothing here knows a format.
//!
//! | chapter | what it tells |
//! |---|---|
//! | `lead` | what was run, where, and what came out: for a reader in a hurry |
//! | `wall` | wall time against the baseline, with intervals and verdicts |
//! | `left_out` | rows that do not count, and why |
//! | `hits` | what was reused, by count and by cost |
//! | `phases` | where the seconds went: plan, restore, Cargo, publish |
//! | `disk` | bytes: apparent, allocated, physical; store, trees, a further workspace |
//! | `speedups` | workspace by workspace |
//! | `causes` | why units were compiled again |
//! | `probes` | which designs gave a wrong build |
//! | `simulated` | what a simulation of many workspaces tells |
//! | `environment` | machine, toolchain, corpus, options |
//! | `changes` | one run against another |

mod causes;
mod changes;
mod disk;
mod environment;
mod hits;
mod lead;
mod left_out;
mod phases;
mod probes;
mod simulated;
mod speedups;
mod wall;
mod words;

pub use changes::section as changes;
pub use simulated::brief;

use crate::against::Changes;
use crate::analysis::{Analysis, StepAnalysis};
use crate::document::{Document, Section};
use crate::probes::ProbeRun;
use crate::simulation::SimulationRun;
use records::RunInfo;

/// A document of these runs.
///
/// `changes` sets the first run beside an older one and comes before all else, `review`
/// goes through the open questions of the design and comes after the lead.
pub fn document(
    runs: &[&Analysis],
    probe_runs: &[&ProbeRun],
    simulations: &[&SimulationRun],
    changes: Option<&Changes>,
    review: Vec<Section>,
) -> Document {
    let compared = runs.iter().map(|run| &run.info);
    let probed = probe_runs.iter().map(|run| &run.info);
    let infos: Vec<&RunInfo> = compared.chain(probed).chain(simulations.iter().map(|run| &run.info)).collect();
    let mut document = Document { title: title(&infos), ..Document::default() };
    let several = infos.len() > 1;
    document.lead.extend(changes.map(changes::sentence));
    document.lead.extend(runs.iter().flat_map(|run| lead::of_run(run, several)));
    document.lead.extend(probe_runs.iter().flat_map(|run| lead::of_probes(run)));
    document.lead.extend(simulations.iter().flat_map(|run| simulated::lead(run)));
    document.sections.extend(changes.map(changes::section));
    document.sections.extend(review);
    for (at, run) in runs.iter().enumerate() {
        let name = Name { prefix: if several { format!("r{}-", at + 1) } else { String::new() }, several };
        document.sections.extend(of_run(run, &name));
    }
    document.sections.extend(probe_runs.iter().enumerate().map(|(at, run)| probes::section(run, at)));
    document.sections.extend(simulations.iter().enumerate().flat_map(|(at, run)| simulated::sections(run, at)));
    document.sections.push(environment::section(&infos));
    document
}

/// How the parts of one run are told apart from those of another.
struct Name {
    /// Before every anchor.
    prefix: String,
    /// Whether headings name the run.
    several: bool,
}

fn title(infos: &[&RunInfo]) -> String {
    let names: Vec<&str> = infos.iter().map(|info| info.name.as_str()).collect();
    match names.as_slice() {
        [] => "No runs".into(),
        [one] => format!("Build caches compared: {one}"),
        [first, .., last] => format!("Build caches compared: {} runs, {first} to {last}", names.len()),
    }
}

/// A section for each scenario of a run, each followed by its parts.
fn of_run(run: &Analysis, name: &Name) -> Vec<Section> {
    let mut sections = Vec::new();
    for scenario in scenarios(run) {
        let steps: Vec<&StepAnalysis> = run.steps.iter().filter(|step| step.scenario == scenario).collect();
        let of_run = if name.several { format!(" ({})", run.info.name) } else { String::new() };
        let anchor = format!("{}{scenario}", name.prefix);
        let mut head = Section::new(&anchor, format!("Scenario {scenario}{of_run}"), 0);
        head.say(lead::scenario(run, &steps));
        sections.push(head);
        let scene = Scene { run, scenario, steps: &steps, anchor: &anchor };
        let parts = [
            wall::section,
            left_out::section,
            hits::section,
            phases::section,
            disk::section,
            speedups::section,
            causes::section,
        ];
        sections.extend(parts.iter().filter_map(|part| part(&scene)));
    }
    sections
}

/// One scenario of one run: what most chapters are about.
struct Scene<'a> {
    run: &'a Analysis,
    scenario: &'a str,
    steps: &'a [&'a StepAnalysis],
    /// Begins the anchors of the chapters.
    anchor: &'a str,
}

impl Scene<'_> {
    fn id(&self, chapter: &str) -> String {
        format!("{}-{chapter}", self.anchor)
    }

    /// Steps that build.
    fn builds(&self) -> impl Iterator<Item = &StepAnalysis> {
        self.steps.iter().copied().filter(|step| !step.cleans)
    }
}

fn scenarios(run: &Analysis) -> Vec<&str> {
    let mut seen: Vec<&str> = Vec::new();
    for step in &run.steps {
        if !seen.contains(&step.scenario.as_str()) {
            seen.push(&step.scenario);
        }
    }
    seen
}
