//! Probes by name, family and glob.

use anyhow::{Result, bail};

use super::{FAMILIES, Family, Probe, all};

/// The probes a comma-separated list of names, families and globs (`*`, `?`) asks for, in the
/// order of the families, each once.
///
/// # Errors
/// When a word names nothing.
pub fn select(list: &str) -> Result<Vec<(&'static Family, &'static Probe)>> {
    let words: Vec<&str> = list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        bail!("no probes given; name families ({}), probes or globs", families());
    }
    for word in &words {
        if !all().any(|(family, probe)| is_meant(word, family, probe)) {
            let mut near: Vec<(usize, &str)> =
                all().map(|(_, probe)| (strategies::name::distance(word, probe.name), probe.name)).collect();
            near.sort();
            let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
            bail!(
                "no probe or family is called '{word}'; nearest: {}; families: {}; `harness probe --list` shows all",
                near.join(", "),
                families()
            );
        }
    }
    Ok(all().filter(|(family, probe)| words.iter().any(|word| is_meant(word, family, probe))).collect())
}

fn is_meant(word: &str, family: &Family, probe: &Probe) -> bool {
    word == family.name || strategies::name::glob(word, probe.name)
}

fn families() -> String {
    FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_families_and_globs() {
        assert_eq!(select("*").unwrap().len(), all().count());
        let stale = select("stale").unwrap();
        assert!(stale.iter().all(|(family, _)| family.name == "stale") && !stale.is_empty());
        let first = all().next().unwrap().1.name;
        assert_eq!(select(&format!("{first},{first}")).unwrap().len(), 1);
        assert!(select("nothing-like-this").unwrap_err().to_string().contains("families: stale"));
        assert!(select(" , ").is_err());
    }
}
