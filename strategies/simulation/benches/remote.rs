//! How fast builds with a remote cache play: jobs of 500 units over eight links.
//!
//! `cargo bench -p simulation --bench remote`; an element is one job over one link, played in all
//! three ways, choosing among all rules, on eight cores and on unlimited ones.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use simulation::remote::{Job, JobUnit, Link, LinkSpec, Lookup, totals};

/// A graph of 500 units, most of them libraries, one in 50 not in the cache.
fn job(seed: u64) -> Job {
    let mut state = seed;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let units = (0..500)
        .map(|at| JobUnit {
            seconds: 10f64.powf(random(300) as f64 / 100.0 - 1.5),
            bytes: 10f64.powf(4.0 + random(350) as f64 / 100.0),
            dependencies: (0..random(6).min(at)).map(|_| (at - 1 - random(at.min(80))) as u32).collect(),
            available: random(50) != 0,
            library: random(4) != 0,
            root: at >= 495,
        })
        .collect();
    Job::new(units).unwrap_or_default()
}

fn playing(c: &mut Criterion) {
    let mut group = c.benchmark_group("remote");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    let mut links: Vec<Link> = LinkSpec::named().into_iter().map(|spec| spec.link).collect();
    links.extend([1, 2, 16, 64].map(|transfers| Link { bits_per_s: 1e8, latency_s: 0.02, transfers }));
    for count in [1, 10, 100] {
        let jobs: Vec<Job> = (1..=count).map(job).collect();
        group.throughput(Throughput::Elements(count * links.len() as u64));
        for lookup in Lookup::ALL {
            let size = format!("{count} jobs, {} links", links.len());
            group.bench_function(BenchmarkId::new(lookup.as_str(), size), |b| {
                b.iter(|| totals(black_box(&jobs), &links, lookup, 8));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, playing);
criterion_main!(benches);
