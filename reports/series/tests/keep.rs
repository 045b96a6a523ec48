//! A series on disk: damage is told in one line, rebuilding gives the same answers, a kill at
//! any moment loses nothing.
#![allow(missing_docs, clippy::unwrap_used)]

mod made;

use std::fs;
use std::process::Command;

use made::{Made, run};
use reports::stats::Random;
use series::keep::{Added, How, Moment};
use series::{Series, SeriesError};

/// A series of so many runs in a directory of its own.
fn filled(runs: u32) -> (tempfile::TempDir, Series) {
    let dir = tempfile::tempdir().unwrap();
    let series = Series::at(dir.path().join("series"));
    for day in 0..runs {
        let source = run(&dir.path().join("runs"), &Made::day(day));
        assert!(matches!(series.add(&source, How::Copy).unwrap(), Added::New(_)));
    }
    (dir, series)
}

fn line(error: &SeriesError) -> String {
    let said = error.to_string();
    assert!(!said.contains('\n'), "{said}");
    said
}

#[test]
fn a_run_is_added_once_and_never_changed() {
    let (dir, series) = filled(2);
    let source = dir.path().join("runs").join(Made::day(1).name());
    assert!(matches!(series.add(&source, How::Copy).unwrap(), Added::Known(_)));
    let before = series.read().unwrap();
    assert_eq!(before.entries.len(), 2);
    assert!(before.entries.iter().all(|entry| entry.ok_rows == 12 && entry.points.len() == 9), "{before:?}");
    // The same name with other content.
    run(&dir.path().join("other"), &Made { slower: 1.5, ..Made::day(1) });
    let refused = series.add(&dir.path().join("other").join(Made::day(1).name()), How::Copy).unwrap_err();
    assert!(line(&refused).contains("nothing is overwritten"), "{refused}");
    assert_eq!(series.read().unwrap(), before);
    assert_eq!(series.check().unwrap().wrong, Vec::<String>::new());
    // The database itself refuses.
    let connection = rusqlite::Connection::open(series.database()).unwrap();
    for statement in ["UPDATE point SET wall_s = 1", "DELETE FROM run", "UPDATE run SET name = 'x'"] {
        assert!(connection.execute(statement, []).unwrap_err().to_string().contains("nothing is"), "{statement}");
    }
}

#[test]
fn names_that_lead_elsewhere_and_runs_that_are_not_done_are_refused() {
    let (dir, series) = filled(1);
    for name in ["../x", "a/b", ".hidden", "", "a\nb"] {
        let source = run(&dir.path().join("bad"), &Made { called: Some(name.into()), ..Made::day(7) });
        assert!(line(&series.add(&source, How::Copy).unwrap_err()).contains("cannot be called"), "{name:?}");
    }
    let source = run(&dir.path().join("bad"), &Made { complete: false, ..Made::day(7) });
    assert!(line(&series.add(&source, How::Copy).unwrap_err()).contains("--resume"));
    assert_eq!(series.read().unwrap().entries.len(), 1);
}

#[test]
fn the_order_of_adding_does_not_matter() {
    let (dir, forward) = filled(9);
    let backward = Series::at(dir.path().join("backward"));
    for day in (0..9).rev() {
        backward.add(&dir.path().join("runs").join(Made::day(day).name()), How::Copy).unwrap();
    }
    assert_eq!(forward.read().unwrap(), backward.read().unwrap());
}

#[test]
fn every_kind_of_damage_is_one_line_and_rebuilding_gives_the_same_answers() {
    let (_dir, series) = filled(6);
    let (path, before) = (series.database(), series.read().unwrap());
    let good = fs::read(&path).unwrap();
    let newer = [&good[..60], &9u32.to_be_bytes(), &good[64..]].concat();
    let foreign = [&good[..68], b"none", &good[72..]].concat();
    let cases: [(&str, Option<Vec<u8>>, &str); 6] = [
        ("gone", None, "is gone"),
        ("empty", Some(Vec::new()), "damaged"),
        ("cut", Some(good[..good.len() / 2].to_vec()), "damaged"),
        ("text", Some(b"run,step\n".repeat(99)), "is no database of a series"),
        ("another program's", Some(foreign), "is no database of a series"),
        ("newer", Some(newer), "update the harness"),
    ];
    for (what, bytes, said) in cases {
        match &bytes {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        let error = series.read().unwrap_err();
        assert!(line(&error).contains(said), "{what}: {error}");
        if what == "newer" {
            assert!(line(&series.rebuild().unwrap_err()).contains("update the harness"));
            assert!(matches!(
                series.add(&series.dir().join("runs").join(Made::day(1).name()), How::Copy),
                Err(SeriesError::Newer { .. })
            ));
            continue;
        }
        assert!(line(&error).contains("rebuild"), "{what}: {error}");
        let rebuilt = series.rebuild().unwrap();
        assert_eq!(
            (rebuilt.runs, rebuilt.set_aside.is_some(), rebuilt.left_out.len()),
            (6, bytes.is_some(), 0),
            "{what}"
        );
        assert_eq!(rebuilt.set_aside.map(|aside| fs::read(aside).unwrap()), bytes, "{what}: set aside as it was");
        assert_eq!(series.read().unwrap(), before, "{what}");
    }
}

#[test]
fn no_flipped_byte_gives_another_answer() {
    let (_dir, series) = filled(6);
    let (path, before) = (series.database(), series.read().unwrap());
    let good = fs::read(&path).unwrap();
    let mut random = Random::new(11);
    let mut told = 0;
    for _ in 0..600 {
        let mut bytes = good.clone();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        fs::write(&path, &bytes).unwrap();
        match series.read() {
            // Room between cells is nobody's.
            Ok(contents) => assert_eq!(contents, before, "byte {at}"),
            Err(error) => {
                line(&error);
                told += 1;
            }
        }
    }
    assert!(told > 100, "{told} of 600 flips were told");
    fs::write(&path, &good).unwrap();
    // Rows that are well-formed and wrong.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("DROP TRIGGER point_kept; UPDATE point SET wall_s = wall_s * 1.01 WHERE run = 3").unwrap();
    drop(connection);
    assert!(line(&series.read().unwrap_err()).contains("is not what was put there"));
    series.rebuild().unwrap();
    assert_eq!(series.read().unwrap(), before);
}

#[test]
fn a_folder_that_was_changed_or_lost_is_told() {
    let (dir, series) = filled(3);
    let kept = |day: u32| series.dir().join("runs").join(Made::day(day).name());
    run(&dir.path().join("other"), &Made { slower: 1.5, ..Made::day(0) });
    let other = dir.path().join("other").join(Made::day(0).name()).join("steps.csv");
    fs::copy(other, kept(0).join("steps.csv")).unwrap();
    fs::remove_dir_all(kept(1)).unwrap();
    let wrong = series.check().unwrap().wrong;
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].contains("was changed after it was added") && wrong[1].contains("is gone"), "{wrong:?}");
}

#[test]
fn a_linked_run_is_read_where_it_is() {
    let (dir, series) = filled(1);
    let source = run(&dir.path().join("runs"), &Made::day(1));
    series.add(&source, How::Link).unwrap();
    let before = series.read().unwrap();
    assert!(!series.dir().join("runs").join(Made::day(1).name()).join("steps.csv").exists());
    series.rebuild().unwrap();
    assert_eq!(series.read().unwrap(), before);
    fs::remove_dir_all(&source).unwrap();
    let rebuilt = series.rebuild().unwrap();
    assert_eq!((rebuilt.runs, rebuilt.left_out.len()), (1, 1));
    assert!(rebuilt.left_out[0].1.contains("there is no such folder"), "{rebuilt:?}");
}

/// Not a test of its own: the process that [`a_kill_at_any_moment_loses_nothing`] starts, and
/// that ends itself as a kill would, without any clean-up.
#[test]
fn killed() {
    let Ok(asked) = std::env::var("SERIES_KILLED") else { return };
    let parts: Vec<&str> = asked.split('|').collect();
    let mut end = |moment: Moment| {
        if format!("{moment:?}") == parts[2] {
            std::process::abort();
        }
    };
    Series::at(parts[0]).add_until(parts[1].as_ref(), How::Copy, &mut end).unwrap();
}

#[test]
fn a_kill_at_any_moment_loses_nothing() {
    for (moment, unknown) in [("Staged", 0), ("Renamed", 1), ("Inserted", 1)] {
        let (dir, series) = filled(3);
        let before = series.read().unwrap();
        let source = run(&dir.path().join("runs"), &Made::day(3));
        let asked = format!("{}|{}|{moment}", series.dir().display(), source.display());
        let mut child = Command::new(std::env::current_exe().unwrap());
        let ended = child.args(["--exact", "killed"]).env("SERIES_KILLED", asked).output().unwrap().status;
        assert!(!ended.success(), "{moment}");
        let after = series.read().unwrap();
        assert_eq!((&after.entries, after.unknown.len()), (&before.entries, unknown), "{moment}");
        // The same add, or any other, mends it.
        series.add(&source, How::Copy).unwrap();
        let mended = series.read().unwrap();
        assert_eq!((mended.entries.len(), mended.unknown.len()), (4, 0), "{moment}");
        assert_eq!(series.check().unwrap().wrong, Vec::<String>::new());
        series.rebuild().unwrap();
        assert_eq!(series.read().unwrap(), mended, "{moment}");
    }
}

#[test]
fn adds_at_the_same_time_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let series = Series::at(dir.path().join("series"));
    let sources: Vec<_> = (0..12).map(|day| run(&dir.path().join("runs"), &Made::day(day))).collect();
    std::thread::scope(|scope| {
        for part in sources.chunks(3) {
            let series = series.clone();
            scope.spawn(move || part.iter().for_each(|source| drop(series.add(source, How::Copy).unwrap())));
        }
    });
    assert_eq!(series.read().unwrap().entries.len(), 12);
    assert_eq!(series.check().unwrap().wrong, Vec::<String>::new());
}
