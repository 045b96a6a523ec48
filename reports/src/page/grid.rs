//! A table of the document as the template shows it.

use crate::document::{Align, Cell, Column, Grid, Tone};

/// From how many rows on it is worth sorting a table by hand.
const SORTABLE: usize = 6;

/// Up to how many characters the name of a row stays in one line.
const NAME: usize = 28;

/// A table.
pub(super) struct GridView<'a> {
    pub caption: &'a str,
    pub heads: Vec<Head<'a>>,
    pub rows: Vec<Vec<CellView<'a>>>,
    pub sortable: bool,
}

/// The head of a column.
pub(super) struct Head<'a> {
    pub text: &'a str,
    /// `corner` above names of rows: it stays in sight with them.
    pub class: &'static str,
}

/// A cell.
pub(super) struct CellView<'a> {
    /// The text, in parts between which a line may break.
    pub pieces: Vec<&'a str>,
    pub class: String,
    /// Whether it names its row.
    pub heads: bool,
    pub mark: Option<Mark>,
}

/// What says how a cell is meant to those who do not see its colour.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    /// For the eye.
    pub shape: &'static str,
    /// For the ear.
    pub word: &'static str,
}

impl<'a> GridView<'a> {
    pub fn new(grid: &'a Grid) -> Self {
        let first_names = grid.columns.first().is_some_and(|column| column.align == Align::Left);
        let head = |(at, column): (usize, &'a Column)| Head {
            text: &column.head,
            class: match column.align {
                Align::Left if at == 0 => "corner",
                Align::Left => "",
                Align::Right => "num",
            },
        };
        let row = |cells: &'a Vec<Cell>| -> Vec<CellView<'a>> {
            let columns = grid.columns.iter().zip(cells).enumerate();
            columns.map(|(at, (column, cell))| view(cell, column.align, at == 0 && first_names)).collect()
        };
        Self {
            caption: &grid.caption,
            heads: grid.columns.iter().enumerate().map(head).collect(),
            rows: grid.rows.iter().map(row).collect(),
            sortable: grid.rows.len() >= SORTABLE,
        }
    }
}

fn view(cell: &Cell, column: Align, heads: bool) -> CellView<'_> {
    let short = heads && cell.text.chars().count() <= NAME;
    let tint = match cell.tint {
        0 => String::new(),
        strength @ ..0 => format!(" tint faster-{}", -strength),
        strength => format!(" tint slower-{strength}"),
    };
    let class = match (column, cell.tone) {
        (Align::Left, Tone::Plain) if short => "name",
        (Align::Left, Tone::Plain) => "",
        (Align::Left, Tone::Good) => "good",
        (Align::Left, Tone::Bad) => "bad",
        (Align::Left, Tone::Quiet) => "quiet",
        (Align::Right, Tone::Plain) => "num",
        (Align::Right, Tone::Good) => "num good",
        (Align::Right, Tone::Bad) => "num bad",
        (Align::Right, Tone::Quiet) => "num quiet",
    };
    let mark = match cell.tone {
        Tone::Good => Some(Mark { shape: "✓", word: "good" }),
        Tone::Bad => Some(Mark { shape: "✗", word: "bad" }),
        Tone::Plain | Tone::Quiet => None,
    };
    // Names of strategies are long and without blanks; they break where their parts meet.
    let pieces = if heads { cell.text.split_inclusive('+').collect() } else { vec![cell.text.as_str()] };
    CellView { pieces, class: format!("{class}{tint}"), heads, mark }
}
