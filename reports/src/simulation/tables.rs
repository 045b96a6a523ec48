//! The tables of a simulation: file, columns, and what a sound row holds.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::rows::{CurveRow, GrowthRow, MissRow, RelaxationRow, RemoteRow, RetentionRow, SharingRow};

/// A row type with a file of its own.
pub trait Table: Serialize + DeserializeOwned {
    /// Name of the file in the run folder.
    const FILE: &'static str;
    /// What a row is, for a heading.
    const TITLE: &'static str;
    /// The columns, in order; later ones are appended.
    const COLUMNS: &'static [&'static str];

    /// Whether it holds what can be: shares from 0 to 1, nothing below 0 that counts or lasts.
    ///
    /// # Errors
    /// What it holds that cannot be, in a line.
    fn check(&self) -> Result<(), String>;
}

macro_rules! table {
    ($row:ident $file:literal $title:literal: $($column:ident)*; shares $($share:ident)*; sizes $($size:ident)*; numbers $($number:ident)*) => {
        impl $row {
            /// Name of the file.
            pub const FILE: &'static str = $file;
            /// The columns, in order; later ones are appended.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];
        }

        impl Table for $row {
            const FILE: &'static str = $file;
            const TITLE: &'static str = $title;
            const COLUMNS: &'static [&'static str] = $row::COLUMNS;

            fn check(&self) -> Result<(), String> {
                $(share(stringify!($share), self.$share)?;)*
                $(size(stringify!($size), self.$size)?;)*
                $(number(stringify!($number), self.$number)?;)*
                self.more()
            }
        }
    };
}

table!(CurveRow "curve.csv" "Reuse by number of workspaces":
    policy workspaces hit_rate hit_rate_by_cost low high stored_bytes command orders;
    shares hit_rate hit_rate_by_cost low high; sizes stored_bytes; numbers);
table!(RelaxationRow "relaxations.csv" "Keys with one input less":
    policy relaxation soundness command hit_rate hit_rate_by_cost gained_units gained_s total_s stored_bytes why;
    shares hit_rate hit_rate_by_cost; sizes total_s stored_bytes; numbers gained_units gained_s);
table!(MissRow "misses.csv" "Misses by reason":
    policy command reason units seconds; shares; sizes units seconds; numbers);
table!(SharingRow "sharing.csv" "What commands share":
    policy first then workspaces units hit_rate hit_rate_by_cost saved_s saved_bytes;
    shares hit_rate hit_rate_by_cost; sizes saved_s saved_bytes; numbers);
table!(RetentionRow "retention.csv" "Stores of limited size":
    policy cap_bytes hit_rate_by_cost rebuilt_s bound_s hit_rate key evicted_bytes rebuilt_s_per_gb peak_bytes
    refused_s rebuilt_again_s;
    shares hit_rate_by_cost hit_rate; sizes rebuilt_s bound_s evicted_bytes peak_bytes refused_s rebuilt_again_s; numbers);
table!(GrowthRow "growth.csv" "A store without limits, day by day":
    key day builds entries stored_bytes local_entries local_bytes;
    shares; sizes stored_bytes local_bytes; numbers);
table!(RemoteRow "remote.csv" "Fetching what others have built":
    policy command bits_per_s latency_s transfers jobs workspaces units available worth_fetching moved_bytes
    compile_s fetch_s choose_s critical_compile_s critical_choose_s lookup;
    shares available worth_fetching;
    sizes bits_per_s latency_s moved_bytes compile_s fetch_s choose_s critical_compile_s critical_choose_s; numbers);

impl CurveRow {
    fn more(&self) -> Result<(), String> {
        match (self.workspaces, self.low <= self.high) {
            (0, _) => Err("workspaces is 0: the first one counts".into()),
            (_, false) => Err("low is above high".into()),
            _ => Ok(()),
        }
    }
}

impl RetentionRow {
    fn more(&self) -> Result<(), String> {
        self.rebuilt_s_per_gb.map_or(Ok(()), |each| size("rebuilt_s_per_gb", each))
    }
}

impl GrowthRow {
    fn more(&self) -> Result<(), String> {
        match self.local_entries <= self.entries {
            true => Ok(()),
            false => Err("local_entries is more than entries".into()),
        }
    }
}

impl RemoteRow {
    fn more(&self) -> Result<(), String> {
        if self.bits_per_s > 0.0 { Ok(()) } else { Err("bits_per_s is 0".into()) }
    }
}

macro_rules! nothing_more {
    ($($row:ident)*) => {
        $(impl $row {
            fn more(&self) -> Result<(), String> {
                Ok(())
            }
        })*
    };
}

nothing_more!(RelaxationRow MissRow SharingRow);

fn number(name: &str, value: f64) -> Result<(), String> {
    if value.is_finite() { Ok(()) } else { Err(format!("{name} is {value}, which is no number")) }
}

fn size(name: &str, value: f64) -> Result<(), String> {
    number(name, value)?;
    if value >= 0.0 { Ok(()) } else { Err(format!("{name} is below 0")) }
}

/// Means may be a rounding error above 1.
fn share(name: &str, value: f64) -> Result<(), String> {
    number(name, value)?;
    if (0.0..=1.0 + 1e-6).contains(&value) { Ok(()) } else { Err(format!("{name} is not between 0 and 1")) }
}
