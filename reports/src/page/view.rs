//! The page as its template shows it.

use super::Rows;
use super::embed::Packed;
use super::raw::{Anchors, RawView};
use crate::document::{Align, Block, Cell, Document, Grid, Section, Tone};
use askama::Template;

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
    /// What the script calls, each an element of its own.
    libraries: &'static [&'static str],
    style: &'static str,
    script: &'static str,
}

/// A line of the table of contents.
struct ContentsEntry<'a> {
    id: String,
    title: &'a str,
    parts: Vec<(String, &'a str)>,
}

/// A section with its anchor, and its blocks, of which plots have an anchor and a drawing.
struct SectionView<'a> {
    id: String,
    section: &'a Section,
    blocks: Vec<(&'a Block, String, String)>,
}

impl<'a> Page<'a> {
    /// Lays a document out, with its tables of rows still empty.
    pub fn new(document: &'a Document, rows: &'a [Rows]) -> Self {
        let mut anchors = Anchors::default();
        // Sections choose first: theirs are the anchors that people link to.
        let ids: Vec<String> = document.sections.iter().map(|section| anchors.take(&section.id)).collect();
        let mut drawn = |block: &'a Block| match block {
            Block::Plot(plot) => (block, anchors.take(&format!("plot-{}", plot.id)), plot.svg()),
            _ => (block, String::new(), String::new()),
        };
        let mut sections = Vec::new();
        for (section, id) in document.sections.iter().zip(ids) {
            sections.push(SectionView { id, section, blocks: section.blocks.iter().map(&mut drawn).collect() });
        }
        let raws: Vec<RawView<'a>> = rows.iter().map(|table| RawView::new(table, &mut anchors)).collect();
        let libraries: &[&str] = if raws.iter().any(|raw| raw.ask.is_some()) { &super::LIBRARIES } else { &[] };
        Self {
            title: &document.title,
            lead: &document.lead,
            contents: contents(&sections, &raws),
            sections,
            raws,
            policy: super::policy(libraries),
            libraries,
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

/// Sections with their parts, then the raw rows.
fn contents<'a>(sections: &[SectionView<'a>], raws: &[RawView<'a>]) -> Vec<ContentsEntry<'a>> {
    let entry = |id: &str, title: &'a str| ContentsEntry { id: id.to_owned(), title, parts: Vec::new() };
    let mut entries: Vec<ContentsEntry<'a>> = Vec::new();
    for SectionView { id, section, .. } in sections {
        match entries.last_mut() {
            // Of what is folded the beginning is enough: `Q1 eligibility`.
            Some(entry) if section.depth > 0 => {
                let title =
                    if section.folded { section.title.split(':').next().unwrap_or_default() } else { &section.title };
                entry.parts.push((id.clone(), title));
            }
            _ => entries.push(entry(id, &section.title)),
        }
    }
    entries.extend(raws.iter().map(|raw| entry(&raw.id, raw.title)));
    entries
}

/// From how many rows on it is worth sorting a table by hand.
const SORTABLE: usize = 6;

/// Up to how many characters the name of a row stays in one line.
const NAME: usize = 28;

/// What the template asks of a table.
impl Grid {
    fn is_sortable(&self) -> bool {
        self.rows.len() >= SORTABLE
    }

    /// Whether a column names the rows.
    fn heads_rows(&self, at: &usize) -> bool {
        *at == 0 && self.columns.first().is_some_and(|column| column.align == Align::Left)
    }

    /// `corner` above names of rows: it stays in sight with them.
    fn head_class(&self, at: &usize) -> &'static str {
        match self.columns[*at].align {
            Align::Left if *at == 0 => "corner",
            Align::Left => "",
            Align::Right => "num",
        }
    }

    fn class(&self, at: &usize, cell: &Cell) -> String {
        let column = if self.columns[*at].align == Align::Right { "num" } else { "" };
        let tone = match cell.tone {
            Tone::Plain if column.is_empty() && self.heads_rows(at) && cell.text.chars().count() <= NAME => "name",
            Tone::Plain => "",
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Quiet => "quiet",
        };
        let tint = match cell.tint {
            0 => String::new(),
            strength @ ..0 => format!("tint faster-{}", -strength),
            strength => format!("tint slower-{strength}"),
        };
        let classes = [column, tone, &tint];
        classes.into_iter().filter(|class| !class.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The text, in parts between which a line may break: names of strategies are long and without blanks.
    fn pieces<'c>(&self, at: &usize, cell: &'c Cell) -> Vec<&'c str> {
        if self.heads_rows(at) { cell.text.split_inclusive('+').collect() } else { vec![cell.text.as_str()] }
    }
}

impl Tone {
    /// What says how a cell is meant to those who do not see its colour: for the eye, and for the ear.
    fn mark(self) -> Option<(&'static str, &'static str)> {
        match self {
            Tone::Good => Some(("✓", "good")),
            Tone::Bad => Some(("✗", "bad")),
            Tone::Plain | Tone::Quiet => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Anchors;

    #[test]
    fn an_id_is_never_given_twice() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.take("step-fill"), "step-fill");
        assert_eq!(anchors.take("step-fill"), "step-fill-2");
        assert_eq!(anchors.take("_step\"fill<"), "step-fill-3");
        assert_eq!(anchors.take("\u{2028}"), "part");
    }
}
