//! Writes run folders as a nightly would leave them: `many DIR COUNT`.
//!
//! Below `DIR/runs/`, so that `harness series rebuild --series DIR` makes a series of them. Five
//! workspaces, three steps, eight strategies, two rounds; one strategy gets slower half-way.

use std::error::Error;
use std::path::PathBuf;

use records::run_folder::RunWriter;
use records::{RunInfo, Status, StepRow};
use reports::stats::Random;

const STRATEGIES: [(&str, f64); 8] = [
    ("none", 1.0),
    ("shared-target", 0.02),
    ("hardlink+conservative", 0.6),
    ("hardlink+aggressive", 0.05),
    ("reflink+conservative", 0.6),
    ("reflink+aggressive", 0.05),
    ("copy+conservative", 0.65),
    ("copy+aggressive", 0.1),
];
const WORKSPACES: [&str; 5] = ["choose", "hexyl", "ripgrep", "sd", "fd-find"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(count)) = (args.next().map(PathBuf::from), args.next()) else {
        return Err("give a directory and how many runs".into());
    };
    let count: u32 = count.parse()?;
    for at in 0..count {
        let (year, month, day) = (2023 + at / 336, at / 28 % 12 + 1, at % 28 + 1);
        let mut info = RunInfo::new(format!("{year}-{month:02}-{day:02}T020000Z-gauntlet"));
        info.started = format!("{year}-{month:02}-{day:02}T02:00:00Z");
        info.complete = true;
        info.rounds = 2;
        info.scenario = "default".into();
        info.strategies = STRATEGIES.map(|it| it.0.to_owned()).to_vec();
        info.corpus.name = "gauntlet".into();
        info.corpus.hash = "c0ffee".into();
        info.corpus.workspaces = WORKSPACES.map(str::to_owned).to_vec();
        info.toolchain.rustc = format!("rustc 1.{}.0-nightly", 70 + at / 42);
        let mut random = Random::named(u64::from(at), "many");
        let folder = dir.join("runs").join(&info.name);
        let mut writer = RunWriter::create(&folder, info.clone())?;
        for (round, step) in (1..=2).flat_map(|round| ["fill", "warm", "edit"].map(|step| (round, step))) {
            for workspace in WORKSPACES {
                for (strategy, ratio) in STRATEGIES {
                    let slower = if strategy == "copy+aggressive" && at >= count / 2 { 1.2 } else { 1.0 };
                    let cached = ratio < 1.0;
                    let row = StepRow {
                        run: info.name.clone(),
                        round,
                        corpus: info.corpus.name.clone(),
                        workspace: workspace.into(),
                        scenario: info.scenario.clone(),
                        step: step.into(),
                        strategy: strategy.into(),
                        status: Status::Ok,
                        wall_s: Some(12.0 * ratio * slower * (0.03 * random.normal()).exp()),
                        hit_rate: cached.then_some(0.9),
                        hit_rate_by_cost: cached.then_some(0.95),
                        compiled: Some(if cached { 4 } else { 40 }),
                        all_physical_bytes: Some(300 << 20),
                        ..StepRow::default()
                    };
                    writer.append(&row, &[])?;
                }
            }
        }
    }
    println!("wrote {count} runs to {}", dir.join("runs").display());
    Ok(())
}
