//! The settings of a client, and the counts it keeps; known also where gRPC is not built.

use std::time::Duration;

/// Which server, and what it may cost.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Such as `http://127.0.0.1:8980`.
    pub endpoint: String,
    /// The instances that are read, in this order: who may write them is the server's business, and so whom to trust.
    pub reads: Vec<String>,
    /// The instance that is written; `None` for a client that only reads.
    pub writes: Option<String>,
    /// How long a request may take.
    pub deadline: Duration,
    /// Failures after which the server is asked no more.
    pub failures: u32,
    /// Bytes that are fetched in all; what is beyond is absent.
    pub largest_download: u64,
}

impl Settings {
    /// Writes the first of these instances and reads all, each once, with the usual limits.
    pub fn new(endpoint: &str, instances: &[&str]) -> Settings {
        let mut reads: Vec<String> = instances.iter().map(|name| (*name).to_owned()).collect();
        reads.dedup();
        Settings {
            endpoint: endpoint.to_owned(),
            writes: reads.first().cloned(),
            reads,
            deadline: Duration::from_secs(10),
            failures: 3,
            largest_download: 10 << 30,
        }
    }
}

/// What a client did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests sent.
    pub requests: u64,
    /// Bytes of blobs that came and were right.
    pub down_bytes: u64,
    /// Bytes of blobs that were sent.
    pub up_bytes: u64,
}
