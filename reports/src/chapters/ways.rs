//! Ways of delivery over any network: which is fastest, and from which bandwidth on it pays.

use std::time::Duration;

use crate::delivery::{Cost, Way, Ways};
use crate::document::{Block, Cell, Grid, Section};
use crate::plot::{Chart, HorizontalScale, Plot, PlotLine, VerticalScale};
use crate::text::{UNMEASURED, bytes, count, part, seconds};
use crate::words::plural;
use records::costs::PRICED_BY;
use records::network::Network;

/// Bits a second, both ways.
const BANDWIDTHS: [u64; 6] = [10_000_000, 30_000_000, 100_000_000, 300_000_000, USUAL_BANDWIDTH, 10_000_000_000];
const LATENCIES: [Duration; 3] = [Duration::from_micros(500), USUAL, Duration::from_millis(50)];
/// The latency of what is shown for one.
const USUAL: Duration = Duration::from_millis(10);
/// The bandwidth of what is shown for one.
const USUAL_BANDWIDTH: u64 = 1_000_000_000;
/// Times closer than this are not distinguished.
const ALIKE: f64 = 1.05;
/// Curves of a plot: more cannot be distinguished.
const CURVES: usize = 6;

/// The section of all runs; `None` where nothing was delivered over a network that is known.
pub(super) fn section(ways: &Ways) -> Option<Section> {
    ways.networks.first()?;
    let mut section = Section::new("ways", "Delivery over any network", 0);
    section.say(what(ways));
    section.blocks.extend(plot(ways).map(Block::Plot));
    section.push(Block::Grid(winners(ways)));
    section.push(Block::Grid(costs(ways)));
    Some(section)
}

fn what(ways: &Ways) -> String {
    let networks: Vec<String> = ways.networks.iter().map(ToString::to_string).collect();
    let error = match ways.error() {
        Some(error) => format!(
            "Where each network in turn is predicted from the others, {} are off by {} of the step in the mean, and the \
             part that waits for the network by {}.",
            plural(error.points, "prediction"),
            part(error.wall),
            seconds(Some(error.waited_s)),
        ),
        None => "Only one network was measured: nothing here says how well others are predicted, and ways on demand take two."
            .to_owned(),
    };
    format!(
        "Seconds of a fresh CI machine from its start to the end of its build and upload, summed over {} ({}). Measured \
         over {}; over other networks: what a step takes without its network, its round trips, and its bits. {error}",
        plural(ways.workspaces.len(), "workspace"),
        ways.workspaces.join(", "),
        networks.join(", "),
    )
}

/// The fastest way of every push, for a reader who asks whether a remote pays at all.
pub(crate) fn sentence(ways: &Ways) -> Option<String> {
    ways.networks.first()?;
    let step = usual_step(ways)?;
    let found = ways.in_step(step);
    let network = Network::symmetrical(USUAL, USUAL_BANDWIDTH);
    let none = found.iter().find(|(way, _)| way.strategy == PRICED_BY)?.1;
    let ways = found.iter().filter(|(way, _)| way.delivers);
    let mut ways: Vec<(&Way, Cost, f64)> = ways.map(|(way, cost)| (*way, *cost, cost.seconds(&network))).collect();
    ways.sort_by(|a, b| a.2.total_cmp(&b.2));
    let (way, cost, best) = *ways.first()?;
    let alike: Vec<&str> = ways[1..].iter().filter(|it| it.2 < best * ALIKE).map(|it| it.0.strategy.as_str()).collect();
    let alike = if alike.is_empty() { String::new() } else { format!(" ({} within 5 % of it)", alike.join(", ")) };
    Some(format!(
        "On a fresh CI machine (1 Gbit/s, 10 ms, {step}) {} is fastest{alike}: {} where plain Cargo takes {}, and faster {}.",
        way.strategy,
        seconds(Some(best)),
        seconds(Some(none.without_network_s())),
        beats(cost.faster_from(&none, USUAL)),
    ))
}

/// The step of every push.
fn usual_step(ways: &Ways) -> Option<&str> {
    let steps = ways.steps();
    steps.iter().find(|step| **step == "next-commit").or(steps.first()).copied()
}

fn plot(ways: &Ways) -> Option<Plot> {
    let step = usual_step(ways)?;
    let found = ways.in_step(step);
    let at = |cost: &Cost, bits: u64| cost.seconds(&Network::symmetrical(USUAL, bits));
    let none = found.iter().find(|(way, _)| way.strategy == PRICED_BY)?.1;
    let mut found: Vec<_> = found.into_iter().filter(|(way, _)| way.delivers).collect();
    found.sort_by(|a, b| at(&a.1, USUAL_BANDWIDTH).total_cmp(&at(&b.1, USUAL_BANDWIDTH)));
    found.truncate(CURVES);
    let (way, cost) = found.first()?;
    let finding = format!(
        "{} takes {} at 1 Gbit/s, {PRICED_BY} {}; it is faster {}.",
        way.strategy,
        seconds(Some(at(cost, USUAL_BANDWIDTH))),
        seconds(Some(at(&none, USUAL_BANDWIDTH))),
        beats(cost.faster_from(&none, USUAL)),
    );
    let line = |(way, cost): &(&Way, Cost)| PlotLine {
        name: way.strategy.clone(),
        points: BANDWIDTHS.map(|bits| (bits as f64 / 1e6, at(cost, bits) / at(&none, bits))).to_vec(),
        ..PlotLine::default()
    };
    Some(Plot {
        id: "ways".into(),
        title: format!("Time of {step} ÷ that of {PRICED_BY} over bandwidth, latency 10 ms"),
        finding,
        chart: Chart::Lines {
            x: HorizontalScale::Counts("bandwidth in Mbit/s, both directions".into()),
            y: format!("time ÷ {PRICED_BY}, everything included"),
            scale: VerticalScale::Ratio,
            lines: found.iter().map(line).collect(),
        },
    })
}

/// `from 40 Mbit/s on`.
fn beats(from: Option<f64>) -> String {
    match from {
        None => "at no bandwidth".into(),
        Some(bits) if bits < 1e5 => "at any bandwidth".into(),
        Some(bits) => format!("from {} on", bandwidth(bits)),
    }
}

fn bandwidth(bits: f64) -> String {
    match bits {
        bits if bits >= 1e9 => format!("{} Gbit/s", count(Some((bits / 1e8).round() / 10.0))),
        bits if bits >= 1e7 => format!("{:.0} Mbit/s", bits / 1e6),
        bits => format!("{:.1} Mbit/s", bits / 1e6),
    }
}

fn winners(ways: &Ways) -> Grid {
    let caption = format!(
        "The fastest by latency and bandwidth (the same both ways), and its time ÷ that of {PRICED_BY}; (+2): \
         two others are within 5 % of it, which so few runs do not distinguish."
    );
    let bandwidths = BANDWIDTHS.map(|bits| bandwidth(bits as f64));
    let heads: Vec<&str> = ["step", "latency"].into_iter().chain(bandwidths.iter().map(String::as_str)).collect();
    let mut grid = Grid::new(caption, &heads);
    for step in ways.steps() {
        let found = ways.in_step(step);
        let Some(none) = found.iter().find(|(way, _)| way.strategy == PRICED_BY).map(|it| it.1) else { continue };
        for latency in LATENCIES {
            let best = |bits: u64| {
                let network = Network::symmetrical(latency, bits);
                let mut times: Vec<(&str, f64)> =
                    found.iter().map(|(way, cost)| (way.strategy.as_str(), cost.seconds(&network))).collect();
                times.sort_by(|a, b| a.1.total_cmp(&b.1));
                let (name, time) = *times.first()?;
                let alike = times.iter().filter(|(_, other)| *other < time * ALIKE).count() - 1;
                let alike = if alike > 0 { format!(" (+{alike})") } else { String::new() };
                let ratio = Cell::ratio(Some(time / none.seconds(&network)));
                Some(Cell { text: format!("{name}{alike} {}", ratio.text), ..ratio })
            };
            let cells = BANDWIDTHS.map(|bits| best(bits).unwrap_or_else(|| UNMEASURED.into()));
            let milliseconds = format!("{} ms", latency.as_secs_f64() * 1e3);
            grid.row([Cell::from(step), milliseconds.into()].into_iter().chain(cells));
        }
    }
    grid
}

fn costs(ways: &Ways) -> Grid {
    let caption = format!(
        "What the times are made of: seconds without the network, round trips that explain best what was waited for, and \
         bytes; and from which bandwidth on a way is faster than {PRICED_BY}, at 10 ms."
    );
    let faster = format!("faster than {PRICED_BY}");
    let heads = ["step", "strategy", ">without\nnetwork", ">round trips,\nfitted", ">down", ">up", &faster];
    let mut grid = Grid::new(caption, &heads);
    for step in ways.steps() {
        let mut found = ways.in_step(step);
        found.sort_by(|a, b| a.1.without_network_s().total_cmp(&b.1.without_network_s()));
        let none = found.iter().find(|(way, _)| way.strategy == PRICED_BY).map(|it| it.1);
        for (way, cost) in &found {
            let moved = |bits: f64| bytes(Some(bits / 8.0).filter(|_| way.delivers));
            let trips = count(Some(cost.round_trips.round()).filter(|_| way.delivers));
            let faster = none.filter(|_| way.delivers).map(|none| beats(cost.faster_from(&none, USUAL)));
            let numbers = [seconds(Some(cost.without_network_s())), trips, moved(cost.down_bits), moved(cost.up_bits)];
            let cells = [step.to_owned(), way.strategy.clone()].into_iter().chain(numbers);
            grid.row(cells.chain([faster.unwrap_or_default()]));
        }
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::tests::over;
    use crate::document::Document;
    use crate::formats::markdown;

    #[test]
    fn the_fastest_changes_where_breaking_even_is() {
        let ways = Ways::of(&[over("github", &["a"], 0.0), over("home", &["a"], 0.0)]);
        let section = section(&ways).unwrap();
        let text = markdown::render(&Document { sections: vec![section], ..Document::default() });
        // 15 s are saved, and 0.3 Gbit moved.
        for part in [
            "Measured over github, home;",
            "2 predictions are off by 0 % of the step",
            "| next-commit | 10 ms | none 1.00x | hardlink+non-local-by-remote 0.68x |",
            "| next-commit | rust-cache | 5.00 s | 4 | 23.8 MiB | 11.9 MiB | from 20 Mbit/s on |",
            "| next-commit | none | 20.00 s | - | - | - |  |",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(super::section(&Ways::default()), None);
        let alone = Ways::of(&[over("github", &["a"], 0.0)]);
        assert!(what(&alone).ends_with("and ways on demand take two."));
        assert!(
            sentence(&alone).unwrap().ends_with(
                "rust-cache is fastest: 5.34 s where plain Cargo takes 20.00 s, and faster from 20 Mbit/s on."
            )
        );
    }
}
