//! `harness doctor` on this machine: it ends, says what is so, and leaves nothing running.

use crate::support::TestDir;

#[test]
fn this_machine_can_run_the_tests_so_it_is_ready() {
    let place = TestDir::new();
    let text = place.run(&["doctor", "--json", "--work-dir", "work"]).done().stdout;
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["ready"], true);
    let findings = report["findings"].as_array().unwrap();
    for topic in ["toolchain", "layout", "work dir", "free space", "link modes", "cores", "observer", "load", "sandbox"]
    {
        assert!(findings.iter().any(|finding| finding["topic"] == topic), "{topic}: {text}");
    }
    let mut left: Vec<_> =
        std::fs::read_dir(place.at("work")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["CACHEDIR.TAG", "lock"], "probes and volumes are gone");
}

#[test]
fn a_work_directory_inside_a_workspace_is_not_ready() {
    let place = TestDir::new();
    std::fs::write(place.at("Cargo.toml"), "[workspace]\n").unwrap();
    let said = place.run(&["doctor", "--work-dir", "work"]);
    let text = said.stdout;
    assert_eq!(said.code, Some(1), "{text}");
    assert!(text.ends_with("not ready: work dir missing\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
