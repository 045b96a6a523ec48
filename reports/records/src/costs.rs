//! One cost for each unit of a run: the seconds it took in the `none` arm.
//!
//! Arms run in random order, so while rows are taken an arm may not know yet what `none` needed
//! for a unit, and records its own seconds or none. When a run is read, [`fill_costs`] gives every
//! unit the same cost in every arm, and every step the rate that follows from it; what is recorded
//! stays as it is. Costs are those of one kind of build: a release build of a unit or a check of it
//! costs something else than its debug build, so steps of another profile or variant have costs
//! of their own. So has a step in which `none` compiled only a part, in place: after an edit a
//! unit costs other than from nothing (it is compiled incrementally, and the processors have less
//! else to do).

use std::collections::{HashMap, HashSet};

use crate::{Outcome, Status, StepKey, StepRow, UnitRow};

/// The arm whose seconds count.
pub const PRICED_BY: &str = "none";

/// What identifies a unit within a workspace and a kind of build; units that look alike
/// are numbered in Cargo's order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct UnitKey<'run> {
    workspace: &'run str,
    profile: &'run str,
    variant: &'run str,
    unit: [&'run str; 6],
    number: u32,
}

/// The columns of [`StepKey`], borrowed.
type BorrowedStep<'run> = (&'run str, u32, &'run str, &'run str, &'run str, &'run str);

fn of_step(row: &StepRow) -> BorrowedStep<'_> {
    (&row.run, row.round, &row.workspace, &row.scenario, &row.step, &row.strategy)
}

fn of_unit(row: &UnitRow) -> BorrowedStep<'_> {
    (&row.run, row.round, &row.workspace, &row.scenario, &row.step, &row.strategy)
}

/// Gives every unit its cost in the `none` arm, and recomputes `hit_rate_by_cost`. The cost is the
/// first there is of
///
/// 1. in a step in which `none` compiled only a part, the mean of what `none` needed there;
/// 2. the mean over the steps of that profile and variant in which `none` compiled all units;
/// 3. the mean over all other steps of that profile and variant;
/// 4. the arm's own seconds, in that step or before it.
pub fn fill_costs(steps: &mut [StepRow], units: &mut [UnitRow]) {
    let (costs, priced): (Vec<Option<f64>>, bool) = {
        let keys = unit_keys(steps, units);
        let baseline = BaselineCosts::of(steps, units, &keys);
        let mut own: HashMap<(&str, &UnitKey<'_>), f64> = HashMap::new();
        let costs = units.iter().zip(&keys).map(|(row, key)| match row.cost_s {
            // Rows of `none` without a cost say what it did not run, and must go on saying so.
            None if row.strategy == PRICED_BY => None,
            None => baseline.cost(row, key).or_else(|| own.get(&(&*row.strategy, key)).copied()),
            Some(seconds) => {
                own.entry((&row.strategy, key)).or_insert(seconds);
                baseline.cost(row, key).or(Some(seconds))
            }
        });
        (costs.collect(), !baseline.any.is_empty())
    };
    let mut filled: HashSet<StepKey> = HashSet::new();
    for (row, cost) in units.iter_mut().zip(costs) {
        if row.cost_s.is_none() && cost.is_some() {
            filled.insert(StepKey::of_unit(row));
        }
        row.cost_s = cost;
    }
    let mut totals: HashMap<BorrowedStep<'_>, (f64, f64)> = HashMap::new();
    // What no rate counts, `StepRow::rated_units` says.
    for row in units.iter().filter(|row| row.mode != "run-custom-build") {
        let (hits, all) = totals.entry(of_unit(row)).or_default();
        let cost = row.cost_s.unwrap_or(0.0);
        *all += cost;
        if row.outcome == Some(Outcome::Hit) {
            *hits += cost;
        }
    }
    // Also where the arm knew no seconds yet, since `none` came after it: whether it did follows
    // from the order of arms, and must not decide whether a rate is there.
    for step in steps.iter_mut().filter(|step: &&mut StepRow| step.hit_rate.is_some()) {
        if !priced && !filled.contains(&StepKey::of_step(step)) {
            continue;
        }
        if let Some((hits, all)) = totals.get(&of_step(step)).filter(|(_, all)| *all > 0.0) {
            step.hit_rate_by_cost = Some(hits / all);
        }
    }
}

/// Scenario and step, and what was compiled there.
type InStep<'run> = (&'run str, &'run str, &'run UnitKey<'run>);

/// What `none` needed.
#[derive(Default)]
struct BaselineCosts<'run> {
    /// By step, where it compiled only a part.
    in_place: HashMap<InStep<'run>, MeanCost>,
    /// Where it compiled all units.
    clean: HashMap<&'run UnitKey<'run>, MeanCost>,
    /// Anywhere.
    any: HashMap<&'run UnitKey<'run>, MeanCost>,
}

impl<'run> BaselineCosts<'run> {
    fn of(steps: &'run [StepRow], units: &'run [UnitRow], keys: &'run [UnitKey<'run>]) -> Self {
        let mine = steps.iter().filter(|row| row.strategy == PRICED_BY);
        let extents: HashMap<BorrowedStep<'_>, Extent> = mine.map(|row| (of_step(row), Extent::of(row))).collect();
        let mut costs = Self::default();
        for (row, key) in units.iter().zip(keys).filter(|(row, _)| row.strategy == PRICED_BY) {
            let Some(cost) = row.cost_s else { continue };
            match extents.get(&of_unit(row)) {
                Some(Extent::Part) => costs.in_place.entry((&row.scenario, &row.step, key)).or_default().add(cost),
                Some(Extent::All) => costs.clean.entry(key).or_default().add(cost),
                Some(Extent::Unknown) | None => {}
            }
            costs.any.entry(key).or_default().add(cost);
        }
        costs
    }

    fn cost(&self, row: &UnitRow, key: &UnitKey<'_>) -> Option<f64> {
        let in_place = self.in_place.get(&(row.scenario.as_str(), row.step.as_str(), key));
        in_place.or_else(|| self.clean.get(key)).or_else(|| self.any.get(key)).map(MeanCost::value)
    }
}

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
struct MeanCost {
    sum: f64,
    count: u32,
}

impl MeanCost {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(&self) -> f64 {
        self.sum / f64::from(self.count)
    }
}

fn unit_keys<'run>(steps: &'run [StepRow], units: &'run [UnitRow]) -> Vec<UnitKey<'run>> {
    let builds: HashMap<BorrowedStep<'_>, (&str, &str)> =
        steps.iter().map(|row| (of_step(row), (row.profile.as_str(), row.variant.as_str()))).collect();
    let mut numbers: HashMap<(BorrowedStep<'_>, [&str; 6]), u32> = HashMap::new();
    units
        .iter()
        .map(|row| {
            let step = of_unit(row);
            let (profile, variant) = builds.get(&step).copied().unwrap_or_default();
            let unit =
                [&row.package, &row.version, &row.target, &row.kind, &row.mode, &row.platform].map(String::as_str);
            let number = numbers.entry((step, unit)).or_default();
            *number += 1;
            UnitKey { workspace: &row.workspace, profile, variant, unit, number: *number }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct TestRun {
        steps: Vec<StepRow>,
        units: Vec<UnitRow>,
    }

    fn fill(run: &mut TestRun) {
        fill_costs(&mut run.steps, &mut run.units);
    }

    fn unit(strategy: &str, step: &str, package: &str, outcome: Option<Outcome>, cost: f64) -> UnitRow {
        UnitRow {
            run: "r".into(),
            round: 1,
            workspace: "w".into(),
            scenario: "s".into(),
            step: step.into(),
            strategy: strategy.into(),
            package: package.into(),
            outcome,
            cost_s: Some(cost),
            ..UnitRow::default()
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
    fn every_arm_gets_the_costs_of_none() {
        let mut run = TestRun {
            steps: vec![step("a", "warm", Some(0.5)), step("none", "fill", None)],
            units: vec![
                unit("a", "warm", "x", Some(Outcome::Hit), 1.0),
                unit("a", "warm", "y", Some(Outcome::Miss), 1.0),
                unit("none", "fill", "x", None, 9.0),
                unit("none", "fill", "y", None, 1.0),
                unit("none", "warm", "x", None, 7.0),
            ],
        };
        fill(&mut run);
        assert_eq!(run.units[0].cost_s, Some(8.0));
        assert_eq!(run.units[1].cost_s, Some(1.0));
        assert_eq!(run.steps[0].hit_rate_by_cost, Some(8.0 / 9.0));
        assert_eq!(run.steps[1].hit_rate_by_cost, None);
    }

    #[test]
    fn a_release_build_or_a_check_has_costs_of_its_own() {
        let kind = |arm: &str, name: &str, profile: &str, variant: &str| StepRow {
            profile: profile.into(),
            variant: variant.into(),
            ..step(arm, name, None)
        };
        let mut run = TestRun {
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
        };
        fill(&mut run);
        let costs: Vec<f64> = run.units.iter().map(|row| row.cost_s.unwrap()).collect();
        assert_eq!(costs, [4.0, 1.0, 16.0, 4.0, 1.0, 16.0, 0.5]);
    }

    #[test]
    fn what_none_compiled_in_place_has_the_cost_of_that_step() {
        let part = |arm: &str, name: &str, compiled: u64| StepRow {
            status: Status::Ok,
            units: Some(2),
            compiled: Some(compiled),
            ..step(arm, name, None)
        };
        let unrun = |package: &str| UnitRow { cost_s: None, ..unit("none", "edit", package, None, 0.0) };
        let mut run = TestRun {
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
        };
        fill(&mut run);
        let costs: Vec<f64> = run.units[5..].iter().map(|row| row.cost_s.unwrap()).collect();
        assert_eq!(costs, [8.0, 1.0, 4.0, 3.0, 0.1, 8.0]);
        assert_eq!(run.units[3].cost_s, None);
        let once = run.clone();
        fill(&mut run);
        assert_eq!(run, once);
    }

    #[test]
    fn without_none_what_an_arm_did_not_compile_costs_what_it_did_before() {
        let unknown = |outcome| UnitRow { cost_s: None, ..unit("a", "warm", "x", outcome, 0.0) };
        let mut run = TestRun {
            steps: vec![step("a", "fill", Some(0.0)), step("a", "warm", Some(0.5))],
            units: vec![
                unit("a", "fill", "x", Some(Outcome::Miss), 3.0),
                unit("b", "fill", "x", Some(Outcome::Miss), 9.0),
                unknown(Some(Outcome::Hit)),
                unit("a", "warm", "y", Some(Outcome::Miss), 1.0),
            ],
        };
        fill(&mut run);
        assert_eq!(run.units[2].cost_s, Some(3.0));
        assert_eq!(run.steps[1].hit_rate_by_cost, Some(0.75));
        assert_eq!(run.steps[0].hit_rate_by_cost, Some(0.0), "nothing was filled in there");
    }

    #[test]
    fn without_none_nothing_that_was_measured_changes() {
        let units = vec![unit("a", "warm", "x", Some(Outcome::Hit), 1.0)];
        let mut run = TestRun { steps: vec![step("a", "warm", Some(0.5))], units };
        let before = run.clone();
        fill(&mut run);
        assert_eq!(run, before);
    }

    #[test]
    fn look_alikes_keep_their_order() {
        let mut run = TestRun {
            steps: vec![],
            units: vec![
                unit("none", "fill", "x", None, 1.0),
                unit("none", "fill", "x", None, 2.0),
                unit("a", "fill", "x", None, 5.0),
                unit("a", "fill", "x", None, 5.0),
            ],
        };
        fill(&mut run);
        assert_eq!(run.units.iter().map(|row| row.cost_s.unwrap()).collect::<Vec<_>>(), [1.0, 2.0, 1.0, 2.0]);
    }
}
