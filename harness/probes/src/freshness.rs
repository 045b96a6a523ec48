//! What was restored must stay fresh, for everyone who shares the store.

use std::time::SystemTime;

use super::bench::Bench;
use super::built::Built;
use super::materials::package;
use super::{Expects, Family, Probe, Told, Wrong};

/// The family.
pub const FAMILY: Family = Family {
    name: "freshness",
    about: "What was restored must stay fresh, for everyone who shares the store.",
    alone: false,
    probes: &[
        Probe {
            name: "no-op-after-restore",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "A wiped tree is restored whole, and builds right after compile nothing.",
            tell: no_op_after_restore,
        },
        Probe {
            name: "restore-leaves-others-fresh",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "A restore in one tree leaves another tree on the same store fresh, again and again.",
            tell: restore_leaves_others_fresh,
        },
        Probe {
            name: "edit-leaves-others-fresh",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "An edited member in one tree is built again there, and leaves another tree fresh and right.",
            tell: edit_leaves_others_fresh,
        },
        Probe {
            name: "touched-source",
            origin: "https://github.com/rust-lang/cargo/issues/6529",
            expects: Expects::Rebuild,
            about: "A source touched without a change is built again, as plain Cargo does, also after a restore.",
            tell: touched_source,
        },
        Probe {
            name: "edit-and-back",
            origin: "https://github.com/rust-lang/cargo/issues/6529",
            expects: Expects::Rebuild,
            about: "An edit that is taken back ends in a program of the first sources, and in a no-op.",
            tell: edit_and_back,
        },
        Probe {
            name: "profiles-in-turn",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "Dev and release in turn in one tree: each finds what it left.",
            tell: profiles_in_turn,
        },
        Probe {
            name: "entries-of-many-builds",
            origin: "https://github.com/rust-lang/cargo/issues/2426 https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "A tree restored from what two builds at different times published stays fresh.",
            tell: entries_of_many_builds,
        },
        Probe {
            name: "watched-files-after-restore",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "A restored build script that watches a file and a variable does not run again.",
            tell: watched_files_after_restore,
        },
    ],
};

/// A plain library, one with a build script, and one on top of both.
fn publish_three(bench: &mut Bench<'_>) -> Told {
    bench.publish("plain", "1.0.0", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")])?;
    let script = "fn main() { println!(\"cargo::rerun-if-changed=build.rs\\ncargo::rustc-env=N=2\"); }\n";
    let scripted = "pub fn scripted() -> &'static str { env!(\"N\") }\n";
    bench.publish("scripted", "1.0.0", "", &[("build.rs", script), ("src/lib.rs", scripted)])?;
    let top = "pub fn top() -> String { format!(\"{}{}\", plain::plain(), scripted::scripted()) }\n";
    bench.publish("top", "1.0.0", "[dependencies]\nplain = \"1\"\nscripted = \"1\"\n", &[("src/lib.rs", top)])
}

/// A program on a member and on `top`; prints a word and `12`.
fn tree_on_three(bench: &mut Bench<'_>, tree: &str, word: &str) -> Told {
    let manifest = package(
        tree,
        "0.1.0",
        "[dependencies]\ntop = \"1\"\nmember = { path = \"member\" }\n\n[workspace]\nmembers = [\"member\"]\n",
    );
    bench.tree(
        tree,
        &[
            ("Cargo.toml", &manifest),
            ("src/main.rs", "fn main() { println!(\"{} {}\", member::word(), top::top()); }\n"),
            ("member/Cargo.toml", &package("member", "0.1.0", "")),
            ("member/src/lib.rs", &member(word)),
        ],
    )
}

fn member(word: &str) -> String {
    format!("pub fn word() -> &'static str {{ \"{word}\" }}\n")
}

/// A build that has nothing to do.
fn no_op(bench: &mut Bench<'_>, tree: &str, when: &str) -> Told {
    let built = bench.build(tree)?;
    match built.ran() {
        0 => Ok(()),
        _ => Err(Wrong::Failed(format!("a build of {tree} {when} has something to do: {}", built.what_ran()))),
    }
}

fn no_op_after_restore(bench: &mut Bench<'_>) -> Told {
    publish_three(bench)?;
    tree_on_three(bench, "app", "one")?;
    bench.build("app")?;
    bench.wipe("app")?;
    let restored = bench.build("app")?;
    bench.prints("app", "one 12")?;
    no_op(bench, "app", "right after a restore")?;
    no_op(bench, "app", "after that")?;
    bench.needs_cache()?;
    some_reuse(&restored)?;
    only_refused_ran(&restored)
}

/// Something came from the cache, or nothing could.
fn some_reuse(built: &Built) -> Told {
    match built.hits() {
        0 => Err(Wrong::NotApplicable("it reuses nothing of this tree".to_owned())),
        _ => Ok(()),
    }
}

/// Where keys tell why a unit ran, it must have been refused.
fn only_refused_ran(built: &Built) -> Told {
    match built.units.iter().find(|unit| unit.ran && !unit.reason.is_empty() && !unit.is_refused()) {
        Some(unit) => Err(Wrong::Failed(format!("{} was built again ({})", unit.label, unit.reason))),
        None => Ok(()),
    }
}

fn restore_leaves_others_fresh(bench: &mut Bench<'_>) -> Told {
    bench.needs_cache()?;
    publish_three(bench)?;
    tree_on_three(bench, "first", "one")?;
    tree_on_three(bench, "second", "two")?;
    bench.build("first")?;
    bench.build("second")?;
    for _ in 0..2 {
        bench.wipe("second")?;
        bench.build("second")?;
        bench.prints("second", "two 12")?;
        no_op(bench, "first", "after a restore in another tree")?;
        no_op(bench, "second", "after its restore")?;
    }
    bench.prints("first", "one 12")
}

fn edit_leaves_others_fresh(bench: &mut Bench<'_>) -> Told {
    publish_three(bench)?;
    tree_on_three(bench, "first", "one")?;
    bench.build("first")?;
    // A second checkout of the same sources, as a worktree is.
    bench.check_out("ws/first", "ws/second")?;
    bench.build("second")?;
    bench.write("ws/second/member/src/lib.rs", &member("two"))?;
    let built = bench.build("second")?;
    // Its program is called like its package.
    bench.set("second").program = Some("first".to_owned());
    bench.prints("second", "two 12")?;
    if !built.ran_any_of("member") {
        return Err(Wrong::Failed("an edited member was not built".to_owned()));
    }
    no_op(bench, "first", "after an edit in another tree")?;
    bench.prints("first", "one 12")?;
    no_op(bench, "second", "after its edit")
}

fn touched_source(bench: &mut Bench<'_>) -> Told {
    publish_three(bench)?;
    tree_on_three(bench, "app", "one")?;
    // A library in between: neither touched itself nor the final program.
    let between = package("between", "0.1.0", "[dependencies]\nmember = { path = \"../member\" }\n");
    bench.write("ws/app/between/Cargo.toml", &between)?;
    bench.write("ws/app/between/src/lib.rs", "pub fn word() -> &'static str { member::word() }\n")?;
    let manifest = package(
        "app",
        "0.1.0",
        "[dependencies]\ntop = \"1\"\nbetween = { path = \"between\" }\n\n[workspace]\nmembers = [\"member\", \"between\"]\n",
    );
    bench.write("ws/app/Cargo.toml", &manifest)?;
    bench.write("ws/app/src/main.rs", "fn main() { println!(\"{} {}\", between::word(), top::top()); }\n")?;
    bench.lock("app")?;
    bench.build("app")?;
    for when in ["built", "restored"] {
        let source = bench.at("ws/app/member/src/lib.rs");
        std::fs::File::options().write(true).open(source)?.set_modified(SystemTime::now())?;
        bench.note("touch ws/app/member/src/lib.rs");
        let built = bench.build("app")?;
        // A compiler cache may know the same content: asked for again is enough.
        if !built.ran_any_of("member") && built.hits() == 0 {
            let why = format!("a source touched in a tree that was {when} is not built again; plain Cargo does");
            return Err(Wrong::Failed(why));
        }
        bench.prints("app", "one 12")?;
        no_op(bench, "app", "after a touch")?;
        bench.wipe("app")?;
        bench.build("app")?;
    }
    Ok(())
}

fn edit_and_back(bench: &mut Bench<'_>) -> Told {
    publish_three(bench)?;
    tree_on_three(bench, "app", "one")?;
    bench.build("app")?;
    for (word, wipes) in [("two", false), ("one", false), ("two", true), ("one", true)] {
        bench.write("ws/app/member/src/lib.rs", &member(word))?;
        if wipes {
            bench.wipe("app")?;
        }
        bench.build("app")?;
        bench.prints("app", &format!("{word} 12"))?;
        no_op(bench, "app", "after an edit")?;
    }
    Ok(())
}

fn profiles_in_turn(bench: &mut Bench<'_>) -> Told {
    publish_three(bench)?;
    tree_on_three(bench, "app", "one")?;
    for wipe in [true, false] {
        for profile in ["dev", "release"] {
            bench.set("app").profile = Some(profile.to_owned());
            bench.build("app")?;
            bench.prints("app", "one 12")?;
        }
        for profile in ["dev", "release"] {
            bench.set("app").profile = Some(profile.to_owned());
            no_op(bench, "app", "after one in another profile")?;
        }
        if wipe {
            bench.wipe("app")?;
        }
    }
    Ok(())
}

fn entries_of_many_builds(bench: &mut Bench<'_>) -> Told {
    bench.needs_cache()?;
    publish_three(bench)?;
    // The upper library is published later than what it stands on, and the other way round.
    let on = |name: &str, dependency: &str| {
        package(name, "0.1.0", &format!("[dependencies]\n{dependency} = \"1\"\n\n[workspace]\n"))
    };
    let main = "fn main() {}\n";
    bench.tree("low", &[("Cargo.toml", &on("low", "plain")), ("src/main.rs", main)])?;
    bench.tree("high", &[("Cargo.toml", &on("high", "top")), ("src/main.rs", main)])?;
    tree_on_three(bench, "app", "one")?;
    bench.build("high")?;
    bench.build("low")?;
    // Published anew by a tree that had it from the store.
    bench.wipe("high")?;
    bench.build("high")?;
    bench.build("app")?;
    bench.wipe("app")?;
    bench.build("app")?;
    bench.prints("app", "one 12")?;
    ["app", "high", "low"].into_iter().try_for_each(|tree| no_op(bench, tree, "on entries of several builds"))
}

fn watched_files_after_restore(bench: &mut Bench<'_>) -> Told {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=word.txt\");
    println!(\"cargo::rerun-if-env-changed=PROBE_WORD\");
    let word = std::env::var(\"PROBE_WORD\").unwrap_or_default() + &std::fs::read_to_string(\"word.txt\").unwrap();
    println!(\"cargo::rustc-env=WORD={}\", word.trim());
}
";
    let main = "fn main() { println!(\"{}\", env!(\"WORD\")); }\n";
    bench.tree("app", &[("build.rs", script), ("word.txt", "one\n"), ("src/main.rs", main)])?;
    bench.set("app").env.insert("PROBE_WORD".to_owned(), "a".to_owned());
    bench.build("app")?;
    bench.wipe("app")?;
    let restored = bench.build("app")?;
    bench.prints("app", "aone")?;
    no_op(bench, "app", "after a restore")?;
    bench.needs_cache()?;
    some_reuse(&restored)?;
    only_refused_ran(&restored)
}
