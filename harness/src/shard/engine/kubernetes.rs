//! An indexed Job: one pod a shard, no two on a node.

use anyhow::{Context as _, Result};

use super::{Job, SHARD, fill};

const TEMPLATE: &str = include_str!("../../../templates/job.yaml");

/// Where the pod's own disk is: everything that is built.
const WORK: &str = "/scratch/work";
/// Where the claim is.
const OUT: &str = "/out";

pub(super) fn render(mut job: Job) -> Result<String> {
    let image = job.image.clone().context("k8s-job needs --job-image: a container image that has the harness")?;
    let claim = job.claim.clone().context(
        "k8s-job needs --job-claim: the persistent volume claim that run folders are written to, since a pod keeps none",
    )?;
    job.words.take("--work-dir");
    let out = job.words.take("--out").filter(|out| out.starts_with('/')).unwrap_or_else(|| OUT.to_owned());
    let args: Vec<String> = job.words.all().iter().map(|word| format!("            - {}", as_arg(word))).collect();
    let script: Vec<String> = SHARD
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("              {line}") })
        .collect();
    let label = |(name, value): &(String, String)| format!("\n        {}: {}", quoted(name), quoted(value));
    let nodes: String = job.nodes.iter().map(label).collect();
    let nodes = if nodes.is_empty() { String::new() } else { format!("\n      nodeSelector:{nodes}") };
    fill(
        TEMPLATE,
        &[
            ("NAME", &quoted(&job.name)),
            ("OF", &job.of().to_string()),
            ("LIMIT", &job.limit.as_secs().to_string()),
            ("NODES", &nodes),
            ("IMAGE", &quoted(&image)),
            ("CLAIM", &quoted(&claim)),
            ("SCRIPT", &script.join("\n")),
            ("ARGS", &args.join("\n")),
            ("OUT", &as_arg(&out)),
            ("WORK", &quoted(WORK)),
            ("CPUS", &job.cpus.to_string()),
            ("MEMORY", &quoted(&format!("{}Mi", job.memory_bytes >> 20))),
        ],
    )
}

/// A word as an argument of a container. Kubernetes puts variables in for `$(NAME)`, and reads
/// `$$` as a dollar sign where it would.
fn as_arg(word: &str) -> String {
    quoted(&word.replace('$', "$$"))
}

/// A text as a double-quoted scalar of YAML 1.2. Words hold no control characters.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            // Line breaks to some readers, and what YAML calls not printable.
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::tests::job;
    use super::*;

    #[test]
    fn a_job_needs_an_image_and_a_place_for_its_results() {
        let refused = |job| render(job).unwrap_err().to_string();
        assert!(refused(Job { image: None, ..job() }).contains("--job-image"));
        assert!(refused(Job { claim: None, ..job() }).contains("--job-claim"));
    }

    #[test]
    fn words_are_quoted_for_yaml_and_for_kubernetes() {
        assert_eq!(as_arg("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(as_arg("$(X) $Y"), r#""$$(X) $$Y""#);
        assert_eq!(quoted("a\u{2028}é"), "\"a\\u2028é\"");
    }

    #[test]
    fn the_job_is_what_it_was() {
        insta::assert_snapshot!(render(job()).unwrap());
    }
}
