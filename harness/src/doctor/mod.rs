//! What this machine has and lacks for a sound comparison, found out before a run. Only [`facts`] touches the machine;
//! [`grade`] makes findings of them, each `ok`, `warning` or `missing`, with the remedy.

pub mod facts;
pub mod grade;

use reports::text::{WIDTH, wrap};
use serde::Serialize;

/// How a finding is graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    Ok,
    /// Works, but limits what can be measured or how well.
    Warning,
    Missing,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    pub level: FindingLevel,
    /// What it is about, in a word or two.
    pub topic: &'static str,
    pub text: String,
    /// What to do about it; nothing for what is ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Whether nothing can be compared before this is remedied.
    pub required: bool,
}

impl DoctorFinding {
    /// Whether this keeps every comparison from running.
    fn blocks(&self) -> bool {
        self.required && self.level == FindingLevel::Missing
    }
}

/// All findings, and whether a comparison can be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    pub ready: bool,
    pub findings: Vec<DoctorFinding>,
}

impl Diagnosis {
    pub fn of(findings: Vec<DoctorFinding>) -> Diagnosis {
        Diagnosis { ready: !findings.iter().any(DoctorFinding::blocks), findings }
    }
}

const LEVEL_WIDTH: usize = 7;
const TOPIC_WIDTH: usize = 11;
const INDENT: usize = LEVEL_WIDTH + TOPIC_WIDTH + 4;

/// The whole report, in lines of at most [`WIDTH`] columns.
pub fn render(diagnosis: &Diagnosis) -> String {
    let mut out = String::new();
    let mut block = |head: &str, text: &str| {
        for (number, line) in wrap(text, WIDTH - INDENT, 0).lines().enumerate() {
            let head = if number == 0 { head } else { "" };
            out.push_str(format!("{head:INDENT$}{line}").trim_end());
            out.push('\n');
        }
    };
    for finding in &diagnosis.findings {
        let level = format!("{:?}", finding.level).to_lowercase();
        block(&format!("{level:LEVEL_WIDTH$}  {:TOPIC_WIDTH$}  ", finding.topic), &finding.text);
        finding.remedy.iter().for_each(|remedy| block("", &format!("→ {remedy}")));
    }
    out.push('\n');
    out.push_str(&wrap(&verdict(diagnosis), WIDTH, 2));
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn verdict(diagnosis: &Diagnosis) -> String {
    let blocking: Vec<&str> =
        diagnosis.findings.iter().filter(|finding| finding.blocks()).map(|finding| finding.topic).collect();
    let warnings = diagnosis.findings.iter().filter(|finding| finding.level == FindingLevel::Warning).count();
    match (blocking.is_empty(), warnings) {
        (false, _) => format!("not ready: {} missing", blocking.join(", ")),
        (true, 0) => "ready: `harness compare` can run".to_owned(),
        (true, 1) => "ready: `harness compare` can run; 1 warning limits what it shows".to_owned(),
        (true, warnings) => format!("ready: `harness compare` can run; {warnings} warnings limit what it shows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(level: FindingLevel, text: &str, remedy: Option<&str>, required: bool) -> DoctorFinding {
        DoctorFinding { level, topic: "link modes", text: text.into(), remedy: remedy.map(str::to_owned), required }
    }

    #[test]
    fn long_lines_wrap_under_their_own_column() {
        let long = "many words ".repeat(20);
        let wide = "x".repeat(200);
        let diagnosis = Diagnosis::of(vec![
            finding(FindingLevel::Warning, &long, Some(&long), false),
            finding(FindingLevel::Missing, &wide, Some("do"), true),
        ]);
        let text = render(&diagnosis);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        let second = text.lines().nth(1).unwrap();
        assert!(second.starts_with(&" ".repeat(INDENT)) && !second.starts_with(&" ".repeat(INDENT + 1)), "{text}");
        assert!(text.ends_with("not ready: link modes missing\n"), "{text}");
    }

    #[test]
    fn only_what_is_required_and_missing_blocks() {
        let verdict_of = |findings| {
            let diagnosis = Diagnosis::of(findings);
            (diagnosis.ready, verdict(&diagnosis))
        };
        assert!(verdict_of(vec![finding(FindingLevel::Missing, "", None, false)]).0);
        let (ready, text) = verdict_of(vec![finding(FindingLevel::Warning, "", None, true)]);
        assert!(ready && text.contains("1 warning limits"), "{text}");
        assert!(!verdict_of(vec![finding(FindingLevel::Missing, "", None, true)]).0);
    }
}
