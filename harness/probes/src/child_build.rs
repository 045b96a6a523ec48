//! Builds in processes of their own: to be killed half-way, or to race.
//!
//! Planning, restoring and publishing happen in the harness itself, so what is killed is a
//! harness of its own: the hidden subcommand `probe-build` builds one tree and prints which phase
//! begins. SIGKILL reaches that process and nothing else, as the kernel's out-of-memory killer
//! would do it; what it started is ended here.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::context::{ExtraStrategies, LIMIT, ProbeContext, ProbeEnv, RunCache, TreeSettings};
use crate::{ProbeError, ProbeResult};
use exec::interrupt::Supervisor;
use exec::leftovers::{self, CHILD_MARK};
use exec::process::{self, CommandSpec, Stream};
use runner::build_env::{BuildEnv, Phase};
use runner::experiment::catalog_of;

/// When to kill a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KillAt {
    pub(crate) phase: Phase,
    pub(crate) point: KillPoint,
}

/// The point of a phase at which a build is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KillPoint {
    /// This long after it began.
    After(Duration),
    /// When it has made so many files in a directory of the probe. What writes for some
    /// milliseconds only is hit in the middle by this, and hardly by a clock.
    Files(usize, &'static str),
}

impl std::fmt::Display for KillAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.point {
            KillPoint::After(time) => write!(f, "{time:?} into the phase {:?}", self.phase),
            KillPoint::Files(count, dir) => {
                write!(f, "in the phase {:?}, when there are {count} more files in {dir}", self.phase)
            }
        }
    }
}

/// The longest that a tiny workspace's files may take to be written.
const WRITES: Duration = Duration::from_millis(300);

/// The longest that a build script may take to come to its gate.
const GATE: Duration = Duration::from_secs(60);

/// One build for a process of its own.
#[derive(Debug, Serialize, Deserialize)]
struct BuildJob {
    work: PathBuf,
    toolchain: Option<String>,
    strategy: String,
    extra: ExtraStrategies,
    dir: PathBuf,
    tree: String,
    settings: TreeSettings,
    registry: bool,
}

impl ProbeContext<'_> {
    /// Builds a tree under the strategy and kills that build; `false` if the build was over by
    /// then. Its build directory is left as it was at that point.
    pub(crate) fn build_and_kill(&mut self, tree: &str, kill_at: KillAt) -> ProbeResult<bool> {
        if !cfg!(unix) {
            return ProbeError::not_applicable("builds are not killed half-way on this system");
        }
        self.note(&format!("build {tree} and kill it {kill_at}"));
        let mut killed = false;
        let dir = self.path("");
        let ended = self.build_in_child(tree, &mut |begun, pid| {
            if begun == format!("{:?}", kill_at.phase) {
                match kill_at.point {
                    KillPoint::After(time) => std::thread::sleep(time),
                    KillPoint::Files(count, inside) => {
                        lower_priority(pid);
                        wait_for_files(&dir.join(inside), count);
                    }
                }
                killed = kill(pid);
            }
        })?;
        match ended {
            // It failed by itself, before it could be killed.
            Err(why) if !killed => ProbeError::failed(format!("the build failed: {why}")),
            ended => Ok(ended.is_err()),
        }
    }

    /// Builds a tree whose build script writes `started` and waits for `go`, both in the probe's
    /// directory, and does something in between; the inner error is the build's.
    pub(crate) fn build_meanwhile(
        &mut self,
        tree: &str,
        what: &str,
        act: &mut dyn FnMut() -> ProbeResult,
    ) -> ProbeResult<ProbeResult> {
        self.note(&format!("build {tree}; once there is a file `started` here, {what} and then write a file `go`"));
        let (started, go) = (self.path("started"), self.path("go"));
        let mut acted = None;
        let ended = self.build_in_child(tree, &mut |begun, _| {
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
        let ended = ended.map_err(|why| ProbeError::Failed(format!("the build failed: {why}")));
        match acted {
            Some(acted) => acted?,
            None if ended.is_ok() => return ProbeError::not_applicable("its build script did not run"),
            None => {}
        }
        Ok(ended)
    }

    /// Builds trees at once, each in a process of its own.
    pub(crate) fn build_together(&mut self, trees: &[&str]) -> ProbeResult {
        self.stop_daemon();
        let specs: Vec<CommandSpec> = trees.iter().map(|tree| self.child(tree)).collect::<ProbeResult<_>>()?;
        self.note(&format!("build {} at once", trees.join(", ")));
        let supervisor = &self.build_env().supervisor;
        let build = |spec| process::run(spec, supervisor, &mut |_, _| ());
        let ended: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = specs.iter().map(|spec| scope.spawn(move || build(spec))).collect();
            running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        for (tree, ended) in trees.iter().zip(ended) {
            self.set_warm(tree);
            let finished = ended.map_err(|_| anyhow::anyhow!("the thread that built {tree} panicked"))??;
            if !finished.status.success() {
                return ProbeError::failed(format!("the build of {tree} failed: {}", finished.stderr_text()));
            }
        }
        Ok(())
    }

    /// Builds a tree in a process of its own; `on_phase` gets each phase that begins and the
    /// process. The inner error is what the build complained about.
    fn build_in_child(&mut self, tree: &str, on_phase: &mut dyn FnMut(&str, i32)) -> ProbeResult<Result<(), String>> {
        // Two daemons on one store would be a fault of the probe, not of the tool.
        self.stop_daemon();
        let spec = self.child(tree)?;
        self.set_warm(tree);
        let finished = process::run(&spec, &self.build_env().supervisor, &mut |stream, line| {
            if let (Stream::Stdout, Some((phase, pid))) = (stream, line.split_once(' '))
                && let Ok(pid) = pid.parse()
            {
                on_phase(phase, pid);
            }
        })?;
        if !finished.status.success() {
            let mark = spec.env.get(OsStr::new(CHILD_MARK)).cloned().unwrap_or_default();
            leftovers::end(CHILD_MARK, &mark);
        }
        self.wait_until_quiet()?;
        Ok(match finished.status.success() {
            true => Ok(()),
            false => Err(finished.stderr_text()),
        })
    }

    /// The command that builds a tree in a process of its own.
    fn child(&self, tree: &str) -> ProbeResult<CommandSpec> {
        let build_env = self.build_env_of(tree);
        let job = BuildJob {
            // The second toolchain has a work directory of its own, which the other process takes for its first.
            work: build_env.work.clone(),
            toolchain: build_env.toolchain.name.clone(),
            strategy: self.strategy_name().to_owned(),
            extra: self.env().extra.clone(),
            dir: self.path(""),
            tree: tree.to_owned(),
            settings: TreeSettings { second_toolchain: false, ..self.settings_of(tree) },
            registry: self.registry,
        };
        let file = self.path(&format!("job-{tree}.json"));
        std::fs::write(&file, serde_json::to_vec(&job).context("cannot write a job")?)?;
        let env = self.site(tree).env(build_env, &self.build_options(tree));
        let exe = std::env::current_exe()?;
        let spec = CommandSpec::new(exe, self.path("")).arg("probe-build").arg(file).envs(env).timeout(LIMIT);
        Ok(spec.env(CHILD_MARK, leftovers::fresh_mark()))
    }

    /// Waits until no process works in the probe's directory any more.
    fn wait_until_quiet(&self) -> ProbeResult {
        let began = Instant::now();
        while let Some(pid) = process_in(&self.path("")) {
            if began.elapsed() > Duration::from_secs(20) {
                return ProbeError::failed(format!("process {pid} goes on after its build was killed"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// Gives a process the lowest priority: on a busy machine the watcher would sleep through what it
/// is to interrupt.
#[cfg(target_os = "linux")]
fn lower_priority(pid: i32) {
    use rustix::process::{Pid, setpriority_process};
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let numbers = threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok());
    for thread in numbers.filter_map(Pid::from_raw) {
        // A thread that has ended is slow enough.
        let _ = setpriority_process(Some(thread), 19);
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_priority(_pid: i32) {}

/// Waits until there are so many more files in a directory than now, or no more come.
fn wait_for_files(dir: &Path, more: usize) {
    let count = || walkdir::WalkDir::new(dir).into_iter().flatten().filter(|entry| !entry.file_type().is_dir()).count();
    let (began, before) = (Instant::now(), count());
    while count() < before + more && began.elapsed() < WRITES {}
}

/// A process that runs in a directory (Linux; none is found elsewhere).
fn process_in(dir: &Path) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(dir)))
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

/// Does a job of a probe: what `probe-build` does.
///
/// # Errors
/// When the build fails.
pub fn run_build_job(file: &Path, supervisor: &Supervisor) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let job: BuildJob = serde_json::from_str(&text).with_context(|| format!("{} is no job", file.display()))?;
    let build_env =
        BuildEnv::open(&job.work, job.toolchain.as_deref(), supervisor.clone())?.with_phase_listener(print_phase);
    let found = catalog_of(&job.extra.files, &job.extra.set)?.select(&job.strategy)?.into_iter().next();
    let (_, strategy) = found.with_context(|| format!("no strategy is called {}", job.strategy))?;
    let env = ProbeEnv {
        build_env: &build_env,
        second: None,
        extra: &job.extra,
        cache: &RunCache::default(),
        registry: false,
    };
    let mut cx = ProbeContext::at(env, &job.strategy, &strategy, &job.dir);
    *cx.settings(&job.tree) = job.settings;
    cx.registry = job.registry;
    cx.open_store().and_then(|()| cx.build(&job.tree).map(drop)).map_err(|error| match error {
        ProbeError::Failed(why) | ProbeError::NotApplicable(why) => anyhow::anyhow!(why),
        ProbeError::Internal(error) => error,
    })
}

fn print_phase(phase: Phase) {
    println!("{phase:?} {}", std::process::id());
    let _ = std::io::stdout().flush();
}
