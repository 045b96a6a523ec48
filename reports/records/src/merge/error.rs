//! What does not fit, and what to do.

use thiserror::Error;

/// These are not the finished shards of one run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// Nothing was given.
    #[error("there is nothing to merge: give the run folders of all shards")]
    Nothing,
    /// A run that was taken in one go.
    #[error("{name} is not a shard: give runs that `harness compare --shard I/N` wrote")]
    NoShard {
        /// Name of the run.
        name: String,
    },
    /// A run that was merged already.
    #[error("{name} was merged already: give the shards it was merged from, all at once")]
    Merged {
        /// Name of the run.
        name: String,
    },
    /// A shard that was cut off.
    #[error("{name}, shard {shard}, is not complete: finish it first with harness compare --resume and its folder")]
    Incomplete {
        /// Name of the run.
        name: String,
        /// Which shard.
        shard: String,
    },
    /// Shards of different runs.
    #[error(
        "{first} and {other} are not shards of one run: {what} differs ({ours} and {theirs}); give shards of one plan"
    )]
    Differ {
        /// A run.
        first: String,
        /// Another.
        other: String,
        /// In what.
        what: String,
        /// What the first has.
        ours: String,
        /// What the other has.
        theirs: String,
    },
    /// Shards that differ in what may differ only where it is allowed.
    #[error(
        "{first} and {other} have different {what} ({ours} and {theirs}); --allow {what} merges them nevertheless, \
         and the report says so"
    )]
    Refused {
        /// A run.
        first: String,
        /// Another.
        other: String,
        /// In what: the word for `--allow`.
        what: &'static str,
        /// What the first has.
        ours: String,
        /// What the other has.
        theirs: String,
    },
    /// Two folders hold one shard, or one cell.
    #[error("{first} and {other} both hold {what}: give each shard once")]
    Twice {
        /// A run.
        first: String,
        /// Another.
        other: String,
        /// What both hold.
        what: String,
    },
    /// Some shards are not there.
    #[error("{what} not there: give all of them, or take --partial to join what there is, marked as incomplete")]
    Missing {
        /// Which, with the verb.
        what: String,
    },
    /// A complete shard lacks rows of a cell it holds.
    #[error("{name} has no row of {what}, though it is complete: restore its folder, or measure that shard again")]
    Torn {
        /// Name of the run.
        name: String,
        /// Which row.
        what: String,
    },
}
