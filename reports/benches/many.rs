//! Many rows of `steps.csv` with numbers as random as measured ones.

use records::{Status, StepRow};
use stats::Random;

const STRATEGIES: [&str; 10] = [
    "none",
    "shared-target",
    "hardlink+conservative",
    "hardlink+aggressive",
    "reflink+conservative",
    "reflink+aggressive",
    "copy+conservative",
    "copy+aggressive",
    "symlink+conservative",
    "symlink+aggressive",
];
const WORKSPACES: [&str; 10] =
    ["ripgrep", "bat", "hexyl", "fd", "hyperfine", "tokei", "just", "zoxide", "eza", "choose"];
const STEPS: [&str; 5] = ["fill", "warm", "edit", "switch", "collect"];

/// `count` rows: every strategy in every step of every workspace, round by round.
pub fn steps(count: usize) -> Vec<StepRow> {
    let mut random = Random::new(5931);
    (0..count).map(|at| step(at, &mut random)).collect()
}

fn step(at: usize, random: &mut Random) -> StepRow {
    let strategy = STRATEGIES[at % 10];
    let mut seconds = |about: f64| Some(about * (0.3 * random.normal()).exp());
    let (plan, restore, cargo, publish) = (seconds(0.06), seconds(0.4), seconds(14.0), seconds(0.2));
    let parts = [plan, restore, cargo, publish];
    let (user, sys, rustc, noop) = (seconds(31.0), seconds(4.0), seconds(26.0), seconds(0.05));
    let (hits, by_cost) = (seconds(0.5).map(|part| part.min(1.0)), seconds(0.4).map(|part| part.min(1.0)));
    let mut bytes = |about: f64| seconds(about).map(|size| size as u64);
    let cached = at % 10 > 1;
    let units = 40 + (at / 10 % 10) as u64 * 17;
    StepRow {
        run: "2026-11-23T052404Z-gauntlet".into(),
        round: (at / 500 + 1) as u32,
        position: (at * 7 % 10 + 1) as u32,
        corpus: "gauntlet".into(),
        workspace: WORKSPACES[at / 10 % 10].into(),
        scenario: "gauntlet".into(),
        step: STEPS[at / 100 % 5].into(),
        strategy: strategy.into(),
        integration: cached.then(|| "units".into()),
        key: strategy.split_once('+').map(|(_, key)| key.into()),
        link: strategy.split_once('+').map(|(link, _)| link.into()),
        store: cached.then(|| "cas".into()),
        toolchain: "rustc 1.95.0 (59807616e 2026-04-14)".into(),
        profile: "dev".into(),
        status: if at % 97 == 13 { Status::Failed } else { Status::Ok },
        wall_s: Some(parts.iter().flatten().sum()),
        user_s: user,
        sys_s: sys,
        max_rss_bytes: bytes(3e8),
        plan_s: plan.filter(|_| cached),
        restore_s: restore.filter(|_| cached),
        cargo_s: cargo,
        publish_s: publish.filter(|_| cached),
        units: Some(units),
        fresh: Some(units / 3),
        restored: Some(units / 3),
        compiled: Some(units - units / 3),
        refused: Some(units / 5),
        missed: Some(units / 7),
        stale: Some(0),
        rustc_runs: Some(units),
        rustc_s: rustc,
        hit_rate: hits.filter(|_| cached),
        hit_rate_by_cost: by_cost.filter(|_| cached),
        hardlinked: Some(units * 2),
        reflinked: Some(0),
        copied: Some(units),
        symlinked: Some(0),
        private_files: Some(units * 5),
        copied_bytes: bytes(4e7),
        store_bytes: bytes(6e8),
        store_allocated_bytes: bytes(6e8),
        store_physical_bytes: bytes(6e8),
        tree_bytes: bytes(2e8),
        tree_allocated_bytes: bytes(2e8),
        tree_physical_bytes: bytes(2e8),
        all_physical_bytes: bytes(8e8),
        noop_compiled: Some(0),
        store_intact: cached.then_some(true),
        note: if at % 97 == 13 {
            "error: could not compile `ripgrep` (bin \"rg\")\nexit code 101".into()
        } else {
            String::new()
        },
        noop_s: noop,
        marginal_physical_bytes: bytes(7e7).map(|size| size as i64),
        builds: Some(1),
        ..StepRow::default()
    }
}
