//! What is to be built: units on each other, with what each costs.

/// A unit of a [`Job`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobUnit {
    /// Seconds it takes to compile or run.
    pub seconds: f64,
    /// Bytes it takes to fetch.
    pub bytes: f64,
    /// What it is made from: smaller indexes than its own.
    pub dependencies: Vec<u32>,
    /// Whether the remote cache has it.
    pub available: bool,
    /// Whether it is a library that rustc reads again for whatever stands on it, at any distance:
    /// not a procedural macro, not a build script or its run, not a binary.
    pub library: bool,
    /// Whether the user asked for it.
    pub root: bool,
}

/// What one Cargo command would build.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Job {
    units: Vec<JobUnit>,
}

/// A job that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// A dependency does not stand before its dependent.
    #[error("unit {unit} depends on {dependency}, which does not stand before it")]
    Order {
        /// The dependent.
        unit: usize,
        /// What it depends on.
        dependency: u32,
    },
    /// Seconds or bytes are negative or no finite number.
    #[error("unit {unit} has an amount that is negative or no finite number")]
    Amount {
        /// Whose.
        unit: usize,
    },
}

impl Job {
    /// A job, where every dependency stands before its dependents and all amounts are amounts.
    pub fn new(units: Vec<JobUnit>) -> Result<Job, JobError> {
        for (at, unit) in units.iter().enumerate() {
            if let Some(dependency) = unit.dependencies.iter().find(|dependency| **dependency as usize >= at) {
                return Err(JobError::Order { unit: at, dependency: *dependency });
            }
            let amount = |value: f64| value.is_finite() && value >= 0.0;
            if !amount(unit.seconds) || !amount(unit.bytes) {
                return Err(JobError::Amount { unit: at });
            }
        }
        Ok(Job { units })
    }

    /// Its units, dependencies first.
    pub fn units(&self) -> &[JobUnit] {
        &self.units
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_job_says_why() {
        let unit = |dependencies: &[u32], seconds| JobUnit {
            dependencies: dependencies.to_vec(),
            seconds,
            ..JobUnit::default()
        };
        assert!(Job::new(vec![unit(&[], 1.0), unit(&[0], 0.0)]).is_ok());
        let error = Job::new(vec![unit(&[], 1.0), unit(&[0, 1], 1.0)]).unwrap_err();
        assert_eq!(error.to_string(), "unit 1 depends on 1, which does not stand before it");
        for seconds in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Job::new(vec![unit(&[], seconds)]), Err(JobError::Amount { unit: 0 }));
        }
    }
}
