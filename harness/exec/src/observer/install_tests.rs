use super::*;

#[test]
fn installing_twice_keeps_the_file_and_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let exe = dir.path().join("harness");
    std::fs::write(&exe, "a program").unwrap();
    let bin = dir.path().join("bin");
    let first = Observer::install_from(&exe, &bin, Path::new("/real/rustc")).unwrap();
    let before = std::fs::metadata(first.rustc()).unwrap().modified().unwrap();
    let second = Observer::install_from(&exe, &bin, Path::new("/real/rustc")).unwrap();
    assert_eq!(std::fs::metadata(second.rustc()).unwrap().modified().unwrap(), before);
    assert_eq!(std::fs::read_dir(&bin).unwrap().count(), 2, "rustc and the sidecar only");
}

#[test]
fn a_rebuilt_harness_replaces_the_installed_one() {
    let dir = tempfile::tempdir().unwrap();
    let exe = dir.path().join("harness");
    let bin = dir.path().join("bin");
    std::fs::write(&exe, "old").unwrap();
    let observer = Observer::install_from(&exe, &bin, Path::new("/real")).unwrap();
    std::fs::remove_file(&exe).unwrap();
    std::fs::write(&exe, "newer").unwrap();
    Observer::install_from(&exe, &bin, Path::new("/real")).unwrap();
    assert_eq!(std::fs::read(observer.rustc()).unwrap(), b"newer");
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_that_cannot_be_made_is_named() {
    let error = Observer::install_from(Path::new("/proc/self/exe"), Path::new("/proc/no"), Path::new("/r"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("/proc/no/rustc: making the directory"), "{error}");
}
