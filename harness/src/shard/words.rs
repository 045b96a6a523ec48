//! The words of a shard's command, and how a shell is told them.

use anyhow::{Context as _, Result, bail};

use runner::shard::Part;

/// A run's command without what makes it a shard: the words after `harness compare`, those that
/// the user gave first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// These words. All engines take text, so all must be text without line breaks and the
    /// like, which are hard to carry through any of them.
    ///
    /// # Errors
    /// When one is not.
    pub fn new(words: Vec<String>) -> Result<Words> {
        match words.iter().find(|word| word.chars().any(char::is_control)) {
            Some(word) => bail!("{word:?} holds a control character, which no engine can be told: rename it"),
            None => Ok(Words(words)),
        }
    }

    /// Takes an option with its value out, for whoever gives it another way.
    pub fn take(&mut self, option: &str) -> Option<String> {
        let joined = format!("{option}=");
        let at = self.0.iter().position(|word| word == option || word.starts_with(&joined))?;
        let word = self.0.remove(at);
        match word.strip_prefix(&joined) {
            Some(value) => Some(value.to_owned()),
            None if at < self.0.len() => Some(self.0.remove(at)),
            None => None,
        }
    }

    /// All of them.
    pub fn all(&self) -> &[String] {
        &self.0
    }

    /// Those of a shard.
    pub fn of(&self, part: Part) -> Vec<String> {
        self.0.iter().cloned().chain(["--shard".to_owned(), part.to_string()]).collect()
    }
}

/// Words as a POSIX shell reads them, each as itself.
///
/// # Errors
/// When one holds a NUL byte.
pub fn for_shell<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<String> {
    shlex::try_join(words).context("a word of the command holds a NUL byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_taken_out_with_its_value() {
        let words = ["--rounds", "2", "--out=a b", "--control"].map(str::to_owned).to_vec();
        let mut words = Words::new(words).unwrap();
        assert_eq!(words.take("--out").as_deref(), Some("a b"));
        assert_eq!(words.take("--rounds").as_deref(), Some("2"));
        assert_eq!(words.take("--seed"), None);
        assert_eq!(words.all(), ["--control"]);
        assert_eq!(words.of(Part { index: 1, of: 2 }), ["--control", "--shard", "1/2"]);
    }

    #[test]
    fn what_no_engine_can_be_told_is_refused() {
        assert!(Words::new(vec!["a\nb".into()]).is_err());
        assert!(Words::new(vec!["a b'c\"d$(e)`f`;é".into()]).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn a_shell_reads_every_word_as_itself() {
        let nasty = ["a b", "it's", "\"", "$HOME", "$(id)", "`id`", "\\", "*", "~", "", "-n", "é;|&<>", "!x", "#"];
        let line = format!("printf '%s\\n' {}", for_shell(nasty).unwrap());
        for shell in ["sh", "bash"] {
            let Ok(said) = std::process::Command::new(shell).args(["-c", &line]).output() else {
                skip::skip(&format!("quoting for {shell}"), "it is not installed");
                continue;
            };
            assert_eq!(String::from_utf8(said.stdout).unwrap().lines().collect::<Vec<_>>(), nasty, "{shell}: {line}");
        }
    }
}
