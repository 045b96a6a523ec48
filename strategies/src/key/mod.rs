//! Identity: which artifacts are interchangeable.
//!
//! A [`Key`] is a Merkle hash over every [`Input`] of a unit: its own description ([`KeyInputs`]), the
//! toolchain, flags and configuration ([`Context`]), the key *and content* of every dependency, and what
//! an earlier build of the unit was seen to read ([`ObservedInputs`]). `strategies/KEYS.md` explains each
//! input, what is left out, and what that risks.

mod config;
mod contents;
mod context;
pub mod depinfo;
mod input;
mod inputs;
pub(crate) mod observed;
pub(crate) mod script;
mod tools;

pub use crate::digest::{BaseKey, BlobId, ContentDigest, Digest, FieldHasher, Key};
pub use context::Context;
pub use input::{Input, InputInfo, InputStage, KeyOptions};
pub use inputs::{DependencyInput, KeyInputs, base_key, final_key};
pub use observed::{ObservedInputs, package_root};
pub use tools::{compiler_contents, compiler_identity};
