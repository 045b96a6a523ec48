//! What is done to one tree must not reach the store or another tree.
//!
//! Tools write into build directories: people strip programs and libraries, patch them, change
//! their modes, and an editor writes in place. Each story does one such thing to the tree
//! `first` and then looks at the others. As root the question is what follows: whether another
//! tree gets a wrong build, or the store goes on to hand out damaged bytes. As an ordinary
//! user the question is stricter: whether any byte or mode outside the tree could be changed
//! at all, since read-only files are what keeps this user from it.
//!
//! | file | what it is for |
//! |---|---|
//! | `library` | a dependency's library, which trees may share with the store |
//! | `program` | the final program, which people overwrite most |
//! | here | `cargo clean` |

mod library;
mod program;

use super::bench::Bench;
use super::{Expects, Family, Probe, Told, Wrong};

const STRIPPED: &str = "https://github.com/ccache/ccache/issues/161";
const IN_PLACE: &str = "https://github.com/ccache/ccache/issues/331 https://github.com/frerich/clcache/issues/282";
const READ_ONLY: &str = "https://github.com/rust-lang/cargo/issues/9455";
const MODE: &str = "https://github.com/ccache/ccache/issues/331";
const UPLIFTED: &str = "https://github.com/rust-lang/cargo/issues/11101";
const DESIGN: &str = "https://github.com/rust-lang/cargo/issues/5931";

const fn survive(name: &'static str, origin: &'static str, about: &'static str, tell: Tell) -> Probe {
    Probe { name, origin, expects: Expects::Survive, about, tell }
}

type Tell = fn(&mut Bench<'_>) -> Told;

/// The family.
pub const FAMILY: Family = Family {
    name: "isolation",
    about: "What is done to one tree must not reach the store or another tree.",
    alone: false,
    probes: &[
        survive(
            "library-overwritten-as-root",
            IN_PLACE,
            "Root overwrites a dependency's library in one tree, in place, with other code.",
            library::overwritten_as_root,
        ),
        survive(
            "library-overwritten-as-user",
            READ_ONLY,
            "An ordinary user overwrites a dependency's library in one tree, in place, with other code.",
            library::overwritten_as_user,
        ),
        survive(
            "library-overwritten-time-kept",
            IN_PLACE,
            "Root overwrites a dependency's library in one tree and gives it its old time again.",
            library::time_kept,
        ),
        survive(
            "library-unlocked-and-overwritten",
            MODE,
            "An ordinary user makes a dependency's library in one tree writable, and overwrites it.",
            library::unlocked,
        ),
        survive(
            "library-appended-to-as-root",
            IN_PLACE,
            "Root appends to a dependency's library in one tree.",
            library::appended_as_root,
        ),
        survive(
            "library-appended-to-as-user",
            READ_ONLY,
            "An ordinary user appends to a dependency's library in one tree.",
            library::appended_as_user,
        ),
        survive(
            "library-truncated-as-root",
            IN_PLACE,
            "Root truncates a dependency's library in one tree.",
            library::truncated_as_root,
        ),
        survive(
            "library-truncated-as-user",
            READ_ONLY,
            "An ordinary user truncates a dependency's library in one tree.",
            library::truncated_as_user,
        ),
        survive(
            "library-stripped-as-root",
            STRIPPED,
            "Root strips a dependency's library in one tree.",
            library::stripped_as_root,
        ),
        survive(
            "library-stripped-as-user",
            STRIPPED,
            "An ordinary user strips a dependency's library in one tree.",
            library::stripped_as_user,
        ),
        survive(
            "library-chmodded-as-root",
            MODE,
            "Root changes the mode of a dependency's library in one tree.",
            library::chmodded_as_root,
        ),
        survive(
            "library-chmodded-as-user",
            MODE,
            "An ordinary user changes the mode of a dependency's library in one tree.",
            library::chmodded_as_user,
        ),
        survive(
            "program-meddled-with-as-root",
            UPLIFTED,
            "Root strips, overwrites and chmods the final program of one tree.",
            program::as_root,
        ),
        survive(
            "program-meddled-with-as-user",
            UPLIFTED,
            "An ordinary user strips, overwrites and chmods the final program of one tree.",
            program::as_user,
        ),
        survive(
            "cargo-clean-in-one-tree",
            DESIGN,
            "`cargo clean` in one tree leaves the builds of others fresh and the store whole.",
            cargo_clean,
        ),
    ],
};

/// What the dependency says, and what the damaged one would say: equally long.
const WORD: &str = "as it was built";
const DAMAGED: &str = "no longer as it";

/// A dependency from the registry, and trees with a program that prints what it says.
fn set_up(bench: &mut Bench<'_>, trees: &[&str]) -> Told {
    let word = format!("#[inline(never)]\npub fn word() -> &'static str {{ \"{WORD}\" }}\n");
    bench.publish("plain", "1.0.0", "", &[("src/lib.rs", &word)])?;
    for tree in trees {
        let manifest = super::materials::package(tree, "0.1.0", "[dependencies]\nplain = \"1\"\n\n[workspace]\n");
        bench.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", &main(""))])?;
    }
    Ok(())
}

fn main(more: &str) -> String {
    format!("fn main() {{ println!(\"{more}{{}}\", plain::word()); }}\n")
}

fn cargo_clean(bench: &mut Bench<'_>) -> Told {
    set_up(bench, &["first", "second", "third"])?;
    for tree in ["first", "second"] {
        bench.build(tree)?;
        bench.prints(tree, WORD)?;
    }
    let layout = bench.build_env().toolchain.layout_flag();
    let args: Vec<&str> = ["clean", "--offline"].into_iter().chain(layout).collect();
    bench.cargo("first", &args)?;
    bench.warm_no_more("first");
    bench.prints("second", WORD)?;
    let again = bench.build("second")?;
    if again.ran() > 0 {
        let what = again.what_ran();
        return Err(Wrong::Failed(format!("`cargo clean` in first makes second build again: {what}")));
    }
    bench.prints("second", WORD)?;
    bench.store_is_whole()?;
    bench.build("third")?;
    bench.prints("third", WORD)?;
    bench.survives("first", WORD)
}
