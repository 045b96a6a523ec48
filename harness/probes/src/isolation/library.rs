//! A dependency's library is damaged in one tree. Trees may share it with the store: it is
//! what every design wants to share, and what a hard link or a symbolic link leads to.

use std::path::{Path, PathBuf};

use super::{DAMAGED, WORD, main, set_up};
use crate::bench::Bench;
use crate::hands::Hands;
use crate::intact::Snapshot;
use crate::{Told, Wrong};

pub(super) fn overwritten_as_root(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::Root, overwrite)
}

pub(super) fn overwritten_as_user(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::User, overwrite)
}

pub(super) fn time_kept(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::Root, |hands, bench, library| {
        let meta = std::fs::metadata(bench.at(library))?;
        std::fs::write(bench.at("its-time"), "")?;
        std::fs::File::options().write(true).open(bench.at("its-time"))?.set_modified(meta.modified()?)?;
        match overwrite(hands, bench, library)? {
            Ok(()) => bench.lend(hands, &["touch", "-r", "its-time", library]),
            refused => Ok(refused),
        }
    })
}

pub(super) fn unlocked(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::User, |hands, bench, library| match bench.lend(hands, &["chmod", "u+w", library])? {
        Ok(()) => overwrite(hands, bench, library),
        refused => Ok(refused),
    })
}

pub(super) fn appended_as_root(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::Root, append)
}

pub(super) fn appended_as_user(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::User, append)
}

pub(super) fn truncated_as_root(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::Root, truncate)
}

pub(super) fn truncated_as_user(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::User, truncate)
}

pub(super) fn stripped_as_root(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::Root, strip)
}

pub(super) fn stripped_as_user(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::User, strip)
}

pub(super) fn chmodded_as_root(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::Root, chmod)
}

pub(super) fn chmodded_as_user(bench: &mut Bench<'_>) -> Told {
    tell(bench, Hands::User, chmod)
}

/// Damages a library, by its path in the place; the inner error says who refused.
type Damage = fn(Hands, &mut Bench<'_>, &str) -> Result<Result<(), String>, Wrong>;

/// `cp` writes into the file that is there, as patching tools and some editors do.
fn overwrite(hands: Hands, bench: &mut Bench<'_>, library: &str) -> Result<Result<(), String>, Wrong> {
    let bytes = std::fs::read(bench.at(library))?;
    std::fs::write(bench.at("patched"), replaced(&bytes, WORD.as_bytes(), DAMAGED.as_bytes()))?;
    bench.note(&format!("patched: {library} with {DAMAGED:?} in place of {WORD:?}"));
    bench.lend(hands, &["cp", "patched", library])
}

fn append(hands: Hands, bench: &mut Bench<'_>, library: &str) -> Result<Result<(), String>, Wrong> {
    bench.write("addition", "one line more\n")?;
    bench.lend(hands, &["dd", "if=addition", &format!("of={library}"), "oflag=append", "conv=notrunc", "status=none"])
}

fn truncate(hands: Hands, bench: &mut Bench<'_>, library: &str) -> Result<Result<(), String>, Wrong> {
    bench.lend(hands, &["truncate", "-s", "100", library])
}

fn strip(hands: Hands, bench: &mut Bench<'_>, library: &str) -> Result<Result<(), String>, Wrong> {
    bench.lend(hands, &["strip", library])
}

fn chmod(hands: Hands, bench: &mut Bench<'_>, library: &str) -> Result<Result<(), String>, Wrong> {
    bench.lend(hands, &["chmod", "0200", library])
}

/// Builds two trees, damages the library in the first, and looks at the second, at a third
/// that comes later, and at the store.
fn tell(bench: &mut Bench<'_>, hands: Hands, damage: Damage) -> Told {
    set_up(bench, &["first", "second", "third"])?;
    for tree in ["first", "second"] {
        bench.build(tree)?;
        bench.prints(tree, WORD)?;
    }
    let Some(library) = library(bench, "first") else {
        return Err(Wrong::NotApplicable("it leaves no library in a tree's build directory".to_owned()));
    };
    bench.into_hands(hands)?;
    let others = ["store", "target/second"];
    let before = Snapshot::of(bench, &others)?;
    let own = Snapshot::of(bench, &["target/first"])?;
    let refused = damage(hands, bench, &library)?;
    let after = Snapshot::of(bench, &others)?;
    let reached = before.first_difference(&after);
    if let (Hands::User, Some((path, how))) = (hands, reached) {
        return Err(Wrong::Failed(format!("{} {how}: an ordinary user got through to it", inside(bench, path))));
    }
    if refused.is_err() && reached.is_none() && own == Snapshot::of(bench, &["target/first"])? {
        return Ok(()); // Nothing happened to anybody.
    }
    bench.write("ws/second/src/main.rs", &main("again "))?;
    let told = (bench.survives("second", &format!("again {WORD}")))
        .and_then(|()| bench.survives("third", WORD))
        .and_then(|()| bench.store_hands_out_no_damage());
    match (told, reached) {
        (Err(Wrong::Failed(why)), Some((path, how))) => {
            Err(Wrong::Failed(format!("{why}; {} {how}", inside(bench, path))))
        }
        (told, _) => told,
    }
}

/// The library of the dependency in a tree's build directory, relative to the place.
fn library(bench: &Bench<'_>, tree: &str) -> Option<String> {
    let dir = bench.site(tree).build_dir;
    // Through links, too: what lies behind them is what the tree uses.
    let files = walkdir::WalkDir::new(dir).follow_links(true).into_iter().flatten();
    let mut found: Vec<PathBuf> = files
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.file_type().is_file() && name.starts_with("libplain") && name.ends_with(".rlib")
        })
        .map(walkdir::DirEntry::into_path)
        .collect();
    found.sort();
    Some(inside(bench, found.first()?))
}

fn inside(bench: &Bench<'_>, path: &Path) -> String {
    path.strip_prefix(bench.at("")).unwrap_or(path).to_string_lossy().into_owned()
}

/// Every occurrence of a word replaced by another of its length.
pub(super) fn replaced(bytes: &[u8], word: &[u8], by: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at + word.len() <= out.len() {
        if out[at..].starts_with(word) && by.len() == word.len() {
            out[at..at + by.len()].copy_from_slice(by);
            at += by.len();
        } else {
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_damaged_word_is_as_long_and_replaced_everywhere() {
        assert_eq!(WORD.len(), DAMAGED.len());
        assert_eq!(replaced(b"-ab-ab", b"ab", b"xy"), b"-xy-xy");
        assert_eq!(replaced(b"a", b"ab", b"xy"), b"a");
    }
}
