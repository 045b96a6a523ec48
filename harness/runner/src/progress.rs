//! The bar: which step, how long so far, how long still.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::plan::Slot;

/// Learns how long measurements take and predicts the rest: by those of the same arm, step and workspace, else of the
/// same step and workspace, else by all.
#[derive(Debug, Default)]
struct Estimate {
    seen: HashMap<(usize, usize, usize), (f64, u32)>,
}

impl Estimate {
    fn learn(&mut self, slot: &Slot, took: Duration) {
        let (sum, count) = self.seen.entry((slot.arm, slot.step, slot.workspace)).or_default();
        *sum += took.as_secs_f64();
        *count += 1;
    }

    /// `None` before anything is known.
    fn remaining(&self, rest: &[Slot]) -> Option<Duration> {
        let mean = |matches: &dyn Fn(usize, (usize, usize)) -> bool| {
            let seen = self.seen.iter().filter(|((arm, step, workspace), _)| matches(*arm, (*step, *workspace)));
            let (sum, count) = seen.fold((0.0, 0), |(sum, count), (_, seen)| (sum + seen.0, count + seen.1));
            (count > 0).then(|| sum / f64::from(count))
        };
        let predicted = rest.iter().map(|slot| {
            let here = (slot.step, slot.workspace);
            mean(&|arm, place| arm == slot.arm && place == here)
                .or_else(|| mean(&|_, place| place == here))
                .or_else(|| mean(&|_, _| true))
        });
        predicted.sum::<Option<f64>>().filter(|_| !self.seen.is_empty()).map(Duration::from_secs_f64)
    }
}

/// The bar of a run; hidden where there is no terminal.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    estimate: Estimate,
    began: Instant,
    /// What the time left is of, where it is not the run.
    of_what: &'static str,
}

impl Default for Progress {
    fn default() -> Progress {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("[{bar:24}] {pos}/{len} {elapsed} {prefix}{msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar, estimate: Estimate::default(), began: Instant::now(), of_what: "" }
    }
}

impl Progress {
    /// Says what runs now; `rest` is everything not yet measured, this one included.
    pub(crate) fn show(&mut self, what: &str, rest: &[Slot]) {
        let left = match self.estimate.remaining(rest) {
            Some(left) => format!("about {} left{}", HumanDuration(left), self.of_what),
            None => "estimating".to_owned(),
        };
        self.bar.set_message(format!("{left}: {what}"));
        self.began = Instant::now();
    }

    pub(crate) fn finished(&mut self, slot: &Slot) {
        self.estimate.learn(slot, self.began.elapsed());
        self.bar.inc(1);
    }

    /// A round of `all` measurements begins, `missing` of which an earlier part of the run has
    /// not taken. `rounds` is 0 where their number is not fixed.
    pub(crate) fn round(&mut self, round: u32, rounds: u32, all: usize, missing: usize) {
        let all = all as u64;
        self.of_what = if rounds == 0 { " of this round" } else { "" };
        let before = self.bar.position();
        self.bar.set_length(if rounds == 0 { before + all } else { all * u64::from(rounds) });
        self.bar.set_prefix(if rounds == 1 { String::new() } else { format!("round {round}, ") });
        self.bar.inc(all - missing as u64);
    }

    /// A function that prints lines above the bar.
    pub fn printer(&self) -> Box<dyn Fn(&str)> {
        let bar = self.bar.clone();
        Box::new(move |line| bar.suspend(|| eprintln!("{line}")))
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_experience_predicts() {
        let slot = |arm, step, workspace| Slot { round: 1, position: 1, arm, step, workspace, store_position: 1 };
        let mut estimate = Estimate::default();
        assert_eq!(estimate.remaining(&[slot(0, 0, 0)]), None);
        estimate.learn(&slot(0, 0, 0), Duration::from_secs(10));
        estimate.learn(&slot(1, 1, 0), Duration::from_secs(2));
        estimate.learn(&slot(2, 0, 0), Duration::from_secs(6));
        let left = |slots: &[Slot]| estimate.remaining(slots).unwrap().as_secs();
        assert_eq!(left(&[slot(0, 0, 0)]), 10);
        assert_eq!(left(&[slot(1, 0, 0)]), 8);
        assert_eq!(left(&[slot(0, 2, 1), slot(0, 0, 0)]), 16);
    }
}
