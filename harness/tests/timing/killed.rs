//! A run killed again and again, at any moment, ends with the very rows of a run that was left alone.

use std::collections::VecDeque;
use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::support::processes::{at_work, kill, start};
use crate::support::{CommandOutput, RecordedRun, TestDir, lasting, lasting_unit};
use records::Outcome;
use serde_json::Value;

const ARGS: [&str; 4] = ["--seed", "11", "--strategies", "none,hardlink+aggressive,copy+non-local@dirs"];
const KILLS: usize = 20;

/// The kills come at every age of a run, up to this part of its length.
const LATEST: f64 = 0.95;

/// SplitMix64.
struct KillTimes(u64);

impl KillTimes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// One moment in each of as many equal parts of a run's length, in two sweeps from early to
/// late: the second begins with early kills of a run that has most of its rows.
fn moments(length: Duration, random: &mut KillTimes) -> VecDeque<Duration> {
    let mut moment = |part: usize| length.mul_f64(LATEST * (part as f64 + random.part()) / KILLS as f64);
    let (even, odd) = ((0..KILLS).step_by(2), (1..KILLS).step_by(2));
    even.chain(odd).map(&mut moment).collect()
}

/// The lasting part of the rows of a run, in the order in which they are recorded.
#[derive(Debug, PartialEq)]
struct LastingRows {
    steps: Vec<Value>,
    units: Vec<Value>,
}

impl LastingRows {
    fn of(run: &RecordedRun) -> LastingRows {
        let steps = run.steps().iter().map(|row| lasting(row, "")).collect();
        LastingRows { steps, units: run.folder.units.iter().map(|row| lasting_unit(row, "")).collect() }
    }

    /// Whether this is the beginning of another one, so far.
    fn begins(&self, whole: &LastingRows) -> bool {
        whole.steps.starts_with(&self.steps) && whole.units.starts_with(&self.units)
    }
}

fn differences(rows: &LastingRows, expected: &LastingRows) -> String {
    let mut text = String::new();
    for (at, (own, other)) in rows.steps.iter().zip(&expected.steps).enumerate().filter(|(_, (a, b))| a != b) {
        text += &format!("step {at}\n  {own:?}\n  {other:?}\n");
    }
    for (at, (own, other)) in rows.units.iter().zip(&expected.units).enumerate().filter(|(_, (a, b))| a != b) {
        text += &format!("unit {at}\n  {own:?}\n  {other:?}\n");
    }
    let counts = |rows: &LastingRows| (rows.steps.len(), rows.units.len());
    format!("{:?} rows, {:?} expected\n{text}", counts(rows), counts(expected))
}

/// A run that was left alone, and how long it took.
fn reference(place: &TestDir) -> (LastingRows, Duration) {
    let began = Instant::now();
    let said = CommandOutput::of(start(place, "pair", &ARGS).wait_with_output().unwrap());
    let took = began.elapsed();
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let run = RecordedRun::read(&place.run_folder());
    assert_eq!(run.steps().len(), 3 * 3 * 2);
    run.all_ok();
    // There is something to get wrong.
    let units = &run.folder.units;
    for outcome in [Outcome::Hit, Outcome::Miss, Outcome::Refused] {
        assert!(units.iter().any(|unit| unit.outcome == Some(outcome)), "{outcome}");
    }
    let misses = units.iter().filter(|unit| unit.reason == "dependency").map(|unit| unit.because.as_str());
    assert!(misses.clone().count() > 0 && misses.clone().all(|because| because == "base"));
    let rows = LastingRows::of(&run);
    fs::rename(place.at("out"), place.at("reference")).unwrap();
    (rows, took)
}

/// Ends a run that was let live, and compares it.
fn check_ended(place: &TestDir, said: &CommandOutput, expected: &LastingRows, seed: u64) {
    assert_eq!(said.code, Some(0), "seed {seed}: {}", said.stderr);
    let run = RecordedRun::read(&place.begun_runs()[0]);
    assert!(run.folder.info.complete);
    assert_eq!((run.folder.cut.bytes, run.folder.cut.units), (0, 0));
    let rows = LastingRows::of(&run);
    assert!(rows == *expected, "seed {seed}: {}", differences(&rows, expected));
    for left in ["arm", "parked"] {
        assert!(!place.at("work").join(left).exists(), "seed {seed}: {left} is left");
    }
    assert_eq!(at_work(place), [""; 0], "seed {seed}");
}

#[test]
fn twenty_kills_change_no_row() {
    let place = TestDir::with("pair", &["older", "newer"]);
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let (expected, length) = reference(&place);
    eprintln!("seed {seed}; a run left alone takes {length:?}");
    let mut random = KillTimes(seed);
    let mut pending = moments(length, &mut random);
    let mut recorded = Vec::new();
    let mut ended = 0;
    while let Some(moment) = pending.pop_front() {
        let mut child = start(&place, "pair", &ARGS);
        std::thread::sleep(moment);
        if child.try_wait().unwrap().is_some() {
            // The machine was quicker than before: that one counts as a run, and not as a kill.
            check_ended(&place, &CommandOutput::of(child.wait_with_output().unwrap()), &expected, seed);
            ended += 1;
            assert!(ended < KILLS, "seed {seed}: runs end before they are killed");
            fs::rename(place.at("out"), place.at(&format!("ended-{ended}"))).unwrap();
            pending.push_back(length.mul_f64(LATEST * random.part()));
            continue;
        }
        kill(child, &place);
        let rows = place.begun_runs().first().map(|run| LastingRows::of(&RecordedRun::read(run)));
        assert!(rows.iter().all(|rows| rows.begins(&expected)), "seed {seed}: killed after {moment:?}");
        recorded.push(rows.map_or(0, |rows| rows.steps.len()));
    }
    assert_eq!(recorded.len(), KILLS);
    eprintln!("rows recorded at each kill: {recorded:?}; {ended} runs ended before");
    let said = CommandOutput::of(start(&place, "pair", &ARGS).wait_with_output().unwrap());
    check_ended(&place, &said, &expected, seed);
}
