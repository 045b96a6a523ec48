//! A report before it has a format: title, sections, tables, plots.
//!
//! In: an analysis of runs. Out: a [`Document`], which every renderer turns into its
//! own format, so that page, Markdown and terminal say the same in the same order.
//! Text in it is plain: each renderer escapes it for itself.

mod grid;
mod model;

pub use grid::{Align, Cell, Column, Grid, Tone};
pub use model::{Block, Document, Section};
