//! The final program of one tree is stripped, overwritten and made no program any more.
//! Cargo hard links it to its unit's directory, so a store that shares that inode is hit.

use super::library::replaced;
use super::{DAMAGED, WORD, main, set_up};
use crate::bench::Bench;
use crate::hands::Hands;
use crate::intact::Snapshot;
use crate::materials::package;
use crate::{Told, Wrong};

pub(super) fn as_root(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::Root)
}

pub(super) fn as_user(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::User)
}

/// Three checkouts of one workspace, so that one program may serve all.
fn tell(bench: &mut Bench<'_>, hands: Hands) -> Told {
    set_up(bench, &[])?;
    let manifest = package("app", "0.1.0", "[dependencies]\nplain = \"1\"\n\n[workspace]\n");
    for tree in ["first", "second", "third"] {
        bench.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", &main(""))])?;
        bench.set(tree).program = Some("app".to_owned());
    }
    for tree in ["first", "second"] {
        bench.build(tree)?;
        bench.prints(tree, WORD)?;
    }
    bench.into_hands(hands)?;
    let others = ["store", "target/second"];
    let before = Snapshot::of(bench, &others)?;
    let program = "target/first/debug/app";
    let bytes = std::fs::read(bench.at(program))?;
    std::fs::write(bench.at("patched"), replaced(&bytes, WORD.as_bytes(), DAMAGED.as_bytes()))?;
    bench.note(&format!("patched: {program} with {DAMAGED:?} in place of {WORD:?}"));
    for tool in [&["strip", program][..], &["cp", "patched", program], &["chmod", "a-x", program]] {
        // What is refused has done no harm; what follows shows the rest.
        let _refused = bench.lend(hands, tool)?;
        let after = Snapshot::of(bench, &others)?;
        if let (Hands::User, Some((path, how))) = (hands, before.first_difference(&after)) {
            let path = path.strip_prefix(bench.at("")).unwrap_or(path).display();
            return Err(Wrong::Failed(format!("`{}` got through to {path}, which {how}", tool.join(" "))));
        }
    }
    bench.prints("second", WORD)?;
    bench.survives("second", WORD)?;
    bench.survives("third", WORD)?;
    bench.store_hands_out_no_damage()?;
    bench.wipe("first")?;
    bench.survives("first", WORD)
}
