use super::*;

const MOUNTS: &str = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
    30 22 0:25 / /mnt rw - tmpfs tmpfs rw,size=1k\n\
    31 30 0:26 / /mnt/with\\040blank rw - xfs /dev/loop\\134x rw\n\
    32 22 0:27 / /mnt rw - btrfs /dev/loop1 rw\n";

#[test]
fn the_longest_and_topmost_mount_wins() {
    let on = |path: &str| mount_of(MOUNTS, Path::new(path)).unwrap();
    assert_eq!(on("/home/x").kind, "ext4");
    assert_eq!(on("/mnt/x").kind, "btrfs", "mounted over the tmpfs");
    assert_eq!(on("/mntx").kind, "ext4", "a name that only starts alike");
    let odd = on("/mnt/with blank/deep");
    assert_eq!((odd.kind.as_str(), odd.device.as_str()), ("xfs", "/dev/loop\\x"));
}

#[test]
fn this_file_system_is_described() {
    let fs = FileSystem::of(Path::new("/proc")).unwrap();
    assert_eq!((fs.kind.as_str(), fs.mount_point.as_deref()), ("proc", Some(Path::new("/proc"))));
    let dir = tempfile::tempdir().unwrap();
    let fs = FileSystem::of(dir.path()).unwrap();
    assert!(fs.free_bytes > 0 && fs.free_bytes <= fs.total_bytes, "{fs:?}");
    assert!(same_file_system(dir.path(), dir.path()).unwrap());
    assert!(!same_file_system(dir.path(), Path::new("/proc")).unwrap());
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let error = FileSystem::of(Path::new("/no/such")).unwrap_err().to_string();
    assert!(error.starts_with("cannot find out the file system of /no/such: "), "{error}");
}

#[test]
fn links_are_really_tried_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let support = LinkSupport::try_in(dir.path()).unwrap();
    assert!(support.hardlink.works() && support.symlink.works(), "{support:?}");
    let kind = FileSystem::of(dir.path()).unwrap().kind;
    match kind.as_str() {
        "ext4" | "tmpfs" => assert!(!support.reflink.works(), "{kind} has no reflinks"),
        "btrfs" => assert!(support.reflink.works(), "{support:?}"),
        other => skip::skip("the reflink part", &format!("nothing is certain about {other}")),
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(LinkSupport::try_in(Path::new("/proc")).is_err());
}
