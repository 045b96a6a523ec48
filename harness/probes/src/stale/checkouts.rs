//! Two trees with members of one name and version: they differ in their path.

use super::{
    APP, TREES, checkout, each_prints_its_path, each_prints_its_word, file_there_and_back, two_trees, word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script};
use crate::{Probe, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "same-version-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516",
        "Two checkouts hold a path member of one name and version with different sources.",
        same_version_two_checkouts,
    ),
    Probe::rebuild(
        "same-time-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/rust-lang/cargo/issues/6529",
        "The sources of a member in two checkouts differ, and are of one length and one modification time.",
        same_time_two_checkouts,
    ),
    Probe::rebuild(
        "manifest-dir-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516",
        "A member contains `env!(\"CARGO_MANIFEST_DIR\")`: each checkout's must be its own.",
        manifest_dir_two_checkouts,
    ),
    Probe::rebuild(
        "out-dir-kept-as-path",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A crate contains `env!(\"OUT_DIR\")` as a path and reads from it when it runs, after the first tree is gone.",
        out_dir_kept_as_path,
    ),
    Probe::rebuild(
        "file-beside-the-package",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A member includes a file that lies outside its package and is edited.",
        file_beside_the_package,
    ),
    Probe::rebuild(
        "file-outside-the-package-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516",
        "A member of two checkouts includes a file outside its package, which is edited in either of them.",
        file_outside_the_package_two_checkouts,
    ),
    Probe::rebuild(
        "script-watches-outside-package-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/rust-lang/cargo/pull/2134",
        "A build script in two checkouts watches a file beside its package by an absolute path; one is edited.",
        script_watches_outside_package_two_checkouts,
    ),
    Probe::rebuild(
        "script-passes-on-its-path",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/rust-lang/cargo/issues/5931",
        "A build script in two checkouts passes on the path of a file that is not the same in both.",
        script_passes_on_its_path,
    ),
    Probe::rebuild(
        "file-below-the-build-directory",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A member includes a file below the build directory that no unit of the build made, and it changes.",
        file_below_the_build_directory,
    ),
];

fn same_version_two_checkouts(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for (tree, word) in TREES {
        checkout(cx, tree, "", &word_is(&format!("\"{word}\"")))?;
    }
    each_prints_its_word(cx)
}

fn same_time_two_checkouts(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for (tree, word) in TREES {
        checkout(cx, tree, "", &word_is(&format!("\"{word}\"")))?;
        // An hour that is past, as an archive or a checkout with times restored would have it.
        cx.set_time(&format!("ws/{tree}/member/src/lib.rs"), 1_700_000_000)?;
        cx.set_time(&format!("ws/{tree}/member/Cargo.toml"), 1_700_000_000)?;
    }
    each_prints_its_word(cx)
}

fn manifest_dir_two_checkouts(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for tree in ["first", "second"] {
        checkout(cx, tree, "", &word_is("env!(\"CARGO_MANIFEST_DIR\")"))?;
    }
    each_prints_its_path(cx, "member")
}

fn out_dir_kept_as_path(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let out = std::env::var(\"OUT_DIR\").unwrap();
        std::fs::write(std::path::Path::new(&out).join(\"word\"), \"kept\").unwrap();
        \"\"
    }";
    let lib = "pub fn word() -> String {
    std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \"/word\")).unwrap_or_else(|error| error.to_string())
}
";
    two_trees(cx, &[("src/lib.rs", lib), ("build.rs", &build_script(&[ITSELF], word))])?;
    cx.builds("first", "kept")?;
    cx.wipe("first")?;
    cx.builds("second", "kept")
}

/// Edits a file in the second of two checkouts, then in the first; each must show its own.
fn each_its_own(cx: &mut ProbeContext<'_>, file: &str) -> ProbeResult {
    for tree in ["first", "second"] {
        cx.builds(tree, "one")?;
    }
    cx.write(&format!("ws/second/{file}"), "two")?;
    cx.builds("second", "two")?;
    cx.rebuilds("second", "two")?;
    // There and back: what the first has, restored, must not be watched in the second.
    cx.write(&format!("ws/second/{file}"), "one")?;
    cx.builds("second", "one")?;
    cx.write(&format!("ws/first/{file}"), "three")?;
    cx.builds("second", "one")?;
    cx.builds("first", "three")
}

fn file_outside_the_package_two_checkouts(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for tree in ["first", "second"] {
        cx.write(&format!("ws/{tree}/word.txt"), "one")?;
        checkout(cx, tree, "", &word_is("include_str!(\"../../word.txt\")"))?;
    }
    each_its_own(cx, "word.txt")
}

fn script_watches_outside_package_two_checkouts(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();
        let file = std::path::Path::new(&here).parent().unwrap().join(\"word.txt\");
        println!(\"cargo::rerun-if-changed={}\", file.display());
        std::fs::read_to_string(&file).unwrap()
    }";
    for tree in ["first", "second"] {
        cx.write(&format!("ws/{tree}/word.txt"), "one")?;
        cx.write(&format!("ws/{tree}/member/build.rs"), &build_script(&[], word))?;
        checkout(cx, tree, "", &word_is(SCRIPT_WORD))?;
    }
    each_its_own(cx, "word.txt")
}

fn script_passes_on_its_path(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "std::env::var(\"CARGO_MANIFEST_DIR\").unwrap() + \"/data.txt\"";
    for tree in ["first", "second"] {
        cx.write(&format!("ws/{tree}/member/data.txt"), tree)?;
        cx.write(&format!("ws/{tree}/member/build.rs"), &build_script(&[ITSELF], word))?;
        checkout(cx, tree, "", &word_is("include_str!(env!(\"SCRIPT_WORD\"))"))?;
    }
    for tree in ["first", "second", "first"] {
        cx.rebuilds(tree, tree)?;
    }
    Ok(())
}

fn file_below_the_build_directory(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let made = cx.path("target/app/made.txt");
    checkout(cx, APP, "", &word_is(&format!("include_str!({:?})", made.to_string_lossy())))?;
    for word in ["one", "two", "one"] {
        cx.wipe(APP)?;
        cx.write("target/app/made.txt", word)?;
        cx.builds(APP, word)?;
    }
    Ok(())
}

fn file_beside_the_package(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.write("ws/app/word.txt", "none")?;
    checkout(cx, APP, "", &word_is("include_str!(\"../../word.txt\")"))?;
    file_there_and_back(cx, "ws/app/word.txt", str::to_owned)
}
