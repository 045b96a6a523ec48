//! What was restored must stay fresh, for everyone who shares the store.

use std::time::SystemTime;

use crate::build::ProbeBuild;
use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script, package, variable, workspace};
use crate::{Family, Probe, ProbeError, ProbeResult};

pub(crate) const FAMILY: Family = Family {
    name: "freshness",
    about: "What was restored must stay fresh, for everyone who shares the store.",
    alone: false,
    lists: &[&[
        Probe::reuse(
            "no-op-after-restore",
            "https://github.com/rust-lang/cargo/issues/5931",
            "A wiped tree is restored whole, and builds right after compile nothing.",
            no_op_after_restore,
        ),
        Probe::reuse(
            "warnings-shown-again",
            "https://github.com/rust-lang/cargo/issues/3624",
            "A restored member shows the warnings that compiling it showed.",
            warnings_shown_again,
        ),
        Probe::reuse(
            "restore-leaves-others-fresh",
            "https://github.com/rust-lang/cargo/issues/5931",
            "A restore in one tree leaves another tree on the same store fresh, again and again.",
            restore_leaves_others_fresh,
        ),
        Probe::reuse(
            "edit-leaves-others-fresh",
            "https://github.com/rust-lang/cargo/issues/5931",
            "An edited member in one tree is built again there, and leaves another tree fresh and right.",
            edit_leaves_others_fresh,
        ),
        Probe::rebuild(
            "touched-source",
            "https://github.com/rust-lang/cargo/issues/6529",
            "A source touched without a change is built again, as plain Cargo does, also after a restore.",
            touched_source,
        ),
        Probe::rebuild(
            "edit-and-back",
            "https://github.com/rust-lang/cargo/issues/6529",
            "An edit that is taken back ends in a program of the first sources, and in a no-op.",
            edit_and_back,
        ),
        Probe::reuse(
            "profiles-in-turn",
            "https://github.com/rust-lang/cargo/issues/5931",
            "Dev and release in turn in one tree: each finds what it left.",
            profiles_in_turn,
        ),
        Probe::reuse(
            "entries-of-many-builds",
            "https://github.com/rust-lang/cargo/issues/2426 https://github.com/rust-lang/cargo/issues/5931",
            "A tree restored from what two builds at different times published stays fresh.",
            entries_of_many_builds,
        ),
        Probe::reuse(
            "two-workspaces-take-turns",
            "https://github.com/rust-lang/cargo/issues/5931",
            "Two workspaces use one package with different features, in turn: each finds what it left.",
            two_workspaces_take_turns,
        ),
        Probe::reuse(
            "all-targets-from-the-store",
            "https://github.com/kunobi-ninja/kache/issues/298 https://github.com/kunobi-ninja/kache/issues/624",
            "Library, program, test, example and benchmark are restored, and right after compile nothing.",
            all_targets_from_the_store,
        ),
        Probe::reuse(
            "three-targets-of-one-source",
            "https://github.com/rust-lang/cargo/issues/5931",
            "Two programs and an example, named like one of them, are made of one file; all three are restored.",
            three_targets_of_one_source,
        ),
        Probe::reuse(
            "hyphens-and-two-versions",
            "https://github.com/rust-lang/cargo/issues/5931",
            "Hyphenated packages, a library named unlike its package, and two versions of one name are restored.",
            hyphens_and_two_versions,
        ),
        Probe::reuse(
            "two-build-directories",
            "https://github.com/kunobi-ninja/kache/issues/808",
            "One tree is built into two build directories inside it, in turn.",
            two_build_directories,
        ),
        Probe::reuse(
            "branch-switched",
            "https://github.com/rust-lang/cargo/issues/6529",
            "A tree gets the sources that another tree built, as when a branch is switched: they are restored.",
            branch_switched,
        ),
        Probe::reuse(
            "watched-files-after-restore",
            "https://github.com/rust-lang/cargo/issues/5931",
            "A restored build script that watches a file and a variable does not run again.",
            watched_files_after_restore,
        ),
    ]],
};

/// A plain library, one with a build script, and one that depends on both.
fn publish_three(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.publish("plain", "1.0.0", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")])?;
    let scripted = format!("pub fn scripted() -> &'static str {{ {SCRIPT_WORD} }}\n");
    cx.publish("scripted", "1.0.0", "", &[("build.rs", &build_script(&[ITSELF], "2")), ("src/lib.rs", &scripted)])?;
    let top = "pub fn top() -> String { format!(\"{}{}\", plain::plain(), scripted::scripted()) }\n";
    cx.publish("top", "1.0.0", "[dependencies]\nplain = \"1\"\nscripted = \"1\"\n", &[("src/lib.rs", top)])
}

/// A program on a member and on `top`; prints a word and `12`.
fn tree_on_three(cx: &mut ProbeContext<'_>, tree: &str, word: &str) -> ProbeResult {
    let main = "fn main() { println!(\"{} {}\", member::word(), top::top()); }\n";
    cx.member_tree(tree, tree, "top = \"1\"", [main, &member(word)])
}

pub(crate) fn member(word: &str) -> String {
    format!("pub fn word() -> &'static str {{ \"{word}\" }}\n")
}

fn warnings_shown_again(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let main = "fn main() { let never_read = 1; println!(\"one\"); }\n";
    cx.program_tree("app", "", main)?;
    cx.build("app")?;
    cx.wipe("app")?;
    let restored = cx.build("app")?;
    let said = cx.said_by_cargo("app")?;
    if !said.contains("never_read") {
        return ProbeError::failed(format!("Cargo shows no warning of the restored program: {said:?}"));
    }
    cx.needs_cache()?;
    restored.must_reuse("app")
}

/// Builds a tree, and again from the store, which leaves nothing to do.
pub(crate) fn restored(cx: &mut ProbeContext<'_>, tree: &str, prints: &str) -> ProbeResult<ProbeBuild> {
    cx.build(tree)?;
    cx.wipe(tree)?;
    let restored = cx.build(tree)?;
    cx.prints(tree, prints)?;
    cx.no_op(tree, "right after a restore")?;
    Ok(restored)
}

fn no_op_after_restore(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_three(cx)?;
    tree_on_three(cx, "app", "one")?;
    let restored = restored(cx, "app", "one 12")?;
    cx.no_op("app", "after that")?;
    cx.needs_cache()?;
    restored.needs_hits()?;
    restored.must_reuse_admitted()
}

fn restore_leaves_others_fresh(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    publish_three(cx)?;
    tree_on_three(cx, "first", "one")?;
    tree_on_three(cx, "second", "two")?;
    cx.build("first")?;
    cx.build("second")?;
    for _ in 0..2 {
        cx.rebuilds("second", "two 12")?;
        cx.no_op("first", "after a restore in another tree")?;
        cx.no_op("second", "after its restore")?;
    }
    cx.prints("first", "one 12")
}

fn edit_leaves_others_fresh(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_three(cx)?;
    tree_on_three(cx, "first", "one")?;
    cx.build("first")?;
    // A second checkout of the same sources, as a worktree is.
    cx.check_out("ws/first", "ws/second")?;
    cx.build("second")?;
    cx.write("ws/second/member/src/lib.rs", &member("two"))?;
    let built = cx.build("second")?;
    // Its program is called like its package.
    cx.settings("second").program = Some("first".to_owned());
    cx.prints("second", "two 12")?;
    if !built.ran_any_of("member") {
        return ProbeError::failed("an edited member was not built".to_owned());
    }
    cx.no_op("first", "after an edit in another tree")?;
    cx.prints("first", "one 12")?;
    cx.no_op("second", "after its edit")
}

fn touched_source(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_three(cx)?;
    tree_on_three(cx, "app", "one")?;
    // A library in between: neither touched itself nor the final program.
    let between = package("between", "0.1.0", "[dependencies]\nmember = { path = \"../member\" }\n");
    cx.write("ws/app/between/Cargo.toml", &between)?;
    cx.write("ws/app/between/src/lib.rs", "pub fn word() -> &'static str { member::word() }\n")?;
    let dependencies = "top = \"1\"\nbetween = { path = \"between\" }\n";
    let manifest = workspace("app", dependencies) + "members = [\"member\", \"between\"]\n";
    cx.write("ws/app/Cargo.toml", &manifest)?;
    cx.write("ws/app/src/main.rs", "fn main() { println!(\"{} {}\", between::word(), top::top()); }\n")?;
    cx.lock("app")?;
    cx.build("app")?;
    for when in ["built", "restored"] {
        let source = cx.path("ws/app/member/src/lib.rs");
        std::fs::File::options().write(true).open(source)?.set_modified(SystemTime::now())?;
        cx.note("touch ws/app/member/src/lib.rs");
        let built = cx.build("app")?;
        // A compiler cache may know the same content: asked for again is enough.
        if !built.ran_any_of("member") && built.hits() == 0 {
            let why = format!("a source touched in a tree that was {when} is not built again; plain Cargo does");
            return ProbeError::failed(why);
        }
        cx.prints("app", "one 12")?;
        cx.no_op("app", "after a touch")?;
        cx.wipe("app")?;
        cx.build("app")?;
    }
    Ok(())
}

fn edit_and_back(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_three(cx)?;
    tree_on_three(cx, "app", "one")?;
    cx.build("app")?;
    for (word, wipes) in [("two", false), ("one", false), ("two", true), ("one", true)] {
        cx.write("ws/app/member/src/lib.rs", &member(word))?;
        if wipes {
            cx.wipe("app")?;
        }
        cx.builds("app", &format!("{word} 12"))?;
        cx.no_op("app", "after an edit")?;
    }
    Ok(())
}

fn profiles_in_turn(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_three(cx)?;
    tree_on_three(cx, "app", "one")?;
    for wipe in [true, false] {
        for profile in ["dev", "release"] {
            cx.settings("app").profile = Some(profile.to_owned());
            cx.builds("app", "one 12")?;
        }
        for profile in ["dev", "release"] {
            cx.settings("app").profile = Some(profile.to_owned());
            cx.no_op("app", "after one in another profile")?;
        }
        if wipe {
            cx.wipe("app")?;
        }
    }
    Ok(())
}

fn entries_of_many_builds(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    publish_three(cx)?;
    // The upper library is published later than its dependencies, and the other way round.
    for (tree, dependency) in [("low", "plain = \"1\""), ("high", "top = \"1\"")] {
        cx.program_tree(tree, dependency, "fn main() {}\n")?;
    }
    tree_on_three(cx, "app", "one")?;
    cx.build("high")?;
    cx.build("low")?;
    // Published anew by a tree that had it from the store.
    cx.wipe("high")?;
    cx.build("high")?;
    cx.build("app")?;
    cx.rebuilds("app", "one 12")?;
    ["app", "high", "low"].into_iter().try_for_each(|tree| cx.no_op(tree, "on entries of several builds"))
}

fn watched_files_after_restore(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = variable("PROBE_WORD") + " + &std::fs::read_to_string(\"word.txt\").unwrap()";
    let script = build_script(&["rerun-if-changed=word.txt", "rerun-if-env-changed=PROBE_WORD"], &word);
    let main = format!("fn main() {{ println!(\"{{}}\", {SCRIPT_WORD}); }}\n");
    cx.tree("app", &[("build.rs", &script), ("word.txt", "one"), ("src/main.rs", &main)])?;
    cx.settings("app").env.insert("PROBE_WORD".to_owned(), "a".to_owned());
    let restored = restored(cx, "app", "aone")?;
    cx.needs_cache()?;
    restored.needs_hits()?;
    restored.must_reuse_admitted()
}

fn two_workspaces_take_turns(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    let lib = "pub fn word() -> &'static str { if cfg!(feature = \"loud\") { \"LOUD\" } else { \"quiet\" } }\n";
    cx.publish("dep", "1.0.0", "[features]\nloud = []\n", &[("src/lib.rs", lib)])?;
    let trees =
        [("first", "dep = \"1\"", "quiet"), ("second", "dep = { version = \"1\", features = [\"loud\"] }", "LOUD")];
    for (tree, dependencies, _) in trees {
        let main = "fn main() { println!(\"{}\", dep::word()); }\n";
        cx.program_tree(tree, dependencies, main)?;
    }
    for turn in 0..3 {
        for (tree, _, word) in trees {
            cx.wipe(tree)?;
            let built = cx.build(tree)?;
            cx.prints(tree, word)?;
            if turn > 0 {
                built.must_reuse("dep")?;
            }
        }
    }
    Ok(())
}

fn all_targets_from_the_store(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    let main = "fn main() { println!(\"{}\", app::word()); }\n";
    let test = "#[test]\nfn says_something() { assert!(!app::word().is_empty()); }\n";
    cx.tree(
        "app",
        &[
            ("src/lib.rs", &format!("{}{}", member("one"), "#[test]\nfn own() { assert_eq!(word(), \"one\"); }\n")),
            ("src/main.rs", main),
            ("tests/it.rs", test),
            ("examples/shows.rs", main),
            ("benches/runs.rs", test),
        ],
    )?;
    cx.settings("app").args = vec!["--all-targets".to_owned()];
    let restored = restored(cx, "app", "one")?;
    restored.needs_hits()?;
    restored.must_reuse_admitted()
}

fn three_targets_of_one_source(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    let targets = ["[[bin]]\nname = \"app\"", "[[bin]]\nname = \"other\"", "[[example]]\nname = \"app\""]
        .map(|target| format!("{target}\npath = \"src/main.rs\"\n"));
    let manifest = format!("{}{}", workspace("app", ""), targets.concat());
    let main = "fn main() { println!(\"{}\", module_path!()); }\n";
    cx.tree("app", &[("Cargo.toml", &manifest), ("src/main.rs", main)])?;
    cx.settings("app").args = ["--bins", "--examples"].map(str::to_owned).to_vec();
    let restored = restored(cx, "app", "app")?;
    restored.needs_hits()?;
    restored.must_reuse_admitted()?;
    cx.settings("app").program = Some("other".to_owned());
    cx.prints("app", "other")
}

fn hyphens_and_two_versions(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    cx.publish("with-a-hyphen", "1.0.0", "", &[("src/lib.rs", &member("hyphen"))])?;
    cx.publish(
        "named",
        "1.0.0",
        "[lib]\nname = \"unlike-it\"\n".replace('-', "_").as_str(),
        &[("src/lib.rs", &member("named"))],
    )?;
    for version in ["1.0.0", "2.0.0"] {
        cx.publish("twice", version, "", &[("src/lib.rs", &member(version))])?;
    }
    let dependencies =
        "with-a-hyphen = \"1\"\nnamed = \"1\"\ntwice = \"1\"\nlater = { package = \"twice\", version = \"2\" }\n";
    let main = "fn main() {
    println!(\"{} {} {} {}\", with_a_hyphen::word(), unlike_it::word(), twice::word(), later::word());
}
";
    cx.program_tree("app-one", dependencies, main)?;
    let restored = restored(cx, "app-one", "hyphen named 1.0.0 2.0.0")?;
    restored.needs_hits()?;
    restored.must_reuse_admitted()
}

fn two_build_directories(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_three(cx)?;
    tree_on_three(cx, "app", "one")?;
    let dirs = ["target-editor", "target-terminal"].map(|name| cx.path("ws/app").join(name));
    for word in ["one", "two"] {
        cx.write("ws/app/member/src/lib.rs", &member(word))?;
        for dir in &dirs {
            cx.settings("app").target = Some(dir.clone());
            cx.builds("app", &format!("{word} 12"))?;
            cx.no_op("app", "right after a build into this directory")?;
        }
    }
    Ok(())
}

fn branch_switched(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_three(cx)?;
    for (tree, word) in [("first", "one"), ("second", "two")] {
        tree_on_three(cx, tree, word)?;
        cx.build(tree)?;
    }
    cx.write("ws/second/member/src/lib.rs", &member("one"))?;
    cx.builds("second", "one 12")?;
    cx.no_op("second", "after a branch was switched")
}
