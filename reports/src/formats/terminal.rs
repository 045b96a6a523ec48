//! The document as text in a terminal.
//!
//! A table with more columns than fit is told in parts, each with the row's names in
//! front, since a cut number would be a wrong one.

use unicode_width::UnicodeWidthStr as _;

use crate::document::{Align, Block, Document, Grid, Section};
use crate::plain::plain;
use crate::table::{self, Table, clean, wrap};

/// Blanks between columns.
const GAP: usize = 2;

/// Lead and sections, no line wider than `width` columns but commands, which are to be
/// copied whole.
pub fn render(document: &Document, width: usize) -> String {
    let mut out = wrap(&document.title, width, 2);
    for line in &document.lead {
        out.push_str(&wrap(&format!("- {line}"), width, 2));
    }
    for section in &document.sections {
        out.push_str(&of_section(section, width));
    }
    out
}

fn of_section(section: &Section, width: usize) -> String {
    let title = wrap(&section.title, width, 0);
    let rule = if section.depth == 0 { "=" } else { "-" };
    let long = title.lines().map(str::width).max().unwrap_or(0);
    let mut out = format!("\n{title}{}\n", rule.repeat(long));
    for block in &section.blocks {
        out.push_str(&of_block(block, width));
    }
    out
}

fn of_block(block: &Block, width: usize) -> String {
    match block {
        Block::Text(it) => wrap(it, width, 0),
        Block::Note(it) => wrap(&format!("note: {it}"), width, 2),
        Block::List(items) => items.iter().map(|item| wrap(&format!("- {item}"), width, 2)).collect(),
        Block::Command(it) => plain(it).lines().map(|line| format!("    {line}\n")).collect(),
        Block::Grid(grid) => of_grid(grid, width),
        Block::Details { title, grid } => {
            let heading = if clean(title) == clean(&grid.caption) { String::new() } else { wrap(title, width, 2) };
            heading + &of_grid(grid, width)
        }
        Block::Plot(plot) => format!("\n{}", wrap(&format!("{}. {}", plot.title, plot.finding), width, 2)),
    }
}

fn of_grid(grid: &Grid, width: usize) -> String {
    let mut out = if grid.caption.is_empty() { String::new() } else { format!("\n{}", wrap(&grid.caption, width, 2)) };
    let mut grid = grid.clone();
    out.push_str(&numbered(grid.columns.iter_mut().map(|column| &mut column.head), width));
    for part in parts(&grid, width) {
        let heads: Vec<(&str, table::Align)> = part
            .iter()
            .map(|at| {
                let column = &grid.columns[*at];
                let align = match column.align {
                    Align::Left => table::Align::Flexible,
                    Align::Right => table::Align::Right,
                };
                (column.head.as_str(), align)
            })
            .collect();
        let mut table = Table::new(&heads);
        let room = room(&grid, &part, width);
        for row in &grid.rows {
            wrapped(part.iter().zip(&room).map(|(at, room)| (row[*at].text.as_str(), *room)), &mut table);
        }
        out.push('\n');
        out.push_str(&table.render(width));
    }
    out
}

/// How wide each column may be: words give way, the widest column first, since they can be
/// wrapped and numbers cannot.
fn room(grid: &Grid, part: &[usize], width: usize) -> Vec<usize> {
    const NARROWEST: usize = 12;
    let natural = |at: &usize| {
        let cells = grid.rows.iter().map(|row| clean(&row[*at].text).width());
        cells.chain([grid.columns[*at].head.width()]).max().unwrap_or(0)
    };
    let mut room: Vec<usize> = part.iter().map(natural).collect();
    let words = |at: &usize| grid.columns[part[*at]].align == Align::Left;
    loop {
        let used = room.iter().sum::<usize>() + GAP * room.len().saturating_sub(1);
        let widest = (0..room.len()).filter(words).max_by_key(|at| room[*at]);
        match widest.filter(|at| used > width && room[*at] > NARROWEST) {
            Some(at) => room[at] = room[at].saturating_sub(used - width).max(room[at] / 2).max(NARROWEST),
            None => return room,
        }
    }
}

/// A row whose long words go on in further lines.
fn wrapped<'a>(cells: impl Iterator<Item = (&'a str, usize)>, table: &mut Table) {
    let columns: Vec<Vec<String>> =
        cells.map(|(text, room)| wrap(text, room, 0).lines().map(str::to_owned).collect()).collect();
    let lines = columns.iter().map(Vec::len).max().unwrap_or(0).max(1);
    for line in 0..lines {
        table.row(columns.iter().map(|column| column.get(line).cloned().unwrap_or_default()));
    }
}

/// Long heads, such as names of strategies, become numbers with a legend.
fn numbered<'a>(heads: impl Iterator<Item = &'a mut String>, width: usize) -> String {
    const LONGEST: usize = 20;
    let mut legend = String::new();
    for (at, head) in heads.filter(|head| head.width() > LONGEST).enumerate() {
        let number = format!("[{}]", at + 1);
        legend.push_str(&wrap(&format!("{number} {head}"), width, 4));
        *head = number;
    }
    legend
}

/// Columns of each part: the names in front of all, then as many others as fit.
fn parts(grid: &Grid, width: usize) -> Vec<Vec<usize>> {
    const ROOM_FOR_WORDS: usize = 24;
    let wide = |at: usize| {
        let cells = grid.rows.iter().map(|row| row[at].text.width());
        let full = cells.chain([grid.columns[at].head.width()]).max().unwrap_or(0);
        if grid.columns[at].align == Align::Left { full.min(ROOM_FOR_WORDS) } else { full }
    };
    // As many names as leave room for a number or two.
    let mut front = 0;
    let mut names = 0;
    let leading = grid.columns.iter().take_while(|column| column.align == Align::Left).count();
    while names < leading.max(usize::from(!grid.columns.is_empty()))
        && (names == 0 || front + wide(names) <= width * 3 / 5)
    {
        front += wide(names) + GAP;
        names += 1;
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut used = width;
    for at in names..grid.columns.len() {
        if used + wide(at) > width {
            parts.push((0..names).collect());
            used = front;
        }
        used += wide(at) + GAP;
        parts.iter_mut().rev().take(1).for_each(|part| part.push(at));
    }
    if parts.is_empty() && names > 0 {
        parts.push((0..names).collect());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_is_told_in_parts() {
        let mut grid = Grid::new("sizes", &["step", "strategy", ">store, apparent", ">store, allocated", ">trees"]);
        grid.row(["warm", "hardlink+aggressive", "100.0 MiB", "120.0 MiB", "1.5 GiB"]);
        insta::assert_snapshot!(of_grid(&grid, 50), @r"

        sizes

        step  strategy             store, apparent
        warm  hardlink+aggressive        100.0 MiB

        step  strategy             store, allocated
        warm  hardlink+aggressive         120.0 MiB

        step  strategy               trees
        warm  hardlink+aggressive  1.5 GiB
        ");
    }
}
