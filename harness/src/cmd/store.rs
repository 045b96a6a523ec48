//! `harness store`: what is in a store, whether it is whole, and what it should forget.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use clap::{Args as ClapArgs, Subcommand};
use reports::text::bytes;
use strategies::files::since_epoch;
use strategies::retention::StoreLimits;
use strategies::store::collect::{CollectOutcome, CollectRequest, CollectStep, RemovalReason, collect};
use strategies::store::stats::{AGES, EntryGroup, StoreStats};
use strategies::store::survey::Survey;
use strategies::store::verify::{VerifyOutcome, bytes_to_read, verify};
use strategies::store::{StoreKind, open_existing};

use super::common::progress_bar;
use exec::interrupt::Supervisor;
use records::quantity::{parse_age, parse_size};

/// Damaged entries and orphans shown by name.
const SHOWN: usize = 20;

/// What to do with a store.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Count entries and bytes, by package and by time since the last use
    Stats {
        #[command(flatten)]
        place: StoreDir,
        /// How many packages to list
        #[arg(long, value_name = "N", default_value_t = 15)]
        top: usize,
    },
    /// Read every stored file and compare it with what was published; exit code 1 on damage
    Verify {
        #[command(flatten)]
        place: StoreDir,
    },
    /// Remove what is too old or too much, and what crashed builds left; waits for builds
    Collect(CollectArgs),
}

/// Which store.
#[derive(Debug, ClapArgs)]
pub struct StoreDir {
    /// The store's directory: the one with v3/ in it
    #[arg(long = "store", value_name = "DIR")]
    dir: PathBuf,
}

/// What a store should stay within.
#[derive(Debug, ClapArgs)]
pub struct CollectArgs {
    #[command(flatten)]
    place: StoreDir,
    /// Most disk space for entries: 5GiB, 500MiB, 2GB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_size: Option<u64>,
    /// Longest time since the last use: 30d, 12h, 90m
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    max_age: Option<Duration>,
    /// Keep what successful builds of --max-age [default: 30d] used, and nothing else; the oldest build goes first for
    /// --max-size
    #[arg(long)]
    snapshots: bool,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Read every stored file and remove entries whose bytes changed, too
    #[arg(long)]
    deep: bool,
    /// Fail when a build is using the store, instead of waiting for its end
    #[arg(long)]
    no_wait: bool,
}

pub fn run(command: StoreCommand, supervisor: &Supervisor) -> Result<ExitCode> {
    match command {
        StoreCommand::Stats { place, top } => {
            let (kind, store) = open_existing(&place.dir)?;
            // While collection is kept away.
            let lock = store.root().lock_shared()?;
            let survey = Survey::of(&*store)?;
            drop(lock);
            let stats = StoreStats::of(&survey, since_epoch(SystemTime::now()));
            print!("{}", stats_text(kind, &stats, top));
            println!("\nstore: {}", place.dir.display());
            Ok(ExitCode::SUCCESS)
        }
        StoreCommand::Verify { place } => {
            let (_, store) = open_existing(&place.dir)?;
            let _lock = store.root().lock_shared()?;
            let survey = Survey::of(&*store)?;
            let bar = progress_bar(bytes_to_read(&*store, &survey), "{binary_bytes}/{binary_total_bytes} {eta} left");
            let verified = verify(&*store, &survey, &|read| bar.inc(read));
            bar.finish_and_clear();
            print!("{}", verify_text(&verified));
            Ok(ExitCode::from(u8::from(!verified.is_intact())))
        }
        StoreCommand::Collect(args) => run_collect(&args, supervisor),
    }
}

fn run_collect(args: &CollectArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    let (_, store) = open_existing(&args.place.dir)?;
    let limits = StoreLimits { max_age: args.max_age, max_bytes: args.max_size };
    let request = CollectRequest {
        limits,
        snapshots: args.snapshots,
        now: SystemTime::now(),
        wait: !args.no_wait,
        dry_run: args.dry_run,
        deep: args.deep,
    };
    let bar = progress_bar(0, "{pos}/{len} {msg}");
    let collected = collect(&*store, &request, &mut |step| {
        match step {
            CollectStep::Waiting => bar.set_message("waiting for builds that use the store"),
            CollectStep::Remember => bar.set_message("removing"),
            CollectStep::Remove { done, total } => {
                bar.set_length(*total as u64);
                bar.set_position(*done as u64);
            }
        }
        if supervisor.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish_and_clear();
    let collected = collected?;
    print!("{}", collect_text(&collected, args.dry_run));
    if collected.interrupted {
        bail!("collection was cut short; the store is whole, run it again to finish");
    }
    Ok(ExitCode::SUCCESS)
}

fn size(count: u64) -> String {
    bytes(Some(count as f64))
}

fn stats_text(kind: &StoreKind, stats: &StoreStats, top: usize) -> String {
    let pairs = [
        ("shape", kind.name.to_owned()),
        ("entries", stats.all.entries.to_string()),
        ("files", stats.blobs.to_string()),
        ("bytes, apparent", size(stats.apparent)),
        ("bytes, allocated", size(stats.allocated)),
        ("saved by sharing", size(stats.shared)),
        ("build time stored", format!("{:.1} s", stats.all.cost_s)),
    ];
    let mut text: String = pairs.map(|(name, value)| format!("{name:<22} {value}\n")).concat();
    let header = |name: &str| format!("\n{name:<22} {:>8} {:>12} {:>14}\n", "entries", "bytes", "build time");
    let row = |name: &str, group: &EntryGroup| {
        let time = format!("{:.1} s", group.cost_s);
        format!("{name:<22} {:>8} {:>12} {time:>14}\n", group.entries, size(group.bytes))
    };
    text += &header("last used");
    AGES.iter().zip(&stats.ages).for_each(|((name, _), group)| text += &row(name, group));
    text += &header("package");
    let largest = stats.largest(top);
    largest.iter().for_each(|(name, group)| text += &row(name, group));
    match stats.packages.len() - largest.len() {
        0 => text,
        rest => text + &format!("… and {rest} more; --top {} shows all\n", stats.packages.len()),
    }
}

fn verify_text(verified: &VerifyOutcome) -> String {
    let more = |count: usize| match count.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("… and {more} more\n"),
    };
    let paths = |what: &str, paths: &[PathBuf]| {
        let shown: String = paths.iter().take(SHOWN).map(|path| format!("{what}: {}\n", path.display())).collect();
        shown + &more(paths.len())
    };
    let mut text = String::new();
    for broken in verified.broken.iter().take(SHOWN) {
        text += &format!("damaged: {} {} ({})\n", broken.package, broken.slot, broken.key.short());
        broken.damage.iter().for_each(|it| text += &format!("    {}: {}\n", it.path.display(), it.what));
    }
    text += &more(verified.broken.len());
    text += &paths("unreadable manifest", &verified.unreadable);
    text += &paths("of no entry", &verified.orphans);
    let VerifyOutcome { entries, hashed, unhashed, .. } = verified;
    let read = size(verified.hashed_bytes);
    text += &format!("{entries} entries, {hashed} files read ({read}), {unhashed} compared by size and time only\n");
    text + &match verified.broken.len() + verified.unreadable.len() {
        0 => format!("intact; {} files of no entry\n", verified.orphans.len()),
        damaged => format!("damaged entries: {damaged}; `harness store collect --deep` removes them\n"),
    }
}

fn collect_text(collected: &CollectOutcome, dry_run: bool) -> String {
    use RemovalReason::{Damaged, Inputs, Leftover, Limit, Unreferenced};
    let limited = collected.entries.iter().filter(|entry| entry.why == Limit).count();
    let [damaged, files, leftovers, inputs] =
        [Damaged, Unreferenced, Leftover, Inputs].map(|why| collected.removed.get(&why).copied().unwrap_or(0));
    let would = if dry_run { "would be " } else { "" };
    let CollectOutcome { kept, bytes_after, bytes_before, promised, freed, .. } = collected;
    let [after, before, promised, freed, stay] =
        [*bytes_after, *bytes_before, *promised, *freed, collected.still_linked()].map(size);
    format!(
        "entries: {limited} {would}evicted, {damaged} damaged {would}removed, {kept} kept\n\
         also {would}removed: {files} files of no entry, {leftovers} leftovers, {inputs} input sets\n\
         entries take {after}, {before} before\n\
         promised {promised}, {would}freed {freed}; {stay} stay, held by build directories\n"
    )
}

#[cfg(test)]
mod tests {
    use strategies::key::Key;
    use strategies::store::FileDamage;
    use strategies::store::collect::CollectedEntry;
    use strategies::store::verify::DamagedEntry;

    use super::*;

    #[test]
    fn statistics_read_as_a_table() {
        let group = |entries, bytes, cost_s| EntryGroup { entries, bytes, cost_s };
        let mut stats =
            StoreStats { all: group(3, 5 << 20, 12.5), blobs: 9, apparent: 4 << 20, ..StoreStats::default() };
        stats.allocated = 5 << 20;
        stats.shared = 1 << 20;
        stats.packages.insert("serde".into(), group(2, 4 << 20, 12.0));
        stats.packages.insert("libc".into(), group(1, 1 << 20, 0.5));
        stats.ages[0] = group(3, 5 << 20, 12.5);
        insta::assert_snapshot!(stats_text(strategies::store::ALL[0], &stats, 1));
    }

    #[test]
    fn damage_is_named_and_says_what_to_do() {
        let damage = vec![FileDamage { path: "/store/blob".into(), what: "bytes changed" }];
        let broken =
            DamagedEntry { key: Key::of(b"k"), package: "serde".into(), slot: "lib serde build".into(), damage };
        let verified = VerifyOutcome {
            entries: 4,
            hashed: 10,
            hashed_bytes: 1 << 20,
            orphans: vec!["/store/orphan".into()],
            broken: vec![broken],
            ..VerifyOutcome::default()
        };
        insta::assert_snapshot!(verify_text(&verified));
        insta::assert_snapshot!(verify_text(&VerifyOutcome { entries: 4, ..VerifyOutcome::default() }));
    }

    #[test]
    fn what_is_promised_and_what_is_freed_are_two_numbers() {
        let (key, why) = (Key::of(b"k"), RemovalReason::Limit);
        let evicted = CollectedEntry { key, package: "serde".into(), last_used: Duration::ZERO, why };
        let collected = CollectOutcome {
            entries: vec![evicted],
            kept: 7,
            bytes_before: 3 << 30,
            bytes_after: 2 << 30,
            promised: 1 << 30,
            freed: 1 << 29,
            ..CollectOutcome::default()
        };
        insta::assert_snapshot!(collect_text(&collected, false));
        insta::assert_snapshot!(collect_text(&collected, true));
    }
}
