//! Shards made up row by row.
