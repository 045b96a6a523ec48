//! The candidates for eviction in order: a binary heap that knows the position of each element.
//!
//! `BinaryHeap` cannot change or remove an element, and a `BTreeSet` allocates. A key is a rank, a depth and the
//! artifact itself in one number, so comparing two is one comparison and no two are equal.

/// The order of a candidate: rank, then depth, then its number.
pub(super) type HeapKey = u128;

const OUT: u32 = u32::MAX;

/// Artifacts, the lowest [`HeapKey`] first.
#[derive(Debug, Clone)]
pub(super) struct Heap {
    keys: Vec<HeapKey>,
    positions: Vec<u32>,
}

/// The key of these parts.
pub(super) fn key_of(rank: u64, depth: u32, artifact: u32) -> HeapKey {
    u128::from(rank) << 64 | u128::from(depth) << 32 | u128::from(artifact)
}

/// The artifact of a key.
pub(super) fn artifact(key: HeapKey) -> u32 {
    key as u32
}

/// The rank of a key.
pub(super) fn rank(key: HeapKey) -> u64 {
    (key >> 64) as u64
}

/// The depth of a key.
pub(super) fn depth(key: HeapKey) -> u32 {
    (key >> 32) as u32
}

impl Heap {
    /// An empty heap for artifacts below `artifacts`.
    pub(super) fn new(artifacts: usize) -> Heap {
        Heap { keys: Vec::new(), positions: vec![OUT; artifacts] }
    }

    /// The lowest key.
    pub(super) fn first(&self) -> Option<HeapKey> {
        self.keys.first().copied()
    }

    /// The key of an artifact, if it is in the heap.
    pub(super) fn get(&self, artifact: u32) -> Option<HeapKey> {
        let at = self.positions[artifact as usize];
        (at != OUT).then(|| self.keys[at as usize])
    }

    /// Adds an artifact or changes its key.
    pub(super) fn set(&mut self, key: HeapKey) {
        let at = self.positions[artifact(key) as usize];
        let at = if at == OUT {
            self.keys.push(key);
            self.keys.len() - 1
        } else {
            at as usize
        };
        self.sift(at, key);
    }

    /// Removes an artifact, if it is in the heap.
    pub(super) fn remove(&mut self, artifact: u32) {
        let at = std::mem::replace(&mut self.positions[artifact as usize], OUT);
        if at == OUT {
            return;
        }
        if let Some(last) = self.keys.pop()
            && (at as usize) < self.keys.len()
        {
            self.sift(at as usize, last);
        }
    }

    /// Moves a key from the free position `at` to its own.
    fn sift(&mut self, mut at: usize, key: HeapKey) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.keys[parent] < key {
                break;
            }
            self.put(at, self.keys[parent]);
            at = parent;
        }
        loop {
            let mut child = 2 * at + 1;
            if child + 1 < self.keys.len() && self.keys[child + 1] < self.keys[child] {
                child += 1;
            }
            if child >= self.keys.len() || key < self.keys[child] {
                break;
            }
            self.put(at, self.keys[child]);
            at = child;
        }
        self.put(at, key);
    }

    fn put(&mut self, at: usize, key: HeapKey) {
        self.keys[at] = key;
        self.positions[artifact(key) as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_unpacks() {
        let packed = key_of(u64::MAX - 1, 7, 9);
        assert_eq!((rank(packed), depth(packed), artifact(packed)), (u64::MAX - 1, 7, 9));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_sorted_map(steps in proptest::collection::vec((0u32..12, 0u64..5, 0u32..3, 0u8..3), 0..80)) {
            let mut heap = Heap::new(12);
            let mut map: BTreeMap<u32, HeapKey> = BTreeMap::new();
            for (id, rank, depth, step) in steps {
                if step == 0 {
                    heap.remove(id);
                    map.remove(&id);
                } else {
                    heap.set(key_of(rank, depth, id));
                    map.insert(id, key_of(rank, depth, id));
                }
                prop_assert_eq!(heap.first(), map.values().min().copied());
                prop_assert_eq!(heap.get(id), map.get(&id).copied());
            }
            while let Some(first) = heap.first() {
                prop_assert_eq!(map.values().min().copied(), Some(first));
                heap.remove(artifact(first));
                map.remove(&artifact(first));
            }
            prop_assert!(map.is_empty());
        }
    }
}
