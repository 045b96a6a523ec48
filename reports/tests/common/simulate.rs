//! Runs that never happened: times with a known effect and known noise.

#![allow(dead_code)]

use reports::stats::{Random, Sample};

/// How one timing strays from the truth.
#[derive(Debug, Clone, Copy)]
pub enum Noise {
    /// Normal, this relative standard deviation.
    Normal(f64),
    /// Student's t with 2 degrees of freedom, infinite variance, this scale.
    Heavy(f64),
    /// Normal 3 %, and one timing in seven takes up to some times as long.
    Spikes,
}

/// What a run is like.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// Arms besides the baseline.
    pub arms: usize,
    pub workspaces: usize,
    pub rounds: u32,
    /// True ratio of every arm to the baseline.
    pub ratio: f64,
    pub noise: Noise,
    /// What all arms of a round share (a slow hour), standard deviation of the log.
    pub round_effect: f64,
    /// What all workspaces of one arm in one round share (a slow minute).
    pub turn_effect: f64,
    /// Whether the noise grows tenfold from the first workspace to the last.
    pub uneven: bool,
}

impl World {
    /// Four arms, three workspaces, eight rounds of 3 % normal noise, no effect.
    pub fn quiet() -> Self {
        Self {
            arms: 4,
            workspaces: 3,
            rounds: 8,
            ratio: 1.0,
            noise: Noise::Normal(0.03),
            round_effect: 0.0,
            turn_effect: 0.0,
            uneven: false,
        }
    }

    /// One run: a sample per arm, all against one baseline.
    pub fn run(&self, random: &mut Random) -> Vec<Sample> {
        let mut samples: Vec<Sample> = (0..self.arms).map(|at| Sample::new(format!("arm {at}"))).collect();
        for round in 0..self.rounds {
            let shared = self.round_effect * random.normal();
            let turns: Vec<f64> = (0..=self.arms).map(|_| self.turn_effect * random.normal()).collect();
            for workspace in 0..self.workspaces {
                let name = ["small", "middle", "large"][workspace % 3];
                let truth = 10.0_f64.powi(workspace as i32);
                let scale = if self.uneven { 10.0_f64.powf(workspace as f64 / 2.0 - 0.5) } else { 1.0 };
                let mut time = |turn: f64| truth * (shared + turn + scale * self.noise.draw(random)).exp();
                let baseline = time(turns[0]);
                for (sample, turn) in samples.iter_mut().zip(&turns[1..]) {
                    assert!(sample.add(name, round, self.ratio * time(*turn), baseline));
                }
            }
        }
        samples
    }
}

impl Noise {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Noise::Normal(sd) => sd * random.normal(),
            Noise::Heavy(scale) => scale * random.normal() / (-random.unit().ln()).sqrt(),
            Noise::Spikes => {
                let spike = random.below(7) == 0;
                0.03 * random.normal() + if spike { -random.unit().ln() } else { 0.0 }
            }
        }
    }
}
