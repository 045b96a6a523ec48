//! Digests of bytes and of lists of labelled fields.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A 256-bit digest, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

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

/// Digests of different things are different types.
macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Digest);

        impl $name {
            /// The digest of some bytes.
            pub fn of(bytes: &[u8]) -> $name {
                $name(Digest::of(bytes))
            }

            /// Reads 64 hexadecimal digits.
            pub fn from_hex(text: &str) -> Option<$name> {
                Digest::from_hex(text).map($name)
            }
        }

        impl std::ops::Deref for $name {
            type Target = Digest;

            fn deref(&self) -> &Digest {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

digest_type! {
    /// What an artifact was made from: equal keys mean interchangeable artifacts.
    Key
}
digest_type! {
    /// The part of a key that is known before a unit is built: without the files and variables it reads.
    BaseKey
}
digest_type! {
    /// What an artifact exports to its dependents: equal digests mean equal bytes.
    ContentDigest
}
digest_type! {
    /// A stored file; entries that name the same one share it.
    BlobId
}

/// Hashes labelled fields so that no two different lists of fields run together: every
/// label and value is preceded by its length.
#[derive(Default)]
pub struct FieldHasher {
    /// Fields are short and many, and hashed faster side by side.
    buffer: Vec<u8>,
    flushed: Option<Box<blake3::Hasher>>,
}

/// Bytes that are kept before they are hashed.
const BUFFERED: usize = 8 << 10;

impl FieldHasher {
    /// Starts with a name for what is hashed, so that digests of different kinds differ.
    pub fn new(domain: &str) -> FieldHasher {
        let mut hasher = FieldHasher { buffer: Vec::with_capacity(1 << 10), flushed: None };
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
        self.buffer.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        if self.buffer.len() + bytes.len() > BUFFERED {
            let hasher = self.flushed.get_or_insert_default();
            hasher.update(&self.buffer).update(bytes);
            self.buffer.clear();
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The digest of everything added.
    pub fn finish(&self) -> Digest {
        match &self.flushed {
            None => blake3::hash(&self.buffer).into(),
            Some(hasher) => hasher.clone().update(&self.buffer).finalize().into(),
        }
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
    fn long_values_hash_as_if_in_one_piece() {
        for len in [0, 1, BUFFERED - 20, BUFFERED, 3 * BUFFERED] {
            let fields = [("first".to_owned(), vec![1; len]), ("second".to_owned(), vec![2; len / 2])];
            let mut all = blake3::Hasher::new();
            let parts: [&[u8]; 5] = [b"test", b"first", &fields[0].1, b"second", &fields[1].1];
            for part in parts {
                all.update(&(part.len() as u64).to_le_bytes()).update(part);
            }
            assert_eq!(hash(&fields), Digest::from(all.finalize()), "{len}");
        }
    }

    #[test]
    fn a_boundary_cannot_move() {
        let one = hash(&[("ab".into(), b"c".to_vec())]);
        let other = hash(&[("a".into(), b"bc".to_vec())]);
        assert_ne!(one, other);
    }
}
