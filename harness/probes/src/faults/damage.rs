//! Files of our own store are damaged between two builds. What is damaged must not be handed
//! out, must not fail a build, and must not stay: the next build publishes it anew, and the
//! one after that reuses it.

use std::path::{Path, PathBuf};

use strategies::store::{Bytes, Entry, FORMAT};

use super::{PRINTS, set_up};
use crate::bench::Bench;
use crate::{Told, Wrong};

pub(super) fn truncated(bench: &mut Bench<'_>) -> Told {
    tell(bench, stored, &|path| rewrite(path, false, |bytes| bytes[..bytes.len() / 2].to_vec()))
}

pub(super) fn flipped(bench: &mut Bench<'_>) -> Told {
    tell(bench, stored, &|path| rewrite(path, false, flip))
}

/// Not a bit anywhere, but the word that programs print: if such bytes are linked, it shows.
pub(super) fn flipped_time_kept(bench: &mut Bench<'_>) -> Told {
    tell(bench, stored, &|path| {
        rewrite(path, true, |bytes| {
            let word = PRINTS.as_bytes();
            let mut out = bytes.to_vec();
            let found = bytes.windows(word.len()).enumerate().filter(|(_, window)| *window == word);
            found.for_each(|(at, _)| out[at] ^= 0x20);
            out
        })
    })
}

pub(super) fn missing(bench: &mut Bench<'_>) -> Told {
    tell(bench, stored, &|path| Ok(std::fs::remove_file(path)?))
}

pub(super) fn no_manifests(bench: &mut Bench<'_>) -> Told {
    tell(bench, manifests, &|path| Ok(std::fs::remove_file(path)?))
}

pub(super) fn short_manifests(bench: &mut Bench<'_>) -> Told {
    tell(bench, manifests, &|path| rewrite(path, false, |bytes| bytes[..bytes.len() / 2].to_vec()))
}

pub(super) fn garbage_manifests(bench: &mut Bench<'_>) -> Told {
    tell(bench, manifests, &|path| rewrite(path, false, |_| b"{\"format\":1,\xff\n".to_vec()))
}

/// Their seals are right: nothing but the version is wrong with them.
pub(super) fn another_version(bench: &mut Bench<'_>) -> Told {
    bench.store()?;
    let store = format!("store/v{}", FORMAT + 1);
    bench.write(&format!("{store}/entries/00/later"), "of a later version\n")?;
    set_up(bench, &["first", "second"])?;
    bench.build("first")?;
    for (entry, manifest) in entries(bench)? {
        let later = Entry { format: FORMAT + 1, ..entry };
        replace(&manifest, &later.encode()?, false)?;
    }
    bench.note("change the format version in every manifest, and seal it again");
    afterwards(bench)?;
    let kept = std::fs::read_to_string(bench.at(&format!("{store}/entries/00/later"))).unwrap_or_default();
    match kept.as_str() {
        "of a later version\n" => Ok(()),
        _ => Err(Wrong::Failed("it touched the store of another version".to_owned())),
    }
}

/// Which files are damaged.
type Which = fn(&Bench<'_>) -> Result<Vec<PathBuf>, Wrong>;

fn tell(bench: &mut Bench<'_>, which: Which, harm: &dyn Fn(&Path) -> Told) -> Told {
    bench.store()?;
    set_up(bench, &["first", "second"])?;
    bench.build("first")?;
    bench.prints("first", PRINTS)?;
    let paths = which(bench)?;
    if paths.is_empty() {
        return Err(Wrong::Failed("nothing was published".to_owned()));
    }
    paths.iter().try_for_each(|path| harm(path))?;
    bench.note("damage the store as described");
    afterwards(bench)
}

fn afterwards(bench: &mut Bench<'_>) -> Told {
    bench.wipe("first")?;
    bench.survives("first", PRINTS)?;
    bench.survives("second", PRINTS)?;
    bench.store_is_whole()?;
    bench.wipe("first")?;
    let again = bench.build("first")?;
    bench.prints("first", PRINTS)?;
    again.must_reuse("plain")
}

/// Every entry with its manifest.
fn entries(bench: &Bench<'_>) -> Result<Vec<(Entry, PathBuf)>, Wrong> {
    let store = bench.store()?;
    Ok(store.entries().into_iter().map(|entry| (entry.clone(), store.manifest(&entry.key))).collect())
}

fn manifests(bench: &Bench<'_>) -> Result<Vec<PathBuf>, Wrong> {
    Ok(entries(bench)?.into_iter().map(|(_, manifest)| manifest).collect())
}

/// Every file that entries keep beside their manifests, once.
fn stored(bench: &Bench<'_>) -> Result<Vec<PathBuf>, Wrong> {
    let store = bench.store()?;
    let of = |entry: &Entry| -> Vec<PathBuf> {
        let kept = entry.files.iter().filter(|file| matches!(file.bytes, Bytes::Stored(_)));
        kept.map(|file| store.stored(entry, file)).collect()
    };
    let mut paths: Vec<PathBuf> = store.entries().iter().flat_map(of).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn flip(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    if let Some(byte) = out.get_mut(bytes.len() / 2) {
        *byte ^= 1;
    }
    out
}

fn rewrite(path: &Path, keep_time: bool, change: impl Fn(&[u8]) -> Vec<u8>) -> Told {
    let bytes = std::fs::read(path)?;
    replace(path, &change(&bytes), keep_time)
}

/// Puts another file in the place of one, with its mode: other names of the old one are not
/// to be damaged along with it.
fn replace(path: &Path, bytes: &[u8], keep_time: bool) -> Told {
    let old = std::fs::metadata(path)?;
    let aside = path.with_extension("harmed");
    std::fs::write(&aside, bytes)?;
    if keep_time {
        strategies::files::set_time(&aside, old.modified()?)?;
    }
    std::fs::set_permissions(&aside, old.permissions())?;
    Ok(std::fs::rename(&aside, path)?)
}
