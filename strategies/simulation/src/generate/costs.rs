//! What a unit costs: the mean of what like units cost in the real trace.

use std::collections::BTreeMap;

use super::model::LineId;
use super::parts::Part;
use crate::trace::Amount;

/// What a unit's cost depends on besides its package: mode, optimisation and debug information.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effort(String);

impl Effort {
    /// That of a mode and a profile as Cargo printed it.
    pub fn of(mode: &str, profile: &str) -> Effort {
        let value: serde_json::Value = serde_json::from_str(profile).unwrap_or_default();
        let field = |name: &str| value.get(name).map(ToString::to_string).unwrap_or_default();
        Effort(format!("{mode} {} {}", field("opt_level"), field("debuginfo")))
    }
}

/// A running mean of seconds and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Mean {
    sums: [f64; 2],
    count: f64,
}

impl Mean {
    fn add(&mut self, amounts: [f64; 2]) {
        (0..2).for_each(|at| self.sums[at] += amounts[at]);
        self.count += 1.0;
    }

    fn value(&self) -> [f64; 2] {
        self.sums.map(|sum| sum / self.count.max(1.0))
    }
}

/// Means by package, part and effort; by part and effort; and how much dearer than others the
/// units of a package are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Costs {
    exact: BTreeMap<(LineId, Part, Effort), Mean>,
    general: BTreeMap<(Part, Effort), Mean>,
    factors: BTreeMap<(LineId, Part), [f64; 2]>,
}

impl Costs {
    /// Adds a unit of the real trace.
    pub fn add(&mut self, line: LineId, part: Part, effort: Effort, seconds: Amount, bytes: Amount) {
        let amounts = [f64::from(seconds.value), f64::from(bytes.value)];
        self.general.entry((part, effort.clone())).or_default().add(amounts);
        self.exact.entry((line, part, effort)).or_default().add(amounts);
    }

    /// Works out how packages compare, once everything is added.
    pub fn settle(&mut self) {
        let mut sums: BTreeMap<(LineId, Part), Mean> = BTreeMap::new();
        for ((line, part, effort), mean) in &self.exact {
            let general = self.general.get(&(*part, effort.clone())).map(Mean::value).unwrap_or_default();
            let (own, mut factors) = (mean.value(), [1.0; 2]);
            for at in 0..2 {
                if general[at] > 0.0 {
                    factors[at] = own[at] / general[at];
                }
            }
            sums.entry((*line, *part)).or_default().add(factors);
        }
        self.factors = sums.into_iter().map(|(key, mean)| (key, mean.value())).collect();
    }

    /// Seconds and bytes of a unit. Estimates, whatever the real amounts were.
    pub fn of(&self, line: LineId, part: Part, effort: &Effort) -> [Amount; 2] {
        let exact = self.exact.get(&(line, part, effort.clone())).map(Mean::value);
        let [seconds, bytes] = exact.unwrap_or_else(|| {
            let general = self.general.get(&(part, effort.clone()));
            // An effort that nobody made: like the first that somebody made for such a part.
            let general = general.or_else(|| self.general.iter().find(|((it, _), _)| *it == part).map(|it| it.1));
            let general = general.map(Mean::value).unwrap_or_default();
            let factors = self.factors.get(&(line, part)).copied().unwrap_or([1.0; 2]);
            std::array::from_fn(|at| general[at] * factors[at])
        });
        [seconds, bytes].map(|value| Amount { value: value as f32, measured: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_units_cost_the_same_and_others_in_proportion() {
        let effort = |level: &str| Effort::of("build", &format!(r#"{{"opt_level":"{level}","debuginfo":2}}"#));
        let amount = |value| Amount { value, measured: true };
        let mut costs = Costs::default();
        for (line, level, seconds) in [(0, "0", 1.0), (1, "0", 3.0), (0, "3", 4.0)] {
            costs.add(line, Part::Lib, effort(level), amount(seconds), amount(10.0));
        }
        costs.settle();
        let seconds = |line, level| costs.of(line, Part::Lib, &effort(level))[0];
        assert_eq!(seconds(0, "0"), Amount { value: 1.0, measured: false });
        assert_eq!(seconds(1, "0").value, 3.0);
        // Half again as dear as the mean of level 0, so also of level 3.
        assert_eq!(seconds(1, "3").value, 6.0);
        assert_eq!(costs.of(9, Part::Run, &effort("0"))[0].value, 0.0);
    }
}
