//! A replay of reuse between workspaces at three sizes: its cost must grow with the number of
//! unit builds and no faster.
//!
//! Made-up traces like the real one that comes along; 12 key policies (each of the three as it is
//! and under three relaxations), 20 orders each. What is timed is all that `harness simulate` does
//! for `curve.csv`: keys, tallies, curves, bands. Reading and writing such a trace are timed
//! beside it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use simulation::generate::{Model, Options, generate, shipped};
use simulation::keys::{Design, Relaxation, views};
use simulation::reuse::{Portfolio, Tally, bands, curve, grid};
use simulation::trace::Trace;

/// About 62,000, 250,000 and 1,000,000 unit builds.
const WORKSPACES: [usize; 3] = [262, 1_050, 4_200];
const ORDERS: u32 = 20;

fn designs() -> Vec<Design> {
    let relaxed = ["none", "without-features", "compatible-versions", "early-cutoff"];
    let with = |policy: Design| relaxed.map(|name| policy.with(Relaxation::by_name(name)));
    Design::policies().into_iter().flat_map(with).collect()
}

fn replay(trace: &Trace) -> f64 {
    let portfolio = Portfolio::of(trace, "dev build");
    let at = grid(portfolio.plans.len() as u32);
    let rates = views(trace, &designs()).into_iter().map(|view| {
        let points = curve(&Tally::of(trace, &view, &portfolio), &at);
        let bands = bands(trace, &view, &portfolio, &at, ORDERS, 1);
        points.last().unwrap().hit_rate_by_cost + bands.last().unwrap().low
    });
    rates.sum()
}

fn bench(criterion: &mut Criterion) {
    let model = Model::learn(&shipped().unwrap());
    let mut group = criterion.benchmark_group("replay under 12 policies");
    group.sample_size(10);
    for workspaces in WORKSPACES {
        let trace = generate(&model, &Options { workspaces, ..Options::default() }, &|_| true).unwrap();
        let builds = trace.only(|plan| trace.command(plan) == "dev build");
        let units = builds.unit_builds();
        group.throughput(Throughput::Elements(units));
        group.bench_function(BenchmarkId::new("reuse", units), |bencher| bencher.iter(|| replay(black_box(&builds))));
        let bytes = builds.to_bytes().unwrap();
        group.bench_function(BenchmarkId::new("read", units), |bencher| {
            bencher.iter(|| Trace::parse(black_box(&bytes), Path::new("made.trace")).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
