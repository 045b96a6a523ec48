//! A plot in the page: drawn twice, so that its text is readable on a wide screen and on
//! a telephone; style shows the one that fits.

use super::view::Anchors;
use crate::plot::{Plot, Width};

/// A plot as the template shows it.
pub(super) struct Figure<'a> {
    pub id: String,
    pub title: &'a str,
    pub finding: &'a str,
    pub wide: String,
    pub narrow: String,
}

impl<'a> Figure<'a> {
    pub fn new(plot: &'a Plot, anchors: &mut Anchors) -> Self {
        Self {
            id: anchors.take(&format!("plot-{}", plot.id)),
            title: &plot.title,
            finding: &plot.finding,
            wide: plot.svg(Width::Wide),
            narrow: plot.svg(Width::Narrow),
        }
    }
}
