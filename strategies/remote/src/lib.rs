//! A remote cache by the [Remote Execution API](https://github.com/bazelbuild/remote-apis), version 2: its action cache,
//! its content-addressed storage and byte streams.
//!
//! | module | contents |
//! |---|---|
//! | `client` | what a build asks: every request has a deadline, and a server that fails is asked no more |
//! | `server` | a server in this process with its files on disk, for tests and first tries; it can be made to fail |
//!
//! Both are behind the feature `reapi`: gRPC is heavy, and a build that asks no remote does not need it.

#[cfg(feature = "reapi")]
pub mod client;
#[cfg(feature = "reapi")]
mod compress;
#[cfg(feature = "reapi")]
mod digest;
mod fault;
#[cfg(feature = "reapi")]
pub mod server;
mod settings;

#[cfg(feature = "reapi")]
pub use digest::BlobDigest;
pub use fault::{Fault, FaultKind};
pub use settings::{Counts, Settings};
