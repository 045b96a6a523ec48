//! The options of `harness compare` as they were given, to be passed on.
//!
//! A plan must repeat whatever was said, also options that are added to `compare` later. So
//! nothing is listed here: clap is asked for the arguments that `compare` has, and for the words
//! that were given for each.

use std::ffi::OsString;

use anyhow::{Context as _, Result};
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::cmd::compare;

/// Parsed, and as words.
#[derive(Debug)]
pub struct Given {
    /// Parsed.
    pub args: compare::Args,
    words: Vec<OsString>,
}

impl Given {
    /// The words, as `compare` takes them.
    ///
    /// # Errors
    /// When one is not UTF-8.
    pub fn words(&self) -> Result<Vec<String>> {
        let text = |word: &OsString| {
            word.to_str().map(str::to_owned).with_context(|| format!("{} is not UTF-8: rename it", word.display()))
        };
        self.words.iter().map(text).collect()
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        compare::Args::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        compare::Args::augment_args_for_update(command)
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Given, clap::Error> {
        Given::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Given, clap::Error> {
        let words = words(matches);
        Ok(Given { args: compare::Args::from_arg_matches_mut(matches)?, words })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Given::from_arg_matches(matches)?;
        Ok(())
    }
}

fn words(matches: &ArgMatches) -> Vec<OsString> {
    let command = compare::Args::augment_args(Command::new("compare"));
    let mut words = Vec::new();
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        let Some(long) = arg.get_long() else { continue };
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        if matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count) {
            words.push(format!("--{long}").into());
            continue;
        }
        for values in matches.get_raw_occurrences(id).into_iter().flatten() {
            let values: Vec<OsString> = values.map(OsString::from).collect();
            match arg.get_value_delimiter() {
                Some(delimiter) => option(&mut words, long, values.join(&OsString::from(delimiter.to_string()))),
                None => values.into_iter().for_each(|value| option(&mut words, long, value)),
            }
        }
    }
    words
}

/// `--long value`, or `--long=value` where the value looks like an option.
fn option(words: &mut Vec<OsString>, long: &str, value: OsString) {
    if value.as_encoded_bytes().starts_with(b"-") {
        let mut word = OsString::from(format!("--{long}="));
        word.push(value);
        words.push(word);
    } else {
        words.extend([format!("--{long}").into(), value]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &[&str]) -> Vec<String> {
        let command = Given::augment_args(Command::new("plan"));
        let matches = command.try_get_matches_from([&["plan"], words].concat()).unwrap();
        Given::from_arg_matches(&matches).unwrap().words().unwrap()
    }

    #[test]
    fn what_was_given_is_passed_on_and_nothing_else() {
        assert!(given(&[]).is_empty());
        let words = given(&["--workspaces", "a,b", "--rounds=3", "--control", "--set", "x.y=a,b c", "--set", "x.z=-1"]);
        assert_eq!(
            words,
            ["--workspaces", "a,b", "--set", "x.y=a,b c", "--set", "x.z=-1", "--rounds", "3", "--control"]
        );
        assert_eq!(given(&["--against=-x"]), ["--against=-x"]);
    }

    #[test]
    fn the_words_mean_what_was_given() {
        let first =
            given(&["--corpus", "my corpus.toml", "--seed", "7", "--volume", "btrfs:1G", "--order", "arm-by-arm"]);
        let again: Vec<&str> = first.iter().map(String::as_str).collect();
        assert_eq!(given(&again), first);
    }
}
