use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

#[derive(Debug)]
pub(crate) struct MeasuredTrees {
    pub together: TreeUsage,
    pub each: Vec<TreeUsage>,
}

pub(crate) fn measure<P: AsRef<Path>>(roots: &[P]) -> Result<MeasuredTrees, DiskError> {
    let scans = roots.iter().map(|root| scan(root.as_ref())).collect::<Result<Vec<_>, _>>()?;
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

    let measured = measure(&[&a, &b]).unwrap();
    let link_bytes: u64 = ["link", "dirlink"].map(|link| b.join(link).symlink_metadata().unwrap().len()).iter().sum();
    let dirs = blocks(&a) + blocks(&a.join("deep")) + blocks(&b);
    let expected = TreeUsage {
        physical_bytes: measured.together.physical_bytes,
        apparent_bytes: 35_000 + link_bytes,
        allocated_bytes: dirs
            + blocks(&a.join("one"))
            + ["own", "link", "dirlink"].map(|it| blocks(&b.join(it))).iter().sum::<u64>(),
    };
    assert_eq!(measured.together, expected);
    assert_eq!(measured.each[0].apparent_bytes, 20_000);
    assert_eq!(
        measured.each[0].allocated_bytes + measured.each[1].allocated_bytes,
        expected.allocated_bytes + blocks(&a.join("one")),
        "alone, each pays for what they share"
    );
}

#[test]
fn what_is_not_there_takes_nothing_and_what_cannot_be_read_is_named() {
    let measured = measure(&["/no/such/tree"]).unwrap();
    let nothing = TreeUsage { physical_bytes: Some(0), ..TreeUsage::default() };
    assert_eq!(measured.together, nothing);
    if rustix::process::geteuid().is_root() {
        skip::skip("the unreadable directory", "root reads everything: run it as another user");
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let error = measure(&[dir.path()]).unwrap_err().to_string();
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
        let results: Vec<_> = (0..300).map(|_| measure(&[dir.path()])).collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for result in results {
            result.unwrap();
        }
    });
}

#[test]
fn sparse_files_have_holes_that_take_nothing() {
    let dir = tempfile::tempdir().unwrap();
    File::create(dir.path().join("sparse")).unwrap().set_len(64 << 20).unwrap();
    let usage = measure(&[dir.path()]).unwrap().together;
    assert!(usage.apparent_bytes == 64 << 20 && usage.allocated_bytes < 1 << 20, "{usage:?}");
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
    let usage = measure(&[dir.path()]).unwrap().together;
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
    let usage = measure(&[dir.path()]).unwrap().together;
    assert_eq!(usage.apparent_bytes, 1000);
}

#[test]
fn a_union_counts_each_byte_once_within_a_device() {
    let bytes = |runs: &[DiskExtent]| union_bytes(&mut runs.to_vec());
    assert_eq!(bytes(&[]), 0);
    assert_eq!(bytes(&[(1, 0, 10), (1, 0, 10)]), 10, "the same");
    assert_eq!(bytes(&[(1, 5, 10), (1, 0, 10)]), 15, "overlapping");
    assert_eq!(bytes(&[(1, 0, 100), (1, 10, 5), (1, 50, 60)]), 110, "inside, then beyond");
    assert_eq!(bytes(&[(1, 0, 10), (1, 20, 10)]), 20, "apart");
    assert_eq!(bytes(&[(1, 0, 10), (2, 0, 10)]), 20, "other device");
    assert_eq!(bytes(&[(1, 90, 10), (2, 0, 10)]), 20, "other device, lower address");
}

#[test]
fn a_union_agrees_with_counting_byte_by_byte() {
    let mut seed = 1_u64;
    let mut random = |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % bound
    };
    for _ in 0..200 {
        let count = random(12);
        let runs: Vec<_> = (0..count).map(|_| (random(2), random(60), random(20))).collect();
        let mut covered = HashSet::new();
        for &(device, start, length) in &runs {
            covered.extend((start..start + length).map(|byte| (device, byte)));
        }
        assert_eq!(union_bytes(&mut runs.clone()), covered.len() as u64, "{runs:?}");
    }
}
