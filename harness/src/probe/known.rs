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

const KNOWN: &[Known] = &[];

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
