//! The page as its template shows it.

use super::Rows;
use super::embed::Packed;
use super::raw::RawView;
use crate::document::{Align, Block, Cell, Column, Document, Grid, Section, Tone};
use crate::plot::Plot;
use askama::Template;
use std::collections::HashSet;

#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page<'a> {
    title: &'a str,
    lead: &'a [String],
    contents: Vec<ContentsEntry<'a>>,
    sections: Vec<SectionView<'a>>,
    raws: Vec<RawView<'a>>,
    policy: String,
    style: &'static str,
    script: &'static str,
}

struct ContentsEntry<'a> {
    id: String,
    title: &'a str,
    parts: Vec<(String, &'a str)>,
}

struct SectionView<'a> {
    id: String,
    title: &'a str,
    depth: u8,
    blocks: Vec<BlockView<'a>>,
}

/// A block; text in it is escaped by the template.
enum BlockView<'a> {
    Text(&'a str),
    Note(&'a str),
    List(&'a [String]),
    Command(&'a str),
    Grid(GridView<'a>),
    Details(&'a str, GridView<'a>),
    Plot(Figure<'a>),
}

impl<'a> Page<'a> {
    /// Lays a document out, with its tables of rows still empty.
    pub fn new(document: &'a Document, rows: &'a [Rows]) -> Self {
        let mut anchors = Anchors::default();
        // Sections choose first: theirs are the anchors that people link to.
        let ids: Vec<String> = document.sections.iter().map(|section| anchors.take(&section.id)).collect();
        let sections: Vec<SectionView<'a>> = document
            .sections
            .iter()
            .zip(ids)
            .map(|(section, id)| SectionView {
                id,
                title: &section.title,
                depth: section.depth,
                blocks: blocks(section, &mut anchors),
            })
            .collect();
        let raws: Vec<RawView<'a>> = rows.iter().map(|table| RawView::new(table, &mut anchors)).collect();
        Self {
            title: &document.title,
            lead: &document.lead,
            contents: contents(&sections, &raws),
            sections,
            raws,
            policy: super::policy(),
            style: super::STYLE,
            script: super::SCRIPT,
        }
    }

    /// Puts packed rows into their tables, in the same order.
    pub fn fill(&mut self, packed: Vec<Packed>) {
        for (raw, packed) in self.raws.iter_mut().zip(packed) {
            raw.fill(packed);
        }
    }
}

fn blocks<'a>(section: &'a Section, anchors: &mut Anchors) -> Vec<BlockView<'a>> {
    let view = |block: &'a Block| match block {
        Block::Text(text) => BlockView::Text(text),
        Block::Note(text) => BlockView::Note(text),
        Block::List(items) => BlockView::List(items),
        Block::Command(text) => BlockView::Command(text),
        Block::Grid(grid) => BlockView::Grid(GridView::new(grid)),
        Block::Details { title, grid } => BlockView::Details(title, GridView::new(grid)),
        Block::Plot(plot) => BlockView::Plot(Figure::new(plot, anchors)),
    };
    section.blocks.iter().map(view).collect()
}

fn contents<'a>(sections: &[SectionView<'a>], raws: &[RawView<'a>]) -> Vec<ContentsEntry<'a>> {
    let mut entries: Vec<ContentsEntry<'a>> = Vec::new();
    for section in sections {
        match entries.last_mut() {
            Some(entry) if section.depth > 0 => entry.parts.push((section.id.clone(), section.title)),
            _ => entries.push(ContentsEntry { id: section.id.clone(), title: section.title, parts: Vec::new() }),
        }
    }
    entries.extend(raws.iter().map(|raw| ContentsEntry { id: raw.id.clone(), title: raw.title, parts: Vec::new() }));
    entries
}

/// The ids given away so far. The page's own begin with `_`, which no anchor does.
#[derive(Default)]
pub(super) struct Anchors {
    used: HashSet<String>,
}

impl Anchors {
    /// An id made of `wish`, which is used as it is if it can be: links from outside point at it.
    pub fn take(&mut self, wish: &str) -> String {
        let plain: String = wish.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let base = match plain.trim_matches('-') {
            "" => "part",
            trimmed => trimmed,
        };
        let numbered = (2..).map(|at| format!("{base}-{at}"));
        let free = std::iter::once(base.to_owned()).chain(numbered).find(|id| !self.used.contains(id));
        let id = free.unwrap_or_default();
        self.used.insert(id.clone());
        id
    }
}

struct Figure<'a> {
    pub id: String,
    pub title: &'a str,
    pub finding: &'a str,
    pub drawing: String,
}

impl<'a> Figure<'a> {
    pub fn new(plot: &'a Plot, anchors: &mut Anchors) -> Self {
        Self {
            id: anchors.take(&format!("plot-{}", plot.id)),
            title: &plot.title,
            finding: &plot.finding,
            drawing: plot.svg(),
        }
    }
}

/// From how many rows on it is worth sorting a table by hand.
const SORTABLE: usize = 6;

/// Up to how many characters the name of a row stays in one line.
const NAME: usize = 28;

struct GridView<'a> {
    pub caption: &'a str,
    pub heads: Vec<ColumnHead<'a>>,
    pub rows: Vec<Vec<CellView<'a>>>,
    pub sortable: bool,
}

struct ColumnHead<'a> {
    pub text: &'a str,
    /// `corner` above names of rows: it stays in sight with them.
    pub class: &'static str,
}

struct CellView<'a> {
    /// The text, in parts between which a line may break.
    pub pieces: Vec<&'a str>,
    pub class: String,
    /// Whether it names its row.
    pub heads: bool,
    pub mark: Option<ToneMark>,
}

/// What says how a cell is meant to those who do not see its colour.
#[derive(Clone, Copy)]
struct ToneMark {
    /// For the eye.
    pub shape: &'static str,
    /// For the ear.
    pub word: &'static str,
}

impl<'a> GridView<'a> {
    pub fn new(grid: &'a Grid) -> Self {
        let first_names = grid.columns.first().is_some_and(|column| column.align == Align::Left);
        let head = |(at, column): (usize, &'a Column)| ColumnHead {
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
        Tone::Good => Some(ToneMark { shape: "✓", word: "good" }),
        Tone::Bad => Some(ToneMark { shape: "✗", word: "bad" }),
        Tone::Plain | Tone::Quiet => None,
    };
    // Names of strategies are long and without blanks; they break where their parts meet.
    let pieces = if heads { cell.text.split_inclusive('+').collect() } else { vec![cell.text.as_str()] };
    CellView { pieces, class: format!("{class}{tint}"), heads, mark }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_given_twice() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.take("step-fill"), "step-fill");
        assert_eq!(anchors.take("step-fill"), "step-fill-2");
        assert_eq!(anchors.take("_step\"fill<"), "step-fill-3");
        assert_eq!(anchors.take("\u{2028}"), "part");
    }
}
