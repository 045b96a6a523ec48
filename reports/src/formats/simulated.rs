//! A simulation in the tables for spreadsheets and data frames.
//!
//! In the wide one each curve is a row, by where it ends. In the long one every number has a
//! row; `at` is its place on its axis.

use super::{LongRow, WideRow};
use crate::analysis::ArmNumbers;
use crate::simulation::SimulationRun;
use crate::simulation::curves::curves;

/// `scenario` of all of them.
const SCENARIO: &str = "simulation";

/// A row for the end of each curve.
pub(super) fn wide(run: &SimulationRun) -> Vec<WideRow<'_>> {
    let mut rows = Vec::new();
    for curve in curves(run) {
        let end = curve.last();
        rows.push(WideRow {
            run: &run.info.name,
            scenario: SCENARIO,
            step: &end.command,
            strategy: &end.policy,
            workspaces: end.workspaces as usize,
            rounds: end.orders as usize,
            numbers: ArmNumbers {
                hit_rate: Some(end.hit_rate),
                hit_rate_by_cost: Some(end.hit_rate_by_cost),
                store_bytes: Some(end.stored_bytes),
                ..ArmNumbers::default()
            },
            ..WideRow::default()
        });
    }
    rows
}

/// A row for each number.
pub(super) fn long(run: &SimulationRun) -> Vec<LongRow<'_>> {
    let mut numbers = Numbers { run: &run.info.name, rows: Vec::new() };
    for row in &run.curve {
        let place = [&row.command, &row.policy, &row.workspaces.to_string(), "workspaces"];
        let band = LongRow { low: Some(row.low), high: Some(row.high), ..LongRow::default() };
        numbers.add(place, [("hit_rate", SHARE, row.hit_rate), ("store", "bytes", row.stored_bytes)]);
        let band = LongRow { n: Some(row.orders as usize), ..band };
        numbers.add_in(place, band, ("hit_rate_by_cost", SHARE, row.hit_rate_by_cost));
    }
    for row in &run.relaxations {
        let name = format!("{}:{}", row.policy, row.relaxation);
        let gained = [("gained", "s", row.gained_s), ("gained_units", "units", row.gained_units)];
        let place = [&row.command, &name, &row.soundness, ""];
        numbers.add(place, gained.into_iter().chain([("hit_rate_by_cost", SHARE, row.hit_rate_by_cost)]));
    }
    for row in &run.misses {
        let place = [&row.command, &row.policy, &row.reason, "reason"];
        numbers.add(place, [("missed", "s", row.seconds), ("missed_units", "units", row.units)]);
    }
    for row in &run.sharing {
        let saved = [("saved", "s", row.saved_s), ("saved_store", "bytes", row.saved_bytes)];
        let place = [&row.then, &row.policy, &row.first, "command before"];
        numbers.add(place, saved.into_iter().chain([("hit_rate_by_cost", SHARE, row.hit_rate_by_cost)]));
    }
    for row in &run.retention {
        let cap = row.cap_bytes.map_or_else(|| "none".to_owned(), |cap| cap.to_string());
        let compiled = [("rebuilt", "s", row.rebuilt_s), ("rebuilt_bound", "s", row.bound_s)];
        let place = [&format!("retention under {}", row.key), &row.policy, cap.as_str(), "bytes of limit"];
        numbers.add(place, compiled.into_iter().chain([("hit_rate_by_cost", SHARE, row.hit_rate_by_cost)]));
    }
    for row in &run.growth {
        let place = ["growth", &row.key, &row.day.to_string(), "day"];
        numbers.add(place, [("entries", "entries", row.entries as f64), ("store", "bytes", row.stored_bytes)]);
    }
    for row in &run.remote {
        let step = format!("{}, {} s latency", row.command, row.latency_s);
        let place = [&step, &row.policy, &row.bits_per_s.to_string(), "bits a second"];
        let times = [("compile", "s", row.compile_s), ("fetch", "s", row.fetch_s), ("choose", "s", row.choose_s)];
        numbers.add(place, times);
    }
    numbers.rows
}

const SHARE: &str = "0 to 1";

struct Numbers<'a> {
    run: &'a str,
    rows: Vec<LongRow<'a>>,
}

/// A metric, its unit and its value.
type Number = (&'static str, &'static str, f64);

impl<'a> Numbers<'a> {
    /// Numbers at one place: step, strategy, where on the axis, and what that is.
    fn add(&mut self, place: [&str; 4], numbers: impl IntoIterator<Item = Number>) {
        for number in numbers {
            self.add_in(place, LongRow::default(), number);
        }
    }

    fn add_in(&mut self, [step, strategy, at, at_unit]: [&str; 4], row: LongRow<'a>, (metric, unit, value): Number) {
        self.rows.push(LongRow {
            run: self.run,
            scenario: SCENARIO,
            step: step.to_owned().into(),
            strategy: strategy.to_owned().into(),
            metric,
            unit,
            value: Some(value),
            at: at.to_owned().into(),
            at_unit: at_unit.to_owned().into(),
            ..row
        });
    }
}
