//! Reuse between workspaces: rows of curves, relaxations, misses and commands.

use anyhow::Result;
use rayon::prelude::*;
use reports::simulation::{CurveRow, RelaxationRow, SharingRow, SimulationRun};
use simulation::keys::{KeyDesign, KeyView, Relaxation, Soundness, views};
use simulation::reuse::{KeyTally, Portfolio, ReuseTotals, bands, curve, grid, misses, share, sharing};
use simulation::trace::Trace;

#[derive(Debug, Clone)]
pub struct ReuseQuestion {
    pub designs: Vec<KeyDesign>,
    /// The changes to each of them, one at a time and together.
    pub relaxations: Vec<&'static Relaxation>,
    pub commands: Vec<String>,
    /// Random orders for each band.
    pub orders: u32,
    pub seed: u64,
}

/// Every design, and the trace under each: computed once, and shared by all replays.
pub struct DesignViews {
    cases: Vec<DesignCase>,
    views: Vec<KeyView>,
}

impl DesignViews {
    pub fn of(trace: &Trace, question: &ReuseQuestion) -> DesignViews {
        let cases = cases(question);
        let designs: Vec<KeyDesign> = cases.iter().map(|case| case.design.clone()).collect();
        DesignViews { views: views(trace, &designs), cases }
    }

    pub fn plain(&self) -> Vec<&KeyView> {
        let both = self.cases.iter().zip(&self.views);
        both.filter(|(case, _)| case.relaxation == NONE).map(|(_, view)| view).collect()
    }
}

/// A design, and its name in the table of relaxations.
struct DesignCase {
    /// The index of its policy without a relaxation.
    plain: usize,
    relaxation: &'static str,
    /// `aggressive`, `aggressive:without-debug`, `aggressive:everything`.
    label: String,
    soundness: Soundness,
    why: &'static str,
    design: KeyDesign,
}

/// Adds the rows of a replay to a run. `on_step` gets a description of each step; its error ends the replay.
pub fn replay(
    run: &mut SimulationRun,
    trace: &Trace,
    question: &ReuseQuestion,
    DesignViews { cases, views }: &DesignViews,
    on_step: &dyn Fn(&str) -> Result<()>,
) -> Result<()> {
    for command in &question.commands {
        on_step(&format!("reuse between workspaces, {command}"))?;
        let portfolio = Portfolio::of(trace, command);
        let tallies: Vec<KeyTally> = views.par_iter().map(|view| KeyTally::of(trace, view, &portfolio)).collect();
        let totals: Vec<ReuseTotals> = tallies.iter().map(KeyTally::totals).collect();
        // An input that is the same in all workspaces changes nothing when it is left out.
        let differs = |case: &DesignCase, own: &ReuseTotals| case.relaxation == NONE || *own != totals[case.plain];
        run.relaxations.extend(relaxation_rows(cases, &totals, command, &differs));
        for ((case, own), (view, tally)) in cases.iter().zip(&totals).zip(views.iter().zip(&tallies)) {
            if !differs(case, own) {
                continue;
            }
            // Stricter designs are in the other table only.
            let shown = case.relaxation == NONE || case.soundness != Soundness::Stricter;
            if shown {
                on_step(&format!("orders of workspaces, {command}, {}", view.design))?;
                run.curve.extend(curve_rows(trace, (view, &case.label), tally, &portfolio, question));
            }
            if case.relaxation == NONE {
                run.misses.extend(misses(trace, view, &portfolio, tally));
            }
        }
    }
    for (case, view) in
        cases.iter().zip(views).filter(|(case, _)| case.relaxation == NONE || case.soundness == Soundness::Sound)
    {
        on_step(&format!("commands of one workspace, {}", case.design))?;
        let rows = sharing(trace, view, &case.label);
        let base = &cases[case.plain].label;
        let same = |row: &SharingRow| run.sharing.contains(&SharingRow { policy: base.clone(), ..row.clone() });
        if case.relaxation == NONE || !rows.iter().all(same) {
            run.sharing.extend(rows);
        }
    }
    Ok(())
}

const NONE: &str = "none";
const ALL: &str = "all";
/// All that widen, sound or not, together.
const EVERYTHING: &str = "everything";

/// Each policy unchanged, with each relaxation, with all sound ones, and with all that widen.
fn cases(question: &ReuseQuestion) -> Vec<DesignCase> {
    let mut cases: Vec<DesignCase> = Vec::new();
    for plain in &question.designs {
        let base = cases.len();
        let mut add = |relaxation: &'static str, soundness, why: &'static str, design: KeyDesign| {
            let label = if relaxation == NONE { plain.to_string() } else { format!("{plain}:{relaxation}") };
            cases.push(DesignCase { plain: base, relaxation, label, soundness, why, design });
        };
        let own = plain.soundness().unwrap_or(Soundness::Sound);
        add(NONE, own, "the policy as it is", plain.clone());
        let new = || question.relaxations.iter().copied().filter(|it| plain.with([*it]) != *plain);
        for relaxation in new() {
            add(relaxation.name, relaxation.soundness, relaxation.about, plain.with([relaxation]));
        }
        let sound = plain.with(new().filter(|it| it.soundness == Soundness::Sound));
        if sound.relaxations.len() > plain.relaxations.len() + 1 {
            add(ALL, Soundness::Sound, "all sound relaxations together", sound);
        }
        let widest = plain.with(new().filter(|it| it.widens()));
        if widest.relaxations.len() > plain.relaxations.len() + 1 {
            add(EVERYTHING, Soundness::WhatIf, "everything that widens a key, sound or not", widest);
        }
    }
    cases
}

fn relaxation_rows(
    cases: &[DesignCase],
    totals: &[ReuseTotals],
    command: &str,
    differs: &dyn Fn(&DesignCase, &ReuseTotals) -> bool,
) -> Vec<RelaxationRow> {
    let row = |(case, own): (&DesignCase, &ReuseTotals)| {
        let (base, policy) = (&totals[case.plain], cases[case.plain].label.clone());
        RelaxationRow {
            policy,
            relaxation: case.relaxation.to_owned(),
            soundness: case.soundness.as_str().to_owned(),
            command: command.to_owned(),
            hit_rate: share(own.hits, own.units),
            hit_rate_by_cost: share(own.hit_seconds, own.seconds),
            gained_units: own.hits - base.hits,
            gained_s: own.hit_seconds - base.hit_seconds,
            total_s: own.seconds,
            stored_bytes: own.stored_bytes,
            why: case.why.to_owned(),
        }
    };
    cases.iter().zip(totals).filter(|(case, own)| differs(case, own)).map(row).collect()
}

fn curve_rows(
    trace: &Trace,
    (view, policy): (&KeyView, &str),
    tally: &KeyTally,
    portfolio: &Portfolio,
    question: &ReuseQuestion,
) -> Vec<CurveRow> {
    let at = grid(portfolio.plans.len() as u32);
    let bands = bands(trace, view, portfolio, &at, question.orders, question.seed);
    let points = curve(tally, &at).into_iter().zip(bands);
    let rows = points.map(|(point, band)| CurveRow {
        policy: policy.to_owned(),
        hit_rate: point.hit_rate.clamp(0.0, 1.0),
        hit_rate_by_cost: point.hit_rate_by_cost.clamp(0.0, 1.0),
        low: band.low,
        high: band.high,
        command: portfolio.command.clone(),
        orders: question.orders,
        ..point
    });
    rows.collect()
}
