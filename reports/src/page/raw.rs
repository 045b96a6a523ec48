//! A table of raw rows as the template shows it.

use super::Rows;
use super::anchors::Anchors;
use super::embed::Packed;
use super::sample::Sample;

/// A table of raw rows.
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
    pub cut: Option<Cut>,
    pub sample: Sample,
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

/// Rows that the page has no room for.
pub(super) struct Cut {
    pub kept: String,
    pub left_out: String,
}

impl<'a> RawView<'a> {
    /// A table whose rows are still to be packed.
    pub fn new(table: &'a Rows, anchors: &mut Anchors) -> Self {
        let sample = Sample::of(table);
        Self {
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
    pub fn hold(&mut self, packed: Packed) {
        let left_out = self.rows - packed.rows;
        self.size = crate::table::bytes(Some(packed.base64.len() as f64 * 0.75));
        self.cut = (left_out > 0).then(|| Cut { kept: grouped(packed.rows), left_out: grouped(left_out) });
        self.base64 = packed.base64;
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
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 50_000, 1_234_567].map(grouped), ["0", "999", "1,000", "50,000", "1,234,567"]);
    }
}
