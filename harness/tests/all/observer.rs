//! The observer as Cargo and other tools meet it: a program called `rustc`.

use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use exec::observer::{CallKind, Observer, Summary, read_log};
use exec::toolchain::Toolchain;

use crate::support::TestDir;

struct ObserverSetup {
    dir: tempfile::TempDir,
    observer: Observer,
}

impl ObserverSetup {
    fn new(dir: tempfile::TempDir, real: &Path) -> Self {
        let observer = Observer::install(dir.path(), real, Path::new("/")).unwrap();
        Self { dir, observer }
    }

    /// In front of a shell script.
    fn fake(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real-rustc");
        std::fs::write(&real, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self::new(dir, &real)
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn call(&self, program: &Path, args: &[&str]) -> Output {
        Command::new(program).args(args).envs(self.observer.env(&self.log())).output().unwrap()
    }
}

#[test]
fn arguments_streams_and_exit_code_pass_through() {
    let setup = ObserverSetup::fake("cat; echo \"$#:$2\"; echo oops >&2; exit 42");
    let output = setup.call(&setup.observer.rustc, &["a", "b c", ""]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3:b c\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "oops\n");
    assert_eq!(output.status.code(), Some(42));
    assert_eq!(read_log(&setup.log()).unwrap()[0].exit_code, Some(42));
}

#[test]
fn a_signal_passes_through() {
    let setup = ObserverSetup::fake("kill -TERM $$");
    let output = setup.call(&setup.observer.rustc, &[]);
    assert_eq!(output.status.signal(), Some(15));
    assert_eq!(read_log(&setup.log()).unwrap()[0].exit_code, None);
}

#[test]
fn it_is_recognised_through_a_symlink_a_relative_path_and_path() {
    let setup = ObserverSetup::fake("echo real");
    let bin = setup.observer.rustc.parent().unwrap().to_owned();
    let link_dir = setup.dir.path().join("links");
    std::fs::create_dir(&link_dir).unwrap();
    symlink(&setup.observer.rustc, link_dir.join("rustc")).unwrap();
    let through_link = setup.call(&link_dir.join("rustc"), &[]);
    let resolved = setup.call(&setup.observer.rustc.canonicalize().unwrap(), &[]);
    let mut command = Command::new("sh");
    command.args(["-c", "./rustc && PATH=. rustc"]).current_dir(&bin).envs(setup.observer.env(&setup.log()));
    let relative = command.output().unwrap();
    let lines = |output: Output| String::from_utf8_lossy(&output.stdout).lines().filter(|l| *l == "real").count();
    assert_eq!([lines(through_link), lines(resolved), lines(relative)], [1, 1, 2]);
    assert_eq!(read_log(&setup.log()).unwrap().len(), 4);
}

#[test]
fn a_cleared_environment_and_a_broken_log_do_not_fail_a_compile() {
    let setup = ObserverSetup::fake("echo real");
    let bare = Command::new(&setup.observer.rustc).env_clear().output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bare.stdout), "real\n");
    let nowhere = setup.observer.env(Path::new("/no/such/directory/log"));
    let no_log = Command::new(&setup.observer.rustc).envs(nowhere).output().unwrap();
    assert!(no_log.status.success() && no_log.stderr.is_empty(), "{no_log:?}");
}

/// Builds and returns the sorted names of all unit directories.
fn build(toolchain: &Toolchain, dir: &Path, target: &Path, env: &[(OsString, OsString)]) -> Vec<String> {
    let output = Command::new(&toolchain.cargo)
        .args(["build", "--offline", "-Zbuild-dir-new-layout"])
        .current_dir(dir)
        .env("__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS", "nightly")
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTFLAGS")
        .envs(env.iter().map(|(k, v)| (k, v)))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(!stderr.contains("jobserver"), "{stderr}");
    let mut units: Vec<String> = ["tries", "leaf"]
        .iter()
        .flat_map(|package| std::fs::read_dir(target.join("debug/build").join(package)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    units.sort();
    units
}

#[test]
fn cargo_sees_the_same_compiler_and_every_compile_is_counted() {
    let toolchain = Toolchain::find(None).unwrap();
    let setup = ObserverSetup::new(tempfile::tempdir().unwrap(), &toolchain.rustc);
    let place = TestDir::new();
    place.add("tries");
    let source = place.at("ws/tries");
    let target = |name: &str| setup.dir.path().join(name);
    let plain = build(&toolchain, &source, &target("plain"), &[]);
    let env = setup.observer.env(&setup.log());
    let observed = build(&toolchain, &source, &target("observed"), &env);
    assert_eq!(plain, observed, "the same unit hashes");

    let compiles = read_log(&setup.log()).unwrap();
    let summary = Summary::of(&compiles);
    let count = |kind| compiles.iter().filter(|call| call.kind == kind).count();
    assert_eq!((summary.rustc_runs, count(CallKind::Probe), count(CallKind::DepInfo)), (3, 1, 0), "{compiles:?}");
    assert!(count(CallKind::Query) >= 1 && summary.rustc_s > 0.0, "{summary:?}");
    let leaf =
        compiles.iter().find(|c| c.kind == CallKind::Compile && c.crate_name.as_deref() == Some("leaf")).unwrap();
    assert!(leaf.out_dir.as_ref().unwrap().starts_with(target("observed")), "{leaf:?}");

    // Nothing left to do: no compile, and no query either, for Cargo kept the answers.
    build(&toolchain, &source, &target("observed"), &env);
    assert_eq!(read_log(&setup.log()).unwrap().len(), compiles.len());
    // Installing again must not make Cargo ask again.
    Observer::install(setup.dir.path(), &toolchain.rustc, Path::new("/")).unwrap();
    build(&toolchain, &source, &target("observed"), &env);
    assert_eq!(read_log(&setup.log()).unwrap().len(), compiles.len());
}

#[test]
fn every_call_is_logged_once() {
    let setup = ObserverSetup::new(tempfile::tempdir().unwrap(), Path::new("/bin/true"));
    for _ in 0..100 {
        assert!(setup.call(&setup.observer.rustc, &["--crate-name", "x", "-C", "metadata=1"]).status.success());
    }
    assert_eq!(read_log(&setup.log()).unwrap().len(), 100);
}
