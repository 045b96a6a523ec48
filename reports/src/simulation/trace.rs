//! What a simulation replayed: `trace` in its `run.json`.

use serde::{Deserialize, Serialize};

use crate::text::percent;
use records::simulated::Fit;

/// The trace that was replayed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceInfo {
    /// What it shows, in a line.
    pub title: String,
    /// Whether it shows real workspaces.
    pub origin: Origin,
    /// Digest of the file: two runs with one digest replayed the same.
    pub digest: String,
    /// Workspaces.
    pub workspaces: u64,
    /// Cargo commands with a unit graph, all workspaces together.
    pub plans: u64,
    /// Units over all of these.
    pub unit_builds: u64,
    /// Distinct units.
    pub nodes: u64,
    /// Seed of a generated trace.
    pub seed: Option<u64>,
    /// Random orders of workspaces that were replayed.
    pub orders: u32,
    /// How estimates of compile seconds were made; `None` where all are measured.
    pub seconds: Option<Fit>,
    /// How estimates of bytes were made; `None` where all are measured.
    pub bytes: Option<Fit>,
    /// Workspaces that are not in it, each with its reason, a line each.
    pub left_out: Vec<String>,
    /// Share of all seconds that were measured and not estimated, 0 to 1.
    pub measured_share_of_seconds: Option<f64>,
}

/// Where a trace comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Real workspaces.
    #[default]
    Collected,
    /// Made up.
    Generated,
}

impl TraceInfo {
    /// Whether it shows real workspaces.
    pub fn is_real(&self) -> bool {
        self.origin == Origin::Collected
    }

    /// How well seconds are known, in a few words: `seconds: 12.0% measured, half of the
    /// estimates within 1.6x`.
    pub fn seconds_in_short(&self) -> String {
        let measured = self.measured_share_of_seconds.map(|share| format!("{} measured", percent(Some(share))));
        let fitted = self.seconds.as_ref().map(|fit| {
            format!("half of the estimates within {:.2}x, nine of ten within {:.2}x", fit.median_factor, fit.p90_factor)
        });
        match (measured, fitted) {
            (Some(measured), Some(fitted)) => format!("seconds: {measured}, {fitted}"),
            (Some(one), None) | (None, Some(one)) => format!("seconds: {one}"),
            (None, None) => "how seconds were had is not recorded".into(),
        }
    }

    /// Whether its numbers are such as can be.
    ///
    /// # Errors
    /// What is not, in a line.
    pub fn check(&self) -> Result<(), String> {
        if self.measured_share_of_seconds.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err("measured_share_of_seconds is not between 0 and 1".into());
        }
        for (name, fit) in [("seconds", &self.seconds), ("bytes", &self.bytes)] {
            let Some(fit) = fit else { continue };
            let factors = [("median_factor", fit.median_factor), ("p90_factor", fit.p90_factor), ("bias", fit.bias)];
            if let Some((field, _)) = factors.iter().find(|(_, value)| !value.is_finite() || *value < 0.0) {
                return Err(format!("{field} of {name} is no factor"));
            }
            if !fit.r_squared.is_finite() {
                return Err(format!("r_squared of {name} is no number"));
            }
        }
        Ok(())
    }
}

/// A fit in a sentence: `what` are the estimates of.
pub fn sentence(fit: &Fit, what: &str) -> String {
    format!(
        "Estimates of {what}: {}, from {} measured units of {} packages; for packages left out of the fit, half are off by \
         less than {:.2}x and nine of ten by less than {:.2}x, their sum is {:.2}x of what was measured, and {} of the \
         variance of the logarithm is explained.",
        fit.model,
        fit.samples,
        fit.packages,
        fit.median_factor,
        fit.p90_factor,
        fit.bias,
        percent(Some(fit.r_squared)),
    )
}
