//! `--sandbox`: good builds are the same inside, and what the command prints. What hostile ones try is in `sandbox.rs`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::support::fake::fake;
use crate::support::{CommandOutput, RecordedRun, TestDir, label, skip};
use exec::sandbox::entry::{ENTER, SandboxJob};
use exec::sandbox::limits::ResourceLimits;
use exec::sandbox::view::{SandboxNeeds, view};
use records::Status;

fn place() -> TestDir {
    TestDir::with("eight", &["eight"])
}

const STRATEGIES: [&str; 3] = ["none", "hardlink+aggressive", "symlink+aggressive"];

/// The outcome of every step and every unit.
fn outcomes(run: &RecordedRun) -> Vec<String> {
    let mut outcomes = Vec::new();
    for row in run.steps() {
        assert_eq!(row.status, Status::Ok, "{} {}: {}", row.strategy, row.step, row.note);
        outcomes.push(format!("{} {} {:?} {:?}", row.strategy, row.step, row.rustc_runs, row.restored));
        let units = run.units(&row.strategy, &row.step, &row.workspace);
        outcomes.extend(units.iter().map(|unit| format!("{} {:?} {}", label(unit), unit.outcome, unit.reason)));
    }
    outcomes.sort();
    outcomes
}

#[test]
fn a_good_build_is_the_same_inside_and_its_time_is_counted() {
    let outside = place();
    let strategies = STRATEGIES.join(",");
    let args = ["--strategies", &strategies, "--seed", "1"];
    let free = outside.compare("eight", &args);
    assert!(free.folder.info.sandbox.is_none() && !free.folder.info.options.contains_key("sandbox"));
    fs::remove_dir_all(outside.at("out")).unwrap();
    let said = outside.run(&outside.compare_args("eight", &[&args[..], &["--sandbox"]].concat()));
    if said.code == Some(2) {
        skip("good builds in a sandbox", said.mistake());
        assert!(std::env::var_os("CI").is_none(), "CI installs bubblewrap");
        assert!(!outside.at("out").exists(), "nothing ran outside the sandbox that was asked for");
        return;
    }
    assert_eq!(said.code, Some(0), "{}\n{}", said.stdout, said.stderr);
    let run = RecordedRun::read(&outside.run_folder());
    assert_eq!(outcomes(&run), outcomes(&free));
    let info = run.folder.info.sandbox.clone().unwrap();
    assert_eq!(info.kind, "bubblewrap");
    assert!(info.start_inside_ms > 0.0 && info.start_outside_ms > 0.0);
    assert_eq!(run.folder.info.options["sandbox"]["kind"], "bubblewrap");
    // Compilers are grandchildren of the program that was started: all of their time is there.
    for step in ["fill", "warm"] {
        let cpu = |run: &RecordedRun| {
            let row = run.step("none", step, "eight");
            row.user_s.unwrap() + row.sys_s.unwrap()
        };
        let (inside, out) = (cpu(&run), cpu(&free));
        assert!(inside > 0.6 * out, "{step}: {inside} s of CPU time inside, {out} s outside");
    }
    // A run that was cut off goes on in the sandbox it began in.
    let text = run.text("run.json").replace("\"complete\": true", "\"complete\": false");
    fs::write(run.dir.join("run.json"), text).unwrap();
    let said = outside.resume(&[]).done();
    assert!(said.stdout.contains("sandbox: bubblewrap"), "{}", said.stdout);
}

#[test]
fn what_cannot_be_had_is_said_in_one_line() {
    let place = place();
    let mistake = |more: &[&str]| place.run(&place.compare_args("eight", more)).mistake().to_owned();
    for option in ["--sandbox", "--sandbox=bubblewrap", "--sandbox=auto"] {
        let none = Command::new(env!("CARGO_BIN_EXE_harness"))
            .args(place.compare_args("eight", &[option, "--dry-run"]))
            .env("CARGO_HOME", place.at("home"))
            .env("PATH", place.at("empty"))
            .output();
        CommandOutput::of(none.unwrap()).refused("apt-get install bubblewrap");
    }
    // The harness has no other means, and says so of a name it does not know.
    assert_eq!(place.run(&place.compare_args("eight", &["--sandbox=namespaces", "--dry-run"])).code, Some(2));
    let said = place.run(&place.compare_args("eight", &["--sandbox", "--dry-run"]));
    if said.code != Some(0) {
        return skip("what a sandbox refuses", said.mistake());
    }
    assert!(said.stdout.contains("no network"), "{}", said.stdout);
    fake(&place, None);
    let strategies = place.arg("fake.toml");
    let line = mistake(&["--strategies", "none,fake", "--strategy-file", &strategies, "--sandbox"]);
    assert!(line.contains("the daemon of fake") && line.contains("--strategies"), "{line}");
    assert!(mistake(&["--sandbox", "--sandbox-read", "/no/such"]).contains("/no/such"));
    assert!(!place.at("out").exists());
}

/// The sandbox by itself, as a user without privileges: what an ordinary machine has.
#[test]
fn it_needs_no_privileges() {
    let root = rustix::process::getuid().is_root();
    let place = TestDir::new();
    fs::create_dir_all(place.at("mine")).unwrap();
    place.write("other/file", "SECRET");
    let (uid, gid) =
        if root { (65534, 65534) } else { (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw()) };
    if root {
        std::os::unix::fs::chown(place.at("mine"), Some(uid), Some(gid)).unwrap();
        fs::set_permissions(place.at(""), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let script = "set -e; id -u; grep -c : /proc/net/dev; grep CapEff /proc/self/status; echo $$; touch made; \
                  ! touch ../other/file 2>/dev/null; ! cat ../other/file 2>/dev/null; ! touch /etc/planted 2>/dev/null; \
                  cat /proc/self/uid_map | tr -s ' '";
    let Some(bwrap) = exec::toolchain::on_path("bwrap") else {
        return skip("a sandbox without privileges", "no bwrap on PATH; on Debian: apt-get install bubblewrap");
    };
    let needs =
        SandboxNeeds { write: vec![place.at("mine")], path: vec!["/usr/bin".into()], ..SandboxNeeds::default() };
    let job = SandboxJob {
        bwrap,
        cgroup_procs: Vec::new(),
        rlimits: ResourceLimits { address_space: Some(4 << 30), processes: Some(4096) },
        view: view(&needs),
        cwd: place.at("mine"),
    };
    // The binary may lie where that user cannot go: so it is opened by us.
    let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
    command.args([ENTER, &serde_json::to_string(&job).unwrap(), "/bin/sh", "-c", script]).current_dir(place.at("mine"));
    if root {
        std::os::unix::process::CommandExt::uid(&mut command, uid);
        std::os::unix::process::CommandExt::gid(&mut command, gid);
    }
    let said = match command.output() {
        Ok(output) => CommandOutput::of(output),
        Err(error) => {
            return skip("a sandbox without privileges", &format!("the harness cannot be started: {error}"));
        }
    };
    let refused = ["user namespace", "new namespace", "Permission denied"];
    if said.stdout.is_empty() && refused.iter().any(|words| said.stderr.contains(words)) {
        return skip("a sandbox without privileges", &said.stderr);
    }
    assert_eq!(said.code, Some(0), "{}\n{}", said.stdout, said.stderr);
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(lines[0], uid.to_string());
    assert_eq!(lines[1], "1", "only a loopback");
    assert!(lines[2].ends_with("0000000000000000"), "{}", lines[2]);
    assert!(lines[3].parse::<u32>().unwrap() < 10, "numbers of its own");
    assert_eq!(fs::metadata(place.at("mine/made")).unwrap().uid(), uid, "the user outside owns it");
    assert_eq!(fs::read_to_string(place.at("other/file")).unwrap(), "SECRET");
}
