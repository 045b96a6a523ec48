//! The candidates for eviction in order: a binary heap that knows where everybody stands.
//!
//! `BinaryHeap` cannot change or remove an element, a `BTreeSet` allocates; this one keeps an
//! array of keys and one of places. A key is a rank, a depth and the artifact itself in one
//! number, so comparing two is one comparison and no two are equal.

/// What a candidate is ordered by: rank first, then depth, then its number.
pub type Place = u128;

const OUT: u32 = u32::MAX;

/// Artifacts, the lowest [`Place`] first.
#[derive(Debug, Clone)]
pub struct Heap {
    keys: Vec<Place>,
    places: Vec<u32>,
}

/// Packs a place.
pub fn place(rank: u64, depth: u32, artifact: u32) -> Place {
    u128::from(rank) << 64 | u128::from(depth) << 32 | u128::from(artifact)
}

/// The artifact of a place.
pub fn artifact(place: Place) -> u32 {
    place as u32
}

/// The rank of a place.
pub fn rank(place: Place) -> u64 {
    (place >> 64) as u64
}

/// The depth of a place.
pub fn depth(place: Place) -> u32 {
    (place >> 32) as u32
}

impl Heap {
    /// An empty heap for artifacts below `artifacts`.
    pub fn new(artifacts: usize) -> Heap {
        Heap { keys: Vec::new(), places: vec![OUT; artifacts] }
    }

    /// The lowest place.
    pub fn first(&self) -> Option<Place> {
        self.keys.first().copied()
    }

    /// Where an artifact stands, if it is in.
    pub fn get(&self, artifact: u32) -> Option<Place> {
        let at = self.places[artifact as usize];
        (at != OUT).then(|| self.keys[at as usize])
    }

    /// Puts an artifact in its place, whether it is in or not.
    pub fn set(&mut self, key: Place) {
        let at = self.places[artifact(key) as usize];
        let at = if at == OUT {
            self.keys.push(key);
            self.keys.len() - 1
        } else {
            at as usize
        };
        self.settle(at, key);
    }

    /// Takes an artifact out, if it is in.
    pub fn remove(&mut self, artifact: u32) {
        let at = std::mem::replace(&mut self.places[artifact as usize], OUT);
        if at == OUT {
            return;
        }
        if let Some(last) = self.keys.pop()
            && (at as usize) < self.keys.len()
        {
            self.settle(at as usize, last);
        }
    }

    /// Moves a key from `at`, where there is room for it, to where it belongs.
    fn settle(&mut self, mut at: usize, key: Place) {
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

    fn put(&mut self, at: usize, key: Place) {
        self.keys[at] = key;
        self.places[artifact(key) as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_unpacks() {
        let packed = place(u64::MAX - 1, 7, 9);
        assert_eq!((rank(packed), depth(packed), artifact(packed)), (u64::MAX - 1, 7, 9));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_sorted_map(steps in proptest::collection::vec((0u32..12, 0u64..5, 0u32..3, 0u8..3), 0..80)) {
            let mut heap = Heap::new(12);
            let mut map: BTreeMap<u32, Place> = BTreeMap::new();
            for (id, rank, depth, step) in steps {
                if step == 0 {
                    heap.remove(id);
                    map.remove(&id);
                } else {
                    heap.set(place(rank, depth, id));
                    map.insert(id, place(rank, depth, id));
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
