//! Replays at three sizes: their cost must grow with the number of unit builds and no faster.
//!
//! The census trace, its workspaces repeated; 12 key designs (each policy as it is and under three relaxations), 20 orders
//! each: all that `harness simulate` computes for `curve.csv`. Then every retention policy under eight size limits over 90
//! days, and a remote cache over the named links.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use simulation::history::History;
use simulation::keys::{KeyDesign, Relaxation, views};
use simulation::remote::{LinkSpec, Lookup, RemoteJob, RemoteUnit, totals};
use simulation::retention::{ALL, Cap, FlatHistory, table};
use simulation::reuse::{KeyTally, Portfolio, bands, curve, grid};
use simulation::timeline::{Timeline, add_events};
use simulation::trace::{Trace, TracePlan, WorkspaceId, census};

const ORDERS: u32 = 20;

/// The census trace with each workspace so many times.
fn repeated(times: u32) -> Trace {
    let mut trace = census().unwrap();
    let (workspaces, plans) = (trace.workspaces.clone(), trace.plans.clone());
    for copy in 1..times {
        let shift = copy * workspaces.len() as u32;
        trace.workspaces.extend(&workspaces);
        let moved = |plan: &TracePlan| TracePlan { workspace: WorkspaceId(plan.workspace.0 + shift), ..plan.clone() };
        trace.plans.extend(plans.iter().map(moved));
    }
    trace
}

fn reuse(trace: &Trace) -> f64 {
    let relaxed = ["none", "without-features", "compatible-versions", "early-cutoff"];
    let with = |policy: KeyDesign| relaxed.map(|name| policy.with(Relaxation::by_name(name)));
    let designs: Vec<KeyDesign> = KeyDesign::policies().into_iter().flat_map(with).collect();
    let portfolio = Portfolio::of(trace, "dev build");
    let at = grid(portfolio.plans.len() as u32);
    let rates = views(trace, &designs).into_iter().map(|view| {
        let points = curve(&KeyTally::of(trace, &view, &portfolio), &at);
        let bands = bands(trace, &view, &portfolio, &at, ORDERS, 1);
        points.last().unwrap().hit_rate_by_cost + bands.last().unwrap().low
    });
    rates.sum()
}

/// The development build of each workspace; the cache has everything.
fn jobs(trace: &Trace) -> Vec<RemoteJob> {
    let job = |plan: &TracePlan| {
        let units = plan.nodes.iter().map(|node| RemoteUnit {
            seconds: trace.seconds(*node),
            bytes: trace.bytes(*node),
            dependencies: trace
                .edges(*node)
                .iter()
                .filter_map(|edge| Some(plan.nodes.binary_search(&edge.node).ok()? as u32))
                .collect(),
            available: true,
            library: true,
            root: plan.roots.contains(node),
        });
        RemoteJob::new(units.collect()).unwrap()
    };
    Portfolio::of(trace, "dev build").plans.iter().map(|plan| job(&trace.plans[plan.at()])).collect()
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay");
    group.sample_size(10);
    let policies: Vec<_> = ALL.iter().collect();
    let links: Vec<_> = LinkSpec::named().into_iter().map(|spec| spec.link).collect();
    for times in [1, 4, 16] {
        let mut trace = repeated(times);
        let units = trace.unit_builds();
        group.throughput(Throughput::Elements(units));
        group.bench_function(BenchmarkId::new("reuse under 12 designs", units), |bencher| {
            bencher.iter(|| reuse(black_box(&trace)));
        });
        add_events(&mut trace, &Timeline::default());
        let view = views(&trace, &[KeyDesign::parse("aggressive").unwrap()]).remove(0);
        let flat = FlatHistory::of(&History::of(&trace, &view));
        group.throughput(Throughput::Elements((flat.uses.len() * policies.len() * 8) as u64));
        group.bench_function(BenchmarkId::new("every retention policy, 8 limits", flat.uses.len()), |bencher| {
            bencher.iter(|| table(black_box(&flat), &policies, &Cap::defaults()));
        });
        let jobs = jobs(&trace);
        group.throughput(Throughput::Elements((jobs.len() * links.len()) as u64));
        group.bench_function(BenchmarkId::new("remote cache", jobs.len()), |bencher| {
            bencher.iter(|| totals(black_box(&jobs), &links, Lookup::ByLevel, 8));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
