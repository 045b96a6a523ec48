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
    let (guards, said) = guards(&[50, 60, 200], Duration::from_secs(120));
    guards.before("a step", 0, &mut || false).unwrap();
    let said = said.borrow();
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(
        said[0],
        "note: a step waits for up to 2 minutes (--guard-wait): 50.0 MiB free in /arms, 100.0 MiB to be left \
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
