//! What a build script reads, tracked by Cargo or not, and a static library that it links in.

use super::{
    APP, PRINTS_DEP, file_there_and_back, scripted_dependency, there_and_back, variable_there_and_back, word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script, package, variable, workspace};
use crate::{Probe, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "script-rerun-if-env-changed",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A build script watches a variable with `rerun-if-env-changed`, and it changes.",
        |cx| script_reads_variable(cx, "rerun-if-env-changed=PROBE_WORD"),
    ),
    Probe::rebuild(
        "script-reads-variable-untracked",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A build script reads a variable and watches something else only, and the variable changes.",
        |cx| script_reads_variable(cx, "rerun-if-changed=build.rs"),
    ),
    Probe::rebuild(
        "script-rerun-if-changed",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script watches a file with `rerun-if-changed`, and it is edited.",
        |cx| script_reads_file(cx, &["rerun-if-changed=word.txt"]),
    ),
    Probe::rebuild(
        "script-watches-nothing",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script without any `rerun-if-*` reads a file of its package, and it is edited.",
        |cx| script_reads_file(cx, &[]),
    ),
    Probe::rebuild(
        "script-reads-file-untracked",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script reads a file and watches another one only, and the file is edited.",
        |cx| script_reads_file(cx, &[ITSELF]),
    ),
    Probe::rebuild(
        "script-watches-missing-file",
        "https://github.com/rust-lang/cargo/issues/4213",
        "A build script watches a file that is not there, then is, and then is not.",
        script_watches_missing_file,
    ),
    Probe::rebuild(
        "script-watches-directory",
        "https://github.com/rust-lang/cargo/issues/2599",
        "A build script watches a directory, a file is added deep in it, and removed.",
        script_watches_directory,
    ),
    Probe::rebuild(
        "script-generates-source",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a source into OUT_DIR from a variable it watches, and the variable changes.",
        script_generates_source,
    ),
    Probe::rebuild(
        "script-passes-metadata",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script passes a word to that of a dependent through `links`, and the word changes.",
        script_passes_metadata,
    ),
    Probe::rebuild(
        "script-edited",
        "https://github.com/rust-lang/cargo/issues/448",
        "The source of a build script in the workspace is edited.",
        script_edited,
    ),
];

pub(super) const NATIVE: &[Probe] = &[
    Probe::rebuild(
        "static-library-replaced",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/kunobi-ninja/kache/pull/464 \
         https://github.com/rust-lang/rust/issues/58393",
        "A static library that a build script names is replaced in place, and nothing watches it.",
        |cx| replaced(cx, "build.rs", BY_NAME),
    ),
    Probe::rebuild(
        "static-library-watched",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/mozilla/sccache/issues/2074",
        "A static library that a build script names and watches is replaced in place.",
        |cx| replaced(cx, "../native/libword.a", BY_NAME),
    ),
    Probe::rebuild(
        "static-library-verbatim",
        "https://github.com/rust-lang/cargo/issues/12502",
        "A static library that a build script names by its file's name (`+verbatim`) is replaced in place.",
        |cx| replaced(cx, "build.rs", "rustc-link-lib=static:+verbatim=libword.a"),
    ),
    Probe::rebuild(
        "library-by-link-arg",
        "https://github.com/rust-lang/cargo/issues/12502",
        "A static library that a build script passes to the linker as an argument is replaced in place.",
        by_link_arg,
    ),
];

/// The dependency is published: policies that leave the workspace alone have something to get wrong.
fn script_reads_variable(cx: &mut ProbeContext<'_>, directive: &str) -> ProbeResult {
    scripted_dependency(cx, &build_script(&[directive], &variable("PROBE_WORD")), &word_is(SCRIPT_WORD))?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], str::to_owned)
}

/// The dependency is a path member: files of others never change.
fn member_with(cx: &mut ProbeContext<'_>, script: &str, lib: &str) -> ProbeResult {
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &workspace(APP, "dep = { path = \"dep\" }")),
            ("src/main.rs", PRINTS_DEP),
            ("dep/Cargo.toml", &package("dep", "1.0.0", "")),
            ("dep/src/lib.rs", lib),
            ("dep/build.rs", script),
        ],
    )
}

fn script_reads_file(cx: &mut ProbeContext<'_>, directives: &[&str]) -> ProbeResult {
    cx.write("ws/app/dep/word.txt", "none")?;
    let script = build_script(directives, "std::fs::read_to_string(\"word.txt\").unwrap()");
    member_with(cx, &script, &word_is(SCRIPT_WORD))?;
    file_there_and_back(cx, "ws/app/dep/word.txt", str::to_owned)
}

fn script_watches_missing_file(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "std::fs::read_to_string(\"word.txt\").unwrap_or(\"missing\".into())";
    member_with(cx, &build_script(&["rerun-if-changed=word.txt"], word), &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["missing", "there"], |cx, word| {
        cx.write_or_remove("ws/app/dep/word.txt", (word == "there").then_some(word))?;
        Ok(word.to_owned())
    })
}

fn script_watches_directory(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "std::fs::read_dir(\"words/deep\").unwrap().count().to_string()";
    cx.write("ws/app/dep/words/deep/first.txt", "")?;
    member_with(cx, &build_script(&["rerun-if-changed=words"], word), &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["1", "2"], |cx, count| {
        cx.write_or_remove("ws/app/dep/words/deep/second.txt", (count == "2").then_some(""))?;
        Ok(count.to_owned())
    })
}

fn script_generates_source(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let word = std::env::var(\"PROBE_WORD\").unwrap();
        let file = std::path::Path::new(&std::env::var(\"OUT_DIR\").unwrap()).join(\"word.rs\");
        std::fs::write(file, format!(\"{word:?}\")).unwrap();
        \"\"
    }";
    let lib = word_is("include!(concat!(env!(\"OUT_DIR\"), \"/word.rs\"))");
    scripted_dependency(cx, &build_script(&["rerun-if-env-changed=PROBE_WORD"], word), &lib)?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], str::to_owned)
}

fn script_passes_metadata(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lower = "fn main() {\n    println!(\"cargo::rerun-if-env-changed=PROBE_WORD\");\n    \
                 println!(\"cargo::metadata=word={}\", std::env::var(\"PROBE_WORD\").unwrap());\n}\n";
    cx.publish("lower-sys", "1.0.0", "links = \"lower\"\n", &[("src/lib.rs", ""), ("build.rs", lower)])?;
    let upper = build_script(&[ITSELF], &variable("DEP_LOWER_WORD"));
    let files = [("src/lib.rs", word_is(SCRIPT_WORD)), ("build.rs", upper)];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    cx.publish("dep", "1.0.0", "[dependencies]\nlower-sys = \"1.0.0\"\n", &files)?;
    cx.tree(APP, &[("Cargo.toml", &workspace(APP, "dep = \"1.0.0\"")), ("src/main.rs", PRINTS_DEP)])?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], str::to_owned)
}

fn script_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    member_with(cx, "fn main() {}\n", &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        cx.write("ws/app/dep/build.rs", &build_script(&[ITSELF], &format!("\"{word}\"")))?;
        Ok(word.to_owned())
    })
}

const BY_NAME: &str = "rustc-link-lib=static=word";

const CALLS: &str =
    "unsafe extern \"C\" { fn native_word() -> i32; }\npub fn word() -> i32 { unsafe { native_word() } }\n";

fn replaced(cx: &mut ProbeContext<'_>, watched: &str, linked: &str) -> ProbeResult {
    let script = format!(
        "fn main() {{
    println!(\"cargo::rerun-if-changed={watched}\");
    let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();
    println!(\"cargo::rustc-link-search=native={{here}}/../native\");
    println!(\"cargo::{linked}\");
}}
"
    );
    member_with(cx, &script, CALLS)?;
    library_replaced(cx)
}

/// An argument of the linker holds for the package whose script gives it.
fn by_link_arg(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();
    println!(\"cargo::rustc-link-arg={here}/native/libword.a\");
}
";
    let main = format!("{CALLS}fn main() {{ println!(\"{{}}\", word()); }}\n");
    cx.tree(APP, &[("src/main.rs", &main), ("build.rs", script)])?;
    library_replaced(cx)
}

fn library_replaced(cx: &mut ProbeContext<'_>) -> ProbeResult {
    there_and_back(cx, ["1", "2"], |cx, word| {
        let source =
            format!("#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn native_word() -> i32 {{ {word} }}\n");
        cx.write("ws/app/native/word.rs", &source)?;
        cx.static_library("ws/app/native", "word.rs", "libword.a")?;
        Ok(word.to_owned())
    })
}
