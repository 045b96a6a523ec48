//! Finds a row of a table by its content, without a second copy of the table.
//!
//! Open addressing with linear probing; a slot holds the row's index plus one. Tables of a large
//! trace have millions of rows, and a map with the rows as keys would take as much again.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Where rows are, by their hash.
#[derive(Debug, Clone, Default)]
pub(super) struct Interned {
    slots: Vec<u32>,
    len: usize,
}

/// The hash of a row, the same in every process.
pub(super) fn hash(row: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

impl Interned {
    /// The index of a row with this hash for which `is` holds.
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                0 => return None,
                row if is(row - 1) => return Some(row - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Adds a row; `rehash` gives the hash of one that is there already.
    pub(super) fn add(&mut self, hash: u64, row: u32, rehash: impl Fn(u32) -> u64) {
        if self.len * 4 >= self.slots.len() * 3 {
            let rows: Vec<u32> = self.slots.iter().filter(|row| **row > 0).map(|row| row - 1).collect();
            self.slots = vec![0; (self.slots.len() * 2).max(64)];
            rows.into_iter().for_each(|row| self.put(rehash(row), row));
        }
        self.put(hash, row);
        self.len += 1;
    }

    fn put(&mut self, hash: u64, row: u32) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = row + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_again_when_the_table_has_grown() {
        let rows: Vec<u32> = (0..10_000).map(|it| it * 7).collect();
        let mut interned = Interned::default();
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(interned.find(hash(row), |it| rows[it as usize] == *row), None);
            interned.add(hash(row), at as u32, |it| hash(rows[it as usize]));
        }
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(interned.find(hash(row), |it| rows[it as usize] == *row), Some(at as u32));
        }
    }
}
