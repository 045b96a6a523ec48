//! A plot in the page: drawn twice, so that its text is readable on a wide screen and on
//! a telephone; style shows the one that fits.

use super::anchors::Anchors;
use crate::plot::Plot;

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
            wide: plot_svg(plot, true),
            narrow: plot_svg(plot, false),
        }
    }
}

/// The drawing. A stand-in until plots can draw themselves: everything else calls only this.
fn plot_svg(plot: &Plot, wide: bool) -> String {
    let (width, height) = if wide { (900, 300) } else { (360, 260) };
    let label = escaped(&plot.title);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{label}"><rect x="1" y="1" width="{}" height="{}" fill="none" stroke="currentColor" stroke-opacity="0.4"/><path d="M40 {b}H{r}M40 {b}V30" stroke="currentColor" fill="none"/><rect x="40" y="60" width="{}" height="24" fill="#0072b2"/><rect x="40" y="110" width="{}" height="24" fill="#d55e00"/><text x="44" y="52" font-size="13" fill="currentColor">Drawn elsewhere</text></svg>"##,
        width - 2,
        height - 2,
        width / 2,
        width / 3,
        b = height - 40,
        r = width - 30,
    )
}

fn escaped(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
