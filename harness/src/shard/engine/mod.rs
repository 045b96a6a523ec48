//! Shards for the engines that people have: one file each.
//!
//! Templates are files in `harness/templates/`. What a user gave reaches a template only as a
//! checked name, a number, or a word quoted for the language it stands in; nothing of it is
//! ever read by a shell as more than one word.

mod github;
mod kubernetes;
mod slurm;

use std::time::Duration;

use anyhow::{Result, bail};

use super::words::{Words, for_shell};
use runner::shard::Part;

/// Where a plan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A shell command a line
    Lines,
    /// JSON for `strategy.matrix` of a GitHub workflow
    GithubMatrix,
    /// An indexed Job for `kubectl create -f`
    K8sJob,
    /// An array script for `sbatch`
    Slurm,
}

/// What all engines are told.
#[derive(Debug, Clone)]
pub struct Job {
    /// The command that shards share.
    pub words: Words,
    /// Predicted seconds of each shard.
    pub predicted_s: Vec<u64>,
    /// After how long something must be wrong.
    pub limit: Duration,
    /// What the engine calls it.
    pub name: String,
    /// A container image with the harness.
    pub image: Option<String>,
    /// The claim of the volume that run folders go to.
    pub claim: Option<String>,
    /// Labels of the nodes that may be used.
    pub nodes: Vec<(String, String)>,
    /// Processors of a shard.
    pub cpus: u32,
    /// Memory of a shard, bytes.
    pub memory_bytes: u64,
}

impl Job {
    /// How many shards there are.
    pub fn of(&self) -> u32 {
        u32::try_from(self.predicted_s.len()).unwrap_or(u32::MAX)
    }

    fn parts(&self) -> impl Iterator<Item = (Part, u64)> {
        let of = self.of();
        (1..).zip(&self.predicted_s).map(move |(index, seconds)| (Part { index, of }, *seconds))
    }
}

/// The plan in a format, with the line break at its end.
///
/// # Errors
/// When the format needs something that was not given, or cannot carry it.
pub fn render(format: Format, job: Job) -> Result<String> {
    match format {
        Format::Lines => lines(&job),
        Format::GithubMatrix => github::render(&job),
        Format::K8sJob => kubernetes::render(job),
        Format::Slurm => slurm::render(job),
    }
}

fn lines(job: &Job) -> Result<String> {
    let line = |part| {
        let words = job.words.of(part);
        for_shell(["harness", "compare"].into_iter().chain(words.iter().map(String::as_str)))
    };
    job.parts().map(|(part, _)| Ok(line(part)? + "\n")).collect()
}

/// Fills a template: `{{NAME}}` becomes its value, and what is in a value is not looked at again.
///
/// # Errors
/// When a template names what there is no value for, which tests rule out.
fn fill(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut pieces = template.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((name, after)) = piece.split_once("}}") else { bail!("a template has an open {{{{") };
        let Some((_, value)) = values.iter().find(|(known, _)| *known == name) else {
            bail!("a template asks for {name}, which nobody gives")
        };
        filled.push_str(value);
        filled.push_str(after);
    }
    Ok(filled)
}

/// What a shard runs on any engine with a shell: begins, or goes on where it was cut off.
const SHARD: &str = include_str!("../../../templates/shard.sh");

#[cfg(test)]
mod tests {
    use super::*;

    /// What a user may well have in a path, and what nobody should.
    pub const NASTY: [&str; 6] = [
        "with space",
        "it's \"quoted\"",
        "$(touch pwned)",
        "`id` $HOME ${X} $(JOB_COMPLETION_INDEX)",
        "é {{N}} \\",
        "- #!&*: |>%@",
    ];

    pub fn job() -> Job {
        let given = NASTY.iter().flat_map(|word| ["--set".to_owned(), format!("x.y={word}")]);
        let given = given.chain(["--seed".to_owned(), "7".to_owned()]);
        Job {
            words: Words::new(given.collect()).unwrap(),
            predicted_s: vec![100, 90],
            limit: Duration::from_secs(3_601),
            name: "night".into(),
            image: Some("example.org/harness@sha256:00".into()),
            claim: Some("runs".into()),
            nodes: vec![("pool".into(), "quiet".into())],
            cpus: 2,
            memory_bytes: 4 << 30,
        }
    }

    #[test]
    fn a_line_is_the_command_of_a_shard() {
        let lines = render(Format::Lines, job()).unwrap();
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines.len(), 2);
        for (at, line) in lines.into_iter().enumerate() {
            let words = shlex::split(line).unwrap();
            assert_eq!(words[..2], ["harness", "compare"]);
            assert_eq!(words[3], format!("x.y={}", NASTY[0]));
            assert_eq!(words[words.len() - 2..], ["--shard".to_owned(), format!("{}/2", at + 1)]);
        }
    }

    #[test]
    fn what_is_in_a_value_is_not_filled_in_again() {
        assert_eq!(fill("a {{X}} {{Y}}", &[("X", "{{Y}}"), ("Y", "1")]).unwrap(), "a {{Y}} 1");
        assert!(fill("{{Z}}", &[]).is_err());
        assert!(fill("{{Z", &[]).is_err());
    }
}
