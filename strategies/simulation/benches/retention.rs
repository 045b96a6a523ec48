//! How fast histories replay: every retention policy under eight size limits, at three sizes.
//!
//! `cargo bench -p simulation --bench retention`; a throughput of 1 Melem/s is a million uses
//! replayed in a second, counted once for each pair of policy and limit.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use simulation::history::{Artifact, ArtifactId, Build, History};
use simulation::retention::{ALL, Cap, Flat, Intervals, table};

/// Workspaces that build in turn: of what each uses, half is made anew every few builds, and a
/// build directory holds most of the rest.
fn history(uses: usize, artifacts: usize) -> History {
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let mut history = History::default();
    for at in 0..artifacts {
        let near = at.min(300);
        let below = (0..random(8)).filter(|_| near > 0).map(|_| ArtifactId((at - 1 - random(near)) as u32)).collect();
        let bytes = 10f32.powf(4.0 + random(350) as f32 / 100.0);
        history.artifacts.push(Artifact { seconds: bytes / 4e6, bytes, local: random(3) == 0, below });
    }
    let mut build = 0;
    while history.uses.len() < uses {
        let from = random(artifacts) * random(artifacts) / artifacts;
        let mut ids: Vec<ArtifactId> =
            (0..200).map(|_| ArtifactId((from + random(400)).min(artifacts - 1) as u32)).collect();
        ids.sort_unstable();
        ids.dedup();
        let (present, wanted) = ids.split_at(if random(3) == 0 { 0 } else { ids.len() * 3 / 4 });
        let about = Build { at: build * 600, workspace: from as u32 / 100, ..Build::default() };
        history.push(about, present, wanted);
        build += 1;
    }
    history
}

fn replaying(c: &mut Criterion) {
    let mut group = c.benchmark_group("retention");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    let policies: Vec<_> = ALL.iter().collect();
    for (uses, artifacts) in [(10_000, 1_000), (100_000, 10_000), (1_000_000, 100_000)] {
        let history = history(uses, artifacts);
        let flat = Flat::of(&history);
        let total = flat.bytes.iter().sum::<u64>();
        let caps: Vec<Cap> =
            [2, 4, 8, 16, 32, 64, 128].iter().map(|part| Cap(Some(total / part))).chain([Cap(None)]).collect();
        group.throughput(Throughput::Elements((uses * policies.len() * caps.len()) as u64));
        let size = format!("{uses} uses of {artifacts} artifacts");
        group.bench_function(BenchmarkId::new("all policies, 8 caps", &size), |b| {
            b.iter(|| table(black_box(&flat), &policies, &caps));
        });
        group.throughput(Throughput::Elements(uses as u64));
        group.bench_function(BenchmarkId::new("flatten", &size), |b| b.iter(|| Flat::of(black_box(&history))));
        group.bench_function(BenchmarkId::new("bound, one cap", &size), |b| {
            b.iter(|| Intervals::of(black_box(&flat)).most_reused(caps[3].0));
        });
    }
    group.finish();
}

criterion_group!(benches, replaying);
criterion_main!(benches);
