//! The colours of plots.
//!
//! In: the number of a series, or a ratio. Out: a [`Paint`]. The hues are those of
//! Okabe and Ito (<https://jfly.uni-koeln.de/color/>), which colour-blind people tell
//! apart. Their yellow and black are left out and their orange and sky blue are
//! darkened, so that every series has a contrast of 3:1 (WCAG 2.2, 1.4.11) with a white
//! page and with a dark one.

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// What a mark is drawn with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    /// The hue.
    pub ink: Ink,
    /// Above 0, up to 1.
    pub opacity: f64,
}

/// A hue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// That of the text around the plot: dark on a light page, light on a dark one.
    Page,
    /// The same on every page.
    Fixed(Rgb),
}

/// Text and lines that must be seen.
pub const TEXT: Paint = Paint { ink: Ink::Page, opacity: 1.0 };
/// Text that may be passed over: remarks, ticks.
pub const QUIET: Paint = Paint { ink: Ink::Page, opacity: 0.72 };
/// Lines that values are read against: 0 and 1.
pub const BASE: Paint = Paint { ink: Ink::Page, opacity: 0.6 };
/// Lines of the grid.
pub const GRID: Paint = Paint { ink: Ink::Page, opacity: 0.14 };
/// Below 1.
pub const FASTER: Paint = solid((0, 114, 178));
/// Above 1.
pub const SLOWER: Paint = solid((213, 94, 0));
/// Neither.
pub const NEITHER: Paint = solid((118, 118, 118));

const SERIES: [Rgb; 7] = [
    (0, 114, 178),   // blue
    (213, 94, 0),    // vermillion
    (0, 158, 115),   // bluish green
    (204, 121, 167), // reddish purple
    (47, 150, 207),  // sky blue, darkened from (86, 180, 233)
    (194, 130, 0),   // orange, darkened from (230, 159, 0)
    (118, 118, 118), // grey
];

/// From far below 1 over 1 to far above it: blue, nearly white, orange.
const DIVERGING: [Rgb; 7] =
    [(0, 83, 132), (40, 140, 196), (146, 203, 238), (244, 244, 242), (246, 196, 110), (222, 119, 20), (165, 66, 0)];

/// A colour that lets nothing through.
pub const fn solid(rgb: Rgb) -> Paint {
    Paint { ink: Ink::Fixed(rgb), opacity: 1.0 }
}

/// The colour of a series; after the seventh they start again.
pub fn series(at: usize) -> Rgb {
    SERIES[at % SERIES.len()]
}

/// A colour for `part` from -1 (blue) over 0 (nearly white) to 1 (orange).
pub fn diverging(part: f64) -> Rgb {
    let last = DIVERGING.len() - 1;
    let place = (part.clamp(-1.0, 1.0) + 1.0) / 2.0 * last as f64;
    let below = (place.floor() as usize).min(last - 1);
    let share = place - below as f64;
    let (from, to) = (DIVERGING[below], DIVERGING[below + 1]);
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// Black or white, whichever is read better on `ground`.
pub fn text_on(ground: Rgb) -> Paint {
    let (black, white) = ((0, 0, 0), (255, 255, 255));
    solid(if contrast(black, ground) >= contrast(white, ground) { black } else { white })
}

/// The contrast of two colours, 1 to 21, as WCAG 2.2 defines it.
pub fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance((r, g, b): Rgb) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Rgb = (255, 255, 255);
    const DARK: Rgb = (17, 17, 17);

    #[test]
    fn every_series_shows_on_white_and_on_dark() {
        assert!((contrast(WHITE, (0, 0, 0)) - 21.0).abs() < 1e-9);
        for rgb in SERIES {
            assert!(contrast(rgb, WHITE) >= 3.0, "{rgb:?} {}", contrast(rgb, WHITE));
            assert!(contrast(rgb, DARK) >= 3.0, "{rgb:?} {}", contrast(rgb, DARK));
        }
        assert_eq!(series(0), series(SERIES.len()));
    }

    #[test]
    fn the_diverging_scale_is_centred_and_its_text_readable() {
        assert_eq!(diverging(0.0), DIVERGING[3]);
        assert_eq!(diverging(-9.0), DIVERGING[0]);
        assert_eq!(diverging(9.0), DIVERGING[6]);
        for step in -50..=50 {
            let ground = diverging(f64::from(step) / 50.0);
            let Paint { ink: Ink::Fixed(text), .. } = text_on(ground) else { panic!("not a fixed colour") };
            assert!(contrast(text, ground) >= 4.5, "{ground:?} {}", contrast(text, ground));
            // Away from the centre it only gets darker: the ends are the strongest.
            if step > 0 {
                assert!(luminance(ground) <= luminance(diverging(f64::from(step - 1) / 50.0)), "{step}");
            }
        }
    }
}
