//! Statistics as rows, and one trace's rows as text.
//!
//! A row is one number, or a sample told by its quartiles. The comparison of two traces prints
//! the same rows.

use super::packages::RANKS;
use super::{Command, Sample, Statistics};

/// One thing that is said about a trace.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// The table it stands in.
    pub section: &'static str,
    /// What it is.
    pub label: String,
    /// How much.
    pub value: Value,
    /// How it is written.
    pub form: Form,
}

/// How much of something there is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A number; `None` where there is none.
    Number(Option<f64>),
    /// Many of them.
    Spread(Sample),
}

/// How a number is written, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Count(&'static str),
    Decimal(&'static str),
    Percent,
    Seconds,
    Gigabytes,
    Days,
}

impl Form {
    /// Number and unit.
    pub(super) fn with_unit(self, text: String) -> String {
        match self {
            Form::Count("") | Form::Decimal("") => text,
            Form::Count(unit) | Form::Decimal(unit) => format!("{text} {unit}"),
            Form::Percent => format!("{text} %"),
            Form::Seconds => format!("{text} s"),
            Form::Gigabytes => format!("{text} GB"),
            Form::Days => format!("{text} days"),
        }
    }

    /// The number alone.
    pub(super) fn number(self, value: f64) -> String {
        match self {
            Form::Count(_) | Form::Days => grouped(value),
            Form::Decimal(_) => format!("{value:.2}"),
            Form::Percent => format!("{:.1}", value * 100.0),
            Form::Seconds if value < 10.0 => format!("{value:.1}"),
            Form::Seconds => grouped(value),
            Form::Gigabytes => format!("{:.2}", value / 1e9),
        }
    }

    /// A value, or a dash.
    pub(super) fn value(self, value: &Value) -> String {
        let text = match value {
            Value::Number(value) => value.map(|value| self.number(value)),
            Value::Spread(sample) => {
                sample.quartiles().map(|values| values.map(|value| self.number(value)).join(" / "))
            }
        };
        text.map_or_else(|| "–".to_owned(), |text| self.with_unit(text))
    }
}

/// A whole number, its thousands apart.
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

impl Statistics {
    /// Every row, in order.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut add =
            |section, label: &str, value, form| rows.push(Row { section, label: label.to_owned(), value, form });
        let one = |value: f64| Value::Number(Some(value));
        let section = "trace";
        for (label, count) in [
            ("workspaces", self.workspaces),
            ("plans", self.plans),
            ("unit builds", self.unit_builds),
            ("distinct nodes", self.nodes),
            ("distinct units", self.units),
            ("events", self.events),
        ] {
            add(section, label, one(count as f64), Form::Count(""));
        }
        add(section, "seconds that were measured", one(self.measured), Form::Percent);
        let section = "a workspace, quartiles";
        for Command { label, units, seconds, bytes } in &self.commands {
            add(section, label, Value::Spread(units.clone()), Form::Count("units"));
            add(section, &format!("{label}, time"), Value::Spread(seconds.clone()), Form::Seconds);
            add(section, &format!("{label}, size"), Value::Spread(bytes.clone()), Form::Gigabytes);
        }
        let section = "units of dev builds";
        for kind in &self.kinds {
            add(section, kind.kind, one(kind.units), Form::Percent);
            add(section, &format!("{}, of the time", kind.kind), one(kind.seconds), Form::Percent);
        }
        add(section, "of path packages", one(self.local), Form::Percent);
        let (section, packages) = ("packages of dev builds", &self.packages);
        add(section, "distinct packages", one(packages.distinct as f64), Form::Count(""));
        for (rank, share) in RANKS.into_iter().zip(packages.by_rank) {
            add(section, &format!("workspaces with number {rank}"), Value::Number(share), Form::Percent);
        }
        add(section, "workspaces with a package", Value::Spread(packages.popularity.clone()), Form::Percent);
        add(section, "in one workspace only", one(packages.alone), Form::Percent);
        add(section, "versions, effective", Value::Spread(packages.versions.clone()), Form::Decimal(""));
        add(section, "semver ranges, effective", Value::Spread(packages.ranges.clone()), Form::Decimal(""));
        add(section, "feature sets, effective", Value::Spread(packages.features.clone()), Form::Decimal(""));
        add(section, "age when locked", Value::Spread(packages.ages.clone()), Form::Days);
        let section = "profiles of dev builds";
        add(section, "distinct", one(packages.profiles as f64), Form::Count(""));
        add(section, "effective", one(packages.effective_profiles), Form::Decimal(""));
        add(section, "with the most frequent", one(packages.top_profile), Form::Percent);
        let section = "reuse of dev builds";
        add(section, "units another workspace has", Value::Spread(self.reuse.units.clone()), Form::Percent);
        add(section, "units another has, mean", Value::Number(self.reuse.units.mean()), Form::Percent);
        add(section, "seconds another workspace has", Value::Spread(self.reuse.seconds.clone()), Form::Percent);
        add(section, "seconds another has, mean", Value::Number(self.reuse.seconds.mean()), Form::Percent);
        add(section, "units any other workspace has", one(self.reuse.anywhere), Form::Percent);
        rows
    }

    /// The statistics as a table: what, and how much. Of a sample the three quartiles.
    pub fn render(&self) -> String {
        let rows = self.rows();
        let values: Vec<String> = rows.iter().map(|row| row.form.value(&row.value)).collect();
        let labels = width(rows.iter().map(|row| row.label.as_str()));
        let mut text = format!("{}\n", self.title);
        let mut section = "";
        for (row, value) in rows.iter().zip(values) {
            if row.section != section {
                section = row.section;
                text.push_str(&format!("\n{section}\n"));
            }
            text.push_str(&format!("  {:<labels$}  {value}\n", row.label));
        }
        text
    }
}

/// The widest of some texts, in characters.
pub(super) fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_their_units() {
        let one = |value| Value::Number(Some(value));
        assert_eq!(Form::Count("units").value(&one(1_234_567.4)), "1,234,567 units");
        assert_eq!(Form::Percent.value(&one(0.1234)), "12.3 %");
        assert_eq!(Form::Gigabytes.value(&one(2.5e9)), "2.50 GB");
        assert_eq!(Form::Seconds.value(&one(1.25)), "1.2 s");
        assert_eq!(Form::Days.value(&one(-3.0)), "-3 days");
        assert_eq!(Form::Decimal("").value(&Value::Number(None)), "–");
        assert_eq!(Form::Decimal("").value(&Value::Spread([1.0, 2.0].into_iter().collect())), "1.25 / 1.50 / 1.75");
    }
}
