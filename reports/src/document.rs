//! A report before it has a format: title, sections, tables, plots.
//!
//! In: an analysis of runs. Out: a [`Document`], which every renderer turns into its
//! own format, so that page, Markdown and terminal say the same in the same order.
//! Text in it is plain: each renderer escapes it for itself.

use crate::plot::Plot;
use crate::text::{UNMEASURED, factor};

/// A whole report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// What the report is of.
    pub title: String,
    /// What was run, where, and what came out, a sentence each: for a reader in a hurry.
    pub lead: Vec<String>,
    /// In reading order.
    pub sections: Vec<Section>,
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// Unique in the document, of ASCII letters, digits and `-`: an anchor.
    pub id: String,
    /// The heading; may be empty.
    pub title: String,
    /// How deep: 0 for a part of the document, 1 for a part of that.
    pub depth: u8,
    /// Whether it is shown only to those who open it.
    pub folded: bool,
    /// Its contents, in reading order.
    pub blocks: Vec<Block>,
}

impl Section {
    /// An empty section; the anchor is made from `id`, whatever is in it.
    pub fn new(id: &str, title: impl Into<String>, depth: u8) -> Self {
        Self { id: anchor(id), title: title.into(), depth, ..Self::default() }
    }

    /// An empty part of the section before it, which a reader may open.
    pub fn folded(id: &str, title: impl Into<String>) -> Self {
        Self { folded: true, ..Self::new(id, title, 1) }
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
    /// A table that the page computes again when a reader changes what it assumes.
    Live {
        /// The table.
        grid: Grid,
        /// What the page's script computes it from, as JSON.
        model: String,
    },
    /// A plot.
    Plot(Plot),
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grid {
    /// What it shows and how to read it.
    pub caption: String,
    /// The columns.
    pub columns: Vec<GridColumn>,
    /// Each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridColumn {
    /// A word or two; a line feed where a terminal may break it.
    pub head: String,
    /// On which side its cells are aligned.
    pub align: Align,
}

/// The side on which cells are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// A number with its unit, or words.
    pub text: String,
    /// How it is meant; never the only carrier of that meaning.
    pub tone: Tone,
    /// The strength of its background on the page: -4, much faster, over 0, none, to 4, much slower.
    pub tint: i8,
    /// Whether it takes the place of all cells behind it, which are blank.
    pub across: bool,
}

/// How a cell is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// Faster, passed.
    Good,
    /// Slower, failed.
    Bad,
    /// Nothing to look at: not measured, not applicable.
    Quiet,
}

impl Grid {
    /// An empty table. A head that begins with `>` is that of a column of numbers.
    pub fn new(caption: impl Into<String>, heads: &[&str]) -> Self {
        let column = |head: &&str| match head.strip_prefix('>') {
            Some(head) => GridColumn { head: head.trim().into(), align: Align::Right },
            None => GridColumn { head: (*head).into(), align: Align::Left },
        };
        Self { caption: caption.into(), columns: heads.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row; missing cells are blank, further ones are left out.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.columns.len(), Cell::default());
        self.rows.push(cells);
    }

    /// The table without columns in which nothing was measured.
    pub fn measured(mut self) -> Self {
        let empty = |at: usize| self.rows.iter().all(|row| matches!(row[at].text.as_str(), "" | UNMEASURED));
        let measured: Vec<bool> = (0..self.columns.len()).map(|at| self.rows.is_empty() || !empty(at)).collect();
        let keep = |at: usize| measured.get(at).copied().unwrap_or(true);
        let mut at = 0..;
        self.columns.retain(|_| at.next().is_none_or(keep));
        for row in &mut self.rows {
            let mut at = 0..;
            row.retain(|_| at.next().is_none_or(keep));
        }
        self
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Heads of columns in one text, separated by ` | `.
pub fn heads(text: &str) -> Vec<&str> {
    text.split(" | ").collect()
}

impl Cell {
    /// A ratio, tinted by its logarithm: half and double are equally strong, and ten times is strongest.
    pub fn ratio(value: Option<f64>) -> Self {
        let known = value.filter(|ratio| ratio.is_finite() && *ratio > 0.0);
        let tint = known.map_or(0.0, |ratio| (ratio.log10() * 4.0).round().clamp(-4.0, 4.0));
        Self { tint: tint as i8, ..factor(value).into() }
    }

    /// A cell that is meant in some way.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone, tint: 0, across: false }
    }

    /// A cell that takes the rest of its row.
    pub fn across(text: impl Into<String>) -> Self {
        Self { across: true, ..Self::toned(text, Tone::Quiet) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        let tone = if text == UNMEASURED { Tone::Quiet } else { Tone::Plain };
        Self::toned(text, tone)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// Letters and digits as they are, all else one `-`.
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

    #[test]
    fn what_was_not_measured_has_no_column() {
        let mut grid = Grid::new("", &["strategy", ">wall", ">CPU", "verdict"]);
        grid.row(["none", "1.00 s", "-", ""]);
        grid.row(["sccache", "-", "-", "faster"]);
        let grid = grid.measured();
        assert_eq!(grid.columns.iter().map(|it| it.head.as_str()).collect::<Vec<_>>(), ["strategy", "wall", "verdict"]);
        assert_eq!(grid.rows[1].iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["sccache", "-", "faster"]);
    }
}
