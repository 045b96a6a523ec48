//! What the program behind `RUSTC` and the harness agree on.

/// The environment variable that names the log; without it nothing is recorded.
pub(crate) const LOG: &str = "HARNESS_OBSERVER_LOG";

pub(crate) const REAL: &str = "HARNESS_REAL_RUSTC";

/// The file beside the program that names the real compiler.
pub(crate) const SIDECAR: &str = "rustc.real";

/// The last field of a line of the log: a torn one does not have it.
pub(crate) const END: &str = ".";

/// What a run of the compiler was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// A unit was compiled (or checked).
    Compile,
    /// Only the list of inputs was asked for.
    DepInfo,
    /// Only facts about the compiler were asked for.
    Query,
    /// A build script tried whether something compiles.
    Probe,
}

impl CallKind {
    /// Every kind, as the log has it.
    pub(crate) const NAMES: [(CallKind, &str); 4] = [
        (CallKind::Compile, "compile"),
        (CallKind::DepInfo, "dep-info"),
        (CallKind::Query, "query"),
        (CallKind::Probe, "probe"),
    ];
}
