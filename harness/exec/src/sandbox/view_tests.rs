use super::*;

fn at(list: &[Mount], path: &Path) -> Option<usize> {
    list.iter().position(|mount| mount.path() == path)
}

#[test]
fn the_home_is_empty_but_for_what_is_needed_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap().join("home");
    for part in [".ssh", ".cargo/bin", "work/arm", "work/bin", "work/arm/kept"] {
        std::fs::create_dir_all(home.join(part)).unwrap();
    }
    let needs = Needs {
        home: Some(home.clone()),
        // A home on PATH would show everything in it.
        path: vec![home.join(".cargo/bin"), home.clone(), "/".into()],
        read: vec![home.join("work/bin"), home.join("work/arm/kept")],
        write: vec![home.join("work/arm")],
        tmp: Some(dir.path().to_owned()),
        ..Needs::default()
    };
    let list = view(&needs);
    let hidden = at(&list, &home).unwrap();
    assert_eq!(list[hidden], Mount::Empty { path: home.clone() });
    assert!(at(&list, &home.join(".cargo/bin")).unwrap() > hidden);
    let arm = at(&list, &home.join("work/arm")).unwrap();
    assert!(matches!(list[arm], Mount::Writable { .. }));
    assert!(at(&list, &home.join("work/arm/kept")).unwrap() > arm, "what is read-only in it stays so");
    assert!(at(&list, &home.join(".ssh")).is_none() && at(&list, Path::new("/")).is_none());
    assert!(at(&list, Path::new("/run")).is_none() && at(&list, Path::new("/sys")).is_none());
}

#[test]
#[cfg(target_os = "linux")]
fn the_system_is_seen_and_what_lies_below_is_not_listed_again() {
    let list = view(&Needs { path: vec!["/usr/bin".into(), "/bin".into()], ..Needs::default() });
    assert!(matches!(list[at(&list, Path::new("/usr")).unwrap()], Mount::ReadOnly { .. }));
    assert!(at(&list, Path::new("/usr/bin")).is_none());
    assert!(list.iter().filter(|mount| mount.path() == Path::new("/bin")).count() == 1);
    assert!(!list.iter().any(is_writable));
    let proc = at(&list, Path::new("/proc")).unwrap();
    assert_eq!(list[proc], Mount::Proc);
}

#[test]
fn a_path_through_a_link_is_seen_at_both_places() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().canonicalize().unwrap();
    std::fs::create_dir(real.join("disk")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(real.join("disk"), real.join("link")).unwrap();
    let list = view(&Needs { write: vec![real.join("link")], ..Needs::default() });
    for name in ["link", "disk"] {
        let mount = &list[at(&list, &real.join(name)).unwrap()];
        assert_eq!(*mount, Mount::Writable { path: real.join(name), source: real.join("disk") });
    }
}
