//! Digests as the protocol has them.

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use sha2::{Digest as _, Sha256};

/// SHA-256 and size of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobDigest {
    hash: String,
    size: u64,
}

impl BlobDigest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> BlobDigest {
        let hash = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        BlobDigest { hash, size: bytes.len() as u64 }
    }

    /// The digest of this hash in lowercase hexadecimal; `None` if it is none.
    pub fn new(hash: &str, size: u64) -> Option<BlobDigest> {
        let is_hex = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then(|| BlobDigest { hash: hash.to_owned(), size })
    }

    /// The hash, 64 hexadecimal digits.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn read(wire: Option<&api::Digest>) -> Option<BlobDigest> {
        let wire = wire?;
        BlobDigest::new(&wire.hash, u64::try_from(wire.size_bytes).ok()?)
    }

    pub(crate) fn to_wire(&self) -> api::Digest {
        api::Digest { hash: self.hash.clone(), size_bytes: self.size as i64 }
    }
}
