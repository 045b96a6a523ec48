//! `harness series list`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args as ClapArgs;
use reports::document::Grid;
use reports::formats::terminal;
use reports::text::WIDTH;
use series::record::{Entry, line_id};

use super::{Place, tell_unknown};

/// Lists the runs of a series, oldest first.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Only the newest so many
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let series = args.place.open()?;
    let contents = series.read()?;
    let all = &contents.entries;
    let shown = &all[all.len().saturating_sub(args.last.unwrap_or(all.len()))..];
    print!("{}", terminal::grid(&table(shown), WIDTH));
    tell_unknown(&contents.unknown);
    println!("{} of {} runs in {}", shown.len(), all.len(), series.dir().display());
    Ok(ExitCode::SUCCESS)
}

fn table(entries: &[Entry]) -> Grid {
    let heads = ["started", "run", "kind", "line", "corpus", "toolchain", ">strategies", ">ok rows"];
    let mut table = Grid::new("", &heads);
    for entry in entries {
        let strategies = entry.strategies.split(',').filter(|name| !name.is_empty()).count();
        table.row([
            entry.started.get(..16).unwrap_or(&entry.started).replace('T', " "),
            entry.name.clone(),
            entry.kind.as_str().into(),
            line_id(&entry.line),
            entry.corpus.clone(),
            entry.toolchain.trim_start_matches("rustc ").into(),
            strategies.to_string(),
            format!("{}/{}", entry.ok_rows, entry.rows),
        ]);
    }
    table
}
