//! `harness plan`: a comparison in shards, for several machines or jobs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use records::quantity::{parse_age, parse_size};
use records::run_folder::RunFolder;
use runner::experiment::Experiment;

use super::compare::CompareArgs;
use crate::shard::{PlannedRun, ShardPlan, seconds};

/// Splits a comparison into shards of even predicted time, writes its options to a file and the plan to standard
/// output; how long each is predicted to take goes to standard error. Every shard is a plain `harness compare --options
/// FILE --shard I/N`, on any machine; `harness merge` joins their run folders.
///
/// A shard holds whole rounds, of all workspaces or (in a scenario that measures each alone) of
/// some, with all strategies: what is compared comes from one machine. All options of `harness
/// compare` are taken; --options names the file [default: options.json].
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// How many shards
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    shards: u32,
    /// For whom the plan is
    #[arg(long, value_enum, default_value_t = PlanFormat::Lines)]
    format: PlanFormat,
    /// Predict from the wall times of this earlier run
    #[arg(long, value_name = "RUN")]
    timings: Option<PathBuf>,
    /// What the engine calls the job
    #[arg(long, value_name = "NAME", default_value = "cargo-cache-harness", value_parser = label)]
    job_name: String,
    /// k8s-job: a container image that has the harness, Rust, git, a C compiler and bash
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    job_image: Option<String>,
    /// k8s-job: the persistent volume claim that run folders are written to
    #[arg(long, value_name = "NAME", value_parser = label)]
    job_claim: Option<String>,
    /// k8s-job: only nodes with this label; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = node)]
    job_node: Vec<(String, String)>,
    /// k8s-job: processors of a shard
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    job_cpus: u32,
    /// k8s-job: memory of a shard
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = parse_size)]
    job_memory: u64,
    /// End a shard after this time [default: the longest predicted time, three times from
    /// --timings and ten times otherwise, and half an hour]
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    job_limit: Option<Duration>,
    #[command(flatten)]
    compare: CompareArgs,
}

/// Where a plan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    /// A shell command a line
    Lines,
    /// JSON for `strategy.matrix` of a GitHub workflow, with the options in it
    GithubMatrix,
    /// An indexed Job for `kubectl create -f`, with the options in it
    K8sJob,
    /// An array script for `sbatch`, with the options in it
    Slurm,
}

/// Half an hour to fetch everything and to build what is never measured.
const AROUND_S: u64 = 1_800;

fn made_of(text: &str, most: usize, also: &[char]) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || also.contains(&c);
    (1..=most).contains(&text.len()) && text.chars().all(plain)
}

/// A DNS label (RFC 1123), which Kubernetes asks for.
fn label(text: &str) -> Result<String, String> {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = made_of(text, 50, &['-']) && !text.chars().any(|c| c.is_ascii_uppercase());
    let wrong = "a name has at most 50 small letters, digits and inner '-'";
    (fits && text.starts_with(ends) && text.ends_with(ends)).then(|| text.to_owned()).ok_or(wrong.to_owned())
}

fn image(text: &str) -> Result<String, String> {
    let fits =
        made_of(text, 500, &['.', '_', '-', '/', ':', '@']) && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let wrong = "an image is called like registry.example.org/harness:1 or …@sha256:…";
    fits.then(|| text.to_owned()).ok_or(wrong.to_owned())
}

fn node(text: &str) -> Result<(String, String), String> {
    let fits = |(key, value): &(&str, &str)| {
        made_of(key, 300, &['.', '_', '-', '/']) && (value.is_empty() || made_of(value, 63, &['.', '_', '-']))
    };
    let parts = text.split_once('=').filter(fits).map(|(key, value)| (key.to_owned(), value.to_owned()));
    parts.ok_or("a label of nodes is KEY=VALUE: pool=quiet".to_owned())
}

pub fn run(args: &PlanArgs) -> Result<ExitCode> {
    let options = args.compare.for_a_plan()?;
    let experiment = Experiment::of(&options)?;
    let predicted = match &args.timings {
        Some(dir) => seconds::of_run(&RunFolder::read_steps(dir)?, &experiment)?,
        None => seconds::shipped(&experiment)?,
    };
    let split = experiment.cells(&options).split(args.shards, &predicted.seconds)?;
    let weights = split.weights();
    let longest = weights.iter().copied().max().unwrap_or_default();
    // Where workspaces share a store they are together in every cell, and seconds decide nothing.
    let shard_seconds = if experiment.scenario.alone { predicted.seconds.clone() } else { Default::default() };
    let options = PlannedRun::of(&options, (&args.compare.corpus, &args.compare.scenario), shard_seconds)?.to_json()?;
    let file = args.compare.options.as_deref().unwrap_or(Path::new("options.json"));
    let plan = ShardPlan {
        options: &options,
        file,
        work_dir: args.compare.work_dir.as_deref(),
        out: args.compare.out.as_deref(),
        predicted_s: weights,
        limit: args.job_limit.unwrap_or(Duration::from_secs(longest * predicted.safety + AROUND_S)),
        name: &args.job_name,
    };
    let text = match args.format {
        PlanFormat::Lines => {
            std::fs::write(file, format!("{options}\n")).with_context(|| format!("cannot write {}", file.display()))?;
            plan.lines()?
        }
        PlanFormat::GithubMatrix => plan.github_matrix()?,
        PlanFormat::K8sJob => {
            let image = args.job_image.as_deref();
            let image = image.context("k8s-job needs --job-image: a container image that has the harness")?;
            let claim = args.job_claim.as_deref().context(
                "k8s-job needs --job-claim: the persistent volume claim that run folders are written to, since a pod \
                 keeps none",
            )?;
            plan.kubernetes_job(image, claim, &args.job_node, args.job_cpus, args.job_memory)?
        }
        PlanFormat::Slurm => plan.slurm_script()?,
    };
    describe(&split, weights, &predicted.from);
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// How even the split is, for people.
fn describe(split: &runner::shard::split::Split, weights: &[u64], from: &str) {
    for (shard, weight) in (1u32..).zip(weights) {
        let cells = split.cells_of(shard).len();
        let cells = if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") };
        eprintln!("shard {shard}/{}: {cells}, predicted {}", weights.len(), minutes(*weight));
    }
    let sum: u64 = weights.iter().sum();
    let mean = sum as f64 / weights.len().max(1) as f64;
    let longest = weights.iter().copied().max().unwrap_or_default();
    let over = 100.0 * (longest as f64 / mean.max(1.0) - 1.0);
    eprintln!(
        "all of it {}; the longest shard {over:.1} % above the mean; fetching and preparing comes on top in each",
        minutes(sum)
    );
    eprintln!("predicted from {from}");
}

fn minutes(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{:.0} min", seconds as f64 / 60.0),
        _ => format!("{:.1} h", seconds as f64 / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_an_engine_would_misread_are_refused() {
        assert!(label("night-1").is_ok());
        for wrong in ["", "-a", "a-", "A", "a b", "a\nb", "a$b", "a;b", &"a".repeat(51)] {
            assert!(label(wrong).is_err(), "{wrong:?}");
        }
        assert!(image("registry.example.org:5000/a/b:1@sha256:00").is_ok());
        assert!(image("a b").is_err() && image("-a").is_err() && image("a\"b").is_err());
        assert_eq!(node("pool=quiet"), Ok(("pool".into(), "quiet".into())));
        assert!(node("pool").is_err() && node("a=b c").is_err() && node("=x").is_err());
    }
}
