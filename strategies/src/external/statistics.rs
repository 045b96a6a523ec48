//! A tool's own counters: numbers in JSON, found by pointers.

use serde_json::Value;

use super::schema::ToolStatistics;

/// Hits and misses that a tool counted itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Its hits.
    pub hits: u64,
    /// Its misses; `None` where it does not count them.
    pub misses: Option<u64>,
}

impl Counters {
    /// Reads them; `None` when the text is not JSON or a pointer leads nowhere.
    pub fn read(statistics: &ToolStatistics, json: &str) -> Option<Counters> {
        let value: Value = serde_json::from_str(json).ok()?;
        let sum = |pointers: &[String]| pointers.iter().map(|pointer| at(&value, pointer)).sum::<Option<u64>>();
        let misses = if statistics.misses.is_empty() { None } else { Some(sum(&statistics.misses)?) };
        Some(Counters { hits: sum(&statistics.hits)?, misses })
    }

    /// What was counted since `before`. A counter that shrank was reset, and says nothing of
    /// what came before that.
    #[must_use]
    pub fn since(self, before: Counters) -> Counters {
        let grown = |now: u64, then: u64| now.checked_sub(then).unwrap_or(now);
        let misses = self.misses.map(|now| grown(now, before.misses.unwrap_or(0)));
        Counters { hits: grown(self.hits, before.hits), misses }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Counters) -> Counters {
        let misses = self.misses.zip(other.misses).map(|(a, b)| a + b);
        Counters { hits: self.hits + other.hits, misses }
    }
}

/// The number at a pointer, or the sum of the numbers in an object there. A name that is missing
/// in an object that exists counts as 0: tools leave out counters that never moved.
fn at(value: &Value, pointer: &str) -> Option<u64> {
    match value.pointer(pointer) {
        Some(Value::Object(map)) => map.values().map(Value::as_u64).sum(),
        Some(found) => found.as_u64(),
        None => {
            let (parent, _) = pointer.rsplit_once('/')?;
            value.pointer(parent)?.is_object().then_some(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(hits: &[&str], misses: &[&str]) -> ToolStatistics {
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
        ToolStatistics { command: Vec::new(), file: None, hits: owned(hits), misses: owned(misses) }
    }

    const JSON: &str = r#"{"stats":{"hits":{"counts":{"Rust":9,"C":2}},"miss":4,"text":"x"}}"#;

    #[test]
    fn pointers_are_added_up_and_what_never_moved_is_nothing() {
        let read = |hits: &[&str], misses: &[&str]| Counters::read(&statistics(hits, misses), JSON);
        assert_eq!(read(&["/stats/hits/counts/Rust"], &[]), Some(Counters { hits: 9, misses: None }));
        let both = Counters { hits: 11, misses: Some(4) };
        assert_eq!(read(&["/stats/hits/counts"], &["/stats/miss"]), Some(both));
        assert_eq!(read(&["/stats/hits/counts/Go"], &[]).map(|it| it.hits), Some(0));
        assert_eq!(read(&["/no/such"], &[]), None, "a wrong pointer is not a 0");
        assert_eq!(read(&["/stats/text"], &[]), None);
        assert_eq!(Counters::read(&statistics(&["/a"], &[]), "hello"), None);
    }

    #[test]
    fn a_builds_share_is_the_difference_unless_the_counter_was_reset() {
        let at = |hits, misses| Counters { hits, misses: Some(misses) };
        assert_eq!(at(9, 5).since(at(4, 5)), at(5, 0));
        assert_eq!(at(2, 1).since(at(4, 5)), at(2, 1));
        assert_eq!(at(1, 2).plus(Counters { hits: 3, misses: None }), Counters { hits: 4, misses: None });
    }
}
