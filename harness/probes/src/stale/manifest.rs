//! The manifest: features, edition, metadata, names of dependencies, and where they come from.

use super::{
    APP, PRINTS_DEP, PRINTS_MEMBER, prints_words, set_argument, set_variable, there_and_back, thrice, word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{package, workspace};
use crate::{Probe, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "feature-activated",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A feature of a dependency, a member and the program is activated on the command line, and is not.",
        feature_activated,
    ),
    Probe::rebuild(
        "edition-changed",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A member moves to another edition, in which its source means something else.",
        edition_changed,
    ),
    Probe::rebuild(
        "package-description-changed",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A member's description changes, and its source reads it by `env!`.",
        package_description_changed,
    ),
    Probe::rebuild(
        "inherited-description-changed",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A member inherits its description from the workspace, where it changes.",
        |cx| inherited(cx, "ws/app", "member"),
    ),
    Probe::rebuild(
        "description-inherited-elsewhere",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A path dependency inherits its description from a workspace of its own, where it changes.",
        |cx| inherited(cx, "ws/other", "../other/member"),
    ),
    Probe::rebuild(
        "nested-workspace-description",
        "https://github.com/rust-lang/cargo/issues/3696",
        "A path dependency inherits its description from a workspace inside the one that is built, where it changes.",
        |cx| inherited(cx, "ws/app/other", "other/member"),
    ),
    Probe::rebuild(
        "dependency-renamed",
        "https://github.com/rust-lang/cargo/pull/5415",
        "Two versions of a dependency swap the names they have in a manifest.",
        dependency_renamed,
    ),
];

pub(super) const SOURCES: &[Probe] = &[
    Probe::rebuild(
        "git-bumped-same-version",
        "https://github.com/rust-lang/cargo/pull/548 https://github.com/rust-lang/cargo/issues/5931",
        "A git dependency moves to another commit and keeps its version.",
        git_bumped_same_version,
    ),
    Probe::rebuild(
        "patch-by-path-edited",
        "https://github.com/rust-lang/cargo/pull/6493",
        "`[patch]` puts a path in the place of a registry package, its sources are edited, and the patch goes.",
        patch_by_path_edited,
    ),
    Probe::rebuild(
        "transitive-dependency-bumped",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A dependency of a dependency moves to another version, and the dependency itself stays.",
        transitive_dependency_bumped,
    ),
    Probe::rebuild(
        "macro-edited",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The source of a proc macro in the workspace is edited, and that of its user is not.",
        macro_edited,
    ),
];

fn feature_activated(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let expression = "if cfg!(feature = \"two\") { \"two\" } else { \"one\" }";
    let source = word_is(expression);
    cx.publish("dep", "1.0.0", "[features]\ntwo = []\n", &[("src/lib.rs", &source)])?;
    let manifest = "[dependencies]\ndep = \"1.0.0\"\nmember = { path = \"member\" }\n\n[features]\ntwo = [\"dep/two\", \
                    \"member/two\"]\n\n[workspace]\n";
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", manifest)),
            ("src/main.rs", &prints_words(&["dep", "member"], expression)),
            ("member/Cargo.toml", &package("member", "0.1.0", "[features]\ntwo = []\n")),
            ("member/src/lib.rs", &source),
        ],
    )?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        set_argument(cx, (word == "two").then_some("--features=two"));
        Ok(thrice(word))
    })
}

/// A program with a path member that prints its word.
fn with_member(cx: &mut ProbeContext<'_>, path: &str, more: &str) -> ProbeResult {
    let manifest = format!("[dependencies]\nmember = {{ path = \"{path}\" }}\n\n[workspace]\n{more}");
    cx.write("ws/app/Cargo.toml", &package(APP, "0.1.0", &manifest))?;
    cx.write("ws/app/src/main.rs", PRINTS_MEMBER)
}

fn edition_changed(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_member(cx, "member", "")?;
    // An array's `into_iter` gives references before 2021, and values since.
    let lib = "#![allow(warnings)]\npub fn word() -> &'static str { kind(&[1u8].into_iter().next().unwrap()) }\nfn \
               kind<T>(_: &T) -> &'static str { std::any::type_name::<T>() }\n";
    cx.write("ws/app/member/src/lib.rs", lib)?;
    cx.write("ws/app/member/Cargo.toml", &package("member", "0.1.0", ""))?;
    cx.lock(APP)?;
    there_and_back(cx, ["2018", "2021"], |cx, edition| {
        let manifest = package("member", "0.1.0", "").replace("2021", edition);
        cx.write("ws/app/member/Cargo.toml", &manifest)?;
        Ok(if edition == "2018" { "&u8" } else { "u8" }.to_owned())
    })
}

fn package_description_changed(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_member(cx, "member", "")?;
    cx.write("ws/app/member/src/lib.rs", &word_is("env!(\"CARGO_PKG_DESCRIPTION\")"))?;
    cx.write("ws/app/member/Cargo.toml", &package("member", "0.1.0", ""))?;
    cx.lock(APP)?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        let manifest = package("member", "0.1.0", &format!("description = \"{word}\"\n"));
        cx.write("ws/app/member/Cargo.toml", &manifest)?;
        Ok(word.to_owned())
    })
}

/// The workspace at `root` says what its member `member` inherits; the program names that by `path`.
fn inherited(cx: &mut ProbeContext<'_>, root: &str, path: &str) -> ProbeResult {
    let own = root == "ws/app";
    cx.write(&format!("{root}/member/src/lib.rs"), &word_is("env!(\"CARGO_PKG_DESCRIPTION\")"))?;
    let member = package("member", "0.1.0", "description.workspace = true\n");
    cx.write(&format!("{root}/member/Cargo.toml"), &member)?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        let table = format!("[workspace.package]\ndescription = \"{word}\"\n");
        with_member(cx, path, if own { &table } else { "exclude = [\"other\"]\n" })?;
        if !own {
            cx.write(&format!("{root}/Cargo.toml"), &format!("[workspace]\nmembers = [\"member\"]\n{table}"))?;
        }
        cx.lock(APP)?;
        Ok(word.to_owned())
    })
}

fn dependency_renamed(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", &word_is("\"one\""))])?;
    cx.publish("dep", "2.0.0", "", &[("src/lib.rs", &word_is("\"two\""))])?;
    with_member(cx, "member", "")?;
    cx.write("ws/app/member/src/lib.rs", &word_is("left::word() + \" \" + &right::word()"))?;
    let manifest = |left: &str, right: &str| {
        let dependencies = format!(
            "[dependencies]\nleft = {{ package = \"dep\", version = \"{left}\" }}\nright = {{ package = \"dep\", \
             version = \"{right}\" }}\n"
        );
        package("member", "0.1.0", &dependencies)
    };
    cx.write("ws/app/member/Cargo.toml", &manifest("1.0.0", "2.0.0"))?;
    cx.lock(APP)?;
    there_and_back(cx, ["one two", "two one"], |cx, words| {
        let (left, right) = if words == "one two" { ("1.0.0", "2.0.0") } else { ("2.0.0", "1.0.0") };
        cx.write("ws/app/member/Cargo.toml", &manifest(left, right))?;
        Ok(words.to_owned())
    })
}

fn one_dependency(cx: &mut ProbeContext<'_>, dependency: &str) -> ProbeResult {
    cx.write("ws/app/Cargo.toml", &workspace(APP, dependency))?;
    cx.write("ws/app/src/main.rs", PRINTS_DEP)
}

fn git_bumped_same_version(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.write("repository/Cargo.toml", &package("dep", "1.0.0", ""))?;
    // The private CARGO_HOME keeps its clone by this path; the registry is not asked.
    let repository = cx.path("repository");
    one_dependency(cx, &format!("dep = {{ git = \"file://{}\", branch = \"main\" }}", repository.display()))?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        cx.write("repository/src/lib.rs", &word_is(&format!("\"{word}\"")))?;
        cx.commit("repository")?;
        set_variable(cx, "CARGO_NET_OFFLINE", "false");
        let updated = cx.cargo(APP, &["update"]);
        set_variable(cx, "CARGO_NET_OFFLINE", "unset");
        updated?;
        Ok(word.to_owned())
    })
}

fn patch_by_path_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", &word_is("\"published\""))])?;
    cx.write("ws/patched/Cargo.toml", &package("dep", "1.0.0", ""))?;
    for word in ["published", "one", "two", "one", "published"] {
        let patch = match word {
            "published" => "",
            _ => "\n[patch.crates-io]\ndep = { path = \"../patched\" }\n",
        };
        cx.write("ws/patched/src/lib.rs", &word_is(&format!("\"{word}\"")))?;
        one_dependency(cx, &format!("dep = \"1.0.0\"\n{patch}"))?;
        cx.lock(APP)?;
        cx.rebuilds(APP, word)?;
    }
    Ok(())
}

fn transitive_dependency_bumped(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.publish("inner", "1.0.0", "", &[("src/lib.rs", &word_is("\"one\""))])?;
    let lib = "#[inline]\npub fn word() -> String { inner::word() }\n";
    cx.publish("dep", "1.0.0", "[dependencies]\ninner = \"1.0.0\"\n", &[("src/lib.rs", lib)])?;
    one_dependency(cx, "dep = \"1.0.0\"")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        // A directory source has no index: the newest version there is gets locked.
        match word {
            "two" => cx.publish("inner", "1.0.1", "", &[("src/lib.rs", &word_is("\"two\""))])?,
            _ => cx.write_or_remove("vendor/inner-1.0.1", None)?,
        }
        cx.lock(APP)?;
        Ok(word.to_owned())
    })
}

fn macro_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let member = "[dependencies]\nreader = { path = \"../reader\" }\n";
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &workspace(APP, "member = { path = \"member\" }")),
            ("src/main.rs", &prints_words(&["member"], "\"own\"")),
            ("member/Cargo.toml", &package("member", "0.1.0", member)),
            ("member/src/lib.rs", &word_is("reader::word!()")),
            ("reader/Cargo.toml", &package("reader", "0.1.0", "[lib]\nproc-macro = true\n")),
            ("reader/src/lib.rs", ""),
        ],
    )?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        cx.write("ws/app/reader/src/lib.rs", &super::macros::gives(&format!("String::from(\"{word}\")")))?;
        Ok(format!("{word} own"))
    })
}
