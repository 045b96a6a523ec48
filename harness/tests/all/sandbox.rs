//! `--sandbox`: what hostile build scripts and programs try, and how it ends; they print what came of it in a last line,
//! `TRIED name=outcome; …`. That good builds are the same inside, and what the command prints, is in `sandboxed.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::processes::{signal, wait_for};
use crate::support::{CommandOutput, RecordedRun, TestDir, skip};
use records::{Status, StepRow};
use rustix::process::Signal;

/// What a script tried, and what came of it.
#[track_caller]
fn tried(note: &str) -> BTreeMap<String, String> {
    let words = note.split("TRIED ").nth(1).and_then(|rest| rest.split(" END").next());
    let words = words.unwrap_or_else(|| panic!("no last words: {note}"));
    words.split("; ").filter_map(|one| one.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// A directory, where there is a sandbox; says so where not.
fn sandboxed() -> Option<TestDir> {
    let place = TestDir::new();
    let mut harness = place.harness();
    harness.args(["compare", "--dry-run", "--sandbox", "--work-dir"]).arg(place.at("work"));
    let said = CommandOutput::of(harness.output().unwrap());
    if said.code == Some(0) {
        return Some(place);
    }
    let line = said.mistake();
    assert!(line.contains("`--sandbox`") && line.contains("; "), "what is missing and what to do: {line}");
    assert!(!place.at("work").exists(), "nothing was begun without a sandbox");
    skip("what hostile code tries in a sandbox", line);
    None
}

fn add(place: &TestDir, names: &[&str]) {
    for name in names {
        place.add(name);
        place.corpus(name, &[name]);
    }
}

/// The same command, started with the root directory open as file 9: a way out, were it passed on.
fn with_an_open_root(harness: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec 9</; exec \"$@\"", "sh"]).arg(harness.get_program()).args(harness.get_args());
    for (name, value) in harness.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(harness.get_current_dir().unwrap()).stdin(Stdio::null());
    shell
}

/// Builds a workspace once in a sandbox.
fn build(place: &TestDir, name: &str, more: &[&str]) -> StepRow {
    let args = [&["--scenario", "cold", "--strategies", "none"][..], more].concat();
    let run = compare(place, name, &args);
    run.step("none", "cold", name).clone()
}

/// Compares in a sandbox, with the place's `user` directory as home; the run folder is gone afterwards.
fn compare(place: &TestDir, name: &str, more: &[&str]) -> RecordedRun {
    let args = [&["--sandbox"][..], more].concat();
    let rustup =
        std::env::var_os("RUSTUP_HOME").map_or_else(|| std::env::home_dir().unwrap().join(".rustup"), PathBuf::from);
    let mut harness = place.harness();
    fs::create_dir_all(place.at("user")).unwrap();
    harness.args(place.compare_args(name, &args)).env("HOME", place.at("user")).env("RUSTUP_HOME", rustup);
    let said = CommandOutput::of(with_an_open_root(&harness).output().unwrap());
    let run = RecordedRun::read(&place.run_folder());
    fs::remove_dir_all(place.at("out")).unwrap();
    assert!(said.stdout.contains("sandbox: bubblewrap"), "{}\n{}", said.stdout, said.stderr);
    run
}

#[test]
fn the_network_files_outside_and_secrets_are_out_of_reach() {
    let Some(place) = sandboxed() else { return };
    add(&place, &["nosy"]);
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    udp.set_nonblocking(true).unwrap();
    place.write("user/.ssh/id", "SECRET");
    place.write("user/.cargo/credentials.toml", "[registry]\ntoken = \"SECRET\"\n");
    place.write("outside/file", "untouched");
    place.replace("ws/nosy/build.rs", "@TCP@", &tcp.local_addr().unwrap().to_string());
    place.replace("ws/nosy/build.rs", "@UDP@", &udp.local_addr().unwrap().to_string());
    let row = build(&place, "nosy", &[]);
    assert_eq!(row.status, Status::Failed);
    assert!(row.note.contains("(under --sandbox"), "{}", row.note);
    let tried = tried(&row.note);
    for (name, outcome) in &tried {
        let forbidden = ["net-", "write-", "read-"].iter().any(|what| name.starts_with(what));
        let allowed = name.starts_with("may-");
        assert!(!forbidden || outcome != "done", "{name} was possible");
        assert!(!allowed || outcome == "done", "{name}: {outcome}");
    }
    assert!(tried["net-far"].contains("NetworkUnreachable"), "{}", tried["net-far"]);
    assert_eq!(tried["shadow"], "0");
    assert!(tried["caps"].chars().all(|digit| digit == '0'), "{}", tried["caps"]);
    assert_eq!(tried["nnp"], "1");
    assert_eq!(tried["uid"], rustix::process::getuid().as_raw().to_string());
    assert!(tried["processes"].parse::<u32>().unwrap() < 12, "{}", tried["processes"]);
    assert_eq!(tried["held"], "", "files of the harness");
    // And from outside: nothing came.
    assert!(tcp.accept().is_err());
    assert!(udp.recv(&mut [0; 16]).is_err());
    assert_eq!(fs::read_to_string(place.at("outside/file")).unwrap(), "untouched");
    assert_eq!(fs::read_dir(place.at("outside")).unwrap().count(), 1);
    assert!(!place.at("user/planted").exists() && !place.at("work/planted").exists());
}

#[test]
fn what_takes_too_much_is_ended_and_reported() {
    let Some(place) = sandboxed() else { return };
    add(&place, &["hungry", "forks", "sleepy"]);
    let row = build(&place, "hungry", &["--sandbox-memory", "900MiB"]);
    assert_eq!(row.status, Status::Failed);
    assert!(!row.note.contains("got=64"), "{}", row.note);
    let row = build(&place, "forks", &["--sandbox-processes", "100"]);
    match tried(&row.note)["started"].parse::<u32>().unwrap() {
        started if started < 100 => {}
        _ if row.note.contains("was reached") => panic!("{}", row.note),
        // Root is exempt from the limit that is left without a control group.
        started => skip("the limit on processes", &format!("{started} were started: no control groups here")),
    }
    let began = std::time::Instant::now();
    let row = build(&place, "sleepy", &["--sandbox-time", "8s"]);
    assert_eq!(row.status, Status::Failed);
    assert!(row.note.contains("was killed after its limit of 8 s"), "{}", row.note);
    assert!(!row.note.contains("sandbox-enter"), "the command as it was meant: {}", row.note);
    assert!(began.elapsed() < Duration::from_secs(60));
}

/// Processes whose command line has this word.
fn running(word: &str) -> usize {
    let lines =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|&byte| byte == 0).any(|arg| arg == word.as_bytes())).count()
}

#[test]
fn nothing_outlives_a_build_and_no_link_leads_the_harness_out() {
    let Some(place) = sandboxed() else { return };
    add(&place, &["stayer", "leader"]);
    let word = "98761";
    assert_eq!(build(&place, "stayer", &[]).status, Status::Ok);
    assert_eq!(running(word), 0);
    // A link that the harness would follow with its own rights.
    let secret = place.at("secret");
    place.write("secret", "SECRET");
    let row = build(&place, "leader", &[]);
    assert_eq!(row.status, Status::Failed);
    assert!(row.note.contains("links that lead out") && row.note.contains("/link"), "{}", row.note);
    assert_eq!(fs::read_to_string(secret).unwrap(), "SECRET");
}

/// The last command of a step is the workspace's own program, and the next step begins by emptying
/// the build directory and filling it from the store.
#[test]
fn a_program_cannot_put_a_link_in_the_place_of_a_directory() {
    if sandboxed().is_none() {
        return;
    }
    for (name, dir) in [("swap-target", "target"), ("swap-store", "store")] {
        let place = TestDir::with(name, &[name]);
        // Where wiping `target/<name>` would lead, and a file that publishing would not overwrite.
        place.write(&format!("outside/{name}/precious"), "untouched");
        let outside = place.at("outside");
        let run = compare(&place, name, &["--strategies", "hardlink+aggressive"]);
        for step in ["fill", "warm", "edit"] {
            let row = run.step("hardlink+aggressive", step, name);
            assert_ne!(row.status, Status::Ok, "{dir} {step}");
        }
        let note = &run.step("hardlink+aggressive", "fill", name).note;
        assert!(note.contains("links that lead out") && note.contains(&format!("/arm/{dir}")), "{note}");
        let left: Vec<_> =
            walkdir::WalkDir::new(&outside).into_iter().map(|entry| entry.unwrap().into_path()).collect();
        assert_eq!(left.len(), 3, "{dir}: the harness worked outside: {left:?}");
        assert_eq!(fs::read_to_string(outside.join(name).join("precious")).unwrap(), "untouched");
    }
}

#[test]
fn ctrl_c_and_a_kill_end_what_runs_inside() {
    if sandboxed().is_none() {
        return;
    }
    for (word, how) in [("98763", Signal::INT), ("98764", Signal::KILL)] {
        let place = TestDir::with("endless", &["endless"]);
        place.replace("ws/endless/build.rs", "SECONDS", word);
        let args = ["--scenario", "cold", "--strategies", "none", "--sandbox"];
        let mut harness = place.harness();
        harness.args(place.compare_args("endless", &args));
        let mut child = harness.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("a build", Duration::from_secs(90), || running(word) > 0);
        signal(&child, how);
        child.wait().unwrap();
        wait_for("the end of every process", Duration::from_secs(10), || running(word) == 0);
    }
}
