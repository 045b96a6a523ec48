//! Files of our own store are damaged between two builds. What is damaged must not be reused,
//! must not fail a build, and must not stay: the next build publishes it anew, and the one after
//! that reuses it.

use std::path::{Path, PathBuf};

use strategies::store::{Bytes, Entry, FORMAT};

use super::{PRINTS, set_up};
use crate::context::ProbeContext;
use crate::{ProbeError, ProbeResult};

pub(super) fn truncated(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_damage(cx, stored, &|path| rewrite(path, false, |bytes| bytes[..bytes.len() / 2].to_vec()))
}

pub(super) fn flipped(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_damage(cx, stored, &|path| rewrite(path, false, flip))
}

/// Not a bit anywhere, but the word that programs print: if such bytes are linked, it shows.
pub(super) fn flipped_time_kept(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_damage(cx, stored, &|path| {
        rewrite(path, true, |bytes| {
            let word = PRINTS.as_bytes();
            let mut out = bytes.to_vec();
            let found = bytes.windows(word.len()).enumerate().filter(|(_, window)| *window == word);
            found.for_each(|(at, _)| out[at] ^= 0x20);
            out
        })
    })
}

pub(super) fn missing(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_damage(cx, stored, &|path| Ok(std::fs::remove_file(path)?))
}

pub(super) fn no_manifests(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_damage(cx, manifests, &|path| Ok(std::fs::remove_file(path)?))
}

pub(super) fn short_manifests(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_damage(cx, manifests, &|path| rewrite(path, false, |bytes| bytes[..bytes.len() / 2].to_vec()))
}

pub(super) fn garbage_manifests(cx: &mut ProbeContext<'_>) -> ProbeResult {
    with_damage(cx, manifests, &|path| rewrite(path, false, |_| b"{\"format\":1,\xff\n".to_vec()))
}

/// Their seals are right: nothing but the version is wrong with them.
pub(super) fn another_version(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.store()?;
    let store = format!("store/v{}", FORMAT + 1);
    cx.write(&format!("{store}/entries/00/later"), "of a later version\n")?;
    set_up(cx, &["first", "second"])?;
    cx.build("first")?;
    for (entry, manifest) in entries(cx)? {
        let later = Entry { format: FORMAT + 1, ..entry };
        replace(&manifest, &later.encode()?, false)?;
    }
    cx.note("change the format version in every manifest, and seal it again");
    afterwards(cx)?;
    let kept = std::fs::read_to_string(cx.path(&format!("{store}/entries/00/later"))).unwrap_or_default();
    match kept.as_str() {
        "of a later version\n" => Ok(()),
        _ => ProbeError::failed("it touched the store of another version".to_owned()),
    }
}

/// Which files are damaged.
type Which = fn(&ProbeContext<'_>) -> ProbeResult<Vec<PathBuf>>;

fn with_damage(cx: &mut ProbeContext<'_>, which: Which, damage: &dyn Fn(&Path) -> ProbeResult) -> ProbeResult {
    cx.store()?;
    set_up(cx, &["first", "second"])?;
    cx.builds("first", PRINTS)?;
    let paths = which(cx)?;
    if paths.is_empty() {
        return ProbeError::failed("nothing was published".to_owned());
    }
    paths.iter().try_for_each(|path| damage(path))?;
    cx.note("damage the store as described");
    afterwards(cx)
}

fn afterwards(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.wipe("first")?;
    cx.survives("first", PRINTS)?;
    cx.survives("second", PRINTS)?;
    cx.store_is_whole()?;
    cx.wipe("first")?;
    let again = cx.build("first")?;
    cx.prints("first", PRINTS)?;
    again.must_reuse("plain")
}

/// Every entry with its manifest.
fn entries(cx: &ProbeContext<'_>) -> ProbeResult<Vec<(Entry, PathBuf)>> {
    let store = cx.store()?;
    Ok(store.entries().into_iter().map(|entry| (entry.clone(), store.manifest(&entry.key))).collect())
}

fn manifests(cx: &ProbeContext<'_>) -> ProbeResult<Vec<PathBuf>> {
    Ok(entries(cx)?.into_iter().map(|(_, manifest)| manifest).collect())
}

/// Every file that entries have beside their manifests, once.
fn stored(cx: &ProbeContext<'_>) -> ProbeResult<Vec<PathBuf>> {
    let store = cx.store()?;
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

fn rewrite(path: &Path, keep_time: bool, change: impl Fn(&[u8]) -> Vec<u8>) -> ProbeResult {
    let bytes = std::fs::read(path)?;
    replace(path, &change(&bytes), keep_time)
}

/// Puts another file in the place of one, with its mode: other hard links of the old one
/// are not to be damaged along with it.
fn replace(path: &Path, bytes: &[u8], keep_time: bool) -> ProbeResult {
    let old = std::fs::metadata(path)?;
    let aside = path.with_extension("damaged");
    std::fs::write(&aside, bytes)?;
    if keep_time {
        strategies::files::set_time(&aside, old.modified()?)?;
    }
    std::fs::set_permissions(&aside, old.permissions())?;
    Ok(std::fs::rename(&aside, path)?)
}
