//! How artifacts are reused.
//!
//! A *strategy* is `integration × key policy × link mode × store × options`. This crate has the
//! strategies themselves; it measures nothing and starts no process. What goes in is what
//! Cargo says (its unit graph before a build, its JSON messages after it) and two
//! directories (a build directory and a store). What comes out is a filled build
//! directory, a filled store, and for every unit what happened to it and why.
//!
//! ```text
//! name, catalog   the names users type, and the list of every strategy; fault: those that are wrong on purpose
//! graph           Cargo's unit graph and messages, parsed; unit directories
//! option          what a strategy does otherwise than by default
//! policy          what may be cached
//! key             which artifacts are interchangeable
//! store           where artifacts live; retention: what a store evicts, as pure functions
//! link            how a stored file reaches the build directory
//! units           plan → restore → (Cargo builds) → publish
//! explain         why a unit missed, against the nearest entry in the store
//! shadow          whether a restored unit has the bytes that a compile makes
//! written         whether a missed unit's bytes were there under another key
//! external        external tools and other Cargos, described by a file
//! ```

pub mod catalog;
mod digest;
pub mod explain;
pub mod external;
mod fault;
pub mod files;
pub mod graph;
pub mod key;
pub mod link;
pub mod name;
pub mod option;
mod parallel;
pub mod policy;
pub mod retention;
pub mod shadow;
pub mod store;
pub mod units;
mod written;

pub use catalog::{Catalog, NamedStrategy, Strategy};
pub use name::{NameError, StrategyName};
