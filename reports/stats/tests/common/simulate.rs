//! Runs that never happened: times with a known effect and known noise.

#![allow(dead_code)]

use stats::{PairedSample, Random};

#[derive(Debug, Clone, Copy)]
pub enum Noise {
    /// Normal, this relative standard deviation.
    Normal(f64),
    /// Student's t with 2 degrees of freedom, infinite variance, this scale.
    Heavy(f64),
    /// Normal 3 %, and one timing in seven takes up to some times as long.
    Spikes,
}

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
    /// How much slower the last turn of a slot (a workspace of a round) is than its first.
    /// Where it is not 0, the order of each slot is drawn and every second round runs the
    /// order of the one before it backwards, as the harness does.
    pub position_effect: f64,
    /// Whether instead the middle turn is the slow one, and first and last are alike.
    pub peaked: bool,
    /// The log effect of each place in a store that fills, and so of the workspace that has it in this round: the order
    /// of workspaces is drawn for a round, and the next one runs it backwards.
    pub places: &'static [f64],
    /// What each workspace's log effect differs by from `ratio`, repeated as often as needed.
    pub effects: &'static [f64],
    /// Whether the noise grows tenfold from the first workspace to the last.
    pub uneven: bool,
    /// Whether that is another workspace for each arm.
    pub rotated: bool,
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
            position_effect: 0.0,
            peaked: false,
            places: &[],
            effects: &[0.0],
            uneven: false,
            rotated: false,
        }
    }

    /// One run: a sample per arm, all against one baseline.
    pub fn run(&self, random: &mut Random) -> Vec<PairedSample> {
        let mut samples: Vec<PairedSample> = (0..self.arms).map(|at| PairedSample::new(format!("arm {at}"))).collect();
        let mut orders: Vec<Vec<usize>> = Vec::new();
        let mut store: Vec<usize> = (0..self.workspaces).collect();
        for round in 0..self.rounds {
            self.turn(&mut orders, round, random);
            match round % 2 {
                0 if !self.places.is_empty() => shuffle(&mut store, random),
                _ => store.reverse(),
            }
            let shared = self.round_effect * random.normal();
            let turns: Vec<f64> = (0..=self.arms).map(|_| self.turn_effect * random.normal()).collect();
            for (workspace, order) in orders.iter().enumerate() {
                let (name, third) = (format!("w{workspace}"), workspace % 3);
                let truth = 10.0_f64.powi(third as i32);
                let place = self.places.get(store[workspace]).copied().unwrap_or_default();
                let effect = (place + self.effects[workspace % self.effects.len()]).exp();
                let mut time = |arm: usize| {
                    let place = order.iter().position(|it| *it == arm).unwrap_or(0);
                    let way = place as f64 / self.arms as f64;
                    let late = self.position_effect * if self.peaked { 1.0 - (2.0 * way - 1.0).abs() } else { way };
                    let noisy = if self.rotated { (workspace + arm) % 3 } else { third };
                    let scale = if self.uneven { 10.0_f64.powf(noisy as f64 / 2.0 - 0.5) } else { 1.0 };
                    truth * (shared + turns[arm] + late + scale * self.noise.draw(random)).exp()
                };
                let baseline = time(0);
                for (sample, arm) in samples.iter_mut().zip(1..) {
                    assert!(sample.add(&name, round, self.ratio * effect * time(arm), baseline));
                }
            }
        }
        if !self.places.is_empty() {
            samples.iter_mut().for_each(PairedSample::by_whole_rounds);
        }
        samples
    }

    /// The order of the arms in each workspace of a round, from that of the round before.
    fn turn(&self, orders: &mut Vec<Vec<usize>>, round: u32, random: &mut Random) {
        if round % 2 == 1 && self.position_effect != 0.0 {
            orders.iter_mut().for_each(|order| order.reverse());
            return;
        }
        *orders = vec![(0..=self.arms).collect(); self.workspaces];
        if self.position_effect != 0.0 {
            for order in orders {
                shuffle(order, random);
            }
        }
    }
}

fn shuffle(order: &mut [usize], random: &mut Random) {
    for at in (1..order.len()).rev() {
        order.swap(at, random.below(at + 1));
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
