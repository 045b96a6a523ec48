//! What names on the command line mean.

use anyhow::{Result, bail};
use simulation::keys::{Design, RELAXATIONS, Relaxation};
use simulation::retention::{self, Retention};
use strategies::name::glob;

/// Simulated key policies: names, `policy:relaxation+relaxation`, globs over plain policies.
///
/// # Errors
/// When nothing is called so.
pub fn designs(list: &str) -> Result<Vec<Design>> {
    let mut designs: Vec<Design> = Vec::new();
    for name in items(list) {
        let matching: Vec<Design> = match name.contains('*') {
            true => Design::policies().into_iter().filter(|it| glob(name, &it.to_string())).collect(),
            false => vec![Design::parse(name)?],
        };
        if matching.is_empty() {
            bail!(
                "no key policy matches {name:?}; there are {}",
                joined(Design::policies().iter().map(ToString::to_string))
            );
        }
        for design in matching {
            if !designs.contains(&design) {
                designs.push(design);
            }
        }
    }
    match designs.is_empty() {
        true => {
            bail!("--policies names none; there are {}", joined(Design::policies().iter().map(ToString::to_string)))
        }
        false => Ok(designs),
    }
}

/// Relaxations by name and glob; `none` for none.
///
/// # Errors
/// When nothing is called so.
pub fn relaxations(list: &str) -> Result<Vec<&'static Relaxation>> {
    let mut asked: Vec<&'static str> = Vec::new();
    for name in items(list).filter(|name| *name != "none") {
        let found: Vec<&'static str> = RELAXATIONS.iter().map(|it| it.name).filter(|it| glob(name, it)).collect();
        if found.is_empty() {
            bail!("no relaxation matches {name:?}; there are {}", joined(RELAXATIONS.iter().map(|it| it.name)));
        }
        asked.extend(found);
    }
    Ok(RELAXATIONS.iter().filter(|it| asked.contains(&it.name)).collect())
}

/// Retention policies by name and glob; `none` for none.
///
/// # Errors
/// When nothing is called so.
pub fn retention(list: &str) -> Result<Vec<&'static Retention>> {
    let mut asked: Vec<&'static str> = Vec::new();
    for name in items(list).filter(|name| *name != "none") {
        let found: Vec<&'static str> = retention::ALL.iter().map(|it| it.name).filter(|it| glob(name, it)).collect();
        if found.is_empty() {
            bail!(
                "no retention policy matches {name:?}; there are {}",
                joined(retention::ALL.iter().map(|it| it.name))
            );
        }
        asked.extend(found);
    }
    Ok(retention::ALL.iter().filter(|it| asked.contains(&it.name)).collect())
}

/// The commands of a trace that are meant.
///
/// # Errors
/// When the trace has no such command.
pub fn commands(list: Option<&str>, there: &[String]) -> Result<Vec<String>> {
    let Some(list) = list else { return Ok(there.iter().take(1).cloned().collect()) };
    let mut asked = Vec::new();
    for name in items(list) {
        let found: Vec<&String> = there.iter().filter(|it| glob(name, it)).collect();
        if found.is_empty() {
            bail!("the trace has no command {name:?}; it has {}", joined(there));
        }
        asked.extend(found);
    }
    match asked.is_empty() {
        true => bail!("--commands names none; the trace has {}", joined(there)),
        false => Ok(there.iter().filter(|it| asked.contains(it)).cloned().collect()),
    }
}

/// The parts of a list that is separated by commas.
pub fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// Names for a message.
pub fn joined(names: impl IntoIterator<Item = impl ToString>) -> String {
    names.into_iter().map(|it| it.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_take_globs_and_keep_an_order() {
        let names = |list: &str| designs(list).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            names("aggressive,*,aggressive:early-cutoff"),
            ["aggressive", "conservative", "non-local", "aggressive:early-cutoff"]
        );
        assert!(designs("bold*").unwrap_err().to_string().contains("conservative, non-local, aggressive"));
        assert!(designs(",").is_err());
        let found = relaxations("with-*,early-cutoff").unwrap();
        assert_eq!(found.iter().map(|it| it.name).collect::<Vec<_>>(), ["early-cutoff", "with-workspace-path"]);
        assert!(relaxations("none").unwrap().is_empty());
        assert!(relaxations("x").unwrap_err().to_string().contains("without-features"));
        let there = ["dev build".to_owned(), "dev test".to_owned()];
        assert_eq!(commands(None, &there).unwrap(), there[..1]);
        assert_eq!(commands(Some("dev *"), &there).unwrap(), there);
        assert!(commands(Some("x"), &there).unwrap_err().to_string().contains("dev build, dev test"));
    }
}
