//! Lays a life over a trace: who builds, edits and cleans what, and when.
//!
//! In goes a [`Trace`](crate::trace::Trace), collected or generated, and a [`Timeline`]; out come its events. The same
//! seed makes the same events. A session is what one developer does at one sitting in one
//! workspace: edits, each followed by a build. Which plan a build uses follows the workspace's
//! lockfile: where it has several plans of one command, they are its lockfile's updates, and the
//! days are divided among them.
//!
//! - `workspaces`: what of a trace a life needs to know
//! - `lay`: draws sessions and writes events

mod lay;
#[cfg(test)]
mod tests;
mod workspaces;

pub use lay::lay;

/// How much happens. Every number but `toolchain_days` is an assumption, to be varied; none is
/// measured by this project.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Days. Assumed: a quarter of a year, so that two or three toolchains and lockfiles are seen.
    pub days: u32,
    /// Builds a day of the average workspace. Assumed. The median developer's IDE builds far more
    /// often; a store is asked at builds that follow a wipe, an update or an edit.
    pub builds_per_day: f64,
    /// Exponent of Zipf's law of activity: the n-th most active workspace has a share of
    /// n^−exponent. Assumed, as for most things that people do; 0 makes all equally active.
    pub activity: f64,
    /// The most builds a day of one workspace, however active. Assumed.
    pub most_builds_per_day: f64,
    /// Builds of a session, on average. Assumed.
    pub builds_per_session: f64,
    /// Edits before each build of a session, on average. Assumed.
    pub edits_per_build: f64,
    /// Share of edits that change the root of a library instead of that of a program. Assumed.
    pub library_edits: f64,
    /// Shares of tests, checks and release builds among builds; the rest are development builds.
    /// Where a workspace has no such plan, it is a development build. Assumed.
    pub other: [f64; 3],
    /// Days from one wiping of a build directory (`cargo clean`, a fresh clone, a CI runner) to the
    /// next, in a workspace that builds every day. Assumed.
    pub wipe_days: f64,
    /// Days from one toolchain to the next: Rust's six weeks
    /// (<https://doc.rust-lang.org/book/appendix-07-nightly-rust.html>). 0 for none.
    pub toolchain_days: u32,
    /// Seed of everything.
    pub seed: u64,
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline {
            days: 90,
            builds_per_day: 2.0,
            activity: 1.0,
            most_builds_per_day: 40.0,
            builds_per_session: 4.0,
            edits_per_build: 1.0,
            library_edits: 0.3,
            other: [0.15, 0.1, 0.05],
            wipe_days: 20.0,
            toolchain_days: 42,
            seed: 1,
        }
    }
}
