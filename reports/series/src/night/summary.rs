//! A night as a document: what became worse first, then everything else by how soon a reader
//! wants it.

use records::run_folder::RunFolder;
use reports::analysis::Analysis;
use reports::chapters::{brief, numbers, probe_tally};
use reports::document::{Block, Document, Section};
use reports::probes::{self, ProbeRun};
use reports::simulation::SimulationRun;
use reports::text::{UNMEASURED, bytes, percent};

use super::finding::{GOOD_RUNS, MIN_CHANGE, could_be_found};
use super::judge::{JudgedRun, Night};
use crate::change::ChangeSettings;
use crate::error::SeriesError;
use crate::history::lines;
use crate::page::changes_of;
use crate::series::Series;

/// The document, with `simulations` at its end.
///
/// # Errors
/// When a run of the night or the series cannot be read.
pub fn summary(night: &Night, series: &Series, simulations: &[SimulationRun]) -> Result<Document, SeriesError> {
    let mut document = Document { title: title(night), ..Document::default() };
    document.lead.push(verdict(night));
    document.sections.extend(worse(night));
    if let Some(pair) = &night.compared {
        let run = RunFolder::read_steps(&pair.folder)?;
        let analysis = Analysis::of(&run, None);
        document.lead.push(conditions(pair, &analysis));
        let mut tonight = Section::new("tonight", "Tonight", 0);
        tonight.blocks.extend(numbers(&analysis).into_iter().map(Block::Grid));
        document.sections.push(tonight);
        document.sections.extend(pair.changes.as_ref().map(|changes| {
            let mut section = reports::chapters::changes(changes);
            section.title = format!("Against the last good run, {}", changes.old);
            section.say(format!(
                "What the night calls slower is slower by {} or more than in all but one of the {GOOD_RUNS} newest good runs, with \
                 a p of at most 0.05, was so in a second run, too, and in the night before.",
                percent(Some(MIN_CHANGE))
            ));
            section
        }));
        document.sections.extend(over_time(series, &pair.run.line)?);
    }
    if let Some(pair) = &night.probed {
        document.sections.push(probed(pair, &probes::read(&pair.folder)?));
    }
    for run in simulations {
        document.sections.push(at_scale(run));
    }
    Ok(document)
}

fn title(night: &Night) -> String {
    let corpus = night.compared.as_ref().map_or("probes", |pair| pair.run.corpus.as_str());
    match night.regressions.len() {
        0 => format!("Nightly, {corpus}: nothing became worse"),
        1 => format!("Nightly, {corpus}: 1 regression"),
        n => format!("Nightly, {corpus}: {n} regressions"),
    }
}

fn verdict(night: &Night) -> String {
    let first = |earlier: usize| earlier == 0;
    let compared = night.compared.as_ref().map(|pair| first(pair.earlier));
    let probed = night.probed.as_ref().map(|pair| first(pair.earlier));
    match (night.regressions.is_empty(), compared, probed) {
        (false, ..) => {
            "Something became worse: see the list. Until it is fixed or accepted, every night reports it.".into()
        }
        (true, Some(true) | None, Some(true) | None) => {
            "The first night of its line: there is nothing to compare with yet, so nothing can have become worse."
                .into()
        }
        (true, Some(_), _) if too_few(night) => {
            "Nothing became worse as far as this night can show: it has too few rounds to find a slower strategy; \
             give it a larger --budget or fewer strategies."
                .into()
        }
        (true, ..) if !night.suspected.is_empty() => {
            "Something is slower for the first time: see the list. It counts if the next night finds it, too.".into()
        }
        (true, ..) => "Nothing became worse.".into(),
    }
}

/// Whether no strategy had rounds enough for any verdict against the older run.
fn too_few(night: &Night) -> bool {
    let Some(changes) = night.compared.as_ref().and_then(|pair| pair.changes.as_ref()) else { return false };
    let mut judged = changes.arms.iter().filter(|it| !it.bare).peekable();
    judged.peek().is_some() && !judged.any(could_be_found)
}

fn conditions(pair: &JudgedRun<reports::against::Changes>, analysis: &Analysis) -> String {
    let info = &analysis.info;
    let rustc = info.toolchain.rustc.lines().next().unwrap_or(UNMEASURED);
    let rounds = analysis.steps.iter().map(|step| step.rounds).max().unwrap_or(0);
    let host = [
        info.host.cpu_model.clone(),
        info.host.cores.map(|cores| format!("{cores} cores")),
        info.host.memory_bytes.map(|n| bytes(Some(n as f64))),
    ];
    let host: Vec<String> = host.into_iter().flatten().collect();
    let against = match &pair.against {
        Some((old, _)) => format!("against {}, the newest of {} good runs like it", old.name, pair.earlier),
        None => "with no good run like it before it".into(),
    };
    format!("{} on {rustc}, {rounds} rounds, {}; {against}.", info.name, host.join(", "))
}

fn worse(night: &Night) -> Option<Section> {
    if night.regressions.is_empty() && night.suspected.is_empty() && night.unconfirmed.is_empty() {
        return None;
    }
    let mut section = Section::new("worse", "What became worse", 0);
    let list = |findings: &[super::NightFinding]| Block::List(findings.iter().map(ToString::to_string).collect());
    if !night.regressions.is_empty() {
        section.push(list(&night.regressions));
        match night.looked_at_again() {
            (0, 0) => {}
            (_, 0) => section.say("What is slower was measured a second time, and was slower again."),
            (confirmed, undecided) => section.say(format!(
                "Of what is slower, {confirmed} were slower in a second run, too; for {undecided} it has too few \
                 rows, and they count."
            )),
        }
        section.say("To have later nights compared with how it is now:");
        let of_probe = |it: &super::NightFinding| matches!(it, super::NightFinding::ProbeFails { .. });
        let runs = [
            night.compared.as_ref().map(|pair| (&pair.run.name, night.regressions.iter().any(|it| !of_probe(it)))),
            night.probed.as_ref().map(|pair| (&pair.run.name, night.regressions.iter().any(of_probe))),
        ];
        for (run, _) in runs.into_iter().flatten().filter(|(_, regressed)| *regressed) {
            section.push(Block::Command(format!("harness series accept {run} --because 'the reason'")));
        }
    }
    if !night.suspected.is_empty() {
        section.say("Slower tonight, and not the night before: it counts if it is so again in the next run.");
        section.push(list(&night.suspected));
    }
    if !night.unconfirmed.is_empty() {
        section.say("Looked slower, was measured a second time, and was not slower then, so it does not count:");
        section.push(list(&night.unconfirmed));
    }
    Some(section)
}

/// Changes found in the whole past of the line, where there are some.
fn over_time(series: &Series, line: &str) -> Result<Option<Section>, SeriesError> {
    let contents = match series.read() {
        Err(SeriesError::Missing(_)) => return Ok(None),
        contents => contents?,
    };
    let lines = lines(&contents.entries, &ChangeSettings::default());
    let Some(own) = lines.iter().find(|it| it.conditions == line) else { return Ok(None) };
    if own.runs.len() < 2 {
        return Ok(None);
    }
    let mut section = Section::new("over-time", format!("Over {} runs", own.runs.len()), 0);
    match changes_of(own) {
        Ok(grid) => section.push(Block::Grid(grid)),
        Err(said) => section.say(said),
    }
    Ok(Some(section))
}

fn probed(pair: &JudgedRun<reports::against::ProbeChanges>, run: &ProbeRun) -> Section {
    let mut section = Section::new("probes", "Probes", 0);
    section.push(Block::Grid(probe_tally(run)));
    let list = |rows: &[probes::ProbeRow]| -> Vec<String> {
        rows.iter().map(|row| format!("{} under {}: {}", row.probe, row.strategy, row.detail)).collect()
    };
    match &pair.changes {
        None => section.say("No run of probes like this one is in the series yet."),
        Some(changes) => {
            section.say(format!(
                "Against {}: {} in common, {} newly failing, {} fixed, {} with another result, {} not run any more.",
                changes.old,
                changes.common,
                changes.newly_failing.len(),
                changes.fixed.len(),
                changes.otherwise.len(),
                changes.gone.len()
            ));
            for (what, rows) in
                [("Fixed:", &changes.fixed), ("Fail, and were never run before:", &changes.failing_first)]
            {
                if !rows.is_empty() {
                    section.say(what);
                    section.push(Block::List(list(rows)));
                }
            }
        }
    }
    let unexplained: Vec<probes::ProbeRow> =
        run.rows.iter().filter(|row| row.is_unexplained_failure()).cloned().collect();
    if !unexplained.is_empty() {
        section.say("Failures that nothing explains:");
        section.push(Block::List(list(&unexplained)));
    }
    section
}

/// A simulation in a few lines; the page has all of it.
fn at_scale(run: &SimulationRun) -> Section {
    let mut section = Section::new("at-scale", "At the scale of many workspaces", 0);
    let brief = brief(run);
    brief.lead.into_iter().for_each(|text| section.say(text));
    section.blocks.extend(brief.sections.into_iter().take(2).flat_map(|part| part.blocks));
    section
}
