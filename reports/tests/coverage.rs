//! How often the bootstrap interval holds the truth, by number of rounds: the
//! table in `stats::bootstrap` comes from here.
#![allow(clippy::unwrap_used)]

#[path = "common/simulate.rs"]
mod simulate;

use reports::stats::{Block, Random, bootstrap::interval};
use simulate::{Noise, World};

fn coverage(world: &World, block: Block) -> f64 {
    let trials = 1_000;
    let mut random = Random::named(2028, &format!("{world:?} {block:?}"));
    let mut draws = Random::new(5);
    let held = (0..trials).filter(|_| {
        let sample = &world.run(&mut random)[0];
        let it = interval(sample, block, 0.95, 399, &mut draws).unwrap();
        it.low <= world.ratio && world.ratio <= it.high
    });
    held.count() as f64 / f64::from(trials)
}

/// Rounds, workspaces, flip unit, coverage under normal and under heavy noise, in
/// per cent.
const DOCUMENTED: [(u32, usize, Block, f64, f64); 15] = [
    (5, 1, Block::Round, 95.1, 94.6),
    (5, 3, Block::Round, 96.0, 94.4),
    (5, 3, Block::Pair, 99.0, 98.7),
    (6, 1, Block::Round, 94.9, 97.0),
    (6, 3, Block::Round, 96.5, 96.9),
    (6, 3, Block::Pair, 98.4, 98.8),
    (8, 1, Block::Round, 96.6, 96.6),
    (8, 3, Block::Round, 98.3, 98.1),
    (8, 3, Block::Pair, 98.0, 98.6),
    (10, 1, Block::Round, 96.4, 97.4),
    (10, 3, Block::Round, 98.0, 98.7),
    (10, 3, Block::Pair, 97.8, 97.8),
    (15, 1, Block::Round, 95.2, 95.9),
    (15, 3, Block::Round, 98.6, 98.4),
    (15, 3, Block::Pair, 98.5, 98.0),
];

#[test]
fn intervals_cover_what_the_documentation_says() {
    for (rounds, workspaces, block, normal, heavy) in DOCUMENTED {
        for (noise, documented) in [(Noise::Normal(0.03), normal), (Noise::Heavy(0.03), heavy)] {
            let world = World { arms: 1, rounds, workspaces, noise, ratio: 0.8, ..World::quiet() };
            let found = 100.0 * coverage(&world, block);
            // Two standard errors of 1,000 trials at 90 %.
            assert!((found - documented).abs() <= 1.9, "{world:?} {block:?}: {found}");
        }
    }
}
