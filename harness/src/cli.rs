//! The command line: what can be asked for, and what the exit code says.
//!
//! Exit codes: 0 done, 1 something measured is bad, 2 asked for something impossible,
//! 3 stopped by a guard and resumable, 130 interrupted.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::cmd;
use crate::cmd::common::one_line;
use exec::interrupt::{EXIT_CODE, Supervisor};
use runner::guard;

/// Judges build-cache designs for Cargo: builds real crates under interchangeable cache
/// strategies and records hit rates, wall time and disk usage.
#[derive(Debug, Parser)]
#[command(name = "harness", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What a shell reports of a program that SIGPIPE ended.
const BROKEN_PIPE: i32 = 141;

const EXAMPLES: &str = "Examples:
  harness compare                                     the default: minutes, a table at the end
  harness compare --dry-run                           what that would do
  harness compare --strategies 'none,hardlink+*'      only these
  harness probe                                       which designs can give a wrong build
  harness ablate --dry-run                            which input of the key buys what, on real builds
  harness report RUN --design-review                  a page, and what a run says on open questions
  harness plan --shards 4 --rounds 8                  a run in parts, for several machines
  harness series add RUN                              keep a run; series show lists what changed
  harness run --strategy hardlink+aggressive          your own workspace under a strategy
  harness strategies show hardlink+aggressive         what a strategy is
  harness corpus list                                 what can be built
  harness trace collect --corpus quick --out quick.trace   unit graphs, nothing compiled
  harness simulate --trace quick.trace --out simulated   what those workspaces would reuse
  harness store collect --store DIR --max-size 5GiB   what a store should forget
  harness doctor                                      whether this machine is fit for it

Exit codes: 0 done, 1 something measured is bad, 2 asked for something impossible,
3 stopped by a guard and resumable, 130 interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    /// Build a corpus under several strategies and compare them
    Compare(Box<cmd::compare::CompareArgs>),
    /// List, show, fetch and check corpora
    #[command(subcommand)]
    Corpus(cmd::corpus::CorpusCommand),
    /// List and explain strategies
    #[command(subcommand)]
    Strategies(cmd::strategies::StrategiesCommand),
    /// Build the workspace here under a strategy, by hand
    Run(Box<cmd::run::RunArgs>),
    /// Leave one input after the other out of the key: what is gained, and what breaks
    Ablate(Box<cmd::ablate::AblateArgs>),
    /// Split a comparison into shards for several machines or jobs
    Plan(Box<cmd::plan::PlanArgs>),
    /// Join shards to the run they make together
    Merge(cmd::merge::MergeArgs),
    /// Look for wrong builds: run small cases with an expected end under every strategy
    Probe(Box<cmd::probe::ProbeArgs>),
    /// Turn recorded runs into a page, plots, tables and a design review
    Report(cmd::report::ReportArgs),
    /// One build of a probe, in a process that can be killed
    #[command(hide = true)]
    ProbeBuild {
        /// What to build
        job: std::path::PathBuf,
    },
    /// A tool run as another user, in the directory of a probe
    #[command(hide = true)]
    ProbeAs {
        /// Number of the user
        uid: u32,
        /// Number of the group
        gid: u32,
        /// Tool and arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        argv: Vec<std::ffi::OsString>,
    },
    /// Find out what this machine has and lacks for a sound comparison
    Doctor(cmd::doctor::DoctorArgs),
    /// List and show scenarios
    #[command(subcommand)]
    Scenario(cmd::scenario::ScenarioCommand),
    /// Follow runs over time: add them, list them, show what changed and when
    #[command(subcommand)]
    Series(cmd::series::SeriesCommand),
    /// Replay many workspaces: reuse, keys, retention and remote caches at scale
    Simulate(cmd::simulate::SimulateArgs),
    /// Count, verify and collect what a store holds
    #[command(subcommand)]
    Store(cmd::store::StoreCommand),
    /// Unit graphs of whole corpora: collect them without compiling anything
    #[command(subcommand)]
    Trace(cmd::trace::TraceSubcommand),
    /// What shipped strategies run around a build
    #[command(subcommand, hide = true)]
    Tool(cmd::tool::ToolCommand),
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let compare = matches.subcommand_matches("compare");
    if let Some(why) = compare.and_then(cmd::compare::flags::refused_beside_stored_options) {
        eprintln!("error: {why}");
        return ExitCode::from(2);
    }
    quiet_on_broken_pipe();
    let supervisor = Supervisor::new();
    let outcome = supervisor.install_signal_handler().map_err(Into::into).and_then(|()| match cli.command {
        Command::Compare(args) => cmd::compare::run(*args, &supervisor),
        Command::Corpus(command) => cmd::corpus::run(command, &supervisor),
        Command::Strategies(command) => cmd::strategies::run(command, &supervisor),
        Command::Run(args) => cmd::run::run(&args, &supervisor),
        Command::Ablate(args) => cmd::ablate::run(&args, &supervisor),
        Command::Plan(args) => cmd::plan::run(&args),
        Command::Merge(args) => cmd::merge::run(&args),
        Command::Probe(args) => cmd::probe::run(&args, &supervisor),
        Command::Report(args) => cmd::report::run(&args),
        Command::ProbeBuild { job } => probes::run_build_job(&job, &supervisor).map(|()| ExitCode::SUCCESS),
        Command::ProbeAs { uid, gid, argv } => probes::become_user(uid, gid, &argv).map(|()| ExitCode::SUCCESS),
        Command::Doctor(args) => cmd::doctor::run(&args, &supervisor),
        Command::Scenario(command) => cmd::scenario::run(command),
        Command::Series(command) => cmd::series::run(command),
        Command::Simulate(args) => cmd::simulate::run(&args, &supervisor),
        Command::Store(command) => cmd::store::run(command, &supervisor),
        Command::Trace(command) => cmd::trace::run(command, &supervisor),
        Command::Tool(command) => cmd::tool::run(command),
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let resume = error.downcast_ref::<cmd::compare::ResumeHint>();
            let (what, code) = match (supervisor.is_interrupted(), supervisor.halted()) {
                (true, Some(why)) => (format!("stopped: {why}"), guard::EXIT_CODE),
                (true, None) => ("interrupted".to_owned(), EXIT_CODE as u8),
                // How to go on is the outermost context, and comes last.
                (false, _) => (format!("error: {}", one_line(&error, usize::from(resume.is_some()))), 2),
            };
            eprintln!("{what}{}", resume.map(|resume| format!("; {resume}")).unwrap_or_default());
            ExitCode::from(code)
        }
    }
}

/// `harness … | head` closes our output early: that is no reason for a backtrace.
fn quiet_on_broken_pipe() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        if message.is_some_and(|text| text.starts_with("failed printing to stdout")) {
            std::process::exit(BROKEN_PIPE);
        }
        usual(panic);
    }));
}
