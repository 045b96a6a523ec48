//! `--shard`: one part of a run.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clap::Args;

use runner::shard::{Part, Sharding, machine};

/// Which part of a run this is.
#[derive(Debug, Default, Args)]
pub struct ShardArgs {
    /// Only this part of the run, e.g. 1/4 for the first of four; needs --seed. `harness plan`
    /// makes the commands of all parts, `harness merge` joins their run folders
    #[arg(long, value_name = "I/N")]
    shard: Option<Part>,
    /// Predicted seconds of a round by workspace, the same in the commands of all shards: they
    /// decide who gets what [default: every workspace weighs the same]
    #[arg(long, value_name = "NAME=S,…", value_delimiter = ',', value_parser = seconds)]
    shard_seconds: Vec<(String, u64)>,
}

fn seconds(text: &str) -> Result<(String, u64), String> {
    let parts = text.split_once('=').and_then(|(name, seconds)| Some((name, seconds.parse().ok()?)));
    match parts {
        Some((name, seconds)) if !name.is_empty() && (1..=1 << 40).contains(&seconds) => Ok((name.to_owned(), seconds)),
        _ => Err("predicted seconds are the name of a workspace, '=' and whole seconds from 1: bat=120".to_owned()),
    }
}

impl ShardArgs {
    /// Whether anything was given.
    pub fn is_given(&self) -> bool {
        self.shard.is_some() || !self.shard_seconds.is_empty()
    }

    /// What a run records of it.
    ///
    /// # Errors
    /// When a shard is asked for that the others could not fit.
    pub fn sharding(&self, has_seed: bool, has_budget: bool) -> Result<Option<Sharding>> {
        let Some(part) = self.shard else {
            if !self.shard_seconds.is_empty() {
                bail!("--shard-seconds says how a run is split: give --shard I/N too");
            }
            return Ok(None);
        };
        if has_budget {
            bail!(
                "--budget chooses later rounds by what earlier ones found, which shards cannot know of each other: \
                 give --rounds N with --shard"
            );
        }
        if !has_seed {
            bail!("--shard needs --seed N, the same for all shards: the order of strategies is drawn from it");
        }
        let mut seconds = BTreeMap::new();
        for (name, of_name) in &self.shard_seconds {
            if seconds.insert(name.clone(), *of_name).is_some() {
                bail!("--shard-seconds names {name} twice: give each workspace once");
            }
        }
        Ok(Some(Sharding { part, seconds, machine: machine::word() }))
    }
}
