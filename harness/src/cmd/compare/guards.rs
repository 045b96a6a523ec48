//! The flags that guard a run. They are no property of what is measured, so `--resume` takes
//! them too.

use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args as ClapArgs, Command};

use runner::guard::limits::{Limits, Percent};
use runner::quantity::{parse_age, parse_size};

/// What the exit code of a run says.
pub const EXIT_CODES: &str = "Exit codes: 0 done, 1 nothing sound was measured, 2 asked for something impossible,
3 stopped by a guard and resumable, 130 interrupted and resumable";

/// Limits on time, disk, memory and other people's work.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Guards (also with --resume)")]
pub struct GuardArgs {
    /// End a measured step that takes longer, as a failed row; 0s for never [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    step_timeout: Option<Duration>,
    /// Room to leave on the disks of the run: a step that would not fit waits, one that passes
    /// the floor is ended, and the run stops resumably; 0B for none [default: 512MiB, or a
    /// sixteenth of a smaller file system]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    disk_floor: Option<u64>,
    /// The same for memory that programs can still have [default: none]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory_floor: Option<u64>,
    /// Begin a step only while others use at most this part of the processors, e.g. 10%
    /// [default: always]
    #[arg(long, value_name = "SHARE")]
    max_load: Option<Percent>,
    /// Make a row invalid if others used more than this part of the processors during its step
    /// [default: never]
    #[arg(long, value_name = "SHARE")]
    max_foreign_cpu: Option<Percent>,
    /// How long a step waits for disk, memory and processors before the run stops; 0s to stop
    /// at once [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    guard_wait: Option<Duration>,
}

impl GuardArgs {
    /// As limits.
    pub fn limits(&self) -> Limits {
        // A part of a second must not become "never".
        let seconds = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        Limits {
            step_timeout_s: self.step_timeout.map(seconds),
            disk_floor_bytes: self.disk_floor,
            memory_floor_bytes: self.memory_floor,
            max_load_percent: self.max_load,
            max_foreign_cpu_percent: self.max_foreign_cpu,
            wait_s: self.guard_wait.map(seconds),
        }
    }
}

/// Why flags given beside `--resume` are refused: a run goes on as it was begun, and only its
/// guards may change. Experiment of the command line itself, so that a flag which is added later is
/// refused as well and not silently ignored.
pub fn refused_beside_resume(matches: &ArgMatches) -> Option<String> {
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    if !given("resume") {
        return None;
    }
    let guards = GuardArgs::augment_args(Command::new("guards"));
    let guards: Vec<&str> = guards.get_arguments().map(|arg| arg.get_id().as_str()).collect();
    let all = super::Args::augment_args(Command::new("compare"));
    let other = all.get_arguments().find(|arg| {
        let id = arg.get_id().as_str();
        id != "resume" && !guards.contains(&id) && given(id)
    })?;
    let flags = guards.iter().map(|id| format!("--{}", id.replace('_', "-"))).collect::<Vec<_>>().join(", ");
    Some(format!(
        "--{} cannot be given with --resume: a run goes on with its own options, only {flags} may change; leave it \
         out, or begin a new run",
        other.get_long().unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &[&str]) -> Option<String> {
        let command = crate::cmd::compare::Args::augment_args(Command::new("compare"));
        refused_beside_resume(&command.try_get_matches_from([&["compare"], args].concat()).unwrap())
    }

    #[test]
    fn a_resumed_run_takes_guards_and_nothing_else() {
        let guards =
            ["--resume", "x", "--disk-floor", "1GiB", "--step-timeout", "5m", "--max-load", "5%", "--guard-wait", "0s"];
        assert_eq!(refused(&guards), None);
        assert_eq!(refused(&["--rounds", "3"]), None);
        for other in [&["--rounds", "3"][..], &["--dry-run"], &["--corpus", "quick"], &["--set", "a.b=c"]] {
            let why = refused(&[&["--resume", "x"], other].concat()).unwrap();
            assert!(why.starts_with(other[0]) && why.contains("--guard-wait"), "{why}");
        }
    }

    #[test]
    fn a_part_of_a_second_is_a_second_and_not_never() {
        let command = GuardArgs::augment_args(Command::new("guards"));
        let matches = command.try_get_matches_from(["guards", "--step-timeout", "0.2s"]).unwrap();
        let args = <GuardArgs as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
        assert_eq!(args.limits().step_timeout_s, Some(1));
    }
}
