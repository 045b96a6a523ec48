//! Stores over time: rows of retention policies and growth.

use anyhow::Result;
use reports::simulation::SimulationRun;
use simulation::history::{History, growth};
use simulation::keys::KeyView;
use simulation::retention::{Cap, RetentionPolicy, bounds, outcomes};
use simulation::trace::Trace;

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
        run.growth.extend(growth(&history, &key));
        on_step(&format!("the least any store could compile, {key}"))?;
        let bounds = bounds(&history, &question.caps);
        for policy in &question.policies {
            on_step(&format!("stores of limited size, {key}, {}", policy.name))?;
            run.retention.extend(outcomes(&history, &key, policy, &bounds));
        }
    }
    Ok(())
}
