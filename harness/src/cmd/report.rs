//! `harness report`: recorded runs as a page, plots, tables, a design review.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use reports::analysis::RunSource;
use reports::formats::terminal;
use reports::probes::matrix;
use reports::report::{Format, Report};
use reports::review::Usage;
use reports::text::WIDTH;

use super::common::{REPORT_FOLDER, choices};

/// Turns recorded runs into a page, plots, tables, and a review of the open questions of the
/// design. Nothing is measured; the same runs always give the same report.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run folders that `harness compare`, `harness probe` and `harness simulate` wrote
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Compare the first run with this older one: what differs, what changed
    #[arg(long, value_name = "RUN")]
    against: Option<PathBuf>,
    /// Answer the open questions of the design: one screen, the rest under its rows
    #[arg(long)]
    design_review: bool,
    /// How often what happens in a week, for the review [default: reports/usage.toml]
    #[arg(long, value_name = "FILE", requires = "design_review")]
    usage: Option<PathBuf>,
    /// Print the commands that would settle what is open, the one that settles most per minute first
    #[arg(long)]
    plan_evidence: bool,
    /// The strategy that others are compared with [default: that of the run]
    #[arg(long, value_name = "STRATEGY")]
    baseline: Option<String>,
    /// Formats to write, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "html,md,csv,svg,json", value_parser = choices(&FORMATS))]
    format: Vec<Format>,
    /// Where the files go [default: report/ in the first run folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Open the page when it is written
    #[arg(long)]
    open: bool,
}

const FORMATS: [(&str, Format, &str); 5] = [
    ("html", Format::Html, "One page with everything in it"),
    ("md", Format::Md, "Markdown, for a CI job summary or a forum post"),
    ("csv", Format::Csv, "Two tables: a row for each step and strategy, and a row for each number"),
    ("svg", Format::Svg, "Each plot as a file"),
    ("json", Format::Json, "For programs, by a published schema"),
];

pub fn run(args: &ReportArgs) -> Result<ExitCode> {
    let mut known = BTreeSet::new();
    for dir in args.runs.iter().chain(&args.against) {
        if !known.insert(dir.canonicalize().unwrap_or_else(|_| dir.clone())) {
            bail!("{} is given twice; name each run once", dir.display());
        }
    }
    if std::io::stderr().is_terminal() {
        eprintln!("reading {} runs and working out verdicts; large ones take some seconds …", args.runs.len());
    }
    let sources = args.runs.iter().map(|dir| RunSource::read(dir)).collect::<Result<Vec<_>, _>>()?;
    let mut names = BTreeSet::new();
    if let Some(twice) = sources.iter().map(|run| &run.info().name).find(|name| !names.insert(*name)) {
        bail!("two of these runs are called {twice}: one is a copy of the other, or was renamed; give one of them");
    }
    if args.open && !args.format.contains(&Format::Html) {
        bail!("--open needs the page; add html to --format");
    }
    if let Some(baseline) = &args.baseline {
        check_baseline(&sources, baseline)?;
    }
    let mut report = Report::of(sources, args.baseline.as_deref());
    if let Some(old) = &args.against {
        let run = RunSource::read_older(old)?;
        let what = match &run {
            RunSource::Compare(_) => "",
            RunSource::Probe(_) => "a run of probes",
            RunSource::Simulate(_) => "a simulation",
            RunSource::Ablate(_) => "an ablation",
        };
        let RunSource::Compare(run) = &run else {
            let name = &run.info().name;
            bail!("--against {name}: it is {what}; only runs of harness compare can be compared with each other");
        };
        report.set_against(run)?;
    }
    if args.design_review || args.plan_evidence {
        report.review(&usage(args)?);
    }
    if args.plan_evidence {
        print!("{}", report.review.script);
        return Ok(ExitCode::SUCCESS);
    }
    show(&report);
    let out = match (&args.out, args.runs.first()) {
        (Some(dir), _) => dir.clone(),
        (None, Some(first)) => first.join(REPORT_FOLDER),
        (None, None) => bail!("no run was given"),
    };
    let formats: Vec<Format> = BTreeSet::from_iter(args.format.iter().copied()).into_iter().collect();
    let written = report.write(&out, &formats)?;
    for path in written.iter().filter(|path| path.parent() == Some(&out)) {
        println!("wrote {}", path.display());
    }
    let plots = written.iter().filter(|path| path.parent() != Some(&out)).count();
    if plots > 0 {
        println!("wrote {plots} plots in {}", out.join(reports::report::PLOTS).display());
    }
    if args.open {
        open(&out.join(reports::report::PAGE))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn usage(args: &ReportArgs) -> Result<Usage> {
    let Some(path) = &args.usage else { return Ok(Usage::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Usage::parse(&text).map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))
}

fn check_baseline(sources: &[RunSource], baseline: &str) -> Result<()> {
    for source in sources {
        let RunSource::Compare(run) = source else { continue };
        let names: BTreeSet<&str> = run.steps.iter().map(|row| row.strategy.as_str()).collect();
        if !names.contains(baseline) {
            let names: Vec<&str> = names.into_iter().collect();
            bail!("--baseline {baseline}: {} has no such strategy; it has {}", run.info.name, names.join(", "));
        }
    }
    Ok(())
}

/// Prints the first screen of a review; else the changes, where there are any, and the tables of each run.
fn show(report: &Report) {
    let mut short = report.document();
    short.sections.retain(|section| section.id == "changes" || section.id == "review");
    print!("{}", terminal::render(&short, WIDTH));
    if !report.review.claims.is_empty() {
        return;
    }
    report.summary().iter().for_each(|document| print!("\n{}", terminal::render(document, WIDTH)));
    for run in &report.probes {
        print!("\n{}", matrix::render(&run.rows, WIDTH));
    }
    println!();
}

/// Opens the page with the program that the system has for pages.
fn open(page: &Path) -> Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).with_context(|| format!("cannot open {} with {opener}; open it by hand", page.display()))
}
