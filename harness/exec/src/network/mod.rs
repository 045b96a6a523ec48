//! A network between a CI machine and a server, as a proxy makes it.
//!
//! `netem` is not to be had everywhere, and needs root where it is. So latency and bandwidth come from a [`Proxy`] in
//! user space in front of the server, whichever server that is, and what passes is counted there.

mod listener;
mod proxy;

pub use listener::Listener;
pub use proxy::{Proxy, Traffic};

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that nobody listens on, for a server that is configured with one. It may be taken before that server is.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
