//! The manifest: features, edition, metadata, names of dependencies.

use super::{APP, prints_words, stale, there_and_back, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "feature-activated",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A feature of a dependency, a member and the program is activated on the command line, and is not.",
        feature_activated,
    ),
    stale(
        "edition-changed",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A member moves to another edition, in which its source means something else.",
        edition_changed,
    ),
    stale(
        "package-description-changed",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A member's description changes, and its source reads it by `env!`.",
        package_description_changed,
    ),
    stale(
        "inherited-description-changed",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A member inherits its description from the workspace, where it changes.",
        |bench| inherited(bench, "ws/app", "member"),
    ),
    stale(
        "description-inherited-elsewhere",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A path dependency inherits its description from a workspace of its own, where it changes.",
        |bench| inherited(bench, "ws/other", "../other/member"),
    ),
    stale(
        "nested-workspace-description",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A path dependency inherits its description from a workspace below the one that is built, where it changes.",
        |bench| inherited(bench, "ws/app/other", "other/member"),
    ),
    stale(
        "dependency-renamed",
        "https://github.com/rust-lang/cargo/pull/5415",
        "Two versions of a dependency swap the names they have in a manifest.",
        dependency_renamed,
    ),
];

fn feature_activated(bench: &mut Bench<'_>) -> Told {
    let expression = "if cfg!(feature = \"two\") { \"two\" } else { \"one\" }";
    let source = word_is(expression);
    bench.publish("dep", "1.0.0", "[features]\ntwo = []\n", &[("src/lib.rs", &source)])?;
    let manifest = "[dependencies]\ndep = \"1.0.0\"\nmember = { path = \"member\" }\n\n[features]\ntwo = [\"dep/two\", \
                    \"member/two\"]\n\n[workspace]\n";
    bench.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", manifest)),
            ("src/main.rs", &prints_words(&["dep", "member"], expression)),
            ("member/Cargo.toml", &package("member", "0.1.0", "[features]\ntwo = []\n")),
            ("member/src/lib.rs", &source),
        ],
    )?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.set(APP).args = (word == "two").then(|| "--features=two".to_owned()).into_iter().collect();
        Ok(super::thrice(word))
    })
}

/// A program with a path member that prints its word.
fn with_member(bench: &mut Bench<'_>, path: &str, more: &str) -> Told {
    let manifest = format!("[dependencies]\nmember = {{ path = \"{path}\" }}\n\n[workspace]\n{more}");
    bench.write("ws/app/Cargo.toml", &package(APP, "0.1.0", &manifest))?;
    bench.write("ws/app/src/main.rs", "fn main() { println!(\"{}\", member::word()); }\n")
}

fn edition_changed(bench: &mut Bench<'_>) -> Told {
    with_member(bench, "member", "")?;
    // An array's `into_iter` gives references before 2021, and values since.
    let lib = "#![allow(warnings)]\npub fn word() -> &'static str { kind(&[1u8].into_iter().next().unwrap()) }\nfn \
               kind<T>(_: &T) -> &'static str { std::any::type_name::<T>() }\n";
    bench.write("ws/app/member/src/lib.rs", lib)?;
    bench.write("ws/app/member/Cargo.toml", &package("member", "0.1.0", ""))?;
    bench.lock(APP)?;
    there_and_back(bench, ["2018", "2021"], |bench, edition| {
        let manifest = package("member", "0.1.0", "").replace("2021", edition);
        bench.write("ws/app/member/Cargo.toml", &manifest)?;
        Ok(if edition == "2018" { "&u8" } else { "u8" }.to_owned())
    })
}

fn package_description_changed(bench: &mut Bench<'_>) -> Told {
    with_member(bench, "member", "")?;
    bench.write("ws/app/member/src/lib.rs", &word_is("env!(\"CARGO_PKG_DESCRIPTION\")"))?;
    bench.write("ws/app/member/Cargo.toml", &package("member", "0.1.0", ""))?;
    bench.lock(APP)?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        let manifest = package("member", "0.1.0", &format!("description = \"{word}\"\n"));
        bench.write("ws/app/member/Cargo.toml", &manifest)?;
        Ok(word.to_owned())
    })
}

/// The workspace at `root` says what its member `member` inherits; the program names that by `path`.
fn inherited(bench: &mut Bench<'_>, root: &str, path: &str) -> Told {
    let own = root == "ws/app";
    bench.write(&format!("{root}/member/src/lib.rs"), &word_is("env!(\"CARGO_PKG_DESCRIPTION\")"))?;
    let member = package("member", "0.1.0", "description.workspace = true\n");
    bench.write(&format!("{root}/member/Cargo.toml"), &member)?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        let table = format!("[workspace.package]\ndescription = \"{word}\"\n");
        with_member(bench, path, if own { &table } else { "exclude = [\"other\"]\n" })?;
        if !own {
            bench.write(&format!("{root}/Cargo.toml"), &format!("[workspace]\nmembers = [\"member\"]\n{table}"))?;
        }
        bench.lock(APP)?;
        Ok(word.to_owned())
    })
}

fn dependency_renamed(bench: &mut Bench<'_>) -> Told {
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", &word_is("\"one\""))])?;
    bench.publish("dep", "2.0.0", "", &[("src/lib.rs", &word_is("\"two\""))])?;
    with_member(bench, "member", "")?;
    bench.write("ws/app/member/src/lib.rs", &word_is("left::word() + \" \" + &right::word()"))?;
    let manifest = |left: &str, right: &str| {
        let dependencies = format!(
            "[dependencies]\nleft = {{ package = \"dep\", version = \"{left}\" }}\nright = {{ package = \"dep\", \
             version = \"{right}\" }}\n"
        );
        package("member", "0.1.0", &dependencies)
    };
    bench.write("ws/app/member/Cargo.toml", &manifest("1.0.0", "2.0.0"))?;
    bench.lock(APP)?;
    there_and_back(bench, ["one two", "two one"], |bench, words| {
        let (left, right) = if words == "one two" { ("1.0.0", "2.0.0") } else { ("2.0.0", "1.0.0") };
        bench.write("ws/app/member/Cargo.toml", &manifest(left, right))?;
        Ok(words.to_owned())
    })
}
