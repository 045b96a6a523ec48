//! Stale hits: what must not be reused, since something it was made from has changed.

use super::bench::{Bench, package};
use super::{Expects, Family, Probe, Told};

/// The family.
pub const FAMILY: Family = Family {
    name: "stale",
    about: "Something an artifact was made from has changed: it must not be handed out.",
    alone: false,
    probes: &[Probe {
        name: "same-version-two-checkouts",
        origin: "https://github.com/rust-lang/cargo/issues/12516",
        expects: Expects::Rebuild,
        about: "Two checkouts hold a path member of one name and version with different sources.",
        tell: same_version_two_checkouts,
    }],
};

fn same_version_two_checkouts(bench: &mut Bench<'_>) -> Told {
    let manifest = package("app", "0.1.0", "[dependencies]\nmember = { path = \"member\" }\n\n[workspace]\n");
    let main = "fn main() { println!(\"{}\", member::word()); }\n";
    let member = package("member", "0.1.0", "");
    for (tree, word) in [("first", "one"), ("second", "two")] {
        let lib = format!("pub fn word() -> &'static str {{ \"{word}\" }}\n");
        bench.tree(
            tree,
            &[
                ("Cargo.toml", &manifest.replace("\"app\"", &format!("\"{tree}\""))),
                ("src/main.rs", main),
                ("member/Cargo.toml", &member),
                ("member/src/lib.rs", &lib),
            ],
        )?;
    }
    bench.build("first")?;
    bench.prints("first", "one")?;
    bench.build("second")?;
    bench.prints("second", "two")
}
