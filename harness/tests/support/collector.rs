//! `harness store collect` again and again, from processes of their own.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Place, Said};

/// What collections did.
#[derive(Debug, Default)]
pub struct Collected {
    /// Collections that came to their end.
    pub collections: u32,
    /// Entries they took.
    pub evicted: u64,
    /// What they complained about that they should not have.
    pub complaints: Vec<String>,
}

impl Collected {
    pub fn add(&mut self, other: Collected) {
        self.collections += other.collections;
        self.evicted += other.evicted;
        self.complaints.extend(other.complaints);
    }
}

/// Collects the store of the arm that runs down to `limit`, again and again until `stop`. The
/// one at work then is killed: a collection may be cut off anywhere.
pub fn collect_until(place: &Place, stop: &AtomicBool, limit: &str) -> Collected {
    let mut collected = Collected::default();
    let store = place.at("work/arm/store");
    while !stop.load(Ordering::Relaxed) {
        let mut command = place.harness();
        command.args(["store", "collect", "--max-size", limit, "--store"]).arg(&store);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if !ends(&mut child, stop) {
            child.kill().unwrap();
            child.wait().unwrap();
            break;
        }
        let said = Said::of(child.wait_with_output().unwrap());
        match said.code {
            Some(0) => {
                collected.collections += 1;
                collected.evicted += evicted(&said.stdout);
            }
            // Another arm's turn, or its end.
            _ if said.stderr.contains("is not a store") => {}
            _ => collected.complaints.push(said.stderr),
        }
    }
    collected
}

/// Whether a process came to its end before `stop`.
fn ends(child: &mut Child, stop: &AtomicBool) -> bool {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "a collection never ends");
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// The number in `entries: 3 evicted, …`.
fn evicted(stdout: &str) -> u64 {
    let words = stdout.lines().find_map(|line| line.strip_prefix("entries: "));
    words.and_then(|words| words.split(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{stdout}"))
}
