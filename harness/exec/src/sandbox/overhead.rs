//! What it costs to start a program in a sandbox: the same program in and out of it, in turns.

use std::time::Duration;

use super::Sandbox;
use crate::command::{CommandSpec, ProcessError};
use crate::interrupt::Supervisor;
use crate::process;

/// How often each is started.
pub const STARTS: usize = 20;

/// Medians over [`STARTS`] starts each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overhead {
    /// In the sandbox.
    pub inside: Duration,
    /// Out of it.
    pub outside: Duration,
}

/// Measures it on a program that does next to nothing.
///
/// # Errors
/// When the program cannot be run, or the run is interrupted.
pub fn measure(sandbox: &Sandbox, program: &CommandSpec, supervisor: &Supervisor) -> Result<Overhead, ProcessError> {
    let confined = sandbox.confine(program.clone());
    let wall = |spec| Ok::<_, ProcessError>(process::run(spec, supervisor, &mut |_, _| ())?.wall);
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        outside.push(wall(program)?);
        inside.push(wall(&confined)?);
    }
    Ok(Overhead { inside: median(inside), outside: median(outside) })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    match times.len() {
        0 => Duration::ZERO,
        n if n % 2 == 1 => times[n / 2],
        n => (times[n / 2 - 1] + times[n / 2]) / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let times = |list: &[u64]| median(list.iter().copied().map(Duration::from_millis).collect());
        assert_eq!(times(&[9, 1, 2]), Duration::from_millis(2));
        assert_eq!(times(&[9, 1, 2, 4]), Duration::from_millis(3));
        assert_eq!(times(&[]), Duration::ZERO);
    }
}
