//! Markdown that reads well as a CI job summary and as a forum post.
//!
//! Tables as GitHub and Discourse know them; what a page would fold away is in
//! `<details>`. Of a plot there is its finding; pictures would be dead links in a job summary.

use std::fmt::Write as _;

use crate::document::{Align, Block, Document, Grid, Section, Tone};
use crate::text::{clean, plain};

/// The whole document.
pub fn render(document: &Document) -> String {
    let mut out = format!("# {}\n\n", text(&document.title));
    for line in &document.lead {
        let _ = writeln!(out, "- {}", text(line));
    }
    for section in &document.sections {
        out.push('\n');
        out.push_str(&of_section(section));
    }
    out
}

fn of_section(section: &Section) -> String {
    let level = "#".repeat(usize::from(section.depth) + 2);
    let mut out = match section.title.as_str() {
        "" => String::new(),
        title if section.folded => format!("<details><summary>{}</summary>\n", text(title)),
        title => format!("{level} {}\n", text(title)),
    };
    for block in &section.blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&of_block(block));
    }
    if section.folded {
        out.push_str("\n</details>\n");
    }
    out
}

fn of_block(block: &Block) -> String {
    match block {
        Block::Text(it) => format!("{}\n", text(it)),
        Block::Note(it) => format!("> {}\n", text(it)),
        Block::List(items) => items.iter().map(|item| format!("- {}\n", text(item))).collect(),
        Block::Command(it) => format!("{}\n", code_block(it)),
        Block::Grid(grid) | Block::Live { grid, .. } => of_grid(grid),
        Block::Details { title, grid } => {
            format!("<details><summary>{}</summary>\n\n{}\n</details>\n", text(title), of_grid(grid))
        }
        Block::Plot(plot) => format!("**{}.** {}\n", text(&plot.title), text(&plot.finding)),
    }
}

fn of_grid(grid: &Grid) -> String {
    let mut out = String::new();
    if !grid.caption.is_empty() {
        let _ = writeln!(out, "*{}*\n", text(&grid.caption));
    }
    let heads: Vec<String> = grid.columns.iter().map(|column| text(&column.head)).collect();
    let rules = grid.columns.iter().map(|column| if column.align == Align::Right { "--:" } else { "---" });
    let _ = writeln!(out, "| {} |\n|{}|", heads.join(" | "), rules.collect::<Vec<_>>().join("|"));
    for row in &grid.rows {
        let cells: Vec<String> = row
            .iter()
            .map(|it| match it.tone {
                Tone::Bad if !it.text.is_empty() => format!("**{}**", text(&it.text)),
                _ => text(&it.text),
            })
            .collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

/// A fence longer than any run of backticks inside, so that nothing ends it early.
fn code_block(code: &str) -> String {
    let code = plain(code);
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}sh\n{code}\n{fence}")
}

/// Text of which no character means anything to Markdown or HTML, on one line.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '|' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // Neither a mention nor a link to an issue or a user.
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_breaks_out_of_a_table() {
        let mut grid = Grid::new("a *caption*", &["na|me", ">n"]);
        grid.row(["x | y\n| z", "<script>&amp;"]);
        insta::assert_snapshot!(of_grid(&grid), @r"
        *a \*caption\**

        | na\|me | n |
        |---|--:|
        | x \| y \| z | &lt;script&gt;&amp;amp; |
        ");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(code_block("echo ```"), "````sh\necho ```\n````");
        assert_eq!(code_block("ls"), "```sh\nls\n```");
    }
}
