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

use super::bench::{Bench, ExtraStrategies, Ground, LIMIT, Settings};
use super::{Told, Wrong};
use exec::interrupt::Supervisor;
use exec::process::{self, CommandSpec, Stream};
use runner::build_env::{BuildEnv, Phase};
use runner::experiment::catalog_of;

/// When to kill a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// In this phase …
    pub phase: Phase,
    /// … at this moment of it.
    pub at: Moment,
}

/// A moment of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This long after it began.
    After(Duration),
    /// When it has made so many files below a directory of the place. What writes for some
    /// milliseconds only is hit in the middle by this, and hardly by a clock.
    Made(usize, &'static str),
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Moment::After(time) => write!(f, "{time:?} into the phase {:?}", self.phase),
            Moment::Made(count, dir) => {
                write!(f, "in the phase {:?}, when there are {count} more files in {dir}", self.phase)
            }
        }
    }
}

/// The longest a tiny workspace's files may take to be written.
const WRITES: Duration = Duration::from_millis(300);

/// How long a build script may take to come to its gate.
const GATE: Duration = Duration::from_secs(60);

/// One build for a process of its own.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    work: PathBuf,
    toolchain: Option<String>,
    strategy: String,
    extra_strategies: ExtraStrategies,
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
        if !cfg!(unix) {
            return Err(Wrong::NotApplicable("nothing is killed half-way on this system".to_owned()));
        }
        self.note(&format!("build {tree} and kill it {cut}"));
        let mut killed = false;
        let place = self.at("");
        let ended = self.build_apart(tree, &mut |begun, pid| {
            if begun == format!("{:?}", cut.phase) {
                match cut.at {
                    Moment::After(time) => std::thread::sleep(time),
                    Moment::Made(count, dir) => {
                        step_back(pid);
                        wait_for_files(&place.join(dir), count);
                    }
                }
                killed = kill(pid);
            }
        })?;
        Ok(killed && ended.is_err())
    }

    /// Builds a tree in a process of its own to its end; the error is what it complained about.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn build_in_process(&mut self, tree: &str) -> Result<Result<(), String>, Wrong> {
        self.note(&format!("build {tree}"));
        self.build_apart(tree, &mut |_, _| ())
    }

    /// Builds a tree whose build script writes `started` and waits for `go`, both in the place,
    /// and does something in between; the error is what the build complained about.
    ///
    /// # Errors
    /// When the process cannot be started, the script never ran, or `act` fails.
    pub fn build_meanwhile(
        &mut self,
        tree: &str,
        what: &str,
        act: &mut dyn FnMut() -> Told,
    ) -> Result<Result<(), String>, Wrong> {
        self.note(&format!("build {tree}; once there is a file `started` here, {what} and then write a file `go`"));
        let (started, go) = (self.at("started"), self.at("go"));
        let mut acted = None;
        let ended = self.build_apart(tree, &mut |begun, _| {
            if begun == format!("{:?}", Phase::Cargo) {
                let began = Instant::now();
                while !started.exists() && began.elapsed() < GATE {
                    std::thread::sleep(Duration::from_millis(2));
                }
                if started.exists() {
                    acted = Some(act().and_then(|()| Ok(std::fs::write(&go, "")?)));
                }
            }
        })?;
        match (acted, &ended) {
            (Some(acted), _) => acted?,
            (None, Err(why)) => return Err(Wrong::Failed(format!("the build failed: {why}"))),
            (None, Ok(())) => return Err(Wrong::NotApplicable("its build script did not run".to_owned())),
        }
        Ok(ended)
    }

    /// Builds trees at once, each in a process of its own.
    ///
    /// # Errors
    /// When one of them fails.
    pub fn build_together(&mut self, trees: &[&str]) -> Told {
        self.rest();
        let specs: Vec<CommandSpec> = trees.iter().map(|tree| self.apart(tree)).collect::<Result<_, Wrong>>()?;
        self.note(&format!("build {} at once", trees.join(", ")));
        let supervisor = &self.build_env().supervisor;
        let build = |spec| process::run(spec, supervisor, &mut |_, _| ());
        let ended: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = specs.iter().map(|spec| scope.spawn(move || build(spec))).collect();
            running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        for (tree, ended) in trees.iter().zip(ended) {
            self.warm.insert((*tree).to_owned());
            let finished = ended.map_err(|_| anyhow::anyhow!("the thread that built {tree} panicked"))??;
            if !finished.status.success() {
                return Err(Wrong::Failed(format!("the build of {tree} failed: {}", finished.stderr_text())));
            }
        }
        Ok(())
    }

    /// `on_phase` is told the phase that begins and who is in it.
    fn build_apart(&mut self, tree: &str, on_phase: &mut dyn FnMut(&str, i32)) -> Result<Result<(), String>, Wrong> {
        // Two daemons on one store would be our doing, not the tool's.
        self.rest();
        let spec = self.apart(tree)?;
        self.warm.insert(tree.to_owned());
        let finished = process::run(&spec, &self.build_env().supervisor, &mut |stream, line| {
            if let (Stream::Stdout, Some((phase, pid))) = (stream, line.split_once(' '))
                && let Ok(pid) = pid.parse()
            {
                on_phase(phase, pid);
            }
        })?;
        self.wait_until_quiet()?;
        Ok(match finished.status.success() {
            true => Ok(()),
            false => Err(finished.stderr_text()),
        })
    }

    /// The command that builds a tree in a process of its own.
    ///
    /// # Errors
    /// When its job cannot be written.
    pub(super) fn apart(&self, tree: &str) -> Result<CommandSpec, Wrong> {
        let job = Job {
            // The second toolchain has a build_env of its own, which the other process takes for its first.
            work: self.build_env_of(tree).work.clone(),
            toolchain: self.build_env_of(tree).toolchain.name.clone(),
            strategy: self.strategy_name().to_owned(),
            extra_strategies: self.ground().extra_strategies.clone(),
            place: self.at(""),
            tree: tree.to_owned(),
            settings: self.settings_of(tree),
        };
        let file = self.at(&format!("job-{tree}.json"));
        std::fs::write(&file, serde_json::to_vec(&job).context("cannot write a job")?)?;
        let exe = std::env::current_exe()?;
        let site = self.site(tree);
        let env = site.env(self.build_env_of(tree), &self.build_options(tree));
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

/// Lets everybody else go before a process: on a busy machine the watcher would sleep through
/// what it is to interrupt.
#[cfg(target_os = "linux")]
fn step_back(pid: i32) {
    use rustix::process::{Pid, setpriority_process};
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let numbers = threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok());
    for thread in numbers.filter_map(Pid::from_raw) {
        // A thread that ended has nothing to be slow at.
        let _ = setpriority_process(Some(thread), 19);
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back(_pid: i32) {}

/// Waits until there are so many more files below a directory than now, or nothing more comes.
fn wait_for_files(dir: &Path, more: usize) {
    let count = || walkdir::WalkDir::new(dir).into_iter().flatten().filter(|entry| !entry.file_type().is_dir()).count();
    let (began, before) = (Instant::now(), count());
    while count() < before + more && began.elapsed() < WRITES {}
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
    let build_env = BuildEnv::open(&job.work, job.toolchain.as_deref(), supervisor.clone())?.with_phase_listener(tell);
    let catalog = catalog_of(&job.extra_strategies.files, &job.extra_strategies.set)?;
    let strategy = super::telling::strategy(&catalog, &job.strategy)?;
    let ground = Ground { build_env: &build_env, second: None, extra_strategies: &job.extra_strategies };
    let mut bench = Bench::take_up(ground, &job.strategy, &strategy, &job.place);
    *bench.set(&job.tree) = Settings { second_toolchain: false, ..job.settings };
    let ended = bench.open_store().and_then(|()| bench.build(&job.tree).map(drop));
    ended.map_err(|wrong| match wrong {
        Wrong::Failed(why) | Wrong::NotApplicable(why) => anyhow::anyhow!(why),
        Wrong::Internal(error) => error,
    })
}

fn tell(phase: Phase) {
    println!("{phase:?} {}", std::process::id());
    let _ = std::io::stdout().flush();
}
