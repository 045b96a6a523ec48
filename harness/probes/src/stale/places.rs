//! Sources that can be edited although their package id says registry, and files that change
//! while they are compiled.

use super::scripts::member_with;
use super::{
    APP, PRINTS_DEP, TREES, checkout, each_prints_its_word, file_there_and_back, there_and_back, two_trees, word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script, package, workspace};
use crate::{Probe, ProbeResult};

const VENDORED: &str = "https://github.com/rust-lang/cargo/issues/5805";
const DURING: &str = "https://github.com/rust-lang/cargo/issues/14136 https://github.com/jdx/mbx/issues/640";

pub(super) const PROBES: &[Probe] = &[
    Probe::survive(
        "two-checkouts-with-vendor",
        VENDORED,
        "Two checkouts of a workspace each have their vendored packages in the tree.",
        |cx| two_checkouts_with_vendor(cx, ["one", "one"]),
    ),
    Probe::rebuild(
        "two-checkouts-with-patched-vendor",
        VENDORED,
        "Two checkouts vendor one package, of one id and one checksum, with different sources.",
        |cx| two_checkouts_with_vendor(cx, ["one", "two"]),
    ),
    Probe::rebuild(
        "vendored-source-edited-before-cache",
        VENDORED,
        "A vendored source is edited in a tree that plain Cargo built; then the tree gets a cache.",
        vendored_source_edited_before_cache,
    ),
    Probe::rebuild(
        "vendored-script-watches-nothing",
        VENDORED,
        "A vendored build script without any `rerun-if-*` reads a file of its package, and it is edited.",
        vendored_script_watches_nothing,
    ),
    Probe::rebuild(
        "vendored-script-below-another-manifest",
        VENDORED,
        "A vendored package has a second manifest beside its build script, which reads a file of the package.",
        vendored_script_below_another_manifest,
    ),
    Probe::rebuild(
        "path-package-in-cargos-home",
        "https://github.com/rust-lang/cargo/issues/12060",
        "A path dependency lies where Cargo unpacks packages, and it is edited.",
        path_package_in_cargos_home,
    ),
    Probe::rebuild(
        "script-reads-a-folder-called-target",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script without any `rerun-if-*` reads a file of a folder `target` that nothing is built in.",
        script_reads_a_folder_called_target,
    ),
    Probe::rebuild(
        "header-replaced-with-an-old-time",
        "https://github.com/rust-lang/cargo/issues/6529",
        "A file that a build script watches is replaced by one of an older time, then a second tree is built.",
        header_replaced_with_an_old_time,
    ),
    Probe::rebuild(
        "input-edited-by-the-build",
        DURING,
        "A file of an old time is moved over a source while it is compiled; another checkout has the new content.",
        input_edited_by_the_build,
    ),
    Probe::rebuild(
        "modules-swapped",
        "https://github.com/kunobi-ninja/kache/issues/760",
        "Two modules exchange their contents and keep their times.",
        modules_swapped,
    ),
];

/// A tree with its own directory source, and a program that prints the word of what is in it.
fn vendoring_tree(cx: &mut ProbeContext<'_>, tree: &str, word: &str) -> ProbeResult {
    const CONFIG: &str = "[source.crates-io]\nreplace-with = \"own\"\n[source.own]\ndirectory = \"vendor\"\n";
    cx.write(&format!("ws/{tree}/.cargo/config.toml"), CONFIG)?;
    let lib = word_is(&format!("{word:?}"));
    cx.vendor(&format!("ws/{tree}/vendor"), "dep", "1.0.0", "", &[("src/lib.rs", &lib)])?;
    cx.tree(tree, &[("Cargo.toml", &workspace(APP, "dep = \"1.0.0\"")), ("src/main.rs", PRINTS_DEP)])?;
    cx.settings(tree).program = Some(APP.to_owned());
    Ok(())
}

fn two_checkouts_with_vendor(cx: &mut ProbeContext<'_>, words: [&str; 2]) -> ProbeResult {
    let trees = ["first", "second"];
    for (tree, word) in trees.into_iter().zip(words) {
        vendoring_tree(cx, tree, word)?;
    }
    for _ in 0..2 {
        for (tree, word) in trees.into_iter().zip(words) {
            cx.builds(tree, word)?;
            cx.no_op(tree, "right after a build")?;
            cx.wipe(tree)?;
        }
    }
    Ok(())
}

fn vendored_source_edited_before_cache(cx: &mut ProbeContext<'_>) -> ProbeResult {
    two_trees(cx, &[("src/lib.rs", &word_is("\"one\""))])?;
    cx.build_plainly("first")?;
    cx.write("vendor/dep-1.0.0/src/lib.rs", &word_is("\"two\""))?;
    // Cargo does not look at vendored sources: the first tree stays as it is until it is wiped.
    cx.build("first")?;
    cx.builds("second", "two")?;
    cx.rebuilds("first", "two")
}

fn vendored_script_watches_nothing(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = build_script(&[], "std::fs::read_to_string(\"word.txt\").unwrap()");
    cx.write("vendor/dep-1.0.0/word.txt", "none")?;
    super::scripted_dependency(cx, &script, &word_is(SCRIPT_WORD))?;
    file_there_and_back(cx, "vendor/dep-1.0.0/word.txt", str::to_owned)
}

fn vendored_script_below_another_manifest(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = build_script(&[], "std::fs::read_to_string(\"word.txt\").unwrap()");
    let files = [("src/lib.rs", &*word_is(SCRIPT_WORD)), ("script/build.rs", &script), ("script/Cargo.toml", "")];
    cx.publish("dep", "1.0.0", "build = \"script/build.rs\"\n", &files)?;
    cx.program_tree(APP, "dep = \"1.0.0\"", PRINTS_DEP)?;
    file_there_and_back(cx, "vendor/dep-1.0.0/word.txt", str::to_owned)
}

fn path_package_in_cargos_home(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let dir = "cargo-home/registry/src/index/dep-1.0.0";
    cx.settings(APP).cargo_home = Some(cx.path("cargo-home"));
    cx.write(&format!("{dir}/Cargo.toml"), &package("dep", "1.0.0", ""))?;
    cx.write(&format!("{dir}/src/lib.rs"), &word_is("\"one\""))?;
    cx.write(&format!("{dir}/.cargo-ok"), "{\"v\":1}")?;
    let dependency = format!("dep = {{ path = {:?} }}", cx.path(dir).to_string_lossy());
    cx.program_tree(APP, &dependency, PRINTS_DEP)?;
    for word in ["one", "two"] {
        if word == "two" {
            cx.write(&format!("{dir}/src/lib.rs"), &word_is("\"two\""))?;
        }
        cx.rebuilds(APP, word)?;
    }
    Ok(())
}

fn script_reads_a_folder_called_target(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = build_script(&[], "std::fs::read_to_string(\"target/word.txt\").unwrap()");
    cx.write("ws/app/dep/target/word.txt", "none")?;
    member_with(cx, &script, &word_is(SCRIPT_WORD))?;
    file_there_and_back(cx, "ws/app/dep/target/word.txt", str::to_owned)
}

fn header_replaced_with_an_old_time(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.write("header.h", "one")?;
    let header = cx.path("header.h").to_string_lossy().into_owned();
    let watches = format!("rerun-if-changed={header}");
    let script = build_script(&[&watches], &format!("std::fs::read_to_string({header:?}).unwrap()"));
    two_trees(cx, &[("src/lib.rs", &word_is(SCRIPT_WORD)), ("build.rs", &script)])?;
    cx.builds("first", "one")?;
    cx.write("header.h", "two")?;
    cx.set_time("header.h", 1_000_000_000)?;
    // Fresh by Cargo's rules; what it says now must not be what others get.
    cx.build("first")?;
    cx.builds("second", "two")
}

/// The macro reads the file that its user includes too, and then moves another one over it.
fn input_edited_by_the_build(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let maker = "extern crate proc_macro;
use proc_macro::TokenStream;

#[proc_macro]
pub fn word(_: TokenStream) -> TokenStream {
    let here = std::path::PathBuf::from(std::env::var(\"CARGO_MANIFEST_DIR\").unwrap());
    let text = std::fs::read_to_string(here.join(\"word.txt\")).unwrap();
    // Missing in the second checkout.
    let _ = std::fs::rename(here.join(\"next.txt\"), here.join(\"word.txt\"));
    format!(\"{text:?}\").parse().unwrap()
}
";
    cx.publish("maker", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", maker)])?;
    let lib = word_is("maker::word!()") + "pub const TRACKED: &str = include_str!(\"../word.txt\");\n";
    for (tree, word) in TREES {
        cx.write(&format!("ws/{tree}/member/word.txt"), word)?;
        checkout(cx, tree, "maker = \"1.0.0\"", &lib)?;
    }
    cx.write("ws/first/member/next.txt", "two")?;
    cx.set_time("ws/first/member/next.txt", 1_000_000_000)?;
    each_prints_its_word(cx)
}

fn modules_swapped(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = "mod a;\nmod b;\npub fn word() -> String { format!(\"{}{}\", a::letter(), b::letter()) }\n";
    let dependency = build_script(&[ITSELF], "\"\"");
    cx.publish("scripted", "1.0.0", "", &[("src/lib.rs", ""), ("build.rs", &dependency)])?;
    checkout(cx, APP, "scripted = \"1.0.0\"", lib)?;
    cx.settings(APP).program = Some(APP.to_owned());
    there_and_back(cx, ["xy", "yx"], |cx, word| {
        for (module, letter) in ["a", "b"].into_iter().zip(word.chars()) {
            let path = format!("ws/app/member/src/{module}.rs");
            cx.write(&path, &format!("pub fn letter() -> char {{ {letter:?} }}\n"))?;
            cx.set_time(&path, 1_700_000_000)?;
        }
        Ok(word.to_owned())
    })
}
