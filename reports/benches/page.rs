//! Rendering a page with 50,000 raw rows: what packing them costs, and all of it.

// A bench that cannot be set up has nothing to measure.
#![allow(clippy::unwrap_used)]

mod many;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reports::document::Document;
use reports::page::{self, Rows};

const ROWS: usize = 50_000;

fn rendering(c: &mut Criterion) {
    let steps = many::steps(ROWS);
    let document = Document { title: "Many rows".into(), ..Document::default() };
    let mut group = c.benchmark_group("page");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("rows as CSV", |b| b.iter(|| Rows::of_steps(black_box(&steps)).unwrap()));
    let rows = [Rows::of_steps(&steps).unwrap()];
    group.bench_function("render", |b| b.iter(|| page::render(black_box(&document), black_box(&rows)).unwrap()));
    group.finish();
}

criterion_group!(benches, rendering);
criterion_main!(benches);
