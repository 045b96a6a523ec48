//! Stores over time: rows of retention policies and growth.

use anyhow::Result;
use reports::simulation::{GrowthRow, RetentionRow, SimulationRun};
use simulation::growth::growth;
use simulation::history::History;
use simulation::keys::KeyView;
use simulation::retention::{Cap, FlatHistory, RetentionPolicy, bounds, outcomes};
use simulation::trace::Trace;

/// What is replayed.
#[derive(Debug, Clone)]
pub struct StoreQuestion {
    pub policies: Vec<&'static RetentionPolicy>,
    pub caps: Vec<Cap>,
}

/// Adds the rows of a replay of all events under each key policy to a run.
pub fn replay(
    run: &mut SimulationRun,
    trace: &Trace,
    question: &StoreQuestion,
    views: &[&KeyView],
    on_step: &dyn Fn(&str) -> Result<()>,
) -> Result<()> {
    if question.policies.is_empty() || trace.events.is_empty() {
        return Ok(());
    }
    for view in views {
        let key = view.design.to_string();
        on_step(&format!("builds over time, {key}"))?;
        let history = History::of(trace, view);
        run.growth.extend(growth(&history).into_iter().map(|day| GrowthRow {
            key: key.clone(),
            day: day.day,
            builds: day.builds,
            entries: day.entries,
            stored_bytes: day.stored_bytes,
            local_entries: day.local_entries,
            local_bytes: day.local_bytes,
        }));
        let flat = FlatHistory::of(&history);
        on_step(&format!("the least any store could compile, {key}"))?;
        let bounds = bounds(&flat, &question.caps);
        for policy in &question.policies {
            on_step(&format!("stores of limited size, {key}, {}", policy.name))?;
            let outcomes = outcomes(&flat, &[policy], &bounds);
            run.retention.extend(outcomes.into_iter().map(|it| RetentionRow {
                policy: it.policy.to_owned(),
                cap_bytes: it.cap_bytes,
                hit_rate_by_cost: it.hit_rate_by_cost,
                rebuilt_s: it.rebuilt_s,
                bound_s: it.bound_s,
                hit_rate: it.hit_rate,
                key: key.clone(),
                evicted_bytes: it.evicted_bytes,
                rebuilt_s_per_gb: it.rebuilt_s_per_gb,
                peak_bytes: it.peak_bytes,
                refused_s: it.refused_s,
                rebuilt_again_s: it.rebuilt_again_s,
            }));
        }
    }
    Ok(())
}
