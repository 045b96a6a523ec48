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
