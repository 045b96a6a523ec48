//! The catalogue of open questions: their templates are in `catalogue.toml`, their numbers in `measures`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::measure::Side;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenQuestion {
    pub id: String,
    pub name: String,
    pub asks: String,
    /// The least and the most at which the number decides nothing.
    pub bounds: [f64; 2],
    pub below: String,
    pub above: String,
    pub within: String,
    pub evidence: String,
    pub change: String,
    /// Names of pieces of evidence, the one that settles most first.
    pub lacks: Vec<String>,
    #[serde(default)]
    pub position: Vec<Position>,
}

/// What somebody published.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    pub says: String,
    /// Where it was said.
    pub link: String,
    /// On which side of the bounds the number is, if it is right.
    pub holds: Side,
    /// A word of the measure without which the number says nothing of it: a link mode.
    pub of: Option<String>,
}

/// What a command would show.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Piece {
    pub name: String,
    pub minutes: u32,
    pub command: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Catalogue {
    pub question: Vec<OpenQuestion>,
    pub piece: Vec<Piece>,
}

// A test reads it, so that it is never found wanting here.
pub(super) static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| toml::from_str(include_str!("catalogue.toml")).unwrap_or_default());

impl OpenQuestion {
    /// The answer, before numbers are inserted.
    pub fn answer(&self, side: Side) -> &str {
        match side {
            Side::Below => &self.below,
            Side::Within => &self.within,
            Side::Above => &self.above,
        }
    }
}

/// The piece with this name.
pub(super) fn piece(name: &str) -> Option<&'static Piece> {
    CATALOGUE.piece.iter().find(|it| it.name == name)
}
