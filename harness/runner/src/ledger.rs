//! What the trees of an arm take on disk, step by step.
//!
//! Store and build directories share blocks, so each step needs all trees; but a measured build changes its own build
//! directory and the store, and nothing else. So every tree is remembered as it was seen last ([`TreeScan`]), and only
//! those that were touched are looked at again. The file system is synced first, outside the measured time: what is not
//! written out has no blocks yet, and the write-back of one arm's build must not fall into the next one's time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exec::disk::{self, TreeScan, TreeUsage};

/// What the disk looked like after a step. What cannot be known is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskUse {
    pub store: Option<TreeUsage>,
    pub tree: Option<TreeUsage>,
    /// Store and all build directories together, what they share counted once, bytes.
    pub all_physical_bytes: Option<u64>,
    /// What the step added to that, bytes; negative where it freed more than it took.
    pub(crate) marginal_physical_bytes: Option<i64>,
}

#[derive(Debug, Default)]
pub struct Ledger {
    /// Each as it was seen last; `None` where it has to be looked at again.
    trees: BTreeMap<PathBuf, Option<TreeScan>>,
    /// Physical bytes of all before the step that runs now.
    before: Option<u64>,
}

impl Ledger {
    /// A ledger of these trees, none of which lies within another. They need not exist.
    pub fn of<'a>(trees: impl IntoIterator<Item = &'a Path>) -> Ledger {
        Ledger { trees: trees.into_iter().map(|tree| (tree.to_owned(), None)).collect(), before: None }
    }

    pub fn touch(&mut self, tree: &Path) {
        self.trees.insert(tree.to_owned(), None);
    }

    /// Called when the actions of a step are done and its build begins: from here on, growth is the step's. What the
    /// actions wrote and removed is written out, so that the build does not pay for it.
    pub fn begin(&mut self) {
        let somewhere = self.trees.keys().filter_map(|tree| tree.parent()).find(|dir| dir.is_dir());
        somewhere.into_iter().for_each(|dir| drop(disk::sync(dir)));
        self.look();
        self.before = self.together();
    }

    /// Called after the builds: looks again at their build directories and at what the strategy keeps.
    pub fn end(&mut self, kept: &[&Path], trees: &[&Path]) -> DiskUse {
        trees.iter().chain(kept).for_each(|tree| self.touch(tree));
        // Where syncing fails the extents say so themselves: they have no place yet.
        trees.iter().chain(kept).for_each(|tree| drop(disk::sync(tree)));
        self.look();
        let scan = |path: &Path| self.trees.get(path)?.as_ref();
        let all = self.together();
        let of = |trees: &[&Path]| trees.iter().map(|tree| scan(tree)).collect::<Option<Vec<&TreeScan>>>();
        DiskUse {
            store: of(kept).filter(|scans| !scans.is_empty()).map(disk::together),
            tree: of(trees).map(disk::together),
            all_physical_bytes: all,
            marginal_physical_bytes: all.zip(self.before).map(|(all, before)| all as i64 - before as i64),
        }
    }

    /// Looks at every tree that is not known. One that cannot be read stays unknown, and with
    /// it every sum it is part of.
    fn look(&mut self) {
        for (path, scan) in self.trees.iter_mut().filter(|(_, scan)| scan.is_none()) {
            *scan = disk::scan(path).ok();
        }
    }

    fn together(&self) -> Option<u64> {
        let scans = self.trees.values().map(Option::as_ref).collect::<Option<Vec<&TreeScan>>>()?;
        disk::together(scans).physical_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const KIB: u64 = 1024;

    struct Trees {
        _dir: tempfile::TempDir,
        store: PathBuf,
        a: PathBuf,
        b: PathBuf,
        ledger: Ledger,
    }

    impl Trees {
        /// `None` where the file system has no extents.
        fn new() -> Option<Trees> {
            let dir = tempfile::tempdir().unwrap();
            let [store, a, b] = ["store", "a", "b"].map(|name| dir.path().join(name));
            fs::create_dir(&store).unwrap();
            let mut ledger = Ledger::of([store.as_path(), &a, &b]);
            fs::write(store.join("probe"), vec![1; 64 * KIB as usize]).unwrap();
            if ledger.end(&[&store], &[&a]).all_physical_bytes.is_none() {
                skip::skip("shared extents", &format!("the file system of {} shows no extents", dir.path().display()));
                return None;
            }
            fs::remove_file(store.join("probe")).unwrap();
            ledger.touch(&store);
            Some(Trees { _dir: dir, store, a, b, ledger })
        }

        fn build(&mut self, tree: &str, make: impl FnOnce(&Path, &Path)) -> DiskUse {
            let tree = if tree == "a" { self.a.clone() } else { self.b.clone() };
            self.ledger.begin();
            fs::create_dir_all(&tree).unwrap();
            make(&self.store, &tree);
            self.ledger.end(&[&self.store], &[&tree])
        }
    }

    fn about(bytes: Option<i64>, kib: i64) -> bool {
        bytes.is_some_and(|bytes| (bytes - kib * KIB as i64).abs() <= 16 * KIB as i64)
    }

    fn write(path: PathBuf, kib: u64) {
        fs::write(path, vec![7; (kib * KIB) as usize]).unwrap();
    }

    #[test]
    fn a_step_is_charged_with_what_it_added_and_shared_files_are_free() {
        let Some(mut trees) = Trees::new() else { return };
        let filled = trees.build("a", |store, tree| {
            write(tree.join("big"), 512);
            fs::hard_link(tree.join("big"), store.join("blob")).unwrap();
        });
        assert!(about(filled.marginal_physical_bytes, 512), "{filled:?}");
        assert!(about(filled.store.unwrap().physical_bytes.map(|b| b as i64), 512), "{filled:?}");
        let further = trees.build("b", |store, tree| {
            fs::hard_link(store.join("blob"), tree.join("big")).unwrap();
            write(tree.join("own"), 128);
        });
        assert!(about(further.marginal_physical_bytes, 128), "{further:?}");
        assert!(about(further.tree.unwrap().physical_bytes.map(|b| b as i64), 640), "{further:?}");
        assert!(about(further.all_physical_bytes.map(|b| b as i64), 640), "{further:?}");
    }

    #[test]
    fn what_happens_between_steps_is_charged_to_none() {
        let Some(mut trees) = Trees::new() else { return };
        trees.build("a", |_, tree| write(tree.join("big"), 512));
        fs::remove_dir_all(&trees.a).unwrap();
        let gone = trees.a.clone();
        trees.ledger.touch(&gone);
        let again = trees.build("a", |_, tree| write(tree.join("big"), 512));
        assert!(about(again.marginal_physical_bytes, 512), "as much as in an empty directory: {again:?}");
        let freed = trees.build("a", |_, tree| fs::remove_file(tree.join("big")).unwrap());
        assert!(about(freed.marginal_physical_bytes, -512), "{freed:?}");
    }

    #[test]
    fn what_was_not_touched_is_not_looked_at_again() {
        let Some(mut trees) = Trees::new() else { return };
        trees.build("a", |_, tree| write(tree.join("big"), 512));
        write(trees.a.join("unnoticed"), 512);
        let other = trees.build("b", |_, tree| write(tree.join("own"), 128));
        assert!(about(other.all_physical_bytes.map(|b| b as i64), 640), "{other:?}");
        let a = trees.a.clone();
        trees.ledger.touch(&a);
        let other = trees.build("b", |_, _| {});
        assert!(about(other.marginal_physical_bytes, 0), "{other:?}");
        assert!(about(other.all_physical_bytes.map(|b| b as i64), 1152), "{other:?}");
    }

    #[test]
    fn without_extents_only_physical_bytes_are_missing() {
        let shm = Path::new("/dev/shm");
        let Some(dir) = shm.is_dir().then(|| tempfile::tempdir_in(shm).ok()).flatten() else {
            skip::skip("trees on two file systems", "there is no writable /dev/shm");
            return;
        };
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).unwrap();
        write(tree.join("f"), 64);
        let mut ledger = Ledger::of([tree.as_path()]);
        ledger.begin();
        let found = ledger.end(&[], &[&tree]);
        assert_eq!((found.all_physical_bytes, found.marginal_physical_bytes, found.store), (None, None, None));
        assert!(found.tree.is_some_and(|usage| usage.allocated_bytes >= 64 * KIB && usage.physical_bytes.is_none()));
    }
}
