//! What names on the command line select.

use anyhow::{Result, bail};
use itertools::Itertools as _;
use simulation::keys::{KeyDesign, RELAXATIONS, Relaxation};
use simulation::retention::{self, RetentionPolicy};
use strategies::name::glob;

/// Simulated key policies: names, `policy:relaxation+relaxation`, globs over plain policies.
pub fn designs(list: &str) -> Result<Vec<KeyDesign>> {
    let plain = KeyDesign::policies();
    let mut designs: Vec<KeyDesign> = Vec::new();
    for name in items(list) {
        let matching: Vec<KeyDesign> = match name.contains('*') {
            true => matching("key policy", name, &plain, ToString::to_string)?,
            false => vec![KeyDesign::parse(name)?],
        };
        let new: Vec<KeyDesign> = matching.into_iter().filter(|design| !designs.contains(design)).collect();
        designs.extend(new);
    }
    if designs.is_empty() {
        bail!("--policies names none; there are {}", joined(plain));
    }
    Ok(designs)
}

/// Relaxations by name and glob; `none` for none.
pub fn relaxations(list: &str) -> Result<Vec<&'static Relaxation>> {
    select("relaxation", list, &RELAXATIONS.iter().collect::<Vec<_>>(), |it| it.name.to_owned())
}

/// Retention policies by name and glob; `none` for none.
pub fn retention(list: &str) -> Result<Vec<&'static RetentionPolicy>> {
    select("retention policy", list, &retention::ALL.iter().collect::<Vec<_>>(), |it| it.name.to_owned())
}

/// Commands of a trace by name and glob; the first without a list.
pub fn commands(list: Option<&str>, of_trace: &[String]) -> Result<Vec<String>> {
    let Some(list) = list else { return Ok(of_trace.iter().take(1).cloned().collect()) };
    let selected = select("command of the trace", list, of_trace, Clone::clone)?;
    match selected.is_empty() {
        true => bail!("--commands names none; the trace has {}", joined(of_trace)),
        false => Ok(selected),
    }
}

/// The things whose names a list selects, in their own order.
fn select<T: Clone>(what: &str, list: &str, all: &[T], name: impl Fn(&T) -> String) -> Result<Vec<T>> {
    let mut selected: Vec<String> = Vec::new();
    for item in items(list).filter(|item| *item != "none") {
        selected.extend(matching(what, item, all, &name)?.iter().map(&name));
    }
    Ok(all.iter().filter(|it| selected.contains(&name(it))).cloned().collect())
}

fn matching<T: Clone>(what: &str, item: &str, all: &[T], name: impl Fn(&T) -> String) -> Result<Vec<T>> {
    let found: Vec<T> = all.iter().filter(|it| glob(item, &name(it))).cloned().collect();
    if found.is_empty() {
        bail!("no {what} matches {item:?}; there are {}", joined(all.iter().map(name)));
    }
    Ok(found)
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

pub fn joined(names: impl IntoIterator<Item = impl ToString>) -> String {
    names.into_iter().map(|name| name.to_string()).join(", ")
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
