//! What a build script reads, with and without telling Cargo.

use super::{APP, set_variable, stale, there_and_back, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "script-rerun-if-env-changed",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A build script watches a variable with `rerun-if-env-changed`, and it changes.",
        |bench| script_reads_variable(bench, "rerun-if-env-changed=PROBE_WORD"),
    ),
    stale(
        "script-reads-variable-untold",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A build script reads a variable and watches something else only, and the variable changes.",
        |bench| script_reads_variable(bench, "rerun-if-changed=build.rs"),
    ),
    stale(
        "script-rerun-if-changed",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script watches a file with `rerun-if-changed`, and it is edited.",
        |bench| script_reads_file(bench, "    println!(\"cargo::rerun-if-changed=word.txt\");\n"),
    ),
    stale(
        "script-watches-nothing",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script without any `rerun-if-*` reads a file of its package, and it is edited.",
        |bench| script_reads_file(bench, ""),
    ),
    stale(
        "script-reads-file-untold",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script reads a file and watches another one only, and the file is edited.",
        |bench| script_reads_file(bench, "    println!(\"cargo::rerun-if-changed=build.rs\");\n"),
    ),
    stale(
        "script-watches-missing-file",
        "https://github.com/rust-lang/cargo/issues/4213",
        "A build script watches a file that is not there, then is, and then is not.",
        script_watches_missing_file,
    ),
    stale(
        "script-watches-directory",
        "https://github.com/rust-lang/cargo/issues/2599",
        "A build script watches a directory, a file is added deep in it, and removed.",
        script_watches_directory,
    ),
    stale(
        "script-generates-source",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a source into OUT_DIR from a variable it watches, and the variable changes.",
        script_generates_source,
    ),
    stale(
        "script-passes-metadata",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script hands a word to that of a dependent through `links`, and the word changes.",
        script_passes_metadata,
    ),
    stale(
        "script-edited",
        "https://github.com/rust-lang/cargo/issues/448",
        "The source of a build script in the workspace is edited.",
        script_edited,
    ),
];

/// A build script with these statements, which set `word`, and pass it on to the crate.
fn script(statements: &str) -> String {
    format!("fn main() {{\n{statements}    println!(\"cargo::rustc-env=SCRIPT_WORD={{word}}\");\n}}\n")
}

const CRATE: &str = "env!(\"SCRIPT_WORD\")";
const MAIN: &str = "fn main() { println!(\"{}\", dep::word()); }\n";

/// A tree with a dependency on `dep`, given as in a manifest.
fn user_of_dep(bench: &mut Bench<'_>, dependency: &str, files: &[(&str, &str)]) -> Told {
    let manifest = package(APP, "0.1.0", &format!("[dependencies]\ndep = {dependency}\n\n[workspace]\n"));
    let own = [("Cargo.toml", manifest.as_str()), ("src/main.rs", MAIN)];
    bench.tree(APP, &own.into_iter().chain(files.iter().copied()).collect::<Vec<_>>())
}

/// The dependency is published: policies that leave the workspace alone are asked, too.
fn script_reads_variable(bench: &mut Bench<'_>, directive: &str) -> Told {
    let script = script(&format!(
        "    println!(\"cargo::{directive}\");\n    let word = std::env::var(\"PROBE_WORD\").unwrap();\n"
    ));
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", &word_is(CRATE)), ("build.rs", &script)])?;
    user_of_dep(bench, "\"1.0.0\"", &[])?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        set_variable(bench, "PROBE_WORD", word);
        Ok(word.to_owned())
    })
}

/// The dependency is a path member: files of others never change.
fn member_with(bench: &mut Bench<'_>, script: &str, lib: &str) -> Told {
    let files = [
        ("dep/Cargo.toml", package("dep", "1.0.0", "")),
        ("dep/src/lib.rs", lib.to_owned()),
        ("dep/build.rs", script.to_owned()),
    ];
    user_of_dep(bench, "{ path = \"dep\" }", &files.each_ref().map(|(path, text)| (*path, text.as_str())))
}

fn script_reads_file(bench: &mut Bench<'_>, directive: &str) -> Told {
    let script = script(&format!("{directive}    let word = std::fs::read_to_string(\"word.txt\").unwrap();\n"));
    bench.write("ws/app/dep/word.txt", "none")?;
    member_with(bench, &script, &word_is(CRATE))?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/dep/word.txt", word)?;
        Ok(word.to_owned())
    })
}

fn script_watches_missing_file(bench: &mut Bench<'_>) -> Told {
    let script = script(
        "    println!(\"cargo::rerun-if-changed=word.txt\");\n    let word = \
         std::fs::read_to_string(\"word.txt\").unwrap_or(\"missing\".into());\n",
    );
    member_with(bench, &script, &word_is(CRATE))?;
    there_and_back(bench, ["missing", "there"], |bench, word| {
        match word {
            "missing" if !bench.at("ws/app/dep/word.txt").exists() => {}
            "missing" => bench.remove("ws/app/dep/word.txt")?,
            _ => bench.write("ws/app/dep/word.txt", word)?,
        }
        Ok(word.to_owned())
    })
}

fn script_watches_directory(bench: &mut Bench<'_>) -> Told {
    let script = script(
        "    println!(\"cargo::rerun-if-changed=words\");\n    let word = \
         std::fs::read_dir(\"words/deep\").unwrap().count().to_string();\n",
    );
    bench.write("ws/app/dep/words/deep/first.txt", "")?;
    member_with(bench, &script, &word_is(CRATE))?;
    there_and_back(bench, ["1", "2"], |bench, count| {
        match count {
            "1" if !bench.at("ws/app/dep/words/deep/second.txt").exists() => {}
            "1" => bench.remove("ws/app/dep/words/deep/second.txt")?,
            _ => bench.write("ws/app/dep/words/deep/second.txt", "")?,
        }
        Ok(count.to_owned())
    })
}

fn script_generates_source(bench: &mut Bench<'_>) -> Told {
    let script = "use std::path::Path;\nfn main() {\n    println!(\"cargo::rerun-if-env-changed=PROBE_WORD\");\n    let \
                  word = std::env::var(\"PROBE_WORD\").unwrap();\n    let out = \
                  std::env::var(\"OUT_DIR\").unwrap();\n    std::fs::write(Path::new(&out).join(\"word.rs\"), \
                  format!(\"{word:?}\")).unwrap();\n}\n";
    let lib = word_is("include!(concat!(env!(\"OUT_DIR\"), \"/word.rs\"))");
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", &lib), ("build.rs", script)])?;
    user_of_dep(bench, "\"1.0.0\"", &[])?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        set_variable(bench, "PROBE_WORD", word);
        Ok(word.to_owned())
    })
}

fn script_passes_metadata(bench: &mut Bench<'_>) -> Told {
    let below = "fn main() {\n    println!(\"cargo::rerun-if-env-changed=PROBE_WORD\");\n    \
                 println!(\"cargo::metadata=word={}\", std::env::var(\"PROBE_WORD\").unwrap());\n}\n";
    bench.publish("below-sys", "1.0.0", "links = \"below\"\n", &[("src/lib.rs", ""), ("build.rs", below)])?;
    let above = script(
        "    println!(\"cargo::rerun-if-changed=build.rs\");\n    let word = \
         std::env::var(\"DEP_BELOW_WORD\").unwrap();\n",
    );
    let files = [("src/lib.rs", word_is(CRATE)), ("build.rs", above)];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    bench.publish("dep", "1.0.0", "[dependencies]\nbelow-sys = \"1.0.0\"\n", &files)?;
    user_of_dep(bench, "\"1.0.0\"", &[])?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        set_variable(bench, "PROBE_WORD", word);
        Ok(word.to_owned())
    })
}

fn script_edited(bench: &mut Bench<'_>) -> Told {
    member_with(bench, "fn main() {}\n", &word_is(CRATE))?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        let watches = "    println!(\"cargo::rerun-if-changed=build.rs\");\n";
        bench.write("ws/app/dep/build.rs", &script(&format!("{watches}    let word = \"{word}\";\n")))?;
        Ok(word.to_owned())
    })
}
