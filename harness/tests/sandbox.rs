//! `--sandbox`: what strangers' build scripts try, and what comes of it. That good builds are the
//! same inside, and what the command says, is in `sandboxed.rs`.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use exec::sandbox::Kind;
use records::{Status, StepRow};
use rustix::process::Signal;
use support::hostile::{tried, workspace};
use support::processes::{signal, wait_for};
use support::{Place, Run, Said, skip};

/// The kinds that can be had here; the others are told.
fn kinds() -> Vec<Kind> {
    let had = |kind: &Kind| {
        let place = Place::new();
        let mut harness = place.harness();
        harness.args(["compare", "--dry-run", &format!("--sandbox={kind}"), "--work-dir"]).arg(place.at("work"));
        let said = Said::of(harness.output().unwrap());
        if said.code != Some(0) {
            skip(&format!("sandbox by {kind}"), said.mistake());
        }
        said.code == Some(0)
    };
    Kind::ALL.into_iter().filter(had).collect()
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

/// Builds a workspace once in a sandbox, with the place's `user` directory as home.
fn build(place: &Place, name: &str, kind: Kind, more: &[&str]) -> StepRow {
    let sandbox = format!("--sandbox={kind}");
    let args = [&["--scenario", "cold", "--strategies", "none", &sandbox][..], more].concat();
    let rustup =
        std::env::var_os("RUSTUP_HOME").map_or_else(|| std::env::home_dir().unwrap().join(".rustup"), PathBuf::from);
    let mut harness = place.harness();
    fs::create_dir_all(place.at("user")).unwrap();
    harness.args(place.compare_args(name, &args)).env("HOME", place.at("user")).env("RUSTUP_HOME", rustup);
    let said = Said::of(with_an_open_root(&harness).output().unwrap());
    let row = Run::read(&place.run_folder()).step("none", "cold", name).clone();
    fs::remove_dir_all(place.at("out")).unwrap();
    assert!(said.stdout.contains(&format!("sandbox: {kind}")), "{}\n{}", said.stdout, said.stderr);
    row
}

#[test]
fn the_network_files_outside_and_secrets_are_out_of_reach() {
    for kind in kinds() {
        let place = Place::new();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        place.write("user/.ssh/id", "SECRET");
        place.write("user/.cargo/credentials.toml", "[registry]\ntoken = \"SECRET\"\n");
        place.write("outside/file", "untouched");
        let (to_tcp, to_udp) = (tcp.local_addr().unwrap().to_string(), udp.local_addr().unwrap().to_string());
        let work = place.at("work").display().to_string();
        let outside = place.at("outside").display().to_string();
        workspace(
            &place,
            "nosy",
            &format!(
                r#"
    let mut t = Tried(Vec::new());
    let held = fs::read_dir("/proc/self/fd").unwrap().flatten().filter_map(|e| fs::read_link(e.path()).ok());
    let held: Vec<String> = held.map(|l| l.display().to_string()).filter(|l| !l.starts_with("pipe:") && !l.starts_with("/proc/") && l != "/dev/null").collect();
    t.say("held", held.join(","));
    let home = std::env::var("HOME").unwrap();
    let soon = Duration::from_millis(500);
    t.one("net-tcp", TcpStream::connect_timeout(&"{to_tcp}".parse().unwrap(), soon));
    t.one("net-far", TcpStream::connect_timeout(&"192.0.2.1:80".parse().unwrap(), soon));
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let _ = udp.send_to(b"hello", "{to_udp}");
    t.one("net-udp", UdpSocket::bind("0.0.0.0:0").and_then(|s| s.send_to(b"x", "192.0.2.1:53")));
    t.one("net-dns", ("example.org", 80).to_socket_addrs());
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    t.one("may-loopback", TcpStream::connect(own.local_addr().unwrap()));
    t.one("write-new", fs::write("{outside}/new", "x"));
    t.one("write-old", fs::write("{outside}/file", "x"));
    t.one("write-home", fs::write(format!("{{home}}/planted"), "x"));
    t.one("write-usr", fs::write("/usr/planted", "x"));
    t.one("write-etc", fs::write("/etc/planted", "x"));
    t.one("write-root", fs::write("/planted", "x"));
    t.one("write-work", fs::write("{work}/planted", "x"));
    t.one("write-observer", open("{work}/bin/rustc"));
    t.one("write-config", open("{work}/cargo-home/config.toml"));
    t.one("write-credentials", fs::write("{work}/cargo-home/credentials.toml", "x"));
    t.one("write-sysrq", open("/proc/sysrq-trigger"));
    t.one("write-sysctl", open("/proc/sys/kernel/core_pattern"));
    t.one("write-cgroup", fs::write("/sys/fs/cgroup/planted", "x"));
    t.one("write-init", open("/proc/1/exe"));
    t.one("read-ssh", fs::read(format!("{{home}}/.ssh/id")));
    t.one("read-token", fs::read(format!("{{home}}/.cargo/credentials.toml")));
    t.one("read-run", fs::read_dir("/run"));
    t.one("read-parked", fs::read_dir("{work}/parked"));
    t.one("read-disk", fs::read_dir("/dev/disk"));
    t.one("read-runs", fs::read_dir("{work}/runs"));
    t.one("read-init-root", fs::read("/proc/1/root/{outside}/file"));
    t.one("may-tmp", fs::write("/tmp/mine", "x"));
    t.one("may-out", fs::write(std::env::var("OUT_DIR").unwrap() + "/mine", "x"));
    t.say("shadow", fs::read("/etc/shadow").map_or(0, |text| text.len()));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).unwrap_or("").trim().to_owned();
    t.say("caps", field("CapEff:") + &field("CapPrm:") + &field("CapAmb:"));
    t.say("nnp", field("NoNewPrivs:"));
    use std::os::unix::fs::MetadataExt;
    t.say("uid", fs::metadata("/proc/self").unwrap().uid());
    let processes = fs::read_dir("/proc").unwrap().flatten().filter(|e| e.file_name().to_str().unwrap().parse::<u32>().is_ok());
    t.say("processes", processes.count());
    t.last_words()
"#
            ),
        );
        let row = build(&place, "nosy", kind, &[]);
        assert_eq!(row.status, Status::Failed);
        assert!(row.note.contains("(under --sandbox"), "{}", row.note);
        let tried = tried(&row.note);
        for (name, outcome) in &tried {
            let forbidden = ["net-", "write-", "read-"].iter().any(|what| name.starts_with(what));
            let allowed = name.starts_with("may-");
            assert!(!forbidden || outcome != "done", "{kind}: {name} was possible");
            assert!(!allowed || outcome == "done", "{kind}: {name}: {outcome}");
        }
        assert!(tried["net-far"].contains("NetworkUnreachable"), "{kind}: {}", tried["net-far"]);
        assert_eq!(tried["shadow"], "0", "{kind}");
        assert!(tried["caps"].chars().all(|digit| digit == '0'), "{kind}: {}", tried["caps"]);
        assert_eq!(tried["nnp"], "1", "{kind}");
        assert_eq!(tried["uid"], rustix::process::getuid().as_raw().to_string(), "{kind}");
        assert!(tried["processes"].parse::<u32>().unwrap() < 12, "{kind}: {}", tried["processes"]);
        assert_eq!(tried["held"], "", "{kind}: files of the harness");
        // And from outside: nothing came.
        assert!(tcp.accept().is_err(), "{kind}");
        assert!(udp.recv(&mut [0; 16]).is_err(), "{kind}");
        assert_eq!(fs::read_to_string(place.at("outside/file")).unwrap(), "untouched");
        assert_eq!(fs::read_dir(place.at("outside")).unwrap().count(), 1);
        assert!(!place.at("user/planted").exists() && !place.at("work/planted").exists());
    }
}

#[test]
fn what_takes_too_much_is_ended_and_told() {
    let place = Place::new();
    workspace(
        &place,
        "hungry",
        "    let mut all: Vec<Vec<u8>> = Vec::new();\n    for _ in 0..64 { all.push(vec![1; 32 << 20]); }\n    \
         let mut t = Tried(Vec::new());\n    t.say(\"got\", all.len());\n    t.last_words()",
    );
    workspace(
        &place,
        "forks",
        "    let mut all = Vec::new();\n    let mut t = Tried(Vec::new());\n    loop {\n        \
         match std::process::Command::new(\"sleep\").arg(\"60\").stdout(std::process::Stdio::null())\
         .stderr(std::process::Stdio::null()).spawn() { Ok(child) => all.push(child), Err(_) => break }\n        \
         if all.len() == 400 { break }\n    }\n    t.say(\"started\", all.len());\n    t.last_words()",
    );
    workspace(&place, "sleepy", "    std::thread::sleep(Duration::from_secs(90));");
    for kind in kinds() {
        let row = build(&place, "hungry", kind, &["--sandbox-memory", "900MiB"]);
        assert_eq!(row.status, Status::Failed, "{kind}");
        assert!(!row.note.contains("got=64"), "{kind}: {}", row.note);
        let row = build(&place, "forks", kind, &["--sandbox-processes", "100"]);
        match tried(&row.note)["started"].parse::<u32>().unwrap() {
            started if started < 100 => {}
            _ if row.note.contains("was reached") => panic!("{kind}: {}", row.note),
            // Root is exempt from the limit that is left without a control group.
            started => skip("the limit on processes", &format!("{started} were started: no control groups here")),
        }
        let began = std::time::Instant::now();
        let row = build(&place, "sleepy", kind, &["--sandbox-time", "8s"]);
        assert_eq!(row.status, Status::Failed, "{kind}");
        assert!(row.note.contains("was killed after its limit of 8 s"), "{kind}: {}", row.note);
        assert!(!row.note.contains("sandbox-enter"), "the command as it was meant: {}", row.note);
        assert!(began.elapsed() < Duration::from_secs(60), "{kind}");
    }
}

/// Processes whose command line has this word.
fn running(word: &str) -> usize {
    let lines =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|&byte| byte == 0).any(|arg| arg == word.as_bytes())).count()
}

#[test]
fn nothing_outlives_a_build_and_no_link_leads_the_harness_out() {
    for (kind, word) in kinds().into_iter().zip(["98761", "98762"]) {
        let place = Place::new();
        workspace(
            &place,
            "stayer",
            &format!(
                "    std::process::Command::new(\"setsid\").args([\"sleep\", \"{word}\"]).stdin(std::process::Stdio::null())\
                 .stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();"
            ),
        );
        assert_eq!(build(&place, "stayer", kind, &[]).status, Status::Ok, "{kind}");
        assert_eq!(running(word), 0, "{kind}");
        // A link that the harness would follow with its own rights.
        let secret = place.at("secret");
        place.write("secret", "SECRET");
        workspace(
            &place,
            "leader",
            &format!(
                "    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                 std::os::unix::fs::symlink({secret:?}, out + \"/link\").unwrap();"
            ),
        );
        let row = build(&place, "leader", kind, &[]);
        assert_eq!(row.status, Status::Failed, "{kind}");
        assert!(row.note.contains("links that lead out") && row.note.contains("/link"), "{kind}: {}", row.note);
        assert_eq!(fs::read_to_string(secret).unwrap(), "SECRET");
    }
}

#[test]
fn ctrl_c_and_a_kill_end_what_runs_inside() {
    for (kind, words) in kinds().into_iter().zip([["98763", "98764"], ["98765", "98766"]]) {
        for (word, how) in words.into_iter().zip([Signal::INT, Signal::KILL]) {
            let place = Place::new();
            workspace(
                &place,
                "endless",
                &format!("    std::process::Command::new(\"sleep\").arg(\"{word}\").status().unwrap();"),
            );
            let args = ["--scenario", "cold", "--strategies", "none", &format!("--sandbox={kind}")];
            let mut harness = place.harness();
            harness.args(place.compare_args("endless", &args));
            let mut child = harness.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            wait_for("a build", Duration::from_secs(90), || running(word) > 0);
            signal(&child, how);
            child.wait().unwrap();
            wait_for("the end of every process", Duration::from_secs(10), || running(word) == 0);
        }
    }
}
