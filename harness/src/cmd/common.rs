//! What several subcommands share: options for strategies, checked names, volumes, reports, errors in one line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};
use reports::report::{Format, Report};
use strategies::Catalog;

use exec::filesystem::free_bytes;
use exec::host::HostFacts;
use exec::volume::{Volume, VolumeSpec};
use exec::workdir::{self, WorkDir};
use runner::experiment::{StrategyFile, catalog_of};

/// The folder of a report below that of its run.
pub const REPORT_FOLDER: &str = "report";

/// Options that add external strategies and set their parameters.
#[derive(Debug, Default, Clone, Args)]
pub struct ExternalArgs {
    /// Add the strategy that a TOML file describes; may be given several times
    #[arg(long = "strategy-file", value_name = "FILE")]
    strategy_file: Vec<PathBuf>,
    /// Set a parameter of an external strategy, e.g. sccache.tool=/usr/bin or
    /// cargo-z.cargo=/path/to/cargo; may be given several times
    #[arg(long, value_name = "NAME.PARAMETER=VALUE")]
    pub(crate) set: Vec<String>,
}

impl ExternalArgs {
    pub(crate) fn files(&self) -> Result<Vec<StrategyFile>> {
        self.strategy_file.iter().map(|path| StrategyFile::read(&absolute(path)?)).collect()
    }

    pub(crate) fn catalog(&self) -> Result<Catalog> {
        catalog_of(&self.files()?, &self.set)
    }
}

pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()))
}

/// The work directory that was given, or else the default one.
pub(crate) fn work_dir(given: Option<&Path>) -> Result<PathBuf> {
    match given {
        Some(dir) => absolute(dir),
        None => {
            let default = workdir::default_dir()?;
            default.note.iter().for_each(|note| eprintln!("note: {note}"));
            absolute(&default.path)
        }
    }
}

/// A name that can be an argument of Cargo and rustup and nothing else.
pub(crate) fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !text.is_empty() && !text.starts_with(['-', '.']) && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("a name is made of letters, digits, '-', '_' and '.'".to_owned()),
    }
}

/// A parser of words, each with its value and its help text.
pub(crate) fn choices<T>(all: &'static [(&'static str, T, &'static str)]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let words = all.iter().map(|(word, _, help)| PossibleValue::new(*word).help(*help));
    PossibleValuesParser::new(words).try_map(|given| {
        all.iter().find(|(word, ..)| *word == given).map(|(_, value, _)| *value).ok_or("it is none of the words")
    })
}

/// A bar, and what is shown beside it.
pub(crate) fn progress_bar(total: u64, counts: &str) -> ProgressBar {
    styled(ProgressBar::new(total), &format!("[{{bar:24}}] {counts}"))
}

/// What is done now, where nobody knows how much there is to do.
pub(crate) fn spinner() -> ProgressBar {
    styled(ProgressBar::new_spinner(), "{spinner} {elapsed} {msg}")
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// Makes the volume, if one was asked for. To be dropped before the work directory is.
pub(crate) fn open_volume(spec: Option<VolumeSpec>, work: &WorkDir) -> Result<Option<Volume>> {
    let Some(spec) = spec else { return Ok(None) };
    let room = if spec.is_in_memory() { HostFacts::detect().memory_bytes } else { free_bytes(work.path()).ok() };
    if let Some(room) = room.filter(|room| *room < spec.size_bytes) {
        let place = if spec.is_in_memory() { "memory".into() } else { work.path().display().to_string() };
        eprintln!("warning: --volume {spec} may grow beyond the {} MiB there are in {place}", room >> 20);
    }
    Ok(Some(Volume::create(spec, work.path())?))
}

/// Writes the report of a run beside its records. What was measured is safe by then: a
/// report that cannot be written is a warning.
pub(crate) fn write_report(report: &Report, dir: &Path) {
    let out = dir.join(REPORT_FOLDER);
    match report.write(&out, &Format::ALL) {
        Ok(_) => println!("report:  {}", out.join(reports::report::PAGE).display()),
        Err(error) => eprintln!("warning: no report: {error}; try harness report {}", dir.display()),
    }
}

/// An error and its causes as one line, but for the outermost `skipped` ones; a cause that an
/// earlier part names already is left out.
pub(crate) fn one_line(error: &anyhow::Error, skipped: usize) -> String {
    let mut line = String::new();
    for cause in error.chain().skip(skipped).map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_named_once() {
        let inner = anyhow::anyhow!("no space");
        let outer = "cannot write x: no space; free some";
        assert_eq!(one_line(&inner.context(outer), 0), outer);
        assert_eq!(one_line(&anyhow::anyhow!("no space").context("cannot write x"), 0), "cannot write x: no space");
        assert_eq!(one_line(&anyhow::anyhow!("no space").context("how to go on"), 1), "no space");
    }
}
