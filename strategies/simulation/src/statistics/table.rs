//! Statistics as a table: what, and how much; of a sample its three quartiles.

use super::packages::RANKS;
use super::{CommandStatistics, SortedSample, TraceStatistics};

/// How a number is written, with its unit.
#[derive(Debug, Clone, Copy)]
enum NumberForm {
    Count(&'static str),
    Decimal,
    Percent,
    Seconds,
    Gigabytes,
    Days,
}

impl NumberForm {
    fn number(self, value: f64) -> String {
        match self {
            NumberForm::Count(_) | NumberForm::Days => grouped(value),
            NumberForm::Decimal => format!("{value:.2}"),
            NumberForm::Percent => format!("{:.1}", value * 100.0),
            NumberForm::Seconds if value < 10.0 => format!("{value:.1}"),
            NumberForm::Seconds => grouped(value),
            NumberForm::Gigabytes => format!("{:.2}", value / 1e9),
        }
    }

    fn with_unit(self, number: Option<String>) -> String {
        let Some(number) = number else { return "–".to_owned() };
        let unit = match self {
            NumberForm::Count(unit) => unit,
            NumberForm::Decimal => "",
            NumberForm::Percent => "%",
            NumberForm::Seconds => "s",
            NumberForm::Gigabytes => "GB",
            NumberForm::Days => "days",
        };
        format!("{number} {unit}").trim_end().to_owned()
    }

    fn one(self, value: Option<f64>) -> String {
        self.with_unit(value.map(|value| self.number(value)))
    }

    fn quartiles(self, sample: &SortedSample) -> String {
        self.with_unit(sample.quartiles().map(|values| values.map(|value| self.number(value)).join(" / ")))
    }
}

/// A whole number with commas between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 { format!("-{text}") } else { text }
}

impl TraceStatistics {
    /// Section, label and value of every row.
    fn rows(&self) -> Vec<(&'static str, String, String)> {
        use NumberForm::{Count, Days, Decimal, Gigabytes, Percent, Seconds};
        let mut rows = Vec::new();
        let mut add = |section, label: &str, value: String| rows.push((section, label.to_owned(), value));
        let section = "trace";
        for (label, count) in [
            ("workspaces", self.workspaces),
            ("plans", self.plans),
            ("unit builds", self.unit_builds),
            ("distinct nodes", self.nodes),
            ("distinct units", self.units),
            ("events", self.events),
        ] {
            add(section, label, Count("").one(Some(count as f64)));
        }
        add(section, "seconds that were measured", Percent.one(Some(self.measured)));
        let section = "a workspace, quartiles";
        for CommandStatistics { label, units, seconds, bytes } in &self.commands {
            add(section, label, Count("units").quartiles(units));
            add(section, &format!("{label}, time"), Seconds.quartiles(seconds));
            add(section, &format!("{label}, size"), Gigabytes.quartiles(bytes));
        }
        let section = "units of dev builds";
        for kind in &self.kinds {
            add(section, kind.kind, Percent.one(Some(kind.units)));
            add(section, &format!("{}, of the time", kind.kind), Percent.one(Some(kind.seconds)));
        }
        add(section, "of path packages", Percent.one(Some(self.local)));
        let (section, packages) = ("packages of dev builds", &self.packages);
        add(section, "distinct packages", Count("").one(Some(packages.distinct as f64)));
        for (rank, share) in RANKS.into_iter().zip(packages.by_rank) {
            add(section, &format!("workspaces with number {rank}"), Percent.one(share));
        }
        add(section, "workspaces with a package", Percent.quartiles(&packages.popularity));
        add(section, "in one workspace only", Percent.one(Some(packages.alone)));
        add(section, "versions, effective", Decimal.quartiles(&packages.versions));
        add(section, "semver ranges, effective", Decimal.quartiles(&packages.ranges));
        add(section, "feature sets, effective", Decimal.quartiles(&packages.features));
        add(section, "age when locked", Days.quartiles(&packages.ages));
        let section = "profiles of dev builds";
        add(section, "distinct", Count("").one(Some(packages.profiles as f64)));
        add(section, "effective", Decimal.one(Some(packages.effective_profiles)));
        add(section, "with the most frequent", Percent.one(Some(packages.top_profile)));
        let section = "reuse of dev builds";
        add(section, "units another workspace has", Percent.quartiles(&self.reuse_units));
        add(section, "units another has, mean", Percent.one(self.reuse_units.mean()));
        add(section, "seconds another workspace has", Percent.quartiles(&self.reuse_seconds));
        add(section, "seconds another has, mean", Percent.one(self.reuse_seconds.mean()));
        add(section, "units any other workspace has", Percent.one(Some(self.reuse_anywhere)));
        rows
    }

    /// The statistics as text.
    pub fn render(&self) -> String {
        let rows = self.rows();
        let width = rows.iter().map(|(_, label, _)| label.chars().count()).max().unwrap_or(0);
        let mut text = format!("{}\n", self.title);
        let mut last = "";
        for (section, label, value) in &rows {
            if *section != last {
                last = section;
                text.push_str(&format!("\n{section}\n"));
            }
            text.push_str(&format!("  {label:<width$}  {value}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_their_units() {
        assert_eq!(NumberForm::Count("units").one(Some(1_234_567.4)), "1,234,567 units");
        assert_eq!(NumberForm::Count("").one(Some(7.0)), "7");
        assert_eq!(NumberForm::Percent.one(Some(0.1234)), "12.3 %");
        assert_eq!(NumberForm::Gigabytes.one(Some(2.5e9)), "2.50 GB");
        assert_eq!(NumberForm::Seconds.one(Some(1.25)), "1.2 s");
        assert_eq!(NumberForm::Days.one(Some(-3.0)), "-3 days");
        assert_eq!(NumberForm::Decimal.one(None), "–");
        assert_eq!(NumberForm::Decimal.quartiles(&[1.0, 2.0].into_iter().collect()), "1.25 / 1.50 / 1.75");
    }
}
