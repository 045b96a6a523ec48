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
use crate::system::cpu::CpuTimes;
use crate::system::filesystem::{FileSystem, same_file_system};
use crate::system::interrupt::{Interrupted, Supervisor};

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
        let Ok(fs) = FileSystem::of(path) else { continue };
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
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Mutex;

    use super::*;

    const MIB: u64 = 1 << 20;

    /// A disk of which so much is free; one look after the other, the last one for ever.
    #[derive(Debug)]
    struct Disk(Mutex<Vec<u64>>);

    impl Sensors for Disk {
        fn free(&self) -> Vec<Option<u64>> {
            let mut story = self.0.lock().unwrap();
            vec![Some(MIB * if story.len() > 1 { story.remove(0) } else { story[0] })]
        }
        fn memory(&self) -> Option<u64> {
            None
        }
        fn others(&self, _: Duration) -> Option<f64> {
            None
        }
    }

    /// Guards of a disk that keeps 100 MiB, and what they say.
    fn guards(story: &[u64], patience: Duration) -> (Guards, Rc<RefCell<Vec<String>>>) {
        let said = Rc::new(RefCell::new(Vec::new()));
        let place = Place { path: "/arms".into(), floor: 100 * MIB, grows: true };
        let listener = Rc::clone(&said);
        let guards = Guards {
            floors: Arc::new(Floors { places: vec![place], ..Floors::default() }),
            sensors: Arc::new(Disk(Mutex::new(story.to_vec()))),
            patience,
            supervisor: Supervisor::new(),
            say: Box::new(move |line| listener.borrow_mut().push(line.to_owned())),
        };
        (guards, said)
    }

    #[test]
    fn room_is_made_before_anybody_waits() {
        let (guards, said) = guards(&[50, 200], Duration::ZERO);
        let mut made = 0;
        let mut make_room = || {
            made += 1;
            true
        };
        guards.before("a step", 90 * MIB, &mut make_room).unwrap();
        assert_eq!((made, said.borrow().len()), (1, 0));
    }

    #[test]
    fn who_waits_says_so_once_and_says_when_he_goes_on() {
        let (guards, said) = guards(&[50, 60, 200], Duration::from_secs(60));
        guards.before("a step", 0, &mut || false).unwrap();
        let said = said.borrow();
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(
            said[0],
            "note: a step waits for up to 1 minute (--guard-wait): 50.0 MiB free in /arms, 100.0 MiB to be left \
             (--disk-floor)"
        );
        assert!(said[1].starts_with("note: went on with a step after "), "{said:?}");
        assert_eq!(guards.supervisor.halted(), None);
    }

    #[test]
    fn what_does_not_fit_stops_the_run_with_its_reason() {
        let (guards, _) = guards(&[150], Duration::ZERO);
        guards.before("a step", 50 * MIB, &mut || false).unwrap();
        assert!(guards.before("a step", 51 * MIB, &mut || false).is_err());
        assert_eq!(
            guards.supervisor.halted().unwrap(),
            "150.0 MiB free in /arms, 51.0 MiB likely to be taken by the step, 100.0 MiB to be left (--disk-floor), \
             before a step; make room (or take a larger --volume; --order arm-by-arm keeps one strategy on disk at \
             a time)"
        );
        assert!(guards.supervisor.is_interrupted(), "nothing starts any more");
    }

    #[test]
    fn a_signal_ends_the_wait_and_stays_a_signal() {
        let (guards, _) = guards(&[50], Duration::from_secs(600));
        let supervisor = guards.supervisor.clone();
        let signal = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            supervisor.interrupt();
        });
        let began = Instant::now();
        assert!(guards.before("a step", 0, &mut || false).is_err());
        signal.join().unwrap();
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(guards.supervisor.halted(), None);
    }

    #[test]
    fn a_floor_passed_during_a_step_halts_the_run_and_a_failure_on_a_full_disk_is_no_failure() {
        let (watched, _) = guards(&[400, 90], Duration::ZERO);
        let watch = watched.watch("a step");
        let began = Instant::now();
        while watched.supervisor.halted().is_none() {
            assert!(began.elapsed() < Duration::from_secs(5));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(watch.end(), Some(310 * MIB));
        assert!(watched.supervisor.halted().unwrap().contains("so a step was ended and is not recorded"));
        let (full, _) = guards(&[90], Duration::ZERO);
        assert!(full.after_failure("a step").is_err() && full.supervisor.halted().is_some());
        let (fine, _) = guards(&[100], Duration::ZERO);
        assert!(fine.after_failure("a step").is_ok() && fine.supervisor.halted().is_none());
    }
}
