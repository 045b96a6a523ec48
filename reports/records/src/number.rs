//! How a measured real number is written: plain decimals, six at most.
//!
//! For `#[serde(with = "number")]` on `Option<f64>`. Six decimals are a
//! microsecond, finer than any clock here resolves; the exponent form is avoided
//! because spreadsheets disagree about it. `None`, infinities and NaN all mean
//! "not measured" and become an empty field.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes six decimals at most, without trailing zeros.
pub fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match text(*value) {
        None => to.serialize_none(),
        Some(text) => to.serialize_str(&text),
    }
}

/// The field of a table, `None` where nothing was measured.
pub fn text(value: Option<f64>) -> Option<String> {
    value.filter(|number| number.is_finite()).map(decimal)
}

/// Reads what [`serialize`] wrote; words such as `NaN` are refused.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    match Option::<f64>::deserialize(from)? {
        Some(number) if !number.is_finite() => {
            Err(D::Error::custom(format!("{number} is no measurement; leave the field empty instead")))
        }
        number => Ok(number),
    }
}

fn decimal(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn six_decimals_at_most_and_no_exponent() {
        assert_eq!(decimal(1.0), "1");
        assert_eq!(decimal(0.1 + 0.2), "0.3");
        assert_eq!(decimal(0.000_001_4), "0.000001");
        assert_eq!(decimal(-0.000_000_1), "0");
        assert_eq!(decimal(120.0), "120");
        assert_eq!(decimal(1e15), "1000000000000000");
    }
}
