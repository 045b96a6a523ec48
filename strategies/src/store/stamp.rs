//! Modification times of outputs.
//!
//! Cargo finds a unit stale when an output of a dependency is newer than its own newest output, and when a source is newer
//! than the unit's dep-info. A build directory filled from several builds therefore needs times that agree:
//!
//! - outputs of every cached unit carry one normal time, also where they were built, so that no mixture is out of order;
//! - a build-script run that watches files which are not immutable must be at least as new as they are, and everything
//!   that depends on it at least as new as it: such units carry the newest of these times instead;
//! - files under `fingerprint/` are private and get the time at which planning began, before the sources were compared.

use std::time::{Duration, SystemTime};

use crate::files::since_epoch;

/// The time all outputs carry unless a watched file forces a newer one.
pub(crate) const NORMAL: Duration = Duration::from_secs(1_000_000_000);

/// The time of a unit's outputs: the newest of the normal time, its dependencies' times and the files that it watches.
pub(crate) fn floor(dependencies: impl Iterator<Item = Duration>, watched: Option<SystemTime>) -> Duration {
    dependencies.chain(watched.map(since_epoch)).fold(NORMAL, Duration::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_dependency_is_newer_than_its_dependent(deps in proptest::collection::vec(0u64..3_000_000_000, 0..5), watched in proptest::option::of(0u64..3_000_000_000)) {
            let stamp = floor(deps.iter().map(|secs| Duration::from_secs(*secs)), watched.map(|secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs)));
            prop_assert!(stamp >= NORMAL);
            prop_assert!(deps.iter().chain(watched.iter()).all(|secs| Duration::from_secs(*secs) <= stamp));
        }
    }
}
