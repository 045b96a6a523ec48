//! Where the seconds went: plan, restore, Cargo, publish.

use super::Scene;
use crate::analysis::{ArmAnalysis, StepAnalysis};
use crate::document::{Block, Grid, Section};
use crate::plot::{Bar, Chart, Panel, Plot, Unit};
use crate::table::{bytes, count, seconds};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let has_phases = |arm: &&ArmAnalysis| arm.numbers.cargo_s.is_some();
    let steps: Vec<&StepAnalysis> =
        scene.builds().filter(|step| step.arms.iter().any(|arm| has_phases(&arm))).collect();
    if steps.is_empty() {
        return None;
    }
    let panels = steps.iter().map(|step| Panel {
        title: step.step.clone(),
        rows: step
            .arms
            .iter()
            .filter(has_phases)
            .map(|arm| {
                let it = arm.numbers;
                // Without a cache of ours beside Cargo there are no other phases: that is no gap.
                let own = |phase: Option<f64>| {
                    if arm.integration.as_deref() == Some("units") { phase } else { phase.or(Some(0.0)) }
                };
                let values = vec![own(it.plan_s), own(it.restore_s), it.cargo_s, own(it.publish_s)];
                Bar { label: step.label(arm), values }
            })
            .collect(),
    });
    let mut section = Section::new(&scene.id("phases"), "Phases", 1);
    section.push(Block::Plot(Plot {
        id: scene.id("phases"),
        title: format!("Where wall time went, scenario {}", scene.scenario),
        finding: finding(&steps),
        chart: Chart::Bars {
            unit: Unit::Seconds,
            series: ["plan", "restore", "cargo", "publish"].map(str::to_owned).to_vec(),
            stacked: true,
            panels: panels.collect(),
        },
    }));
    section.push(Block::Details { title: "The numbers".into(), grid: table(&steps) });
    Some(section)
}

/// The largest share that a cache itself took of any arm's time, and where.
fn finding(steps: &[&StepAnalysis]) -> String {
    let own = |arm: &ArmAnalysis| {
        let it = arm.numbers;
        let own = it.plan_s.unwrap_or(0.0) + it.restore_s.unwrap_or(0.0) + it.publish_s.unwrap_or(0.0);
        (own, own + it.cargo_s.unwrap_or(0.0))
    };
    let all = steps.iter().flat_map(|step| step.whole().map(move |arm| (step, arm)));
    let timed = all.filter(|(_, arm)| arm.integration.as_deref() == Some("units") && own(arm).1 > 0.0);
    let worst = timed.max_by(|(_, a), (_, b)| own(a).0.total_cmp(&own(b).0));
    let what = "Sum over workspaces of the median round.";
    match worst {
        Some((step, arm)) => {
            let (own, all) = own(arm);
            format!(
                "Outside Cargo (plan, restore, publish) most was spent by {} in {}: {} of {}. {what}",
                arm.name(),
                step.step,
                seconds(Some(own)),
                seconds(Some(all)),
            )
        }
        None => format!("No strategy here has phases of its own beside Cargo. {what}"),
    }
}

fn table(steps: &[&StepAnalysis]) -> Grid {
    let mut grid = Grid::new(
        "Seconds by phase, and files brought back by mechanism, each the sum over workspaces of the median round; \
         peak memory: the largest process of any row.",
        &[
            "step",
            "strategy",
            ">plan",
            ">restore",
            ">cargo",
            ">publish",
            ">hardlinked",
            ">reflinked",
            ">copied",
            ">symlinked",
            ">private",
            ">bytes copied",
            ">peak memory",
        ],
    );
    for step in steps {
        for arm in &step.arms {
            let (it, files) = (arm.numbers, arm.numbers);
            grid.row([
                step.step.clone(),
                step.label(arm),
                seconds(it.plan_s),
                seconds(it.restore_s),
                seconds(it.cargo_s),
                seconds(it.publish_s),
                count(files.hardlinked),
                count(files.reflinked),
                count(files.copied),
                count(files.symlinked),
                count(files.private_files),
                bytes(files.copied_bytes),
                bytes(arm.numbers.max_rss_bytes),
            ]);
        }
    }
    grid.measured()
}
