//! A handmade report with every kind of block, and with names that want to break out.

use crate::document::{Block, Cell, Document, Grid, Section, Tone, heads};
use crate::plot::{Chart, Plot, RatioPanel, RatioRow};

/// Text that ends elements, attributes, comments and scripts, if anything lets it.
pub const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=\"alert(2)\"> ' \" & --> ]]> \u{2028}\u{0} 😀 \u{1b}[31m\u{9b}\u{202e}\u{2067}\u{200f} {{ x }} <!--";

const ARMS: [(&str, f64, Tone); 4] = [
    ("none", 1.0, Tone::Plain),
    ("hardlink+aggressive", 0.521, Tone::Good),
    ("reflink+conservative", 0.0, Tone::Quiet),
    ("a-strategy-with-quite-a-long-name+and-a-policy", 12.25, Tone::Bad),
];

pub fn document() -> Document {
    Document {
        title: "Build caches on 3 workspaces: gauntlet, 10 strategies, 5 rounds".into(),
        lead: vec![
            "3 workspaces of the corpus gauntlet were built under 10 strategies in 5 rounds, on 2 cores.".into(),
            "An edit in place costs 3.57x: publishing what the edit made takes longer than the build.".into(),
        ],
        sections: vec![how(), step("fill"), step("warm"), hostile(), colophon()],
    }
}

fn how() -> Section {
    let mut section = Section::new("how", "How to read this", 0);
    section.say("Each strategy builds the same workspaces in the same round, in an order drawn anew.");
    section.push(Block::List(vec![
        "fill builds each workspace from an empty store.".into(),
        "warm is the second.".into(),
    ]));
    section.push(Block::Note("five rounds on a virtual machine: differences below 3% are not to be trusted.".into()));
    section.push(Block::Command("cargo run -p harness -- compare --corpus gauntlet --strategies 'none,shared-target,hardlink+*,copy+*' --rounds 5 --control\ncargo run -p harness -- report runs/2026-11-23T052404Z-gauntlet".into()));
    section
}

fn step(name: &str) -> Section {
    let mut section = Section::new(&format!("step {name}"), format!("Step {name}"), 0);
    section.say(format!("What {name} costs and what it brings."));
    section.push(Block::Plot(plot(name, "Wall time by strategy and phase")));
    section.push(Block::Details { title: "The numbers behind it".into(), grid: wide(name) });
    section.push(Block::Grid(wide(name)));
    section
}

fn wide(name: &str) -> Grid {
    let caption =
        format!("Step {name}: medians over 3 workspaces and 5 rounds; vs none is the geometric mean of ratios.");
    let heads = heads(
        "strategy | > wall | > vs none | > interval | > hits | > by cost | > compiled | > disk: all | > disk: added | verdict",
    );
    let mut grid = Grid::new(caption, &heads);
    for (at, (arm, ratio, tone)) in ARMS.iter().enumerate() {
        let verdict = match tone {
            Tone::Good => "faster",
            Tone::Bad => "slower",
            Tone::Plain => "-",
            Tone::Quiet => "unsupported: this file system has no reflinks",
        };
        let share = format!("{:.1}%", 10.0 * at as f64);
        let numbers = match tone {
            Tone::Quiet => ["-"; 8].map(str::to_owned),
            _ => [
                format!("{:.2} s", 34.0 * ratio),
                format!("{ratio:.2}x"),
                format!("{:.2}x to {:.2}x", ratio * 0.9, ratio * 1.1),
                share.clone(),
                share,
                (124 - at * 11).to_string(),
                format!("{:.1} MiB", 453.7 + at as f64 * 91.0),
                "60.0 KiB".into(),
            ],
        };
        grid.row([Cell::from(*arm)].into_iter().chain(numbers.map(Cell::from)).chain([Cell::toned(verdict, *tone)]));
    }
    grid
}

fn plot(id: &str, title: &str) -> Plot {
    let row = |(arm, ratio, tone): &(&str, f64, Tone)| RatioRow {
        label: (*arm).into(),
        value: (*tone != Tone::Quiet).then_some(*ratio),
        interval: None,
        range: None,
        remark: format!("{:.2} s", 34.0 * ratio),
    };
    Plot {
        id: id.into(),
        title: title.into(),
        finding: "Restoring takes 0.3 s of the 0.4 s that hardlink+aggressive needs; the rest is Cargo itself, which reads every fingerprint.".into(),
        chart: Chart::Ratios {
            baseline: "none".into(),
            panels: vec![RatioPanel { title: String::new(), rows: ARMS.iter().map(row).collect() }],
        },
    }
}

fn hostile() -> Section {
    let mut section = Section::new("step fill", format!("Names {HOSTILE}"), 1);
    section.say(HOSTILE);
    section.push(Block::Note(HOSTILE.into()));
    section.push(Block::List(vec![HOSTILE.into()]));
    section.push(Block::Command(HOSTILE.into()));
    let mut grid = Grid::new(HOSTILE, &[HOSTILE, "> number"]);
    grid.row([HOSTILE, "1.0 s"]);
    section.push(Block::Details { title: HOSTILE.into(), grid: grid.clone() });
    section.push(Block::Grid(grid));
    section.push(Block::Plot(plot(HOSTILE, HOSTILE)));
    section
}

fn colophon() -> Section {
    let mut section = Section::new("conditions", "Conditions", 0);
    let mut grid = Grid::new("Where it was measured.", &["what", "value"]);
    grid.row(["CPU", "Intel Xeon, 2 cores"]);
    grid.row(["memory", "24.0 GiB"]);
    grid.row(["file system", "ext4 without a journal"]);
    section.push(Block::Grid(grid));
    let mut grid = Grid::new("Sizes; the first column needs no heading.", &["", "> size", ""]);
    for (at, (arm, ..)) in ARMS.iter().enumerate() {
        grid.row([(*arm).to_owned(), format!("{at} KiB"), format!("line {at}")]);
    }
    section.push(Block::Grid(grid));
    section
}
