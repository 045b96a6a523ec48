//! A series on disk: its folders decide everything, and an interruption loses nothing.
#![allow(missing_docs, clippy::unwrap_used)]

mod made;

use std::fs;
use std::path::PathBuf;

use made::{MadeRun, run};
use series::series::{AddMode, AddedRun};
use series::{Series, SeriesError};

fn filled(runs: u32) -> (tempfile::TempDir, Series) {
    let dir = tempfile::tempdir().unwrap();
    let series = Series::at(dir.path().join("series"));
    for day in 0..runs {
        let source = run(&dir.path().join("runs"), &MadeRun::day(day));
        assert!(matches!(series.add(&source, AddMode::Copy).unwrap(), AddedRun::New(_)));
    }
    (dir, series)
}

fn folder(series: &Series, day: u32) -> PathBuf {
    series.dir().join("runs").join(MadeRun::day(day).name())
}

fn line(error: &SeriesError) -> String {
    let said = error.to_string();
    assert!(!said.contains('\n'), "{said}");
    said
}

#[test]
fn a_run_is_added_once_and_never_changed() {
    let (dir, series) = filled(2);
    let source = dir.path().join("runs").join(MadeRun::day(1).name());
    assert!(matches!(series.add(&source, AddMode::Copy).unwrap(), AddedRun::Present(_)));
    let before = series.read().unwrap();
    assert_eq!((before.entries.len(), before.unreadable.len()), (2, 0));
    assert!(before.entries.iter().all(|entry| entry.ok_rows == 12 && entry.points.len() == 9), "{before:?}");
    // The same name with other content.
    run(&dir.path().join("other"), &MadeRun { slower: 1.5, ..MadeRun::day(1) });
    let other = dir.path().join("other").join(MadeRun::day(1).name());
    let refused = series.add(&other, AddMode::Copy).unwrap_err();
    assert!(line(&refused).contains("nothing is overwritten"), "{refused}");
    assert_eq!(series.read().unwrap(), before);
}

#[test]
fn names_that_lead_elsewhere_and_runs_that_are_not_done_are_refused() {
    let (dir, series) = filled(1);
    for name in ["../x", "a/b", ".hidden", "", "a\nb"] {
        let source = run(&dir.path().join("bad"), &MadeRun { called: Some(name.into()), ..MadeRun::day(7) });
        assert!(line(&series.add(&source, AddMode::Copy).unwrap_err()).contains("cannot be called"), "{name:?}");
    }
    let source = run(&dir.path().join("bad"), &MadeRun { complete: false, ..MadeRun::day(7) });
    assert!(line(&series.add(&source, AddMode::Copy).unwrap_err()).contains("--resume"));
    let upper = Some(MadeRun::day(0).name().to_uppercase());
    let source = run(&dir.path().join("bad"), &MadeRun { called: upper, ..MadeRun::day(7) });
    assert!(
        matches!(series.add(&source, AddMode::Copy), Err(SeriesError::OtherContent(_))),
        "one folder on some systems"
    );
    assert_eq!(series.read().unwrap().entries.len(), 1);
}

#[test]
fn the_order_of_adding_does_not_matter() {
    let (dir, forward) = filled(9);
    let backward = Series::at(dir.path().join("backward"));
    for day in (0..9).rev() {
        backward.add(&dir.path().join("runs").join(MadeRun::day(day).name()), AddMode::Copy).unwrap();
    }
    assert_eq!(forward.read().unwrap(), backward.read().unwrap());
}

#[test]
fn a_folder_that_was_changed_is_read_again_and_one_that_is_damaged_is_named() {
    let (dir, series) = filled(4);
    let before = series.read().unwrap();
    run(&dir.path().join("other"), &MadeRun { slower: 1.5, ..MadeRun::day(0) });
    let other = dir.path().join("other").join(MadeRun::day(0).name()).join("steps.csv");
    fs::copy(other, folder(&series, 0).join("steps.csv")).unwrap();
    fs::remove_dir_all(folder(&series, 1)).unwrap();
    fs::write(folder(&series, 2).join("run.json"), "{").unwrap();
    fs::rename(folder(&series, 3), series.dir().join("runs/renamed")).unwrap();
    let after = series.read().unwrap();
    assert_eq!(after.entries.len(), 1);
    assert!(after.entries[0].name == before.entries[0].name && after.entries[0].points != before.entries[0].points);
    let named: Vec<&str> = after.unreadable.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(named, [MadeRun::day(2).name().as_str(), "renamed"]);
    assert!(after.unreadable.iter().all(|(_, why)| !why.is_empty() && !why.contains('\n')), "{after:?}");
    assert!(after.unreadable[1].1.contains("rename the folder"), "{after:?}");
    assert_eq!(series.read().unwrap(), after, "the second time, too");
    let source = dir.path().join("runs").join(MadeRun::day(2).name());
    assert!(matches!(series.add(&source, AddMode::Copy), Err(SeriesError::OtherContent(_))), "nothing is overwritten");
}

#[test]
fn a_linked_run_is_read_where_it_is() {
    let (dir, series) = filled(1);
    let source = run(&dir.path().join("runs"), &MadeRun::day(1));
    series.add(&source, AddMode::Link).unwrap();
    assert_eq!(series.read().unwrap().entries.len(), 2);
    assert!(!folder(&series, 1).join("steps.csv").exists());
    assert_eq!(series.tables_of(&MadeRun::day(1).name()).unwrap(), source.canonicalize().unwrap());
    fs::remove_dir_all(&source).unwrap();
    let after = series.read().unwrap();
    assert_eq!((after.entries.len(), after.unreadable.len()), (1, 1));
    assert!(after.unreadable[0].1.contains("there is no such folder"), "{after:?}");
}

/// What an add leaves that is killed while it copies: a folder with a temporary name.
#[test]
fn an_interrupted_add_leaves_no_run_and_the_next_one_adds_it() {
    let (dir, series) = filled(3);
    let before = series.read().unwrap();
    let source = run(&dir.path().join("runs"), &MadeRun::day(3));
    let staged = series.dir().join("runs").join(format!(".staged-{}", MadeRun::day(3).name()));
    fs::create_dir_all(&staged).unwrap();
    fs::copy(source.join("run.json"), staged.join("run.json")).unwrap();
    fs::write(staged.join("half.csv"), "run,st").unwrap();
    assert_eq!(series.read().unwrap(), before);
    series.add(&source, AddMode::Copy).unwrap();
    let after = series.read().unwrap();
    assert_eq!((after.entries.len(), after.unreadable.len()), (4, 0));
    assert!(!staged.exists() && !folder(&series, 3).join("half.csv").exists());
}

/// Series of earlier harnesses have a database or an index beside their folders.
#[test]
fn a_series_with_a_database_or_an_index_is_read_from_its_folders() {
    let (_dir, series) = filled(3);
    let before = series.read().unwrap();
    fs::write(series.dir().join("index.json"), "{").unwrap();
    let database = series.dir().join("series.sqlite");
    fs::write(&database, b"SQLite format 3\0 and more").unwrap();
    assert_eq!(series.read().unwrap(), before);
    assert!(database.is_file(), "left where it is");
}

#[test]
fn adds_at_the_same_time_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let series = Series::at(dir.path().join("series"));
    let sources: Vec<_> = (0..12).map(|day| run(&dir.path().join("runs"), &MadeRun::day(day))).collect();
    std::thread::scope(|scope| {
        for part in sources.chunks(3) {
            let series = series.clone();
            scope.spawn(move || {
                for source in part {
                    series.add(source, AddMode::Copy).unwrap();
                    series.read().unwrap();
                }
            });
        }
    });
    let contents = series.read().unwrap();
    assert_eq!((contents.entries.len(), contents.unreadable.len()), (12, 0));
}
