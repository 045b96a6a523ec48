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

const SHARES: &str = "the tree's files are the store's own, see 'Who can write to the store' in KEYS.md";

const UNREAD: &str = "a restore compares sizes and times and not bytes, see 'Who can write to the store' in KEYS.md";

const KNOWN: &[Known] = &[
    Known { probe: "library-overwritten-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-overwritten-time-kept", of: shares_inodes, why: SHARES },
    Known { probe: "library-unlocked-and-overwritten", of: shares_inodes, why: SHARES },
    Known { probe: "library-appended-to-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-truncated-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-stripped-as-root", of: shares_inodes, why: SHARES },
    Known { probe: "library-chmodded-as-user", of: shares_inodes, why: SHARES },
    Known { probe: "blobs-flipped-time-kept", of: is_ours, why: UNREAD },
];

/// Ours.
fn is_ours(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Units(_))
}

/// Ours, and with files that lead to the store's own.
fn shares_inodes(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Units(units) if units.link.shares_inodes())
}

/// Why this strategy is bound to fail this probe; `None` where it should not.
pub fn explanation(probe: &str, strategy: &Strategy) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.probe == probe && (known.of)(strategy)).map(|known| known.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_about_a_probe() {
        for known in KNOWN {
            assert!(super::super::all().any(|(_, probe)| probe.name == known.probe), "{}", known.probe);
            assert!(known.why.contains("KEYS.md"), "{}", known.probe);
        }
    }
}
