//! A build directory that was restored or published from behaves under plain Cargo like any other.
//!
//! An editor and a terminal on one build directory are the normal case, and only one of them may
//! know of the cache. What Cargo builds again there must neither be refused nor reach the store.

use std::time::{Duration, SystemTime};

use crate::context::ProbeContext;
use crate::fixtures::package;
use crate::{Family, Probe, ProbeError, ProbeResult};

const SWITCHED: &str = "https://github.com/kunobi-ninja/kache/issues/242";

pub(crate) const FAMILY: Family = Family {
    name: "plain-cargo",
    about: "A build directory that was restored or published from behaves under plain Cargo like any other.",
    alone: false,
    lists: &[&[
        Probe::survive(
            "cache-switched-off-after-publishing",
            SWITCHED,
            "A tree is built, and then edited and built by plain Cargo, in dev and release.",
            |cx| cache_switched_off(cx, false),
        ),
        Probe::survive(
            "cache-switched-off-after-restoring",
            SWITCHED,
            "A tree is restored, and then edited and built by plain Cargo, in dev and release.",
            |cx| cache_switched_off(cx, true),
        ),
        Probe::survive(
            "part-built-then-the-rest",
            "https://github.com/rust-lang/cargo/issues/6529",
            "An edited member is built alone, then the rest by plain Cargo; the same where the member is restored.",
            part_built,
        ),
        Probe::survive(
            "clean-of-one-package",
            "https://github.com/rust-lang/cargo/issues/8790",
            "`cargo clean -p` takes one dependency out of a restored tree, and plain Cargo builds it again.",
            clean_of_one_package,
        ),
        Probe::survive(
            "vendored-manifest-edited",
            "https://github.com/rust-lang/cargo/issues/5805",
            "The manifest of a vendored package is edited, which Cargo finds stale in every tree on the store.",
            vendored_manifest_edited,
        ),
        Probe::survive(
            "source-from-the-future",
            "https://github.com/rust-lang/cargo/issues/6529",
            "The time of a member's source lies in the future: Cargo builds it in every build.",
            source_from_the_future,
        ),
        Probe::survive(
            "dep-info-beside-the-program",
            "https://github.com/jdx/mbx/issues/21",
            "The dep-info file beside a restored program names files of this checkout.",
            dep_info_beside_the_program,
        ),
    ]],
};

/// A program called `app` on a member and a published library; prints both words.
fn tree_of_three(cx: &mut ProbeContext<'_>, tree: &str) -> ProbeResult {
    let main = "fn main() { println!(\"{} {}\", member::word(), dep::word()); }\n";
    cx.member_tree(tree, "app", "dep = \"1\"", [main, &word("one")])
}

fn word(word: &str) -> String {
    format!("#[inline(never)]\npub fn word() -> &'static str {{ \"{word}\" }}\n")
}

fn two_trees(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", &word("dep"))])?;
    ["first", "second"].iter().try_for_each(|tree| tree_of_three(cx, tree))
}

fn cache_switched_off(cx: &mut ProbeContext<'_>, restores: bool) -> ProbeResult {
    two_trees(cx)?;
    for tree in ["first", "second"] {
        cx.build(tree)?;
    }
    if restores {
        cx.wipe("first")?;
        cx.build("first")?;
    }
    for edit in ["two", "six"] {
        cx.write("ws/first/member/src/lib.rs", &word(edit))?;
        cx.build_plainly("first")?;
        cx.prints("first", &format!("{edit} dep"))?;
    }
    cx.settings("first").profile = Some("release".to_owned());
    cx.build_plainly("first")?;
    cx.prints("first", "six dep")?;
    cx.settings("first").profile = None;
    // Switched on again, and nothing of it has reached anybody else.
    cx.survives("first", "six dep")?;
    cx.no_op("second", "after plain Cargo worked in the other tree")?;
    cx.wipe("second")?;
    cx.survives("second", "one dep")?;
    cx.store_restores_no_damage()
}

fn part_built(cx: &mut ProbeContext<'_>) -> ProbeResult {
    two_trees(cx)?;
    cx.build("first")?;
    for edit in ["two", "one"] {
        cx.write("ws/first/member/src/lib.rs", &word(edit))?;
        cx.settings("first").args = ["-p", "member"].map(str::to_owned).into();
        cx.build("first")?;
        cx.settings("first").args.clear();
        cx.build_plainly("first")?;
        cx.prints("first", &format!("{edit} dep"))?;
    }
    cx.survives("first", "one dep")
}

fn clean_of_one_package(cx: &mut ProbeContext<'_>) -> ProbeResult {
    two_trees(cx)?;
    for tree in ["first", "second"] {
        cx.build(tree)?;
    }
    cx.wipe("first")?;
    cx.build("first")?;
    let layout = cx.build_env().toolchain.layout_flag();
    for package in ["dep", "member"] {
        let args: Vec<&str> = ["clean", "--offline", "-p", package].into_iter().chain(layout).collect();
        cx.cargo("first", &args)?;
        cx.build_plainly("first")?;
        cx.prints("first", "one dep")?;
    }
    cx.survives("first", "one dep")?;
    cx.wipe("second")?;
    cx.survives("second", "one dep")?;
    cx.store_restores_no_damage()
}

fn vendored_manifest_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = "pub fn word() -> &'static str { env!(\"CARGO_PKG_DESCRIPTION\") }\n";
    cx.publish("dep", "1.0.0", "description = \"old\"\n", &[("src/lib.rs", lib)])?;
    for tree in ["first", "second"] {
        tree_of_three(cx, tree)?;
        cx.build(tree)?;
    }
    cx.write("vendor/dep-1.0.0/Cargo.toml", &package("dep", "1.0.0", "description = \"new\"\n"))?;
    for tree in ["first", "second", "first"] {
        cx.survives(tree, "one new")?;
    }
    cx.wipe("first")?;
    cx.survives("first", "one new")
}

fn source_from_the_future(cx: &mut ProbeContext<'_>) -> ProbeResult {
    two_trees(cx)?;
    let day = Duration::from_secs(86_400);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    for (count, text) in ["one", "two", "six"].into_iter().enumerate() {
        cx.write("ws/first/member/src/lib.rs", &word(text))?;
        cx.set_time("ws/first/member/src/lib.rs", (now + day * (count as u32 + 1)).as_secs())?;
        cx.survives("first", &format!("{text} dep"))?;
        cx.survives("first", &format!("{text} dep"))?;
        cx.wipe("first")?;
        cx.survives("first", &format!("{text} dep"))?;
    }
    Ok(())
}

fn dep_info_beside_the_program(cx: &mut ProbeContext<'_>) -> ProbeResult {
    two_trees(cx)?;
    for tree in ["first", "second"] {
        cx.build(tree)?;
    }
    let file = cx.site("second").target_dir.join("debug/app.d");
    let text = std::fs::read_to_string(&file)?;
    let sources = text.split_once(": ").map_or("", |(_, sources)| sources);
    let elsewhere = cx.path("ws/first").to_string_lossy().into_owned();
    match sources.split_whitespace().find(|path| path.starts_with(&elsewhere) || !std::path::Path::new(path).exists()) {
        Some(path) => ProbeError::failed(format!("{} names {path}", cx.relative(&file))),
        None if sources.is_empty() => ProbeError::failed(format!("{} names no source", cx.relative(&file))),
        None => Ok(()),
    }
}
