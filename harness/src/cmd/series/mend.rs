//! `harness series check` and `rebuild`.

use std::process::ExitCode;

use anyhow::Result;

use super::Place;

pub(super) fn check(place: &Place) -> Result<ExitCode> {
    let series = place.open()?;
    let checked = series.check()?;
    for line in &checked.wrong {
        println!("{line}");
    }
    match checked.wrong.len() {
        0 => println!("{} runs, all as they were added, in {}", checked.runs, series.dir().display()),
        wrong => println!("{wrong} things are wrong among {} runs in {}", checked.runs, series.dir().display()),
    }
    Ok(if checked.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn rebuild(place: &Place) -> Result<ExitCode> {
    let series = place.open()?;
    let rebuilt = series.rebuild()?;
    for (name, why) in &rebuilt.left_out {
        println!("left out {name}: {why}");
    }
    if let Some(aside) = &rebuilt.set_aside {
        println!("the database that was there is {} now", aside.display());
    }
    println!("made {} again from {} runs", series.database().display(), rebuilt.runs);
    Ok(if rebuilt.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
