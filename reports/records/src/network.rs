//! A network between a CI machine and a server, as a user writes it and as a row names it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Latency and bandwidth of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    name: String,
    /// What a packet takes there and back.
    pub round_trip: Duration,
    /// Bits a second towards the machine, all connections together; `None` for no limit.
    pub down_bits_per_s: Option<u64>,
    /// Bits a second towards the server.
    pub up_bits_per_s: Option<u64>,
}

/// Networks by name: figures, and what they are meant for. They are assumptions, not measurements.
pub const PRESETS: [(&str, &str, &str); 4] = [
    ("none", "0ms,unlimited", "loopback as it is"),
    ("datacenter", "0.5ms,10gbit", "a runner beside the server"),
    ("github", "10ms,1gbit", "a hosted runner and a storage service in its region"),
    ("home", "15ms,300mbit/60mbit", "a fiber line at home"),
];

/// A network that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no network: write the round trip and the bandwidth (20ms,200mbit; 20ms,200mbit/50mbit for down and up), \
     or one of {names}",
    names = PRESETS.map(|(name, ..)| name).join(", ")
)]
pub struct NetworkError(String);

impl Network {
    /// A network that is the same in both directions.
    pub fn symmetrical(round_trip: Duration, bits_per_s: u64) -> Network {
        let (name, bandwidth) =
            (format!("{}ms,{}kbit", round_trip.as_secs_f64() * 1e3, bits_per_s / 1000), Some(bits_per_s));
        Network { name, round_trip, down_bits_per_s: bandwidth, up_bits_per_s: bandwidth }
    }

    /// Loopback as it is.
    pub fn unshaped() -> Network {
        Network { name: "none".to_owned(), round_trip: Duration::ZERO, down_bits_per_s: None, up_bits_per_s: None }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.name
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Network, NetworkError> {
        text.parse()
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let figures = PRESETS.iter().find(|(name, ..)| *name == text).map_or(text, |(_, figures, _)| figures);
        read(text, figures).ok_or_else(|| NetworkError(text.to_owned()))
    }
}

fn read(name: &str, figures: &str) -> Option<Network> {
    let (round_trip, bandwidth) = figures.split_once(',')?;
    let (down, up) = bandwidth.split_once('/').unwrap_or((bandwidth, bandwidth));
    let round_trip = Duration::try_from_secs_f64(amount(round_trip, &[("ms", 1e-3), ("s", 1.0)])?).ok()?;
    let (down_bits_per_s, up_bits_per_s) = (bits(down)?, bits(up)?);
    // A minute there and back is a mistake, and every request would take one.
    (round_trip < Duration::from_secs(60)).then(|| Network {
        name: name.to_owned(),
        round_trip,
        down_bits_per_s,
        up_bits_per_s,
    })
}

/// `Some(None)` is no limit.
fn bits(text: &str) -> Option<Option<u64>> {
    if text == "unlimited" {
        return Some(None);
    }
    let bits = amount(text, &[("gbit", 1e9), ("mbit", 1e6), ("kbit", 1e3)])?;
    (bits >= 1000.0).then_some(Some(bits as u64))
}

fn amount(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, factor) = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    Some(number.parse::<f64>().ok().filter(|_| plain)? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_reads_as_it_is_written() {
        let network: Network = "20ms,200mbit/50mbit".parse().unwrap();
        assert_eq!(network.round_trip, Duration::from_millis(20));
        assert_eq!((network.down_bits_per_s, network.up_bits_per_s), (Some(200_000_000), Some(50_000_000)));
        let json = serde_json::to_string(&network).unwrap();
        assert_eq!(json, "\"20ms,200mbit/50mbit\"");
        assert_eq!(serde_json::from_str::<Network>(&json).unwrap(), network);
        let same = Network::symmetrical(Duration::from_micros(500), 1_500_000_000);
        assert_eq!(same.to_string().parse(), Ok(same));
        let both: Network = "0.5ms,1.5gbit".parse().unwrap();
        assert_eq!((both.down_bits_per_s, both.up_bits_per_s), (Some(1_500_000_000), Some(1_500_000_000)));
    }

    #[test]
    fn presets_are_networks_and_none_is_no_limit() {
        for (name, figures, _) in PRESETS {
            let (named, written): (Network, Network) = (name.parse().unwrap(), figures.parse().unwrap());
            assert_eq!(Network { name: figures.to_owned(), ..named }, written, "{name}");
        }
        assert_eq!("none".parse(), Ok(Network::unshaped()));
    }

    #[test]
    fn what_is_no_network_is_answered_with_the_format() {
        for wrong in
            ["", "dsl", "20ms", "200mbit,20ms", "20ms,200", "20ms,0mbit", "-1ms,1mbit", "1e3s,1mbit", "90s,1mbit"]
        {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let error = "moon".parse::<Network>().unwrap_err().to_string();
        assert!(error.contains("20ms,200mbit") && error.ends_with("none, datacenter, github, home"), "{error}");
    }
}
