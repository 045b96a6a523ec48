//! The real trace that comes with the harness: what is made is like it unless another is named.

use std::path::Path;

use crate::trace::{Trace, TraceError};

/// Collected by `harness trace collect` from real workspaces; its first lines tell which.
static CENSUS: &[u8] = include_bytes!("../../traces/census.trace");

/// The trace that comes with the harness.
///
/// # Errors
/// When the harness was built with a trace of another version of the format.
pub fn shipped() -> Result<Trace, TraceError> {
    Trace::parse(CENSUS, Path::new("simulation/traces/census.trace"))
}
