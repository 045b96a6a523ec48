//! Validity gates: what makes a row invalid.
//!
//! A row that a gate rejects is kept, with the reason, and never enters a comparison.

/// The facts gates look at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The strategy restores nothing: `none` or `shared-target`.
    pub baseline: bool,
    /// Files or links placed in the build directory before Cargo ran.
    pub restored_files: u64,
    /// The workspace was built with this store before and its build directory was wiped.
    pub expects_hits: bool,
    /// Units the policy admitted.
    pub admitted: u64,
    /// Units hit.
    pub hits: u64,
    /// The mechanism the link mode asks for, and how often each happened:
    /// hardlinked, reflinked, copied, symlinked.
    pub mechanism: Option<(&'static str, [u64; 4])>,
    /// The compiler or Cargo is another file than at the start.
    pub toolchain_changed: bool,
    /// What is wrong with the store.
    pub damage: Vec<String>,
    /// Units an immediate no-op build ran.
    pub noop_compiled: u64,
    /// The program's output, and that of the first build of this workspace in this run.
    pub program: Option<(String, String)>,
    /// How the program failed to run.
    pub program_failed: Option<String>,
    /// Units with files that may be shared were hit, so the mechanism has to show.
    pub shares_files: bool,
    /// Units found fresh by a strategy without a cache in an empty build directory.
    pub fresh_from_nothing: u64,
    /// Units whose directory was not found: nothing can be said of them.
    pub unmatched: u64,
}

const MECHANISMS: [&str; 4] = ["hardlink", "reflink", "copy", "symlink"];

/// The first gate that fires, as a reason; `None` for a valid row.
pub fn invalid(facts: &Facts) -> Option<String> {
    let gates = [
        restored_by_baseline,
        not_cold,
        unseen,
        hit_nothing,
        other_mechanism,
        toolchain,
        damaged,
        rebuilt,
        program_failed,
        other_program,
    ];
    gates.iter().find_map(|gate| gate(facts))
}

fn restored_by_baseline(facts: &Facts) -> Option<String> {
    (facts.baseline && facts.restored_files > 0).then(|| format!("a baseline restored {} files", facts.restored_files))
}

fn hit_nothing(facts: &Facts) -> Option<String> {
    (facts.expects_hits && facts.admitted > 0 && facts.hits == 0)
        .then(|| format!("{} units were admitted and none was hit", facts.admitted))
}

fn other_mechanism(facts: &Facts) -> Option<String> {
    let (asked, counts) = facts.mechanism.as_ref()?;
    // A directory linked in place is a symbolic link.
    let wanted = if *asked == "in-place" { "symlink" } else { asked };
    if let Some(other) = MECHANISMS.iter().zip(counts).find(|(name, count)| **name != wanted && **count > 0) {
        return Some(format!("{asked} was asked for, {} files came by {}", other.1, other.0));
    }
    (facts.shares_files && counts.iter().all(|count| *count == 0))
        .then(|| format!("{asked} was asked for, and nothing was shared"))
}

fn not_cold(facts: &Facts) -> Option<String> {
    (facts.fresh_from_nothing > 0)
        .then(|| format!("{} units were fresh in an empty build directory without a cache", facts.fresh_from_nothing))
}

fn unseen(facts: &Facts) -> Option<String> {
    (facts.unmatched > 0).then(|| format!("{} units could not be followed into the build directory", facts.unmatched))
}

fn program_failed(facts: &Facts) -> Option<String> {
    facts.program_failed.as_ref().map(|why| format!("the built program does not run: {why}"))
}

fn toolchain(facts: &Facts) -> Option<String> {
    facts.toolchain_changed.then(|| "the toolchain changed during the run".to_owned())
}

fn damaged(facts: &Facts) -> Option<String> {
    let first = facts.damage.first()?;
    Some(format!("the store is damaged in {} places, first {first}", facts.damage.len()))
}

fn rebuilt(facts: &Facts) -> Option<String> {
    (facts.noop_compiled > 0).then(|| format!("a no-op build after it ran {} units", facts.noop_compiled))
}

fn other_program(facts: &Facts) -> Option<String> {
    let (now, first) = facts.program.as_ref()?;
    (now != first).then(|| format!("the program printed {now:?}, the first build in this run {first:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(change: impl FnOnce(&mut Facts)) -> String {
        let mut facts = Facts::default();
        assert_eq!(invalid(&facts), None);
        change(&mut facts);
        invalid(&facts).unwrap()
    }

    #[test]
    fn every_gate_fires() {
        assert!(reason(|f| (f.baseline, f.restored_files) = (true, 3)).contains("baseline restored 3"));
        assert!(reason(|f| (f.expects_hits, f.admitted) = (true, 5)).contains("5 units were admitted"));
        assert!(reason(|f| f.mechanism = Some(("hardlink", [9, 0, 1, 0]))).contains("1 files came by copy"));
        assert!(reason(|f| f.toolchain_changed = true).contains("toolchain changed"));
        assert!(reason(|f| f.damage = vec!["x: missing".into()]).contains("damaged in 1 places, first x: missing"));
        assert!(reason(|f| f.noop_compiled = 2).contains("ran 2 units"));
        assert!(reason(|f| f.fresh_from_nothing = 4).contains("4 units were fresh in an empty"));
        assert!(reason(|f| f.unmatched = 1).contains("could not be followed"));
        assert!(reason(|f| f.program_failed = Some("exit code 1".into())).contains("does not run: exit code 1"));
        assert!(
            reason(|f| (f.mechanism, f.shares_files) = (Some(("hardlink", [0; 4])), true))
                .contains("nothing was shared")
        );
        assert!(reason(|f| f.program = Some(("b".into(), "a".into()))).contains("\"b\""));
    }

    #[test]
    fn what_is_asked_for_is_valid() {
        let facts = Facts {
            expects_hits: true,
            admitted: 5,
            hits: 5,
            mechanism: Some(("in-place", [0, 0, 0, 4])),
            ..Facts::default()
        };
        assert_eq!(invalid(&facts), None);
        let facts =
            Facts { mechanism: Some(("reflink", [0, 7, 0, 0])), program: Some(("a".into(), "a".into())), ..facts };
        assert_eq!(invalid(&facts), None);
    }
}
