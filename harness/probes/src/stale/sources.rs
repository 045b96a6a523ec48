//! Where a dependency comes from: commits, patches, other versions.

use super::{APP, prints_words, stale, there_and_back, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "git-bumped-same-version",
        "https://github.com/rust-lang/cargo/pull/548 https://github.com/rust-lang/cargo/issues/5931",
        "A git dependency moves to another commit and keeps its version.",
        git_bumped_same_version,
    ),
    stale(
        "patch-by-path-edited",
        "https://github.com/rust-lang/cargo/pull/6493",
        "`[patch]` puts a path in the place of a registry package, its sources are edited, and the patch goes.",
        patch_by_path_edited,
    ),
    stale(
        "transitive-dependency-bumped",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A dependency of a dependency moves to another version, and the dependency itself stays.",
        transitive_dependency_bumped,
    ),
    stale(
        "macro-edited",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The source of a proc macro in the workspace is edited, and that of its user is not.",
        macro_edited,
    ),
];

fn one_dependency(bench: &mut Bench<'_>, dependency: &str) -> Told {
    let manifest = package(APP, "0.1.0", &format!("[dependencies]\n{dependency}\n\n[workspace]\n"));
    bench.write("ws/app/Cargo.toml", &manifest)?;
    bench.write("ws/app/src/main.rs", "fn main() { println!(\"{}\", dep::word()); }\n")
}

fn git_bumped_same_version(bench: &mut Bench<'_>) -> Told {
    bench.write("repository/Cargo.toml", &package("dep", "1.0.0", ""))?;
    // The private CARGO_HOME keeps its clone by this path; the registry is not asked.
    let repository = bench.at("repository");
    one_dependency(bench, &format!("dep = {{ git = \"file://{}\", branch = \"main\" }}", repository.display()))?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("repository/src/lib.rs", &word_is(&format!("\"{word}\"")))?;
        bench.commit("repository")?;
        super::set_variable(bench, "CARGO_NET_OFFLINE", "false");
        let updated = bench.cargo(APP, &["update"]);
        super::set_variable(bench, "CARGO_NET_OFFLINE", "unset");
        updated?;
        Ok(word.to_owned())
    })
}

fn patch_by_path_edited(bench: &mut Bench<'_>) -> Told {
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", &word_is("\"published\""))])?;
    bench.write("ws/patched/Cargo.toml", &package("dep", "1.0.0", ""))?;
    for word in ["published", "one", "two", "one", "published"] {
        let patch = match word {
            "published" => "",
            _ => "\n[patch.crates-io]\ndep = { path = \"../patched\" }\n",
        };
        bench.write("ws/patched/src/lib.rs", &word_is(&format!("\"{word}\"")))?;
        one_dependency(bench, &format!("dep = \"1.0.0\"\n{patch}"))?;
        bench.lock(APP)?;
        bench.wipe(APP)?;
        bench.build(APP)?;
        bench.prints(APP, word)?;
    }
    Ok(())
}

fn transitive_dependency_bumped(bench: &mut Bench<'_>) -> Told {
    bench.publish("inner", "1.0.0", "", &[("src/lib.rs", &word_is("\"one\""))])?;
    let lib = "#[inline]\npub fn word() -> String { inner::word() }\n";
    bench.publish("dep", "1.0.0", "[dependencies]\ninner = \"1.0.0\"\n", &[("src/lib.rs", lib)])?;
    one_dependency(bench, "dep = \"1.0.0\"")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        // A directory has no version to be told: the newest there is gets locked.
        match word {
            "two" => bench.publish("inner", "1.0.1", "", &[("src/lib.rs", &word_is("\"two\""))])?,
            _ if bench.at("vendor/inner-1.0.1").exists() => bench.remove("vendor/inner-1.0.1")?,
            _ => {}
        }
        bench.lock(APP)?;
        Ok(word.to_owned())
    })
}

fn macro_edited(bench: &mut Bench<'_>) -> Told {
    let manifest = "[dependencies]\nmember = { path = \"member\" }\n\n[workspace]\n";
    let member = "[dependencies]\nreader = { path = \"../reader\" }\n";
    bench.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", manifest)),
            ("src/main.rs", &prints_words(&["member"], "\"own\"")),
            ("member/Cargo.toml", &package("member", "0.1.0", member)),
            ("member/src/lib.rs", &word_is("reader::word!()")),
            ("reader/Cargo.toml", &package("reader", "0.1.0", "[lib]\nproc-macro = true\n")),
            ("reader/src/lib.rs", ""),
        ],
    )?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/reader/src/lib.rs", &super::macros::gives(&format!("String::from(\"{word}\")")))?;
        Ok(format!("{word} own"))
    })
}
