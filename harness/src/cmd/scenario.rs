//! `harness scenario`: what strategies are measured in.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use corpora::scenario::{self, Fingerprint, Home, MAIN, Machine, Scenario, Step};

/// What to do with scenarios.
#[derive(Debug, Subcommand)]
pub enum ScenarioCommand {
    /// List the shipped scenarios
    List,
    /// Show a scenario step by step
    Show {
        /// A shipped scenario, or the path of a .toml file
        name: String,
    },
}

pub fn run(command: ScenarioCommand) -> Result<ExitCode> {
    match command {
        ScenarioCommand::List => {
            for name in scenario::names() {
                let scenario = Scenario::load(name)?;
                println!("{name:<12} {} ({})", scenario.about, scenario.questions.join(" "));
            }
        }
        ScenarioCommand::Show { name } => show(&Scenario::load(&name)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn show(scenario: &Scenario) {
    println!("{}: {}", scenario.name, scenario.about);
    println!("questions: {}", scenario.questions.join(" "));
    println!("run on {}", if scenario.alone { "each workspace alone" } else { "all workspaces together" });
    for step in &scenario.steps {
        println!("\n  {}: {}", step.name, step.about);
        for action in &step.once {
            println!("    once: {action}");
        }
        for action in &step.each {
            println!("    each workspace: {action}");
        }
        println!("    each workspace, measured: {}", measured(step));
    }
}

/// What is measured, and with what.
fn measured(step: &Step) -> String {
    let mut text = step.run.to_string();
    if let Some(profile) = &step.profile {
        text += &format!(" in profile {profile}");
    }
    if step.trees != [MAIN] {
        let at_once = match (step.trees.len(), step.times) {
            (1, _) => "",
            (_, 1) => ", at once",
            _ => ", in turn",
        };
        text += &format!(" in working copy {}{at_once}", step.trees.join(", "));
    }
    if step.cargo_home == Home::Elsewhere {
        text += ", with another CARGO_HOME";
    }
    if step.fingerprint == Fingerprint::Content {
        text += ", with build.fingerprint = \"content\"";
    }
    let settings = step.settings();
    if !settings.is_empty() {
        text += &format!(", with {settings}");
    }
    match step.machine {
        Some(Machine::Producer) => text += ", and published for other machines",
        Some(Machine::Consumer) => text += ", on a machine that fetches what was published",
        None => {}
    }
    if step.distinct {
        text += ", each with a flag of its own";
    }
    if step.times > 1 {
        text += &format!(", {} times, each after the actions", step.times);
    }
    text
}
