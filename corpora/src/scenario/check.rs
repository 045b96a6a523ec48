//! Scenarios that can be parsed but make no sense.

use super::{Action, MAIN, Scenario, Step, Task};
use crate::pins;

/// Checks names, and that every working copy is made before it is used.
///
/// # Errors
/// The first thing wrong, with the step it is in.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    if scenario.steps.is_empty() {
        return Err("it has no [[step]]".to_owned());
    }
    plain(&scenario.name)?;
    scenario.questions.iter().try_for_each(|question| plain(question))?;
    let mut trees = vec![(MAIN, true)];
    let first = scenario.actions().find(|action| matches!(action, Action::Upgrade | Action::Downgrade));
    if first == Some(&Action::Downgrade) {
        return Err("`downgrade` puts the first lockfile back: no `upgrade` comes before it".to_owned());
    }
    for (at, step) in scenario.steps.iter().enumerate() {
        if scenario.steps[..at].iter().any(|earlier| earlier.name == step.name) {
            return Err(format!("two steps are called {:?}", step.name));
        }
        check_step(scenario, step, &mut trees).map_err(|what| format!("step {:?}: {what}", step.name))?;
    }
    Ok(())
}

fn plain(name: &str) -> Result<(), String> {
    pins::name(name).map(drop).map_err(|bad| bad.0)
}

/// `trees` are the working copies so far, and whether each is a git repository.
fn check_step<'a>(scenario: &Scenario, step: &'a Step, trees: &mut Vec<(&'a str, bool)>) -> Result<(), String> {
    plain(&step.name)?;
    step.profile.as_deref().map_or(Ok(()), plain)?;
    if scenario.alone && !step.once.is_empty() {
        return Err("`once` has no meaning where each workspace is `alone`; use `each`".to_owned());
    }
    if step.trees.is_empty() {
        return Err("`in` names no working copy".to_owned());
    }
    for action in step.once.iter().chain(&step.each) {
        match action {
            Action::Copy(name) | Action::Worktree(name) => {
                plain(name)?;
                if trees.iter().any(|(tree, _)| tree == name) {
                    return Err(format!("there is a working copy {name:?} already"));
                }
                trees.push((name, matches!(action, Action::Worktree(_))));
            }
            Action::EmptyStore => {}
            _ => step.trees.iter().try_for_each(|name| match find(trees, name) {
                None => Err(missing(name, &format!(" before `{action}`"))),
                Some(false) if matches!(action, Action::Commit | Action::Switch) => {
                    Err(format!("{name:?} is a `copy`, which has no repository to `{action}` in; use `worktree`"))
                }
                Some(_) => Ok(()),
            })?,
        }
    }
    for (at, name) in step.trees.iter().enumerate() {
        if find(trees, name).is_none() {
            return Err(missing(name, ""));
        }
        if step.trees[..at].contains(name) {
            return Err(format!("`in` names {name:?} twice"));
        }
    }
    if step.trees.len() > 1 && !step.run.builds() {
        return Err(format!("{} runs in one working copy", step.run));
    }
    let makes = |action: &Action| matches!(action, Action::Copy(_) | Action::Worktree(_));
    if step.times != 1 && (step.times == 0 || !step.run.builds() || step.distinct || step.each.iter().any(makes)) {
        return Err("`times` repeats a build, at least once; what is repeated can make no working copy".to_owned());
    }
    if step.machine.is_some() && (!scenario.alone || step.trees.len() > 1 || !step.run.builds()) {
        return Err("a step on a `machine` is one build, where each workspace is `alone`".to_owned());
    }
    let is_known = |name: &str| name.starts_with("CARGO_PROFILE_") || name == "RUSTFLAGS";
    if let Some(name) = step.env.keys().find(|name| !is_known(name)) {
        return Err(format!("`env` is for CARGO_PROFILE_… and RUSTFLAGS; {name:?} is none of these"));
    }
    let chooses =
        |word: &str| matches!(word, "--all-features" | "--no-default-features") || word.starts_with("--features=");
    if let Some(word) = step.features.iter().find(|word| !chooses(word)) {
        return Err(format!(
            "`features` is for --all-features, --no-default-features and --features=LIST; {word:?} is none of these"
        ));
    }
    if !step.settings().is_empty() && !step.run.builds() {
        return Err(format!("{} is not built: it has no `env`, `features` or `second-toolchain`", step.run));
    }
    if step.distinct && step.env.contains_key("RUSTFLAGS") {
        return Err("`distinct` gives each working copy RUSTFLAGS of its own, and `env` has some".to_owned());
    }
    if step.distinct && step.trees.len() == 1 {
        return Err("`distinct` separates several working copies; there is one".to_owned());
    }
    match step.run {
        Task::Collect { keep_percent } if keep_percent > 100 => Err("`keep-percent` goes from 0 to 100".to_owned()),
        _ => Ok(()),
    }
}

/// Whether the working copy of this name is a git repository; `None` if nothing has made it.
fn find(trees: &[(&str, bool)], name: &str) -> Option<bool> {
    trees.iter().find(|(tree, _)| *tree == name).map(|(_, git)| *git)
}

fn missing(name: &str, when: &str) -> String {
    format!("no `copy` or `worktree` has made a working copy {name:?}{when}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(head: &str, steps: &str) -> String {
        let text = format!("name = \"s\"\nabout = \"\"\n{head}\n{steps}");
        Scenario::parse(&text, "s.toml").unwrap_err().to_string()
    }

    fn step(rest: &str) -> String {
        format!("[[step]]\nname = \"a\"\nabout = \"\"\n{rest}\n")
    }

    #[test]
    fn what_makes_sense_passes() {
        let made =
            "each = [{ worktree = \"b\" }, \"wipe\", \"commit\", \"upgrade\", \"downgrade\"]\nin = [\"b\", \"main\"]";
        let text = format!("name = \"s\"\nabout = \"\"\n{}", step(made));
        Scenario::parse(&text, "s.toml").unwrap();
        let name = text.replace("\"s\"", "\"a b\"");
        assert!(Scenario::parse(&name, "s.toml").unwrap_err().to_string().contains("a b"));
    }

    #[test]
    fn every_mistake_is_reported() {
        assert!(error("step = []", "").contains("no [[step]]"));
        assert!(error("", &(step("") + &step(""))).contains("two steps"));
        assert!(error("alone = true", &step("once = [\"wipe\"]")).contains("`once` has no meaning"));
        assert!(error("", &step("in = [\"second\"]")).contains("no `copy` or `worktree`"));
        assert!(error("", &step("in = []")).contains("no working copy"));
        assert!(error("", &step("in = [\"main\", \"main\"]")).contains("twice"));
        assert!(error("", &step("each = [{ copy = \"main\" }]")).contains("already"));
        assert!(error("", &step("each = [{ copy = \"../x\" }]")).contains("step \"a\""));
        assert!(error("", &step("profile = \"-x\"")).contains("step \"a\""));
        assert!(error("questions = [\"what?\"]", &step("")).contains("what?"));
        assert!(error("", &step("distinct = true")).contains("there is one"));
        assert!(error("", &step("env = { CARGO_HOME = \"/\" }")).contains("CARGO_HOME"));
        assert!(error("", &step("second-toolchain = true\nrun = \"clean\"")).contains("is not built"));
        assert!(error("", &step("features = [\"--release\"]")).contains("--release"));
        assert!(error("", &step("distinct = true\nenv = { RUSTFLAGS = \"\" }")).contains("and `env` has some"));
        for bad in ["times = 0", "times = 2\nrun = \"clean\"", "times = 2\neach = [{ copy = \"b\" }]"] {
            assert!(error("", &step(bad)).contains("`times`"), "{bad}");
        }
        assert!(error("", &step("machine = \"producer\"")).contains("one build"));
        assert!(error("alone = true", &step("machine = \"consumer\"\nrun = \"clean\"")).contains("one build"));
        assert!(error("", &step("run = { collect = { keep-percent = 101 } }")).contains("0 to 100"));
        let late = "each = [\"wipe\", { copy = \"b\" }]\nin = [\"b\"]";
        assert!(error("", &step(late)).contains("\"b\" before `wipe`"));
        let copy = "each = [{ copy = \"b\" }, \"commit\"]\nin = [\"b\"]";
        assert!(error("", &step(copy)).contains("no repository"));
        assert!(error("", &step("each = [\"downgrade\"]")).contains("no `upgrade`"));
        let two = "each = [{ copy = \"b\" }]\nin = [\"main\", \"b\"]\nrun = \"clean\"";
        assert!(error("", &step(two)).contains("cargo clean runs in one"));
    }
}
