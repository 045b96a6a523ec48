//! `harness strategies`: what there is to compare, and how each works.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use strategies::{Strategy, catalog, select};

/// What to do with strategies.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List every strategy by name
    List,
    /// Explain a strategy: how it works, what it refuses, what its keys are made of
    Show {
        /// A strategy such as hardlink+aggressive, or a glob
        name: String,
    },
}

/// What goes into every key; the reasons are in strategies/KEYS.md.
const KEY_INPUTS: [(&str, &str); 10] = [
    ("package", "id, version, lockfile checksum or git commit, path of the root source file"),
    ("target", "name, kind, crate types, edition, mode"),
    ("features", "activated ones"),
    ("profile", "every field, and the directory it builds into"),
    ("platform", "target triple"),
    ("toolchain", "rustc -vV"),
    ("flags", "RUSTFLAGS and the Cargo configuration that reaches rustc"),
    ("manifest", "of a path package and its workspace"),
    ("dependencies", "name and flags of the edge, its key, and the content it hands over"),
    ("observed", "files and variables an earlier build of the unit was seen to read, by content"),
];

/// Runs the subcommand.
///
/// # Errors
/// When no strategy has that name.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::List => list(),
        Command::Show { name } => {
            for (at, (name, strategy)) in select(&name)?.into_iter().enumerate() {
                if at > 0 {
                    println!();
                }
                show(name.as_str(), &strategy);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list() {
    println!("{:<28} {:<14} {:<10} store", "strategy", "key policy", "link");
    for (name, strategy) in catalog::all() {
        let [_, key, link, store] = strategy.parts();
        println!("{}", format!("{name:<28} {key:<14} {link:<10} {store}").trim_end());
    }
    println!("\nNames take globs: 'hardlink+*', '*+aggressive@dirs'. `harness strategies show NAME` explains one.");
}

fn show(name: &str, strategy: &Strategy) {
    println!("{name}\n\n{}", strategy.about());
    if let Strategy::Units(units) = strategy {
        println!("\nRules that refuse a unit:");
        for rule in units.policy.rules() {
            println!("  {:<20} {}", rule.name, rule.about);
        }
        println!("\nWhat the key of an admitted unit is made of:");
        for (input, what) in KEY_INPUTS {
            println!("  {input:<20} {what}");
        }
    }
}
