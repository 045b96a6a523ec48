//! One unit may have been built twice with different bytes: they must not be mixed.
//!
//! A unit's hash says what it was made from, not what came out. Where the two differ, because a
//! path or a time got into the metadata, crates compiled against one of them do not fit the
//! other, and it shows only where several workspaces share a store.

use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script, workspace};
use crate::freshness::member;
use crate::{Family, Probe, ProbeResult};

pub(crate) const FAMILY: Family = Family {
    name: "identity",
    about: "One unit may have been built twice with different bytes: they must not be mixed.",
    alone: false,
    lists: &[&[
        Probe::survive(
            "out-dir-in-metadata",
            "https://github.com/rust-lang/cargo/issues/5931",
            "A library with OUT_DIR in its metadata is built in two workspaces and linked in a third.",
            out_dir_in_metadata,
        ),
        Probe::survive(
            "different-each-time",
            "https://github.com/rust-lang/cargo/issues/5931",
            "A proc macro makes other code each time; dependents of two of its results meet in a third workspace.",
            different_each_time,
        ),
        Probe::survive(
            "script-output-differs",
            "https://github.com/rust-lang/cargo/issues/5931",
            "A build script writes another constant each time; dependents of two of them meet in one program.",
            script_output_differs,
        ),
        Probe::rebuild(
            "dependent-evicted",
            "https://github.com/rust-lang/cargo/issues/5931",
            "An edit is taken back; the store still has the library of then, and has lost the program.",
            dependent_evicted,
        ),
        Probe::rebuild(
            "partial-build-then-whole",
            "https://github.com/rust-lang/cargo/issues/5931",
            "An edited member is built alone, then everything: its dependents are built again.",
            partial_build_then_whole,
        ),
        Probe::rebuild(
            "old-time-then-new-checkout",
            "https://github.com/rust-lang/cargo/issues/6529 https://github.com/rust-lang/cargo/issues/5931",
            "An edit that keeps an old time fools Cargo in its tree, and must not fool another checkout.",
            old_time_then_new_checkout,
        ),
        Probe::survive(
            "dependency-evicted-and-built-again",
            "https://github.com/rust-lang/cargo/issues/5931",
            "The store loses a library that is a C library too; another workspace builds it, a third takes both.",
            dependency_evicted_and_built_again,
        ),
        Probe::survive(
            "two-cold-builds-mixed",
            "https://github.com/rust-lang/cargo/issues/5931",
            "Two cold builds publish at once what came out differently; a third workspace takes from both.",
            two_cold_builds_mixed,
        ),
    ]],
};

/// A lower library, and two upper ones that return its constant.
pub(crate) fn publish_pair(cx: &mut ProbeContext<'_>, lower: &[(&str, &str)], manifest: &str) -> ProbeResult {
    cx.publish("lower", "1.0.0", manifest, lower)?;
    for upper in ["left", "right"] {
        let lib = "#[inline]\npub fn value() -> &'static str { lower::VALUE }\npub fn of<T>(t: T) -> usize { lower::of(t) }\n";
        cx.publish(upper, "1.0.0", "[dependencies]\nlower = \"1\"\n", &[("src/lib.rs", lib)])?;
    }
    Ok(())
}

const LOWER: &str = "#[inline]\npub fn of<T>(_: T) -> usize { VALUE.len() }\n";

/// A tree on some of `lower`, `left` and `right`, whose program says whether they agree.
pub(crate) fn tree_on(cx: &mut ProbeContext<'_>, tree: &str, dependencies: &[&str]) -> ProbeResult {
    let lines: String = dependencies.iter().map(|name| format!("{name} = \"1\"\n")).collect();
    let manifest = workspace(tree, &lines);
    let value = |name: &&str| if *name == "lower" { "lower::VALUE".to_owned() } else { format!("{name}::value()") };
    let values: Vec<String> = dependencies.iter().map(value).collect();
    let sum: Vec<String> = dependencies.iter().map(|name| format!("{name}::of(1)")).collect();
    let main = format!(
        "fn main() {{
    let values = [{}];
    let agree = values.iter().all(|value| *value == values[0]) && {} > 0;
    println!(\"{{}}\", if agree {{ \"agree\" }} else {{ \"differ\" }});
}}
",
        values.join(", "),
        sum.join(" + ")
    );
    cx.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", &main)])
}

/// Each upper library is built in a workspace of its own, on a lower one of its own; then both
/// and the lower one meet, also in the trees that published. The second workspace was built
/// before it had a cache: what it publishes depends on its own lower library.
fn build_and_meet(cx: &mut ProbeContext<'_>, manifest: &str, lower: &[(&str, &str)]) -> ProbeResult {
    publish_pair(cx, lower, manifest)?;
    tree_on(cx, "one", &["left"])?;
    tree_on(cx, "two", &["right", "lower"])?;
    tree_on(cx, "three", &["left", "right", "lower"])?;
    cx.build("one")?;
    cx.build_plainly("two")?;
    cx.build("two")?;
    meet(cx)
}

fn meet(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for _ in 0..2 {
        let built = cx.build("three")?;
        cx.prints("three", "agree")?;
        cx.no_op("three", "right after another")?;
        cx.remark(format!("{} of {} units reused in the third workspace", built.hits(), built.units.len()));
        cx.wipe("three")?;
    }
    // A tree whose own lower library is not the one in the store.
    for tree in ["one", "two"] {
        cx.rebuilds(tree, "agree")?;
    }
    Ok(())
}

fn out_dir_in_metadata(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = format!("pub const VALUE: &str = env!(\"OUT_DIR\");\n{LOWER}");
    build_and_meet(cx, "", &[("build.rs", &build_script(&[ITSELF], "\"\"")), ("src/lib.rs", &lib)])
}

const NANOS: &str = "std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()";

fn different_each_time(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let maker = format!(
        "use proc_macro::TokenStream;
#[proc_macro]
pub fn moment(_: TokenStream) -> TokenStream {{ format!(\"\\\"{{}}\\\"\", {NANOS}).parse().unwrap() }}
"
    );
    cx.publish("maker", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", &maker)])?;
    let lib = format!("pub const VALUE: &str = maker::moment!();\n{LOWER}");
    build_and_meet(cx, "[dependencies]\nmaker = \"1\"\n", &[("src/lib.rs", &lib)])
}

fn script_output_differs(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let (script, lib) = differing_script();
    build_and_meet(cx, "", &[("build.rs", &script), ("src/lib.rs", &lib)])
}

pub(crate) fn differing_script() -> (String, String) {
    (build_script(&[ITSELF], NANOS), format!("pub const VALUE: &str = {SCRIPT_WORD};\n{LOWER}"))
}

fn two_cold_builds_mixed(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let (script, lib) = differing_script();
    publish_pair(cx, &[("build.rs", &script), ("src/lib.rs", &lib)], "")?;
    tree_on(cx, "one", &["left", "lower"])?;
    tree_on(cx, "two", &["right", "lower"])?;
    tree_on(cx, "three", &["left", "right", "lower"])?;
    cx.build_together(&["one", "two"])?;
    cx.prints("one", "agree")?;
    cx.prints("two", "agree")?;
    meet(cx)
}

/// Takes what was made of a package out of the store.
fn evict(cx: &ProbeContext<'_>, package: &str) -> ProbeResult {
    let store = cx.store()?;
    for entry in store.entries().into_iter().filter(|entry| entry.package == package) {
        std::fs::remove_file(store.manifest(&entry.key))?;
    }
    Ok(())
}

/// The dependent of a restored library that is not itself in the store was compiled against another
/// one, and looks as fresh as ever: outputs of a store have one old time.
fn dependent_evicted(cx: &mut ProbeContext<'_>) -> ProbeResult {
    program_on_member(cx, "app")?;
    cx.build("app")?;
    cx.write("ws/app/member/src/lib.rs", &member("two"))?;
    cx.builds("app", "two")?;
    cx.note("the store loses every program");
    evict(cx, "app")?;
    cx.write("ws/app/member/src/lib.rs", &member("one"))?;
    cx.builds("app", "one")
}

/// A library with the crate types `rlib` and `cdylib` has no metadata file of its own.
fn dependency_evicted_and_built_again(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let (script, lib) = differing_script();
    let manifest = "[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n";
    publish_pair(cx, &[("build.rs", &script), ("src/lib.rs", &lib)], manifest)?;
    tree_on(cx, "one", &["left", "lower"])?;
    tree_on(cx, "two", &["right", "lower"])?;
    tree_on(cx, "three", &["left", "right", "lower"])?;
    cx.build("one")?;
    cx.note("the store loses the lower library and its build script");
    evict(cx, "lower")?;
    cx.builds("two", "agree")?;
    meet(cx)
}

/// A program called `app` on a member whose word is `one`.
fn program_on_member(cx: &mut ProbeContext<'_>, tree: &str) -> ProbeResult {
    cx.member_tree(tree, "app", "", ["fn main() { println!(\"{}\", member::word()); }\n", &member("one")])
}

/// Publishing gives the member its old time; its dependents were built before it.
fn partial_build_then_whole(cx: &mut ProbeContext<'_>) -> ProbeResult {
    program_on_member(cx, "app")?;
    program_on_member(cx, "other")?;
    cx.builds("app", "one")?;
    cx.write("ws/app/member/src/lib.rs", &member("two"))?;
    cx.settings("app").args = vec!["--package=member".to_owned()];
    cx.build("app")?;
    cx.settings("app").args = Vec::new();
    cx.builds("app", "two")?;
    cx.rebuilds("app", "two")?;
    cx.write("ws/other/member/src/lib.rs", &member("two"))?;
    cx.builds("other", "two")
}

/// In its own tree the old program is what plain Cargo leaves, too.
fn old_time_then_new_checkout(cx: &mut ProbeContext<'_>) -> ProbeResult {
    program_on_member(cx, "app")?;
    cx.builds("app", "one")?;
    cx.write("ws/app/member/src/lib.rs", &member("two"))?;
    cx.set_time("ws/app/member/src/lib.rs", 1_000_000_000)?;
    cx.build("app")?;
    program_on_member(cx, "other")?;
    cx.write("ws/other/member/src/lib.rs", &member("two"))?;
    cx.builds("other", "two")
}
