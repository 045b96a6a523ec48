//! `--list` and `--dry-run`: every name, and what would be replayed.

use std::time::Duration;

use indicatif::HumanDuration;
use simulation::remote::NAMED;
use simulation::trace::Trace;

use crate::simulate::reuse::ReuseQuestion;
use crate::simulate::selection::joined;
use crate::simulate::{remote, stores};

/// Every name, with its description.
pub(super) fn listed() -> String {
    let mut out = String::from("key policies:\n");
    for policy in strategies::policy::ALL {
        out += &format!("  {}\n      {}\n", policy.name, policy.about);
    }
    out += "relaxations:\n";
    for relaxation in &simulation::keys::RELAXATIONS {
        out += &format!("  {} [{}]\n      {}\n", relaxation.name, relaxation.soundness.as_str(), relaxation.about);
    }
    out += "retention policies:\n";
    for policy in &simulation::retention::ALL {
        out += &format!("  {}\n      {}\n", policy.name, policy.about);
    }
    out += "networks to a remote cache:\n";
    for (name, link, about) in NAMED {
        out += &format!("  {name} [{link}]\n      {about}\n");
    }
    out
}

/// What would be replayed, and about how long that takes.
pub(super) fn planned(
    trace: &Trace,
    question: &ReuseQuestion,
    stores: &stores::StoreQuestion,
    remote: &remote::RemoteQuestion,
) -> String {
    let count = |commands: &[String]| -> f64 {
        let asked = trace.plans.iter().filter(|plan| commands.contains(&trace.command(plan)));
        asked.map(|plan| plan.nodes.len() as f64).sum()
    };
    let units = count(&question.commands);
    let designs = (question.designs.len() * (question.relaxations.len() + 3)) as f64;
    let policies = question.designs.len() as f64;
    let pairs = policies * (stores.policies.len() * stores.caps.len()) as f64;
    let transfers = policies * 2.0 * remote.links.len() as f64;
    // Seconds for a unit of each part on two cores, as measured on the corpora of 2026-11-23.
    let expected = 1.0
        + trace.nodes.len() as f64 * designs * 1.5e-6
        + units * designs * f64::from(question.orders) * 5e-9
        + if pairs > 0.0 { trace.unit_builds() as f64 * pairs * 3.5e-7 } else { 0.0 }
        + units.min((remote.most * 250) as f64) * transfers * 8e-6;
    format!(
        "{}: {} workspaces, {} Cargo commands, {} units, {} of them distinct\n\
         reuse: {} key policies × {} relaxations, commands {}, {} orders\n\
         stores: {} retention policies × {} size limits; remote caches: {} links\n\
         about {}\n",
        trace.about.title,
        trace.workspaces.len(),
        trace.plans.len(),
        trace.unit_builds(),
        trace.nodes.len(),
        question.designs.len(),
        question.relaxations.len(),
        joined(&question.commands),
        question.orders,
        stores.policies.len(),
        stores.caps.len(),
        remote.links.len(),
        HumanDuration(Duration::from_secs_f64(expected)),
    )
}
