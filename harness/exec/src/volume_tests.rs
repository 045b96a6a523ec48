use super::*;
use crate::disk::sync;
use crate::disk::tests::measure;
use crate::filesystem::{FileSystemFacts, LinkSupport, free_bytes};

/// A volume of that kind, or the reason why this machine has none, loudly.
fn volume(spec: &str, dir: &Path) -> Option<Volume> {
    match Volume::create(spec.parse().unwrap(), dir) {
        Ok(volume) => Some(volume),
        Err(error) => {
            skip::skip(&format!("the part on {spec}"), &error.to_string());
            // With everything at hand a failure is a failure, except where the kernel
            // (in a container) has no loop devices or no such file system.
            let excused = matches!(error, VolumeError::NotRoot | VolumeError::Missing { .. })
                || error.to_string().contains("mount");
            assert!(excused, "{error}");
            None
        }
    }
}

const MIB: usize = 1 << 20;

/// Bytes no file system can compress or share by itself.
fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(len).collect()
}

#[test]
fn volumes_are_what_was_asked_and_leave_nothing() {
    for (spec, reflinks) in [("btrfs:256M", true), ("xfs:320M", true), ("ext4:64M", false), ("tmpfs:64M", false)] {
        let dir = tempfile::tempdir().unwrap();
        let Some(volume) = volume(spec, dir.path()) else { continue };
        let root = volume.mount_point();
        let fs = FileSystemFacts::of(&root).unwrap();
        assert_eq!(fs.kind, volume.spec.kind);
        assert_eq!(fs.mount_point.as_deref(), Some(&*root));
        let links = LinkSupport::try_in(&root).unwrap();
        assert!(links.hardlink.is_ok() && links.symlink.is_ok(), "{spec}: {links:?}");
        assert_eq!(links.reflink.is_ok(), reflinks, "{spec}: {links:?}");
        drop(volume);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{spec}");
        assert!(!std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains(root.to_str().unwrap()));
    }
}

/// What the extents say and what the file system itself lost in free space, in bytes.
fn agreement(root: &Path, fill: impl FnOnce(&Path)) -> (f64, f64) {
    sync(root).unwrap();
    let before = free_bytes(root).unwrap();
    let tree = root.join("tree");
    std::fs::create_dir(&tree).unwrap();
    fill(&tree);
    sync(root).unwrap();
    // btrfs brings its accounting up to date at the next commit.
    std::thread::sleep(Duration::from_millis(200));
    sync(root).unwrap();
    let used = before - free_bytes(root).unwrap();
    let measured = measure(&[&tree]).unwrap().together;
    (measured.physical_bytes.unwrap() as f64, used as f64)
}

#[test]
fn extents_agree_with_the_loss_of_free_space() {
    for spec in ["btrfs:512M", "xfs:512M", "ext4:512M"] {
        let dir = tempfile::tempdir().unwrap();
        let Some(volume) = volume(spec, dir.path()) else { continue };
        let (physical, used) = agreement(&volume.mount_point(), |tree| {
            for n in 0..64 {
                std::fs::write(tree.join(n.to_string()), noise(2 * MIB, n + 1)).unwrap();
            }
            std::fs::hard_link(tree.join("1"), tree.join("linked")).unwrap();
            // Reserved but never written, and a hole: the first takes room, the second none.
            let reserved = std::fs::File::create(tree.join("reserved")).unwrap();
            rustix::fs::fallocate(&reserved, rustix::fs::FallocateFlags::empty(), 0, 8 << 20).unwrap();
            let sparse = std::fs::File::create(tree.join("sparse")).unwrap();
            sparse.set_len(100 << 20).unwrap();
        });
        eprintln!("{spec}: extents {physical}, free space {used}");
        assert!((physical / used - 1.0).abs() < 0.02, "{spec}: {physical} against {used}");
        assert!((136 << 20..140 << 20).contains(&(physical as u64)), "{spec}: {physical}");
    }
}

#[test]
fn reflinked_copies_cost_nothing_and_show_so() {
    for spec in ["btrfs:512M", "xfs:512M"] {
        let dir = tempfile::tempdir().unwrap();
        let Some(volume) = volume(spec, dir.path()) else { continue };
        let root = volume.mount_point();
        let (store, tree) = (root.join("tree/store"), root.join("tree/build"));
        let (physical, used) = agreement(&root, |_| {
            std::fs::create_dir(&store).unwrap();
            std::fs::create_dir(&tree).unwrap();
            for n in 0..32 {
                let name = n.to_string();
                std::fs::write(store.join(&name), noise(2 * MIB, n + 1)).unwrap();
                reflink_copy::reflink(store.join(&name), tree.join(&name)).unwrap();
            }
            // One copy is changed in its middle: only that part is its own.
            use std::os::unix::fs::FileExt;
            let changed = std::fs::File::options().write(true).open(tree.join("3")).unwrap();
            changed.write_all_at(&noise(MIB, 99), MIB as u64 / 2).unwrap();
        });
        eprintln!("{spec}: extents {physical}, free space {used}");
        assert!((physical / used - 1.0).abs() < 0.02, "{spec}: {physical} against {used}");
        let measured = measure(&[&store, &tree]).unwrap();
        let mib = |bytes: Option<u64>| bytes.unwrap() as f64 / MIB as f64;
        assert!((mib(measured.each[0].physical_bytes) - 64.0).abs() < 0.5, "{:?}", measured.together);
        assert!((mib(measured.each[1].physical_bytes) - 64.0).abs() < 0.5, "{:?}", measured.together);
        assert!((mib(measured.together.physical_bytes) - 65.0).abs() < 0.5, "{:?}", measured.together);
        assert!(mib(Some(measured.together.allocated_bytes)) > 127.0, "inodes do not show it");
    }
}

#[test]
fn inline_and_compressed_files_on_btrfs() {
    let dir = tempfile::tempdir().unwrap();
    let Some(volume) = volume("btrfs:512M", dir.path()) else { return };
    let root = volume.mount_point();
    run("mount", &["-o".as_ref(), "remount,compress=zstd".as_ref(), root.as_os_str()]).unwrap();
    let small = root.join("small");
    std::fs::create_dir(&small).unwrap();
    (0..100).for_each(|n| std::fs::write(small.join(n.to_string()), "inline").unwrap());
    let (physical, used) = agreement(&root, |tree| {
        let zeros = vec![b'z'; 64 * MIB];
        std::fs::write(tree.join("squeezed"), zeros).unwrap();
        std::fs::write(tree.join("noise"), noise(32 * MIB, 5)).unwrap();
    });
    sync(&root).unwrap();
    let inline = measure(&[&small]).unwrap().together;
    assert_eq!(inline.physical_bytes, Some(0), "they live in the tree, not in blocks");
    eprintln!("compressed: extents {physical}, free space {used}");
    assert!(physical >= used * 0.98 && physical < used * 1.05, "{physical} against {used}");
}

#[test]
fn a_panic_unmounts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    // A skip is said in this thread, which has the name of the test.
    let Some(volume) = volume("tmpfs:8M", &path) else { return };
    let panicked = std::thread::spawn(move || {
        let _volume = volume;
        panic!("while mounted");
    });
    panicked.join().unwrap_err();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn what_a_killed_run_left_is_removed_and_what_is_in_use_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let Some(alive) = volume("tmpfs:8M", dir.path()) else { return };
    let Some(left) = volume("ext4:64M", dir.path()) else { return };
    let orphan = left.dir.clone();
    std::mem::forget(left); // as SIGKILL would
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    let process = ProcessIdentity::of(ended.id());
    ended.wait().unwrap();
    let owner = VolumeOwner { process };
    std::fs::write(orphan.join("owner.json"), serde_json::to_string(&owner).unwrap()).unwrap();
    assert_eq!((alive.dir.file_name(), orphan.file_name()), (Some("volume-1".as_ref()), Some("volume-2".as_ref())));
    std::fs::create_dir(dir.path().join("volume-9")).unwrap(); // killed while making it
    // A new volume cleans up first.
    let next = volume("tmpfs:8M", dir.path()).unwrap();
    assert!(next.dir.ends_with("volume-2") && next.spec.to_string() == "tmpfs:8M", "the path is free again");
    assert!(!dir.path().join("volume-9").exists());
    assert!(is_mounted(&alive.mount_point()) && is_mounted(&next.mount_point()));
}

#[test]
fn a_volume_in_use_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let Some(volume) = volume("tmpfs:8M", dir.path()) else { return };
    let file = std::fs::File::create(volume.mount_point().join("open")).unwrap();
    let closer = std::thread::spawn(move || {
        std::thread::sleep(PAUSE * 4);
        drop(file);
    });
    drop(volume);
    closer.join().unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn kind_and_size_are_read_and_written_back_and_other_texts_say_what_is_wrong_with_them() {
    let parse = |text: &str| text.parse::<VolumeSpec>();
    let spec = VolumeSpec { kind: "btrfs", size_bytes: 12 << 30 };
    assert_eq!(parse("btrfs:12G"), Ok(spec));
    assert_eq!(parse("btrfs:12288MiB"), Ok(spec));
    for text in ["btrfs:12G", "xfs:512M", "ext4:1T", "tmpfs:1025K", "tmpfs:1048577"] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
    let wrong = |text: &str| parse(text).unwrap_err();
    assert_eq!(wrong("btrfs"), "`btrfs` is not KIND:SIZE; write for example btrfs:12G");
    assert_eq!(wrong("zfs:1G"), "`zfs` is no kind of volume; known are btrfs, xfs, ext4 and tmpfs");
    for size in ["", "G", "1.5G", "-1G", "12Q", "99999999999T", "1G2"] {
        assert!(wrong(&format!("xfs:{size}")).starts_with(&format!("`{size}` is not a size; ")));
    }
    assert_eq!(wrong("xfs:10M"), "xfs needs at least 300M");
}
