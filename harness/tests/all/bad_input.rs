//! What a user can get wrong is answered with one line and exit code 2, and nothing is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{CommandOutput, RecordedRun, TestDir, git, made_up_checksum, skip, write};
use records::Status;

fn small() -> TestDir {
    TestDir::with("small", &["gamma"])
}

#[track_caller]
fn assert_says(line: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(line.contains(part), "{part:?} is not in: {line}"));
}

/// Compares and must be refused; nothing is built, no run folder is left.
#[track_caller]
fn refused(place: &TestDir, corpus: &str, more: &[&str], parts: &[&str]) {
    let said = place.run(&place.compare_args(corpus, more));
    assert_says(said.mistake(), parts);
    assert_eq!(place.run_folders(), Vec::<PathBuf>::new(), "no run folder for {more:?}");
    assert!(!place.at("work/arm").exists(), "nothing was built");
}

#[test]
fn unknown_names() {
    let place = small();
    let misspelt = ["hardlnk+agressive", "nearest: hardlink+aggressive"];
    refused(&place, "small", &["--strategies", misspelt[0]], &misspelt);
    refused(&place, "small", &["--strategies", "none,hardlink+*x"], &["hardlink+*x", "harness strategies list"]);
    refused(&place, "small", &["--strategies", ","], &["no strategies"]);
    refused(&place, "small", &["--workspaces", "gamma,delta"], &["no workspace delta", "gamma"]);
    refused(&place, "small", &["--scenario", "gauntlt"], &["\"gauntlt\"", "gauntlet"]);
    refused(&place, "small", &["--scenario", "no/such.toml"], &["no/such.toml"]);
    refused(&place, "small", &["--toolchain", "no-such-toolchain"], &["no-such-toolchain"]);
    assert_says(place.run(&["compare", "--corpus", "quik"]).mistake(), &["\"quik\"", "did you mean \"quick\""]);
    assert_says(place.run(&["compare", "--corpus", "no/such.toml"]).mistake(), &["no/such.toml"]);
    assert_says(place.run(&["corpus", "show", "quik"]).mistake(), &["quick"]);
    assert_says(place.run(&["strategies", "show", "copi+aggressive"]).mistake(), &["copy+aggressive"]);
    assert_says(place.run(&["scenario", "show", "x"]).mistake(), &["gauntlet"]);
    // Options are clap's: its own words, the same exit code.
    for args in [&["compare", "--rounds", "0"][..], &["compare", "--nonsense"], &["nonsense"]] {
        assert_eq!(place.run(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn malformed_manifests_and_scenarios() {
    let place = small();
    let head = "name = \"bad\"\nabout = \"x\"\n\n[[workspace]]\nname = \"w\"\nwhy = \"y\"\n";
    let path = "source = { path = \"ws/gamma\" }\n";
    let source = |fields: &str| format!("{head}edit = \"src/main.rs\"\nsource = {{ {fields} }}\n");
    let cases = [
        (format!("{head}{path}edit = \"src/main.rs\"\ncolour = 1\n"), 9, "colour"),
        (format!("{head}{path}edit = \"../main.rs\"\n"), 8, "`edit`"),
        (source(&format!("registry = \"a\", version = \"1\", checksum = \"{}\"", "0".repeat(64))), 8, "`version`"),
        (source("registry = \"a\", version = \"1.0.0\", checksum = \"ff\""), 8, "`checksum`"),
        (source("git = \"/r\", commit = \"main\""), 8, "`commit`"),
        (format!("{head}{path}edit = \"src/main.rs\"\ncargo-args = [\"--release\"]\n"), 9, "cargo-args"),
        (format!("{head}{path}edit = \n"), 8, "edit"),
        (head.to_owned(), 4, "missing field `source`"),
    ];
    for (text, line, key) in cases {
        place.write("bad.toml", &text);
        refused(&place, "bad", &[], &[&format!("bad.toml:{line}: "), key]);
    }
    let scenario = place.scenario("scenario", "[[step]]\nname = \"a\"\nabout = \"\"\neach = [\"explode\"]\n");
    refused(&place, "small", &["--scenario", &scenario], &["scenario.toml", "line 6", "explode"]);
    place.corpus("uneditable", &["gamma"]);
    place.replace("uneditable.toml", "src/main.rs", "src/no.rs");
    refused(&place, "uneditable", &[], &["src/no.rs", "`edit`"]);
}

fn pinned(place: &TestDir, name: &str, source: &str) {
    let workspace = "[[workspace]]\nname = \"w\"\nwhy = \"y\"\nedit = \"src/main.rs\"";
    let text = format!("name = \"{name}\"\nabout = \"x\"\n\n{workspace}\nsource = {{ {source} }}\n");
    place.write(&format!("{name}.toml"), &text);
}

#[test]
fn sources_that_cannot_be_had() {
    let place = small();
    let repo = place.at("ws/gamma");
    git(&repo, &["init", "--quiet"]);
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "--quiet", "-m", "one"]);
    let commit = git(&repo, &["rev-parse", "HEAD"]);
    let other = "0123456789abcdef0123456789abcdef01234567";
    let url = format!("file://{}", repo.display());

    let gone = place.at("gone");
    let gone = format!("git = {gone:?}, commit = \"{commit}\"");
    // A port where nobody listens: the `git` command fails at once.
    let remote = format!("git = \"http://127.0.0.1:9/r.git\", commit = \"{commit}\"");
    let wrong_commit = format!("git = \"{url}\", commit = \"{other}\"");
    let no_subdir = format!("git = \"{url}\", commit = \"{commit}\", subdir = \"sub\"");
    let (right, wrong) = (made_up_checksum("plain-1.0.0"), "0".repeat(64));
    let mismatch = format!("registry = \"plain\", version = \"1.0.0\", checksum = \"{wrong}\"");
    let unpublished = format!("registry = \"plain\", version = \"9.9.9\", checksum = \"{right}\"");
    let cases: [(&str, &[&str]); 7] = [
        (&gone, &["gone"]),
        (&remote, &["http://127.0.0.1:9/r.git"]),
        (&wrong_commit, &[other]),
        (&no_subdir, &["sub"]),
        ("path = \"nowhere\"", &["nowhere"]),
        (&mismatch, &["checksum mismatch for plain 1.0.0", &right, &wrong]),
        (&unpublished, &["9.9.9"]),
    ];
    for (source, parts) in cases {
        pinned(&place, "wrong", source);
        refused(&place, "wrong", &["--strategies", "none"], parts);
    }

    // A dependency whose checksum is not the lockfile's.
    let lock = place.at("ws/gamma/Cargo.lock");
    let text = fs::read_to_string(&lock).unwrap();
    fs::write(&lock, text.replace(&right, &wrong)).unwrap();
    refused(&place, "small", &["--strategies", "none"], &["gamma", "checksum"]);
    fs::write(&lock, text).unwrap();
    // The good one still works afterwards, in the same work directory.
    pinned(&place, "good", &format!("git = \"{url}\", commit = \"{commit}\""));
    place.run(&["corpus", "check", "good.toml", "--work-dir", "work"]).done();
}

#[test]
fn work_directories_that_will_not_do() {
    let place = small();
    place.write("project/Cargo.toml", "[workspace]\n");
    place.write("configured/.cargo/config.toml", "[profile.dev]\ndebug = 0\n");
    place.write("file", "");
    let args = |dir: &str| place.compare_args_in("small", &place.at(dir), "out", &["--strategies", "none"]);
    let inside = place.run(&args("project/deep/work"));
    assert_says(inside.mistake(), &["inside the Cargo workspace", "project/Cargo.toml", "--work-dir"]);
    assert!(!place.at("project/deep").exists());
    let configured = place.run(&args("configured/work"));
    assert_says(configured.mistake(), &["configured/.cargo/config.toml", "profile", "--work-dir"]);
    assert!(!place.at("configured/work").exists());
    assert_says(place.run(&args("file/work")).mistake(), &["file/work"]);
    assert_says(place.run(&args("file")).mistake(), &["file"]);
    assert_eq!(place.run_folders(), Vec::<PathBuf>::new());
}

/// Runs the harness as somebody who is not root; `None` where that cannot be done.
fn unprivileged(place: &TestDir, args: &[std::ffi::OsString]) -> Option<CommandOutput> {
    if !rustix::process::geteuid().is_root() {
        return Some(place.run(args));
    }
    // The binary may lie where others cannot go.
    let binary = place.at("harness");
    fs::copy(env!("CARGO_BIN_EXE_harness"), &binary).unwrap();
    fs::set_permissions(place.at(""), fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(binary)
        .args(args)
        .env("CARGO_HOME", place.at("home"))
        .current_dir(place.at(""))
        .output();
    output.ok().map(CommandOutput::of)
}

#[test]
fn a_work_directory_that_is_not_ones_own() {
    let place = small();
    fs::create_dir_all(place.at("locked/work")).unwrap();
    for dir in ["locked/work", "locked"] {
        fs::set_permissions(place.at(dir), fs::Permissions::from_mode(0o555)).unwrap();
    }
    for dir in ["locked/work", "locked/other"] {
        let args = place.compare_args_in("small", &place.at(dir), "out", &["--strategies", "none"]);
        match unprivileged(&place, &args) {
            Some(said) => assert_says(said.mistake(), &[dir, "ermission denied", "choose a writable `--work-dir`"]),
            None => skip("an unwritable work directory", "running as root and there is no `setpriv` (util-linux)"),
        }
    }
    fs::set_permissions(place.at("locked"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A small file system in memory, gone at the end.
struct Tmpfs<'a>(&'a Path);

impl<'a> Tmpfs<'a> {
    fn mount(dir: &'a Path, size: &str) -> Option<Self> {
        let root = rustix::process::geteuid().is_root();
        let options = format!("size={size}");
        let mount = || Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir).output();
        (root && mount().is_ok_and(|output| output.status.success())).then_some(Self(dir))
    }
}

impl Drop for Tmpfs<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk() {
    let place = small();
    let dir = place.at("full");
    fs::create_dir(&dir).unwrap();
    let Some(_mounted) = Tmpfs::mount(&dir, "8m") else {
        return skip("a full disk", "mounting a tmpfs needs root");
    };
    let args = |work: &str| place.compare_args_in("small", &dir.join(work), "out", &["--strategies", "none"]);
    assert_says(place.run(&args("work")).mistake(), &["full/work", "MiB free", "2048", "--work-dir"]);
    // Not a byte free: the same.
    let rest = fs::File::create(dir.join("rest")).unwrap();
    let fill = |mut file: &fs::File| while std::io::Write::write(&mut file, &[1; 4096]).is_ok_and(|count| count > 0) {};
    fill(&rest);
    assert_says(place.run(&args("another")).mistake(), &["full/another", "--work-dir"]);
    assert_eq!(place.run_folders(), Vec::<PathBuf>::new());
}

#[test]
fn two_runs_in_one_work_directory() {
    let place = TestDir::with("gated", &["gated"]);
    let args = place.compare_args("gated", &["--strategies", "none"]);
    let mut first = place.harness();
    first.args(&args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let first = first.spawn().unwrap();
    let began = Instant::now();
    while !place.at("started").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "the first run does not build");
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = place.run(&args);
    let holder = format!("process {}", first.id());
    assert_says(second.mistake(), &["in use by another run", &holder, "--work-dir"]);
    assert_says(place.resume(&[]).mistake(), &["being written by another"]);
    place.write("go", "");
    // The first is not disturbed.
    CommandOutput::of(first.wait_with_output().unwrap()).done();
    RecordedRun::read(&place.run_folder()).all_ok();
}

fn executable(path: &Path, script: &str) {
    write(path, &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn no_cargo_or_one_too_old() {
    let place = small();
    let bin = place.at("bin");
    fs::create_dir(&bin).unwrap();
    let run = || {
        let mut command = place.harness();
        command.args(place.compare_args("small", &["--strategies", "none"])).env("PATH", &bin);
        CommandOutput::of(command.output().unwrap())
    };
    assert_says(run().mistake(), &["cargo", "PATH"]);
    executable(&bin.join("cargo"), "printf 'cargo 1.60.0 (abc 2022-01-01)\\nrelease: 1.60.0\\n'");
    assert_says(run().mistake(), &["rustc", "PATH"]);
    executable(&bin.join("rustc"), "printf 'rustc 1.60.0\\nrelease: 1.60.0\\nhost: x\\n'");
    assert_says(run().mistake(), &["1.60.0", "bin/cargo"]);
    executable(&bin.join("cargo"), "echo 'no toolchain installed' >&2; exit 1");
    assert_says(run().mistake(), &["no toolchain installed"]);
    executable(&bin.join("cargo"), "echo gibberish");
    assert_says(run().mistake(), &["gibberish"]);
    assert_eq!(place.run_folders(), Vec::<PathBuf>::new());
}

#[test]
fn resuming_what_is_no_run() {
    let place = small();
    place.write("folder/notes.txt", "mine");
    place.write("broken/run.json", "{");
    for (dir, why) in [("folder", "not a run folder"), ("nowhere", "not a run folder"), ("broken", "")] {
        assert_says(place.run(&["compare", "--resume", &place.arg(dir)]).mistake(), &[dir, why]);
    }
    assert_eq!(fs::read_to_string(place.at("folder/notes.txt")).unwrap(), "mine");
    assert!(!place.at("nowhere").exists());
    let conflict = place.run(&["compare", "--resume", "folder", "--seed", "1"]);
    assert_says(conflict.mistake(), &["--seed", "--resume"]);
}

#[test]
fn a_finished_run_resumes_to_itself_unless_its_corpus_changed() {
    let place = small();
    let run = place.compare("small", &["--strategies", "none", "--workspaces", "gamma"]);
    let tables = || ["steps.csv", "units.csv"].map(|file| run.text(file));
    let before = tables();
    let resume = ["compare".as_ref(), "--resume".as_ref(), run.dir.as_os_str()];
    assert_eq!(place.run(&resume).code, Some(0));
    assert_eq!(tables(), before);
    let manifest = fs::read_to_string(place.at("small.toml")).unwrap();
    place.write("small.toml", &manifest.replace("src/main.rs", "src/lib.rs"));
    assert_says(place.run(&resume).mistake(), &["small.toml", "begin a new run"]);
    assert_eq!(tables(), before);
}

#[test]
fn a_workspace_that_does_not_build_is_a_row() {
    let place = TestDir::with("broken", &["typo", "bad-script", "gamma"]);
    let run = place.compare("broken", &["--strategies", "none,hardlink+aggressive,copy+non-local@dirs"]);
    assert_eq!(run.steps().len(), 3 * 3 * 3);
    for row in run.steps() {
        let expected = match row.workspace.as_str() {
            "gamma" => {
                assert_eq!(row.status, Status::Ok, "{} {}: {}", row.strategy, row.step, row.note);
                continue;
            }
            "typo" => "no_such_function",
            _ => "the script gave up",
        };
        assert_eq!(row.status, Status::Failed, "{} {} {}", row.strategy, row.step, row.workspace);
        assert!(row.note.contains(expected) && row.note.contains("error"), "{}", row.note);
        assert_eq!((row.wall_s, row.units, row.hit_rate), (None, None, None), "nothing measured is empty, not 0");
        assert!(run.units(&row.strategy, &row.step, &row.workspace).is_empty());
    }
    assert!(run.folder.info.complete);
}
