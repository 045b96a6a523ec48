//! Keys of the nodes of a trace, as a key policy would make them, and as it would with other inputs.
//!
//! Nothing was built, so the content that a dependency exports is not known: its key stands for its content. The two
//! are equivalent as long as builds are deterministic and a store returns one artifact for one key. Whether that holds
//! is measured: `harness simulate --check RUN` compares simulated hits with recorded ones, unit by unit.

mod relaxation;
mod unit_hash;
mod view;

use std::fmt;

use strategies::key::KeyOptions;
use strategies::policy::{ALL, KeyPolicy};

pub use relaxation::{RELAXATIONS, Relaxation, Soundness};
pub use view::{KeyId, KeyView, views};

pub(crate) use relaxation::RelaxationEffect;
pub(crate) use unit_hash::unit_hashes;

/// A simulated key policy: `aggressive`, `aggressive:without-features+without-debug`, or with options of its keys as a
/// strategy has them: `aggressive~without-features`.
#[derive(Debug, Clone)]
pub struct KeyDesign {
    pub(crate) policy: &'static KeyPolicy,
    /// What is changed about it, each once, in the order of [`RELAXATIONS`].
    pub relaxations: Vec<&'static Relaxation>,
    /// Inputs that its keys lack.
    pub options: KeyOptions,
}

/// No such design.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no key policy {name:?}: {what}")]
pub struct UnknownDesign {
    name: String,
    what: String,
}

impl KeyDesign {
    pub(crate) fn plain(policy: &'static KeyPolicy) -> KeyDesign {
        KeyDesign { policy, relaxations: Vec::new(), options: KeyOptions::default() }
    }

    /// The same without some inputs.
    pub fn without(&self, options: KeyOptions) -> KeyDesign {
        KeyDesign { options, ..self.clone() }
    }

    /// Every policy as it is, the most careful first.
    pub fn policies() -> Vec<KeyDesign> {
        ALL.iter().map(|policy| KeyDesign::plain(policy)).collect()
    }

    /// The same with more relaxations.
    pub fn with(&self, more: impl IntoIterator<Item = &'static Relaxation>) -> KeyDesign {
        let names: Vec<&str> = self.relaxations.iter().copied().chain(more).map(|it| it.name).collect();
        KeyDesign {
            policy: self.policy,
            relaxations: RELAXATIONS.iter().filter(|it| names.contains(&it.name)).collect(),
            options: self.options,
        }
    }

    /// Reads `policy[:relaxation+relaxation][~without-INPUT…]`.
    ///
    /// # Errors
    /// When there is no such policy or relaxation; the message names those that are.
    pub fn parse(name: &str) -> Result<KeyDesign, UnknownDesign> {
        let unknown = |what: String| UnknownDesign { name: name.to_owned(), what };
        let (relaxed, options) = match name.split_once('~') {
            Some((relaxed, options)) => (relaxed, KeyOptions::parse(options)),
            None => (name, Ok(KeyOptions::default())),
        };
        let options =
            options.map_err(|word| unknown(format!("{word:?} is no option of keys, as ~without-INPUT is")))?;
        let (policy, relaxations) = match relaxed.split_once(':') {
            Some((policy, relaxations)) => (policy, relaxations.split('+').collect()),
            None => (relaxed, Vec::new()),
        };
        let names = |list: Vec<&str>| list.join(", ");
        let found = ALL.iter().find(|it| it.name == policy);
        let policy = found.ok_or_else(|| unknown(format!("it is one of {}", names(ALL.map(|it| it.name).into()))))?;
        let mut chosen = Vec::new();
        for relaxation in relaxations {
            let known = || names(RELAXATIONS.iter().map(|it| it.name).collect());
            let found = Relaxation::by_name(relaxation);
            chosen
                .push(found.ok_or_else(|| unknown(format!("{relaxation:?} is no relaxation; there are {}", known())))?);
        }
        Ok(KeyDesign::plain(policy).without(options).with(chosen))
    }

    /// The worst that follows from any of its relaxations; of a policy as it is, `None`.
    pub fn soundness(&self) -> Option<Soundness> {
        self.relaxations.iter().map(|it| it.soundness).max()
    }
}

impl fmt::Display for KeyDesign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.policy.name)?;
        for (at, relaxation) in self.relaxations.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { ':' } else { '+' }, relaxation.name)?;
        }
        write!(f, "{}", self.options)
    }
}

impl PartialEq for KeyDesign {
    fn eq(&self, other: &KeyDesign) -> bool {
        self.to_string() == other.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for name in ["aggressive", "conservative:without-features", "non-local:without-debug+early-cutoff~without-cpu"]
        {
            assert_eq!(KeyDesign::parse(name).unwrap().to_string(), name);
        }
        let turned = KeyDesign::parse("aggressive:early-cutoff+without-debug+early-cutoff").unwrap();
        assert_eq!(turned.to_string(), "aggressive:without-debug+early-cutoff");
    }

    #[test]
    fn unknown_names_are_answered_with_known_ones() {
        let error = KeyDesign::parse("bold").unwrap_err().to_string();
        assert!(error.contains("conservative, non-local, aggressive"), "{error}");
        let error = KeyDesign::parse("aggressive:x").unwrap_err().to_string();
        assert!(error.contains("\"x\" is no relaxation") && error.contains("without-features"), "{error}");
        assert!(KeyDesign::parse("aggressive:").is_err());
        assert!(
            KeyDesign::parse("aggressive~without-x").unwrap_err().to_string().contains("\"without-x\" is no option")
        );
    }

    #[test]
    fn the_worst_relaxation_marks_a_design() {
        let of = |name: &str| KeyDesign::parse(name).unwrap().soundness();
        assert_eq!(of("aggressive"), None);
        assert_eq!(of("aggressive:without-profile-name+without-debug"), Some(Soundness::Unsound));
    }
}
