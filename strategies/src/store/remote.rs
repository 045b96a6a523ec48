//! A store that is filled from a remote one as it is asked, and fills it.
//!
//! A lookup that misses asks the remote for the manifest at once, since dependents are keyed on what it says; the files
//! come through threads of their own while planning goes on, and restoring waits for them ([`Store::settle`]). What comes is
//! compared with the digests in the manifest before it enters the local store, in the way that everything enters it. A
//! unit whose files do not come is built by Cargo, and with it what was compiled against it.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use super::{Added, Entry, FileRecord, Root, Store, StoreKind};
use crate::files::{At, FileError, create_parent, temporary_beside};
use crate::key::{BaseKey, Digest, Key, ObservedInputs};
use crate::link::LinkMode;

/// Transfers at a time.
pub const TRANSFERS: usize = 8;

/// The file of an action that has the entry; the others are called by their number in it.
const MANIFEST: &str = "manifest";

/// A remote cache. It may have nothing, or nothing any more: that is never an error.
pub trait RemoteCache: Debug + Send + Sync {
    /// The files of an action.
    fn action(&self, name: &[u8]) -> Option<Vec<RemoteBlob>>;

    /// Their bytes, as they were published or not at all.
    fn read(&self, blobs: &[RemoteBlob]) -> Vec<Option<Vec<u8>>>;

    /// Publishes an action; whether all of it arrived.
    fn publish(&self, name: &[u8], files: Vec<(String, LocalBytes)>) -> bool;
}

/// A file of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteBlob {
    /// Its name in the action.
    pub name: String,
    /// Its hash, as the remote has it.
    pub hash: String,
    /// Bytes.
    pub size: u64,
}

/// The bytes of a file that is published.
#[derive(Debug, Clone)]
pub enum LocalBytes {
    /// These.
    Bytes(Vec<u8>),
    /// Those of a file on disk.
    File(PathBuf),
}

/// A local store with a remote one behind it, while one is connected.
#[derive(Debug)]
pub struct RemoteStore {
    shared: Arc<Shared>,
    remote: RwLock<Option<Arc<dyn RemoteCache>>>,
    /// What the remote was asked for and does not have, or what came.
    asked: Mutex<HashSet<Vec<u8>>>,
}

#[derive(Debug)]
struct Shared {
    local: Box<dyn Store>,
    under_way: Mutex<UnderWay>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct UnderWay {
    keys: HashMap<Key, u64>,
    running: usize,
    waiting: Vec<Fetch>,
    done: RemoteUse,
}

/// What came from a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RemoteUse {
    /// Bytes of files that entered the local store.
    pub fetched_bytes: u64,
    /// How long restoring waited for files that were under way.
    pub waited: Duration,
}

#[derive(Debug)]
struct Fetch {
    entry: Entry,
    blobs: Vec<RemoteBlob>,
    remote: Arc<dyn RemoteCache>,
}

fn entry_name(key: &Key) -> Vec<u8> {
    format!("cargo-cache-harness entry v{} {}", super::FORMAT, key.hex()).into_bytes()
}

fn inputs_name(base: &BaseKey) -> Vec<u8> {
    format!("cargo-cache-harness inputs v{} {}", super::FORMAT, base.hex()).into_bytes()
}

/// Publishes an entry with its stored files, in their order; whether all of it arrived.
pub fn publish_entry(remote: &dyn RemoteCache, entry: &Entry, files: impl Iterator<Item = LocalBytes>) -> bool {
    let Ok(manifest) = entry.encode() else { return false };
    let files = files.zip(0..).map(|(bytes, at)| (at.to_string(), bytes));
    let files = std::iter::once((MANIFEST.to_owned(), LocalBytes::Bytes(manifest))).chain(files).collect();
    remote.publish(&entry_name(&entry.key), files)
}

impl RemoteStore {
    /// A store without a remote, yet.
    pub fn new(local: Box<dyn Store>) -> RemoteStore {
        let shared = Shared { local, under_way: Mutex::default(), changed: Condvar::new() };
        RemoteStore { shared: Arc::new(shared), remote: RwLock::default(), asked: Mutex::default() }
    }

    /// Connects it, or takes it off the remote again; what is under way comes first.
    pub fn connect(&self, remote: Option<Arc<dyn RemoteCache>>) {
        self.settle();
        self.shared.lock().done = RemoteUse::default();
        *self.remote.write().unwrap_or_else(PoisonError::into_inner) = remote;
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Publishes entries of the local store, with what their builds were seen to read; how many did not arrive whole.
    pub fn upload(&self, keys: &[Key]) -> usize {
        let Some(remote) = self.remote() else { return 0 };
        let next = Mutex::new(keys.iter());
        let failed = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..TRANSFERS.min(keys.len()) {
                scope.spawn(|| {
                    loop {
                        let key = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(key) = key else { return };
                        if !self.upload_one(&*remote, key) {
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                        }
                    }
                });
            }
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn upload_one(&self, remote: &dyn RemoteCache, key: &Key) -> bool {
        let local = &*self.shared.local;
        let Some(entry) = local.lookup(key) else { return false };
        let sets = local.inputs(&entry.base);
        let sets = sets.iter().filter_map(|set| Some(LocalBytes::Bytes(serde_json::to_vec(set).ok()?)));
        let sets: Vec<(String, LocalBytes)> = sets.zip(0..).map(|(bytes, at)| (at.to_string(), bytes)).collect();
        let files = entry.stored_files().map(|(file, _)| LocalBytes::File(local.stored(&entry, file)));
        publish_entry(remote, &entry, files) && (sets.is_empty() || remote.publish(&inputs_name(&entry.base), sets))
    }

    /// What came since it was connected.
    pub fn remote_use(&self) -> RemoteUse {
        self.shared.lock().done
    }

    fn remote(&self) -> Option<Arc<dyn RemoteCache>> {
        self.remote.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for an action, once.
    fn ask(&self, name: Vec<u8>) -> Option<(Arc<dyn RemoteCache>, Vec<RemoteBlob>)> {
        let remote = self.remote()?;
        let is_new = self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        let blobs = if is_new { remote.action(&name)? } else { return None };
        Some((remote, blobs))
    }

    fn find(&self, key: &Key) -> Option<Entry> {
        let (remote, mut blobs) = self.ask(entry_name(key))?;
        let at = blobs.iter().position(|blob| blob.name == MANIFEST)?;
        let manifest = blobs.remove(at);
        let bytes = remote.read(std::slice::from_ref(&manifest)).pop().flatten()?;
        // Whatever is wrong with it, paths that lead out of the unit among it, makes it a miss.
        let entry = Entry::read(&bytes, key)?;
        let wanted: Vec<RemoteBlob> = (0..entry.stored_files().count())
            .map(|at| blobs.iter().find(|blob| blob.name == at.to_string()).cloned())
            .collect::<Option<_>>()?;
        let is_right = entry.stored_files().zip(&wanted).all(|((file, _), blob)| file.size == blob.size);
        is_right.then(|| self.shared.fetch(Fetch { entry: entry.clone(), blobs: wanted, remote }))?;
        Some(entry)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch(self: &Arc<Shared>, fetch: Fetch) {
        let mut under_way = self.lock();
        *under_way.keys.entry(fetch.entry.key).or_default() += 1;
        under_way.waiting.push(fetch);
        if under_way.running < TRANSFERS {
            under_way.running += 1;
            let shared = Arc::clone(self);
            std::thread::spawn(move || shared.work());
        }
    }

    fn work(&self) {
        loop {
            let mut under_way = self.lock();
            let Some(fetch) = under_way.waiting.pop() else {
                under_way.running -= 1;
                self.changed.notify_all();
                return;
            };
            drop(under_way);
            // One that does not come is missing when it is restored.
            let came = self.bring(&fetch).unwrap_or(0);
            let mut under_way = self.lock();
            under_way.done.fetched_bytes += came;
            under_way.keys.remove(&fetch.entry.key);
            self.changed.notify_all();
        }
    }

    fn bring(&self, Fetch { entry, blobs, remote }: &Fetch) -> Option<u64> {
        let contents = remote.read(blobs).into_iter().collect::<Option<Vec<Vec<u8>>>>()?;
        let stored = || entry.stored_files().zip(&contents);
        let is_right = |((file, digest), bytes): ((&FileRecord, Option<Digest>), &Vec<u8>)| {
            bytes.len() as u64 == file.size && digest.is_none_or(|digest| Digest::of(bytes) == digest)
        };
        if !stored().all(is_right) {
            return None;
        }
        // A unit directory as deep as a real one: sessions lie above it.
        let staging = temporary_beside(&self.local.root().path("remote"));
        let unit = staging.join("build/package/hash");
        let add = || -> Result<(), FileError> {
            for ((file, _), bytes) in stored() {
                let path = file.built(&unit);
                create_parent(&path)?;
                fs::write(&path, bytes).at("write", &path)?;
            }
            self.local.add(entry, &unit, LinkMode::Hardlink).map(drop)
        };
        let added = add();
        let _ = fs::remove_dir_all(&staging);
        added.ok().map(|()| contents.iter().map(|bytes| bytes.len() as u64).sum())
    }
}

impl Store for RemoteStore {
    fn kind(&self) -> &'static StoreKind {
        self.shared.local.kind()
    }

    fn root(&self) -> &Root {
        self.shared.local.root()
    }

    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf {
        self.shared.local.stored(entry, file)
    }

    fn out_dir(&self, entry: &Entry) -> Result<PathBuf, FileError> {
        self.shared.local.out_dir(entry)
    }

    fn add(&self, entry: &Entry, unit_dir: &Path, link: LinkMode) -> Result<Added, FileError> {
        self.shared.local.add(entry, unit_dir, link)
    }

    fn manifest(&self, key: &Key) -> PathBuf {
        self.shared.local.manifest(key)
    }

    fn lookup(&self, key: &Key) -> Option<Entry> {
        if self.remote().is_none() {
            return self.shared.local.lookup(key);
        }
        let here = self.shared.local.lookup(key).filter(|entry| self.shared.local.is_intact(entry));
        here.or_else(|| self.find(key))
    }

    fn entries(&self) -> Vec<Entry> {
        self.shared.local.entries()
    }

    fn is_intact(&self, entry: &Entry) -> bool {
        self.is_under_way(&entry.key) || self.shared.local.is_intact(entry)
    }

    fn inputs(&self, base: &BaseKey) -> Vec<ObservedInputs> {
        if let Some((remote, blobs)) = self.ask(inputs_name(base)) {
            let sets = remote.read(&blobs).into_iter().flatten();
            let sets = sets.filter_map(|bytes| serde_json::from_slice::<ObservedInputs>(&bytes).ok());
            // One that cannot be written is asked for again by the next build.
            sets.for_each(|set| drop(self.root().add_inputs(base, &set)));
        }
        self.shared.local.inputs(base)
    }

    fn local(&self) -> Option<&dyn Store> {
        self.remote().map(|_| &*self.shared.local)
    }

    fn is_under_way(&self, key: &Key) -> bool {
        self.shared.lock().keys.contains_key(key)
    }

    fn lock_shared(&self) -> Result<Option<File>, FileError> {
        self.shared.local.lock_shared()
    }

    fn touch(&self, key: &Key, now: SystemTime) {
        self.shared.local.touch(key, now);
    }

    fn settle(&self) {
        let began = Instant::now();
        let mut under_way = self.shared.lock();
        while under_way.running > 0 {
            under_way = self.shared.changed.wait(under_way).unwrap_or_else(PoisonError::into_inner);
        }
        under_way.done.waited += began.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::layout::FileSharing;
    use crate::store::entry::tests::entry;
    use crate::store::{ALL, Bytes};

    type Blobs = Vec<(String, Vec<u8>)>;
    type Spoil = fn(&str, &mut Vec<u8>);

    /// A remote in memory, which may change what it sends.
    #[derive(Debug, Default)]
    struct Memory {
        actions: Mutex<HashMap<Vec<u8>, Blobs>>,
        asked: Mutex<u64>,
        spoil: Option<Spoil>,
    }

    impl RemoteCache for Memory {
        fn action(&self, name: &[u8]) -> Option<Vec<RemoteBlob>> {
            *self.asked.lock().unwrap() += 1;
            let hash = |at: usize| format!("{}/{at}", String::from_utf8_lossy(name));
            let actions = self.actions.lock().unwrap();
            let files = actions.get(name)?.iter().enumerate();
            Some(
                files
                    .map(|(at, (name, bytes))| RemoteBlob {
                        name: name.clone(),
                        hash: hash(at),
                        size: bytes.len() as u64,
                    })
                    .collect(),
            )
        }

        fn read(&self, blobs: &[RemoteBlob]) -> Vec<Option<Vec<u8>>> {
            let actions = self.actions.lock().unwrap();
            let read = |blob: &RemoteBlob| {
                let (action, at) = blob.hash.rsplit_once('/')?;
                let mut bytes = actions.get(action.as_bytes())?[at.parse::<usize>().ok()?].1.clone();
                self.spoil.iter().for_each(|spoil| spoil(&blob.name, &mut bytes));
                (!bytes.is_empty()).then_some(bytes)
            };
            blobs.iter().map(read).collect()
        }

        fn publish(&self, name: &[u8], files: Vec<(String, LocalBytes)>) -> bool {
            let read = |(name, bytes)| match bytes {
                LocalBytes::Bytes(bytes) => (name, bytes),
                LocalBytes::File(path) => (name, fs::read(path).unwrap()),
            };
            self.actions.lock().unwrap().insert(name.to_vec(), files.into_iter().map(read).collect());
            true
        }
    }

    const CONTENT: &[u8] = b"what rustc wrote";

    fn sample() -> Entry {
        let file = FileRecord {
            path: "out/liba.rlib".into(),
            size: CONTENT.len() as u64,
            executable: false,
            mode: None,
            share: FileSharing::Shared,
            bytes: Bytes::Stored(Some(Digest::of(CONTENT))),
        };
        Entry { files: vec![file], ..entry(Key::of(b"k")) }
    }

    /// A remote that a first machine has filled, and the store of a second one in `dir`.
    fn machines(kind: &StoreKind, dir: &Path, spoil: Option<Spoil>) -> (Arc<Memory>, RemoteStore) {
        let unit = dir.join("target/debug/build/a/0f");
        fs::create_dir_all(unit.join("out")).unwrap();
        fs::write(unit.join("out/liba.rlib"), CONTENT).unwrap();
        let producer = RemoteStore::new(kind.open(&dir.join("first")).unwrap());
        let memory = Arc::new(Memory::default());
        producer.connect(Some(memory.clone()));
        producer.add(&sample(), &unit, LinkMode::Copy).unwrap();
        assert_eq!(producer.upload(&[sample().key]), 0);
        let filled = std::mem::take(&mut *memory.actions.lock().unwrap());
        let memory = Arc::new(Memory { actions: Mutex::new(filled), spoil, ..Memory::default() });
        let consumer = RemoteStore::new(kind.open(&dir.join("second")).unwrap());
        consumer.connect(Some(memory.clone()));
        (memory, consumer)
    }

    #[test]
    fn what_one_machine_published_enters_the_store_of_another_and_is_asked_for_once() {
        for kind in ALL {
            let dir = tempfile::tempdir().unwrap();
            let (memory, store) = machines(kind, dir.path(), None);
            let found = store.lookup(&sample().key).unwrap();
            assert!(store.is_intact(&found), "it is at least under way");
            store.settle();
            assert!(!store.is_under_way(&found.key) && store.is_intact(&found));
            assert_eq!(fs::read(store.stored(&found, &found.files[0])).unwrap(), CONTENT);
            assert_eq!(store.remote_use().fetched_bytes, CONTENT.len() as u64);
            store.lookup(&found.key).unwrap();
            assert!(store.lookup(&Key::of(b"other")).is_none() && store.lookup(&Key::of(b"other")).is_none());
            assert_eq!(*memory.asked.lock().unwrap(), 2);
            store.connect(None);
            assert!(store.lookup(&found.key).is_some(), "it is here now");
        }
    }

    #[test]
    fn other_bytes_and_other_paths_never_enter_the_store() {
        let spoils: [(Spoil, bool); 4] = [
            (
                |name, bytes| {
                    if name == "0" {
                        bytes[0] ^= 1
                    }
                },
                true,
            ),
            (
                |name, bytes| {
                    if name == "0" {
                        bytes.truncate(3)
                    }
                },
                true,
            ),
            (
                |name, bytes| {
                    if name == "0" {
                        bytes.clear()
                    }
                },
                true,
            ),
            (
                |name, bytes| {
                    if name == MANIFEST {
                        bytes[40] ^= 1
                    }
                },
                false,
            ),
        ];
        for (spoil, is_found) in spoils {
            let dir = tempfile::tempdir().unwrap();
            let (_, store) = machines(ALL[0], dir.path(), Some(spoil));
            let found = store.lookup(&sample().key);
            assert_eq!(found.is_some(), is_found);
            store.settle();
            assert!(found.is_none_or(|entry| !store.is_intact(&entry)));
            assert!(store.entries().is_empty() && store.remote_use().fetched_bytes == 0);
        }
    }

    #[test]
    fn a_manifest_that_leads_out_of_its_unit_is_a_miss() {
        let dir = tempfile::tempdir().unwrap();
        let (memory, store) = machines(ALL[0], dir.path(), None);
        let mut leading = sample();
        leading.files[0].path = "../../../escaped".into();
        assert!(publish_entry(&*memory, &leading, [LocalBytes::Bytes(CONTENT.to_vec())].into_iter()));
        assert!(store.lookup(&leading.key).is_none());
        store.settle();
        assert!(!dir.path().join("escaped").exists() && store.entries().is_empty());
    }
}
