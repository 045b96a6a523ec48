//! What a proc macro reads, tracked by rustc or not.

use super::{
    APP, TREES, checkout, each_prints_its_path, each_prints_its_word, file_there_and_back, prints_words, three_crates,
    thrice, variable_there_and_back, word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{package, workspace};
use crate::{Probe, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "macro-reads-variable",
        "https://github.com/kunobi-ninja/kache/issues/635 https://github.com/rust-lang/rust/issues/74690",
        "A proc macro reads a variable with `std::env::var`, which rustc does not track, and the variable changes.",
        |cx| macro_in_three_crates(cx, UNTRACKED),
    ),
    Probe::rebuild(
        "macro-reads-variable-and-tracks",
        "https://github.com/rust-lang/rust/issues/74690 https://github.com/clap-rs/clap/pull/6346",
        "A proc macro reads a variable and lets its user read it by `option_env!` too, so that rustc tracks it.",
        |cx| macro_in_three_crates(cx, TRACKED),
    ),
    Probe::rebuild(
        "macro-reads-file",
        "https://github.com/rust-lang/rust/pull/84029 https://github.com/jamesmunns/toml-cfg/issues/1",
        "A proc macro reads a file of its user's package, which rustc does not track, and the file is edited.",
        macro_reads_file,
    ),
    Probe::rebuild(
        "macro-keeps-a-place",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/kunobi-ninja/kache/issues/635",
        "A proc macro expands to the directory that it was run for, and two checkouts are in different ones.",
        macro_keeps_a_place,
    ),
    Probe::rebuild(
        "macro-includes-str",
        "https://github.com/transact-rs/sqlx/pull/1332 https://github.com/dtolnay/macro-string/issues/29",
        "A proc macro expands to `include_str!` of a file of its user's package, and the file is edited.",
        |cx| member_file_edited(cx, &includes("include_str!({path:?}).to_string()")),
    ),
    Probe::rebuild(
        "macro-includes-bytes",
        "https://github.com/transact-rs/sqlx/pull/1332 https://github.com/dtolnay/macro-string/issues/29",
        "A proc macro expands to `include_bytes!` of a file of its user's package, and the file is edited.",
        |cx| member_file_edited(cx, &includes("String::from_utf8_lossy(include_bytes!({path:?})).to_string()")),
    ),
    Probe::rebuild(
        "macro-includes-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/transact-rs/sqlx/pull/1332",
        "A proc macro expands to `include_str!` of an absolute path, and two checkouts hold different files.",
        macro_includes_two_checkouts,
    ),
];

const UNTRACKED: &str = "format!(\"{:?}\", std::env::var(\"PROBE_WORD\").unwrap_or(\"unset\".into()))";
const TRACKED: &str = "format!(\"{{ const _: Option<&str> = option_env!({:?}); {:?} }}\", \"PROBE_WORD\", \
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

fn publish_reader(cx: &mut ProbeContext<'_>, source: &str) -> ProbeResult {
    cx.publish("reader", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", source)])
}

fn macro_in_three_crates(cx: &mut ProbeContext<'_>, text: &str) -> ProbeResult {
    publish_reader(cx, &expands_to(text))?;
    three_crates(cx, "reader::word!()", "reader = \"1.0.0\"")?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], thrice)
}

/// The path of a file of the macro's user.
const PATH: &str = "std::path::Path::new(&std::env::var(\"CARGO_MANIFEST_DIR\").unwrap()).join(\"word.txt\")";

/// A tree whose member asks a macro from the registry for a word; its file is edited.
fn member_file_edited(cx: &mut ProbeContext<'_>, reader: &str) -> ProbeResult {
    publish_reader(cx, reader)?;
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &workspace(APP, "member = { path = \"member\" }")),
            ("src/main.rs", &prints_words(&["member"], "\"own\"")),
            ("member/Cargo.toml", &package("member", "0.1.0", "[dependencies]\nreader = \"1.0.0\"\n")),
            ("member/src/lib.rs", &word_is("reader::word!()")),
            ("member/word.txt", "none"),
        ],
    )?;
    file_there_and_back(cx, "ws/app/member/word.txt", |word| format!("{word} own"))
}

fn macro_reads_file(cx: &mut ProbeContext<'_>) -> ProbeResult {
    member_file_edited(cx, &gives(&format!("std::fs::read_to_string({PATH}).unwrap()")))
}

fn includes(expression: &str) -> String {
    let text = expression.replace('"', "\\\"");
    expands_to(&format!("{{ let path = {PATH}; format!(\"{text}\") }}"))
}

fn macro_includes_two_checkouts(cx: &mut ProbeContext<'_>) -> ProbeResult {
    publish_reader(cx, &includes("include_str!({path:?})"))?;
    for (tree, word) in TREES {
        checkout(cx, tree, "reader = \"1.0.0\"", &word_is("reader::word!()"))?;
        cx.write(&format!("ws/{tree}/member/word.txt"), word)?;
    }
    each_prints_its_word(cx)?;
    // And what was expanded for the first tree must not lead into it from the second.
    cx.write("ws/second/member/word.txt", "three")?;
    cx.rebuilds("second", "three")
}

fn macro_keeps_a_place(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let maker = gives("std::env::var(\"CARGO_MANIFEST_DIR\").unwrap()");
    cx.publish("maker", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", &maker)])?;
    for tree in ["first", "second"] {
        checkout(cx, tree, "maker = \"1.0.0\"", &word_is("maker::word!()"))?;
    }
    each_prints_its_path(cx, "member")
}
