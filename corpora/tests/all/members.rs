//! Which members' files are edited, on workspaces made up here.

use std::path::Path;

use crate::common::{TestDir, write};
use corpora::members::{EditTargets, MembersError, members};

/// A package in `dir`, named after it, with these source files and this after `[package]`.
fn package(dir: &Path, files: &[&str], rest: &str) {
    let name = dir.file_name().unwrap().to_str().unwrap();
    write(&dir.join("Cargo.toml"), &format!("[package]\nname = \"{name}\"\nedition = \"2021\"\n{rest}"));
    for file in files {
        write(&dir.join(file), "fn main() {}\n");
    }
}

fn depends(kind: &str, on: &[&str]) -> String {
    let lines: String = on.iter().map(|name| format!("{name} = {{ path = \"../{name}\" }}\n")).collect();
    format!("[{kind}]\n{lines}")
}

fn found(place: &TestDir, dir: &str) -> Result<(String, String), MembersError> {
    let tree = place.join("tree");
    let EditTargets { leaf, root } = members(&place.cargo(), &tree.join(dir), &tree)?;
    Ok((leaf.to_str().unwrap().to_owned(), root.to_str().unwrap().to_owned()))
}

fn pair(leaf: &str, root: &str) -> (String, String) {
    (leaf.to_owned(), root.to_owned())
}

fn workspace(place: &TestDir, rest: &str) {
    write(&place.join("tree/Cargo.toml"), &format!("[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\n{rest}"));
}

const LIB: &[&str] = &["src/lib.rs"];
const BIN: &[&str] = &["src/main.rs"];
const BOTH: &[&str] = &["src/lib.rs", "src/main.rs"];

#[test]
fn one_package_is_leaf_and_root() {
    let files = |files: &[&str], rest: &str| {
        let place = TestDir::new();
        package(&place.join("tree"), files, rest);
        found(&place, "").unwrap()
    };
    assert_eq!(files(BOTH, ""), pair("src/lib.rs", "src/main.rs"));
    assert_eq!(files(BIN, ""), pair("src/main.rs", "src/main.rs"));
    let others = ["src/lib.rs", "examples/e.rs", "tests/t.rs", "benches/b.rs", "build.rs"];
    assert_eq!(files(&others, ""), pair("src/lib.rs", "src/lib.rs"));
    assert_eq!(files(LIB, "[lib]\nproc-macro = true\n"), pair("src/lib.rs", "src/lib.rs"));
    assert_eq!(files(BOTH, "[lib]\nproc-macro = true\n"), pair("src/main.rs", "src/main.rs"));
}

#[test]
fn the_main_binary_is_the_default_one_then_the_one_named_like_the_package() {
    let bins = |rest: &str| {
        let place = TestDir::new();
        package(&place.join("tree"), &["src/bin/a.rs", "src/bin/tree.rs", "src/bin/z.rs"], rest);
        found(&place, "").unwrap().1
    };
    assert_eq!(bins(""), "src/bin/tree.rs");
    assert_eq!(bins("default-run = \"z\"\n"), "src/bin/z.rs");
    let gated = "[features]\nf = []\n[[bin]]\nname = \"tree\"\nrequired-features = [\"f\"]\n";
    assert_eq!(bins(gated), "src/bin/a.rs");
}

#[test]
fn a_binary_that_the_default_features_do_not_build_comes_last() {
    let found = |files: &[&str], features: &str| {
        let place = TestDir::new();
        let gated = "[[bin]]\nname = \"tree\"\npath = \"src/main.rs\"\nrequired-features = [\"cli\"]\n";
        package(&place.join("tree"), files, &format!("[features]\n{features}\n{gated}"));
        found(&place, "").unwrap()
    };
    assert_eq!(found(BOTH, "cli = []"), pair("src/lib.rs", "src/lib.rs"));
    assert_eq!(found(BOTH, "cli = []\nmore = [\"cli\"]\ndefault = [\"more\"]"), pair("src/lib.rs", "src/main.rs"));
    // Options of the workspace may yet build it.
    assert_eq!(found(BIN, "cli = []"), pair("src/main.rs", "src/main.rs"));
}

#[test]
fn a_binary_without_a_file_in_the_tree_is_passed_over() {
    let place = TestDir::new();
    write(&place.join("outside.rs"), "fn main() {}\n");
    let sly =
        "[[bin]]\nname = \"tree\"\npath = \"../outside.rs\"\n[[bin]]\nname = \"other\"\npath = \"src/other.rs\"\n";
    package(&place.join("tree"), &["src/other.rs"], sly);
    assert_eq!(found(&place, "").unwrap(), pair("src/other.rs", "src/other.rs"));
    // A file that is yet to be generated.
    package(&place.join("tree"), &[], &sly.replace("../outside.rs", "made/later.rs"));
    assert_eq!(found(&place, "").unwrap(), pair("src/other.rs", "src/other.rs"));
}

#[test]
fn leaf_and_root_have_the_most_dependents_and_dependencies() {
    let place = TestDir::new();
    let tree = place.join("tree");
    workspace(&place, "");
    package(&tree.join("words"), BOTH, "");
    package(&tree.join("middle"), LIB, &depends("dependencies", &["words"]));
    package(&tree.join("maker"), LIB, &depends("build-dependencies", &["middle"]));
    package(&tree.join("app"), BOTH, &depends("dependencies", &["maker"]));
    // Tests make neither a leaf nor a root of it.
    package(&tree.join("aid"), LIB, "");
    package(&tree.join("zz"), BIN, &depends("dev-dependencies", &["app", "aid", "words", "middle"]));
    assert_eq!(found(&place, "").unwrap(), pair("words/src/lib.rs", "app/src/main.rs"));
}

#[test]
fn equals_are_ordered() {
    let place = TestDir::new();
    let tree = place.join("tree");
    workspace(&place, "");
    // b and c have two dependents each, b needs a procedural macro.
    package(&tree.join("d"), LIB, "[lib]\nproc-macro = true\n");
    package(&tree.join("b"), LIB, &depends("dependencies", &["d"]));
    package(&tree.join("c"), LIB, "");
    let both = depends("dependencies", &["b", "c"]);
    package(&tree.join("e"), LIB, &both);
    package(&tree.join("f"), BIN, &both);
    assert_eq!(found(&place, "").unwrap(), pair("c/src/lib.rs", "f/src/main.rs"));
    package(&tree.join("b"), LIB, "");
    assert_eq!(found(&place, "").unwrap().0, "b/src/lib.rs");
    package(&tree.join("a"), BIN, &both);
    assert_eq!(found(&place, "").unwrap().1, "a/src/main.rs");
    // Only default members and what they need are built.
    package(&tree.join("a"), BIN, "");
    package(&tree.join("z"), BIN, "");
    workspace(&place, "default-members = [\"z\", \"c\"]\n");
    assert_eq!(found(&place, "").unwrap(), pair("c/src/lib.rs", "z/src/main.rs"));
}

#[test]
fn only_what_is_surely_built_is_chosen() {
    let place = TestDir::new();
    let tree = place.join("tree");
    let all = "[workspace]\nmembers = [\"leaf\", \"popular\", \"o1\", \"o2\", \"o3\"]\n";
    package(&tree, BIN, &format!("{all}[dependencies]\nleaf = {{ path = \"leaf\" }}\n"));
    package(&tree.join("leaf"), LIB, "");
    // Nothing below is built by `cargo build` at the root.
    package(&tree.join("popular"), LIB, "");
    for other in ["o1", "o2", "o3"] {
        package(&tree.join(other), BIN, &depends("dependencies", &["popular"]));
    }
    assert_eq!(found(&place, "").unwrap(), pair("leaf/src/lib.rs", "src/main.rs"));
    assert_eq!(found(&place, "o2").unwrap(), pair("popular/src/lib.rs", "o2/src/main.rs"));
    let maybe = "[dependencies]\npopular = { path = \"../popular\", optional = true }\n";
    package(&tree.join("o2"), BIN, maybe);
    assert_eq!(found(&place, "o2").unwrap().0, "o2/src/main.rs");
    package(&tree.join("o2"), BIN, &depends("target.'cfg(windows)'.dependencies", &["popular"]));
    assert_eq!(found(&place, "o2").unwrap().0, "o2/src/main.rs");
}

#[test]
fn procedural_macros_come_last() {
    let place = TestDir::new();
    let tree = place.join("tree");
    workspace(&place, "");
    package(&tree.join("macros"), LIB, "[lib]\nproc-macro = true\n");
    package(&tree.join("types"), LIB, &depends("dependencies", &["macros"]));
    package(&tree.join("app"), BIN, &depends("dependencies", &["types", "macros"]));
    assert_eq!(found(&place, "").unwrap(), pair("types/src/lib.rs", "app/src/main.rs"));
}

#[test]
fn a_member_or_file_outside_of_the_tree_is_not_chosen() {
    let place = TestDir::new();
    let tree = place.join("tree");
    workspace(&place, "");
    package(&place.join("outer"), LIB, "");
    package(&tree.join("app"), BIN, "[dependencies]\nouter = { path = \"../../outer\" }\n");
    write(&place.join("outside.rs"), "fn main() {}\n");
    let lib = "[lib]\npath = \"../../outside.rs\"\n";
    package(&tree.join("sly"), &[], lib);
    let all = "[workspace]\nresolver = \"2\"\nmembers = [\"app\", \"sly\"]\n";
    write(&tree.join("Cargo.toml"), all);
    assert_eq!(found(&place, "").unwrap(), pair("app/src/main.rs", "app/src/main.rs"));
    let error = found(&place, "sly").unwrap_err();
    assert!(matches!(error, MembersError::NoSource(..)), "{error}");
}

#[test]
fn a_link_to_a_file_outside_of_the_tree_is_not_followed() {
    let place = TestDir::new();
    package(&place.join("tree"), BIN, "");
    write(&place.join("outside.rs"), "\n");
    std::os::unix::fs::symlink(place.join("outside.rs"), place.join("tree/src/lib.rs")).unwrap();
    assert_eq!(found(&place, "").unwrap(), pair("src/main.rs", "src/main.rs"));
}

#[test]
fn a_broken_manifest_is_one_line() {
    let place = TestDir::new();
    write(&place.join("tree/Cargo.toml"), "[package\n");
    let error = found(&place, "").unwrap_err().to_string();
    assert!(error.contains("cargo metadata") && !error.contains('\n'), "{error}");
}

/// A tree may bring a Cargo configuration. It has no say in which members there are.
#[test]
fn a_configuration_in_the_tree_is_not_obeyed() {
    let place = TestDir::new();
    package(&place.join("tree"), BIN, "");
    write(&place.join("tree/.cargo/config.toml"), "not TOML");
    write(&place.join("tree/rust-toolchain.toml"), "[toolchain]\nchannel = \"no-such-toolchain\"\n");
    assert_eq!(found(&place, "").unwrap(), pair("src/main.rs", "src/main.rs"));
    assert!(!place.join("tree/Cargo.lock").exists());
}
