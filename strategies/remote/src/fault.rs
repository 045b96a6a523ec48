//! What a server can be made to do wrong; known also where gRPC is not built.

/// What a server does wrong, and where.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// Which blobs it does it to, by their bytes; lookups and writes are no matter of blobs.
    pub blobs: fn(&[u8]) -> bool,
}

/// What a server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It never answers a lookup.
    HangAtLookup,
    /// It never answers a read.
    HangAtRead,
    /// It never answers a write.
    HangAtWrite,
    /// It fails every request.
    Broken,
    /// It ends a stream in the middle of a blob, with an error.
    CutStream,
    /// It is gone in the middle of a blob, with every connection.
    Die,
    /// It sends half of every blob, as if that were all.
    Truncate,
    /// It sends every blob with a bit flipped.
    Flip,
    /// It knows actions, and none of their blobs.
    Evicted,
    /// It sends on and on.
    Endless,
    /// It knows nothing of compression, like older ones.
    OnlyPlain,
}

impl From<FaultKind> for Fault {
    /// With all blobs.
    fn from(kind: FaultKind) -> Fault {
        Fault { kind, blobs: |_| true }
    }
}
