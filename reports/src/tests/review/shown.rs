//! What a reader sees: names, sentences, tables, captions.

use super::*;

#[test]
fn names_pass_through_unharmed() {
    let name = "hard|link<b>&\nx+aggressive";
    let probed = probes(&[name]);
    with(&[run(&[(name, 1.0, 0.1, 1.0, 100)], 8)], &[&probed], |evidence| {
        let sections = review(evidence);
        let cells = sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
            Block::Grid(grid) => Some(grid.rows.iter().flatten().filter(|cell| cell.text == name).count()),
            _ => None,
        });
        assert!(cells.sum::<usize>() > 5);
    });
}

#[test]
fn sentences_are_no_stronger_than_verdicts() {
    let text = |runs: &[RunFolder]| with(runs, &[], |evidence| format!("{:?}", review(evidence)));
    let enough = text(&[policies(0.6, 0.1)]);
    assert!(enough.contains("faster than hardlink+conservative, wall time hardlink+aggressive 0.16"), "{enough}");
    let equal = text(&[policies(0.6, 0.6)]);
    assert!(equal.contains("no difference from hardlink+conservative was found, which is not"));
    let single = text(&[{
        let mut run = run(&[(NARROW, 1.0, 0.6, 1.0, 100), (WIDE, 1.0, 0.1, 1.0, 100)], 1);
        run.steps.retain(|row| row.workspace == "one");
        run
    }]);
    assert!(single.contains("a single sample, no verdict against hardlink+conservative"));
    assert!(!single.contains(": faster than") && !single.contains(": slower than"));
}

fn blocks(runs: &[RunFolder], probed: &[&ProbeRun]) -> Vec<Block> {
    with(runs, probed, |evidence| review(evidence).into_iter().flat_map(|section| section.blocks).collect())
}

#[test]
fn rules_are_a_list_and_every_column_has_a_name() {
    let blocks = blocks(&[policies(0.6, 0.1)], &[]);
    let items = blocks.iter().filter_map(|block| if let Block::List(items) = block { Some(items) } else { None });
    assert!(items.flatten().any(|item| item.starts_with("key policy: From no cache upwards")));
    for block in &blocks {
        if let Block::Grid(grid) = block {
            assert!(grid.columns.iter().all(|column| !column.head.is_empty()), "{}", grid.caption);
        }
    }
}

#[test]
fn findings_of_reuse_and_links_state_numbers() {
    let mut run = run(&[(WIDE, 1.0, 0.1, 1.0, 100), (COPY, 1.0, 0.3, 1.0, 100)], 8);
    for row in run.steps.iter_mut().filter(|row| row.step == "fill" && row.strategy != "none") {
        row.hit_rate_by_cost = WORKSPACES.iter().position(|name| *name == row.workspace).map(|at| 0.15 * at as f64);
    }
    let findings: Vec<String> = blocks(&[run], &[])
        .into_iter()
        .flat_map(|block| if let Block::List(items) = block { items } else { Vec::new() })
        .collect();
    let reuse = "as project 3 in one order (R1), hardlink+aggressive reused 30.0% of the last one's compile seconds; \
                 of all after the first, least 15.0%, most 30.0%";
    assert!(findings.iter().any(|it| it == reuse), "{findings:?}");
    let links = findings.iter().find(|it| it.contains("on xfs (R1, gauntlet) from 0.")).expect("a finding of Q5");
    assert!(links.contains("under hardlink+aggressive to 0.") && links.contains("2 of 2 arms found faster"), "{links}");
}

#[test]
fn a_link_to_a_directory_is_no_file() {
    let mut run = run(&[(WIDE, 1.0, 0.1, 1.0, 100), ("in-place+aggressive", 1.0, 0.1, 1.0, 100)], 8);
    for row in run.steps.iter_mut().filter(|row| row.step == "warm" && row.strategy != "none") {
        (row.restore_s, row.symlinked) = (Some(0.5), Some(10));
    }
    with(&[run], &[], |evidence| {
        let section = review(evidence).into_iter().find(|it| it.title.starts_with("Q4 ")).unwrap();
        let text = format!("{:?}", section.blocks);
        assert!(text.contains("hardlink+aggressive: a file brought back took"), "{text}");
        assert!(!text.contains("in-place+aggressive: a file brought back took"));
        assert_eq!(text.matches("50.00 ms").count(), 2, "in one row and one sentence: {text}");
    });
}
