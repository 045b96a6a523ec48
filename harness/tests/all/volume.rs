//! `compare --volume` with the real binary: the volume is used, its numbers are right, and it
//! is gone afterwards, however the run ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use records::{Status, StepRow};
use rustix::process::Signal;

use crate::support::processes::{signal, start, wait_for};
use crate::support::{CommandOutput, RecordedRun, TestDir, skip};

/// A directory with a program to build on a volume; `None`, loudly, where no volume can be made.
struct VolumeSetup(TestDir);

impl VolumeSetup {
    fn new() -> Option<VolumeSetup> {
        if !rustix::process::geteuid().is_root() {
            skip("volumes", "making one needs root");
            return None;
        }
        let probe = tempfile::tempdir().unwrap();
        if let Err(error) = exec::volume::Volume::create("btrfs:256M".parse().unwrap(), probe.path()) {
            skip("volumes", &error.to_string());
            return None;
        }
        Some(VolumeSetup(TestDir::with("heavy", &["heavy"])))
    }

    /// Compares, or goes on with the run that is there.
    fn start(&self) -> Child {
        let strategies = "reflink+aggressive,hardlink+aggressive";
        start(&self.0, "heavy", &["--strategies", strategies, "--volume", "btrfs:1G", "--seed", "1"])
    }

    fn compare(&self) -> CommandOutput {
        CommandOutput::of(self.start().wait_with_output().unwrap())
    }

    fn rows(&self) -> Vec<StepRow> {
        self.0.begun_runs().first().map_or(Vec::new(), |run| RecordedRun::read(run).folder.steps)
    }

    /// Starts the comparison and waits until it has recorded a step.
    fn started(&self) -> Child {
        let child = self.start();
        wait_for("a recorded step", Duration::from_secs(120), || !self.rows().is_empty());
        assert!(is_mounted(&self.mount_point()));
        child
    }

    fn mount_point(&self) -> PathBuf {
        self.0.at("work/volume-1/root")
    }

    fn assert_gone(&self) {
        let left = fs::read_dir(self.0.at("work")).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("volume")).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(!is_mounted(&self.mount_point()));
    }
}

fn is_mounted(path: &Path) -> bool {
    fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&format!(" {} ", path.display()))
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
    let Some(setup) = VolumeSetup::new() else { return };
    setup.compare().done();
    setup.assert_gone();
    let rows = setup.rows();
    assert_sound(&rows);
    for step in ["fill", "warm", "edit"] {
        let of = |link: &str| {
            let row = rows.iter().find(|row| row.step == step && row.link.as_deref() == Some(link)).unwrap();
            row.all_physical_bytes.unwrap() as f64
        };
        // The library outweighs what differs by right: files that must be private copies share
        // their blocks under reflink, and cannot under hardlink.
        let (reflink, hardlink) = (of("reflink"), of("hardlink"));
        assert!((reflink / hardlink - 1.0).abs() < 0.05, "{step}: {reflink} against {hardlink}");
    }
    let info = RecordedRun::read(&setup.0.run_folder()).folder.info;
    let kind = |role: &str| info.file_systems.iter().find(|fs| fs.role == role).unwrap().kind.clone();
    assert_eq!(kind("arm"), "btrfs");
    assert_eq!(info.options["volume"], "btrfs:1G");
    assert!(setup.0.at("work/cargo-home").is_dir() && setup.0.at("work/sources").is_dir(), "they stay");
    assert!(!kind("work").is_empty());
}

#[test]
fn after_ctrl_c_the_volume_is_gone_and_the_run_goes_on() {
    let Some(setup) = VolumeSetup::new() else { return };
    let child = setup.started();
    signal(&child, Signal::INT);
    let said = CommandOutput::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.stderr);
    assert!(said.stderr.contains("--resume"), "{}", said.stderr);
    setup.assert_gone();
    assert!(setup.rows().len() < 6, "it was interrupted");
    setup.compare().done();
    assert_sound(&setup.rows());
    setup.assert_gone();
}

#[test]
fn what_a_killed_run_left_mounted_is_removed_at_the_next_start() {
    let Some(setup) = VolumeSetup::new() else { return };
    let mut child = setup.started();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_mounted(&setup.mount_point()), "nobody was left to remove it");
    let said = setup.compare().done();
    assert!(said.stderr.contains("a killed run had left mounted"), "{}", said.stderr);
    assert_sound(&setup.rows());
    setup.assert_gone();
}

#[test]
fn a_run_that_cannot_start_leaves_no_volume() {
    let Some(setup) = VolumeSetup::new() else { return };
    fs::remove_file(setup.0.at("ws/heavy/src/main.rs")).unwrap();
    setup.compare().mistake();
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
        let why = "there is no `setpriv` (util-linux), or that user cannot reach the harness";
        return skip("a volume asked for by another user", why);
    };
    let said = CommandOutput::of(output);
    let line = said.mistake();
    assert!(line.contains("needs root") && line.contains("--work-dir"), "{line}");
}
