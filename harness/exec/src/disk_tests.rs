use super::*;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink};

#[derive(Debug)]
pub(crate) struct MeasuredTrees {
    pub together: TreeUsage,
    pub each: Vec<TreeUsage>,
}

pub(crate) fn measure<P: AsRef<Path>>(roots: &[P], detail: Detail) -> Result<MeasuredTrees, DiskError> {
    let scans = roots.iter().map(|root| scan(root.as_ref(), detail)).collect::<Result<Vec<_>, _>>()?;
    Ok(MeasuredTrees { together: together(&scans), each: scans.iter().map(TreeScan::usage).collect() })
}

fn blocks(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().blocks() * 512
}

#[test]
fn names_inodes_and_roots_are_each_counted_as_promised() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::create_dir_all(a.join("deep")).unwrap();
    fs::create_dir(&b).unwrap();
    fs::write(a.join("one"), vec![1; 10_000]).unwrap();
    fs::hard_link(a.join("one"), a.join("deep/again")).unwrap();
    fs::hard_link(a.join("one"), b.join("elsewhere")).unwrap();
    fs::write(b.join("own"), vec![1; 5_000]).unwrap();
    symlink(a.join("one"), b.join("link")).unwrap();
    symlink(&a, b.join("dirlink")).unwrap();

    let measured = measure(&[&a, &b], Detail::Blocks).unwrap();
    let link_bytes =
        b.join("link").symlink_metadata().unwrap().len() + b.join("dirlink").symlink_metadata().unwrap().len();
    let dirs = blocks(&a) + blocks(&a.join("deep")) + blocks(&b);
    let expected = TreeUsage {
        apparent_bytes: 35_000 + link_bytes,
        allocated_bytes: dirs
            + blocks(&a.join("one"))
            + blocks(&b.join("own"))
            + blocks(&b.join("link"))
            + blocks(&b.join("dirlink")),
        files: 6,
        dirs: 3,
        ..TreeUsage::default()
    };
    assert_eq!(measured.together, expected);
    assert_eq!(measured.each[0].apparent_bytes, 20_000);
    assert_eq!((measured.each[0].files, measured.each[0].dirs), (2, 2));
    assert_eq!(
        measured.each[0].allocated_bytes + measured.each[1].allocated_bytes,
        expected.allocated_bytes + blocks(&a.join("one")),
        "alone, each pays for what they share"
    );
}

#[test]
fn what_is_not_there_takes_nothing_and_what_cannot_be_read_is_named() {
    let measured = measure(&["/no/such/tree"], Detail::Extents).unwrap();
    let nothing = TreeUsage { physical_bytes: Some(0), ..TreeUsage::default() };
    assert_eq!(measured.together, nothing);
    if rustix::process::geteuid().is_root() {
        skip::skip("the unreadable directory", "root reads everything: run it as another user");
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let error = measure(&[dir.path()], Detail::Blocks).unwrap_err().to_string();
    assert!(error.contains(dir.path().to_str().unwrap()), "{error}");
}

#[test]
fn files_deleted_meanwhile_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let deep = dir.path().join(format!("d{}", round % 7));
                let _ = fs::create_dir(&deep);
                (0..20).for_each(|n| fs::write(deep.join(n.to_string()), "x").unwrap());
                let _ = fs::remove_dir_all(&deep);
                round += 1;
            }
        });
        let results: Vec<_> = (0..300).map(|_| measure(&[dir.path()], Detail::Extents)).collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for result in results {
            result.unwrap();
        }
    });
}

#[test]
fn sparse_files_have_holes_that_take_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = File::create(dir.path().join("sparse")).unwrap();
    file.set_len(64 << 20).unwrap();
    let usage = measure(&[dir.path()], Detail::Blocks).unwrap().together;
    assert_eq!(usage.apparent_bytes, 64 << 20);
    assert!(usage.allocated_bytes < 1 << 20, "{usage:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_system_without_extents_leaves_physical_empty() {
    let shm = Path::new("/dev/shm");
    let is_tmpfs = |path| super::super::filesystem::FileSystemFacts::of(path).is_ok_and(|fs| fs.kind == "tmpfs");
    let Some(dir) = is_tmpfs(shm).then(|| tempfile::tempdir_in(shm).ok()).flatten() else {
        skip::skip("files on another file system", "there is no writable tmpfs at /dev/shm");
        return;
    };
    fs::write(dir.path().join("f"), vec![1; 4096]).unwrap();
    let usage = measure(&[dir.path()], Detail::Extents).unwrap().together;
    assert_eq!(usage.physical_bytes, None);
    assert!(usage.allocated_bytes >= 4096);
}

#[test]
fn files_are_counted_across_many_directories() {
    let dir = tempfile::tempdir().unwrap();
    (0..50).into_par_iter().for_each(|d| {
        let sub = dir.path().join(d.to_string());
        fs::create_dir(&sub).unwrap();
        (0..20).for_each(|f| fs::write(sub.join(f.to_string()), "x").unwrap());
    });
    let usage = measure(&[dir.path()], Detail::Blocks).unwrap().together;
    assert_eq!((usage.files, usage.dirs), (1000, 51));
}
