//! The parts of a report.

use super::Grid;
use crate::plot::Plot;

/// A whole report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// What the report is of.
    pub title: String,
    /// What was run, where, and what came out, a sentence each: what a reader in a hurry reads.
    pub lead: Vec<String>,
    /// In reading order.
    pub sections: Vec<Section>,
}

/// A part of a report with a heading of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// Unique in the document, of ASCII letters, digits and `-`: an anchor.
    pub id: String,
    /// The heading.
    pub title: String,
    /// How deep: 0 for a part of the document, 1 for a part of that.
    pub depth: u8,
    /// What stands in it, in reading order.
    pub blocks: Vec<Block>,
}

impl Section {
    /// An empty section; the anchor is made from `id`, whatever it holds.
    pub fn new(id: &str, title: impl Into<String>, depth: u8) -> Self {
        Self { id: anchor(id), title: title.into(), depth, blocks: Vec::new() }
    }

    /// Adds a block.
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// Adds a paragraph.
    pub fn say(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }
}

/// A paragraph, a table, a plot, …
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// What a reader must know before taking numbers at face value.
    Note(String),
    /// Short items.
    List(Vec<String>),
    /// What can be typed into a shell.
    Command(String),
    /// A table.
    Grid(Grid),
    /// A table that a reader may open: the numbers behind a plot.
    Details {
        /// What is inside.
        title: String,
        /// The table.
        grid: Grid,
    },
    /// A plot.
    Plot(Plot),
}

/// Letters and digits kept, the rest one `-`.
fn anchor(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c.is_ascii_alphanumeric() {
            true => out.push(c.to_ascii_lowercase()),
            false if out.ends_with('-') => {}
            false => out.push('-'),
        }
    }
    out.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_made_of_anything() {
        assert_eq!(Section::new("Step «fill» <of> a & b", "x", 0).id, "step-fill-of-a-b");
    }
}
