//! As many rows as fit into a page, packed.
//!
//! Rows go into the page as the gzip of a CSV file in base64: that is at once what a reader
//! downloads without JavaScript and what the script unpacks. What does not fit into the
//! budget is left out from the end, by whole rows, and counted.

use super::Rows;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};

/// What the encoder may still have in memory when asked how much it has written, and more: its
/// window, twice, and a block that turned out not to be compressible.
const HELD_BACK: usize = 192 << 10;

pub(super) struct Packed {
    /// A gzip file.
    pub base64: String,
    /// How many rows are in it.
    pub rows: usize,
}

/// Packs tables into `budget` bytes of base64 together. Small tables go in whole; large ones
/// share evenly what those leave.
pub(super) fn embed(tables: &[Rows], budget: usize) -> io::Result<Vec<Packed>> {
    let mut packed = tables.iter().map(|table| pack(table, budget)).collect::<io::Result<Vec<_>>>()?;
    if packed.iter().map(|packed| packed.base64.len()).sum::<usize>() > budget {
        let sizes: Vec<usize> = packed.iter().map(|packed| packed.base64.len()).collect();
        for (at, share) in shares(&sizes, budget).into_iter().enumerate() {
            if share < sizes[at] {
                packed[at] = pack(&tables[at], share)?;
            }
        }
    }
    Ok(packed)
}

/// What each of `sizes` gets of the budget: from the smallest on, an even part of what is left.
fn shares(sizes: &[usize], budget: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&at| sizes[at]);
    let mut shares = vec![0; sizes.len()];
    let mut left = budget;
    for (done, &at) in order.iter().enumerate() {
        shares[at] = sizes[at].min(left / (sizes.len() - done));
        left -= shares[at];
    }
    shares
}

/// Packs rows from the first on until `budget` bytes of base64 might be exceeded by the next.
fn pack(table: &Rows, budget: usize) -> io::Result<Packed> {
    let limit = budget / 4 * 3;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let mut written = 0;
    let mut rows = 0;
    for (at, &end) in table.ends.iter().enumerate() {
        // Bytes not yet packed count as they are: then a page of few rows is never over.
        let pending = HELD_BACK.min(end);
        if at > 0 && encoder.get_ref().len() + pending > limit {
            break;
        }
        encoder.write_all(&table.csv[written..end])?;
        written = end;
        rows = at;
    }
    Ok(Packed { base64: STANDARD.encode(encoder.finish()?), rows })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Random;
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn noise(rows: usize) -> Rows {
        let mut random = Random::new(7);
        let rows: Vec<(usize, String)> =
            (0..rows).map(|at| (at, format!("{}\n{}", random.normal(), random.normal()))).collect();
        Rows::new("noise", "noise.csv", &["at", "text"], &rows).unwrap()
    }

    fn unpacked(packed: &Packed) -> String {
        let gzip = STANDARD.decode(&packed.base64).unwrap();
        let mut text = String::new();
        GzDecoder::new(gzip.as_slice()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_fits_is_whole() {
        let table = noise(1000);
        let packed = embed(std::slice::from_ref(&table), 1_000_000).unwrap();
        assert_eq!(packed[0].rows, 1000);
        assert_eq!(unpacked(&packed[0]).as_bytes(), table.csv);
    }

    #[test]
    fn what_does_not_fit_is_left_out_by_whole_rows() {
        let table = noise(60_000);
        let budget = 900_000;
        let packed = embed(std::slice::from_ref(&table), budget).unwrap();
        assert!(packed[0].rows < 60_000);
        assert!(packed[0].base64.len() <= budget, "{}", packed[0].base64.len());
        assert!(packed[0].base64.len() > budget / 2, "{}", packed[0].base64.len());
        let text = unpacked(&packed[0]);
        assert_eq!(csv::Reader::from_reader(text.as_bytes()).records().count(), packed[0].rows);
        assert_eq!(text.len(), table.ends[packed[0].rows]);
    }

    #[test]
    fn a_small_table_stays_whole_beside_a_large_one() {
        let tables = [noise(60_000), noise(100)];
        let budget = 900_000;
        let packed = embed(&tables, budget).unwrap();
        assert_eq!(packed[1].rows, 100);
        assert!(packed[0].rows > 0 && packed[0].rows < 60_000);
        assert!(packed[0].base64.len() + packed[1].base64.len() <= budget);
    }

    #[test]
    fn a_budget_too_small_for_anything_leaves_the_header() {
        let packed = embed(&[noise(10)], 40).unwrap();
        assert_eq!(packed[0].rows, 0);
        assert_eq!(unpacked(&packed[0]), "at,text\n");
    }

    #[test]
    fn shares_add_up() {
        assert_eq!(shares(&[10, 500, 900], 700), [10, 345, 345]);
        assert_eq!(shares(&[10, 20], 700), [10, 20]);
        assert_eq!(shares(&[], 700), [0; 0]);
    }
}
