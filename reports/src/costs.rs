//! One price list for a whole run: the seconds each unit took in the `none` arm.
//!
//! Arms run in random order, so while rows are taken an arm may not know yet what `none`
//! paid for a unit and writes down its own seconds. Once a run is complete, [`settle`] gives
//! every unit the same price in every arm, and every step the rate that follows from it.
//! Prices are those of one kind of build: a release build of a unit or a check of it costs
//! something else than its debug build, so steps of another profile or variant have a price
//! list of their own.

use std::collections::HashMap;

use crate::record::{Outcome, StepKey, StepRow, UnitRow};
use crate::run_folder::RunFolder;

/// The arm whose seconds count.
pub const PRICED_BY: &str = "none";

/// What tells a unit apart within a workspace and a kind of build; units that look alike
/// are numbered in Cargo's order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Article {
    workspace: String,
    profile: String,
    variant: String,
    unit: [String; 6],
    number: u32,
}

/// Gives every unit of a complete run its price in the `none` arm (the mean of the builds of
/// that profile and variant in which the arm compiled it), and recomputes `hit_rate_by_cost`.
/// Units that `none` never compiled so keep their own seconds; a run without that arm stays as
/// it is.
pub fn settle(run: &mut RunFolder) {
    let articles = articles(&run.steps, &run.units);
    let mut sums: HashMap<&Article, (f64, u32)> = HashMap::new();
    for (row, article) in run.units.iter().zip(&articles) {
        if let (PRICED_BY, Some(cost)) = (row.strategy.as_str(), row.cost_s) {
            let (sum, count) = sums.entry(article).or_default();
            *sum += cost;
            *count += 1;
        }
    }
    if sums.is_empty() {
        return;
    }
    let prices: Vec<Option<f64>> =
        articles.iter().map(|article| sums.get(article).map(|(sum, count)| sum / f64::from(*count))).collect();
    for (row, price) in run.units.iter_mut().zip(prices) {
        row.cost_s = price.or(row.cost_s);
    }
    let mut totals: HashMap<StepKey, (f64, f64)> = HashMap::new();
    for row in &run.units {
        let (hits, all) = totals.entry(StepKey::of_unit(row)).or_default();
        let cost = row.cost_s.unwrap_or(0.0);
        *all += cost;
        if row.outcome == Some(Outcome::Hit) {
            *hits += cost;
        }
    }
    for step in run.steps.iter_mut().filter(|step: &&mut StepRow| step.hit_rate_by_cost.is_some()) {
        if let Some((hits, all)) = totals.get(&StepKey::of_step(step)).filter(|(_, all)| *all > 0.0) {
            step.hit_rate_by_cost = Some(hits / all);
        }
    }
}

fn articles(steps: &[StepRow], units: &[UnitRow]) -> Vec<Article> {
    let builds: HashMap<StepKey, (&str, &str)> =
        steps.iter().map(|row| (StepKey::of_step(row), (row.profile.as_str(), row.variant.as_str()))).collect();
    let mut numbers: HashMap<(StepKey, [String; 6]), u32> = HashMap::new();
    units
        .iter()
        .map(|row| {
            let step = StepKey::of_unit(row);
            let (profile, variant) = builds.get(&step).copied().unwrap_or_default();
            let unit =
                [&row.package, &row.version, &row.target, &row.kind, &row.mode, &row.platform].map(String::clone);
            let number = numbers.entry((step, unit.clone())).or_default();
            *number += 1;
            let (profile, variant) = (profile.to_owned(), variant.to_owned());
            Article { workspace: row.workspace.clone(), profile, variant, unit, number: *number }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RunInfo;
    use crate::run_folder::CutOff;

    fn unit(strategy: &str, step: &str, package: &str, outcome: Option<Outcome>, cost: f64) -> UnitRow {
        UnitRow {
            run: "r".into(),
            round: 1,
            workspace: "w".into(),
            scenario: "s".into(),
            step: step.into(),
            strategy: strategy.into(),
            package: package.into(),
            version: "1.0.0".into(),
            source: "registry".into(),
            target: package.into(),
            kind: "lib".into(),
            mode: "build".into(),
            platform: String::new(),
            outcome,
            reason: String::new(),
            because: String::new(),
            cost_s: Some(cost),
            bytes: None,
        }
    }

    fn step(strategy: &str, step: &str, rate: Option<f64>) -> StepRow {
        StepRow {
            run: "r".into(),
            round: 1,
            workspace: "w".into(),
            scenario: "s".into(),
            step: step.into(),
            strategy: strategy.into(),
            hit_rate_by_cost: rate,
            ..StepRow::default()
        }
    }

    #[test]
    fn every_arm_gets_the_prices_of_none() {
        let mut run = RunFolder {
            info: RunInfo::new("r"),
            steps: vec![step("a", "warm", Some(0.5)), step("none", "fill", None)],
            units: vec![
                unit("a", "warm", "x", Some(Outcome::Hit), 1.0),
                unit("a", "warm", "y", Some(Outcome::Miss), 1.0),
                unit("none", "fill", "x", None, 9.0),
                unit("none", "fill", "y", None, 1.0),
                unit("none", "warm", "x", None, 7.0),
            ],
            cut: CutOff::default(),
        };
        settle(&mut run);
        assert_eq!(run.units[0].cost_s, Some(8.0));
        assert_eq!(run.units[1].cost_s, Some(1.0));
        assert_eq!(run.steps[0].hit_rate_by_cost, Some(8.0 / 9.0));
        assert_eq!(run.steps[1].hit_rate_by_cost, None);
    }

    #[test]
    fn a_release_build_or_a_check_has_prices_of_its_own() {
        let kind = |arm: &str, name: &str, profile: &str, variant: &str| StepRow {
            profile: profile.into(),
            variant: variant.into(),
            ..step(arm, name, None)
        };
        let mut run = RunFolder {
            info: RunInfo::new("r"),
            steps: vec![
                kind("none", "fill", "dev", ""),
                kind("none", "check", "dev", "check"),
                kind("none", "release", "release", ""),
                kind("a", "fill", "dev", ""),
                kind("a", "check", "dev", "check"),
                kind("a", "release", "release", ""),
                kind("a", "test", "dev", "test"),
            ],
            units: vec![
                unit("none", "fill", "x", None, 4.0),
                unit("none", "check", "x", None, 1.0),
                unit("none", "release", "x", None, 16.0),
                unit("a", "fill", "x", None, 0.5),
                unit("a", "check", "x", None, 0.5),
                unit("a", "release", "x", None, 0.5),
                unit("a", "test", "x", None, 0.5),
            ],
            cut: CutOff::default(),
        };
        settle(&mut run);
        let costs: Vec<f64> = run.units.iter().map(|row| row.cost_s.unwrap()).collect();
        assert_eq!(costs, [4.0, 1.0, 16.0, 4.0, 1.0, 16.0, 0.5]);
    }

    #[test]
    fn without_none_nothing_changes() {
        let units = vec![unit("a", "warm", "x", Some(Outcome::Hit), 1.0)];
        let mut run = RunFolder {
            info: RunInfo::new("r"),
            steps: vec![step("a", "warm", Some(0.5))],
            units,
            cut: CutOff::default(),
        };
        let before = run.clone();
        settle(&mut run);
        assert_eq!(run, before);
    }

    #[test]
    fn look_alikes_keep_their_order() {
        let mut run = RunFolder {
            info: RunInfo::new("r"),
            steps: vec![],
            units: vec![
                unit("none", "fill", "x", None, 1.0),
                unit("none", "fill", "x", None, 2.0),
                unit("a", "fill", "x", None, 5.0),
                unit("a", "fill", "x", None, 5.0),
            ],
            cut: CutOff::default(),
        };
        settle(&mut run);
        assert_eq!(run.units.iter().map(|row| row.cost_s.unwrap()).collect::<Vec<_>>(), [1.0, 2.0, 1.0, 2.0]);
    }
}
