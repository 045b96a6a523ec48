//! Stale hits: what must not be reused, since something it was made from has changed.
//!
//! | file | what changes |
//! |---|---|
//! | `checkouts` | nothing but the place: two trees of one name, one version |
//! | `sources` | where a dependency comes from: commits, patches, other versions |
//! | `environment` | variables, and those of the configuration |
//! | `macros` | what a proc macro reads |
//! | `scripts` | what a build script reads |
//! | `native` | a library that is linked in |
//! | `flags` | arguments of rustc from outside the manifest |
//! | `profile` | fields of the profile |
//! | `manifest` | the manifest: features, edition, metadata |
//! | `lints` | what is an error and what is not |
//!
//! Most stories go there and back: one value, another, and the first again, each in an empty
//! build directory. On the way there a key that leaves the value out hands out the old
//! artifact; on the way back a store that mixes the two up does. Where Cargo itself does not
//! look at an input, an empty build directory is also what makes plain Cargo read it anew, so
//! that every story has one right end.

mod checkouts;
mod environment;
mod flags;
mod lints;
mod macros;
mod manifest;
mod native;
mod profile;
mod scripts;
mod sources;

use super::bench::Bench;
use super::materials::package;
use super::{Expects, Family, Probe, Told};

/// The family.
pub const FAMILY: Family = Family {
    name: "stale",
    about: "Something an artifact was made from has changed: it must not be handed out.",
    alone: false,
    probes: &ALL,
};

const PARTS: [&[Probe]; 10] = [
    checkouts::PROBES,
    sources::PROBES,
    environment::PROBES,
    macros::PROBES,
    scripts::PROBES,
    native::PROBES,
    flags::PROBES,
    profile::PROBES,
    manifest::PROBES,
    lints::PROBES,
];

const ALL: [Probe; count()] = joined();

const fn count() -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < PARTS.len() {
        sum += PARTS[part].len();
        part += 1;
    }
    sum
}

const fn joined() -> [Probe; count()] {
    let mut all = [PARTS[0][0]; count()];
    let (mut at, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut inside = 0;
        while inside < PARTS[part].len() {
            all[at] = PARTS[part][inside];
            at += 1;
            inside += 1;
        }
        part += 1;
    }
    all
}

/// A story of this family.
const fn stale(
    name: &'static str,
    origin: &'static str,
    about: &'static str,
    tell: fn(&mut Bench<'_>) -> Told,
) -> Probe {
    Probe { name, origin, expects: Expects::Rebuild, about, tell }
}

/// The tree of a story that needs only one.
const APP: &str = "app";

/// A checkout with a member of these sources, and a program that prints the member's word. All
/// checkouts have one root manifest: a key that holds it must not tell them apart by it.
fn checkout(bench: &mut Bench<'_>, tree: &str, dependency: &str, lib: &str) -> Told {
    let program = package(tree, "0.1.0", "[dependencies]\nmember = { path = \"../member\" }\n");
    let member = package("member", "0.1.0", &format!("[dependencies]\n{dependency}\n"));
    bench.tree(
        tree,
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"program\", \"member\"]\nresolver = \"2\"\n"),
            ("program/Cargo.toml", &program),
            ("program/src/main.rs", "fn main() { println!(\"{}\", member::word()); }\n"),
            ("member/Cargo.toml", &member),
            ("member/src/lib.rs", lib),
        ],
    )
}

/// A function that returns the word an expression gives.
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
fn three_places(bench: &mut Bench<'_>, expression: &str, dependency: &str) -> Told {
    let more = format!("[dependencies]\n{dependency}\n");
    let source = word_is(expression);
    bench.publish("dep", "1.0.0", &more, &[("src/lib.rs", &source)])?;
    let manifest = format!("{more}dep = \"1.0.0\"\nmember = {{ path = \"member\" }}\n\n[workspace]\n");
    bench.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", &manifest)),
            ("src/main.rs", &prints_words(&["dep", "member"], expression)),
            ("member/Cargo.toml", &package("member", "0.1.0", &more)),
            ("member/src/lib.rs", &source),
        ],
    )
}

/// Three times the same word, as [`three_places`] prints it.
fn thrice(word: &str) -> String {
    [word; 3].join(" ")
}

/// One value, another, and the first again, each built in an empty build directory; `change`
/// makes the change and says what the program must print then.
fn there_and_back(
    bench: &mut Bench<'_>,
    values: [&str; 2],
    mut change: impl FnMut(&mut Bench<'_>, &str) -> Result<String, super::Wrong>,
) -> Told {
    for value in [values[0], values[1], values[0]] {
        let expected = change(bench, value)?;
        bench.wipe(APP)?;
        bench.build(APP)?;
        bench.prints(APP, &expected)?;
    }
    Ok(())
}

/// Sets a variable of the builds; `unset` takes it away.
fn set_variable(bench: &mut Bench<'_>, name: &str, value: &str) {
    let env = &mut bench.set(APP).env;
    match value {
        "unset" => env.remove(name),
        value => env.insert(name.to_owned(), value.to_owned()),
    };
}
