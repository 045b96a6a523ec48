//! Everything fetched before anything is timed.

use anyhow::{Context as _, Result};
use corpora::{Corpus, Fetched, Workspace};
use indicatif::{ProgressBar, ProgressStyle};

use super::lab::Lab;

/// A workspace whose sources and dependencies are on this machine.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The workspace.
    pub workspace: Workspace,
    /// Its sources.
    pub fetched: Fetched,
}

/// Fetches sources and locked dependencies of every workspace.
///
/// # Errors
/// The first that cannot be had.
pub fn prepare(lab: &Lab, corpus: &Corpus) -> Result<Vec<Prepared>> {
    let fetcher = lab.fetcher();
    let bar = ProgressBar::new(corpus.workspaces.len() as u64);
    bar.set_style(style());
    let mut prepared = Vec::new();
    for workspace in &corpus.workspaces {
        lab.supervisor.check()?;
        bar.set_message(workspace.name.clone());
        let fetched = fetcher.fetch(workspace)?;
        corpora::dependencies::fetch_dependencies(fetcher.cargo(), &fetched.dir())
            .with_context(|| format!("cannot fetch the dependencies of {}", workspace.name))?;
        prepared.push(Prepared { workspace: workspace.clone(), fetched });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(prepared)
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("fetching [{bar:30}] {pos}/{len} {msg} ({elapsed} elapsed)")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
