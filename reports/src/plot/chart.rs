//! What a plot shows.

/// A plot before it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Unique in a report, of ASCII letters, digits and `-`: the name of its file.
    pub id: String,
    /// What is shown.
    pub title: String,
    /// What it shows, in words, with numbers.
    pub finding: String,
    /// The numbers.
    pub chart: Chart,
}

/// The numbers of a plot and the way they are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// A dot with its interval a row, on a logarithmic axis of ratios with a line at 1.
    Ratios {
        /// What 1 stands for, e.g. `none`.
        baseline: String,
        /// One below the other, with one common axis.
        panels: Vec<Panel<Ratio>>,
    },
    /// Horizontal bars: for each row one for each series, side by side or stacked.
    Bars {
        /// Of all values.
        unit: Unit,
        /// Names of the series, in the order of [`Bar::values`].
        series: Vec<String>,
        /// Whether the values of a row add up to a whole.
        stacked: bool,
        /// One below the other, with one common axis.
        panels: Vec<Panel<Bar>>,
    },
    /// A coloured cell for each row and column: speed-ups, so ratios below 1 are good.
    Heat {
        /// Names of the columns.
        columns: Vec<String>,
        /// One below the other, with one common scale of colours; the values are
        /// ratios, one for each column.
        panels: Vec<Panel<Bar>>,
    },
    /// Curves with bands.
    Lines {
        /// What the horizontal axis counts.
        x: String,
        /// What the vertical axis measures.
        y: String,
        /// Of all vertical values.
        unit: Unit,
        /// Whether the horizontal axis is logarithmic.
        log_x: bool,
        /// The curves.
        lines: Vec<Line>,
    },
    /// Values by date, with the moments at which they changed.
    Timeline {
        /// What the vertical axis measures.
        y: String,
        /// How the values stand on it.
        scale: Scale,
        /// The curves.
        pasts: Vec<Past>,
    },
}

/// How the values of a [`Chart::Timeline`] stand on its axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Logarithmic, with a line at 1.
    Ratio,
    /// Linear, from 0.
    Amount(Unit),
}

/// A curve of [`Chart::Timeline`].
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// Name of the curve.
    pub name: String,
    /// Days since 1970-01-01, which rise, and values.
    pub points: Vec<(f64, f64)>,
    /// Indexes of the first point after each change, and what changed.
    pub changes: Vec<(usize, String)>,
}

/// Rows with a common heading, e.g. all strategies in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel<Row> {
    /// The heading; may be empty.
    pub title: String,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// A row of [`Chart::Ratios`].
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio {
    /// Name of the arm.
    pub label: String,
    /// The estimate; `None` is told by `remark`.
    pub value: Option<f64>,
    /// Its interval, drawn thick.
    pub interval: Option<Interval>,
    /// Smallest and largest single value, drawn thin.
    pub range: Option<Interval>,
    /// What stands at the end of the row, e.g. `0.39 s, faster`.
    pub remark: String,
}

/// From the lower to the upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// A row of [`Chart::Bars`] and [`Chart::Heat`].
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Name of the row.
    pub label: String,
    /// One for each series or column; what was not measured shows as a dash.
    pub values: Vec<Option<f64>>,
}

/// A curve of [`Chart::Lines`].
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name of the curve.
    pub name: String,
    /// By rising x.
    pub points: Vec<(f64, f64)>,
    /// Around each point; empty where there is no band.
    pub band: Vec<Interval>,
}

/// What the values are, and so how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes, shown in powers of 1024.
    Bytes,
    /// A part of a whole, 0 to 1, shown in per cent.
    Share,
    /// Things.
    Count,
}

impl Unit {
    /// A value with its unit.
    pub fn show(self, value: f64) -> String {
        let value = Some(value);
        match self {
            Unit::Seconds => crate::table::seconds(value),
            Unit::Bytes => crate::table::bytes(value),
            Unit::Share => crate::table::percent(value),
            Unit::Count => crate::table::count(value),
        }
    }
}
