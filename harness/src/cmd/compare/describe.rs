//! `--dry-run`: what would be run.

use std::time::Duration;

use indicatif::HumanDuration;

use records::quantity::bytes;

use runner::experiment::{Experiment, Options};
use runner::guard::limits::{DISK_FLOOR, Limits};
use runner::plan::{ArmOrder, RunPlan, Slot};

pub fn describe(experiment: &Experiment, options: &Options) {
    let plan = experiment.plan(options);
    println!("corpus     {} ({})", experiment.corpus.name, plan.workspaces.join(", "));
    println!("scenario   {}: {}", experiment.scenario.name, experiment.scenario.about);
    for step in &experiment.scenario.steps {
        println!("           {}: {}", step.name, step.about);
    }
    println!("profile    {}, toolchain {}", options.profile, options.toolchain.as_deref().unwrap_or("default"));
    println!("against    {}", experiment.baseline);
    if options.shadow {
        println!("shadow     every hit compiled anyway and compared: one or two more builds a step");
    }
    println!("work in    {}", options.work_dir.display());
    if let Some(volume) = &options.volume {
        println!("volume     {volume}, made for the run and removed after it");
    }
    println!("guards     {}", guards(&options.guards));
    if let Some(sandbox) = &options.sandbox {
        println!("sandbox    {}", super::flags::sandbox_line(sandbox));
    }
    println!("seed       {}", options.seed);
    let rounds = match options.budget_s {
        Some(seconds) => {
            format!("as many as fit into {}, all strategies in the first", HumanDuration(Duration::from_secs(seconds)))
        }
        None => options.rounds.to_string(),
    };
    println!("rounds     {rounds}");
    if let Some(shard) = &options.shard {
        println!("shard      {}", shard.part);
    }
    match options.order {
        ArmOrder::Interleaved => {
            println!("order      interleaved: drawn anew for every workspace and step; all on disk at once")
        }
        ArmOrder::ArmByArm => println!("order      arm by arm: drawn anew every round"),
    }
    for (workspace, why) in &experiment.left_out {
        println!("left out   {workspace}: {why}");
    }
    let mut steps = 0;
    for round in 1..=options.rounds.max(1) {
        let slots: Vec<Slot> = plan.passes(round, &plan.all_arms()).into_iter().flat_map(|pass| pass.slots).collect();
        steps += slots.len();
        if slots.is_empty() {
            continue; // The round is another shard's.
        }
        describe_round(&plan, round, &slots);
    }
    println!("{steps} measured steps; nothing was run");
}

fn guards(limits: &Limits) -> String {
    let size = |value: u64| bytes(value as f64);
    let mut parts = vec![match limits.step_timeout() {
        Some(limit) => format!("a step is ended after {}", HumanDuration(limit)),
        None => "a step may take for ever".to_owned(),
    }];
    match limits.disk_floor_bytes {
        Some(0) => {}
        Some(floor) => parts.push(format!("{} of the disk are left", size(floor))),
        None => parts.push(format!("{} of the disk are left, of a small one a sixteenth", size(DISK_FLOOR))),
    }
    parts.extend(limits.memory_floor().map(|floor| format!("{} of memory are left", size(floor))));
    parts.extend(limits.max_load_percent.map(|share| format!("a step begins while others use at most {share}")));
    parts.extend(limits.max_foreign_cpu_percent.map(|share| format!("a row is invalid if others used over {share}")));
    parts.push(match limits.wait() {
        Duration::ZERO => "nothing waits".to_owned(),
        wait => format!("waits for up to {}", HumanDuration(wait)),
    });
    parts.join("; ")
}

/// The first turns of a round: who goes first, and so on.
fn describe_round(plan: &RunPlan, round: u32, slots: &[Slot]) {
    let first = slots.first();
    let turn = |slot: &&Slot| first.is_some_and(|it| (it.step, it.workspace) == (slot.step, slot.workspace));
    let names: Vec<&str> = slots.iter().filter(turn).map(|slot| plan.arms[slot.arm].as_str()).collect();
    let what = if plan.order == ArmOrder::Interleaved { "begins with" } else { "runs" };
    println!("round {round:<4} {what} {}", names.join(", "));
}
