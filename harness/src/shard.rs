//! Plans of a run in shards, for shells, GitHub, Kubernetes and Slurm.
//!
//! The options of the run are one JSON text, which shards read with `compare --options`. It holds nothing but printable
//! ASCII without `'` and `$`, so it stands as it is in a single-quoted word of a shell, in a single-quoted scalar of
//! YAML and in a variable of a container. What else a user gave reaches a template only as a checked name, a number, or
//! a path quoted for the language it stands in. Templates are files in `harness/templates/`.

pub mod seconds;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use runner::experiment::Options;
use runner::shard::{ShardPart, Sharding, machine_word};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The options of a run that is measured in shards: those of [`Options`], without what each machine has of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedRun {
    #[serde(flatten)]
    options: BTreeMap<String, Value>,
    /// Predicted seconds of a round by workspace; empty where they decide nothing.
    #[serde(default)]
    shard_seconds: BTreeMap<String, u64>,
}

impl PlannedRun {
    /// The plan of these options; corpus and scenario under the names that were given.
    pub fn of(
        options: &Options,
        (corpus, scenario): (&str, &str),
        shard_seconds: BTreeMap<String, u64>,
    ) -> Result<PlannedRun> {
        let Value::Object(fields) = serde_json::to_value(options)? else { bail!("options are no JSON object") };
        let mut options: BTreeMap<String, Value> = fields.into_iter().collect();
        options.remove("work_dir");
        options.insert("corpus".to_owned(), corpus.into());
        options.insert("scenario".to_owned(), scenario.into());
        Ok(PlannedRun { options, shard_seconds })
    }

    pub fn parse(text: &str) -> Result<PlannedRun> {
        serde_json::from_str(text).context("it is not what `harness plan` writes")
    }

    /// As one line of printable ASCII without `'` and `$`.
    pub fn to_json(&self) -> Result<String> {
        Ok(harmless(&serde_json::to_string(self)?))
    }

    /// The options of a shard on this machine; without a part, of the whole run.
    pub fn options(self, work_dir: PathBuf, part: Option<ShardPart>) -> Result<Options> {
        let mut fields: serde_json::Map<String, Value> = self.options.into_iter().collect();
        fields.insert("work_dir".to_owned(), serde_json::to_value(work_dir)?);
        let mut options: Options = serde_json::from_value(Value::Object(fields)).context("options of a plan")?;
        options.shard = part.map(|part| Sharding { part, seconds: self.shard_seconds, machine: machine_word() });
        Ok(options)
    }
}

/// JSON with everything escaped that some shell, YAML or Kubernetes would read as more than itself.
fn harmless(json: &str) -> String {
    let mut text = String::new();
    for letter in json.chars() {
        match letter {
            '\'' | '$' | '\u{7f}'.. => {
                let mut units = [0; 2];
                text.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            _ => text.push(letter),
        }
    }
    text
}

/// A run in shards, as engines need it.
#[derive(Debug, Clone, Copy)]
pub struct ShardPlan<'a> {
    /// The options, as [`PlannedRun::to_json`] wrote them.
    pub options: &'a str,
    pub file: &'a Path,
    pub work_dir: Option<&'a Path>,
    pub out: Option<&'a Path>,
    pub predicted_s: &'a [u64],
    /// After how long something must be wrong.
    pub limit: Duration,
    pub name: &'a str,
}

/// What a shard runs on any engine with a shell: begins, or goes on where it was cut off.
const SCRIPT: &str = include_str!("../templates/shard.sh");

impl ShardPlan<'_> {
    fn of(&self) -> u32 {
        u32::try_from(self.predicted_s.len()).unwrap_or(u32::MAX)
    }

    fn parts(&self) -> impl Iterator<Item = (ShardPart, u64)> {
        let of = self.of();
        (1..).zip(self.predicted_s).map(move |(index, seconds)| (ShardPart { index, of }, *seconds))
    }

    fn minutes(&self) -> u64 {
        self.limit.as_secs().div_ceil(60)
    }

    pub fn lines(&self) -> Result<String> {
        let file = plain_text(self.file)?;
        let dirs = [("--work-dir", self.work_dir), ("--out", self.out)];
        let dirs = dirs.into_iter().filter_map(|(flag, dir)| Some((flag, plain_text(dir?))));
        let dirs: Vec<(&str, &str)> = dirs.map(|(flag, dir)| Ok((flag, dir?))).collect::<Result<_>>()?;
        let line = |(part, _): (ShardPart, u64)| {
            let part = part.to_string();
            let mut words = vec!["harness", "compare", "--options", file, "--shard", &part];
            words.extend(dirs.iter().flat_map(|(flag, dir)| [*flag, *dir]));
            Ok(shlex::try_join(words)? + "\n")
        };
        self.parts().map(line).collect()
    }

    /// JSON for `strategy.matrix` of a GitHub workflow, through `fromJSON`: in one line, since that is
    /// what a step output holds.
    pub fn github_matrix(&self) -> Result<String> {
        let options: Value = serde_json::from_str(self.options)?;
        let job = |(part, predicted_s): (ShardPart, u64)| {
            json!({
                "shard": part.to_string(),
                "index": part.index,
                "of": part.of,
                "predicted_s": predicted_s,
                "timeout_minutes": self.minutes(),
                "options": options,
            })
        };
        let jobs: Vec<Value> = self.parts().map(job).collect();
        Ok(harmless(&serde_json::to_string(&json!({ "include": jobs }))?) + "\n")
    }

    /// An indexed Job: one pod a shard, no two on a node.
    pub fn kubernetes_job(
        &self,
        image: &str,
        claim: &str,
        nodes: &[(String, String)],
        cpus: u32,
        memory_bytes: u64,
    ) -> Result<String> {
        // Where the claim is, unless another place in the pod was named.
        let out = self.out.filter(|out| out.is_absolute()).unwrap_or(Path::new("/out"));
        // Kubernetes puts variables in for `$(NAME)`, and reads `$$` as a dollar sign.
        let out = plain_text(out)?.replace('$', "$$").replace('\'', "''");
        let script = SCRIPT.lines().map(|line| format!("              {line}").trim_end().to_owned());
        let label = |(name, value): &(String, String)| format!("\n        \"{name}\": \"{value}\"");
        let nodes: String = nodes.iter().map(label).collect();
        let nodes = if nodes.is_empty() { String::new() } else { format!("\n      nodeSelector:{nodes}") };
        fill(
            include_str!("../templates/job.yaml"),
            &[
                ("NAME", self.name),
                ("OF", &self.of().to_string()),
                ("LIMIT", &self.limit.as_secs().to_string()),
                ("NODES", &nodes),
                ("IMAGE", image),
                ("CLAIM", claim),
                ("SCRIPT", &script.collect::<Vec<_>>().join("\n")),
                ("OPTIONS", self.options),
                ("OUT", &out),
                ("CPUS", &cpus.to_string()),
                ("MEMORY", &format!("{}Mi", memory_bytes >> 20)),
            ],
        )
    }

    /// An array script for `sbatch`: one task a shard, each with a node for itself.
    pub fn slurm_script(&self) -> Result<String> {
        let quoted = |dir: Option<&Path>, or: &str| match dir {
            Some(dir) => Ok(shlex::try_quote(plain_text(dir)?)?.into_owned()),
            None => Ok::<_, anyhow::Error>(or.to_owned()),
        };
        // Everything is built on the node's own disk, and recorded beside where the job was submitted.
        let work = quoted(self.work_dir, "\"${TMPDIR:-/tmp}/cargo-cache-harness-$(id -u)\"")?;
        let out = quoted(self.out, "\"$PWD\"/shards")?;
        fill(
            include_str!("../templates/array.sh"),
            &[
                ("NAME", self.name),
                ("OF", &self.of().to_string()),
                ("MINUTES", &self.minutes().to_string()),
                ("WORK", &work),
                ("OUT", &out),
                ("OPTIONS", self.options),
                ("SCRIPT", SCRIPT.trim_end()),
            ],
        )
    }
}

/// A path as text without line breaks and the like, which are hard to carry through any engine.
fn plain_text(path: &Path) -> Result<&str> {
    let text = path.to_str().with_context(|| format!("{} is not UTF-8: rename it", path.display()))?;
    match text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        true => bail!("{text:?} holds a control character, which no engine can be given: rename it"),
        false => Ok(text),
    }
}

/// Fills a template: `{{NAME}}` becomes its value, and what is in a value is not looked at again.
fn fill(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut pieces = template.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((name, after)) = piece.split_once("}}") else { bail!("a template has an open {{{{") };
        let Some((_, value)) = values.iter().find(|(known, _)| *known == name) else {
            bail!("a template asks for {name}, which has no value")
        };
        filled.push_str(value);
        filled.push_str(after);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a user may well have in a path, and what nobody should.
    const NASTY: [&str; 7] = [
        "with space",
        "it's \"quoted\"",
        "$(touch pwned)",
        "`id` $HOME ${X} $(JOB_COMPLETION_INDEX)",
        "é {{N}} \\",
        "- #!&*: |>%@",
        "\u{2028}\u{1f980}\u{7f}\n",
    ];

    fn planned() -> PlannedRun {
        let options = [("set".to_owned(), json!(NASTY)), ("seed".to_owned(), json!(7))];
        PlannedRun { options: options.into(), shard_seconds: [("bat".to_owned(), 5)].into() }
    }

    fn plan<'a>(options: &'a str, dir: Option<&'a Path>) -> ShardPlan<'a> {
        ShardPlan {
            options,
            file: Path::new("my options.json"),
            work_dir: dir,
            out: dir,
            predicted_s: &[100, 90],
            limit: Duration::from_secs(3_601),
            name: "night",
        }
    }

    #[test]
    fn options_are_read_back_whatever_is_in_them_and_need_no_quoting() {
        let json = planned().to_json().unwrap();
        assert!(json.chars().all(|c| (' '..='~').contains(&c) && c != '\'' && c != '$'), "{json}");
        assert_eq!(PlannedRun::parse(&json).unwrap(), planned());
        assert!(PlannedRun::parse("[]").is_err());
    }

    #[test]
    fn a_shard_has_the_options_of_the_run_and_what_is_its_machines_own() {
        let text = r#"{"corpus":"quick","workspaces":[],"strategies":"none","scenario":"cold","rounds":2,
            "profile":"dev","toolchain":null,"jobs":null,"seed":1,"shard_seconds":{"bat":5}}"#;
        let part = ShardPart { index: 1, of: 2 };
        let options = PlannedRun::parse(text).unwrap().options("/work".into(), Some(part)).unwrap();
        assert_eq!((options.seed, options.rounds, options.work_dir.as_path()), (1, 2, Path::new("/work")));
        let shard = options.shard.clone().unwrap();
        assert_eq!((shard.part, shard.seconds["bat"]), (part, 5));
        let planned = PlannedRun::of(&Options { shard: None, ..options }, ("mine.toml", "cold"), shard.seconds);
        let again = planned.unwrap().options("/elsewhere".into(), None).unwrap();
        assert_eq!((again.corpus.as_str(), again.shard), ("mine.toml", None));
    }

    #[test]
    fn a_line_is_the_command_of_a_shard() {
        for dir in NASTY[..6].iter().map(Path::new) {
            let lines = plan("{}", Some(dir)).lines().unwrap();
            assert_eq!(lines.lines().count(), 2);
            for (at, line) in lines.lines().enumerate() {
                let dir = dir.to_str().unwrap();
                let part = format!("{}/2", at + 1);
                let expected = ["harness", "compare", "--options", "my options.json", "--shard", &part];
                let expected = [&expected[..], &["--work-dir", dir, "--out", dir]].concat();
                assert_eq!(shlex::split(line).unwrap(), expected);
            }
        }
        assert!(plan("{}", Some(Path::new(NASTY[6]))).lines().is_err());
    }

    #[test]
    fn a_shell_reads_a_line_and_the_options_as_themselves() {
        let json = planned().to_json().unwrap();
        for dir in NASTY[..6].iter().map(Path::new) {
            let lines = plan(&json, Some(dir)).lines().unwrap();
            let line = lines.lines().next().unwrap().replacen("harness", "printf '%s\\n'", 1);
            let script = format!("{line}; printf '%s\\n' '{json}'");
            for shell in ["sh", "bash"] {
                let Ok(said) = std::process::Command::new(shell).args(["-c", &script]).output() else {
                    skip::skip(&format!("quoting for {shell}"), "it is not installed");
                    continue;
                };
                let said = String::from_utf8(said.stdout).unwrap();
                let said: Vec<&str> = said.lines().collect();
                assert_eq!(said[said.len() - 2..], [dir.to_str().unwrap(), &json], "{shell}: {script}");
            }
        }
    }

    #[test]
    fn a_matrix_has_a_job_for_each_shard_with_the_options() {
        let text = plan(&planned().to_json().unwrap(), None).github_matrix().unwrap();
        assert_eq!(text.lines().count(), 1);
        let matrix: Value = serde_json::from_str(&text).unwrap();
        let jobs = matrix["include"].as_array().unwrap();
        assert_eq!(jobs.len(), 2);
        assert_eq!((&jobs[1]["shard"], &jobs[1]["predicted_s"]), (&json!("2/2"), &json!(90)));
        assert_eq!(jobs[1]["timeout_minutes"], 61);
        assert_eq!(jobs[0]["options"]["set"], json!(NASTY));
    }

    #[test]
    fn the_kubernetes_job_is_what_it_was() {
        let json = planned().to_json().unwrap();
        let nodes = [("pool".to_owned(), "quiet".to_owned())];
        let plan = plan(&json, Some(Path::new("/it's $(out)")));
        insta::assert_snapshot!(
            plan.kubernetes_job("example.org/harness@sha256:00", "runs", &nodes, 2, 4 << 30).unwrap()
        );
    }

    #[test]
    fn the_slurm_script_is_what_it_was() {
        let json = planned().to_json().unwrap();
        insta::assert_snapshot!(plan(&json, None).slurm_script().unwrap());
        let named = plan(&json, Some(Path::new("/it's $(out)"))).slurm_script().unwrap();
        let line = named.lines().find_map(|line| line.strip_prefix("export SHARD_OUT=")).unwrap();
        assert_eq!(shlex::split(line).unwrap(), ["/it's $(out)"]);
    }

    #[test]
    fn what_is_in_a_value_is_not_filled_in_again() {
        assert_eq!(fill("a {{X}} {{Y}}", &[("X", "{{Y}}"), ("Y", "1")]).unwrap(), "a {{Y}} 1");
        assert!(fill("{{Z}}", &[]).is_err());
        assert!(fill("{{Z", &[]).is_err());
    }
}
