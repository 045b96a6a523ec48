//! `harness scenario`: the stories strategies are measured in.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use corpora::scenario::{self, Scenario};

/// What to do with scenarios.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the shipped scenarios
    List,
    /// Show a scenario step by step
    Show {
        /// A shipped scenario, or the path of a .toml file
        name: String,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no such scenario.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::List => {
            for name in scenario::names() {
                println!("{name:<12} {}", Scenario::load(name)?.about);
            }
        }
        Command::Show { name } => {
            let scenario = Scenario::load(&name)?;
            println!("{}: {}", scenario.name, scenario.about);
            println!("questions: {}", scenario.questions.join(" "));
            for step in &scenario.steps {
                println!("\n  {}: {}", step.name, step.about);
                for action in &step.once {
                    println!("    once: {action}");
                }
                for action in &step.each {
                    println!("    each workspace: {action}");
                }
                println!("    each workspace: build, measured");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
