//! The guards of a run: what is asked before a step, and who watches it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::HumanDuration;

use super::floors::{Floors, Place, Readings, Reason};
use super::gate::{Decision, Gate};
use super::limits::Limits;
use super::sensors::{Machine, Sensors};
use super::watch::Watch;
use exec::cpu::CpuTimes;
use exec::filesystem::{FileSystemFacts, same_file_system};
use exec::interrupt::{Interrupted, Supervisor};

/// How long others are looked at before a step.
pub const WINDOW: Duration = Duration::from_millis(500);

/// How long between two looks of a gate that waits.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a gate that waits is deaf to Ctrl-C at most.
const SLICE: Duration = Duration::from_millis(50);

/// The guards of a run.
pub struct Guards {
    floors: Arc<Floors>,
    sensors: Arc<dyn Sensors>,
    patience: Duration,
    supervisor: Supervisor,
    /// Says a line above the bar.
    say: Box<dyn Fn(&str)>,
}

impl fmt::Debug for Guards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guards").field("floors", &self.floors).finish_non_exhaustive()
    }
}

/// The file systems that a run needs room on: where its arms are built, the work directory and
/// the run folder, each once. What only takes records keeps a sixteenth at most, whatever
/// `--disk-floor` says: it need not be larger than that in all.
pub fn places(limits: &Limits, arms: &Path, work: &Path, records: &Path) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (path, keeps_builds) in [(arms, true), (work, true), (records, false)] {
        let known = places.iter().any(|place| same_file_system(&place.path, path).unwrap_or(false));
        let Ok(fs) = FileSystemFacts::of(path) else { continue };
        if known {
            continue;
        }
        let floor = limits.disk_floor(fs.total_bytes);
        let floor = if keeps_builds { floor } else { floor.min(Limits::default().disk_floor(fs.total_bytes)) };
        places.push(Place { path: path.to_owned(), floor, grows: places.is_empty() });
    }
    places
}

impl Guards {
    /// The guards of a run on this machine; what it cannot tell is said once.
    pub fn new(limits: &Limits, places: Vec<Place>, supervisor: Supervisor, say: Box<dyn Fn(&str)>) -> Guards {
        let sensors = Arc::new(Machine { places: places.iter().map(|place| place.path.clone()).collect() });
        let floors = Floors { places, memory: limits.memory_floor(), load: limits.max_load_percent };
        let guards = Guards { floors: Arc::new(floors), sensors, patience: limits.wait(), supervisor, say };
        guards.unsupported(limits).iter().for_each(|what| (guards.say)(&format!("note: {what}")));
        guards
    }

    /// What was asked for and cannot be had here.
    fn unsupported(&self, limits: &Limits) -> Vec<String> {
        let lacks = |flag: &str, what: &str| format!("{flag} guards nothing: this system does not tell {what}");
        let mut lacking = Vec::new();
        if limits.disk_floor_bytes.is_some_and(|floor| floor > 0) && self.sensors.free().iter().all(Option::is_none) {
            lacking.push(lacks("--disk-floor", "how much of a disk is free"));
        }
        if self.floors.memory.is_some() && self.sensors.memory().is_none() {
            lacking.push(lacks("--memory-floor", "how much memory is available"));
        }
        let flags = [("--max-load", limits.max_load_percent), ("--max-foreign-cpu", limits.max_foreign_cpu_percent)];
        let asked = flags.into_iter().filter(|(_, share)| share.is_some() && CpuTimes::now().is_none());
        lacking.extend(asked.map(|(flag, _)| lacks(flag, "what its processors do")));
        lacking
    }

    /// Before something is built that is likely to take `need` bytes: waits while a limit is
    /// passed, and ends the run when it waited long enough. `make_room` removes what is ours
    /// and no longer needed, and tells whether there was anything.
    ///
    /// # Errors
    /// When the run was stopped, by this guard or by a signal.
    pub fn before(&self, what: &str, need: u64, make_room: &mut dyn FnMut() -> bool) -> Result<(), Interrupted> {
        let mut gate = Gate::new(&self.floors, need, self.patience);
        let began = Instant::now();
        let mut told = false;
        loop {
            self.supervisor.check()?;
            let waited = began.elapsed();
            match gate.decide(&self.read(), waited) {
                Decision::Go => {
                    if told {
                        (self.say)(&format!("note: went on with {what} after {}", HumanDuration(waited)));
                    }
                    return Ok(());
                }
                Decision::Wait(Reason::Disk { .. }) | Decision::Stop(Reason::Disk { .. }) if make_room() => {}
                Decision::Wait(reason) => {
                    if !std::mem::replace(&mut told, true) {
                        let patience = HumanDuration(self.patience);
                        (self.say)(&format!("note: {what} waits for up to {patience} (--guard-wait): {reason}"));
                    }
                    self.sleep(PAUSE)?;
                }
                Decision::Stop(reason) => {
                    let waited = if told { format!(" for {}", HumanDuration(waited)) } else { String::new() };
                    let text = format!("{reason}{waited}, before {what}; {}", reason.remedy());
                    self.supervisor.halt(&text);
                    return Err(Interrupted);
                }
            }
        }
    }

    /// Watches what is built until the result is dropped: its processes are ended when a floor
    /// is passed, and the run with them.
    pub fn watch(&self, what: &str) -> Watch {
        let (supervisor, what) = (self.supervisor.clone(), what.to_owned());
        // Others' load is no reason to end what runs.
        let floors = Arc::new(Floors { load: None, ..(*self.floors).clone() });
        Watch::begin(floors, Arc::clone(&self.sensors), move |reason| {
            supervisor.halt(&format!("{reason}, so {what} was ended and is not recorded; {}", reason.remedy()));
        })
    }

    /// Ends the run if a disk is too full now: for what failed for no better reason.
    ///
    /// # Errors
    /// When it is.
    pub fn after_failure(&self, what: &str) -> Result<(), Interrupted> {
        let readings = Readings { free: self.sensors.free(), ..Readings::default() };
        match self.floors.passed(&readings, 0) {
            Some(reason) => {
                self.supervisor.halt(&format!("{reason}, so {what} failed and is not recorded; {}", reason.remedy()));
                Err(Interrupted)
            }
            None => Ok(()),
        }
    }

    fn read(&self) -> Readings {
        Readings {
            free: self.sensors.free(),
            memory: self.floors.memory.and_then(|_| self.sensors.memory()),
            others: self.floors.load.and_then(|_| self.sensors.others(WINDOW)),
        }
    }

    fn sleep(&self, pause: Duration) -> Result<(), Interrupted> {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            self.supervisor.check()?;
            std::thread::sleep(SLICE);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "guarding_tests.rs"]
mod tests;
