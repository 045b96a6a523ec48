//! What is printed when nothing is built: lists, explanations, the dry run.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use support::crates::{gamma, publish_all};
use support::{Place, Said};

fn say(place: &Place, args: &[&str]) -> String {
    let said: Said = place.run(args);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{args:?}");
    said.stdout
}

#[test]
fn lists_and_explanations() {
    let place = Place::new();
    insta::assert_snapshot!(say(&place, &["corpus", "list"]), @"
    quick            3 workspaces  small tools that share dependencies: the default, minutes for a full comparison
    gauntlet        21 workspaces  well-known binaries from small to large, as published
    gauntlet-git    21 workspaces  the gauntlet by upstream repository and commit
    census          60 workspaces  well-known binaries as published, for their unit graphs alone
    ");
    insta::assert_snapshot!(say(&place, &["corpus", "show", "quick"]), @"
    quick: small tools that share dependencies: the default, minutes for a full comparison

    cargo-minimal-versions   registry cargo-minimal-versions 0.1.37
                             small; its units are nearly those of cargo-no-dev-deps
                             cargo test --bins
                             edits src/main.rs
                             runs cargo-minimal-versions minimal-versions --version
    cargo-no-dev-deps        registry cargo-no-dev-deps 0.2.23
                             small; 35 of its 36 units have a twin in cargo-minimal-versions
                             cargo test --bins
                             edits src/main.rs
                             runs cargo-no-dev-deps no-dev-deps --version
    cargo-hack               registry cargo-hack 0.6.44
                             a well-known Cargo tool; shares 29 units with each of the others, and adds a procedural macro
                             cargo test --bins
                             edits src/main.rs
                             runs cargo-hack hack --version
    ");
    // Where there is no tar, the list says so.
    let listed = say(&place, &["strategies", "list"])
        .replace("external: tar is not on PATH; install it", "external, nothing to install");
    insta::assert_snapshot!(listed, @"
    strategy                     key policy     link       store
    none
    shared-target
    hardlink+conservative        conservative   hardlink   cas
    reflink+conservative         conservative   reflink    cas
    copy+conservative            conservative   copy       cas
    symlink+conservative         conservative   symlink    cas
    in-place+conservative        conservative   in-place   cas
    hardlink+non-local           non-local      hardlink   cas
    reflink+non-local            non-local      reflink    cas
    copy+non-local               non-local      copy       cas
    symlink+non-local            non-local      symlink    cas
    in-place+non-local           non-local      in-place   cas
    hardlink+aggressive          aggressive     hardlink   cas
    reflink+aggressive           aggressive     reflink    cas
    copy+aggressive              aggressive     copy       cas
    symlink+aggressive           aggressive     symlink    cas
    in-place+aggressive          aggressive     in-place   cas
    hardlink+conservative@dirs   conservative   hardlink   dirs
    reflink+conservative@dirs    conservative   reflink    dirs
    copy+conservative@dirs       conservative   copy       dirs
    symlink+conservative@dirs    conservative   symlink    dirs
    in-place+conservative@dirs   conservative   in-place   dirs
    hardlink+non-local@dirs      non-local      hardlink   dirs
    reflink+non-local@dirs       non-local      reflink    dirs
    copy+non-local@dirs          non-local      copy       dirs
    symlink+non-local@dirs       non-local      symlink    dirs
    in-place+non-local@dirs      non-local      in-place   dirs
    hardlink+aggressive@dirs     aggressive     hardlink   dirs
    reflink+aggressive@dirs      aggressive     reflink    dirs
    copy+aggressive@dirs         aggressive     copy       dirs
    symlink+aggressive@dirs      aggressive     symlink    dirs
    in-place+aggressive@dirs     aggressive     in-place   dirs
    sccache                      external: sccache 0.19.0 is not installed; `harness strategies install sccache` does it, or --set sccache.tool=DIR takes yours
    kache                        external: kache 2.0.0 is not installed; `harness strategies install kache` does it, or --set kache.tool=DIR takes yours
    mbx                          external: mbx 1.29.1 is not installed; `harness strategies install mbx` does it, or --set mbx.tool=DIR takes yours
    rust-cache                   external, nothing to install
    dedup                        external, nothing to install
    cargo-z                      external, nothing to install

    Names take globs: 'hardlink+*', '*+aggressive@dirs'; external strategies only by name or 'external:*'. `harness strategies show NAME` explains one.
    ");
    insta::assert_snapshot!(say(&place, &["strategies", "show", "none"]), @"
    none

    Plain Cargo, a build directory for each workspace, no reuse. The baseline; its warm step is a second uncached build and shows the noise.
    ");
    insta::assert_snapshot!(say(&place, &["strategies", "show", "in-place+conservative@dirs"]), @"
    in-place+conservative@dirs

    Whole units are restored into the build directory before Cargo runs and published after it; Cargo's own fingerprint check has the last word.

    Key policy conservative: Library units of registry or git packages with no build script and no proc macro in themselves or in anything they depend on, and no path package in it. The first step proposed in rust-lang/cargo#5931: nothing that foreign code influenced at build time.

    Link mode in-place: A unit's whole out directory is one symbolic link into the store: one link a unit whatever it contains, nothing to free in the build directory. A rebuild that Cargo starts on its own would write into the store, so such links are cut before Cargo runs wherever a rebuild is to be expected.

    Store dirs: A directory for each unit, published by one rename: nothing is hashed but what dependents read, a unit is deleted by deleting its directory, and equal bytes of two units are stored twice.

    Rules that refuse a unit:
      unknown-mode         documentation and other modes than build, check, test and build-script run
      local-package        a path package: its source can change under the same id
      build-script         the package has a build script (its compile, its run and its library)
      proc-macro           a procedural macro
      not-a-library        a binary, test, example or benchmark
      below-local-package  it depends on a path package, for example by [patch]
      below-build-script   it depends on a package with a build script
      below-proc-macro     it depends on a procedural macro

    What the key of an admitted unit is made of:
      version              package version
      toolchain            `rustc -vV`
      platform             target triple, and whether RUSTFLAGS reach the host
      profile              every field of the profile
      profile-directory    profile directory and triple
      features             activated features
      flags                RUSTFLAGS and configuration that reaches rustc
      package-name         package name
      package-id           package id
      checksum             checksum, or commit of a git package
      source-path          path of the root source file
      target-name          target name
      target-kind          target kind
      crate-types          crate types
      edition              edition
      mode                 mode: check, build, test or script run
      build-std            whether `-Zbuild-std` built it
      manifest             manifests of a path package and its workspace
      dependency-names     name and flags of each dependency edge
      dependency-keys      key of each dependency
      dependency-contents  digest of what each dependency exports
      files                content of files that an earlier build read
      variables            variables that an earlier build read
      workspace-root       path of the workspace, where the unit depends on it
      static-libraries     content of static libraries that a script has linked
    ");
    insta::assert_snapshot!(say(&place, &["scenario", "list"]), @"
    gauntlet     every workspace built from an empty store, built again from the store, then edited (Q1 Q2 Q5 Q6)
    cold         an empty store before every build: what the cache itself costs (Q4 Q7)
    edits        edits of growing reach in a leaf and in a root member, each rebuilt in place, then back (Q20)
    worktrees    git worktrees of one workspace: the same commit, one that diverged, one with an edit (Q17 Q21)
    profiles     dev, release, test build and check, in turn on one workspace with one store (Q9 Q16)
    upgrade      one dependency upgraded by a second lockfile, then back (Q2 Q20)
    contention   four Cargos at once on one store: the same workspace, overlapping ones, disjoint ones (Q8)
    clean        cargo clean and store collection: bytes promised against bytes freed (Q15)
    moved        the same workspace at another path, and with another CARGO_HOME path (Q12 Q18)
    ");
    insta::assert_snapshot!(say(&place, &["scenario", "show", "gauntlet"]), @"
    gauntlet: every workspace built from an empty store, built again from the store, then edited
    questions: Q1 Q2 Q5 Q6
    run on all workspaces together

      fill: each workspace in turn, starting from an empty store
        once: empty-store
        each workspace: wipe
        each workspace, measured: cargo build

      warm: build directories wiped, each workspace again
        each workspace: wipe
        each workspace, measured: cargo build

      edit: one file of each workspace changed, each rebuilt in place
        each workspace: edit private-body
        each workspace, measured: cargo build
    ");
    insta::assert_snapshot!(say(&place, &["scenario", "show", "contention"]), @"
    contention: four Cargos at once on one store: the same workspace, overlapping ones, disjoint ones
    questions: Q8
    run on each workspace alone

      same: four copies of the workspace at once, from an empty store: all want the same units
        each workspace: empty-store
        each workspace: copy second
        each workspace: copy third
        each workspace: copy fourth
        each workspace: wipe
        each workspace, measured: cargo build in working copy main, second, third, fourth, at once

      same-warm: all four again, from the filled store
        each workspace: wipe
        each workspace, measured: cargo build in working copy main, second, third, fourth, at once

      overlapping: each copy edited: the same dependencies, four versions of the members, from an empty store
        each workspace: empty-store
        each workspace: wipe
        each workspace: edit-leaf public-signature
        each workspace, measured: cargo build in working copy main, second, third, fourth, at once

      disjoint: each copy with a compiler flag of its own: as much work, nothing in common, from an empty store
        each workspace: empty-store
        each workspace: wipe
        each workspace, measured: cargo build in working copy main, second, third, fourth, at once, each with a flag of its own
    ");
    assert!(!place.at("cache").exists(), "nothing of this needs a work directory");
}

#[test]
fn a_dry_run_runs_nothing_and_leaves_nothing() {
    let place = Place::new();
    publish_all(&place);
    gamma(&place);
    place.corpus("dry", &[("gamma", "src/main.rs", None)]);
    let more = ["--dry-run", "--strategies", "none,hardlink+*", "--seed", "7", "--rounds", "2"];
    // Without programs on PATH nothing could be run.
    let mut command = place.harness();
    command.args(place.compare_args("dry", &more)).env("PATH", "/nonexistent");
    let said = Said::of(command.output().unwrap());
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let shown = said.stdout.replace(&place.at("work").display().to_string(), "<work>");
    insta::assert_snapshot!(shown, @"
    corpus     dry (gamma)
    scenario   gauntlet: every workspace built from an empty store, built again from the store, then edited
               fill: each workspace in turn, starting from an empty store
               warm: build directories wiped, each workspace again
               edit: one file of each workspace changed, each rebuilt in place
    profile    dev, toolchain default
    against    none
    work in    <work>
    guards     a step is ended after 60 minutes; 512.0 MiB of the disk are left, of a small one a sixteenth; waits for up to 5 minutes
    seed       7
    rounds     2
    order      interleaved: drawn anew for every workspace and step; all on disk at once
    round 1    begins with none, hardlink+aggressive, hardlink+conservative, hardlink+non-local
    round 2    begins with hardlink+non-local, hardlink+conservative, hardlink+aggressive, none
    24 measured steps; nothing was run
    ");
    for left in ["work", "out", "cache"] {
        assert!(!place.at(left).exists(), "{left}");
    }
}

#[test]
fn a_corpus_is_shown_and_checked() {
    let place = Place::new();
    publish_all(&place);
    gamma(&place);
    place.corpus("mine", &[("gamma", "src/main.rs", Some("gamma"))]);
    let corpus = place.at("mine.toml").display().to_string();
    let hide = |text: String| text.replace(&place.at("").display().to_string(), "<place>/");
    insta::assert_snapshot!(hide(say(&place, &["corpus", "show", &corpus])), @"
    mine: made up

    gamma                    path <place>/ws/gamma
                             a test
                             edits src/main.rs
                             runs gamma
    ");
    let work = place.at("work").display().to_string();
    insta::assert_snapshot!(hide(say(&place, &["corpus", "check", &corpus, "--work-dir", &work])), @"
    gamma                    ok         4 packages
    1 workspaces, 0 with problems
    ");

    // A file that cannot be edited is found before anything is built.
    place.corpus("wrong", &[("gamma", "src/nothing.rs", None)]);
    let corpus = place.at("wrong.toml").display().to_string();
    let said = place.run(&["corpus", "check", &corpus, "--work-dir", &work]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    insta::assert_snapshot!(hide(said.stdout), @"
    gamma                    WRONG      4 packages
        there is no src/nothing.rs to edit: correct `edit`
    1 workspaces, 1 with problems
    ");
}
