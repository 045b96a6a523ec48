//! Plots as SVG: numbers in, pictures with units and a finding out.
//!
//! A [`Plot`] is data; [`Plot::svg`] draws it with plotters, at one of two widths, so
//! that text stays readable on a telephone. Colours are those of Okabe and Ito, which
//! colour-blind people can tell apart; text and axes are in `currentColor`, so that a
//! page in the dark shows them.

mod chart;

pub use chart::{Bar, Chart, Interval, Line, Panel, Plot, Ratio, Unit};

impl Plot {
    /// TEMP
    pub fn svg_file(&self) -> String {
        String::new()
    }
}
