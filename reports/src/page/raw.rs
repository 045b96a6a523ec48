//! A table of raw rows as the template shows it.

use std::collections::HashSet;

use super::Rows;
use super::embed::Packed;

/// The ids given away so far. The page's own begin with `_`, which no anchor does.
#[derive(Default)]
pub(super) struct Anchors {
    used: HashSet<String>,
}

impl Anchors {
    /// An id made of `wish`, which is used as it is if it can be: links from outside point at it.
    pub fn take(&mut self, wish: &str) -> String {
        let plain: String = wish.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let base = match plain.trim_matches('-') {
            "" => "part",
            trimmed => trimmed,
        };
        let numbered = (2..).map(|at| format!("{base}-{at}"));
        let free = std::iter::once(base.to_owned()).chain(numbered).find(|id| !self.used.contains(id));
        let id = free.unwrap_or_default();
        self.used.insert(id.clone());
        id
    }
}

pub(super) struct RawView<'a> {
    pub id: String,
    pub title: &'a str,
    pub about: &'a str,
    pub file: &'a str,
    pub base64: String,
    /// Size of the download.
    pub size: String,
    pub total: String,
    pub columns: usize,
    /// Rows in the page, and how many are not; `None` where all are.
    pub cut: Option<CutRows>,
    /// The anchor of a reader's own plots; `None` where there are no strategies and steps to draw them by.
    pub ask: Option<String>,
    pub sample: SampleTable,
    rows: usize,
    /// How many rows the sample has.
    pub first: String,
    /// Whether the sample is less than the whole.
    pub partial: bool,
    /// Names of columns for the script, as JSON.
    pub shown: String,
    /// As `shown`.
    pub choices: String,
}

pub(super) struct CutRows {
    pub shown: String,
    pub left_out: String,
}

impl<'a> RawView<'a> {
    /// A table whose rows are still to be packed.
    pub fn new(table: &'a Rows, anchors: &mut Anchors) -> Self {
        let sample = SampleTable::of(table);
        let has = |name: &str| table.columns.iter().any(|column| column == name);
        Self {
            ask: (has("step") && has("strategy") && !table.is_empty())
                .then(|| anchors.take(&format!("ask-{}", table.id))),
            id: anchors.take(&format!("rows-{}", table.id)),
            title: &table.title,
            about: &table.about,
            file: &table.file,
            base64: String::new(),
            size: String::new(),
            total: grouped(table.len()),
            columns: table.columns.len(),
            cut: None,
            first: grouped(sample.rows.len()),
            partial: sample.rows.len() < table.len() || sample.heads.len() < table.columns.len(),
            sample,
            rows: table.len(),
            shown: json(&table.shown),
            choices: json(&table.choices),
        }
    }

    /// Puts its packed rows into it.
    pub fn fill(&mut self, packed: Packed) {
        let left_out = self.rows - packed.rows;
        self.size = crate::text::bytes(Some(packed.base64.len() as f64 * 0.75));
        self.cut = (left_out > 0).then(|| CutRows { shown: grouped(packed.rows), left_out: grouped(left_out) });
        self.base64 = packed.base64;
    }
}

/// How many rows are in the page as HTML.
const SAMPLE: usize = 200;

pub(super) struct SampleTable {
    /// The columns that show.
    pub heads: Vec<SampleHead>,
    /// The cells of those columns.
    pub rows: Vec<Vec<String>>,
}

pub(super) struct SampleHead {
    /// Its name.
    pub name: String,
    /// Whether all its values are numbers.
    pub numeric: bool,
}

impl SampleTable {
    /// The first [`SAMPLE`] rows in the columns that show at first.
    pub fn of(table: &Rows) -> Self {
        let place = |name: &String| table.columns.iter().position(|column| column == name);
        let mut places: Vec<usize> = table.shown.iter().filter_map(place).collect();
        if places.is_empty() {
            places = (0..table.columns.len()).collect();
        }
        let end = table.ends[table.len().min(SAMPLE)];
        let mut reader = csv::Reader::from_reader(&table.csv[..end]);
        // What was just written can be read; if not, the packed rows still have it.
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

fn json(names: &[String]) -> String {
    serde_json::Value::from(names).to_string()
}

/// `50000` as `50,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 50_000, 1_234_567].map(grouped), ["0", "999", "1,000", "50,000", "1,234,567"]);
    }

    #[test]
    fn only_what_shows_and_only_the_first() {
        let rows: Vec<(usize, String, Option<f64>)> = (0..500).map(|at| (at, format!("a\n{at}"), None)).collect();
        let mut table = Rows::new("x", "x.csv", &["at", "text", "none"], &rows).unwrap();
        table.shown = vec!["text".into(), "at".into(), "absent".into()];
        let sample = SampleTable::of(&table);
        assert_eq!(sample.rows.len(), SAMPLE);
        assert_eq!(sample.rows[199], ["a\n199", "199"]);
        assert_eq!(sample.heads.iter().map(|head| head.numeric).collect::<Vec<_>>(), [false, true]);
        table.shown.clear();
        assert_eq!(SampleTable::of(&table).heads.len(), 3);
    }
}
