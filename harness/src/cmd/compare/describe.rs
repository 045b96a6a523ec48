//! `--dry-run`: what would be run.

use std::time::Duration;

use indicatif::HumanDuration;

use records::quantity::bytes;

use runner::experiment::{Experiment, Options};
use runner::guard::limits::{DISK_FLOOR, Limits};
use runner::plan::{ArmOrder, Slot};

pub fn describe(experiment: &Experiment, options: &Options) {
    let plan = experiment.plan(options);
    let line = |head: &str, text: &str| println!("{head:<10} {text}");
    line("corpus", &format!("{} ({})", experiment.corpus.name, plan.workspaces.join(", ")));
    line("scenario", &format!("{}: {}", experiment.scenario.name, experiment.scenario.about));
    experiment.scenario.steps.iter().for_each(|step| line("", &format!("{}: {}", step.name, step.about)));
    let toolchain = options.toolchain.as_deref().unwrap_or("default");
    line("profile", &format!("{}, toolchain {toolchain}", options.profile));
    line("against", &experiment.baseline);
    if options.shadow {
        line("shadow", "every hit compiled anyway and compared: one or two more builds a step");
    }
    line("work in", &options.work_dir.display().to_string());
    options.network.iter().for_each(|network| line("network", &network.to_string()));
    for arm in &experiment.arms {
        arm.delivery.iter().for_each(|way| line("delivery", &format!("{}: {way}", arm.name)));
    }
    options.volume.iter().for_each(|it| line("volume", &format!("{it}, made for the run and removed after it")));
    line("guards", &guards(&options.guards));
    options.sandbox.iter().for_each(|sandbox| line("sandbox", &super::flags::sandbox_line(sandbox)));
    line("seed", &options.seed.to_string());
    let time = options.budget_s.map(|seconds| HumanDuration(Duration::from_secs(seconds)));
    let rounds = time.map(|time| format!("as many as fit into {time}, all strategies in the first"));
    line("rounds", &rounds.unwrap_or_else(|| options.rounds.to_string()));
    options.shard.iter().for_each(|shard| line("shard", &shard.part.to_string()));
    let (order, turns) = match options.order {
        ArmOrder::Interleaved => {
            ("interleaved: drawn anew for every workspace and step; all on disk at once", "begins with")
        }
        ArmOrder::ArmByArm => ("arm by arm: drawn anew every round", "runs"),
    };
    line("order", order);
    experiment.left_out.iter().for_each(|(workspace, why)| line("left out", &format!("{workspace}: {why}")));
    let mut steps = 0;
    for round in 1..=options.rounds.max(1) {
        let slots: Vec<Slot> = plan.passes(round, &plan.all_arms()).into_iter().flat_map(|pass| pass.slots).collect();
        steps += slots.len();
        // A round without slots is another shard's.
        let Some(first) = slots.first() else { continue };
        let turn = slots.iter().filter(|slot| (slot.step, slot.workspace) == (first.step, first.workspace));
        let names: Vec<&str> = turn.map(|slot| plan.arms[slot.arm].as_str()).collect();
        println!("round {round:<4} {turns} {}", names.join(", "));
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
