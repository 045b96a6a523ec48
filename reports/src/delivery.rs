//! When one way of delivery beats another: seconds of a CI machine over latency and bandwidth.
//!
//! In: runs of the scenario `ci`, each over one network. What a step takes without its network is measured; what the
//! network adds is
//!
//! ```text
//! round trips × latency + bits down ÷ bandwidth down + bits up ÷ bandwidth up
//! ```
//!
//! Bits are counted; round trips are those that explain best what was waited for. [`Ways::error`] says how well that
//! predicts a network that it was not made from.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use records::control::repeated_by;
use records::network::Network;
use records::run_folder::RunFolder;
use records::{Status, StepRow};

use crate::stats::median;
use crate::words::distinct;

/// The scenario whose steps are taken.
const SCENARIO: &str = "ci";

/// Every way of delivery in every step of the consumer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ways {
    /// In the order of the runs.
    pub ways: Vec<Way>,
    /// What it is summed over.
    pub workspaces: Vec<String>,
    /// The networks that were measured.
    pub networks: Vec<Network>,
}

/// One strategy with its way in one step: sums over workspaces of medians over rounds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Way {
    pub step: String,
    pub strategy: String,
    /// Whether anything is delivered at all.
    pub delivers: bool,
    /// Whether each unit is asked for while the build is planned.
    on_demand: bool,
    measured: Vec<Measured>,
}

/// Whether it has round trips.
fn is_shaped(network: &Network) -> bool {
    network.round_trip > Duration::ZERO
}

fn is_on_demand(row: &StepRow) -> bool {
    row.delivery.as_deref() == Some("remote")
}

/// A way over one network.
#[derive(Debug, Clone, PartialEq)]
struct Measured {
    network: Option<Network>,
    wall_s: f64,
    /// Seconds of delivering and uploading; on demand of planning too, in which units are asked for.
    waited_s: f64,
    down_bits: f64,
    up_bits: f64,
}

/// What a way takes, as a function of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Seconds of everything that does not wait for the network.
    fixed_s: f64,
    /// Seconds of what does that no network makes: planning.
    plan_s: f64,
    /// Round trips waited for, one after the other.
    pub round_trips: f64,
    pub down_bits: f64,
    pub up_bits: f64,
}

/// How far predictions are from what was measured on a network that they do not know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PredictionError {
    /// How many.
    pub points: usize,
    /// Mean of |predicted − measured| ÷ measured, of the whole step.
    pub wall: f64,
    /// Mean of |predicted − measured| of what is waited for the network, in seconds.
    pub waited_s: f64,
}

impl Cost {
    /// On demand, what is waited for has a part that no network makes, which takes a second network to know.
    fn of(measured: &[&Measured], on_demand: bool) -> Option<Cost> {
        let mean =
            |of: &dyn Fn(&Measured) -> f64| measured.iter().map(|it| of(it)).sum::<f64>() / measured.len() as f64;
        let shaped: Vec<(f64, f64)> = measured
            .iter()
            .filter_map(|it| {
                let network = it.network.as_ref()?;
                let beyond_bits = it.waited_s - transfer_s(it.down_bits, it.up_bits, network);
                Some((network.round_trip.as_secs_f64(), beyond_bits))
            })
            .collect();
        let (round_trips, plan_s) = match on_demand {
            false => (slope(&shaped, (0.0, 0.0)), 0.0),
            true => {
                let count = Some(shaped.len() as f64).filter(|count| *count > 1.0)?;
                let center = shaped.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0 / count, sum.1 + it.1 / count));
                let round_trips = slope(&shaped, center);
                (round_trips, center.1 - round_trips * center.0)
            }
        };
        (!measured.is_empty()).then(|| Cost {
            fixed_s: mean(&|it| it.wall_s - it.waited_s),
            plan_s,
            round_trips,
            down_bits: mean(&|it| it.down_bits),
            up_bits: mean(&|it| it.up_bits),
        })
    }

    /// Seconds of the step with what is fetched at hand.
    pub fn without_network_s(&self) -> f64 {
        self.fixed_s + self.plan_s
    }

    /// Seconds of what waits for the network.
    fn waited_s(&self, network: &Network) -> f64 {
        self.plan_s
            + self.round_trips * network.round_trip.as_secs_f64()
            + transfer_s(self.down_bits, self.up_bits, network)
    }

    /// Seconds of the step over a network.
    pub fn seconds(&self, network: &Network) -> f64 {
        self.fixed_s + self.waited_s(network)
    }

    /// The bandwidth, in bits a second both ways, from which on this is faster than `other`, at a latency: `Some(0.0)` where
    /// it is at any, `None` where it is at none.
    pub fn faster_from(&self, other: &Cost, round_trip: Duration) -> Option<f64> {
        let trips = (other.round_trips - self.round_trips) * round_trip.as_secs_f64();
        let (gain, bits) = (
            other.without_network_s() - self.without_network_s() + trips,
            self.down_bits + self.up_bits - other.down_bits - other.up_bits,
        );
        match (gain > 0.0, bits > 0.0) {
            (true, true) => Some(bits / gain),
            (true, false) => Some(0.0),
            (false, _) => None,
        }
    }
}

/// Of the line through a point that is nearest to all others by least squares; none falls.
fn slope(points: &[(f64, f64)], through: (f64, f64)) -> f64 {
    let centered = || points.iter().map(|(x, y)| (x - through.0, y - through.1));
    let (product, square) = (centered().map(|(x, y)| x * y).sum::<f64>(), centered().map(|(x, _)| x * x).sum::<f64>());
    if square > 0.0 { (product / square).max(0.0) } else { 0.0 }
}

fn transfer_s(down_bits: f64, up_bits: f64, network: &Network) -> f64 {
    let over = |bits: f64, bandwidth: Option<u64>| bandwidth.map_or(0.0, |bits_per_s| bits / bits_per_s as f64);
    over(down_bits, network.down_bits_per_s) + over(up_bits, network.up_bits_per_s)
}

impl Way {
    /// What it takes, from all that was measured.
    pub fn cost(&self) -> Option<Cost> {
        Cost::of(&self.measured.iter().collect::<Vec<_>>(), self.on_demand)
    }
}

impl Ways {
    /// From the rows that count of all runs that have the scenario. Of workspaces, those that were built over every network.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a RunFolder>) -> Ways {
        let runs: Vec<&RunFolder> = runs.into_iter().collect();
        let counts = |row: &&StepRow| {
            row.scenario == SCENARIO
                && row.status == Status::Ok
                && row.step != "produce"
                && repeated_by(&row.strategy).is_none()
        };
        // A run is over one network, which its arms that deliver name.
        let mut networks: Vec<Network> = Vec::new();
        let mut built: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut rows: Vec<(&StepRow, Option<Network>)> = Vec::new();
        for row in runs.iter().flat_map(|run| &run.steps).filter(counts) {
            let network = row.network.as_ref().and_then(|name| name.parse::<Network>().ok());
            if let Some(network) = &network {
                built.entry(network.to_string()).or_default().insert(&row.workspace);
                if !networks.contains(network) {
                    networks.push(network.clone());
                }
            }
            rows.push((row, network));
        }
        let everywhere = |name: &str| built.values().all(|workspaces| workspaces.contains(name));
        let workspaces: Vec<String> =
            distinct(rows.iter().map(|(row, _)| row.workspace.as_str()).filter(|name| everywhere(name)))
                .into_iter()
                .map(str::to_owned)
                .collect();
        // Loopback alone says nothing about round trips.
        if workspaces.is_empty() || !networks.iter().any(is_shaped) {
            return Ways::default();
        }
        rows.retain(|(row, _)| workspaces.contains(&row.workspace));
        let steps = distinct(rows.iter().map(|(row, _)| row.step.as_str()));
        let strategies = distinct(rows.iter().map(|(row, _)| row.strategy.as_str()));
        let mut ways = Vec::new();
        for (step, strategy) in steps.iter().flat_map(|step| strategies.iter().map(move |it| (*step, *it))) {
            let mine: Vec<_> = rows.iter().filter(|(row, _)| row.step == step && row.strategy == strategy).collect();
            let mut over: Vec<Option<Network>> = Vec::new();
            for (_, network) in &mine {
                if !over.contains(network) {
                    over.push(network.clone());
                }
            }
            let measured = over.into_iter().filter_map(|network| {
                let here: Vec<&StepRow> = mine.iter().filter(|it| it.1 == network).map(|it| it.0).collect();
                Measured::of(&here, network, &workspaces)
            });
            let measured: Vec<Measured> = measured.collect();
            if !measured.is_empty() {
                let delivers = measured.iter().any(|it| it.network.is_some());
                let on_demand = mine.iter().any(|(row, _)| is_on_demand(row));
                ways.push(Way { step: step.to_owned(), strategy: strategy.to_owned(), delivers, on_demand, measured });
            }
        }
        Ways { ways, workspaces, networks }
    }

    /// The steps.
    pub fn steps(&self) -> Vec<&str> {
        distinct(self.ways.iter().map(|way| way.step.as_str()))
    }

    /// The ways of a step, with what they take.
    pub fn in_step(&self, step: &str) -> Vec<(&Way, Cost)> {
        self.ways.iter().filter(|way| way.step == step).filter_map(|way| Some((way, way.cost()?))).collect()
    }

    /// Each network in turn left out, and predicted from the others; `None` where there is one alone.
    pub fn error(&self) -> Option<PredictionError> {
        let mut error = PredictionError { points: 0, wall: 0.0, waited_s: 0.0 };
        for way in &self.ways {
            for left_out in &way.measured {
                let others: Vec<&Measured> = way.measured.iter().filter(|it| it.network != left_out.network).collect();
                let Some((network, cost)) = left_out.network.as_ref().zip(Cost::of(&others, way.on_demand)) else {
                    continue;
                };
                if others.iter().filter_map(|it| it.network.as_ref()).any(is_shaped) {
                    error.points += 1;
                    error.wall += (cost.seconds(network) - left_out.wall_s).abs() / left_out.wall_s;
                    error.waited_s += (cost.waited_s(network) - left_out.waited_s).abs();
                }
            }
        }
        let points = error.points as f64;
        (error.points > 0).then(|| PredictionError {
            wall: error.wall / points,
            waited_s: error.waited_s / points,
            ..error
        })
    }
}

impl Measured {
    /// `None` where a workspace is missing.
    fn of(rows: &[&StepRow], network: Option<Network>, workspaces: &[String]) -> Option<Measured> {
        let sum = |of: &dyn Fn(&StepRow) -> Option<f64>| -> Option<f64> {
            let of_workspace = |name: &String| {
                let values: Vec<f64> =
                    rows.iter().filter(|row| row.workspace == *name).filter_map(|row| of(row)).collect();
                median(&values)
            };
            workspaces.iter().map(of_workspace).sum()
        };
        let wall_s = sum(&|row| row.wall_s)?;
        let waited = |row: &StepRow| {
            let lookups = row.plan_s.filter(|_| is_on_demand(row));
            Some([lookups, row.deliver_s, row.upload_s].into_iter().flatten().sum())
        };
        let bits = |bytes: Option<u64>| Some(8.0 * bytes.unwrap_or(0) as f64);
        Some(Measured {
            wall_s,
            waited_s: sum(&waited)?,
            down_bits: sum(&|row| bits(row.down_bytes))?,
            up_bits: sum(&|row| bits(row.up_bytes))?,
            network,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tests::rows::{bad, folder, step};

    const ROUND_TRIPS: f64 = 4.0;
    const ON_DEMAND: &str = "hardlink+non-local-by-remote";

    /// A run over one network: plain Cargo, and an arm that waits exactly as long as the model says, `noise` seconds aside.
    pub(crate) fn over(network: &str, workspaces: &[&str], noise: f64) -> RunFolder {
        let mut rows = Vec::new();
        for workspace in workspaces {
            for strategy in ["none", "none-again"] {
                rows.push(StepRow { scenario: SCENARIO.into(), ..step(1, workspace, "next-commit", strategy, 20.0) });
            }
            let (down, up) = (25_000_000u64, 12_500_000u64);
            let shape: Network = network.parse().unwrap();
            let waited = ROUND_TRIPS * shape.round_trip.as_secs_f64()
                + transfer_s(8.0 * down as f64, 8.0 * up as f64, &shape)
                + noise;
            let arm = StepRow {
                scenario: SCENARIO.into(),
                network: Some(network.into()),
                deliver_s: Some(waited / 2.0),
                upload_s: Some(waited / 2.0),
                down_bytes: Some(down),
                up_bytes: Some(up),
                ..step(1, workspace, "next-commit", "rust-cache", 5.0 + waited)
            };
            // A lookup takes its round trips while the build is planned.
            let lookups = 10.0 * shape.round_trip.as_secs_f64();
            rows.push(StepRow {
                strategy: ON_DEMAND.into(),
                delivery: Some("remote".into()),
                plan_s: Some(0.5 + lookups),
                wall_s: Some(3.0 + 0.5 + waited + lookups),
                ..arm.clone()
            });
            rows.push(StepRow { step: "produce".into(), ..arm.clone() });
            rows.push(bad(StepRow { round: 2, ..arm.clone() }, Status::Failed, "no"));
            rows.push(arm);
        }
        folder(&["none", "rust-cache", ON_DEMAND], rows, Vec::new())
    }

    fn cost_of(ways: &Ways, strategy: &str) -> Cost {
        ways.in_step("next-commit").iter().find(|(way, _)| way.strategy == strategy).unwrap().1
    }

    #[test]
    fn a_network_is_predicted_from_others() {
        let runs = [over("github", &["a", "b"], 0.0), over("home", &["b", "a"], 0.0)];
        let ways = Ways::of(&runs);
        let cost = cost_of(&ways, "rust-cache");
        assert!((cost.fixed_s - 10.0).abs() < 1e-9 && (cost.round_trips - 2.0 * ROUND_TRIPS).abs() < 1e-6, "{cost:?}");
        assert_eq!((cost.down_bits, cost.up_bits), (400e6, 200e6));
        let error = ways.error().unwrap();
        assert_eq!(error.points, 2, "on demand takes two others");
        let on_demand = cost_of(&ways, ON_DEMAND);
        assert!((on_demand.without_network_s() - 7.0).abs() < 1e-6, "{on_demand:?}");
        assert!((on_demand.round_trips - 2.0 * (10.0 + ROUND_TRIPS)).abs() < 1e-4, "{on_demand:?}");
        assert!(error.wall < 1e-9 && error.waited_s < 1e-6, "{error:?}");
        // One that is a second slower than its figures say is off by what the other says.
        let slow = Ways::of(&[over("github", &["a"], 0.0), over("home", &["a"], 1.0)]);
        assert!(slow.error().unwrap().waited_s > 0.5, "{:?}", slow.error());
        let alone = Ways::of(&runs[..1]);
        assert_eq!(alone.error(), None, "nothing to predict");
        let named =
            |ways: &Ways| ways.in_step("next-commit").iter().map(|it| it.0.strategy.clone()).collect::<Vec<_>>();
        assert_eq!((named(&ways).len(), named(&alone)), (3, vec!["none".to_owned(), "rust-cache".to_owned()]));
        let third = over("1ms,100mbit", &["a", "b"], 0.0);
        let error = Ways::of(runs.iter().chain([&third])).error().unwrap();
        assert!(error.points == 6 && error.wall < 1e-9 && error.waited_s < 1e-6, "{error:?}");
    }

    #[test]
    fn only_what_was_built_over_every_network_is_summed() {
        let ways = Ways::of(&[over("github", &["a", "b"], 0.0), over("home", &["a"], 0.0)]);
        assert_eq!(ways.workspaces, ["a"]);
        assert_eq!(ways.networks.iter().map(ToString::to_string).collect::<Vec<_>>(), ["github", "home"]);
        assert_eq!((ways.steps(), ways.ways.len()), (vec!["next-commit"], 3), "no producer, no control");
        assert_eq!(cost_of(&ways, "none").fixed_s, 20.0);
        for nothing in
            [vec![], vec![over("none", &["a"], 0.0)], vec![over("github", &["a"], 0.0), over("home", &["b"], 0.0)]]
        {
            assert_eq!(Ways::of(&nothing), Ways::default());
        }
    }

    #[test]
    fn breaking_even_is_where_both_take_as_long() {
        let ways = Ways::of(&[over("github", &["a"], 0.0)]);
        let (cost, none) = (cost_of(&ways, "rust-cache"), cost_of(&ways, "none"));
        let at = Duration::from_millis(10);
        let bits = cost.faster_from(&none, at).unwrap();
        assert!((cost.seconds(&Network::symmetrical(at, bits.round() as u64)) - none.fixed_s).abs() < 1e-5, "{bits}");
        assert!(cost.seconds(&Network::symmetrical(at, (bits * 2.0) as u64)) < none.fixed_s);
        assert_eq!(none.faster_from(&cost, at), None, "from no bandwidth on: it is faster below one");
        assert_eq!(cost.faster_from(&none, Duration::from_secs(9)), None, "too far away at any bandwidth");
        let light = Cost { down_bits: 0.0, up_bits: 0.0, ..cost };
        assert_eq!(light.faster_from(&none, at), Some(0.0));
    }
}
