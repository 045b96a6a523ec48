//! What Windows must be asked in its own words: the only calls of its API in the harness.
//!
//! | file | what it is for |
//! |---|---|
//! | [`job`] | a child with everything it starts: what it used, and its end |
//! | [`files`] | which file a name leads to, what it occupies, and the room on its volume |

mod files;
mod job;

pub use files::{Numbers, memory_bytes, numbers, room, volume_kind};
pub use job::{Job, own_cpu, wait_for_end};

use std::io;

/// Most calls answer 0 when they failed.
fn check(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
