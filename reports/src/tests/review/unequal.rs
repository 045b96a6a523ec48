//! Arms that lack workspaces, and first builds that were not first: nothing is compared but
//! what both have.

use super::*;

const SYMLINK: &str = "symlink+aggressive";
const DIRS: &str = "hardlink+aggressive@dirs";

fn without(mut run: RunFolder, strategy: &str, workspace: &str) -> RunFolder {
    for row in run.steps.iter_mut().filter(|row| row.strategy == strategy && row.workspace == workspace) {
        *row = bad(row.clone(), Status::Unsupported, "no symlinks there");
    }
    run
}

fn alone(mut run: RunFolder) -> RunFolder {
    run.info.options.insert("alone".into(), true.into());
    run
}

fn links(symlink: f64) -> RunFolder {
    run(&[(WIDE, 1.0, 0.1, 1.0, 100), (SYMLINK, 1.0, symlink, 1.0, 100)], 8)
}

fn text(runs: &[RunFolder], probed: &[&ProbeRun]) -> String {
    with(runs, probed, |evidence| format!("{:?}", review(evidence)))
}

#[test]
fn who_lacks_a_workspace_holds_no_fewer_bytes_for_it() {
    let probed = probes(&[WIDE, SYMLINK]);
    let apart = || alone(without(links(0.1), SYMLINK, "three"));
    assert_eq!(found(&[apart()], &[&probed], "link mode"), Err(String::new()));
    let said = text(&[apart()], &[&probed]);
    let both = "200.0 MiB under symlink+aggressive (8 rounds × 2 workspaces), 200.0 MiB under hardlink+aggressive \
                (8 rounds × 3 workspaces)";
    assert!(said.contains(both), "{said}");
    // Bytes of what both have decide.
    let mut less = apart();
    let rows = less.steps.iter_mut().filter(|row| row.strategy == SYMLINK);
    rows.for_each(|row| row.all_physical_bytes = row.all_physical_bytes.map(|size| size / 2));
    assert_eq!(found(&[less], &[&probed], "link mode"), Ok("symlink".into()));
    // On one store for all, what is there after other workspaces cannot be compared.
    let mut together = without(links(0.1), SYMLINK, "three");
    let rows = together.steps.iter_mut().filter(|row| row.strategy == SYMLINK);
    rows.for_each(|row| row.all_physical_bytes = row.all_physical_bytes.map(|size| size / 2));
    assert!(text(std::slice::from_ref(&together), &[&probed]).contains("are not compared by disk"));
    assert_eq!(found(&[together], &[&probed], "link mode"), Err(String::new()));
}

#[test]
fn who_lacks_a_workspace_is_no_faster_for_it() {
    let probed = probes(&[WIDE, SYMLINK]);
    // Slower in each workspace it has, yet the sum of its seconds is lower.
    let run = alone(without(links(0.13), SYMLINK, "three"));
    assert_eq!(found(&[run], &[&probed], "link mode"), Ok("hardlink".into()));
}

#[test]
fn a_store_is_no_smaller_for_a_workspace_it_lacks() {
    let probed = probes(&[WIDE, DIRS]);
    let mut run = alone(without(run(&[(WIDE, 1.0, 0.1, 1.0, 100), (DIRS, 1.0, 0.1, 1.0, 100)], 8), DIRS, "two"));
    for row in run.steps.iter_mut().filter(|row| row.strategy == DIRS) {
        (row.store, row.key) = (Some("dirs".into()), Some("aggressive".into()));
    }
    assert!(found(std::slice::from_ref(&run), &[&probed], "store shape").is_err());
    let said = text(&[run], &[&probed]);
    assert!(said.contains("the one is 100.0% of the other"), "{said}");
}

#[test]
fn only_the_first_on_an_empty_store_is_a_first_build() {
    let probed = probes(&[WIDE]);
    let mut reused = run(&[(WIDE, 2.0, 0.6, 1.0, 100)], 8);
    let later =
        |row: &&mut records::StepRow| row.strategy == WIDE && row.step == "fill" && row.workspace != WORKSPACES[0];
    reused.steps.iter_mut().filter(later).for_each(|row| row.wall_s = row.wall_s.map(|wall| 0.2 * wall));
    let paid = Ok("worth it after 3 warm builds".to_owned());
    assert_eq!(found(std::slice::from_ref(&reused), &[&probed], "worth"), paid);
    assert!(text(std::slice::from_ref(&reused), &[&probed]).contains("first builds of one alone"));
    // Where each has a store of its own, all are first builds.
    assert_eq!(
        found(&[alone(reused.clone())], &[&probed], "worth"),
        Ok("worth it, with the first build already".into())
    );
    // Without the first one nothing is known of first builds, until the scenario cold shows them.
    let mut warm = reused;
    warm.steps.retain(|row| row.step != "fill");
    let command = found(std::slice::from_ref(&warm), &[&probed], "worth").unwrap_err();
    assert!(command.starts_with("harness compare --scenario cold "), "{command}");
    let missing = "what a first build costs more is not shown by these runs";
    assert!(text(std::slice::from_ref(&warm), &[&probed]).contains(missing));
    let mut cold = run(&[(WIDE, 2.0, 1.0, 1.0, 100)], 8);
    cold.steps.retain(|row| row.step == "fill");
    for row in &mut cold.steps {
        (row.scenario, row.step) = ("cold".into(), "cold".into());
    }
    assert_eq!(found(&[warm, cold], &[&probed], "worth"), paid);
}

#[test]
fn seconds_are_added_and_not_ratios() {
    let probed = probes(&[WIDE]);
    // By ratios first builds cost less (0.6 × 0.6 × 2.4 < 1); in seconds 30 more than 60, and a warm one gains 24.
    let mut run = alone(run(&[(WIDE, 1.0, 0.6, 1.0, 100)], 8));
    for row in run.steps.iter_mut().filter(|row| row.strategy == WIDE && row.step == "fill") {
        let part = if row.workspace == "three" { 2.4 } else { 0.6 };
        row.wall_s = row.wall_s.map(|wall| part * wall);
    }
    assert_eq!(found(&[run], &[&probed], "worth"), Ok("worth it after 2 warm builds".into()));
}

#[test]
fn a_policy_is_judged_with_links_that_are_safe() {
    const NARROW_COPY: &str = "copy+conservative";
    let arms = [NARROW, WIDE, NARROW_COPY, COPY];
    let parts = [0.6, 0.1, 0.6, 0.1];
    let arms: Vec<ArmSpec<'_>> = arms.into_iter().zip(parts).map(|(name, warm)| (name, 1.0, warm, 1.0, 100)).collect();
    let mut probed = probes(&[NARROW, WIDE, NARROW_COPY, COPY]);
    fail(&mut probed, NARROW, "races", "");
    fail(&mut probed, WIDE, "races", "");
    let run = [run(&arms, 8)];
    assert_eq!(found(&run, &[&probed], "key policy"), Ok("aggressive".into()));
    let said = text(&run, &[&probed]);
    assert!(said.contains("judged with copies"), "{said}");
    assert!(!said.contains("judged with hardlinks"));
}
