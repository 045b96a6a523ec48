//! The document as text in a terminal.
//!
//! A table with more columns than fit is printed in parts, each with the row's names in
//! front, since a cut number would be a wrong one.

use unicode_width::UnicodeWidthStr as _;

use crate::document::{Align, Block, Cell, Document, Grid, Section};
use crate::text::{clean, fit, plain, push_line, wrap};

/// Blanks between columns.
const GAP: &str = "  ";
/// A column of words is wrapped to no less than two lines need, or its longest word, or this.
const ROOM_FOR_WORDS: usize = 24;
/// The least that a column of words is cut to.
const NARROWEST: usize = 8;

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
    let mut out = String::new();
    if !section.title.is_empty() {
        let title = wrap(&section.title, width, 0);
        let rule = if section.depth == 0 { "=" } else { "-" };
        let long = title.lines().map(str::width).max().unwrap_or(0);
        out = format!("\n{title}{}\n", rule.repeat(long));
    } else if matches!(section.blocks.first(), Some(Block::Text(_))) {
        out.push('\n');
    }
    for block in &section.blocks {
        out.push_str(&of_block(block, width));
    }
    out
}

fn of_block(block: &Block, width: usize) -> String {
    match block {
        Block::Text(it) => wrap(it, width, 2),
        Block::Note(it) => wrap(&format!("note: {it}"), width, 2),
        Block::List(items) => items.iter().map(|item| wrap(&format!("- {item}"), width, 2)).collect(),
        Block::Command(it) => plain(it).lines().map(|line| format!("    {line}\n")).collect(),
        Block::Grid(it) | Block::Live { grid: it, .. } => grid(it, width),
        Block::Details { title, grid: it } => {
            let heading = if clean(title) == clean(&it.caption) { String::new() } else { wrap(title, width, 2) };
            heading + &grid(it, width)
        }
        Block::Plot(plot) => format!("\n{}", wrap(&format!("{}. {}", plot.title, plot.finding), width, 2)),
    }
}

/// A table with its caption, after an empty line.
pub fn grid(grid: &Grid, width: usize) -> String {
    let mut out = String::from("\n");
    if !grid.caption.is_empty() {
        out.push_str(&wrap(&grid.caption, width, 2));
    }
    let mut heads: Vec<Vec<String>> =
        grid.columns.iter().map(|column| column.head.split('\n').map(clean).collect()).collect();
    out.push_str(&number_long(&mut heads, width));
    // A long caption needs a line between itself and the heads.
    if out.matches('\n').count() > 2 {
        out.push('\n');
    }
    for (at, part) in parts(grid, &heads, width).iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        lay_out(&mut out, grid, &heads, part, width);
    }
    out
}

/// Long heads, such as names of strategies, become numbers with a legend.
fn number_long(heads: &mut [Vec<String>], width: usize) -> String {
    const LONGEST: usize = 20;
    let mut legend = String::new();
    let long = heads.iter_mut().filter(|head| head.iter().any(|line| line.width() > LONGEST));
    for (at, head) in long.enumerate() {
        let number = format!("[{}]", at + 1);
        legend.push_str(&wrap(&format!("{number} {}", head.join(" ")), width, 4));
        *head = vec![number];
    }
    legend
}

/// How wide each column is when nothing gives way, and how narrow it may become: words can be
/// wrapped, numbers cannot.
fn widths(grid: &Grid, heads: &[Vec<String>]) -> Vec<(usize, usize)> {
    let of_column = |at: usize| {
        let head = heads[at].iter().map(|line| line.width()).max().unwrap_or(0);
        let cells = || grid.rows.iter().map(|row| &row[at]).filter(|cell| !cell.across).map(|cell| clean(&cell.text));
        let full = cells().map(|text| text.width()).max().unwrap_or(0).max(head);
        let word = cells().flat_map(|text| text.split(' ').map(str::width).collect::<Vec<_>>()).max().unwrap_or(0);
        match grid.columns[at].align {
            Align::Left => (full, word.max(full * 2 / 3).max(head).min(ROOM_FOR_WORDS)),
            Align::Right => (full, full),
        }
    };
    (0..grid.columns.len()).map(of_column).collect()
}

fn sum(widths: impl Iterator<Item = usize>) -> usize {
    widths.map(|width| width + GAP.len()).sum::<usize>().saturating_sub(GAP.len())
}

/// Columns of each part, with their widths: all in one if they fit, else the names in front of as
/// many others as fit.
fn parts(grid: &Grid, heads: &[Vec<String>], width: usize) -> Vec<Vec<(usize, usize)>> {
    let widths = widths(grid, heads);
    let words = |at: usize| grid.columns[at].align == Align::Left;
    let all: Vec<usize> = (0..widths.len()).collect();
    let mut parts: Vec<Vec<usize>> = Vec::new();
    if sum(all.iter().map(|at| widths[*at].1)) <= width {
        parts.push(all);
    } else {
        let leading = all.iter().take_while(|at| words(**at)).count().max(1);
        // As many names as leave room for a number or two.
        let fits = |names: &usize| sum((0..*names).map(|at| widths[at].1)) <= width * 3 / 5;
        let names = (2..=leading).take_while(fits).last().unwrap_or(1);
        let front: Vec<usize> = (0..names).collect();
        for at in names..widths.len() {
            let used = |part: &Vec<usize>| sum(part.iter().map(|at| widths[*at].1));
            match parts.last_mut().filter(|part| used(part) + GAP.len() + widths[at].1 <= width) {
                Some(part) => part.push(at),
                None => parts.push(front.iter().copied().chain([at]).collect()),
            }
        }
        if parts.is_empty() {
            parts.push(front);
        }
    }
    let mut sized = Vec::new();
    for part in parts {
        let mut room: Vec<usize> = part.iter().map(|at| widths[*at].0).collect();
        // The widest gives way first: what can be wrapped, then names, which are cut.
        for cut in [false, true] {
            let least = |at: usize| if cut { NARROWEST } else { widths[at].1 };
            while let Some(excess) = sum(room.iter().copied()).checked_sub(width).filter(|excess| *excess > 0) {
                let gives = (0..part.len()).filter(|it| words(part[*it]) && room[*it] > least(part[*it]));
                let Some(widest) = gives.max_by_key(|it| room[*it]) else { break };
                let half = room[widest] / 2;
                room[widest] = (room[widest] - excess.min(room[widest])).max(half).max(least(part[widest]));
            }
        }
        sized.push(part.into_iter().zip(room).collect());
    }
    sized
}

/// Heads, aligned at the bottom, then the rows; long words go on in further lines.
fn lay_out(out: &mut String, grid: &Grid, heads: &[Vec<String>], part: &[(usize, usize)], width: usize) {
    let mut line = |cells: &dyn Fn(usize) -> String| {
        let cell = |(at, room): &(usize, usize)| pad(&fit(&cells(*at), *room), *room, grid.columns[*at].align);
        push_line(out, &part.iter().map(cell).collect::<Vec<_>>().join(GAP));
    };
    let tallest = part.iter().map(|(at, _)| heads[*at].len()).max().unwrap_or(0);
    for number in 0..tallest {
        let head = |at: usize| {
            (number + heads[at].len())
                .checked_sub(tallest)
                .and_then(|it| heads[at].get(it))
                .cloned()
                .unwrap_or_default()
        };
        line(&head);
    }
    for row in &grid.rows {
        if let Some(at) = row.iter().position(|cell| cell.across) {
            let front: Vec<String> = part
                .iter()
                .take_while(|(it, _)| *it < at)
                .map(|(it, room)| pad(&fit(&clean(&row[*it].text), *room), *room, grid.columns[*it].align))
                .chain([clean(&row[at].text)])
                .collect();
            push_line(out, &fit(&front.join(GAP), width));
            continue;
        }
        let wrapped = |cell: &Cell, room: usize| wrap(&cell.text, room, 0).lines().map(str::to_owned).collect();
        let cells: Vec<Vec<String>> = part.iter().map(|(at, room)| wrapped(&row[*at], *room)).collect();
        for number in 0..cells.iter().map(Vec::len).max().unwrap_or(0).max(1) {
            let texts = part.iter().zip(&cells).map(|((at, room), lines)| {
                pad(lines.get(number).map_or("", String::as_str), *room, grid.columns[*at].align)
            });
            push_line(out, &texts.collect::<Vec<_>>().join(GAP));
        }
    }
}

fn pad(text: &str, width: usize, align: Align) -> String {
    let blank = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Right => format!("{blank}{text}"),
        Align::Left => format!("{text}{blank}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_is_printed_in_parts() {
        let mut sizes = Grid::new("sizes", &["step", "strategy", ">store, apparent", ">store, allocated", ">trees"]);
        sizes.row(["warm", "hardlink+aggressive", "100.0 MiB", "120.0 MiB", "1.5 GiB"]);
        insta::assert_snapshot!(grid(&sizes, 50), @r"
        sizes
        step  strategy             store, apparent
        warm  hardlink+aggressive        100.0 MiB

        step  strategy             store, allocated
        warm  hardlink+aggressive         120.0 MiB

        step  strategy               trees
        warm  hardlink+aggressive  1.5 GiB
        ");
    }

    #[test]
    fn columns_line_up_by_what_the_terminal_shows() {
        let mut table = Grid::new("", &["name", ">wall", ">n\nunits"]);
        table.row(["日本語", "1.00 s", "10"]);
        table.row(["e\u{301}tude", "12.00 s", "9"]);
        table.row([Cell::from("reflink"), Cell::across("unsupported: ext4\nhas none")]);
        insta::assert_snapshot!(grid(&table, 40), @r"
                              n
        name        wall  units
        日本語    1.00 s     10
        étude    12.00 s      9
        reflink  unsupported: ext4 has none
        ");
    }

    #[test]
    fn words_are_wrapped_before_names_are_cut_and_no_line_exceeds_the_width() {
        let mut table = Grid::new("", &["name", ">wall", "why"]);
        table.row(["a-name-of-a-strategy", "1.00 s", "words that can be wrapped"]);
        table.row([Cell::from("x"), Cell::across("words ".repeat(20))]);
        let text = grid(&table, 48);
        assert!(text.contains("a-name-of-a-strategy  1.00 s  words that can be\n"), "{text}");
        for width in [48, 38, 24] {
            let text = grid(&table, width);
            assert!(text.lines().all(|line| line.width() <= width), "{text}");
        }
    }
}
