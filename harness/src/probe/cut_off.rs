//! Builds that are killed half-way.
//!
//! Planning, restoring and publishing happen in the harness itself, so what is killed is a
//! harness of its own: the hidden subcommand `probe-build` builds one tree of a bench and says
//! on standard output which phase begins. SIGKILL reaches that process and nothing else, as the
//! kernel's out-of-memory killer would do it; its Cargo is ended by the guardian.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::bench::{Bench, Ground, LIMIT, Settings, Shelf};
use super::story::Step;
use super::{Told, Wrong};
use crate::experiment::asked::catalog_of;
use crate::experiment::lab::{Lab, Phase};
use crate::system::interrupt::Supervisor;
use crate::system::process::{self, CommandSpec};

/// When to kill a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// In this phase …
    pub phase: Phase,
    /// … this long after it began.
    pub after: Duration,
}

/// One build for a process of its own.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    work: PathBuf,
    toolchain: Option<String>,
    strategy: String,
    shelf: Shelf,
    place: PathBuf,
    tree: String,
    settings: Settings,
}

impl Bench<'_> {
    /// Builds a tree under the strategy and kills that build at a moment; `false` if the build
    /// was over by then. Its build directory is left as it was at that moment.
    ///
    /// # Errors
    /// When the process cannot be started, or its leftovers do not end.
    pub fn build_and_kill(&mut self, tree: &str, cut: Cut) -> Result<bool, Wrong> {
        self.build_apart(tree, Some(cut)).map(|ended| ended.is_none())
    }

    /// Builds a tree in a process of its own to its end; the error is what it complained about.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn build_in_process(&mut self, tree: &str) -> Result<Result<(), String>, Wrong> {
        Ok(self.build_apart(tree, None)?.unwrap_or(Err("it was killed".to_owned())))
    }

    /// `None` if it was killed.
    fn build_apart(&mut self, tree: &str, cut: Option<Cut>) -> Result<Option<Result<(), String>>, Wrong> {
        if cut.is_some() && !cfg!(unix) {
            return Err(Wrong::NotApplicable("nothing is killed half-way on this system".to_owned()));
        }
        // Two daemons on one store would be our doing, not the tool's.
        self.rest();
        let spec = self.apart(tree)?;
        let text = match cut {
            Some(Cut { phase, after }) => format!("build {tree} and kill it {after:?} into the phase {phase:?}"),
            None => format!("build {tree}"),
        };
        self.story.add(Step::Note(text));
        self.warm.insert(tree.to_owned());
        let mut killed = false;
        let finished = process::run(&spec, &self.lab().supervisor, &mut |_, line| {
            if let (Some(cut), Some((phase, pid))) = (cut, line.split_once(' '))
                && phase == format!("{:?}", cut.phase)
                && let Ok(pid) = pid.parse()
            {
                let began = Instant::now();
                std::thread::sleep(cut.after.saturating_sub(began.elapsed()));
                killed = kill(pid);
            }
        })?;
        self.wait_until_quiet()?;
        let survived = finished.status.success();
        Ok(match (killed && !survived, survived) {
            (true, _) => None,
            (false, true) => Some(Ok(())),
            (false, false) => Some(Err(finished.stderr_text())),
        })
    }

    /// The command that builds a tree in a process of its own.
    ///
    /// # Errors
    /// When its job cannot be written.
    pub(super) fn apart(&self, tree: &str) -> Result<CommandSpec, Wrong> {
        let job = Job {
            work: self.lab().work.clone(),
            toolchain: self.lab().toolchain.name.clone(),
            strategy: self.strategy_name().to_owned(),
            shelf: self.ground().shelf.clone(),
            place: self.at(""),
            tree: tree.to_owned(),
            settings: self.settings_of(tree),
        };
        let file = self.at(&format!("job-{tree}.json"));
        std::fs::write(&file, serde_json::to_vec(&job).context("cannot write a job")?)?;
        let exe = std::env::current_exe()?;
        let site = self.site(tree);
        let env = site.env(self.lab_of(tree), &self.recipe(tree));
        Ok(CommandSpec::new(exe, self.at("")).arg("probe-build").arg(file).envs(env).timeout(LIMIT))
    }

    /// Waits until no process works below the place any more.
    pub(super) fn wait_until_quiet(&self) -> Told {
        let began = Instant::now();
        while let Some(pid) = at_work(&self.at("")) {
            if began.elapsed() > Duration::from_secs(20) {
                return Err(Wrong::Failed(format!("process {pid} goes on after its build was killed")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// A process whose directory is below `place` (Linux; nothing is found elsewhere).
fn at_work(place: &Path) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|dir| dir.starts_with(place)))
}

#[cfg(unix)]
fn kill(pid: i32) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    Pid::from_raw(pid).is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
}

#[cfg(not(unix))]
fn kill(_pid: i32) -> bool {
    false
}

/// The other side: does a job.
///
/// # Errors
/// When the build fails.
pub fn run_job(file: &Path, supervisor: &Supervisor) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let job: Job = serde_json::from_str(&text).with_context(|| format!("{} is no job", file.display()))?;
    let lab = Lab::open(&job.work, job.toolchain.as_deref(), supervisor.clone())?.telling(tell);
    let catalog = catalog_of(&job.shelf.files, &job.shelf.set)?;
    let strategy = super::telling::strategy(&catalog, &job.strategy)?;
    let ground = Ground { lab: &lab, second: None, shelf: &job.shelf };
    let mut bench = Bench::take_up(ground, &job.strategy, &strategy, &job.place);
    *bench.set(&job.tree) = job.settings;
    let ended = bench.open_store().and_then(|()| bench.build(&job.tree).map(drop));
    ended.map_err(|wrong| match wrong {
        Wrong::Failed(why) | Wrong::NotApplicable(why) => anyhow::anyhow!(why),
        Wrong::Trouble(error) => error,
    })
}

fn tell(phase: Phase) {
    println!("{phase:?} {}", std::process::id());
    let _ = std::io::stdout().flush();
}
