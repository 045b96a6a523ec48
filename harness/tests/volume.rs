//! `compare --volume` with the real binary: the volume is used, its numbers are right, and it
//! is gone afterwards, however the run ended.
#![cfg(target_os = "linux")]
// clippy.toml allows these in test functions; the helpers here are theirs.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use records::run_folder::RunFolder;
use records::{Status, StepRow};
use rustix::process::{Pid, Signal, kill_process};

/// A corpus of one workspace with a library that weighs something, and a place to work in.
struct Setup {
    dir: tempfile::TempDir,
}

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"heavy\"\nversion = \"0.1.0\"\n\n\
    [[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\ndependencies = [\n \"heavy\",\n]\n";

const MANIFEST: &str = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
    [workspace]\n\n[dependencies]\nheavy = { path = \"heavy\" }\n";

const CORPUS: &str = "name = \"tiny\"\nabout = \"one made-up program\"\n\n[[workspace]]\nname = \"tiny\"\n\
    why = \"needs no network\"\nsource = { path = \"tiny\" }\nedit = \"src/main.rs\"\n\
    run = { bin = \"tiny\", args = [] }\n";

impl Setup {
    /// `None`, loudly, where no volume can be made.
    fn new() -> Option<Setup> {
        if !rustix::process::geteuid().is_root() {
            skip::skip("volumes", "making one needs root");
            return None;
        }
        let probe = tempfile::tempdir().unwrap();
        if let Err(error) = exec::volume::Volume::create("btrfs:256M".parse().unwrap(), probe.path()) {
            skip::skip("volumes", &error.to_string());
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("tiny.toml", CORPUS);
        write("tiny/Cargo.toml", MANIFEST);
        write("tiny/Cargo.lock", LOCK);
        write("tiny/src/main.rs", "fn main() {\n    println!(\"{}\", heavy::WEIGHT.len());\n}\n");
        write("tiny/heavy/Cargo.toml", "[package]\nname = \"heavy\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        write("tiny/heavy/src/lib.rs", "pub static WEIGHT: [u8; 48 << 20] = [7; 48 << 20];\n");
        Some(Setup { dir })
    }

    fn harness(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
        command.arg("compare").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The comparison of this file, not started yet.
    fn compare(&self) -> Command {
        let mut command = self.harness(&["--strategies", "reflink+aggressive,hardlink+aggressive"]);
        command.args(["--volume", "btrfs:1G", "--seed", "1", "--corpus"]).arg(self.dir.path().join("tiny.toml"));
        command.arg("--work-dir").arg(self.work()).arg("--out").arg(self.runs());
        command
    }

    fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn runs(&self) -> PathBuf {
        self.dir.path().join("runs")
    }

    /// The folder of the only run, when there is one.
    fn run(&self) -> Option<PathBuf> {
        Some(fs::read_dir(self.runs()).ok()?.next()?.unwrap().path())
    }

    fn rows(&self) -> Vec<StepRow> {
        self.run().map_or(Vec::new(), |run| RunFolder::read(&run).map_or(Vec::new(), |folder| folder.steps))
    }

    /// Starts the comparison and waits until it has recorded a step.
    fn started(&self) -> Child {
        let child = self.compare().spawn().unwrap();
        let began = Instant::now();
        while self.rows().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(120), "no step was recorded");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(is_mounted(&self.mount_point()));
        child
    }

    fn mount_point(&self) -> PathBuf {
        self.work().join("volume-1/root")
    }

    fn assert_gone(&self) {
        let left = fs::read_dir(self.work()).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("volume")).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(!is_mounted(&self.mount_point()));
    }
}

fn is_mounted(path: &Path) -> bool {
    fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&format!(" {} ", path.display()))
}

fn finish(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn assert_sound(rows: &[StepRow]) {
    assert_eq!(rows.len(), 6, "three steps of two strategies");
    for row in rows {
        let what = format!("{} {}: {}", row.step, row.strategy, row.note);
        assert_eq!(row.status, Status::Ok, "{what}");
        assert_eq!(row.copied, Some(0), "{what}");
        assert!(row.tree_physical_bytes.is_some() && row.marginal_physical_bytes.is_some(), "{what}");
        let linked = if row.strategy.starts_with("reflink") { row.reflinked } else { row.hardlinked };
        if row.step == "warm" {
            assert!(linked > Some(0), "{what}");
        }
    }
}

#[test]
fn on_btrfs_reflinks_take_no_more_than_hard_links() {
    let Some(setup) = Setup::new() else { return };
    let (code, text) = finish(setup.compare().spawn().unwrap());
    assert_eq!(code, 0, "{text}");
    setup.assert_gone();
    let rows = setup.rows();
    assert_sound(&rows);
    for step in ["fill", "warm", "edit"] {
        let of = |link: &str| {
            let row = rows.iter().find(|row| row.step == step && row.link.as_deref() == Some(link)).unwrap();
            eprintln!(
                "{step} {link}: store {:?} tree {:?} all {:?} marginal {:?}; allocated {:?} {:?}",
                row.store_physical_bytes,
                row.tree_physical_bytes,
                row.all_physical_bytes,
                row.marginal_physical_bytes,
                row.store_allocated_bytes,
                row.tree_allocated_bytes
            );
            row.all_physical_bytes.unwrap() as f64
        };
        // The library outweighs what differs by right: files that must be private copies share
        // their blocks under reflink, and cannot under hardlink.
        let (reflink, hardlink) = (of("reflink"), of("hardlink"));
        assert!((reflink / hardlink - 1.0).abs() < 0.05, "{step}: {reflink} against {hardlink}");
    }
    let info = RunFolder::read(&setup.run().unwrap()).unwrap().info;
    let kind = |role: &str| info.file_systems.iter().find(|fs| fs.role == role).unwrap().kind.clone();
    assert_eq!(kind("arm"), "btrfs");
    assert_eq!(info.options["volume"], "btrfs:1G");
    assert!(setup.work().join("cargo-home").is_dir() && setup.work().join("sources").is_dir(), "they stay");
    assert!(!kind("work").is_empty());
}

#[test]
fn after_ctrl_c_the_volume_is_gone_and_the_run_goes_on() {
    let Some(setup) = Setup::new() else { return };
    let child = setup.started();
    signal(&child, Signal::INT);
    let (code, text) = finish(child);
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("--resume"), "{text}");
    setup.assert_gone();
    assert!(setup.rows().len() < 6, "it was interrupted");
    let run = setup.run().unwrap();
    let (code, text) = finish(setup.harness(&["--resume", run.to_str().unwrap()]).spawn().unwrap());
    assert_eq!(code, 0, "{text}");
    assert_sound(&setup.rows());
    setup.assert_gone();
}

#[test]
fn what_a_killed_run_left_mounted_is_removed_at_the_next_start() {
    let Some(setup) = Setup::new() else { return };
    let mut child = setup.started();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_mounted(&setup.mount_point()), "nobody was left to remove it");
    let run = setup.run().unwrap();
    let (code, text) = finish(setup.harness(&["--resume", run.to_str().unwrap()]).spawn().unwrap());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("a killed run had left mounted"), "{text}");
    assert_sound(&setup.rows());
    setup.assert_gone();
}

#[test]
fn a_run_that_cannot_start_leaves_no_volume() {
    let Some(setup) = Setup::new() else { return };
    fs::remove_file(setup.dir.path().join("tiny/src/main.rs")).unwrap();
    let (code, text) = finish(setup.compare().spawn().unwrap());
    assert_eq!(code, 2, "{text}");
    setup.assert_gone();
}

#[test]
fn who_is_not_root_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(dir.path(), mode(0o777)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--clear-groups", "--"]).arg(env!("CARGO_BIN_EXE_harness"));
    if !rustix::process::geteuid().is_root() {
        command = Command::new(env!("CARGO_BIN_EXE_harness"));
    }
    let output = command.args(["compare", "--volume", "btrfs:1G", "--work-dir"]).arg(dir.path().join("work")).output();
    let Some(output) = output.ok().filter(|output| !matches!(output.status.code(), Some(126 | 127))) else {
        skip::skip(
            "a volume asked for by another user",
            "there is no `setpriv` (util-linux), or that user cannot reach the harness",
        );
        return;
    };
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("needs root") && text.contains("--work-dir"), "{text}");
}
