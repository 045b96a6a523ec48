//! Where processes and the operating system are touched. The rest of the harness is pure.
//!
//! | file | what it is for |
//! |---|---|
//! | [`process`] | one child from start to end, with its wall time, CPU time and peak memory |
//! | [`command`] | what to run, what became of it, and why it may not have |
//! | [`cpu`] | processor time of the machine, and how much of it is ours |
//! | [`daemon`] | one child that serves from the side; [`marked`] finds what detached itself |
//! | [`interrupt`] | Ctrl-C: ends our own process groups, nothing else; `guardian` does so for a killed harness |
//! | [`observer`] | the pass-through behind `RUSTC` that records every compile |
//! | [`environment`] | the scrubbed environment of every child |
//! | [`cargo_home`] | the private `CARGO_HOME` and what it takes from the user's; [`cargo_home_twin`] is a second one |
//! | [`dirs`] | directory trees as a whole |
//! | [`disk`] | apparent, allocated and physical bytes of trees; [`extents`] asks for the blocks |
//! | [`filesystem`] | kind, room and link modes of the file system under a path |
//! | [`host`] | the machine, as recorded with a run |
//! | [`volume`] | makes, mounts and removes a file system for one run |
//! | [`workdir`] | the work directory: its checks and its lock; [`ancestors`] sees what leaks in from above |
//! | [`identity`] | tells a process from a later one of the same number; `orphans` ends leftovers |
//! | [`sandbox`] | builds of strangers' code in a closed room |
//! | [`toolchain`] | finds Cargo and rustc behind rustup's proxies; [`version`] reads their texts |
//! | `windows` | what Windows must be asked in its own words |

pub mod ancestors;
pub mod cargo_home;
pub mod cargo_home_twin;
pub mod command;
pub mod cpu;
pub mod daemon;
pub mod dirs;
pub mod disk;
pub mod environment;
pub mod extents;
pub mod filesystem;
mod guardian;
pub mod host;
pub mod identity;
pub mod interrupt;
pub mod marked;
pub mod observer;
mod orphans;
mod os;
pub mod process;
pub mod sandbox;
pub mod toolchain;
mod used;
pub mod version;
pub mod volume;
mod volume_spec;
#[cfg(windows)]
pub mod windows;
pub mod workdir;
