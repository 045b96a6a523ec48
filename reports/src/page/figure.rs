//! A plot in the page.

use super::view::Anchors;
use crate::plot::Plot;

/// A plot as the template shows it.
pub(super) struct Figure<'a> {
    pub id: String,
    pub title: &'a str,
    pub finding: &'a str,
    pub drawing: String,
}

impl<'a> Figure<'a> {
    pub fn new(plot: &'a Plot, anchors: &mut Anchors) -> Self {
        Self {
            id: anchors.take(&format!("plot-{}", plot.id)),
            title: &plot.title,
            finding: &plot.finding,
            drawing: plot.svg(),
        }
    }
}
