//! An array script: one task a shard, each with a node for itself.

use anyhow::Result;

use super::{Job, SHARD, fill};
use crate::shard::words::for_shell;

const TEMPLATE: &str = include_str!("../../../templates/array.sh");

/// Where everything is built when nobody says: on the node's own disk.
const WORK: &str = "\"${TMPDIR:-/tmp}/cargo-cache-harness-$(id -u)\"";
/// Where run folders go when nobody says: beside where the job was submitted.
const OUT: &str = "\"$PWD\"/shards";

pub(super) fn render(mut job: Job) -> Result<String> {
    let one = |word: &str| for_shell([word]);
    let work = job.words.take("--work-dir").map_or(Ok(WORK.to_owned()), |dir| one(&dir))?;
    let out = job.words.take("--out").map_or(Ok(OUT.to_owned()), |dir| one(&dir))?;
    let words = job.words.all().iter().map(|word| Ok(format!("    {}", one(word)?)));
    let words: Vec<String> = words.collect::<Result<_>>()?;
    fill(
        TEMPLATE,
        &[
            ("NAME", &job.name),
            ("OF", &job.of().to_string()),
            ("MINUTES", &job.limit.as_secs().div_ceil(60).to_string()),
            ("WORK", &work),
            ("OUT", &out),
            ("ARGS", &words.join("\n")),
            ("SCRIPT", SHARD.trim_end()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::job;
    use super::*;

    #[test]
    fn the_script_is_what_it_was() {
        insta::assert_snapshot!(render(job()).unwrap());
    }
}
