//! The commands of a run in parts, for engines that start them.
//!
//! | file | its one idea |
//! |---|---|
//! | [`seconds`] | what a round of a workspace is predicted to take |
//! | [`words`] | the words of a shard's command, and how a shell is told them |
//! | [`engine`] | the same for engines: GitHub, Kubernetes, Slurm |

pub mod engine;
pub mod seconds;
pub mod words;
