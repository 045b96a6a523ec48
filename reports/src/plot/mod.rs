//! Plots as SVG: numbers in, pictures with units and a finding out.
//!
//! A [`Plot`] is data; [`Plot::svg`] draws it with plotters, at one of two widths, so
//! that text stays readable on a telephone. Colours are those of Okabe and Ito, which
//! colour-blind people can tell apart; text and axes are in `currentColor`, so that a
//! page in the dark shows them.
//!
//! | module | idea |
//! |---|---|
//! | `chart` | what a plot shows, as data |
//! | `draw` | from a plot to SVG, in a page or as a file |
//! | `ratios`, `bars`, `heat`, `lines`, `timeline` | a kind of chart each: numbers in, marks with places out |
//! | `rows` | labelled rows with a common axis, the frame of `ratios` and `bars` |
//! | `legend` | what colours, dashes and markers mean |
//! | `axis`, `ticks` | where a value stands; which values are named |
//! | `layout` | how much room text takes, how it is made to fit |
//! | `palette` | colours |
//! | `picture` | marks with places, before they are SVG |
//! | `svg` | marks as SVG |
//!
//! Nothing here fails: values that are not numbers are left out or shown as a dash, text
//! without room ends in `…` and has all of it as a tip.

mod axis;
mod bars;
mod chart;
#[cfg(test)]
mod check;
mod draw;
mod heat;
mod layout;
mod legend;
mod lines;
mod palette;
mod picture;
mod ratios;
mod rows;
mod svg;
#[cfg(test)]
mod tests;
mod ticks;
mod timeline;

pub use chart::{Bar, Chart, Interval, Line, Panel, Past, Plot, Ratio, Scale, Unit};
pub use draw::Width;
