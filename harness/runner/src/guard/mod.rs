//! Guards: a run waits, or ends resumably, before the machine is in trouble or the numbers are.
//!
//! Before a step the guards read free space, memory and the load of others, and wait while a limit is passed. While a
//! step runs, a thread reads free space and memory, and ends the step in time. A guard that stops a run ends our
//! processes and nothing else ([`Supervisor::halt`]), as Ctrl-C does: the step that ran is not recorded, `--resume`
//! goes on.
//!
//! Memory is what Linux calls available. What others use of the processors is what they were busy with (`/proc/stat`)
//! less what this process and its children used, while nothing of ours runs: the load average is a minute old and full
//! of our own last build.

pub mod limits;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::HumanDuration;
use records::quantity::bytes;

use self::limits::{Limits, Percent};
use exec::cpu::CpuTimes;
use exec::filesystem::{FileSystemFacts, free_bytes, same_file_system};
use exec::host::memory_available_bytes;
use exec::interrupt::{Interrupted, Supervisor};

/// The exit code of a run that a guard stopped: `--resume` goes on with it.
pub const EXIT_CODE: u8 = 3;

/// How long others are watched before a step.
const WINDOW: Duration = Duration::from_millis(500);

const PAUSE: Duration = Duration::from_millis(500);

const SLICE: Duration = Duration::from_millis(50);

/// How long between two readings while a step runs: a disk written at 1 GiB a second loses 51 MiB meanwhile, less than
/// the default floor of a volume of 1 GiB.
const INTERVAL: Duration = Duration::from_millis(50);

/// How many readings in a row memory has to be short: a linker may take much for an instant.
const STRIKES: u32 = 5;

/// A file system that has to keep some room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedDisk {
    /// A directory on it.
    pub path: PathBuf,
    /// Bytes that stay free; 0 for none.
    pub floor: u64,
}

/// The file systems that a run needs room on, each once: where its arms are built, the work
/// directory and the run folder. What only takes records keeps a sixteenth at most, whatever
/// `--disk-floor` says: it need not be larger than that in all.
pub fn disks(limits: &Limits, arms: &Path, work: &Path, records: &Path) -> Vec<GuardedDisk> {
    let mut disks: Vec<GuardedDisk> = Vec::new();
    for (path, keeps_builds) in [(arms, true), (work, true), (records, false)] {
        let is_listed = disks.iter().any(|disk| same_file_system(&disk.path, path).unwrap_or(false));
        let Ok(fs) = FileSystemFacts::of(path) else { continue };
        if is_listed {
            continue;
        }
        let floor = limits.disk_floor(fs.total_bytes);
        let floor = if keeps_builds { floor } else { floor.min(Limits::default().disk_floor(fs.total_bytes)) };
        disks.push(GuardedDisk { path: path.to_owned(), floor });
    }
    disks
}

/// What must not be passed.
#[derive(Debug, Clone, Default)]
struct Floors {
    disks: Vec<GuardedDisk>,
    /// Bytes of memory that programs can still have.
    memory: Option<u64>,
    /// What others may use of the machine when a step begins.
    load: Option<Percent>,
}

/// What was read at one time. What could not be read is `None` and stops nothing.
#[derive(Debug, Clone, Default, PartialEq)]
struct Readings {
    /// Bytes free on each disk.
    free: Vec<Option<u64>>,
    memory: Option<u64>,
    /// The part of the machine's processor time that others used, 0 to 1.
    others: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
enum PassedLimit {
    Disk { disk: GuardedDisk, free: u64 },
    Memory { available: u64, floor: u64 },
    Load { others: f64, limit: Percent },
}

impl fmt::Display for PassedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |value: u64| bytes(value as f64);
        match self {
            PassedLimit::Disk { disk, free } => {
                let (path, floor) = (disk.path.display(), size(disk.floor));
                write!(f, "{} free in {path}, {floor} to be left (--disk-floor)", size(*free))
            }
            PassedLimit::Memory { available, floor } => {
                write!(f, "{} of memory available, {} to be left (--memory-floor)", size(*available), size(*floor))
            }
            PassedLimit::Load { others, limit } => {
                let share = 100.0 * others;
                write!(f, "others use {share:.0} % of the processor time, {limit} are allowed (--max-load)")
            }
        }
    }
}

impl PassedLimit {
    fn remedy(&self) -> &'static str {
        const ROOM: &str =
            "make room (or take a larger --volume; --order arm-by-arm keeps one strategy on disk at a time)";
        match self {
            PassedLimit::Disk { .. } => ROOM,
            PassedLimit::Memory { .. } => "end other programs, or lower --memory-floor",
            PassedLimit::Load { .. } => "wait for a quiet machine, or raise --max-load",
        }
    }
}

impl Floors {
    /// The first limit that these readings pass.
    fn passed(&self, readings: &Readings) -> Option<PassedLimit> {
        let disk = self.disks.iter().zip(&readings.free).find_map(|(disk, free)| {
            let free = (*free)?;
            (free < disk.floor).then(|| PassedLimit::Disk { disk: disk.clone(), free })
        });
        let memory = || {
            let (floor, available) = self.memory.zip(readings.memory)?;
            (available < floor).then_some(PassedLimit::Memory { available, floor })
        };
        let load = || {
            let (limit, others) = self.load.zip(readings.others)?;
            (others > limit.share()).then_some(PassedLimit::Load { others, limit })
        };
        disk.or_else(memory).or_else(load)
    }
}

/// Something that can be read. `None` is what this system does not state.
trait Sensors: fmt::Debug + Send + Sync {
    fn free(&self) -> Vec<Option<u64>>;
    fn memory(&self) -> Option<u64>;
    fn others(&self) -> Option<f64>;
}

#[derive(Debug)]
struct MachineSensors(Vec<PathBuf>);

impl Sensors for MachineSensors {
    fn free(&self) -> Vec<Option<u64>> {
        self.0.iter().map(|path| free_bytes(path).ok()).collect()
    }

    fn memory(&self) -> Option<u64> {
        memory_available_bytes()
    }

    fn others(&self) -> Option<f64> {
        others_share()
    }
}

/// The part of the machine's processor time that others use now, 0 to 1.
pub fn others_share() -> Option<f64> {
    let before = CpuTimes::now()?;
    std::thread::sleep(WINDOW);
    CpuTimes::now()?.since(&before).others_share()
}

/// The guards of a run.
pub struct Guards {
    floors: Arc<Floors>,
    sensors: Arc<dyn Sensors>,
    wait: Duration,
    supervisor: Supervisor,
    print: Box<dyn Fn(&str)>,
}

impl Guards {
    /// The guards of a run on this machine. What this system does not state is noted once.
    pub fn new(limits: &Limits, disks: Vec<GuardedDisk>, supervisor: Supervisor, print: Box<dyn Fn(&str)>) -> Guards {
        let sensors = Arc::new(MachineSensors(disks.iter().map(|disk| disk.path.clone()).collect()));
        let floors = Floors { disks, memory: limits.memory_floor(), load: limits.max_load_percent };
        let guards = Guards { floors: Arc::new(floors), sensors, wait: limits.wait(), supervisor, print };
        guards.unsupported(limits).iter().for_each(|what| (guards.print)(&format!("note: {what}")));
        guards
    }

    fn unsupported(&self, limits: &Limits) -> Vec<String> {
        let no_disk =
            limits.disk_floor_bytes.is_some_and(|floor| floor > 0) && self.sensors.free().iter().all(Option::is_none);
        let no_memory = self.floors.memory.is_some() && self.sensors.memory().is_none();
        let no_cpu = |share: Option<Percent>| share.is_some() && CpuTimes::now().is_none();
        let lacking = [
            ("--disk-floor", no_disk, "how much of a disk is free"),
            ("--memory-floor", no_memory, "how much memory is available"),
            ("--max-load", no_cpu(limits.max_load_percent), "what its processors do"),
            ("--max-foreign-cpu", no_cpu(limits.max_foreign_cpu_percent), "what its processors do"),
        ];
        let lacking = lacking.into_iter().filter(|(_, is_lacking, _)| *is_lacking);
        lacking.map(|(flag, _, what)| format!("{flag} guards nothing: this system does not state {what}")).collect()
    }

    /// Called before something is built: waits while a limit is passed, and ends the run when it waited long enough.
    /// `make_room` removes what is ours and no longer needed, and returns whether there was anything.
    pub(crate) fn before(&self, what: &str, make_room: &mut dyn FnMut() -> bool) -> Result<(), Interrupted> {
        let began = Instant::now();
        let mut noted = false;
        loop {
            self.supervisor.check()?;
            let waited = began.elapsed();
            let readings = Readings {
                free: self.sensors.free(),
                memory: self.floors.memory.and_then(|_| self.sensors.memory()),
                others: self.floors.load.and_then(|_| self.sensors.others()),
            };
            let Some(passed) = self.floors.passed(&readings) else {
                if noted {
                    (self.print)(&format!("note: went on with {what} after {}", HumanDuration(waited)));
                }
                return Ok(());
            };
            if matches!(passed, PassedLimit::Disk { .. }) && make_room() {
                continue;
            }
            if waited >= self.wait {
                let waited = if noted { format!(" for {}", HumanDuration(waited)) } else { String::new() };
                self.supervisor.halt(&format!("{passed}{waited}, before {what}; {}", passed.remedy()));
                return Err(Interrupted);
            }
            if !std::mem::replace(&mut noted, true) {
                let wait = HumanDuration(self.wait);
                (self.print)(&format!("note: {what} waits for up to {wait} (--guard-wait): {passed}"));
            }
            self.sleep(PAUSE)?;
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

    /// Watches what is built until the result is dropped: its processes are ended when a floor
    /// is passed, and the run with them.
    pub(crate) fn watch(&self, what: &str) -> Watch {
        let (supervisor, what) = (self.supervisor.clone(), what.to_owned());
        Watch::begin(Arc::clone(&self.floors), Arc::clone(&self.sensors), move |passed| {
            supervisor.halt(&format!("{passed}, so {what} was ended and is not recorded; {}", passed.remedy()));
        })
    }

    /// Ends the run if a disk is too full now: something failed, perhaps for no better reason.
    pub(crate) fn after_failure(&self, what: &str) -> Result<(), Interrupted> {
        let readings = Readings { free: self.sensors.free(), ..Readings::default() };
        match self.floors.passed(&readings) {
            Some(passed) => {
                self.supervisor.halt(&format!("{passed}, so {what} failed and is not recorded; {}", passed.remedy()));
                Err(Interrupted)
            }
            None => Ok(()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Watch {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch; `trip` is called once, when a floor is passed.
    fn begin(floors: Arc<Floors>, sensors: Arc<dyn Sensors>, trip: impl FnOnce(PassedLimit) + Send + 'static) -> Watch {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("guard".into()).spawn(move || {
            let mut short_of_memory = 0;
            loop {
                // Others' load is no reason to end what runs, and is not read.
                let memory = floors.memory.and_then(|_| sensors.memory());
                let readings = Readings { free: sensors.free(), memory, others: None };
                match floors.passed(&readings) {
                    Some(PassedLimit::Memory { .. }) if short_of_memory + 1 < STRIKES => short_of_memory += 1,
                    Some(passed) => return trip(passed),
                    None => short_of_memory = 0,
                }
                if !matches!(stopped.recv_timeout(INTERVAL), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        });
        // Without a thread there is no watching, and the step goes on as it always did.
        Watch { stop, thread: thread.ok() }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Mutex;

    use super::*;

    const MIB: u64 = 1 << 20;

    /// Free space and memory in MiB; one reading after the other, the last one for ever.
    #[derive(Debug)]
    struct ScriptedSensors(Mutex<Vec<(u64, Option<u64>)>>);

    impl ScriptedSensors {
        fn of(readings: &[(u64, Option<u64>)]) -> Arc<ScriptedSensors> {
            Arc::new(ScriptedSensors(Mutex::new(readings.to_vec())))
        }
    }

    impl Sensors for ScriptedSensors {
        fn free(&self) -> Vec<Option<u64>> {
            let mut script = self.0.lock().unwrap();
            vec![Some(MIB * if script.len() > 1 { script.remove(0).0 } else { script[0].0 })]
        }
        fn memory(&self) -> Option<u64> {
            self.0.lock().unwrap()[0].1.map(|memory| memory * MIB)
        }
        fn others(&self) -> Option<f64> {
            None
        }
    }

    fn floors() -> Floors {
        let disk = |path: &str, floor| GuardedDisk { path: path.into(), floor };
        Floors {
            disks: vec![disk("/arms", 100 * MIB), disk("/runs", 10 * MIB), disk("/any", 0)],
            memory: Some(200 * MIB),
            load: Some(Percent(10)),
        }
    }

    fn fine() -> Readings {
        Readings { free: vec![Some(100 * MIB), Some(20 * MIB), Some(0)], memory: Some(200 * MIB), others: Some(0.1) }
    }

    /// Guards of a disk that keeps 100 MiB, and what they print.
    fn guards(free: &[u64], wait: Duration) -> (Guards, Rc<RefCell<Vec<String>>>) {
        let printed = Rc::new(RefCell::new(Vec::new()));
        let listener = Rc::clone(&printed);
        let disks = vec![GuardedDisk { path: "/arms".into(), floor: 100 * MIB }];
        let guards = Guards {
            floors: Arc::new(Floors { disks, ..Floors::default() }),
            sensors: ScriptedSensors::of(&free.iter().map(|free| (*free, None)).collect::<Vec<_>>()),
            wait,
            supervisor: Supervisor::new(),
            print: Box::new(move |line| listener.borrow_mut().push(line.to_owned())),
        };
        (guards, printed)
    }

    #[test]
    fn each_limit_has_its_text_and_what_cannot_be_read_stops_nothing() {
        let text = |readings: &Readings| floors().passed(readings).map(|passed| passed.to_string());
        assert_eq!(text(&fine()), None, "exactly what is to be left");
        let full = |arms, runs| Readings { free: vec![Some(arms * MIB), Some(runs * MIB), Some(0)], ..fine() };
        assert_eq!(text(&full(99, 20)).unwrap(), "99.0 MiB free in /arms, 100.0 MiB to be left (--disk-floor)");
        assert_eq!(text(&full(100, 9)).unwrap(), "9.0 MiB free in /runs, 10.0 MiB to be left (--disk-floor)");
        let memory = Readings { memory: Some(199 * MIB), ..fine() };
        assert_eq!(text(&memory).unwrap(), "199.0 MiB of memory available, 200.0 MiB to be left (--memory-floor)");
        let load = Readings { others: Some(0.31), ..fine() };
        assert_eq!(text(&load).unwrap(), "others use 31 % of the processor time, 10 % are allowed (--max-load)");
        assert_eq!(text(&Readings::default()), None);
    }

    #[test]
    fn room_is_made_before_a_step_waits() {
        let (guards, printed) = guards(&[50, 200], Duration::ZERO);
        let mut made = 0;
        let mut make_room = || {
            made += 1;
            true
        };
        guards.before("a step", &mut make_room).unwrap();
        assert_eq!((made, printed.borrow().len()), (1, 0));
    }

    #[test]
    fn a_step_that_waits_is_noted_once_and_again_when_it_goes_on() {
        let (guards, printed) = guards(&[50, 60, 100], Duration::from_secs(120));
        guards.before("a step", &mut || false).unwrap();
        let printed = printed.borrow();
        assert_eq!(printed.len(), 2, "{printed:?}");
        assert_eq!(
            printed[0],
            "note: a step waits for up to 2 minutes (--guard-wait): 50.0 MiB free in /arms, 100.0 MiB to be left \
             (--disk-floor)"
        );
        assert!(printed[1].starts_with("note: went on with a step after "), "{printed:?}");
        assert_eq!(guards.supervisor.halted(), None);
    }

    #[test]
    fn a_limit_that_stays_passed_stops_the_run_with_its_reason() {
        let (guards, _) = guards(&[100, 99], Duration::ZERO);
        guards.before("a step", &mut || false).unwrap();
        assert!(guards.before("a step", &mut || false).is_err());
        assert_eq!(
            guards.supervisor.halted().unwrap(),
            "99.0 MiB free in /arms, 100.0 MiB to be left (--disk-floor), before a step; make room (or take a larger \
             --volume; --order arm-by-arm keeps one strategy on disk at a time)"
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
        assert!(guards.before("a step", &mut || false).is_err());
        signal.join().unwrap();
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(guards.supervisor.halted(), None);
    }

    #[test]
    fn a_floor_passed_during_a_step_halts_the_run_and_a_failure_on_a_full_disk_is_no_failure() {
        let (watched, _) = guards(&[400, 90], Duration::ZERO);
        let _watch = watched.watch("a step");
        let began = Instant::now();
        while watched.supervisor.halted().is_none() {
            assert!(began.elapsed() < Duration::from_secs(5));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(watched.supervisor.halted().unwrap().contains("so a step was ended and is not recorded"));
        let (full, _) = guards(&[90], Duration::ZERO);
        assert!(full.after_failure("a step").is_err() && full.supervisor.halted().is_some());
        let (fine, _) = guards(&[100], Duration::ZERO);
        assert!(fine.after_failure("a step").is_ok() && fine.supervisor.halted().is_none());
    }

    fn watch(readings: &[(u64, Option<u64>)]) -> (Watch, std::sync::mpsc::Receiver<PassedLimit>) {
        let (tripped, reasons) = channel();
        let trip = move |passed| tripped.send(passed).unwrap();
        (Watch::begin(Arc::new(floors()), ScriptedSensors::of(readings), trip), reasons)
    }

    #[test]
    fn a_passed_floor_trips_a_watch_once_and_memory_has_to_be_short_for_a_while() {
        let (_watch, reasons) = watch(&[(400, None), (90, None), (80, None)]);
        assert!(matches!(reasons.recv(), Ok(PassedLimit::Disk { free, .. }) if free == 90 * MIB));
        assert!(reasons.recv().is_err(), "once");
        // Memory is read before free space takes a reading off the script.
        let (_watch, reasons) = watch(&[(101, Some(0)), (101, Some(300)), (101, Some(0)), (101, Some(1))]);
        assert!(matches!(reasons.recv(), Ok(PassedLimit::Memory { available, .. }) if available == MIB));
    }

    #[test]
    fn a_watch_ends_at_once() {
        let began = Instant::now();
        for _ in 0..20 {
            let (watch, reasons) = watch(&[(900, None)]);
            std::thread::sleep(Duration::from_millis(1));
            drop(watch);
            assert!(reasons.recv().is_err(), "nothing was passed");
        }
        assert!(began.elapsed() < 10 * INTERVAL, "{:?}", began.elapsed());
    }
}
