//! Failures that follow from what a policy promises, and where that is explained.
//!
//! A failure listed here is still a failure and is shown as one; the explanation says that it
//! is a property of the policy, not a mistake of its implementation.

use strategies::Strategy;
use strategies::link::Mechanism;
use strategies::option::StrategyOption;

/// An explained failure.
struct KnownGap {
    probe: &'static str,
    /// Which strategies it is explained for.
    applies: fn(&Strategy) -> bool,
    why: &'static str,
}

const fn gap(probe: &'static str, applies: fn(&Strategy) -> bool, why: &'static str) -> KnownGap {
    KnownGap { probe, applies, why }
}

const KNOWN_GAPS: &[KnownGap] = &[
    gap("store-deleted-during-a-build", links_into_the_store, POINTS),
    gap("library-overwritten-as-root", shares_inodes, SHARES),
    gap("library-overwritten-time-kept", shares_inodes, SHARES),
    gap("library-unlocked-and-overwritten", shares_inodes, SHARES),
    gap("library-appended-to-as-root", shares_inodes, SHARES),
    gap("library-truncated-as-root", shares_inodes, SHARES),
    gap("library-stripped-as-root", shares_inodes, SHARES),
    gap("library-chmodded-as-user", shares_inodes, SHARES),
    gap("blobs-flipped-time-kept", restores_unread, UNREAD),
    gap("out-dir-kept-as-path", beyond_conservative, OUT_DIR),
    gap("macro-reads-variable", beyond_conservative, MACRO),
    gap("macro-reads-variable", shared_target, KEPT),
    gap("damaged-tree-publishes", shares_inodes, SHARES),
    gap("library-overwritten-as-user", shares_inodes, SHARES),
    gap("library-appended-to-as-user", shares_inodes, SHARES),
    gap("library-truncated-as-user", shares_inodes, SHARES),
    gap("library-stripped-as-user", shares_inodes, SHARES),
    gap("macro-keeps-a-place", aggressive, MACRO),
    gap("macro-reads-file", aggressive, MACRO),
    gap("macro-reads-file", shared_target, KEPT),
    gap("script-reads-variable-untracked", beyond_conservative, SCRIPT),
    gap("script-reads-variable-untracked", shared_target, KEPT),
    gap("script-reads-file-untracked", aggressive, SCRIPT),
    gap("script-reads-file-untracked", shared_target, KEPT),
    gap("script-embeds-commit", aggressive, SCRIPT),
    gap("script-embeds-commit", shared_target, KEPT),
    gap("script-removes-a-later-file", aggressive, UNSEEN),
    gap("script-reads-a-time", aggressive, SCRIPT),
    gap("script-writes-what-differs", shared_target, KEPT),
    gap("script-writes-into-a-sibling", shared_target, KEPT),
    gap("script-writes-into-the-workspace", shared_target, KEPT),
    gap("macro-writes-a-source", shared_target, KEPT),
    gap("script-writes-beside-what-cargo-does", shared_target, KEPT),
    gap("script-installs-a-hook", shared_target, KEPT),
    gap("script-removes-a-file", shared_target, KEPT),
    gap("script-removes-a-later-file", shared_target, KEPT),
    gap("script-watches-a-mode", shared_target, KEPT),
    gap("script-reads-a-time", shared_target, KEPT),
    gap("static-library-replaced", shared_target, KEPT),
    gap("primary-package", aggressive, PRIMARY),
    gap("primary-package", shared_target, KEPT),
    gap("compiler-replaced", shared_target, KEPT),
    gap("native-is-another-cpu", shared_target, KEPT),
    gap("compilers-library-replaced", beyond_conservative, UNREPORTED),
    gap("compilers-library-replaced", shared_target, KEPT),
    gap("module-file-twice", aggressive, ABSENT),
    gap("module-file-twice", shared_target, KEPT),
    gap("script-passes-on-the-checkouts-name", aggressive, NAME),
    gap("assembly-includes-file", aggressive, UNREPORTED),
    gap("assembly-includes-vendored-file", beyond_conservative, UNREPORTED),
    gap("wrapper-calls-a-program", beyond_conservative, UNREPORTED),
    gap("default-linker-edited", aggressive, UNREPORTED),
    gap("registry-source-edited-with-an-old-time", beyond_conservative, UNREPORTED),
    gap("library-searched-from-the-workspace", shared_target, KEPT),
    gap("library-of-no-kind", shared_target, KEPT),
    gap("library-searched-by-link-arg", shared_target, KEPT),
    gap("library-in-an-argument-file", shared_target, KEPT),
    gap("linker-script-searched", shared_target, KEPT),
    gap("library-searched-by-another-package", shared_target, KEPT),
    gap("library-named-by-flags", shared_target, KEPT),
    gap("argument-file-edited", shared_target, KEPT),
    gap("crate-searched-by-flags", shared_target, KEPT),
    gap("crate-in-another-sysroot", shared_target, KEPT),
    gap("assembly-includes-file", shared_target, KEPT),
    gap("assembly-includes-vendored-file", shared_target, KEPT),
    gap("wrapper-calls-a-program", shared_target, KEPT),
    gap("default-linker-edited", shared_target, KEPT),
    gap("registry-source-edited-with-an-old-time", shared_target, KEPT),
];

const OUT_DIR: &str = "the path of OUT_DIR is left out of the key, or no unit with a build script among its dependencies \
                       would be shared: KEYS.md, what is left out";
const MACRO: &str = "neither Cargo nor rustc tracks what a proc macro reads by itself: KEYS.md, what is left out";
const SCRIPT: &str = "Cargo does not track what a build script reads and does not name: KEYS.md, what is left out";
const UNSEEN: &str = "a run that changed nothing elsewhere is published, and a store knows of no other: KEYS.md, what is left \
                      out";
const PRIMARY: &str = "Cargo does not track whether a package was named, and hides the variable from its dep-info: KEYS.md, \
                       what is left out";
const ABSENT: &str = "rustc reports which files it read, not which it looked for: KEYS.md, what is left out";
const NAME: &str = "a name alone does not show that it is a place: KEYS.md, what is left out";
const UNREPORTED: &str = "neither rustc nor Cargo reports that it was read: KEYS.md, what is left out";
const KEPT: &str = "Cargo does not track it: plain Cargo does the same in a build directory that is kept, and this one \
                    always is (KEYS.md, what is left out)";
const SHARES: &str = "the tree's files are the store's own, see 'Who can write to the store' in KEYS.md";
const POINTS: &str = "a tree's links are valid only as long as the entries they lead to, see 'Who can write to the store' \
                      in KEYS.md";
const UNREAD: &str = "a restore compares sizes and times and not bytes, see 'Who can write to the store' in KEYS.md";

fn restores_unread(strategy: &Strategy) -> bool {
    strategy.as_units().is_some_and(|units| !units.options.chosen.has(StrategyOption::Verify))
}

fn shares_inodes(strategy: &Strategy) -> bool {
    strategy.as_units().is_some_and(|units| units.link.shares_inodes())
}

fn links_into_the_store(strategy: &Strategy) -> bool {
    strategy.as_units().is_some_and(|units| units.link.mechanism() == Mechanism::Symlinked)
}

fn aggressive(strategy: &Strategy) -> bool {
    strategy.as_units().is_some_and(|units| units.policy.name == "aggressive")
}

fn beyond_conservative(strategy: &Strategy) -> bool {
    aggressive(strategy) || strategy.as_units().is_some_and(|units| units.policy.name == "non-local")
}

fn shared_target(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Named(named) if named.name.starts_with("shared-target"))
}

/// Why this strategy is bound to fail this probe; `None` where it should not.
pub(crate) fn explanation(probe: &str, strategy: &Strategy) -> Option<&'static str> {
    KNOWN_GAPS.iter().find(|gap| gap.probe == probe && (gap.applies)(strategy)).map(|gap| gap.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conservative_policy_needs_no_excuse_for_a_stale_hit() {
        let catalog = runner::integration::catalog();
        let strategy = |name: &str| catalog.select(name).unwrap().into_iter().next().unwrap().1;
        let is_stale = |gap: &&KnownGap| crate::stale::FAMILY.probes().any(|probe| probe.name == gap.probe);
        for gap in KNOWN_GAPS.iter().filter(is_stale) {
            assert!(!(gap.applies)(&strategy("hardlink+conservative")), "{}", gap.probe);
            assert!(!(gap.applies)(&strategy("none")), "{}", gap.probe);
        }
        assert!(explanation("macro-reads-file", &strategy("copy+aggressive@dirs")).is_some());
        assert!(explanation("macro-reads-file", &strategy("hardlink+non-local")).is_none());
        assert!(explanation("store-deleted-during-a-build", &strategy("symlink+aggressive")).is_some());
        assert!(explanation("store-deleted-during-a-build", &strategy("hardlink+aggressive")).is_none());
    }

    #[test]
    fn a_known_gap_names_a_probe_and_its_explanation() {
        for gap in KNOWN_GAPS {
            assert!(crate::all().any(|(_, probe)| probe.name == gap.probe), "{}", gap.probe);
            assert!(gap.why.contains("KEYS.md"), "{}", gap.probe);
        }
    }
}
