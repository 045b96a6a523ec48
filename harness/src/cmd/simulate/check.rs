//! `--check`: recorded runs compared with their simulation.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use corpora::Corpus;
use corpora::scenario::Scenario;
use records::run_folder::RunFolder;
use reports::text::plain;
use simulation::trace::Trace;

use crate::simulate::agreement::{self, Agreement};
use crate::simulate::times::{self, SimulatedTime};

/// Differences that are printed; all of them are counted.
const SHOWN: usize = 20;

/// Compares each run with its simulation. Fails when a folder holds no run, or its scenario or corpus is not available.
pub(super) fn run(trace: &mut Trace, runs: &[PathBuf]) -> Result<ExitCode> {
    let mut holds = true;
    for dir in runs {
        let run = RunFolder::read(dir)?;
        let option = |name: &str| run.info.options.get(name).and_then(|it| it.as_str()).map(str::to_owned);
        let scenario = Scenario::load(&option("scenario").unwrap_or_else(|| run.info.scenario.clone()))?;
        let corpus = Corpus::load(&option("corpus").unwrap_or_else(|| run.info.corpus.name.clone()))?;
        let edit = |path: &Path| format!("ws:{}", path.display());
        let edits = corpus.workspaces.iter().map(|it| (it.name.clone(), edit(&it.edit))).collect();
        let found = agreement::check(trace, &run, &scenario, &edits)?;
        print!("{}", plain(&described(&run.info.name, &found)));
        print!("{}", plain(&timed(&times::compare(trace, &run))));
        holds &= found.holds();
    }
    Ok(ExitCode::from(u8::from(!holds)))
}

fn described(name: &str, found: &Agreement) -> String {
    let mut out = format!("{name}: recorded and simulated, unit for unit\n");
    let widest = found.compared.iter().map(|it| it.strategy.len().max(it.step.len())).max().unwrap_or(0).max(8);
    out += &format!(
        "{:<widest$}  {:<widest$}  {:>7}  {:>7}  {:>14}  {:>13}\n",
        "strategy", "step", "units", "agree", "simulated hits", "recorded hits"
    );
    for it in &found.compared {
        out += &format!(
            "{:<widest$}  {:<widest$}  {:>7}  {:>7}  {:>14}  {:>13}\n",
            it.strategy, it.step, it.units, it.agreeing, it.simulated_hits, it.recorded_hits
        );
    }
    for line in found.differences.iter().take(SHOWN) {
        out += &format!("differs: {line}\n");
    }
    if found.differences.len() > SHOWN {
        out += &format!("differs: {} more\n", found.differences.len() - SHOWN);
    }
    found.left_out.iter().for_each(|(arm, why)| out += &format!("not compared: {arm}: {why}\n"));
    out += match (found.holds(), found.differences.is_empty()) {
        (true, _) => "every unit that was compared agrees\n",
        (false, true) => "nothing could be compared\n",
        (false, false) => "the simulation differs from what was recorded\n",
    };
    out
}

/// Nothing where no machine fetched from a remote. Errors hold nothing up: the model leaves out planning and linking.
fn timed(times: &[SimulatedTime]) -> String {
    let mut out = String::new();
    if times.is_empty() {
        return out;
    }
    out += "seconds of fresh machines with a remote, simulated with the hits that were recorded, and measured\n";
    let cell = |it: &SimulatedTime| format!("{}, {}, {}", it.workspace, it.step, it.strategy);
    let widest = times.iter().map(|it| cell(it).len()).max().unwrap_or(0);
    for it in times {
        out += &format!(
            "{:<widest$}  {:<10}  {:>8.2} s  {:>8.2} s  {:>5.1} % off\n",
            cell(it),
            it.network,
            it.simulated_s,
            it.measured_s,
            it.error() * 100.0
        );
    }
    for (what, is_plain) in [("of plain Cargo", true), ("that fetched", false)] {
        let errors: Vec<f64> =
            times.iter().filter(|it| it.network.is_empty() == is_plain).map(SimulatedTime::error).collect();
        let mean = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
        out += &format!("mean error of {} steps {what}: {:.1} %\n", errors.len(), mean * 100.0);
    }
    out
}
