//! What does not fit, and what to do.

use thiserror::Error;

/// These are not the finished shards of one run. Runs are given by their names, two of them as `a and b`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// Nothing was given.
    #[error("there is nothing to merge: give the run folders of all shards")]
    Nothing,
    /// A run that was taken in one go.
    #[error("{0} is not a shard: give runs that `harness compare --shard I/N` wrote")]
    NoShard(String),
    /// A run that was merged already.
    #[error("{0} was merged already: give the shards it was merged from, all at once")]
    Merged(String),
    /// A shard that was cut off: the run, which shard.
    #[error("{0}, shard {1}, is not complete: finish it first with harness compare --resume and its folder")]
    Incomplete(String, String),
    /// Shards of different runs: in what they differ, and what each has.
    #[error("{0} are not shards of one run: {1} differs ({2}); give shards of one plan")]
    Differ(String, String, String),
    /// Shards that differ in what may differ only where it is allowed: the word for `--allow`, and what
    /// each has.
    #[error("{0} have different {1} ({2}); --allow {1} merges them nevertheless, and the report says so")]
    Refused(String, &'static str, String),
    /// Two folders hold one shard, or one cell.
    #[error("{0} both hold {1}: give each shard once")]
    Twice(String, String),
    /// Some shards are not there: which, with the verb.
    #[error("{0} not there: give all of them, or take --partial to join what there is, marked as incomplete")]
    Missing(String),
    /// A complete shard lacks rows of a cell it holds: the run, which row.
    #[error("{0} has no row of {1}, though it is complete: restore its folder, or measure that shard again")]
    Torn(String, String),
}
