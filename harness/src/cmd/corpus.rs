//! `harness corpus`: what can be built.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use corpora::{Corpus, shipped};
use itertools::Itertools as _;

use super::common::work_dir;
use exec::interrupt::Supervisor;
use exec::workdir::WorkDir;
use runner::build_env::{BuildEnv, DISK_FLOOR};
use runner::prepare::{FetchNeeds, prepare};

/// What to do with corpora.
#[derive(Debug, Subcommand)]
pub enum CorpusCommand {
    /// List the shipped corpora
    List,
    /// Show the workspaces of a corpus
    Show {
        /// A shipped corpus, or the path of a .toml manifest
        name: String,
    },
    /// Fetch sources and dependencies of a corpus; runs none of its code
    Fetch(FetchArgs),
    /// Fetch a corpus and check that it can be built; runs none of its code
    Check(FetchArgs),
}

/// Which corpus, and where to keep it.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// A shipped corpus, or the path of a .toml manifest
    name: String,
    /// Work directory [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// rustup toolchain
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
}

pub fn run(command: CorpusCommand, supervisor: &Supervisor) -> Result<ExitCode> {
    match command {
        CorpusCommand::List => {
            for name in shipped::names() {
                let corpus = Corpus::load(name)?;
                println!("{name:<14} {:>3} workspaces  {}", corpus.workspaces.len(), corpus.about);
            }
        }
        CorpusCommand::Show { name } => show(&Corpus::load(&name)?),
        CorpusCommand::Fetch(args) => {
            let (corpus, build_env, _work) = open(&args, supervisor)?;
            let prepared = prepare(&build_env, &corpus, FetchNeeds::default())?;
            for prepared in &prepared {
                let state = if prepared.fetched.new { "fetched" } else { "was there" };
                println!("{:<24} {state}", prepared.workspace.name);
            }
            println!("{} workspaces in {}", prepared.len(), build_env.fetcher().sources.display());
        }
        CorpusCommand::Check(args) => {
            let (corpus, build_env, _work) = open(&args, supervisor)?;
            let checked = corpora::check::check(&corpus, &build_env.fetcher(), |checked| {
                let packages = checked.packages.map_or_else(|| "?".to_owned(), |packages| packages.to_string());
                let verdict = if checked.is_ok() { "ok" } else { "WRONG" };
                println!("{:<24} {verdict:<6} {packages:>5} packages", checked.workspace);
                for problem in &checked.problems {
                    println!("    {problem}");
                }
            });
            let wrong = checked.iter().filter(|checked| !checked.is_ok()).count();
            println!("{} workspaces, {wrong} with problems", checked.len());
            return Ok(ExitCode::from(u8::from(wrong > 0)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(args: &FetchArgs, supervisor: &Supervisor) -> Result<(Corpus, BuildEnv, WorkDir)> {
    let corpus = Corpus::load(&args.name)?;
    let work = WorkDir::acquire(&work_dir(args.work_dir.as_deref())?, DISK_FLOOR)?;
    let build_env = BuildEnv::open(work.path(), args.toolchain.as_deref(), supervisor.clone())?;
    Ok((corpus, build_env, work))
}

fn show(corpus: &Corpus) {
    println!("{}: {}\n", corpus.name, corpus.about);
    if corpus.graphs_only {
        println!("for unit graphs only, nothing of it is built: harness trace collect --corpus {}\n", corpus.name);
    }
    for workspace in &corpus.workspaces {
        println!("{:<24} {} {}", workspace.name, workspace.source.kind(), workspace.source);
        println!("{:<24} {}", "", workspace.why);
        let run = workspace.run.as_ref().map(|run| [&run.bin].into_iter().chain(&run.args).join(" "));
        let more = [
            ("cargo build", workspace.cargo_args.join(" ")),
            ("cargo test", workspace.test_args.join(" ")),
            ("edits", workspace.edit.display().to_string()),
            ("runs", run.unwrap_or_default()),
        ];
        for (what, text) in more.iter().filter(|(_, text)| !text.is_empty()) {
            println!("{:<24} {what} {text}", "");
        }
    }
}
