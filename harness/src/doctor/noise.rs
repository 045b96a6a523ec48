//! A short A/A: the same small job under two names, taking turns.
//!
//! The job is what a restoring step does, in small: read and write files, hash their content.
//! Its two series differ by nothing but chance, so the median of their paired differences is
//! what this machine makes of no difference at all. A single difference between strategies
//! below it says nothing; more rounds find smaller ones.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often each of the two runs.
pub const PAIRS: usize = 20;

/// Files a job writes and reads, and bytes of each.
const FILES: usize = 48;
const FILE_BYTES: usize = 64 << 10;

/// Bytes a job hashes besides, several times.
const BUFFER_BYTES: usize = 8 << 20;
const HASHES: usize = 4;

/// What the A/A found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Median of the relative differences between the two of a pair, 0 to 2.
    pub median: f64,
    /// The largest of them.
    pub largest: f64,
    /// Seconds of a job, median.
    pub job_s: f64,
}

impl Noise {
    /// From the seconds of each pair; `None` without any.
    pub fn of(pairs: &[(f64, f64)]) -> Option<Noise> {
        let sorted = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values
        };
        let differences = sorted(pairs.iter().map(|(a, b)| (a - b).abs() / ((a + b) / 2.0)).collect());
        let seconds = sorted(pairs.iter().flat_map(|(a, b)| [*a, *b]).collect());
        Some(Noise { median: median(&differences)?, largest: *differences.last()?, job_s: median(&seconds)? })
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        _ if sorted.is_empty() => None,
        0 => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        _ => Some(sorted[middle]),
    }
}

/// Runs the A/A in a temporary directory below `dir`. `go_on` is asked before every pair.
///
/// # Errors
/// When files cannot be written there, or `go_on` says no.
pub fn measure(dir: &Path, mut go_on: impl FnMut() -> io::Result<()>) -> io::Result<Option<Noise>> {
    let dir = tempfile::Builder::new().prefix(".noise-").tempdir_in(dir)?;
    let buffer: Vec<u8> = (0..BUFFER_BYTES).map(|n| (n % 251) as u8).collect();
    job(dir.path(), &buffer)?; // Caches and clocks warm up.
    let mut pairs = Vec::new();
    for number in 0..PAIRS {
        go_on()?;
        let first = job(dir.path(), &buffer)?.as_secs_f64();
        let second = job(dir.path(), &buffer)?.as_secs_f64();
        // Who goes first alternates, so that being first favours neither.
        pairs.push(if number % 2 == 0 { (first, second) } else { (second, first) });
    }
    Ok(Noise::of(&pairs))
}

fn job(dir: &Path, buffer: &[u8]) -> io::Result<Duration> {
    let started = Instant::now();
    for number in 0..HASHES {
        std::hint::black_box(strategies::key::Digest::of(&buffer[number..]));
    }
    for number in 0..FILES {
        let path = dir.join(number.to_string());
        fs::write(&path, &buffer[number..number + FILE_BYTES])?;
        std::hint::black_box(strategies::key::Digest::of(&fs::read(&path)?));
        fs::remove_file(&path)?;
    }
    Ok(started.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_difference_is_relative_and_has_no_side() {
        assert_eq!(Noise::of(&[]), None);
        assert_eq!(Noise::of(&[(1.0, 1.0)]).unwrap().median, 0.0);
        let a = Noise::of(&[(0.9, 1.1), (1.1, 0.9), (1.0, 1.0), (1.0, 3.0)]).unwrap();
        assert!((a.median - 0.2).abs() < 1e-9, "{a:?}");
        assert!((a.largest - 1.0).abs() < 1e-9 && a.job_s == 1.0, "{a:?}");
    }

    #[test]
    fn the_job_runs_leaves_nothing_and_stops_when_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut asked = 0;
        let noise = measure(dir.path(), || {
            asked += 1;
            Ok(())
        });
        let noise = noise.unwrap().unwrap();
        assert_eq!(asked, PAIRS);
        assert!(noise.job_s > 0.0 && noise.median <= noise.largest, "{noise:?}");
        assert!(measure(dir.path(), || Err(io::Error::other("enough"))).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
