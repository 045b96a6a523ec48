//! What a proc macro reads, with and without telling rustc.

use super::{APP, checkout, prints_words, set_variable, stale, there_and_back, three_places, thrice, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "macro-reads-variable",
        "https://github.com/kunobi-ninja/kache/issues/635 https://github.com/rust-lang/rust/issues/74690",
        "A proc macro reads a variable with `std::env::var`, which tells rustc nothing, and the variable changes.",
        |bench| macro_in_three_places(bench, UNTOLD),
    ),
    stale(
        "macro-reads-variable-and-tells",
        "https://github.com/rust-lang/rust/issues/74690 https://github.com/clap-rs/clap/pull/6346",
        "A proc macro reads a variable and lets its user read it by `option_env!` too, so that rustc knows.",
        |bench| macro_in_three_places(bench, TOLD),
    ),
    stale(
        "macro-reads-file",
        "https://github.com/rust-lang/rust/pull/84029 https://github.com/jamesmunns/toml-cfg/issues/1",
        "A proc macro reads a file of its user's package, which tells rustc nothing, and the file is edited.",
        macro_reads_file,
    ),
    stale(
        "macro-includes-str",
        "https://github.com/transact-rs/sqlx/pull/1332 https://github.com/dtolnay/macro-string/issues/29",
        "A proc macro expands to `include_str!` of a file of its user's package, and the file is edited.",
        |bench| macro_includes(bench, "include_str!({path:?}).to_string()"),
    ),
    stale(
        "macro-includes-bytes",
        "https://github.com/transact-rs/sqlx/pull/1332 https://github.com/dtolnay/macro-string/issues/29",
        "A proc macro expands to `include_bytes!` of a file of its user's package, and the file is edited.",
        |bench| macro_includes(bench, "String::from_utf8_lossy(include_bytes!({path:?})).to_string()"),
    ),
    stale(
        "macro-includes-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/transact-rs/sqlx/pull/1332",
        "A proc macro expands to `include_str!` of an absolute path, and two checkouts hold different files.",
        macro_includes_two_checkouts,
    ),
];

const UNTOLD: &str = "format!(\"{:?}\", std::env::var(\"PROBE_WORD\").unwrap_or(\"unset\".into()))";
const TOLD: &str = "format!(\"{{ const _: Option<&str> = option_env!({:?}); {:?} }}\", \"PROBE_WORD\", \
                    std::env::var(\"PROBE_WORD\").unwrap_or(\"unset\".into()))";

/// A proc macro that expands to the text which an expression gives, when it runs, as a word.
pub(super) fn expands_to(text: &str) -> String {
    format!(
        "extern crate proc_macro;\nuse proc_macro::TokenStream;\n\n#[proc_macro]\npub fn word(_: TokenStream) -> \
         TokenStream {{\n    let text: String = {text};\n    text.parse().unwrap()\n}}\n"
    )
}

/// A proc macro that expands to a literal with what an expression gives when it runs.
pub(super) fn gives(word: &str) -> String {
    expands_to(&format!("format!(\"{{:?}}\", {word})"))
}

fn macro_in_three_places(bench: &mut Bench<'_>, text: &str) -> Told {
    bench.publish("reader", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", &expands_to(text))])?;
    three_places(bench, "reader::word!()", "reader = \"1.0.0\"")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        set_variable(bench, "PROBE_WORD", word);
        Ok(thrice(word))
    })
}

/// A tree whose member asks a macro from the registry for a word.
fn asks_macro(bench: &mut Bench<'_>) -> Told {
    let manifest = "[dependencies]\nmember = { path = \"member\" }\n\n[workspace]\n";
    bench.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", manifest)),
            ("src/main.rs", &prints_words(&["member"], "\"own\"")),
            ("member/Cargo.toml", &package("member", "0.1.0", "[dependencies]\nreader = \"1.0.0\"\n")),
            ("member/src/lib.rs", &word_is("reader::word!()")),
            ("member/word.txt", "none"),
        ],
    )
}

fn publish_reader(bench: &mut Bench<'_>, source: &str) -> Told {
    bench.publish("reader", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", source)])
}

const PATH: &str = "std::path::Path::new(&std::env::var(\"CARGO_MANIFEST_DIR\").unwrap()).join(\"word.txt\")";

fn macro_reads_file(bench: &mut Bench<'_>) -> Told {
    publish_reader(bench, &gives(&format!("std::fs::read_to_string({PATH}).unwrap()")))?;
    asks_macro(bench)?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/member/word.txt", word)?;
        Ok(format!("{word} own"))
    })
}

fn includes(expression: &str) -> String {
    let text = expression.replace('"', "\\\"");
    expands_to(&format!("{{ let path = {PATH}; format!(\"{text}\") }}"))
}

fn macro_includes(bench: &mut Bench<'_>, expression: &str) -> Told {
    publish_reader(bench, &includes(expression))?;
    asks_macro(bench)?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/member/word.txt", word)?;
        Ok(format!("{word} own"))
    })
}

fn macro_includes_two_checkouts(bench: &mut Bench<'_>) -> Told {
    publish_reader(bench, &includes("include_str!({path:?})"))?;
    for (tree, word) in [("first", "one"), ("second", "two")] {
        checkout(bench, tree, "reader = \"1.0.0\"", &word_is("reader::word!()"))?;
        bench.write(&format!("ws/{tree}/member/word.txt"), word)?;
    }
    for (tree, word) in [("first", "one"), ("second", "two")] {
        bench.build(tree)?;
        bench.prints(tree, word)?;
    }
    // And what was expanded for the first tree must not look into it from the second.
    bench.write("ws/second/member/word.txt", "three")?;
    bench.wipe("second")?;
    bench.build("second")?;
    bench.prints("second", "three")
}
