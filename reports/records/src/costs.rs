//! One price list for a whole run: the seconds each unit took in the `none` arm.
//!
//! Arms run in random order, so while rows are taken an arm may not know yet what `none`
//! paid for a unit and writes down its own seconds. Once a run is complete, [`settle`] gives
//! every unit the same price in every arm, and every step the rate that follows from it.
//! Prices are those of one kind of build: a release build of a unit or a check of it costs
//! something else than its debug build, so steps of another profile or variant have a price
//! list of their own. So has a step in which `none` compiled only a part, in place: after an
//! edit a unit costs other than from nothing (it is compiled incrementally, its neighbours
//! leave it the machine).

use std::collections::HashMap;

use crate::run_folder::RunFolder;
use crate::{Outcome, Status, StepKey, StepRow, UnitRow};

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

/// Gives every unit of a complete run its price in the `none` arm, and recomputes
/// `hit_rate_by_cost`. The price is the first there is of
///
/// 1. in a step in which `none` compiled only a part, the mean of what `none` paid there;
/// 2. the mean over the steps of that profile and variant in which `none` compiled all units;
/// 3. the mean over all other steps of that profile and variant;
/// 4. the arm's own seconds.
///
/// A run without that arm stays as it is.
pub fn settle(run: &mut RunFolder) {
    let articles = articles(&run.steps, &run.units);
    let prices = Prices::of(run, &articles);
    if prices.any.is_empty() {
        return;
    }
    let prices: Vec<Option<f64>> =
        run.units.iter().zip(&articles).map(|(row, article)| prices.price(row, article)).collect();
    // Rows of `none` without a cost say what it did not run, and must go on saying so.
    let kept = |row: &UnitRow| row.strategy == PRICED_BY && row.cost_s.is_none();
    for (row, price) in run.units.iter_mut().zip(prices).filter(|(row, _)| !kept(row)) {
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
    // Also where the arm knew no seconds yet, since `none` came after it: whether it did follows
    // from the order of arms, and must not decide whether a rate is there.
    for step in run.steps.iter_mut().filter(|step: &&mut StepRow| step.hit_rate.is_some()) {
        if let Some((hits, all)) = totals.get(&StepKey::of_step(step)).filter(|(_, all)| *all > 0.0) {
            step.hit_rate_by_cost = Some(hits / all);
        }
    }
}

/// Scenario and step, and what was compiled there.
type InStep<'run> = (&'run str, &'run str, &'run Article);

/// What `none` paid.
#[derive(Default)]
struct Prices<'run> {
    /// By step, where it compiled only a part.
    in_place: HashMap<InStep<'run>, Mean>,
    /// Where it compiled all units.
    clean: HashMap<&'run Article, Mean>,
    /// Anywhere.
    any: HashMap<&'run Article, Mean>,
}

impl<'run> Prices<'run> {
    fn of(run: &'run RunFolder, articles: &'run [Article]) -> Self {
        let mine = run.steps.iter().filter(|row| row.strategy == PRICED_BY);
        let extents: HashMap<StepKey, Extent> = mine.map(|row| (StepKey::of_step(row), Extent::of(row))).collect();
        let mut prices = Self::default();
        for (row, article) in run.units.iter().zip(articles).filter(|(row, _)| row.strategy == PRICED_BY) {
            let Some(cost) = row.cost_s else { continue };
            match extents.get(&StepKey::of_unit(row)) {
                Some(Extent::Part) => {
                    prices.in_place.entry((&row.scenario, &row.step, article)).or_default().add(cost);
                }
                Some(Extent::All) => prices.clean.entry(article).or_default().add(cost),
                Some(Extent::Unknown) | None => {}
            }
            prices.any.entry(article).or_default().add(cost);
        }
        prices
    }

    fn price(&self, row: &UnitRow, article: &Article) -> Option<f64> {
        let in_place = self.in_place.get(&(row.scenario.as_str(), row.step.as_str(), article));
        in_place.or_else(|| self.clean.get(article)).or_else(|| self.any.get(article)).map(Mean::value)
    }
}

/// How much of its units a step compiled.
#[derive(Clone, Copy)]
enum Extent {
    All,
    Part,
    /// A step that failed, or did not count.
    Unknown,
}

impl Extent {
    fn of(row: &StepRow) -> Self {
        match (row.status, row.compiled.zip(row.units)) {
            (Status::Ok, Some((compiled, units))) if compiled < units => Extent::Part,
            (Status::Ok, Some(_)) => Extent::All,
            _ => Extent::Unknown,
        }
    }
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(&self) -> f64 {
        self.sum / f64::from(self.count)
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
    use crate::RunInfo;
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
            hit_rate: rate,
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
    fn what_none_compiled_in_place_has_the_price_of_that_step() {
        let part = |arm: &str, name: &str, compiled: u64| StepRow {
            status: Status::Ok,
            units: Some(2),
            compiled: Some(compiled),
            ..step(arm, name, None)
        };
        let unrun = |package: &str| UnitRow { cost_s: None, ..unit("none", "edit", package, None, 0.0) };
        let mut run = RunFolder {
            info: RunInfo::new("r"),
            steps: vec![
                part("none", "fill", 2),
                part("none", "edit", 1),
                part("none", "again", 1),
                part("a", "fill", 0),
                part("a", "edit", 2),
                part("a", "other", 2),
            ],
            units: vec![
                unit("none", "fill", "x", None, 8.0),
                unit("none", "fill", "y", None, 4.0),
                unit("none", "edit", "x", None, 1.0),
                unrun("y"),
                unit("none", "again", "z", None, 3.0),
                unit("a", "fill", "x", Some(Outcome::Hit), 0.1),
                unit("a", "edit", "x", Some(Outcome::Miss), 0.1),
                unit("a", "edit", "y", Some(Outcome::Miss), 0.1),
                unit("a", "edit", "z", Some(Outcome::Miss), 0.1),
                unit("a", "edit", "w", Some(Outcome::Miss), 0.1),
                unit("a", "other", "x", Some(Outcome::Miss), 0.1),
            ],
            cut: CutOff::default(),
        };
        settle(&mut run);
        let costs: Vec<f64> = run.units[5..].iter().map(|row| row.cost_s.unwrap()).collect();
        assert_eq!(costs, [8.0, 1.0, 4.0, 3.0, 0.1, 8.0]);
        assert_eq!(run.units[3].cost_s, None);
        let once = run.clone();
        settle(&mut run);
        assert_eq!(run, once);
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
