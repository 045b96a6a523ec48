//! What has to be there at all, once it is settled what is fetched.
//!
//! - what the user asked for is needed;
//! - what is needed and compiled needs all of its dependencies;
//! - its rustc also reads the libraries below those, at any distance: through a library that was
//!   fetched, the *libraries* it was made from are needed as well. Its build script, that
//!   script's run and the procedural macros it was expanded with are not: their work is inside;
//! - what is needed and fetched needs nothing else, except, where keys hold contents
//!   ([`Lookup::ByLevel`]), to be asked for: its key is made of what its dependencies hand over.
//!   Of a dependency that the cache has, the answer to a lookup says that; one that it does not
//!   have must be compiled first, so it is needed.
//!
//! Native libraries of a fetched unit are taken to be inside its file, as rustc bundles them by
//! default.

use super::{Job, Lookup};

/// What to do with units, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs {
    /// Whether it must be there in the end.
    pub needed: Vec<bool>,
    /// Whether the cache is asked for it, be it only to know the keys of others.
    pub asked: Vec<bool>,
}

impl Needs {
    /// What a job needs where `fetched` units, all of them available, are fetched.
    pub fn of(job: &Job, fetched: &[bool], lookup: Lookup) -> Needs {
        let units = job.units();
        let mut needed: Vec<bool> = units.iter().map(|unit| unit.root).collect();
        let mut asked = vec![false; units.len()];
        // Read by the rustc of something that is compiled.
        let mut read = vec![false; units.len()];
        for (at, unit) in units.iter().enumerate().rev() {
            let compiled = needed[at] && !fetched[at];
            asked[at] |= needed[at] && fetched[at];
            for &below in &unit.dependencies {
                let below = below as usize;
                let library = units[below].library;
                if compiled || needed[at] && read[at] && library {
                    needed[below] = true;
                    read[below] |= library;
                }
                if asked[at] && lookup == Lookup::ByLevel {
                    asked[below] |= units[below].available;
                    needed[below] |= !units[below].available;
                }
            }
        }
        Needs { needed, asked }
    }
}

#[cfg(test)]
mod tests {
    use super::super::JobUnit;
    use super::*;

    /// A build script, its run, a library under one, a macro on it, a library, a binary.
    fn job() -> Job {
        let unit = |dependencies: &[u32], library, root: bool| JobUnit {
            seconds: 1.0,
            bytes: 1.0,
            dependencies: dependencies.to_vec(),
            available: !root,
            library,
            root,
        };
        Job::new(vec![
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

    fn needed(job: &Job, fetched: &[usize], lookup: Lookup) -> Vec<usize> {
        let fetched: Vec<bool> = (0..job.units().len()).map(|at| fetched.contains(&at)).collect();
        let needs = Needs::of(job, &fetched, lookup);
        (0..fetched.len()).filter(|at| needs.needed[*at]).collect()
    }

    #[test]
    fn below_a_fetched_library_only_libraries_are_needed() {
        let job = job();
        assert_eq!(needed(&job, &[], Lookup::AtOnce), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(needed(&job, &[0, 1, 2, 3, 4, 5], Lookup::AtOnce), [4, 5, 6], "no script, no run, no macro");
        assert_eq!(needed(&job, &[5], Lookup::AtOnce), [4, 5, 6], "what is read is needed, fetched or not");
        assert_eq!(needed(&job, &[3], Lookup::AtOnce), [0, 1, 3, 4, 5, 6], "nobody reads what is below a macro");
    }

    #[test]
    fn a_fetched_root_needs_nothing() {
        let mut units = job().units().to_vec();
        units[6].available = true;
        assert_eq!(needed(&Job::new(units).unwrap(), &[6], Lookup::ByLevel), [6]);
    }

    #[test]
    fn keys_made_of_contents_need_what_the_cache_has_not() {
        let mut units = job().units().to_vec();
        units[0].available = false;
        let job = Job::new(units).unwrap();
        assert_eq!(needed(&job, &[1, 2, 3, 4, 5], Lookup::AtOnce), [4, 5, 6]);
        assert_eq!(needed(&job, &[1, 2, 3, 4, 5], Lookup::ByLevel), [0, 4, 5, 6], "the run's key, for 5's key");
        let needs = Needs::of(&job, &[false, true, true, true, true, true, false], Lookup::ByLevel);
        assert_eq!(needs.asked, [false, true, true, true, true, true, false]);
        let needs = Needs::of(&job, &[false, true, true, true, true, true, false], Lookup::AtOnce);
        assert_eq!(needs.asked, [false, false, false, false, true, true, false]);
    }
}
