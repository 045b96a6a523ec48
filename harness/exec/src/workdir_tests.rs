use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::process::{CommandSpec, run};

fn refusal(path: &Path, floor: u64) -> String {
    let error = WorkDir::acquire(path, floor).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn a_fresh_directory_is_made_locked_and_released() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("not/yet");
    let work = WorkDir::acquire(&path, 1).unwrap();
    assert!(work.path().is_absolute() && work.path().join("CACHEDIR.TAG").is_file());
    let error = refusal(&path, 1);
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    drop(work);
    assert_eq!(WorkDir::acquire(&path, 1).unwrap().orphans_ended(), 0);
}

#[test]
fn a_workspace_above_is_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Cargo.toml"), "[workspace]").unwrap();
    let path = dir.path().join("target/work");
    let error = refusal(&path, 1);
    assert!(error.contains("inside the Cargo workspace of") && error.contains("Cargo.toml"));
    assert!(!dir.path().join("target").exists());
}

#[test]
fn a_configuration_above_is_refused_with_its_tables() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".cargo")).unwrap();
    std::fs::write(dir.path().join(".cargo/config.toml"), "[build]\njobs = 1\n").unwrap();
    let error = refusal(&dir.path().join("work"), 1);
    assert!(error.contains(".cargo/config.toml would leak [build]"), "{error}");
}

#[test]
fn too_little_room_and_a_place_that_cannot_be_written_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(dir.path(), u64::MAX);
    assert!(error.contains("MiB free"), "{error}");
    assert!(refusal(Path::new("/proc/work"), 1).contains("cannot make /proc/work"));
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(refusal(&file.join("below"), 1).contains("cannot make"));
    if rustix::process::geteuid().is_root() {
        skip::skip("the read-only directory", "root writes everywhere: run it as another user");
        return;
    }
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    assert!(refusal(&dir.path().join("w"), 1).contains("choose a writable"));
}

#[test]
fn a_leak_moves_the_default_only_when_there_is_a_better_place() {
    let cache = Path::new("/home/me/.cache");
    let leaks_below = |prefix: &'static str| {
        move |path: &Path| {
            let leak = Inherited::Config("/home/me/.cargo/config.toml".into(), vec![]);
            path.starts_with(prefix).then_some(leak)
        }
    };
    let usual = default_below(cache, &leaks_below("/elsewhere"));
    assert_eq!(usual.path, cache.join(NAME));
    assert_eq!(usual.note, None);
    let moved = default_below(cache, &leaks_below("/home"));
    assert!(moved.path.starts_with("/var/tmp") && moved.note.unwrap().contains("config.toml"));
    assert_eq!(default_below(cache, &leaks_below("/")), usual);
}

/// Started by the next test in a process of its own, to be SIGKILLed there.
#[test]
#[ignore = "a helper of `a_killed_runs_processes_are_ended_by_the_next`"]
fn helper_owns_a_directory_and_runs_a_tree() {
    let Some(path) = std::env::var_os("HARNESS_TEST_WORK") else { return };
    let supervisor = Supervisor::new();
    let work = WorkDir::acquire(Path::new(&path), 1).unwrap();
    work.track(&supervisor);
    let spec =
        CommandSpec::new("/bin/sh", work.path()).args(["-c", "sleep 987 & echo $!; wait"]).env("PATH", "/usr/bin:/bin");
    let _ = run(&spec, &supervisor, &mut |_, line| {
        println!("tree {line} {}", supervisor.guardian_pid().unwrap());
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_runs_processes_are_ended_by_the_next() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let mut helper = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("system::workdir::tests::helper_owns_a_directory_and_runs_a_tree")
        .env("HARNESS_TEST_WORK", dir.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(helper.stdout.take().unwrap()).lines();
    let tree = lines.find_map(|line| Some(line.unwrap().split_once("tree ")?.1.to_owned())).unwrap();
    let (grandchild, guardian) = tree.split_once(' ').unwrap();
    let grandchild = Identity::of(grandchild.parse().unwrap());
    assert!(refusal(dir.path(), 1).contains(&format!("process {}", helper.id())));
    // The worst case: the guardian is killed first, then the harness.
    let guardian = rustix::process::Pid::from_raw(guardian.parse().unwrap()).unwrap();
    rustix::process::kill_process(guardian, rustix::process::Signal::KILL).unwrap();
    helper.kill().unwrap();
    helper.wait().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(grandchild.is_alive());
    let work = WorkDir::acquire(dir.path(), 1).unwrap();
    assert_eq!(work.orphans_ended(), 2, "the shell and its child");
    assert!(!grandchild.is_alive());
}
