//! The bar: which step, how long so far, how long still.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SlotKind {
    pub place: (String, String),
    /// What decides how much is built: the key policy, or the baseline's name.
    pub family: String,
}

#[derive(Debug, Default)]
pub(crate) struct Estimate {
    seen: HashMap<SlotKind, (f64, u32)>,
}

impl Estimate {
    /// Takes in one finished measurement, checks and preparation included.
    pub(crate) fn learn(&mut self, kind: &SlotKind, took: Duration) {
        let (sum, count) = self.seen.entry(kind.clone()).or_default();
        *sum += took.as_secs_f64();
        *count += 1;
    }

    /// How long the remaining ones will take; `None` before anything is known.
    pub(crate) fn remaining<'a>(&self, rest: impl Iterator<Item = &'a SlotKind>) -> Option<Duration> {
        let mean = |matches: &dyn Fn(&SlotKind) -> bool| {
            let (sum, count) = self
                .seen
                .iter()
                .filter(|(kind, _)| matches(kind))
                .fold((0.0, 0), |(sum, count), (_, seen)| (sum + seen.0, count + seen.1));
            (count > 0).then(|| sum / f64::from(count))
        };
        let mut total = 0.0;
        for kind in rest {
            total += mean(&|seen| seen == kind)
                .or_else(|| mean(&|seen| seen.place == kind.place))
                .or_else(|| mean(&|_| true))?;
        }
        Some(Duration::from_secs_f64(total))
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
    pub(crate) fn show(&mut self, what: &str, rest: &[SlotKind]) {
        let left = match self.estimate.remaining(rest.iter()) {
            Some(left) => format!("about {} left{}", HumanDuration(left), self.of_what),
            None => "estimating".to_owned(),
        };
        self.bar.set_message(format!("{left}: {what}"));
        self.began = Instant::now();
    }

    pub(crate) fn finished(&mut self, kind: &SlotKind) {
        self.estimate.learn(kind, self.began.elapsed());
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

    fn kind(step: &str, workspace: &str, family: &str) -> SlotKind {
        SlotKind { place: (step.into(), workspace.into()), family: family.into() }
    }

    #[test]
    fn the_nearest_experience_predicts() {
        let mut estimate = Estimate::default();
        assert_eq!(estimate.remaining([kind("fill", "a", "none")].iter()), None);
        estimate.learn(&kind("fill", "a", "none"), Duration::from_secs(10));
        estimate.learn(&kind("warm", "a", "aggressive"), Duration::from_secs(2));
        let left = |kind: SlotKind| estimate.remaining([kind].iter()).unwrap().as_secs();
        assert_eq!(left(kind("fill", "a", "none")), 10);
        assert_eq!(left(kind("fill", "a", "aggressive")), 10);
        assert_eq!(left(kind("edit", "b", "none")), 6);
    }
}
