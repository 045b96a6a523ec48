//! A store collected by other processes while builds use it: what is gone is a miss, never an
//! error, also where a build directory has links to it.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{CommandOutput, RecordedRun, TestDir, step};
use records::{Outcome, Status, StepRow};

/// Steps beside collection, in this order, again and again: published, linked to, left alone.
const STEPS: [(&str, &str); 3] = [("publish", "each = [\"wipe\"]"), ("link", "each = [\"wipe\"]"), ("stay", "")];
const TIMES: usize = 5;
const BESIDE: usize = STEPS.len() * TIMES;
const UNITS: u64 = 8;

/// Steps after it, while nobody disturbs: links to a full store, of which then half goes, then all.
const AFTERWARDS: [(&str, &str); 10] = [
    ("once-more", "each = [\"wipe\"]"),
    ("refill", "each = [\"wipe\"]"),
    ("linked", "each = [\"wipe\"]"),
    ("halved", "run = { collect = { keep-percent = 50 } }"),
    ("mended", ""),
    ("refill-again", "each = [\"wipe\"]"),
    ("linked-again", "each = [\"wipe\"]"),
    ("emptied", "run = { collect = { keep-percent = 0 } }"),
    ("rebuilt", ""),
    ("fresh", ""),
];

fn scenario() -> String {
    let beside = (0..TIMES).flat_map(|time| STEPS.map(|(name, rest)| step(&format!("{name}{time}"), rest)));
    beside.chain(AFTERWARDS.map(|(name, rest)| step(name, rest))).collect()
}

/// What collections did.
#[derive(Debug, Default)]
struct CollectorCounts {
    collections: u32,
    /// Removed entries.
    evicted: u64,
    /// What they complained about that they should not have.
    complaints: Vec<String>,
}

impl CollectorCounts {
    fn add(&mut self, other: CollectorCounts) {
        self.collections += other.collections;
        self.evicted += other.evicted;
        self.complaints.extend(other.complaints);
    }
}

/// Collects the store of the arm that runs down to `limit`, again and again until `stop`. The
/// one at work then is killed: a collection may be cut off anywhere.
fn collect_until(place: &TestDir, stop: &AtomicBool, limit: &str) -> CollectorCounts {
    let mut collected = CollectorCounts::default();
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
        let said = CommandOutput::of(child.wait_with_output().unwrap());
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

/// Compares while other processes collect, from the first row to the last one beside them.
fn compare_collected(place: &TestDir, strategy: &str) -> (RecordedRun, CollectorCounts) {
    let scenario = place.arg("collected.toml");
    let args = place.compare_args("eight", &["--strategies", strategy, "--scenario", &scenario]);
    let mut harness = place.harness();
    harness.args(args);
    let stop = AtomicBool::new(false);
    let rows = || place.begun_runs().first().map_or(0, |run| RecordedRun::read(run).steps().len());
    let until = |holds: &dyn Fn(usize) -> bool| {
        while !stop.load(Ordering::Relaxed) && !holds(rows()) {
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let said = CommandOutput::of(harness.output().unwrap());
            stop.store(true, Ordering::Relaxed);
            said
        });
        until(&|rows| rows > 0);
        let filled =
            place.begun_runs().first().and_then(|run| RecordedRun::read(run).steps().first()?.store_allocated_bytes);
        let half = format!("{}B", filled.unwrap_or_default() / 2);
        let stop = &stop;
        // One leaves nothing, one leaves half. A build lets them in for moments only.
        let collectors = ["0B", &half].map(|limit| {
            let limit = limit.to_owned();
            scope.spawn(move || collect_until(place, stop, &limit))
        });
        until(&|rows| rows >= BESIDE);
        stop.store(true, Ordering::Relaxed);
        let mut collected = CollectorCounts::default();
        collectors.into_iter().for_each(|collector| collected.add(collector.join().unwrap()));
        let said = run.join().unwrap();
        assert_eq!(said.code, Some(0), "{strategy}: {}\n{}", said.stdout, said.stderr);
        (RecordedRun::read(&place.run_folder()), collected)
    })
}

/// What no row may show, whatever was taken from the store.
fn check_row(row: &StepRow) {
    let at = format!("{} {}: {}", row.strategy, row.step, row.note);
    if row.builds.is_none() {
        assert_eq!(row.status, Status::Ok, "{at}");
        return;
    }
    let emptied = row.status == Status::Invalid && row.note.ends_with("units were admitted and none was hit");
    assert!(row.status == Status::Ok || emptied, "{at}");
    assert_eq!((row.noop_compiled, row.store_intact), (Some(0), Some(true)), "{at}");
    assert_eq!((row.units, row.stale), (Some(UNITS), Some(0)), "{at}");
    assert_eq!(row.fresh.unwrap() + row.compiled.unwrap(), UNITS, "{at}");
    assert!(!row.note.contains("not restored") && !row.note.contains("not published"), "{at}");
}

/// `links` says that the build directory has links to the store, `refused` how many units are not cached.
fn check(strategy: &str, links: bool, refused: u64) {
    let place = TestDir::with("eight", &["eight"]);
    place.scenario("collected", &scenario());
    let (run, collected) = compare_collected(&place, strategy);
    assert_eq!(run.steps().len(), BESIDE + AFTERWARDS.len());
    run.steps().iter().for_each(check_row);
    let compiled = |step: &str| run.step(strategy, step, "eight").compiled.unwrap();
    let counts: Vec<String> =
        run.steps().iter().map(|row| format!("{} {}", row.step, row.compiled.unwrap_or_default())).collect();
    eprintln!("{strategy}: {collected:?}; compiled: {}", counts.join(", "));

    // Collection took part, and builds felt it.
    assert_eq!(collected.complaints, [""; 0], "{strategy}");
    assert!(collected.evicted > UNITS, "{strategy}: {collected:?}");
    let beside: Vec<&str> = run.steps()[..BESIDE].iter().map(|row| row.step.as_str()).collect();
    let mut beside = run.folder.units.iter().filter(|unit| beside.contains(&unit.step.as_str()));
    assert!(beside.any(|unit| unit.outcome == Some(Outcome::Miss) && unit.reason == "evicted"), "{strategy}");

    // A build directory with files of its own needs no store; one with links is built again.
    for time in 0..TIMES {
        let stay = compiled(&format!("stay{time}"));
        assert!(links || stay == 0, "{strategy} stay{time}: {stay}");
    }
    for linked in ["linked", "linked-again"] {
        assert_eq!(compiled(linked), refused, "{strategy} {linked}");
    }
    for lost in ["mended", "rebuilt"] {
        assert_eq!(compiled(lost) > 0, links, "{strategy} {lost}");
    }
    assert_eq!(compiled("fresh"), 0, "{strategy}");
}

#[test]
fn builds_with_hard_links_do_not_fail() {
    check("hardlink+aggressive", false, 0);
}

#[test]
fn builds_with_copies_do_not_fail() {
    check("copy+aggressive@dirs", false, 0);
}

#[test]
fn build_directories_with_links_to_nowhere_are_built_again() {
    check("symlink+aggressive", true, 0);
    // Members are never cached, and depend on links.
    check("symlink+non-local@dirs", true, 2);
}

#[test]
fn build_directories_in_place_of_nothing_are_built_again() {
    check("in-place+aggressive", true, 0);
    check("in-place+aggressive@dirs", true, 0);
}
