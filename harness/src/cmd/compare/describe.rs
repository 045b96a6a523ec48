//! `--dry-run`: what would be run.

use std::time::Duration;

use indicatif::HumanDuration;

use reports::text::bytes;

use runner::asked::Asked;
use runner::guard::limits::{DISK_FLOOR, Limits};
use runner::options::Options;
use runner::plan::{Moment, Order, Plan};

/// Prints it.
pub fn describe(asked: &Asked, options: &Options) {
    let plan = asked.plan(options);
    println!("corpus     {} ({})", asked.corpus.name, plan.workspaces.join(", "));
    println!("scenario   {}: {}", asked.scenario.name, asked.scenario.about);
    for step in &asked.scenario.steps {
        println!("           {}: {}", step.name, step.about);
    }
    println!("profile    {}, toolchain {}", options.profile, options.toolchain.as_deref().unwrap_or("default"));
    println!("against    {}", asked.baseline);
    if options.shadow {
        println!("shadow     every hit compiled anyway and compared: one or two more builds a step");
    }
    println!("work in    {}", options.work_dir.display());
    if let Some(volume) = &options.volume {
        println!("volume     {volume}, made for the run and removed after it");
    }
    println!("guards     {}", guards(&options.guards));
    if let Some(sandbox) = &options.sandbox {
        println!("sandbox    {}", super::sandbox::line(sandbox));
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
        Order::Interleaved => {
            println!("order      interleaved: drawn anew for every workspace and step; all on disk at once")
        }
        Order::ArmByArm => println!("order      arm by arm: drawn anew every round"),
    }
    for (workspace, why) in &asked.left_out {
        println!("left out   {workspace}: {why}");
    }
    let mut steps = 0;
    for round in 1..=options.rounds.max(1) {
        let moments: Vec<Moment> =
            plan.tellings(round, &plan.all_arms()).into_iter().flat_map(|telling| telling.moments).collect();
        steps += moments.len();
        if moments.is_empty() {
            continue; // The round is another shard's.
        }
        describe_round(&plan, round, &moments);
    }
    println!("{steps} measured steps; nothing was run");
}

/// What guards the run, in a line.
fn guards(limits: &Limits) -> String {
    let size = |value: u64| bytes(Some(value as f64));
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
fn describe_round(plan: &Plan, round: u32, moments: &[Moment]) {
    let first = moments.first();
    let turn = |moment: &&Moment| first.is_some_and(|it| (it.step, it.workspace) == (moment.step, moment.workspace));
    let names: Vec<&str> = moments.iter().filter(turn).map(|moment| plan.arms[moment.arm].as_str()).collect();
    let what = if plan.order == Order::Interleaved { "begins with" } else { "runs" };
    println!("round {round:<4} {what} {}", names.join(", "));
}
