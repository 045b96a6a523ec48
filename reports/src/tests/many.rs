//! Many rows of `steps.csv` with numbers as random as measured ones.

use super::rows::{bad, step};
use crate::stats::Random;
use records::{Status, StepRow};

const STRATEGIES: [&str; 5] =
    ["none", "hardlink+conservative", "hardlink+aggressive", "copy+conservative", "copy+aggressive"];
const WORKSPACES: [&str; 10] =
    ["ripgrep", "bat", "hexyl", "fd", "hyperfine", "tokei", "just", "zoxide", "eza", "choose"];
const STEPS: [&str; 5] = ["fill", "warm", "edit", "switch", "collect"];

/// `count` rows: every strategy in every step of every workspace, round by round.
pub fn steps(count: usize) -> Vec<StepRow> {
    let mut random = Random::new(5931);
    (0..count).map(|at| many(at, &mut random)).collect()
}

fn many(at: usize, random: &mut Random) -> StepRow {
    let strategy = STRATEGIES[at % 5];
    let (round, workspace, name) = ((at / 250 + 1) as u32, WORKSPACES[at / 5 % 10], STEPS[at / 50 % 5]);
    let mut number = |about: f64| about * (0.3 * random.normal()).exp();
    let mut row = step(round, workspace, name, strategy, number(14.0));
    (row.user_s, row.sys_s, row.rustc_s, row.noop_s) =
        (Some(number(31.0)), Some(number(4.0)), Some(number(26.0)), Some(number(0.05)));
    (row.plan_s, row.restore_s, row.publish_s) = (Some(number(0.06)), Some(number(0.4)), Some(number(0.2)));
    (row.hit_rate, row.hit_rate_by_cost) = (Some(number(0.5).min(1.0)), Some(number(0.4).min(1.0)));
    let mut bytes = |about: f64| Some(number(about) as u64);
    (row.max_rss_bytes, row.copied_bytes, row.all_physical_bytes) = (bytes(3e8), bytes(4e7), bytes(8e8));
    (row.store_bytes, row.store_allocated_bytes, row.store_physical_bytes) = (bytes(6e8), bytes(6e8), bytes(6e8));
    (row.tree_bytes, row.tree_allocated_bytes, row.tree_physical_bytes) = (bytes(2e8), bytes(2e8), bytes(2e8));
    row.marginal_physical_bytes = bytes(7e7).map(|size| size as i64);
    let units = 40 + (at / 5 % 10) as u64 * 17;
    (row.units, row.fresh, row.restored, row.compiled) =
        (Some(units), Some(units / 3), Some(units / 3), Some(units - units / 3));
    (row.refused, row.missed, row.hardlinked, row.private_files) =
        (Some(units / 5), Some(units / 7), Some(units * 2), Some(units * 5));
    if at % 97 == 13 {
        let note = "error: could not compile `ripgrep` (bin \"rg\")\nexit code 101";
        row = bad(row, Status::Failed, note);
    }
    row
}
