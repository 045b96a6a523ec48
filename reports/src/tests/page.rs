//! The HTML page: its structure, that nothing breaks out of it, its size; and what a real
//! browser makes of it, where there is one.

use super::document::{HOSTILE, document};
use super::many;
use super::review::whole_review;
use super::simulated_run::simulation;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::analysis::RunSource;
use crate::document::Document;
use crate::page::{self, Rows};
use crate::probes::{ProbeRow, ProbeVerdict};
use crate::report::Report;
use records::{Status, StepRow};

/// Elements that have no end.
const VOID: [&str; 8] = ["meta", "link", "br", "wbr", "img", "input", "hr", "!doctype"];

fn handmade() -> String {
    let mut steps = many::steps(777);
    for row in steps.iter_mut().skip(3).step_by(50) {
        row.workspace = HOSTILE.into();
        row.status = Status::Invalid;
        row.note = format!("{}\n\"quoted\", with commas,\nand lines {}", HOSTILE, "and more words ".repeat(9));
    }
    let probes: Vec<ProbeRow> = ["none", "shared-target", HOSTILE].into_iter().map(probe).collect();
    let simulated = simulation(HOSTILE);
    let rows = [
        Rows::of_steps(&steps).unwrap(),
        Rows::of_probes(&probes).unwrap(),
        Rows::of_table(&simulated.curve).unwrap(),
        Rows::of_table(&simulated.relaxations).unwrap(),
        Rows::of_table(&simulated.retention).unwrap(),
    ];
    let mut document = document();
    document.sections.extend(whole_review().sections);
    document.sections.extend(Report::of(vec![RunSource::Simulate(Box::new(simulated))], None).document().sections);
    page::render(&document, &rows).unwrap()
}

fn probe(strategy: &str) -> ProbeRow {
    ProbeRow {
        run: "r1".into(),
        family: "stale".into(),
        probe: "patch-by-path-edited".into(),
        expects: "rebuild".into(),
        origin: "https://example.com/a https://example.com/b".into(),
        strategy: strategy.into(),
        verdict: if strategy == "none" { ProbeVerdict::Pass } else { ProbeVerdict::Fail },
        detail: HOSTILE.into(),
        ..ProbeRow::default()
    }
}

/// The start tags of a page, with their attributes as text; panics where tags do not nest.
fn tags(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = tag_end(rest);
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "tags nest");
            continue;
        }
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let name = name.trim_end_matches('/').to_lowercase();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '!'), "a tag by accident: <{tag}>");
        if name == "script" || name == "style" {
            rest = &rest[rest.find(&format!("</{name}>")).unwrap()..];
        }
        if !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
            open.push(name.clone());
        }
        found.push((name, attributes.to_owned()));
    }
    assert!(open.is_empty(), "left open: {open:?}");
    found
}

/// Where a tag ends: at the first `>` outside of quotes.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    text.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    })
    .unwrap()
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let padded = attributes.find(&format!("{name}=\"")).filter(|&at| at == 0 || attributes[..at].ends_with(' '))?;
    attributes[padded + name.len() + 2..].split('"').next()
}

fn names(attributes: &str) -> String {
    attributes.split('"').step_by(2).fold(String::from(" "), |names, part| names + part)
}

#[test]
fn ids_are_unique_and_links_lead_somewhere() {
    let page = handmade();
    let tags = tags(&page);
    let ids: Vec<&str> = tags.iter().filter_map(|(_, attributes)| attribute(attributes, "id")).collect();
    let distinct: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
    assert!(distinct.contains("rows-curve") && distinct.contains("simulation-1-reuse"));
    assert!(distinct.contains("step-fill") && distinct.contains("rows-steps") && distinct.contains("rows-probes"));
    let links: Vec<&str> = tags.iter().filter_map(|(_, attributes)| attribute(attributes, "href")).collect();
    assert!(links.len() > 12);
    for link in links.into_iter().filter(|link| link.starts_with('#')) {
        assert!(distinct.contains(&link[1..]), "{link}");
    }
    for (_, attributes) in &tags {
        for id in attribute(attributes, "aria-labelledby").iter().flat_map(|ids| ids.split(' ')) {
            assert!(distinct.contains(id), "{id}");
        }
    }
}

#[test]
fn nothing_breaks_out_and_nothing_is_fetched() {
    let page = handmade();
    let tags = tags(&page);
    let count = |wanted: &str| tags.iter().filter(|(name, _)| name == wanted).count();
    // Its own and those of two libraries, each allowed by its hash.
    assert_eq!((count("script"), count("img"), count("style")), (3, 0, 1));
    assert_eq!(page.matches("&#39;sha256-").count() + page.matches("'sha256-").count(), 3);
    for (name, attributes) in &tags {
        assert!(!names(attributes).contains(" on"), "<{name} {attributes}>");
        for source in ["src", "srcset", "action", "data", "poster"] {
            assert_eq!(attribute(attributes, source), None, "<{name} {attributes}>");
        }
        let local = |link: &str| link.starts_with('#') || link.starts_with("data:");
        assert!(attribute(attributes, "href").is_none_or(local), "<{name}>");
    }
    assert!(!page.contains("<script>alert") && !page.contains('\0'));
    assert!(page.contains("&#60;/script&#62;"));
    assert!(page.contains("default-src 'none'") || page.contains("default-src &#39;none&#39;"));
}

#[test]
fn tables_say_what_their_heads_head() {
    let page = handmade();
    let tags = tags(&page);
    let heads = tags.iter().filter(|(name, _)| name == "th");
    assert!(heads.clone().count() > 50);
    assert!(heads.into_iter().all(|(_, attributes)| attribute(attributes, "scope").is_some()));
    let count = |wanted: &str| tags.iter().filter(|(name, _)| name == wanted).count();
    assert_eq!(count("table"), count("caption"));
    assert_eq!(count("figure"), count("figcaption"));
    assert_eq!(count("svg"), count("figure"));
    assert!(page.contains("✓") && page.contains("✗"), "tone is not colour alone");
}

#[test]
fn fifty_thousand_rows_fit_and_all_are_there() {
    let rows = Rows::of_steps(&many::steps(50_000)).unwrap();
    let page = page::render(&document(), &[rows]).unwrap();
    assert!(page.len() < 10_000_000, "{} bytes", page.len());
    assert!(page.contains(&format!("The file has 50,000 rows and {} columns.", StepRow::COLUMNS.len())));
    assert!(!page.contains("are left out"));
}

#[test]
fn what_does_not_fit_is_said() {
    let rows = [Rows::of_steps(&many::steps(5_000)).unwrap()];
    let page = page::render_within(&Document::default(), &rows, 1_000_000).unwrap();
    assert!(page.contains("of them, since all would make it too large;"));
    assert!(page.contains("are left out. The file steps.csv in the folder of the run has all."));
    assert!(page.len() <= 1_000_000, "{} bytes", page.len());
    assert!(page.len() > 700_000, "{} bytes", page.len());
}

/// Sections and plots take from what the rows may have, not from the reader's patience.
#[test]
fn a_long_document_leaves_less_for_the_rows() {
    let mut document = document();
    let once = document.sections.clone();
    for _ in 0..9 {
        document.sections.extend(once.iter().cloned());
    }
    let rows = [Rows::of_steps(&many::steps(5_000)).unwrap()];
    let bare = page::render_within(&document, &rows, 0).unwrap().len();
    let budget = bare + 500_000;
    let page = page::render_within(&document, &rows, budget).unwrap();
    assert!(page.contains("are left out."));
    assert!(page.len() <= budget, "{} of {budget} bytes", page.len());
    let full = page::render_within(&document, &rows, bare).unwrap();
    assert!(full.contains("first 0 of them"));
    assert!(full.len() < bare + 100_000, "{} bytes beside {bare}", full.len());
}

/// Names come from crates, notes from compilers: neither may reverse a line or steer what
/// shows it. The packed rows are as measured.
#[test]
fn no_character_acts_on_the_text_beside_it() {
    let page = handmade();
    let acts = |c: char| {
        let turns =
            matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || (c.is_control() && c != '\n')
    };
    let found = page.char_indices().find(|(_, c)| acts(*c));
    assert_eq!(found, None);
    assert!(page.contains("[31m\u{fffd}\u{fffd}\u{fffd} {"));
}

#[test]
fn an_empty_report_is_a_page() {
    let page = page::render(&Document::default(), &[Rows::of_steps(&[] as &[StepRow]).unwrap()]).unwrap();
    tags(&page);
    assert!(page.contains("The file has 0 rows"));
}

#[test]
fn the_same_report_is_the_same_page() {
    assert_eq!(handmade(), handmade());
}

/// What a reader sees, in Chromium: ci/browser/README.md says what is checked.
#[test]
fn a_browser_agrees() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/browser/run");
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("report.html");
    fs::write(&page, handmade()).unwrap();
    let output = match Command::new("bash").arg(&tools).arg(&page).output() {
        Ok(output) => output,
        Err(error) => return skip::skip("the page in a browser", &format!("bash cannot be started: {error}")),
    };
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => {}
        Some(77) => skip::skip("the page in a browser", &said),
        _ => panic!("{said}"),
    }
}
