//! Processes of a run, looked at and ended from outside (Linux only: `/proc`).

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use exec::identity::ProcessIdentity;
use rustix::process::{Pid, Signal, kill_process};

use super::TestDir;

/// Starts a `compare` of a corpus, or goes on with the one that is there.
pub fn start(place: &TestDir, corpus: &str, more: &[&str]) -> Child {
    let mut command = place.harness();
    match place.begun_runs().as_slice() {
        [] => command.args(place.compare_args(corpus, more)),
        [run] => command.args(["compare", "--resume"]).arg(run),
        several => panic!("{several:?}"),
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub fn wait_for(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < limit, "{what} did not happen within {limit:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Processes that work below the place, by what they were started as.
pub fn at_work(place: &TestDir) -> Vec<String> {
    let root = place.at("");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        // A zombie has neither.
        if cwd.starts_with(&root) || line.contains(&root.display().to_string()) {
            found.push(line);
        }
    }
    found
}

/// Everything a process has started, and what these have started.
pub fn descendants(of: u32) -> Vec<ProcessIdentity> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, parent))
        })
        .collect();
    let mut found = BTreeSet::from([of]);
    loop {
        let more = parents.iter().filter(|(pid, parent)| found.contains(parent) && !found.contains(pid));
        let more: Vec<u32> = more.map(|(pid, _)| *pid).collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    found.remove(&of);
    found.into_iter().map(ProcessIdentity::of).collect()
}

/// Kills a harness, it alone, and waits until nothing of it runs any more.
pub fn kill(mut harness: Child, place: &TestDir) {
    let below = descendants(harness.id());
    signal(&harness, Signal::KILL);
    harness.wait().unwrap();
    wait_for("the end of every process", Duration::from_secs(20), || {
        !below.iter().any(ProcessIdentity::is_alive) && at_work(place).is_empty()
    });
}
