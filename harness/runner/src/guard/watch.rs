//! During a step: a thread that reads free space and memory, and ends the step in time.
//!
//! It must not disturb what is measured. A look is one `statvfs` per file system and, where
//! there is a memory floor, one read of `/proc/meminfo`; between looks it sleeps. It sleeps
//! the longer the more room there is: so long that a disk which is written at `FASTEST`
//! would just reach the floor, within `SHORTEST` and `LONGEST`. METHODOLOGY.md has its cost.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::floors::{Floors, Readings, Reason};
use super::sensors::Sensors;

/// Bytes a second that no build is expected to write.
const FASTEST: u64 = 2 << 30;

/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(20);

/// The longest.
const LONGEST: Duration = Duration::from_millis(250);

/// How many looks in a row memory has to be short: a linker may take much for a moment.
const STRIKES: u32 = 2;

/// How long until the next look, given the free bytes above the floor that is nearest.
fn pause(room: u64) -> Duration {
    Duration::from_secs_f64(room as f64 / FASTEST as f64).clamp(SHORTEST, LONGEST)
}

/// The least room above any floor, bytes.
fn room(floors: &Floors, free: &[Option<u64>]) -> u64 {
    let watched = floors.places.iter().zip(free).filter(|(place, _)| place.floor > 0);
    watched.filter_map(|(place, free)| Some((*free)?.saturating_sub(place.floor))).min().unwrap_or(u64::MAX)
}

/// What looks at readings one after the other.
#[derive(Debug, Default)]
struct Watcher {
    short_of_memory: u32,
    /// The least that was free in the places where a step grows, bytes.
    lowest: Option<u64>,
}

impl Watcher {
    /// Takes in one look; a reason to end the step, or how long to wait for the next.
    fn look(&mut self, floors: &Floors, readings: &Readings) -> Result<Duration, Reason> {
        let growing = floors.places.iter().zip(&readings.free).filter(|(place, _)| place.grows);
        let free = growing.filter_map(|(_, free)| *free).min();
        self.lowest = self.lowest.into_iter().chain(free).min();
        match floors.passed(readings, 0) {
            Some(reason @ Reason::Memory { .. }) => {
                self.short_of_memory += 1;
                if self.short_of_memory >= STRIKES { Err(reason) } else { Ok(LONGEST) }
            }
            Some(reason) => Err(reason),
            None => {
                self.short_of_memory = 0;
                Ok(pause(room(floors, &readings.free)))
            }
        }
    }
}

/// A step that is watched, until this is dropped or ended.
#[derive(Debug)]
pub struct Watch {
    stop: Sender<()>,
    thread: Option<JoinHandle<Watcher>>,
    /// Free where arms are built when it began, bytes.
    before: Option<u64>,
}

impl Watch {
    /// Begins to watch; `trip` is called once, when a floor is passed.
    pub fn begin(floors: Arc<Floors>, sensors: Arc<dyn Sensors>, trip: impl FnOnce(Reason) + Send + 'static) -> Watch {
        let (stop, stopped) = channel();
        let read = move |sensors: &dyn Sensors, floors: &Floors| Readings {
            free: sensors.free(),
            memory: floors.memory.and_then(|_| sensors.memory()),
            others: None,
        };
        let mut watcher = Watcher::default();
        // The first look is made here: what is free before is known before anything grows.
        let first = watcher.look(&floors, &read(&*sensors, &floors));
        let before = watcher.lowest;
        let thread = std::thread::Builder::new().name("guard".into()).spawn(move || {
            let mut next = first;
            loop {
                match next {
                    Err(reason) => {
                        trip(reason);
                        return watcher;
                    }
                    Ok(pause) => {
                        if !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
                            return watcher;
                        }
                    }
                }
                next = watcher.look(&floors, &read(&*sensors, &floors));
            }
        });
        // Without a thread there is no watching, and the step goes on as it always did.
        Watch { stop, thread: thread.ok(), before }
    }

    /// Ends it; how far free space fell at most where arms are built, bytes.
    pub fn end(mut self) -> Option<u64> {
        let lowest = self.join()?.lowest?;
        Some(self.before?.saturating_sub(lowest))
    }

    fn join(&mut self) -> Option<Watcher> {
        let _ = self.stop.send(());
        self.thread.take()?.join().ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.join();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::super::floors::tests::{fine, floors};
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_nearer_the_floor_the_shorter_the_sleep() {
        assert_eq!(pause(0), SHORTEST);
        assert_eq!(pause(u64::MAX), LONGEST);
        assert_eq!(pause(400 * MIB).as_millis(), 195);
        let last = SHORTEST.as_secs_f64() * FASTEST as f64;
        assert!(last < (64 * MIB) as f64, "the default floor of a volume of 1 GiB lasts for a look: {last}");
    }

    #[test]
    fn places_without_a_floor_are_not_looked_at() {
        assert_eq!(room(&floors(), &fine().free), 10 * MIB);
        assert_eq!(room(&floors(), &[None, None, Some(0)]), u64::MAX);
    }

    #[test]
    fn memory_has_to_be_short_twice_and_the_disk_once() {
        let short = Readings { memory: Some(0), ..fine() };
        let mut watcher = Watcher::default();
        for _ in 0..3 {
            assert!(watcher.look(&floors(), &short).is_ok(), "for a moment");
            assert!(watcher.look(&floors(), &fine()).is_ok());
        }
        assert!(watcher.look(&floors(), &short).is_ok());
        assert!(matches!(watcher.look(&floors(), &short), Err(Reason::Memory { .. })));
        let full = Readings { free: vec![Some(99 * MIB), Some(20 * MIB), None], ..fine() };
        assert!(matches!(Watcher::default().look(&floors(), &full), Err(Reason::Disk { .. })));
    }

    /// Free space falls by 100 MiB a look and comes back.
    #[derive(Debug)]
    struct Falling(Mutex<Vec<u64>>);

    impl Sensors for Falling {
        fn free(&self) -> Vec<Option<u64>> {
            let mut story = self.0.lock().unwrap();
            let free = if story.len() > 1 { story.remove(0) } else { story[0] };
            vec![Some(free * MIB), Some(20 * MIB), None]
        }
        fn memory(&self) -> Option<u64> {
            None
        }
        fn others(&self, _: Duration) -> Option<f64> {
            None
        }
    }

    fn watch(story: &[u64]) -> (Watch, std::sync::mpsc::Receiver<Reason>) {
        let (told, reasons) = channel();
        let sensors = Arc::new(Falling(Mutex::new(story.to_vec())));
        (Watch::begin(Arc::new(floors()), sensors, move |reason| told.send(reason).unwrap()), reasons)
    }

    #[test]
    fn a_floor_that_is_passed_trips_it_once() {
        let (watch, reasons) = watch(&[400, 300, 90, 80]);
        assert!(matches!(reasons.recv(), Ok(Reason::Disk { free, .. }) if free == 90 * MIB));
        assert!(reasons.recv().is_err(), "once");
        assert_eq!(watch.end(), Some(310 * MIB));
    }

    #[test]
    fn it_ends_at_once_and_knows_how_far_free_space_fell() {
        let (watch, reasons) = watch(&[400, 150, 900]);
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        assert_eq!(watch.end(), Some(250 * MIB));
        assert!(began.elapsed() < LONGEST / 2, "{:?}", began.elapsed());
        assert!(reasons.recv().is_err(), "nothing was passed");
    }
}
