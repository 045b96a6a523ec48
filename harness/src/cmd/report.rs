//! `harness report`: recorded runs as a page, plots, tables, a design review.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use reports::analysis::RunSource;
use reports::formats::terminal;
use reports::probes::matrix;
use reports::report::{Format, Report};
use reports::text::WIDTH;

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
    /// Go through the open questions one by one, with a recommendation on top
    #[arg(long)]
    design_review: bool,
    /// The strategy that others are compared with [default: as the run was asked for]
    #[arg(long, value_name = "STRATEGY")]
    baseline: Option<String>,
    /// Formats to write, separated by commas
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',', default_value = "html,md,csv,svg,json")]
    format: Vec<ReportFormat>,
    /// Where the files go [default: report/ in the first run folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Open the page when it is written
    #[arg(long)]
    open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum ReportFormat {
    /// One page with everything in it
    Html,
    /// Markdown, for a CI job summary or a forum post
    Md,
    /// Two tables: a row for each step and strategy, and a row for each number
    Csv,
    /// Each plot as a file
    Svg,
    /// For programs, by a published schema
    Json,
}

impl ReportFormat {
    fn format(self) -> Format {
        match self {
            ReportFormat::Html => Format::Html,
            ReportFormat::Md => Format::Md,
            ReportFormat::Csv => Format::Csv,
            ReportFormat::Svg => Format::Svg,
            ReportFormat::Json => Format::Json,
        }
    }
}

/// Where reports go in a run folder.
pub const FOLDER: &str = "report";

/// Runs the subcommand.
///
/// # Errors
/// When there is no run in a folder, or runs cannot be compared.
pub fn run(args: &ReportArgs) -> Result<ExitCode> {
    let mut known = BTreeSet::new();
    for dir in args.runs.iter().chain(&args.against) {
        if !known.insert(dir.canonicalize().unwrap_or_else(|_| dir.clone())) {
            bail!("{} is given twice; name each run once", dir.display());
        }
    }
    if std::io::stderr().is_terminal() {
        eprintln!("reading {} and working out verdicts; large runs take some seconds …", many_runs(args.runs.len()));
    }
    let sources = args.runs.iter().map(|dir| RunSource::read(dir)).collect::<Result<Vec<_>, _>>()?;
    let mut names = BTreeSet::new();
    if let Some(twice) = sources.iter().map(|run| &run.info().name).find(|name| !names.insert(*name)) {
        bail!("two of these runs are called {twice}: one is a copy of the other, or was renamed; give one of them");
    }
    if args.open && !args.format.contains(&ReportFormat::Html) {
        bail!("--open needs the page; add html to --format");
    }
    if let Some(baseline) = &args.baseline {
        check_baseline(&sources, baseline)?;
    }
    let mut report = Report::of(sources, args.baseline.as_deref());
    if let Some(old) = &args.against {
        match RunSource::read_older(old)? {
            RunSource::Compare(run) => report.set_against(&run)?,
            RunSource::Probe(run) => bail!(
                "--against {}: it is a run of probes; only runs of harness compare can be compared with each other",
                run.info.name
            ),
            RunSource::Simulate(run) => bail!(
                "--against {}: it is a simulation; only runs of harness compare can be compared with each other",
                run.info.name
            ),
        }
    }
    if args.design_review {
        report.review();
    }
    show(&report);
    let out = match (&args.out, args.runs.first()) {
        (Some(dir), _) => dir.clone(),
        (None, Some(first)) => first.join(FOLDER),
        (None, None) => bail!("no run was given"),
    };
    let formats: BTreeSet<ReportFormat> = args.format.iter().copied().collect();
    let formats: Vec<Format> = formats.into_iter().map(ReportFormat::format).collect();
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

fn many_runs(count: usize) -> String {
    if count == 1 { "the run".into() } else { format!("{count} runs") }
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

/// Prints the review and the changes, if asked for, then the tables of each run.
fn show(report: &Report) {
    let mut short = report.document();
    short.sections.retain(|section| section.id == "changes" || report.review.iter().any(|part| part.id == section.id));
    print!("{}", terminal::render(&short, WIDTH));
    report.summary().iter().for_each(|document| print!("\n{}", terminal::render(document, WIDTH)));
    for run in &report.probes {
        print!("\n{}", matrix::render(&run.rows, WIDTH));
    }
    println!();
}

/// Hands the page to whatever the system opens pages with.
fn open(page: &Path) -> Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = match cfg!(windows) {
        true => {
            let mut command = Command::new("explorer");
            command.arg(page);
            command
        }
        false => {
            let mut command = Command::new(opener);
            command.arg(page);
            command
        }
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).with_context(|| format!("cannot open {} with {opener}; open it by hand", page.display()))
}
