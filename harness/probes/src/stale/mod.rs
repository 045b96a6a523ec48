//! Stale hits: an artifact must not be reused when an input of it has changed.
//!
//! | file | what changes |
//! |---|---|
//! | `checkouts` | nothing but the path: two trees of one name, one version |
//! | `beside` | the path, where it does not show: beside the checkout, behind a link, spelled otherwise |
//! | `places` | sources whose package id says that they do not |
//! | `manifest` | the manifest: features, edition, metadata, dependencies and where they come from |
//! | `environment` | variables, and those of the configuration |
//! | `macros` | what a proc macro reads |
//! | `scripts` | what a build script reads, and a native library that is linked in |
//! | `writes` | what a build script or a proc macro changes elsewhere, and what a script sees beside bytes |
//! | `native` | libraries and files that rustc and the linker find by themselves |
//! | `flags` | arguments of rustc from outside the manifest, and fields of the profile |
//! | `untracked` | what neither rustc nor Cargo reports |
//! | `lints` | what is an error and what is not |
//!
//! Most probes go there and back: one value, another, and the first again, each in an empty
//! build directory. On the way there a key that leaves the value out reuses the old artifact; on
//! the way back a store that mixes the two up does. Where Cargo itself does not track an input,
//! an empty build directory is also what makes plain Cargo read it anew, so that every probe has
//! one right result.

mod beside;
mod checkouts;
mod environment;
mod flags;
mod lints;
mod macros;
mod manifest;
mod native;
mod places;
mod registry;
mod scripts;
mod untracked;
mod writes;

pub(crate) use flags::{build_on_cpu, set_up_native};

use crate::context::ProbeContext;
use crate::fixtures::{package, workspace};
use crate::{Family, ProbeResult};

pub(crate) const FAMILY: Family = Family {
    name: "stale",
    about: "An input of an artifact has changed: it must not be reused.",
    alone: false,
    lists: &[
        checkouts::PROBES,
        beside::PROBES,
        places::PROBES,
        registry::PROBES,
        manifest::SOURCES,
        environment::PROBES,
        macros::PROBES,
        scripts::PROBES,
        scripts::WRITES,
        scripts::NATIVE,
        writes::PROBES,
        native::PROBES,
        flags::PROBES,
        flags::PROFILE,
        manifest::PROBES,
        lints::PROBES,
        untracked::PROBES,
    ],
};

/// The tree of a probe that needs only one.
pub(crate) const APP: &str = "app";

/// A program that prints the word of its dependency.
const PRINTS_DEP: &str = "fn main() { println!(\"{}\", dep::word()); }\n";
/// A program that prints the word of its member.
const PRINTS_MEMBER: &str = "fn main() { println!(\"{}\", member::word()); }\n";

/// A checkout with a member of these sources, and a program that prints the member's word. All
/// checkouts have one root manifest: a key that holds it must not differ by it.
fn checkout(cx: &mut ProbeContext<'_>, tree: &str, dependency: &str, lib: &str) -> ProbeResult {
    let program = package(tree, "0.1.0", "[dependencies]\nmember = { path = \"../member\" }\n");
    let member = package("member", "0.1.0", &format!("[dependencies]\n{dependency}\n"));
    cx.tree(
        tree,
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"program\", \"member\"]\nresolver = \"2\"\n"),
            ("program/Cargo.toml", &program),
            ("program/src/main.rs", PRINTS_MEMBER),
            ("member/Cargo.toml", &member),
            ("member/src/lib.rs", lib),
        ],
    )
}

/// Two checkouts, and the word of each.
const TREES: [(&str, &str); 2] = [("first", "one"), ("second", "two")];

fn each_prints_its_word(cx: &mut ProbeContext<'_>) -> ProbeResult {
    TREES.into_iter().try_for_each(|(tree, word)| cx.builds(tree, word))
}

/// Two trees on a package of the directory source.
fn two_trees(cx: &mut ProbeContext<'_>, files: &[(&str, &str)]) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", files)?;
    TREES.into_iter().try_for_each(|(tree, _)| cx.program_tree(tree, "dep = \"1.0.0\"", PRINTS_DEP))
}

/// Each of two checkouts prints the path that this has in it.
fn each_prints_its_path(cx: &mut ProbeContext<'_>, path: &str) -> ProbeResult {
    for (tree, _) in TREES {
        let own = cx.path("ws").join(tree).join(path);
        cx.builds(tree, &own.to_string_lossy())?;
    }
    Ok(())
}

/// A function that returns the value of an expression as a word.
fn word_is(expression: &str) -> String {
    format!("pub fn word() -> String {{ String::from({expression}) }}\n")
}

/// A program that prints the words of some crates, and then its own.
fn prints_words(crates: &[&str], own: &str) -> String {
    let calls: String = crates.iter().map(|name| format!("    print!(\"{{}} \", {name}::word());\n")).collect();
    format!("{}fn main() {{\n{calls}    print!(\"{{}}\", word());\n}}\n", word_is(own))
}

/// A tree whose library from a registry, path member and program each print the word that
/// `expression` gives them: every policy has something to get wrong. All three have one more
/// dependency, as a line of a manifest.
fn three_crates(cx: &mut ProbeContext<'_>, expression: &str, dependency: &str) -> ProbeResult {
    let more = format!("[dependencies]\n{dependency}\n");
    let source = word_is(expression);
    cx.publish("dep", "1.0.0", &more, &[("src/lib.rs", &source)])?;
    let dependencies = format!("{dependency}\ndep = \"1.0.0\"\nmember = {{ path = \"member\" }}");
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &workspace(APP, &dependencies)),
            ("src/main.rs", &prints_words(&["dep", "member"], expression)),
            ("member/Cargo.toml", &package("member", "0.1.0", &more)),
            ("member/src/lib.rs", &source),
        ],
    )
}

/// Three times the same word, as [`three_crates`] prints it.
fn thrice(word: &str) -> String {
    [word; 3].join(" ")
}

/// A tree on a library from the registry with a build script: policies that leave the workspace
/// alone have something to get wrong, too.
fn scripted_dependency(cx: &mut ProbeContext<'_>, script: &str, lib: &str) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", lib), ("build.rs", script)])?;
    cx.program_tree(APP, "dep = \"1.0.0\"", PRINTS_DEP)
}

/// One value, another, and the first again, each built in an empty build directory; `change`
/// makes the change and returns what the program must print then.
fn there_and_back(
    cx: &mut ProbeContext<'_>,
    values: [&str; 2],
    mut change: impl FnMut(&mut ProbeContext<'_>, &str) -> ProbeResult<String>,
) -> ProbeResult {
    for value in [values[0], values[1], values[0]] {
        let expected = change(cx, value)?;
        cx.rebuilds(APP, &expected)?;
    }
    Ok(())
}

/// The same with a file, whose text is what the program must print.
fn file_there_and_back(cx: &mut ProbeContext<'_>, path: &str, print: fn(&str) -> String) -> ProbeResult {
    there_and_back(cx, ["one", "two"], |cx, word| {
        cx.write(path, word)?;
        Ok(print(word))
    })
}

/// The same with a variable.
fn variable_there_and_back(
    cx: &mut ProbeContext<'_>,
    name: &str,
    values: [&str; 2],
    print: fn(&str) -> String,
) -> ProbeResult {
    there_and_back(cx, values, |cx, value| {
        set_variable(cx, name, value);
        Ok(print(value))
    })
}

/// Sets a variable of the builds; `unset` takes it away.
fn set_variable(cx: &mut ProbeContext<'_>, name: &str, value: &str) {
    let env = &mut cx.settings(APP).env;
    match value {
        "unset" => env.remove(name),
        value => env.insert(name.to_owned(), value.to_owned()),
    };
}

/// Gives the builds one more argument, or none.
fn set_argument(cx: &mut ProbeContext<'_>, argument: Option<&str>) {
    cx.settings(APP).args = argument.map(str::to_owned).into_iter().collect();
}
