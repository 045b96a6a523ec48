//! One unit may have been built twice with different bytes: they must not be mixed.
//!
//! A unit's hash says what it was made from, not what came out. Where the two differ, because a
//! path or a moment got into the metadata, crates compiled against one of them do not fit the
//! other, and it shows only where several workspaces share a store.

use super::bench::Bench;
use super::materials::package;
use super::{Expects, Family, Probe, Told, Wrong};

/// The family.
pub const FAMILY: Family = Family {
    name: "identity",
    about: "One unit may have been built twice with different bytes: they must not be mixed.",
    alone: false,
    probes: &[
        Probe {
            name: "out-dir-in-metadata",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Survive,
            about: "A library with OUT_DIR in its metadata is built in two workspaces and linked in a third.",
            tell: out_dir_in_metadata,
        },
        Probe {
            name: "different-each-time",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Survive,
            about: "A proc macro makes other code each time; crates above two of its results meet in a third workspace.",
            tell: different_each_time,
        },
        Probe {
            name: "script-output-differs",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Survive,
            about: "A build script writes another constant each time; what stands on two of them meets in one program.",
            tell: script_output_differs,
        },
        Probe {
            name: "dependent-evicted",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Rebuild,
            about: "An edit is taken back; the store still has the library of then, and has lost the program.",
            tell: dependent_evicted,
        },
        Probe {
            name: "partial-build-then-whole",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Rebuild,
            about: "An edited member is built alone, then everything: what stands on it is built again.",
            tell: partial_build_then_whole,
        },
        Probe {
            name: "old-time-then-new-checkout",
            origin: "https://github.com/rust-lang/cargo/issues/6529 https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Rebuild,
            about: "An edit that keeps an old time fools Cargo in its tree, and must not fool another checkout.",
            tell: old_time_then_new_checkout,
        },
        Probe {
            name: "two-cold-builds-mixed",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Survive,
            about: "Two cold builds publish at once what came out differently; a third workspace takes from both.",
            tell: two_cold_builds_mixed,
        },
    ],
};

/// A lower library, and two upper ones that hand its constant on.
fn publish_pair(bench: &mut Bench<'_>, lower: &[(&str, &str)], manifest: &str) -> Told {
    bench.publish("lower", "1.0.0", manifest, lower)?;
    for upper in ["left", "right"] {
        let lib = "#[inline]\npub fn value() -> &'static str { lower::VALUE }\npub fn of<T>(t: T) -> usize { lower::of(t) }\n";
        bench.publish(upper, "1.0.0", "[dependencies]\nlower = \"1\"\n", &[("src/lib.rs", lib)])?;
    }
    Ok(())
}

const LOWER: &str = "#[inline]\npub fn of<T>(_: T) -> usize { VALUE.len() }\n";

/// A tree on some of `lower`, `left` and `right`, whose program says whether they agree.
fn tree_on(bench: &mut Bench<'_>, tree: &str, dependencies: &[&str]) -> Told {
    let lines: String = dependencies.iter().map(|name| format!("{name} = \"1\"\n")).collect();
    let manifest = package(tree, "0.1.0", &format!("[dependencies]\n{lines}\n[workspace]\n"));
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
    bench.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", &main)])
}

/// Each upper library is built in a workspace of its own, on a lower one of its own; then both
/// and the lower one meet, also in the trees that published. The second workspace was built
/// before it had a cache: what it publishes stands on its own lower library.
fn told_with(bench: &mut Bench<'_>, manifest: &str, lower: &[(&str, &str)]) -> Told {
    publish_pair(bench, lower, manifest)?;
    tree_on(bench, "one", &["left"])?;
    tree_on(bench, "two", &["right", "lower"])?;
    tree_on(bench, "three", &["left", "right", "lower"])?;
    bench.build("one")?;
    bench.build_plainly("two")?;
    bench.build("two")?;
    meet(bench)
}

fn meet(bench: &mut Bench<'_>) -> Told {
    for _ in 0..2 {
        let built = bench.build("three")?;
        bench.prints("three", "agree")?;
        let again = bench.build("three")?;
        if again.ran() > 0 {
            return Err(Wrong::Failed(format!("a no-op build has something to do: {}", again.what_ran())));
        }
        bench.remark(format!("{} of {} units reused in the third workspace", built.hits(), built.units.len()));
        bench.wipe("three")?;
    }
    // A tree whose own lower library is not the one in the store.
    for tree in ["one", "two"] {
        bench.wipe(tree)?;
        bench.build(tree)?;
        bench.prints(tree, "agree")?;
    }
    Ok(())
}

fn out_dir_in_metadata(bench: &mut Bench<'_>) -> Told {
    let script = "fn main() { println!(\"cargo::rerun-if-changed=build.rs\"); }\n";
    let lib = format!("pub const VALUE: &str = env!(\"OUT_DIR\");\n{LOWER}");
    told_with(bench, "", &[("build.rs", script), ("src/lib.rs", &lib)])
}

const NANOS: &str = "std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()";

fn different_each_time(bench: &mut Bench<'_>) -> Told {
    let maker = format!(
        "use proc_macro::TokenStream;
#[proc_macro]
pub fn moment(_: TokenStream) -> TokenStream {{ format!(\"\\\"{{}}\\\"\", {NANOS}).parse().unwrap() }}
"
    );
    bench.publish("maker", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", &maker)])?;
    let lib = format!("pub const VALUE: &str = maker::moment!();\n{LOWER}");
    told_with(bench, "[dependencies]\nmaker = \"1\"\n", &[("src/lib.rs", &lib)])
}

fn script_output_differs(bench: &mut Bench<'_>) -> Told {
    let (script, lib) = differing_script();
    told_with(bench, "", &[("build.rs", &script), ("src/lib.rs", &lib)])
}

fn differing_script() -> (String, String) {
    let script = format!(
        "fn main() {{
    println!(\"cargo::rerun-if-changed=build.rs\");
    println!(\"cargo::rustc-env=MOMENT={{}}\", {NANOS});
}}
"
    );
    (script, format!("pub const VALUE: &str = env!(\"MOMENT\");\n{LOWER}"))
}

fn two_cold_builds_mixed(bench: &mut Bench<'_>) -> Told {
    let (script, lib) = differing_script();
    publish_pair(bench, &[("build.rs", &script), ("src/lib.rs", &lib)], "")?;
    tree_on(bench, "one", &["left", "lower"])?;
    tree_on(bench, "two", &["right", "lower"])?;
    tree_on(bench, "three", &["left", "right", "lower"])?;
    bench.build_together(&["one", "two"])?;
    bench.prints("one", "agree")?;
    bench.prints("two", "agree")?;
    meet(bench)
}

/// What stands on a restored library and is not itself in the store was compiled against another
/// one, and looks as fresh as ever: outputs of a store have one old time.
fn dependent_evicted(bench: &mut Bench<'_>) -> Told {
    program_on_member(bench, "app")?;
    bench.build("app")?;
    bench.write("ws/app/member/src/lib.rs", &member("two"))?;
    bench.build("app")?;
    bench.prints("app", "two")?;
    bench.note("the store loses every program");
    let store = bench.store()?;
    for entry in store.entries().into_iter().filter(|entry| entry.package == "app") {
        std::fs::remove_file(store.manifest(&entry.key))?;
    }
    bench.write("ws/app/member/src/lib.rs", &member("one"))?;
    bench.build("app")?;
    bench.prints("app", "one")
}

fn member(word: &str) -> String {
    format!("pub fn word() -> &'static str {{ \"{word}\" }}\n")
}

/// A program called `app` on a member whose word is `one`.
fn program_on_member(bench: &mut Bench<'_>, tree: &str) -> Told {
    let manifest = package(
        "app",
        "0.1.0",
        "[dependencies]\nmember = { path = \"member\" }\n\n[workspace]\nmembers = [\"member\"]\n",
    );
    bench.tree(
        tree,
        &[
            ("Cargo.toml", &manifest),
            ("src/main.rs", "fn main() { println!(\"{}\", member::word()); }\n"),
            ("member/Cargo.toml", &package("member", "0.1.0", "")),
            ("member/src/lib.rs", &member("one")),
        ],
    )?;
    bench.set(tree).program = Some("app".to_owned());
    Ok(())
}

/// Publishing gives the member its old time; what stands on it was built before it.
fn partial_build_then_whole(bench: &mut Bench<'_>) -> Told {
    program_on_member(bench, "app")?;
    program_on_member(bench, "other")?;
    bench.build("app")?;
    bench.prints("app", "one")?;
    bench.write("ws/app/member/src/lib.rs", &member("two"))?;
    bench.set("app").args = vec!["--package=member".to_owned()];
    bench.build("app")?;
    bench.set("app").args = Vec::new();
    bench.build("app")?;
    bench.prints("app", "two")?;
    bench.wipe("app")?;
    bench.build("app")?;
    bench.prints("app", "two")?;
    bench.write("ws/other/member/src/lib.rs", &member("two"))?;
    bench.build("other")?;
    bench.prints("other", "two")
}

/// In its own tree the old program is what plain Cargo leaves, too.
fn old_time_then_new_checkout(bench: &mut Bench<'_>) -> Told {
    program_on_member(bench, "app")?;
    bench.build("app")?;
    bench.prints("app", "one")?;
    bench.write("ws/app/member/src/lib.rs", &member("two"))?;
    bench.set_time("ws/app/member/src/lib.rs", 1_000_000_000)?;
    bench.build("app")?;
    program_on_member(bench, "other")?;
    bench.write("ws/other/member/src/lib.rs", &member("two"))?;
    bench.build("other")?;
    bench.prints("other", "two")
}
