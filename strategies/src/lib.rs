//! How artifacts are reused.
//!
//! A *strategy* is `integration × key policy × link mode × store`. This crate holds the
//! strategies themselves; it measures nothing and starts no process. What goes in is what
//! Cargo says (its unit graph before a build, its JSON messages after it) and two
//! directories (a build directory and a store). What comes out is a filled build
//! directory, a filled store, and for every unit what happened to it and why.
//!
//! ```text
//! name      the names users type, and the list of every strategy      (name, catalog)
//! graph     Cargo's unit graph and messages, parsed                   (graph::*)
//! policy    what may be cached                                        (policy::*)
//! key       what tells two artifacts apart                            (key::*)
//! store     where artifacts live                                      (store::*)
//! retention what a store forgets, as pure functions                 (retention::*)
//! link      how a stored file reaches the build directory             (link::*)
//! units     plan → restore → (Cargo builds) → publish                 (units::*)
//! flaw      deliberate mistakes, which probes must catch
//! shadow    whether a restored unit is what a compile would have made
//! explain   why a unit missed, against the nearest entry in the store
//! external  somebody else's tool or another Cargo, described by a file (external::*)
//! written   whether a missed unit's bytes were there under another key
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
pub mod policy;
pub mod retention;
pub mod shadow;
pub mod store;
pub mod units;
pub mod written;

pub use catalog::{Catalog, Strategy};
pub use name::{NameError, StrategyName, select};
