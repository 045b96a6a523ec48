//! Places that follow from where a checkout lies and do not show it: they are beside it, behind a link, or spelled otherwise.

use super::macros::expands_to;
use super::scripts::member_with;
use super::{APP, TREES, checkout, each_prints_its_word, word_is};
use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script};
use crate::{Probe, ProbeResult};

const CHECKOUTS: &str = "https://github.com/rust-lang/cargo/issues/12516";

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "script-watches-beside-the-workspace",
        CHECKOUTS,
        "A build script in two repositories watches a file beside the workspace by its absolute path.",
        script_watches_beside_the_workspace,
    ),
    Probe::rebuild(
        "macro-includes-beside-the-workspace",
        CHECKOUTS,
        "A proc macro in two repositories expands to `include_str!` of a file beside the workspace, by its absolute path.",
        macro_includes_beside_the_workspace,
    ),
    Probe::rebuild(
        "member-is-a-link",
        CHECKOUTS,
        "A member of two checkouts is a link, which a build script follows; then one of them leads elsewhere.",
        member_is_a_link,
    ),
    Probe::survive(
        "build-directory-is-a-link",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The build directory is a link, a build script passes on where it leads, and then it leads elsewhere.",
        build_directory_is_a_link,
    ),
    Probe::rebuild(
        "script-writes-its-path-as-a-literal",
        CHECKOUTS,
        "A build script writes its path into a source as a literal, and it has a letter that is escaped there.",
        script_writes_its_path_as_a_literal,
    ),
    Probe::rebuild(
        "script-passes-on-a-url",
        CHECKOUTS,
        "A build script passes on its path as a URL, and it has a space in it.",
        |cx| {
            passes_on(cx, "my trees", "format!(\"file://{}\", here.replace(' ', \"%20\"))", |own| {
                format!("file://{}", own.replace(' ', "%20"))
            })
        },
    ),
    Probe::rebuild(
        "script-passes-on-the-checkouts-name",
        CHECKOUTS,
        "A build script passes on the name of the checkout's directory, without what is above it.",
        |cx| {
            let name =
                "std::path::Path::new(&here).parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned()";
            passes_on(cx, "trees", name, |own| own.rsplit('/').nth(1).unwrap_or_default().to_owned())
        },
    ),
];

/// Two repositories, each with a workspace and a file beside it.
fn repositories(cx: &mut ProbeContext<'_>, dependency: &str, script: Option<&str>, lib: &str) -> ProbeResult {
    for (tree, word) in TREES {
        cx.settings(tree).parent = Some(tree.to_owned());
        cx.write(&format!("ws/{tree}/word.txt"), word)?;
        if let Some(script) = script {
            cx.write(&format!("ws/{tree}/{tree}/member/build.rs"), script)?;
        }
        checkout(cx, tree, dependency, lib)?;
    }
    each_prints_its_word(cx)
}

/// An expression for the word in a file, which the script watches by its absolute path, links followed.
fn watched_word(file: &str) -> String {
    format!(
        "{{
        let file = std::fs::canonicalize({file:?}).unwrap();
        println!(\"cargo::rerun-if-changed={{}}\", file.display());
        std::fs::read_to_string(file).unwrap()
    }}"
    )
}

fn script_watches_beside_the_workspace(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = build_script(&[], &watched_word("../../word.txt"));
    repositories(cx, "", Some(&script), &word_is(SCRIPT_WORD))
}

fn macro_includes_beside_the_workspace(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let path = "std::path::Path::new(&std::env::var(\"CARGO_MANIFEST_DIR\").unwrap()).join(\"../../word.txt\")";
    let reader = expands_to(&format!("format!(\"include_str!({{:?}})\", {path}.canonicalize().unwrap())"));
    cx.publish("reader", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", &reader)])?;
    repositories(cx, "reader = \"1.0.0\"", None, &word_is("reader::word!()"))
}

fn member_is_a_link(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for (tree, word) in TREES {
        cx.make_dir(&format!("members/{tree}"))?;
        cx.link(&format!("../../members/{tree}"), &format!("ws/{tree}/member"))?;
        cx.write(&format!("members/{tree}/word.txt"), word)?;
        cx.write(&format!("members/{tree}/build.rs"), &build_script(&[], &watched_word("word.txt")))?;
        checkout(cx, tree, "", &word_is(SCRIPT_WORD))?;
    }
    each_prints_its_word(cx)?;
    cx.link("../../members/second", "ws/first/member")?;
    cx.rebuilds("first", "two")
}

fn build_directory_is_a_link(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let out = std::fs::canonicalize(std::env::var(\"OUT_DIR\").unwrap()).unwrap();
        std::fs::write(out.join(\"word.txt\"), \"there\").unwrap();
        out.join(\"word.txt\").display().to_string()
    }";
    let lib = format!("pub fn word() -> String {{ std::fs::read_to_string({SCRIPT_WORD}).unwrap_or_default() }}\n");
    member_with(cx, &build_script(&[ITSELF], word), &lib)?;
    for place in ["one", "two"] {
        cx.make_dir(&format!("places/{place}"))?;
        cx.link(&format!("../places/{place}"), "target/app")?;
        cx.set_cold(APP);
        cx.builds(APP, "there")?;
        cx.remove(&format!("places/{place}"))?;
    }
    Ok(())
}

fn script_writes_its_path_as_a_literal(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let file = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap() + \"/word.txt\";
        std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/path.rs\", format!(\"{file:?}\")).unwrap();
        \"\"
    }";
    let path = "include!(concat!(env!(\"OUT_DIR\"), \"/path.rs\"))";
    let lib = format!("pub fn word() -> String {{ std::fs::read_to_string({path}).unwrap() }}\n");
    for (tree, word_of_tree) in TREES {
        // As some systems write an é: a letter, and an accent on it.
        cx.settings(tree).parent = Some("cafe\u{301}".to_owned());
        let member = cx.inside("ws", tree) + "/member";
        cx.write(&format!("{member}/word.txt"), word_of_tree)?;
        cx.write(&format!("{member}/build.rs"), &build_script(&[ITSELF], word))?;
        checkout(cx, tree, "", &lib)?;
    }
    each_prints_its_word(cx)
}

/// The scripts of two checkouts in one folder pass on what an expression makes of the path of their package, `here`;
/// `expected` says what that is.
fn passes_on(cx: &mut ProbeContext<'_>, folder: &str, word: &str, expected: fn(&str) -> String) -> ProbeResult {
    let word = format!("{{ let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap(); {word} }}");
    for (tree, _) in TREES {
        cx.settings(tree).parent = Some(folder.to_owned());
        let member = cx.inside("ws", tree) + "/member";
        cx.write(&format!("{member}/build.rs"), &build_script(&[ITSELF], &word))?;
        checkout(cx, tree, "", &word_is(SCRIPT_WORD))?;
    }
    for (tree, _) in TREES {
        cx.build(tree)?;
        let own = cx.path(&(cx.inside("ws", tree) + "/member"));
        cx.prints(tree, &expected(&own.to_string_lossy()))?;
    }
    Ok(())
}
