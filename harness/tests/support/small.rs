//! Workspaces that build in no time, since nothing in them needs more linking than it must.

use super::Place;

fn library(name: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{dependencies}\n")
}

/// The root of a workspace: nothing is compiled that no test looks at.
fn root(name: &str, dependencies: &str, workspace: &str) -> String {
    library(name, dependencies) + "\n[profile.dev]\ndebug = 0\nincremental = false\n\n[workspace]\n" + workspace
}

/// `older` and `newer`: a library each, on two versions of one crate, directly and through
/// another. 3 units each.
pub fn pair(place: &Place) {
    place.publish("base", "1.0.0", "", &[("src/lib.rs", "pub fn base() -> u32 { 1 }\n")]);
    let stacked = "pub fn stacked() -> u32 { base::base() }\n";
    place.publish("stacked", "1.0.0", "[dependencies]\nbase = \"1\"\n", &[("src/lib.rs", stacked)]);
    let member = |name: &str, base: &str| {
        let manifest = root(name, &format!("stacked = \"1\"\nbase = \"={base}\""), "");
        let lib = "pub fn sum() -> u32 { stacked::stacked() + base::base() }\n";
        place.workspace(name, &[("Cargo.toml", &manifest), ("src/lib.rs", lib)]);
    };
    member("older", "1.0.0");
    place.publish("base", "1.1.0", "", &[("src/lib.rs", "pub fn base() -> u32 { 2 }\n")]);
    member("newer", "1.1.0");
}

/// `eight`: a library on a member, on a proc macro, a script and plain crates. 8 units. No file
/// of a package holds the path of the build directory, so that whoever builds a unit makes the
/// same bytes.
pub fn eight(place: &Place) {
    place.publish("plain", "1.0.0", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")]);
    let maker = "use proc_macro::TokenStream;
#[proc_macro]
pub fn seven(_: TokenStream) -> TokenStream { \"7u32\".parse().unwrap() }\n";
    place.publish("maker", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", maker)]);
    let made = "pub fn made() -> u32 { maker::seven!() }\n";
    place.publish("made", "1.0.0", "[dependencies]\nmaker = \"1\"\n", &[("src/lib.rs", made)]);
    place.publish(
        "flagged",
        "1.0.0",
        "",
        &[
            ("build.rs", "fn main() { println!(\"cargo::rerun-if-changed=build.rs\\ncargo::rustc-env=FLAG=up\"); }\n"),
            ("src/lib.rs", "pub fn flagged() -> &'static str { env!(\"FLAG\") }\n"),
        ],
    );
    let root = root("eight", "core-of = { path = \"core-of\" }", "members = [\"core-of\"]\n");
    let member = library("core-of", "plain = \"1\"\nmade = \"1\"\nflagged = \"1\"");
    place.workspace(
        "eight",
        &[
            ("Cargo.toml", &root),
            ("src/lib.rs", "pub fn eight() -> usize { core_of::core_of() + 1 }\n"),
            ("core-of/Cargo.toml", &member),
            (
                "core-of/src/lib.rs",
                "pub fn core_of() -> usize { plain::plain() as usize + made::made() as usize + flagged::flagged().len() }\n",
            ),
        ],
    );
}
