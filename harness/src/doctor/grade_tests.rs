use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::doctor::{Diagnosis, render};
use exec::filesystem::{EXT4_WITHOUT_JOURNAL, FileSystemFacts};
use exec::host::HostFacts;
use exec::sandbox::Enforcers;

const GIB: u64 = 1 << 30;

fn toolchain(name: &str, is_default: bool) -> FoundToolchain {
    FoundToolchain {
        name: Some(name.to_owned()),
        is_default,
        about: Ok("cargo 1.95.0 (2026-03-21), rustc 1.95.0 (2026-04-14)".to_owned()),
        layout: Some(Ok(Some("-Zbuild-dir-new-layout"))),
    }
}

/// A machine on which everything is fine.
fn fit() -> MachineFacts {
    let newest = FoundToolchain { layout: Some(Ok(None)), ..toolchain("nightly", false) };
    MachineFacts {
        toolchains: vec![toolchain("stable", true), toolchain("1.95.0", false), newest],
        has_rustup: true,
        work: WorkDirFacts {
            path: PathBuf::from("/home/user/.cache/cargo-cache-harness"),
            file_system: Some(FileSystemFacts {
                kind: "btrfs".into(),
                mount_point: None,
                device: None,
                free_bytes: 80 * GIB,
                total_bytes: 250 * GIB,
            }),
            links: Some(LinkSupport { hardlink: Ok(()), reflink: Ok(()), symlink: Ok(()) }),
            extents: Some(true),
            ..WorkDirFacts::default()
        },
        host: HostFacts {
            cpu: Some("Big 9000".into()),
            cores: 8,
            memory_bytes: Some(32 * GIB),
            kernel: Some("Linux 6.12".into()),
            os: "Debian".into(),
            arch: "x86_64".into(),
            load_1m: Some(0.4),
        },
        memory_available_bytes: Some(20 * GIB),
        others: Some(0.02),
        observer: Some(Duration::from_micros(700)),
        c_compiler: Some("/usr/bin/cc".into()),
        git: Some("/usr/bin/git".into()),
        volumes: ["btrfs", "xfs", "ext4", "tmpfs"].map(|kind| (kind.to_owned(), Ok(()))).to_vec(),
        may_mount: true,
        sandbox: Ok(Enforcers { memory: Enforcer::Cgroup2, processes: Enforcer::Cgroup2 }),
    }
}

/// One on which most things are not.
fn unfit() -> MachineFacts {
    let mut facts = fit();
    let old = "/home/.rustup/toolchains/1.80/bin/cargo is Cargo 1.80.0, but its build directory layout is only \
               usable from 1.95.0 on; update it or name another with `--toolchain`";
    facts.toolchains[0].layout = Some(Err("error: unknown `-Z` flag specified: build-dir-new-layout".into()));
    facts.toolchains[1] = FoundToolchain { about: Err(old.into()), layout: None, ..toolchain("1.80", false) };
    let fs = facts.work.file_system.as_mut().unwrap();
    (fs.kind, fs.free_bytes) = (EXT4_WITHOUT_JOURNAL.into(), 5 * GIB);
    facts.work.links.as_mut().unwrap().reflink = Err("Operation not supported (os error 95)".into());
    facts.work.extents = Some(false);
    facts.host.cores = 1;
    facts.memory_available_bytes = Some(GIB);
    facts.others = Some(0.41);
    facts.c_compiler = None;
    facts.git = None;
    facts.volumes[1].1 = Err("`--volume xfs:300M` needs `mkfs.xfs`, which is not on PATH; on Debian: apt-get \
                              install xfsprogs"
        .into());
    facts.volumes[2].1 = Err("`mount -t ext4` failed: mount: no loop device".into());
    facts
}

fn report(facts: &MachineFacts) -> String {
    render(&Diagnosis::of(grade(facts)))
}

#[test]
fn a_fit_machine() {
    insta::assert_snapshot!(report(&fit()));
    assert!(Diagnosis::of(grade(&fit())).ready);
}

#[test]
fn an_unfit_machine() {
    insta::assert_snapshot!(report(&unfit()));
    assert!(!Diagnosis::of(grade(&unfit())).ready);
}

#[test]
fn as_json() {
    let findings =
        grade(&unfit()).into_iter().filter(|finding| ["C compiler", "git", "cores"].contains(&finding.topic));
    insta::assert_snapshot!(serde_json::to_string_pretty(&Diagnosis::of(findings.collect())).unwrap());
}

fn levels(change: impl FnOnce(&mut MachineFacts), topic: &str) -> Vec<(FindingLevel, bool)> {
    let mut facts = fit();
    change(&mut facts);
    let findings = grade(&facts).into_iter().filter(|finding| finding.topic == topic);
    findings.map(|finding| (finding.level, finding.blocks())).collect()
}

#[test]
fn what_is_not_ok_says_what_to_do_and_what_is_ok_does_not() {
    for finding in grade(&fit()).iter().chain(&grade(&unfit())) {
        assert_eq!(finding.remedy.is_some(), finding.level != FindingLevel::Ok, "{finding:?}");
    }
}

#[test]
fn each_limit_is_at_its_place() {
    use FindingLevel::{Missing, Ok, Warning};
    let space = |free| levels(|f| f.work.file_system.as_mut().unwrap().free_bytes = free, "free space");
    assert_eq!(space(SPACE_BYTES), [(Ok, false)]);
    assert_eq!(space(SPACE_BYTES - 1), [(Warning, false)]);
    assert_eq!(space(DISK_FLOOR - 1), [(Missing, true)]);
    let load = |others| levels(|f| f.others = others, "load");
    assert_eq!((load(Some(0.1)), load(Some(0.11)), load(None)), (vec![(Ok, false)], vec![(Warning, false)], vec![]));
    assert_eq!(levels(|f| f.host.cores = 1, "cores"), [(Warning, false)]);
    assert_eq!(levels(|f| f.memory_available_bytes = Some(1), "memory"), [(Warning, false)]);
    assert_eq!(levels(|f| f.git = None, "git"), [(Missing, false)]);
    assert_eq!(levels(|f| f.c_compiler = None, "C compiler"), [(Missing, true)]);
    assert_eq!(levels(|f| f.may_mount = false, "volumes"), [(Warning, false)]);
    assert_eq!(levels(|f| f.sandbox = Err("it does not work; do this".into()), "sandbox"), [(Warning, false)]);
    let weak = Enforcers { memory: Enforcer::Rlimit, processes: Enforcer::Rlimit };
    let alone = |f: &mut MachineFacts| f.sandbox = Result::Ok(weak);
    assert_eq!(levels(alone, "sandbox"), [(Warning, false)]);
}

#[test]
fn a_work_directory_in_use_is_a_warning_and_an_unusable_one_is_not() {
    let problem = |in_use| {
        move |facts: &mut MachineFacts| {
            facts.work.problem = Some("it is so; do that".into());
            facts.work.in_use = in_use;
        }
    };
    assert_eq!(levels(problem(true), "work dir"), [(FindingLevel::Warning, false)]);
    assert_eq!(levels(problem(false), "work dir"), [(FindingLevel::Missing, true)]);
}

#[test]
fn only_the_default_toolchain_is_required() {
    let broken = |number: usize| {
        move |facts: &mut MachineFacts| {
            facts.toolchains[number].about = Err("no `cargo` on PATH; install Rust 1.95.0 or newer".into());
            facts.toolchains[number].layout = None;
        }
    };
    assert!(levels(broken(0), "toolchain").iter().any(|(_, blocks)| *blocks));
    assert!(levels(broken(1), "toolchain").iter().all(|(_, blocks)| !*blocks));
    assert!(levels(broken(1), "toolchain").contains(&(FindingLevel::Warning, false)));
}
