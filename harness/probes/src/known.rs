//! Failures that follow from what a design promises, and where that is explained.
//!
//! A failure listed here is still a failure and is shown as one; the explanation says that it
//! is a property of the policy, not a slip of its implementation.

use strategies::Strategy;

/// A failure that is explained.
struct Known {
    probe: &'static str,
    /// Whom it is explained for.
    of: fn(&Strategy) -> bool,
    why: &'static str,
}

/// Ours.
fn is_ours(strategy: &Strategy) -> bool {
    strategy.as_units().is_some()
}

/// Ours, and with files that lead to the store's own.
fn shares_inodes(strategy: &Strategy) -> bool {
    strategy.as_units().is_some_and(|units| units.link.shares_inodes())
}

/// Ours, and with links to names in the store.
fn points_into_the_store(strategy: &Strategy) -> bool {
    strategy.as_units().is_some_and(|units| units.link.mechanism() == strategies::link::Mechanism::Symlinked)
}

const KNOWN: &[Known] = &[
    Known { probe: "store-deleted-during-a-build", of: points_into_the_store, why: POINTS },
    Known { probe: "library-overwritten-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-overwritten-time-kept", of: shares_inodes, why: SHARES },
    Known { probe: "library-unlocked-and-overwritten", of: shares_inodes, why: SHARES },
    Known { probe: "library-appended-to-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-truncated-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-stripped-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-chmodded-as-user", of: shares_inodes, why: SHARES },
    Known { probe: "blobs-flipped-time-kept", of: is_ours, why: UNREAD },
    Known { probe: "out-dir-kept-as-path", of: beyond_conservative, why: OUT_DIR },
    Known { probe: "macro-reads-variable", of: beyond_conservative, why: MACRO },
    Known { probe: "macro-reads-variable", of: shared_target, why: KEPT },
    Known { probe: "macro-reads-file", of: aggressive, why: MACRO },
    Known { probe: "macro-reads-file", of: shared_target, why: KEPT },
    Known { probe: "script-reads-variable-untold", of: beyond_conservative, why: SCRIPT },
    Known { probe: "script-reads-variable-untold", of: shared_target, why: KEPT },
    Known { probe: "script-reads-file-untold", of: aggressive, why: SCRIPT },
    Known { probe: "script-reads-file-untold", of: shared_target, why: KEPT },
    Known { probe: "static-library-replaced", of: shared_target, why: KEPT },
    Known { probe: "primary-package", of: aggressive, why: PRIMARY },
    Known { probe: "primary-package", of: shared_target, why: KEPT },
    Known { probe: "module-file-twice", of: aggressive, why: ABSENT },
    Known { probe: "module-file-twice", of: shared_target, why: KEPT },
];

const OUT_DIR: &str = "the place of OUT_DIR is left out of the key, or nothing below a build script would be shared: \
                       KEYS.md, what is left out";
const MACRO: &str = "neither Cargo nor rustc hears of what a proc macro reads by itself: KEYS.md, what is left out";
const SCRIPT: &str = "Cargo does not hear of what a build script reads and does not name: KEYS.md, what is left out";
const PRIMARY: &str = "Cargo does not track whether a package was named, and hides the variable from its dep-info: KEYS.md, \
                       what is left out";
const ABSENT: &str = "rustc tells which files it read, not which it looked for: KEYS.md, what is left out";
const KEPT: &str = "Cargo does not track it: plain Cargo does the same in a build directory that is kept, and this one \
                    always is (KEYS.md, what is left out)";

const SHARES: &str = "the tree's files are the store's own, see 'Who can write to the store' in KEYS.md";

const POINTS: &str = "a tree's links last only as long as the entries they lead to, see 'Who can write to the store' in \
                      KEYS.md";

const UNREAD: &str = "a restore compares sizes and times and not bytes, see 'Who can write to the store' in KEYS.md";

fn policy(strategy: &Strategy) -> Option<&'static str> {
    match strategy {
        Strategy::Units(units) => Some(units.policy.name),
        _ => None,
    }
}

fn aggressive(strategy: &Strategy) -> bool {
    policy(strategy) == Some("aggressive")
}

fn beyond_conservative(strategy: &Strategy) -> bool {
    aggressive(strategy) || policy(strategy) == Some("non-local")
}

fn shared_target(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::SharedTarget)
}

/// Why this strategy is bound to fail this probe; `None` where it should not.
pub fn explanation(probe: &str, strategy: &Strategy) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.probe == probe && (known.of)(strategy)).map(|known| known.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conservative_policy_needs_no_excuse_for_a_stale_hit() {
        let strategy = |name| super::super::telling::strategy(&strategies::Catalog::shipped(), name).unwrap();
        let is_stale =
            |known: &&Known| super::super::stale::FAMILY.probes.iter().any(|probe| probe.name == known.probe);
        for known in KNOWN.iter().filter(is_stale) {
            assert!(!(known.of)(&strategy("hardlink+conservative")), "{}", known.probe);
            assert!(!(known.of)(&strategy("none")), "{}", known.probe);
        }
        assert!(explanation("macro-reads-file", &strategy("copy+aggressive@dirs")).is_some());
        assert!(explanation("macro-reads-file", &strategy("hardlink+non-local")).is_none());
        assert!(explanation("store-deleted-during-a-build", &strategy("symlink+aggressive")).is_some());
        assert!(explanation("store-deleted-during-a-build", &strategy("hardlink+aggressive")).is_none());
    }

    #[test]
    fn what_is_known_is_about_a_probe() {
        for known in KNOWN {
            assert!(super::super::all().any(|(_, probe)| probe.name == known.probe), "{}", known.probe);
            assert!(known.why.contains("KEYS.md"), "{}", known.probe);
        }
    }
}
