//! The page as its template shows it.

use super::Rows;
use super::embed::Packed;
use super::figure::Figure;
use super::grid::GridView;
use super::raw::RawView;
use crate::document::{Block, Document, Section};
use askama::Template;
use std::collections::HashSet;

/// The whole page.
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

/// A line of the table of contents.
struct ContentsEntry<'a> {
    id: String,
    title: &'a str,
    parts: Vec<(String, &'a str)>,
}

/// A section.
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

/// Sections with their parts, then the raw rows.
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
