//! What the numbers mean: record schema, statistics, tables, plots, pages.
