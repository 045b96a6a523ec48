//! A report in every format, on handmade runs.

use std::collections::BTreeMap;

use super::rows::{bad, folder, step, unit, warm};
use super::simulated_run::simulation;
use crate::analysis::{Analysis, RunSource};
use crate::document::{Block, Grid};
use crate::formats::{json, long, markdown, terminal, wide};
use crate::plot::{Chart, Plot};
use crate::probes::{ProbeRow, ProbeRun, ProbeVerdict};
use crate::report::{Format, Report};
use crate::review::Usage;
use crate::simulation::{Origin, SimulationRun, TraceInfo};
use records::run_folder::RunFolder;
use records::{Outcome, RunInfo, Status, StepRow, UnitRow};
use unicode_width::UnicodeWidthStr;

/// Names that mean something to every format at once.
const NASTY: &str = "a<b>&\"c',|d\n`*_]\u{2028}</script>🦀";

/// Six rounds of two workspaces: one strategy five times as fast when warm, one that cannot
/// work here, a control.
fn run(workspace: &str, strategy: &str) -> RunFolder {
    let (mut steps, mut units) = (Vec::new(), Vec::new());
    for round in 1..=6 {
        let noise = 1.0 + 0.01 * f64::from(round % 3);
        for (place, size) in [("bat", 60.0), (workspace, 20.0)] {
            for name in ["fill", "warm"] {
                steps.push(disk(step(round, place, name, "none", size * noise), 500));
                let quick = if name == "warm" { 0.2 } else { 1.02 };
                let row = step(round, place, name, strategy, size * quick * (noise + 0.002));
                let row = disk(warm(row, 0.96, 0.9, 2, 300 << 20), 350);
                units.push(unit(&row, "libc", Outcome::Hit, "", "", 4.0));
                units.push(unit(&row, "rustix", Outcome::Refused, "build-script", "libc", 1.25));
                units.push(unit(&row, workspace, Outcome::Miss, "content", "src/main.rs", 0.5));
                steps.push(row);
                let row = step(round, place, name, "reflink+conservative", 1.0);
                steps.push(bad(row, Status::Unsupported, "reflink: the file system is ext4, which has none"));
                steps.push(step(round, place, name, "none-again", size * noise * 1.001));
            }
        }
    }
    let mut run = folder(&["none", strategy, "reflink+conservative", "none-again"], steps, units);
    run.info.scenario = "gauntlet".into();
    run.info.rounds = 6;
    run.info.seed = 42;
    run.info.started = "2026-11-23T08:00:00Z".into();
    run.info.corpus.hash = "abc".into();
    run.info.corpus.workspaces = vec!["bat".into(), workspace.into()];
    run.info.toolchain.rustc = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc".into();
    run.info.host.cores = Some(2);
    run.info.options.insert("order".into(), "interleaved".into());
    run
}

fn disk(mut row: StepRow, mib: u64) -> StepRow {
    row.tree_physical_bytes = Some(90 << 20);
    row.all_physical_bytes = Some(mib << 20);
    row.marginal_physical_bytes = Some(50 << 20);
    row.plan_s = Some(0.1);
    row.restore_s = Some(0.05);
    row
}

fn probes(strategy: &str) -> ProbeRun {
    let row = |probe: &str, verdict, detail: &str, known: &str| ProbeRow {
        run: "p1".into(),
        family: "stale".into(),
        probe: probe.into(),
        expects: "rebuild".into(),
        origin: "https://example.org/1".into(),
        strategy: strategy.into(),
        verdict,
        detail: detail.into(),
        known: known.into(),
        attempts: 1,
        wall_s: 0.5,
    };
    let rows = vec![
        row("env-changed", ProbeVerdict::Pass, "", ""),
        row("macro-reads-file", ProbeVerdict::Fail, "printed 1", "KEYS.md"),
        row("cfg-changed", ProbeVerdict::Fail, "printed <2> | \"b\"", ""),
    ];
    ProbeRun { info: RunInfo::new("p1"), rows }
}

fn report(workspace: &str, strategy: &str) -> Report {
    let run = RunSource::Compare(Box::new(run(workspace, strategy)));
    Report::of(vec![run, RunSource::Probe(Box::new(probes(strategy)))], None)
}

fn analyses(report: &Report) -> Vec<&Analysis> {
    report.runs.iter().map(|(_, run)| run).collect()
}

#[test]
fn every_text_format_is_as_it_was() {
    let report = report("ripgrep", "hardlink+aggressive");
    insta::assert_snapshot!("terminal", terminal::render(&report.document(), 100));
    insta::assert_snapshot!("markdown", markdown::render(&report.document()));
    insta::assert_snapshot!("wide", wide::render(&analyses(&report), &report.simulations));
    insta::assert_snapshot!("long", long::render(&analyses(&report), &report.simulations));
    insta::assert_snapshot!("json", json::render(&report));
}

#[test]
fn the_lead_says_what_was_found_and_no_more() {
    let document = report("ripgrep", "hardlink+aggressive").document();
    let lead = document.lead.join("\n");
    assert!(lead.contains("unsupported: reflink: the file system is ext4"), "{lead}");
    assert!(!lead.contains("CONTROL FAILED"), "{lead}");
    let matrix = format!("{:?}", document.sections[0]);
    assert!(matrix.contains("0.200x faster") && matrix.contains("1.001x between "), "{matrix}");
    let mut few = run("ripgrep", "hardlink+aggressive");
    few.steps.retain(|row| row.round == 1);
    let document = Report::of(vec![RunSource::Compare(Box::new(few))], None).document();
    assert!(document.lead.join("\n").contains("One round only"), "{:?}", document.lead);
    let matrix = format!("{:?}", document.sections[0]);
    assert!(!matrix.contains("x faster"), "{matrix}");
}

/// A strategy that lacks a workspace has smaller sums, and must not look better for it.
#[test]
fn sums_over_fewer_workspaces_say_so_and_lead_no_finding() {
    let mut run = run("ripgrep", "hardlink+aggressive");
    let mut fewer: Vec<StepRow> =
        run.steps.iter().filter(|row| row.strategy == "hardlink+aggressive").cloned().collect();
    for row in &mut fewer {
        row.strategy = "symlink+aggressive".into();
        row.all_physical_bytes = Some(100 << 20);
        if row.workspace == "bat" {
            *row = bad(row.clone(), Status::Failed, "error: no space");
        }
    }
    run.info.options.insert("alone".into(), true.into());
    run.info.strategies.push("symlink+aggressive".into());
    run.steps.extend(fewer);
    let text = markdown::render(&Report::of(vec![RunSource::Compare(Box::new(run))], None).document());
    assert!(text.contains("symlink+aggressive (1 of 2 workspaces)"), "{text}");
    assert!(text.contains("warm the least is 0.200x of hardlink+aggressive"), "{text}");
    assert!(
        text.contains("| warm | symlink+aggressive | **failed** |")
            || text.contains("| warm | symlink+aggressive | failed | 6 | bat | error: no space |"),
        "{text}"
    );
}

#[test]
fn a_run_of_the_baseline_alone_has_its_seconds() {
    let mut run = run("ripgrep", "hardlink+aggressive");
    run.steps.retain(|row| row.strategy == "none");
    let text = markdown::render(&Report::of(vec![RunSource::Compare(Box::new(run))], None).document());
    assert!(text.contains("### Wall time") && text.contains("| fill | none | 80.80 s |"), "{text}");
}

#[test]
fn no_name_breaks_a_table_of_commas() {
    let mut report = report(NASTY, NASTY);
    report.simulations.push(simulation(NASTY));
    for (text, columns) in [
        (wide::render(&analyses(&report), &report.simulations), wide::columns().len()),
        (long::render(&analyses(&report), &report.simulations), long::COLUMNS.len()),
    ] {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let at = reader.headers().unwrap().iter().position(|head| head == "strategy").unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert!(rows.iter().all(|row| row.len() == columns));
        assert!(rows.iter().any(|row| row.get(at) == Some(NASTY)));
    }
}

#[test]
fn no_name_breaks_markdown() {
    let text = markdown::render(&report(NASTY, NASTY).document());
    assert!(!text.contains("<script") && !text.contains("</script>") && !text.contains('\u{2028}'), "{text}");
    let mut columns = None;
    for line in text.lines() {
        let bars = line.replace("\\|", "").matches('|').count();
        match line.starts_with('|') {
            true => assert_eq!(*columns.get_or_insert(bars), bars, "{line}"),
            false => {
                assert_eq!(bars, 0, "{line}");
                columns = None;
            }
        }
    }
}

#[test]
fn the_terminal_is_a_hundred_columns_wide() {
    for name in ["hardlink+aggressive", NASTY, "a-very-long-name-of-a-strategy-that-somebody-gave+aggressive"] {
        let text = terminal::render(&report(name, name).document(), 100);
        for line in text.lines() {
            assert!(line.width() <= 100 && !line.contains('\u{2028}'), "{} {line}", line.width());
        }
    }
}

#[test]
fn json_is_what_its_schema_says() {
    let mut report = report(NASTY, NASTY);
    report.simulations.push(simulation(NASTY));
    report.review(&Usage::default());
    let text = json::render(&report);
    let back: json::wire::ReportJson = serde_json::from_str(&text).unwrap();
    // No field that the schema does not know, and none missing.
    let (written, read): (serde_json::Value, _) =
        (serde_json::from_str(&text).unwrap(), serde_json::to_value(&back).unwrap());
    assert_eq!(names(&written), names(&read));
    assert_eq!(back.runs[0].steps[0].arms[1].strategy, NASTY);
    assert_eq!(back.simulations[0].curve[22]["policy"], NASTY);
    // A report from before there were simulations is one of the same version.
    let old = text[..text.find("  \"simulations\"").unwrap()].trim_end().trim_end_matches(',').to_owned() + "}";
    assert!(serde_json::from_str::<json::wire::ReportJson>(&old).unwrap().simulations.is_empty());
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/report-1.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(published, json::schema()).unwrap();
    }
    let published = std::fs::read_to_string(published).unwrap();
    assert!(published == json::schema(), "the schema changed: run this test with UPDATE_SCHEMA=1, and read FORMAT.md");
}

#[test]
fn a_run_of_the_first_schema_still_makes_a_report() {
    let run = run("ripgrep", "hardlink+aggressive");
    let dir = tempfile::tempdir().unwrap();
    let table = |columns: &[&str], rows: Vec<csv::StringRecord>, all: &[&str]| {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(columns).unwrap();
        for row in rows {
            let cells =
                columns.iter().map(|name| all.iter().position(|it| it == name).and_then(|at| row.get(at)).unwrap());
            writer.write_record(cells).unwrap();
        }
        writer.into_inner().unwrap()
    };
    let raw =
        |text: String| csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect::<Vec<_>>();
    let mut steps = csv::Writer::from_writer(Vec::new());
    run.steps.iter().for_each(|row| steps.serialize(row).unwrap());
    let steps = raw(String::from_utf8(steps.into_inner().unwrap()).unwrap());
    let designed = &StepRow::COLUMNS[..StepRow::DESIGNED];
    std::fs::write(dir.path().join("steps.csv"), table(designed, steps, StepRow::COLUMNS)).unwrap();
    std::fs::write(dir.path().join("units.csv"), UnitRow::COLUMNS.join(",") + "\n").unwrap();
    std::fs::write(dir.path().join("run.json"), "{\"schema_version\": 1, \"name\": \"old\"}").unwrap();
    let mut report = Report::of(vec![RunSource::read(dir.path()).unwrap()], None);
    report.review(&Usage::default());
    let text = markdown::render(&report.document());
    assert!(text.contains("old") && text.contains("hardlink+aggressive") && text.contains("0.200x"), "{text}");
    assert_eq!(report.write(&dir.path().join("report"), &Format::ALL).unwrap().len(), 6);
}

/// A folder as it was recorded on 2026-11-20, with columns missing that are there today, and the numbers
/// that the program of 2026-11-28 reported of it. Ratio, interval and p are of another method since,
/// and a run is called what its folder is called.
#[test]
fn an_older_run_is_reported_with_the_numbers_of_then() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/fixtures/older-run");
    let report = Report::of(vec![RunSource::read(&dir).unwrap()], None);
    let rows = |text: &str| {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect::<Vec<BTreeMap<String, String>>>()
    };
    let then = rows(&std::fs::read_to_string(dir.join("expected-summary-wide.csv")).unwrap());
    let now = rows(&wide::render(&analyses(&report), &[]));
    assert_eq!(then.len(), 6);
    assert_eq!(now.len(), 6);
    for (then, now) in then.iter().zip(&now) {
        let otherwise = ["run", "ratio", "ratio_low", "ratio_high", "p", "p_corrected"];
        for (column, value) in then.iter().filter(|it| !otherwise.contains(&it.0.as_str())) {
            assert_eq!(now.get(column), Some(value), "{column} of {}", then["strategy"]);
        }
    }
    assert_eq!(report.runs[0].0.info.other["weather"], "a field of another version");
}

fn names(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| std::iter::once(name.clone()).chain(names(value)).collect::<Vec<_>>())
            .collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(names).collect(),
        _ => vec![],
    }
}

#[test]
fn every_row_of_a_table_has_a_cell_for_every_column() {
    let document = report("ripgrep", "hardlink+aggressive").document();
    let blocks: Vec<&Block> = document.sections.iter().flat_map(|section| &section.blocks).collect();
    let whole = |grid: &Grid| assert!(grid.rows.iter().all(|row| row.len() == grid.columns.len()), "{}", grid.caption);
    let mut ids: Vec<String> = Vec::new();
    for block in blocks {
        match block {
            Block::Grid(grid) | Block::Details { grid, .. } => whole(grid),
            Block::Plot(plot) => ids.push(plot.id.clone()),
            _ => {}
        }
    }
    assert_eq!(ids, ["gauntlet-wall"].map(|id| format!("r1-{id}")));
}

#[test]
fn plots_hold_the_numbers_of_the_run() {
    let document = report("ripgrep", "hardlink+aggressive").document();
    let plots: Vec<&Plot> = document
        .sections
        .iter()
        .flat_map(|section| &section.blocks)
        .filter_map(|block| if let Block::Plot(plot) = block { Some(plot) } else { None })
        .collect();
    let Chart::Ratios { panels, .. } = &plots[0].chart else { panic!("{:?}", plots[0]) };
    assert_eq!(panels.iter().map(|panel| panel.rows.len()).collect::<Vec<_>>(), [3, 3]);
    let ratio = panels[1].rows[0].value.unwrap();
    assert!((ratio - 0.2).abs() < 0.002, "{ratio}");
    assert_eq!((panels[1].rows[1].value, panels[1].rows[1].remark.as_str()), (None, "unsupported"));
    let by_workspace = document.sections.iter().find(|section| section.id.ends_with("speedups")).unwrap();
    let Some(Block::Grid(grid)) = by_workspace.blocks.last() else { panic!("{by_workspace:?}") };
    let heads: Vec<&str> = grid.columns.iter().map(|column| column.head.as_str()).collect();
    assert_eq!(heads, ["step", "workspace", "hardlink+aggressive", "none-again"]);
    assert_eq!(grid.rows.len(), 4);
    // A fifth of the time is strongly tinted, a repeated baseline not at all.
    assert_eq!([grid.rows[2][2].tint, grid.rows[2][3].tint], [-3, 0]);
}

fn simulated(policy: &str) -> Report {
    Report::of(vec![RunSource::Simulate(Box::new(simulation(policy)))], None)
}

#[test]
fn a_simulation_in_every_text_format_is_as_it_was() {
    let report = simulated("aggressive");
    let brief: Vec<String> =
        report.simulations.iter().map(|run| terminal::render(&crate::chapters::brief(run), 100)).collect();
    insta::assert_snapshot!("simulation_brief", brief.join("\n"));
    insta::assert_snapshot!("simulation_terminal", terminal::render(&report.document(), 100));
    insta::assert_snapshot!("simulation_markdown", markdown::render(&report.document()));
    insta::assert_snapshot!("simulation_wide", wide::render(&[], &report.simulations));
    insta::assert_snapshot!("simulation_long", long::render(&[], &report.simulations));
    // Whole rows of every table would be a thousand lines.
    let mut few = report.clone();
    let run = &mut few.simulations[0];
    run.curve.truncate(1);
    run.relaxations.truncate(1);
    run.misses.truncate(1);
    run.sharing.truncate(1);
    run.retention.truncate(1);
    run.growth.truncate(1);
    run.remote.truncate(1);
    insta::assert_snapshot!("simulation_json", json::render(&few));
}

#[test]
fn a_simulation_fits_every_format_whatever_its_policies_are_called() {
    let report = simulated(NASTY);
    let text = markdown::render(&report.document());
    assert!(!text.contains("<script") && !text.contains("</script>") && !text.contains('\u{2028}'), "{text}");
    for name in [NASTY, "a-very-long-name-of-a-policy-that-somebody-gave:without-features-and-more"] {
        for line in terminal::render(&simulated(name).document(), 100).lines() {
            assert!(line.width() <= 100 && !line.contains('\u{2028}'), "{} {line}", line.width());
        }
    }
    let document = report.document();
    let mut ids = Vec::new();
    for block in document.sections.iter().flat_map(|section| &section.blocks) {
        match block {
            Block::Grid(grid) | Block::Details { grid, .. } => {
                assert!(grid.rows.iter().all(|row| row.len() == grid.columns.len()), "{}", grid.caption);
            }
            Block::Plot(plot) => ids.push(plot.id.as_str()),
            _ => {}
        }
    }
    assert_eq!(ids, ["simulation-1-reuse"]);
    assert!(text.contains("is enough for") && text.contains("| cost-per-byte |"), "{text}");
}

/// What was not replayed has no chapter, and nothing is divided by nothing.
#[test]
fn a_simulation_may_hold_one_table_or_numbers_of_nothing() {
    let whole = simulation("aggressive");
    let only = |keep: fn(&mut SimulationRun, &SimulationRun)| {
        let mut run = SimulationRun::new(whole.info.clone(), TraceInfo::default());
        keep(&mut run, &whole);
        let document = Report::of(vec![RunSource::Simulate(Box::new(run))], None).document();
        let chapters: Vec<String> =
            document.sections.iter().filter(|section| section.depth == 1).map(|section| section.id.clone()).collect();
        let text = markdown::render(&document);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        chapters.join(" ").replace("simulation-1-", "")
    };
    assert_eq!(only(|run, from| run.curve = from.curve[..1].to_vec()), "reuse");
    assert_eq!(only(|run, from| run.relaxations = from.relaxations[..1].to_vec()), "keys");
    assert_eq!(only(|run, from| run.misses = from.misses[..1].to_vec()), "misses");
    assert_eq!(only(|run, from| run.sharing = from.sharing[..1].to_vec()), "commands");
    assert_eq!(only(|run, from| run.retention = from.retention[..1].to_vec()), "retention");
    assert_eq!(only(|run, from| run.growth = from.growth[..1].to_vec()), "growth");
    assert_eq!(only(|run, from| run.remote = from.remote[..1].to_vec()), "remote");
    let nothing = |run: &mut SimulationRun, from: &SimulationRun| {
        *run = SimulationRun { info: run.info.clone(), ..from.clone() };
        run.relaxations.iter_mut().for_each(|row| (row.gained_s, row.total_s) = (0.0, 0.0));
        run.misses.iter_mut().for_each(|row| row.seconds = 0.0);
        run.retention.iter_mut().for_each(|row| (row.rebuilt_s, row.bound_s) = (0.0, 0.0));
        run.growth.iter_mut().for_each(|row| (row.day, row.stored_bytes, row.local_bytes) = (0, 0.0, 0.0));
        run.remote.iter_mut().for_each(|row| (row.compile_s, row.critical_compile_s) = (0.0, 0.0));
        run.trace.origin = Origin::Generated;
    };
    assert_eq!(only(nothing), "reuse keys misses commands retention growth remote");
}
