//! A table without a format.

use crate::table::UNMEASURED;

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grid {
    /// What it shows and how to read it.
    pub caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// Each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// A word or two.
    pub head: String,
    /// Where its cells stand.
    pub align: Align,
}

/// Where cells stand.
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
    /// The strength of its ground on the page: -4, much faster, over 0, none, to 4, much slower.
    pub tint: i8,
}

/// How a cell is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it stands.
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
            Some(head) => Column { head: head.trim().into(), align: Align::Right },
            None => Column { head: (*head).into(), align: Align::Left },
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
        let kept: Vec<bool> = (0..self.columns.len()).map(|at| self.rows.is_empty() || !empty(at)).collect();
        let keep = |at: usize| kept.get(at).copied().unwrap_or(true);
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

impl Cell {
    /// A ratio, tinted by its logarithm: half and double are equally strong, and ten times is strongest.
    pub fn ratio(value: Option<f64>) -> Self {
        let known = value.filter(|ratio| ratio.is_finite() && *ratio > 0.0);
        let tint = known.map_or(0.0, |ratio| (ratio.log10() * 4.0).round().clamp(-4.0, 4.0));
        Self { tint: tint as i8, ..crate::table::factor(value).into() }
    }

    /// A cell that is meant in some way.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone, tint: 0 }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        let tone = if text == UNMEASURED { Tone::Quiet } else { Tone::Plain };
        Self { text, tone, tint: 0 }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
