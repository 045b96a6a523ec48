//! Runs made by hand: two workspaces, two strategies and the baseline.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use records::run_folder::RunWriter;
use records::{RunInfo, Status, StepRow};
use reports::stats::Random;

#[derive(Debug, Clone, Default)]
pub struct MadeRun {
    pub day: u32,
    pub called: Option<String>,
    pub complete: bool,
    /// Of `copy+aggressive`, by what factor.
    pub slower: f64,
    pub rounds: u32,
    /// Of `copy+aggressive`; without, its rows failed.
    pub hit_rate: Option<f64>,
    /// A workspace in which `copy+aggressive` fails.
    pub fails_in: Option<String>,
    pub leaves_out: Option<String>,
}

impl MadeRun {
    pub fn day(day: u32) -> Self {
        Self { day, called: None, complete: true, slower: 1.0, rounds: 2, hit_rate: Some(0.95), ..Self::default() }
    }

    pub fn name(&self) -> String {
        self.called.clone().unwrap_or_else(|| format!("2026-{:02}-{:02}-quick", self.day / 28 + 1, self.day % 28 + 1))
    }
}

/// Writes it into a folder in `dir`.
pub fn run(dir: &Path, made: &MadeRun) -> PathBuf {
    let folder = dir.join(format!("2026-{:02}-{:02}-quick", made.day / 28 + 1, made.day % 28 + 1));
    let _ = std::fs::remove_dir_all(&folder);
    let mut info = RunInfo::new(made.name());
    info.started = format!("2026-{:02}-{:02}T02:00:00Z", made.day / 28 + 1, made.day % 28 + 1);
    info.complete = made.complete;
    info.rounds = made.rounds;
    info.options.insert("order".into(), "interleaved".into());
    info.scenario = "default".into();
    info.strategies = ["none", "hardlink+aggressive", "copy+aggressive"].map(String::from).to_vec();
    info.strategies.retain(|name| made.leaves_out.as_ref() != Some(name));
    info.corpus.hash = "c0ffee".into();
    info.corpus.name = "quick".into();
    info.corpus.workspaces = vec!["hexyl".into(), "ripgrep".into()];
    info.toolchain.rustc = format!("rustc 1.{}.0 (nightly)", 90 + made.day / 10);
    info.host.cpu_model = Some("AMD EPYC".into());
    let mut random = Random::named(u64::from(made.day), "made");
    let mut writer = RunWriter::create(&folder, info.clone()).unwrap();
    for round in 1..=made.rounds {
        for workspace in &info.corpus.workspaces {
            for (strategy, ratio) in
                [("none", 1.0), ("hardlink+aggressive", 0.05), ("copy+aggressive", 0.1 * made.slower)]
            {
                if made.leaves_out.as_deref() == Some(strategy) {
                    continue;
                }
                let fails = made.fails_in.as_ref() == Some(workspace);
                let hit_rate = match strategy.starts_with("copy") {
                    true => made.hit_rate.filter(|_| !fails),
                    false => Some(0.95),
                };
                let row = StepRow {
                    run: info.name.clone(),
                    round,
                    position: 1,
                    corpus: "quick".into(),
                    workspace: workspace.clone(),
                    scenario: "default".into(),
                    step: "warm".into(),
                    strategy: strategy.into(),
                    status: if hit_rate.is_some() { Status::Ok } else { Status::Failed },
                    wall_s: Some(10.0 * ratio * (0.01 * random.normal()).exp()),
                    hit_rate: hit_rate.filter(|_| strategy != "none"),
                    compiled: Some(if strategy == "none" { 40 } else { 2 }),
                    ..StepRow::default()
                };
                writer.append(&row, &[]).unwrap();
            }
        }
    }
    folder
}
