use std::os::unix::fs::PermissionsExt;

use super::*;

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
    assert_eq!(WorkDir::acquire(&path, 1).unwrap().leftovers_ended, 0);
}

#[test]
fn a_configuration_or_workspace_above_is_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".cargo")).unwrap();
    std::fs::write(dir.path().join(".cargo/config.toml"), "[build]\njobs = 1\n").unwrap();
    let path = dir.path().join("target/work");
    let error = refusal(&path, 1);
    assert!(error.contains(".cargo/config.toml would leak [build]"), "{error}");
    std::fs::write(dir.path().join("Cargo.toml"), "[workspace]").unwrap();
    let error = refusal(&path, 1);
    assert!(error.contains("inside the Cargo workspace of") && error.contains("Cargo.toml"));
    assert!(!dir.path().join("target").exists());
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
            let leak = InheritedConfig::Config("/home/me/.cargo/config.toml".into(), vec![]);
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

fn tree(config: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().canonicalize().unwrap().join("home/cache/work");
    std::fs::create_dir_all(&deep).unwrap();
    let cargo = dir.path().join("home/.cargo");
    std::fs::create_dir(&cargo).unwrap();
    std::fs::write(cargo.join("config.toml"), config).unwrap();
    (dir, deep)
}

#[test]
fn a_manifest_above_is_found_at_any_height() {
    let (dir, deep) = tree("");
    assert_eq!(inherited_beside(&deep, None), None);
    let manifest = dir.path().canonicalize().unwrap().join("Cargo.toml");
    std::fs::write(&manifest, "").unwrap();
    assert_eq!(inherited_beside(&deep, None), Some(InheritedConfig::Workspace(manifest)));
}

#[test]
fn only_tables_that_change_builds_matter_and_in_the_users_home_not_what_the_private_one_takes_over() {
    let (dir, deep) = tree("[alias]\nb = 'build'\n[build]\njobs = 1\n[profile.dev]\n");
    let Some(InheritedConfig::Config(file, tables)) = inherited_beside(&deep, None) else { panic!("not found") };
    assert!(file.ends_with("home/.cargo/config.toml"));
    assert_eq!(tables, ["[build]", "[profile]"]);
    let is_harmless = |config: &str, user_home: Option<&Path>| {
        std::fs::write(&file, config).unwrap();
        inherited_beside(&deep, user_home).is_none()
    };
    assert!(is_harmless("[alias]\nb = 'c'", None) && !is_harmless("[", None));
    let network = "[net]\nretry = 1\n[source.x]\ndirectory = 'y'\n";
    assert!(is_harmless(network, Some(&dir.path().join("home/.cargo"))) && !is_harmless(network, None));
}

#[cfg(target_os = "linux")]
mod killed {
    use super::*;
    use crate::interrupt::Supervisor;
    use crate::process::run;
    use crate::process::tests::sh;

    /// Started by the next tests in a process of its own, to be SIGKILLed there.
    #[test]
    #[ignore = "a helper of the next tests"]
    fn helper_owns_a_directory_and_runs_a_tree() {
        let Some(path) = std::env::var_os("HARNESS_TEST_WORK") else { return };
        let work = WorkDir::acquire(Path::new(&path), 1).unwrap();
        let guardian = work.guardian.as_ref().unwrap().pid();
        // One in the group, one that left it.
        let spec = sh("sleep 987 & setsid sleep 987 & echo $! $$; wait").env(WORK_MARK, work.path());
        let _ = run(&spec, &Supervisor::new(), &mut |_, line| println!("tree {guardian} {line}"));
    }

    /// A harness in a process of its own, its guardian, and two processes of the tree it runs.
    fn helper(dir: &Path) -> (std::process::Child, u32, [ProcessIdentity; 2]) {
        use std::io::{BufRead, BufReader};
        let mut helper = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture"])
            .arg("workdir::tests::killed::helper_owns_a_directory_and_runs_a_tree")
            .env("HARNESS_TEST_WORK", dir)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(helper.stdout.take().unwrap()).lines();
        let tree = lines.find_map(|line| Some(line.unwrap().split_once("tree ")?.1.to_owned())).unwrap();
        let pids: Vec<u32> = tree.split(' ').map(|pid| pid.parse().unwrap()).collect();
        let tree = [pids[1], pids[2]].map(ProcessIdentity::of);
        assert!(tree.iter().all(ProcessIdentity::is_alive));
        (helper, pids[0], tree)
    }

    #[test]
    fn a_killed_harness_takes_the_whole_tree_along_before_the_next_run_begins() {
        let dir = tempfile::tempdir().unwrap();
        let (mut helper, _, tree) = helper(dir.path());
        assert!(refusal(dir.path(), 1).contains(&format!("process {}", helper.id())));
        helper.kill().unwrap(); // SIGKILL: no handler, no destructor
        helper.wait().unwrap();
        // Not `InUse`: the lock is waited for, and the guardian has ended everything by then.
        let work = WorkDir::acquire(dir.path(), 1).unwrap();
        assert!(!tree.iter().any(ProcessIdentity::is_alive));
        assert_eq!(work.leftovers_ended, 0);
    }

    #[test]
    fn leftovers_of_a_run_killed_with_its_guardian_are_ended_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let (mut helper, guardian, tree) = helper(dir.path());
        crate::os::kill(guardian);
        helper.kill().unwrap();
        helper.wait().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        assert!(tree.iter().all(ProcessIdentity::is_alive));
        let work = WorkDir::acquire(dir.path(), 1).unwrap();
        assert_eq!(work.leftovers_ended, 3, "the shell and its two children");
        assert!(!tree.iter().any(ProcessIdentity::is_alive));
    }
}
