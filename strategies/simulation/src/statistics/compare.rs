//! Two traces side by side: how close a generated trace comes to a real one.

use std::fmt;

use super::Statistics;
use super::table::{Row, Value, width};

/// A row of both traces.
#[derive(Debug, Clone, PartialEq)]
struct Pair {
    row: Row,
    real: Option<Value>,
    made: Option<Value>,
}

/// Two traces, row by row; it is printed as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    names: [String; 2],
    pairs: Vec<Pair>,
}

/// Lays the statistics of two traces side by side. Numbers are compared by their ratio, samples
/// by the Kolmogorov–Smirnov distance and the ratio of their means.
pub fn compare(real: &Statistics, made: &Statistics) -> Comparison {
    let mut pairs: Vec<Pair> = Vec::new();
    let (left, right) = (real.rows(), made.rows());
    let same = |one: &Row, other: &Row| (one.section, &one.label) == (other.section, &other.label);
    for row in &left {
        let twin = right.iter().find(|it| same(it, row));
        let made = twin.map(|it| it.value.clone());
        pairs.push(Pair { row: row.clone(), real: Some(row.value.clone()), made });
    }
    // What only the second has, a command for example, stands below its section.
    for row in &right {
        if !left.iter().any(|it| same(it, row)) {
            let after = pairs.iter().rposition(|pair| pair.row.section == row.section);
            let pair = Pair { row: row.clone(), real: None, made: Some(row.value.clone()) };
            pairs.insert(after.map_or(pairs.len(), |at| at + 1), pair);
        }
    }
    Comparison { names: [real.title.clone(), made.title.clone()], pairs }
}

impl Comparison {
    /// The Kolmogorov–Smirnov distance of a row's samples, or the ratio of its numbers (second ÷
    /// first), by the row's label; the first row that has it.
    pub fn of(&self, label: &str) -> Option<f64> {
        let pair = self.pairs.iter().find(|pair| pair.row.label == label)?;
        match (pair.real.as_ref()?, pair.made.as_ref()?) {
            (Value::Spread(real), Value::Spread(made)) => real.distance(made),
            (Value::Number(real), Value::Number(made)) => ratio(*real, *made),
            _ => None,
        }
    }
}

/// Second ÷ first; `None` where that says nothing.
fn ratio(real: Option<f64>, made: Option<f64>) -> Option<f64> {
    let (real, made) = (real?, made?);
    (real != 0.0).then(|| made / real)
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |pair: &Pair, value: &Option<Value>| {
            value.as_ref().map_or_else(|| "–".to_owned(), |value| pair.row.form.value(value))
        };
        let columns: Vec<[String; 3]> = self
            .pairs
            .iter()
            .map(|pair| {
                let close = match (&pair.real, &pair.made) {
                    (Some(Value::Number(real)), Some(Value::Number(made))) => {
                        ratio(*real, *made).map(|ratio| format!("× {ratio:.2}"))
                    }
                    (Some(Value::Spread(real)), Some(Value::Spread(made))) => {
                        real.distance(made).map(|distance| match ratio(real.mean(), made.mean()) {
                            Some(ratio) => format!("KS {distance:.2}, × {ratio:.2}"),
                            None => format!("KS {distance:.2}"),
                        })
                    }
                    _ => None,
                };
                [text(pair, &pair.real), text(pair, &pair.made), close.unwrap_or_else(|| "–".to_owned())]
            })
            .collect();
        let labels = width(self.pairs.iter().map(|pair| pair.row.label.as_str()));
        let [first, second] = [0, 1].map(|at| width(columns.iter().map(|it| it[at].as_str())).max(6));
        writeln!(out, "first:  {}\nsecond: {}", self.names[0], self.names[1])?;
        writeln!(out, "close:  × second ÷ first, of a sample by its mean; KS: 0 alike, 1 nothing in common\n")?;
        writeln!(out, "  {:<labels$}  {:<first$}  {:<second$}  close", "", "first", "second")?;
        let mut section = "";
        for (pair, [real, made, close]) in self.pairs.iter().zip(&columns) {
            if pair.row.section != section {
                section = pair.row.section;
                writeln!(out, "{section}")?;
            }
            writeln!(out, "  {:<labels$}  {real:<first$}  {made:<second$}  {close}", pair.row.label)?;
        }
        Ok(())
    }
}
