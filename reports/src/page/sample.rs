//! The first rows of a raw table, for readers without JavaScript.

use super::Rows;

/// How many rows stand in the page as HTML.
pub(super) const SAMPLE: usize = 200;

/// A cut of a raw table.
pub(super) struct Sample {
    /// The columns that show.
    pub heads: Vec<SampleHead>,
    /// The cells of those columns.
    pub rows: Vec<Vec<String>>,
}

/// The head of a column.
pub(super) struct SampleHead {
    /// Its name.
    pub name: String,
    /// Whether all its values are numbers.
    pub numeric: bool,
}

impl Sample {
    /// The first [`SAMPLE`] rows in the columns that show at first.
    pub fn of(table: &Rows) -> Self {
        let place = |name: &String| table.columns.iter().position(|column| column == name);
        let mut places: Vec<usize> = table.shown.iter().filter_map(place).collect();
        if places.is_empty() {
            places = (0..table.columns.len()).collect();
        }
        let end = table.ends[table.len().min(SAMPLE)];
        let mut reader = csv::Reader::from_reader(&table.csv[..end]);
        // What was written a moment ago can be read; if not, the packed rows still hold it.
        let records: Vec<csv::StringRecord> = reader.records().filter_map(Result::ok).collect();
        let rows = records
            .iter()
            .map(|record| places.iter().map(|&at| record.get(at).unwrap_or_default().to_owned()).collect())
            .collect();
        let numeric = |at: usize| {
            let mut values =
                records.iter().filter_map(|record| record.get(at)).filter(|value| !value.is_empty()).peekable();
            values.peek().is_some() && values.all(|value| value.parse::<f64>().is_ok())
        };
        let heads =
            places.iter().map(|&at| SampleHead { name: table.columns[at].clone(), numeric: numeric(at) }).collect();
        Self { heads, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shows_and_only_the_first() {
        let rows: Vec<(usize, String, Option<f64>)> = (0..500).map(|at| (at, format!("a\n{at}"), None)).collect();
        let mut table = Rows::new("x", "x.csv", &["at", "text", "none"], &rows).unwrap();
        table.shown = vec!["text".into(), "at".into(), "absent".into()];
        let sample = Sample::of(&table);
        assert_eq!(sample.rows.len(), SAMPLE);
        assert_eq!(sample.rows[199], ["a\n199", "199"]);
        assert_eq!(sample.heads.iter().map(|head| head.numeric).collect::<Vec<_>>(), [false, true]);
        table.shown.clear();
        assert_eq!(Sample::of(&table).heads.len(), 3);
    }
}
