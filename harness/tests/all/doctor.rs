//! `harness doctor` on this machine: it ends, says what is so, and leaves nothing running.

use std::path::Path;
use std::process::{Command, Output};

fn doctor(work: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_harness")).arg("doctor").args(args).arg("--work-dir").arg(work).output().unwrap()
}

#[test]
fn this_machine_can_run_the_tests_so_it_is_ready() {
    let dir = tempfile::tempdir().unwrap();
    let output = doctor(dir.path(), &["--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["ready"], true);
    let findings = report["findings"].as_array().unwrap();
    for topic in ["toolchain", "layout", "work dir", "free space", "link modes", "cores", "observer", "load", "sandbox"]
    {
        assert!(findings.iter().any(|finding| finding["topic"] == topic), "{topic}: {text}");
    }
    let mut left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["CACHEDIR.TAG", "lock"], "probes and volumes are gone");
}

#[test]
fn a_work_directory_inside_a_workspace_is_not_ready() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Cargo.toml"), "[workspace]\n").unwrap();
    let output = doctor(&dir.path().join("work"), &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.ends_with("not ready: work dir missing\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
