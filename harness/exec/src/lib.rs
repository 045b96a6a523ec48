//! Processes and operating systems: the only crate that starts a process, and the only one that
//! asks which system this is.
//!
//! | module | contents |
//! |---|---|
//! | [`process`] | one measured child from start to end: wall time, CPU time, peak memory |
//! | [`interrupt`], [`leftovers`] | Ctrl-C ends our own process groups; what a killed run left is ended |
//! | [`daemon`] | one child that serves from the side |
//! | [`cpu`] | processor time of the machine, and our part of it |
//! | [`observer`] | the pass-through behind `RUSTC` that records every compile |
//! | [`sandbox`] | builds of untrusted code, by Bubblewrap |
//! | [`environment`], [`cargo_home`] | what builds get from the user's environment and configuration |
//! | [`workdir`], [`identity`] | the work directory: its checks and its lock |
//! | [`disk`], [`filesystem`] | bytes and blocks of trees; kind, room and link modes of a file system |
//! | [`volume`] | makes, mounts and removes a file system for one run |
//! | [`host`], [`toolchain`] | the machine; Cargo and rustc behind rustup's proxies, and other programs |
//! | [`network`] | latency and bandwidth by a proxy in front of a server, and what passed it |
//! | `os` | the seam: one file a system, the same names in each |
#![allow(missing_docs, reason = "a crate for this workspace alone: a doc that would repeat the name is left out")]

pub mod cargo_home;
pub mod cpu;
pub mod daemon;
pub mod disk;
pub mod environment;
pub mod filesystem;
pub mod host;
pub mod identity;
pub mod interrupt;
pub mod leftovers;
pub mod network;
pub mod observer;
mod os;
pub mod process;
pub mod sandbox;
pub mod toolchain;
pub mod volume;
pub mod workdir;
