//! A build on a machine with a remote cache, and what of it must be present at all once it is decided what is fetched:
//!
//! - what the user asked for is needed;
//! - a unit that is needed and compiled needs all of its dependencies;
//! - its rustc also reads the libraries that those depend on, at any distance: through a library that was fetched, the
//!   *libraries* among its dependencies are needed as well. Its build script, the run of that script and the procedural
//!   macros that it was expanded with are not: their effect is part of the library;
//! - a unit that is needed and fetched needs nothing else, except, where keys contain contents ([`Lookup::ByLevel`]),
//!   to be looked up: its key is made of what its dependencies export. For a dependency that the cache has, the answer
//!   to a lookup says that; one that it does not have must be compiled first, so it is needed.
//!
//! Native libraries of a fetched unit are assumed to be inside its file, as rustc bundles them by default.

use super::Lookup;

/// A unit of a [`RemoteJob`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RemoteUnit {
    /// Seconds it takes to compile or run.
    pub seconds: f64,
    /// Bytes it takes to fetch.
    pub bytes: f64,
    /// Its dependencies: smaller indexes than its own.
    pub dependencies: Vec<u32>,
    /// Whether the remote cache has it.
    pub available: bool,
    /// Whether it is a library that rustc reads again for its dependents at any distance: not a procedural macro, not a
    /// build script or its run, not a binary.
    pub library: bool,
    /// Whether the user asked for it.
    pub root: bool,
}

/// What one Cargo command would build.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RemoteJob {
    units: Vec<RemoteUnit>,
}

/// Why units are not a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoteJobError {
    /// A dependency does not come before its dependent.
    #[error("unit {unit} depends on {dependency}, which does not come before it")]
    Order {
        /// The dependent.
        unit: usize,
        /// The dependency.
        dependency: u32,
    },
    /// Seconds or bytes are negative or not finite.
    #[error("unit {unit} has an amount that is negative or no finite number")]
    Amount {
        /// The unit.
        unit: usize,
    },
}

impl RemoteJob {
    /// A job of these units: dependencies first, amounts finite and not negative.
    ///
    /// # Errors
    /// When a unit is neither.
    pub fn new(units: Vec<RemoteUnit>) -> Result<RemoteJob, RemoteJobError> {
        for (at, unit) in units.iter().enumerate() {
            if let Some(dependency) = unit.dependencies.iter().find(|dependency| **dependency as usize >= at) {
                return Err(RemoteJobError::Order { unit: at, dependency: *dependency });
            }
            let amount = |value: f64| value.is_finite() && value >= 0.0;
            if !amount(unit.seconds) || !amount(unit.bytes) {
                return Err(RemoteJobError::Amount { unit: at });
            }
        }
        Ok(RemoteJob { units })
    }

    /// Its units, dependencies first.
    pub fn units(&self) -> &[RemoteUnit] {
        &self.units
    }
}

/// What of a job is needed, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NeededUnits {
    /// Whether it must be present in the end.
    pub needed: Vec<bool>,
    /// Whether it is looked up, be it only to know the keys of others.
    pub asked: Vec<bool>,
}

impl NeededUnits {
    /// What a job needs where `fetched` units, all of them available, are fetched.
    pub fn of(job: &RemoteJob, fetched: &[bool], lookup: Lookup) -> NeededUnits {
        let units = job.units();
        let mut needed: Vec<bool> = units.iter().map(|unit| unit.root).collect();
        let mut asked = vec![false; units.len()];
        // Read by the rustc of something that is compiled.
        let mut read = vec![false; units.len()];
        for (at, unit) in units.iter().enumerate().rev() {
            let compiled = needed[at] && !fetched[at];
            asked[at] |= needed[at] && fetched[at];
            for &dependency in &unit.dependencies {
                let dependency = dependency as usize;
                let library = units[dependency].library;
                if compiled || needed[at] && read[at] && library {
                    needed[dependency] = true;
                    read[dependency] |= library;
                }
                if asked[at] && lookup == Lookup::ByLevel {
                    asked[dependency] |= units[dependency].available;
                    needed[dependency] |= !units[dependency].available;
                }
            }
        }
        NeededUnits { needed, asked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_out_of_order_or_without_amounts_are_refused() {
        let unit = |dependencies: &[u32], seconds| RemoteUnit {
            dependencies: dependencies.to_vec(),
            seconds,
            ..RemoteUnit::default()
        };
        assert!(RemoteJob::new(vec![unit(&[], 1.0), unit(&[0], 0.0)]).is_ok());
        let error = RemoteJob::new(vec![unit(&[], 1.0), unit(&[0, 1], 1.0)]).unwrap_err();
        assert_eq!(error.to_string(), "unit 1 depends on 1, which does not come before it");
        for seconds in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(RemoteJob::new(vec![unit(&[], seconds)]), Err(RemoteJobError::Amount { unit: 0 }));
        }
    }

    /// A build script, its run, a library, a macro that depends on it, a library, a binary.
    fn job() -> RemoteJob {
        let unit = |dependencies: &[u32], library, root: bool| RemoteUnit {
            seconds: 1.0,
            bytes: 1.0,
            dependencies: dependencies.to_vec(),
            available: !root,
            library,
            root,
        };
        RemoteJob::new(vec![
            unit(&[], false, false),
            unit(&[0], false, false),
            unit(&[], true, false),
            unit(&[2], false, false),
            unit(&[], true, false),
            unit(&[1, 3, 4], true, false),
            unit(&[5], false, true),
        ])
        .unwrap()
    }

    fn needed(job: &RemoteJob, fetched: &[usize], lookup: Lookup) -> Vec<usize> {
        let fetched: Vec<bool> = (0..job.units().len()).map(|at| fetched.contains(&at)).collect();
        let needs = NeededUnits::of(job, &fetched, lookup);
        (0..fetched.len()).filter(|at| needs.needed[*at]).collect()
    }

    #[test]
    fn of_the_dependencies_of_a_fetched_library_only_libraries_are_needed() {
        let job = job();
        assert_eq!(needed(&job, &[], Lookup::AtOnce), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(needed(&job, &[0, 1, 2, 3, 4, 5], Lookup::AtOnce), [4, 5, 6], "no script, no run, no macro");
        assert_eq!(needed(&job, &[5], Lookup::AtOnce), [4, 5, 6], "what is read is needed, fetched or not");
        assert_eq!(needed(&job, &[3], Lookup::AtOnce), [0, 1, 3, 4, 5, 6], "nothing reads the dependencies of a macro");
    }

    #[test]
    fn a_fetched_root_needs_nothing() {
        let mut units = job().units().to_vec();
        units[6].available = true;
        assert_eq!(needed(&RemoteJob::new(units).unwrap(), &[6], Lookup::ByLevel), [6]);
    }

    #[test]
    fn keys_made_of_contents_need_what_the_cache_has_not() {
        let mut units = job().units().to_vec();
        units[0].available = false;
        let job = RemoteJob::new(units).unwrap();
        assert_eq!(needed(&job, &[1, 2, 3, 4, 5], Lookup::AtOnce), [4, 5, 6]);
        assert_eq!(needed(&job, &[1, 2, 3, 4, 5], Lookup::ByLevel), [0, 4, 5, 6], "the run's key, for 5's key");
        let needs = NeededUnits::of(&job, &[false, true, true, true, true, true, false], Lookup::ByLevel);
        assert_eq!(needs.asked, [false, true, true, true, true, true, false]);
        let needs = NeededUnits::of(&job, &[false, true, true, true, true, true, false], Lookup::AtOnce);
        assert_eq!(needs.asked, [false, false, false, false, true, true, false]);
    }
}
