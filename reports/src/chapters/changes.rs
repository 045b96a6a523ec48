//! One run against an older one.

use crate::against::{Change, Changes};
use crate::analysis::Metric;
use crate::document::{Block, Cell, Grid, Section, heads};
use crate::stats::Verdict;
use crate::text::{UNMEASURED, clean, fit, seconds};
use crate::words::{bounds, first_line, listed, plural, ratio_or_dash, verdict_tone};

pub(super) fn sentence(changes: &Changes) -> String {
    let judged = |verdict: Verdict| -> Vec<String> {
        let here = changes.arms.iter().filter(|it| !it.bare && it.judgement.verdict == verdict);
        here.map(|it| format!("{} in {} ({})", it.strategy, it.step, ratio_or_dash(it.judgement.ratio))).collect()
    };
    let words = |verdict, words: &str| {
        let names = judged(verdict);
        (!names.is_empty()).then(|| format!("{words}: {}", listed(&names)))
    };
    let parts = [
        words(Verdict::Slower, "got slower against the baseline"),
        words(Verdict::Faster, "got faster against the baseline"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let arms = changes.arms.iter().filter(|it| !it.bare);
    let few = arms.clone().filter(|it| it.judgement.verdict == Verdict::OneRound).count();
    let what = match (parts.is_empty(), few) {
        (false, _) => parts.join("; "),
        (true, _) if arms.clone().all(|it| it.judgement.pairs == 0) => {
            "no row counts that both have, so nothing could be compared".into()
        }
        (true, 0) => "no change of any strategy against its baseline was found".into(),
        (true, few) if few == arms.count() => "one round cannot show any change".into(),
        (true, few) => format!("no change found; {} with one round only", plural(few, "comparison")),
    };
    let conditions = match changes.differences.iter().filter(|it| it.weighs).count() {
        0 => String::new(),
        some => format!(" {} that can move a ratio differ between the two.", plural(some, "condition")),
    };
    format!("{} against {}: {what}.{conditions}", changes.new, changes.old)
}

/// What changed from one run to another: conditions, verdicts, counts and sizes.
pub fn section(changes: &Changes) -> Section {
    let mut section = Section::new("changes", format!("{} against {}", changes.new, changes.old), 0);
    if changes.differences.is_empty() {
        section.say("Both were taken under the same conditions.");
    } else {
        section.push(Block::Grid(differences(changes)));
    }
    let only = [(&changes.only_new, &changes.new), (&changes.only_old, &changes.old)];
    for (names, run) in only.into_iter().filter(|(names, _)| !names.is_empty()) {
        section.push(Block::Note(format!("Only in {run}: {}.", names.join(", "))));
    }
    section.say(format!(
        "A strategy is judged by its ratio to {base} within its own run: new ratio ÷ old ratio, within each \
         workspace, with the same interval and rule as arms of one run. The rows of {base} compare bare times: \
         compiler, machine and load are all in them.",
        base = changes.baseline,
    ));
    section.push(Block::Grid(judged(changes)));
    section.push(Block::Details { title: "Hits, compiles and disk".into(), grid: counted(changes) });
    section
}

fn differences(changes: &Changes) -> Grid {
    let mut grid = Grid::new(
        "Conditions that differ; those that can move a ratio first.",
        &["condition", "old", "new", "can move a ratio"],
    );
    for it in &changes.differences {
        let shown = |text: &str| match text {
            "" => UNMEASURED.to_owned(),
            text => fit(&clean(first_line(text)), 60),
        };
        // A first line may agree where the rest does not.
        let same = first_line(&it.old) == first_line(&it.new);
        let new = if same { format!("{}, differs further down", shown(&it.new)) } else { shown(&it.new) };
        grid.row([it.what.clone(), shown(&it.old), new, if it.weighs { "yes".into() } else { "no".into() }]);
    }
    grid
}

fn judged(changes: &Changes) -> Grid {
    let mut grid = Grid::new(
        "Change: new ÷ old, below 1x is better; interval as for arms, at the level of all strategies together; n: rounds × workspaces of the run with fewer.",
        &heads(
            "step | strategy | >old ratio | >new ratio | >old wall | >new wall | >change | >interval | >n | verdict",
        ),
    );
    for it in &changes.arms {
        let found = &it.judgement;
        let interval = bounds(found.interval.map(|it| (it.low, it.high)));
        grid.row([
            Cell::from(it.step.clone()),
            Cell::from(if it.bare { format!("{} (bare times)", it.strategy) } else { it.strategy.clone() }),
            Cell::from(ratio_or_dash(it.ratio.old)),
            Cell::from(ratio_or_dash(it.ratio.new)),
            Cell::from(seconds(it.old.wall_s)),
            Cell::from(seconds(it.new.wall_s)),
            Cell::from(ratio_or_dash(found.ratio)),
            Cell::from(interval),
            Cell::from(found.pairs.to_string()),
            verdict(it),
        ]);
    }
    grid
}

fn verdict(change: &Change) -> Cell {
    let verdict = change.judgement.verdict;
    let words = match verdict {
        Verdict::NoDifferenceFound => "no change found",
        Verdict::Invalid => "no pair of rows that count",
        verdict => verdict.as_str(),
    };
    Cell::toned(words, verdict_tone(verdict))
}

fn counted(changes: &Changes) -> Grid {
    let mut grid = Grid::new(
        "Counts and sizes: old → new. Hits by cost are weighed with the seconds that each run's own none arm took, so they \
         move a little with those.",
        &["step", "strategy", ">hits", ">hits by cost", ">units compiled", ">store and trees, physical"],
    );
    let arrow = |it: &Change, name: &str| {
        let shown = |numbers| Metric::named(name).map_or_else(String::new, |metric| metric.show(numbers));
        let (old, new) = (shown(&it.old), shown(&it.new));
        if old == new { new } else { format!("{old} → {new}") }
    };
    for it in &changes.arms {
        let numbers = ["hit_rate", "hit_rate_by_cost", "compiled", "all_physical_bytes"].map(|name| arrow(it, name));
        grid.row([it.step.clone(), it.strategy.clone()].into_iter().chain(numbers));
    }
    grid
}
