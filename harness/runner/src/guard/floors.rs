//! The limits on this machine, and what readings say to them.

use std::fmt;
use std::path::PathBuf;

use reports::text::bytes;

use super::limits::Percent;

/// A file system that has to keep some room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A directory on it.
    pub path: PathBuf,
    /// Bytes that stay free; 0 for none.
    pub floor: u64,
    /// Whether arms are built there, so that a step takes room from it.
    pub grows: bool,
}

/// What must not be passed.
#[derive(Debug, Clone, Default)]
pub struct Floors {
    /// File systems.
    pub places: Vec<Place>,
    /// Bytes of memory that programs can still have.
    pub memory: Option<u64>,
    /// What others may use of the machine when a step begins.
    pub load: Option<Percent>,
}

/// What was read at one moment. What could not be read is `None` and stops nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Readings {
    /// Bytes free, for each place.
    pub free: Vec<Option<u64>>,
    /// Bytes of memory that programs can still have.
    pub memory: Option<u64>,
    /// The part of the machine's processor time that others used, 0 to 1.
    pub others: Option<f64>,
}

/// A limit that was passed.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Too little room.
    Disk {
        /// The file system.
        place: Place,
        /// Bytes free.
        free: u64,
        /// Bytes that the step is likely to take.
        need: u64,
    },
    /// Too little memory.
    Memory {
        /// Bytes available.
        available: u64,
        /// The floor, bytes.
        floor: u64,
    },
    /// Others use the machine.
    Load {
        /// Their part of its processor time, 0 to 1.
        others: f64,
        /// What is allowed.
        limit: Percent,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |value: &u64| bytes(Some(*value as f64));
        match self {
            Reason::Disk { place, free, need } => {
                write!(f, "{} free in {}, ", size(free), place.path.display())?;
                if *need > 0 {
                    write!(f, "{} likely to be taken by the step, ", size(need))?;
                }
                write!(f, "{} to be left (--disk-floor)", size(&place.floor))
            }
            Reason::Memory { available, floor } => {
                write!(f, "{} of memory available, {} to be left (--memory-floor)", size(available), size(floor))
            }
            Reason::Load { others, limit } => {
                let share = 100.0 * others;
                write!(f, "others use {share:.0} % of the processor time, {limit} are allowed (--max-load)")
            }
        }
    }
}

impl Reason {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Reason::Disk { .. } => {
                "make room (or take a larger --volume; --order arm-by-arm keeps one strategy on disk at a time)"
            }
            Reason::Memory { .. } => "end other programs, or lower --memory-floor",
            Reason::Load { .. } => "wait for a quiet machine, or raise --max-load",
        }
    }
}

/// How far beyond a limit a reading has to be before a run that waits goes on: an eighth of a
/// floor, a fifth of an allowed load.
const MARGIN: u64 = 8;
const CALMER: f64 = 0.8;

impl Floors {
    /// The first limit that these readings pass, where the step to come takes `need` bytes.
    pub fn passed(&self, readings: &Readings, need: u64) -> Option<Reason> {
        self.judge(readings, need, 0, 1.0)
    }

    /// The same, for a run that waited: somewhat more has to be free, and others calmer.
    pub fn not_yet_clear(&self, readings: &Readings, need: u64) -> Option<Reason> {
        self.judge(readings, need, MARGIN, CALMER)
    }

    fn judge(&self, readings: &Readings, need: u64, part: u64, calmer: f64) -> Option<Reason> {
        let above = |floor: u64| floor.saturating_add(floor.checked_div(part).unwrap_or(0));
        let disk = self.places.iter().zip(&readings.free).find_map(|(place, free)| {
            let (free, need) = ((*free)?, if place.grows { need } else { 0 });
            let short = place.floor > 0 && free < above(place.floor).saturating_add(need);
            short.then(|| Reason::Disk { place: place.clone(), free, need })
        });
        let memory = || {
            let (floor, available) = self.memory.zip(readings.memory)?;
            (available < above(floor)).then_some(Reason::Memory { available, floor })
        };
        let load = || {
            let (limit, others) = self.load.zip(readings.others)?;
            (others > limit.share() * calmer).then_some(Reason::Load { others, limit })
        };
        disk.or_else(memory).or_else(load)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    pub fn floors() -> Floors {
        let place = |path: &str, floor, grows| Place { path: path.into(), floor, grows };
        Floors {
            places: vec![place("/arms", 100 * MIB, true), place("/runs", 10 * MIB, false), place("/any", 0, false)],
            memory: Some(200 * MIB),
            load: Some(Percent(10)),
        }
    }

    pub fn fine() -> Readings {
        Readings { free: vec![Some(1000 * MIB), Some(20 * MIB), Some(0)], memory: Some(300 * MIB), others: Some(0.05) }
    }

    #[test]
    fn each_limit_is_told_apart() {
        let told = |readings: &Readings, need| floors().passed(readings, need).map(|reason| reason.to_string());
        assert_eq!(told(&fine(), 0), None);
        assert_eq!(told(&fine(), 900 * MIB), None, "exactly what is there");
        assert_eq!(
            told(&fine(), 901 * MIB).unwrap(),
            "1000.0 MiB free in /arms, 901.0 MiB likely to be taken by the step, 100.0 MiB to be left (--disk-floor)"
        );
        let runs_full = Readings { free: vec![Some(1000 * MIB), Some(9 * MIB), Some(0)], ..fine() };
        assert_eq!(told(&runs_full, 0).unwrap(), "9.0 MiB free in /runs, 10.0 MiB to be left (--disk-floor)");
        let memory = Readings { memory: Some(199 * MIB), ..fine() };
        assert_eq!(told(&memory, 0).unwrap(), "199.0 MiB of memory available, 200.0 MiB to be left (--memory-floor)");
        let load = Readings { others: Some(0.31), ..fine() };
        assert_eq!(told(&load, 0).unwrap(), "others use 31 % of the processor time, 10 % are allowed (--max-load)");
    }

    #[test]
    fn who_waited_goes_on_a_little_later_than_he_would_have_stopped() {
        for almost in [
            Readings { free: vec![Some(105 * MIB), Some(20 * MIB), None], ..fine() },
            Readings { memory: Some(210 * MIB), ..fine() },
            Readings { others: Some(0.09), ..fine() },
        ] {
            assert_eq!(floors().passed(&almost, 0), None);
            assert!(floors().not_yet_clear(&almost, 0).is_some(), "{almost:?}");
        }
        assert_eq!(floors().not_yet_clear(&fine(), 0), None);
    }

    #[test]
    fn what_cannot_be_read_stops_nothing() {
        assert_eq!(floors().passed(&Readings::default(), u64::MAX), None);
    }
}
