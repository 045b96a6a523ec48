//! What tells two artifacts apart.
//!
//! A [`Key`] is a Merkle hash over everything a unit's outputs depend on: its own
//! description ([`inputs`], hashed by [`recipe`]), the toolchain, flags and configuration ([`context`]), the key
//! *and content* of every dependency, and what the unit was seen to read ([`observed`]).
//! The table of inputs, what is left out and what that risks is `strategies/KEYS.md`.

pub mod config;
pub mod context;
pub mod depinfo;
pub mod inputs;
pub mod lockfile;
pub mod observed;
pub mod recipe;
pub mod script;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use context::Context;
pub use inputs::Inputs;
pub use observed::InputSet;
pub use recipe::{DependencyInput, Recipe};

/// A 256-bit digest, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// What an artifact was made from: equal keys mean interchangeable artifacts.
pub type Key = Digest;

/// What an artifact is: equal contents mean equal bytes.
pub type Content = Digest;

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// The digest as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The digest as bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 hexadecimal digits: enough to compare, short enough to store often.
    pub fn short(&self) -> String {
        let mut hex = self.hex();
        hex.truncate(16);
        hex
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Digest> {
        blake3::Hash::from_hex(text).ok().map(|hash| Digest(*hash.as_bytes()))
    }
}

impl From<blake3::Hash> for Digest {
    fn from(hash: blake3::Hash) -> Digest {
        Digest(*hash.as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Digest::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// Hashes labelled fields so that no two different lists of fields run together: every
/// label and value is preceded by its length.
#[derive(Default)]
pub struct FieldHasher(blake3::Hasher);

impl FieldHasher {
    /// Starts with a name for what is hashed, so that digests of different kinds differ.
    pub fn new(domain: &str) -> FieldHasher {
        let mut hasher = FieldHasher::default();
        hasher.bytes(domain.as_bytes());
        hasher
    }

    /// Adds a labelled value.
    pub fn field(&mut self, label: &str, value: impl AsRef<[u8]>) -> &mut FieldHasher {
        self.bytes(label.as_bytes());
        self.bytes(value.as_ref());
        self
    }

    /// Adds a labelled digest.
    pub fn digest(&mut self, label: &str, digest: &Digest) -> &mut FieldHasher {
        self.field(label, digest.0)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The digest of everything added.
    pub fn finish(&self) -> Digest {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(fields: &[(String, Vec<u8>)]) -> Digest {
        let mut hasher = FieldHasher::new("test");
        for (label, value) in fields {
            hasher.field(label, value);
        }
        hasher.finish()
    }

    proptest! {
        #[test]
        fn different_fields_hash_differently(
            a in proptest::collection::vec((".{0,4}", proptest::collection::vec(any::<u8>(), 0..4)), 0..4),
            b in proptest::collection::vec((".{0,4}", proptest::collection::vec(any::<u8>(), 0..4)), 0..4),
        ) {
            prop_assert_eq!(a == b, hash(&a) == hash(&b));
        }

        #[test]
        fn hex_round_trips(bytes in any::<[u8; 32]>()) {
            let digest = Digest(bytes);
            prop_assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
        }
    }

    #[test]
    fn a_boundary_cannot_move() {
        let one = hash(&[("ab".into(), b"c".to_vec())]);
        let other = hash(&[("a".into(), b"bc".to_vec())]);
        assert_ne!(one, other);
    }
}
