//! What the n-th workspace reuses of those before it.

use super::{LINES, Scene, ends};
use crate::document::{Block, Grid, Section};
use crate::plot::{Chart, Interval, Line, Plot, Unit};
use crate::simulation::curves::{Curve, by_command, first_class};
use crate::table::{bytes, percent};

/// From as many workspaces on the axis is logarithmic: most happens at its beginning.
const LOG: u32 = 30;

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let groups = by_command(scene.run);
    groups.first()?;
    let mut section = Section::new(&scene.id("reuse"), "Reuse between workspaces", 1);
    for (at, curves) in groups.iter().enumerate() {
        let folded = fold(curves);
        let shown = &folded[..folded.len().min(LINES)];
        let most = curves.iter().map(|curve| curve.last().workspaces).max().unwrap_or(0);
        if most > 1 {
            section.push(Block::Plot(Plot {
                id: scene.plot("reuse", at),
                title: format!("What a workspace reuses of those built before it, {}", curves[0].command),
                finding: finding(scene, curves, folded.len() - shown.len()),
                chart: Chart::Lines {
                    x: "workspaces built, this one included".into(),
                    y: "reused, by compile seconds".into(),
                    unit: Unit::Share,
                    log_x: most > LOG,
                    lines: shown.iter().map(|(name, curve)| line(name, curve)).collect(),
                },
            }));
        }
        section.push(Block::Grid(table(curves[0].command, &curves[..curves.len().min(LINES)])));
    }
    Some(section)
}

/// Curves that are equal at every point become one that has all of their names.
fn fold<'a, 'b>(curves: &'b [Curve<'a>]) -> Vec<(String, &'b Curve<'a>)> {
    let points = |curve: &Curve<'_>| -> Vec<_> {
        curve.rows.iter().map(|row| (row.workspaces, row.hit_rate_by_cost, row.low, row.high)).collect()
    };
    let mut folded: Vec<(String, &Curve<'_>)> = Vec::new();
    for curve in curves {
        match folded.iter_mut().find(|(_, known)| points(known) == points(curve)) {
            Some((name, _)) => *name += &format!(", {}", first_class(curve.policy)),
            None => folded.push((first_class(curve.policy), curve)),
        }
    }
    folded
}

fn line(name: &str, curve: &Curve<'_>) -> Line {
    Line {
        name: name.to_owned(),
        points: curve.rows.iter().map(|row| (f64::from(row.workspaces), row.hit_rate_by_cost)).collect(),
        band: curve.rows.iter().map(|row| Interval { low: row.low, high: row.high }).collect(),
    }
}

fn finding(scene: &Scene<'_>, curves: &[Curve<'_>], hidden: usize) -> String {
    let mut first = ends(curves, true).unwrap_or_else(|| "Relaxed policies alone were replayed".into());
    if let Some(head) = first.get(..1) {
        first = head.to_uppercase() + &first[1..];
    }
    let rest = match hidden {
        0 => String::new(),
        more => format!(" {more} more curves are in the rows."),
    };
    format!(
        "{first}. Lines: mean over orders; bands, and brackets here: at about that place a \
         tenth of workspaces reuse less, a tenth more.{rest} {}",
        scene.known()
    )
}

fn table(command: &str, curves: &[Curve<'_>]) -> Grid {
    let mut grid = Grid::new(
        format!(
            "What the n-th workspace reuses, {command}: mean over orders; at about that place a tenth of workspaces \
             reuse less, a tenth more; \
             stored: by all n together."
        ),
        &["policy", "> n", "> of units", "> of seconds", "> a tenth less", "> a tenth more", "> stored", "> orders"],
    );
    for curve in curves {
        for row in curve.named() {
            grid.row([
                first_class(curve.policy),
                row.workspaces.to_string(),
                percent(Some(row.hit_rate)),
                percent(Some(row.hit_rate_by_cost)),
                percent(Some(row.low)),
                percent(Some(row.high)),
                bytes(Some(row.stored_bytes)),
                row.orders.to_string(),
            ]);
        }
    }
    grid
}
