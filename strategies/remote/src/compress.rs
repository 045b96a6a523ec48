//! Blobs as they travel: as they are, or compressed by zstd. Digests and sizes are always those of the plain bytes.

use std::borrow::Cow;
use std::io::Read as _;

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;

/// The name of zstd in the protocol.
pub(crate) const ZSTD: i32 = api::compressor::Value::Zstd as i32;

const PLAIN: i32 = api::compressor::Value::Identity as i32;

/// Fast: a network of 1 Gbit/s shall wait for no compressor.
const LEVEL: i32 = 1;

/// A blob compressed; as it is where that is no shorter.
pub(crate) fn shorter(bytes: &[u8]) -> (Cow<'_, [u8]>, i32) {
    match zstd::bulk::compress(bytes, LEVEL) {
        Ok(compressed) if compressed.len() < bytes.len() => (compressed.into(), ZSTD),
        _ => (bytes.into(), PLAIN),
    }
}

/// A blob compressed, shorter or not.
pub(crate) fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(bytes, LEVEL).ok()
}

/// The most bytes that a blob of this size has on its way.
pub(crate) fn longest(size: u64) -> u64 {
    size + size / 128 + 512
}

/// A blob that came compressed in this way; `None` if it cannot be read, or is longer than it may be.
pub(crate) fn plain(bytes: Vec<u8>, compressor: i32, size: u64) -> Option<Vec<u8>> {
    match compressor {
        PLAIN => Some(bytes),
        ZSTD => {
            let mut plain = Vec::new();
            let decoder = zstd::stream::read::Decoder::new(&*bytes).ok()?;
            decoder.take(size + 1).read_to_end(&mut plain).ok()?;
            (plain.len() as u64 <= size).then_some(plain)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_travels_compressed_is_as_it_was_and_no_longer_than_announced() {
        let bytes = vec![7; 100_000];
        let (short, compressor) = shorter(&bytes);
        assert!(short.len() < 1000 && compressor == ZSTD);
        assert_eq!(plain(short.to_vec(), ZSTD, 100_000).unwrap(), bytes);
        assert_eq!(plain(short.to_vec(), ZSTD, 99_999), None, "it would go on and on");
        assert_eq!(plain(b"no frame".to_vec(), ZSTD, 100), None);
        assert_eq!(plain(b"any".to_vec(), 77, 100), None, "a compressor that nobody knows");
        let mut state = 1u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(999)
        .collect();
        assert_eq!(shorter(&noise).1, PLAIN);
        assert!(compressed(&noise).unwrap().len() as u64 <= longest(999));
    }
}
