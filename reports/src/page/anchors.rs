//! Every `id` of a page once.

use std::collections::HashSet;

/// The ids given away so far. The page's own begin with `_`, which no anchor does.
#[derive(Default)]
pub(super) struct Anchors {
    taken: HashSet<String>,
}

impl Anchors {
    /// An id made of `wish`, which is kept if it can be: links from outside point at it.
    pub fn take(&mut self, wish: &str) -> String {
        let kept: String = wish.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let base = match kept.trim_matches('-') {
            "" => "part",
            trimmed => trimmed,
        };
        let numbered = (2..).map(|at| format!("{base}-{at}"));
        let free = std::iter::once(base.to_owned()).chain(numbered).find(|id| !self.taken.contains(id));
        let id = free.unwrap_or_default();
        self.taken.insert(id.clone());
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_given_twice() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.take("step-fill"), "step-fill");
        assert_eq!(anchors.take("step-fill"), "step-fill-2");
        assert_eq!(anchors.take("_step\"fill<"), "step-fill-3");
        assert_eq!(anchors.take("\u{2028}"), "part");
    }
}
