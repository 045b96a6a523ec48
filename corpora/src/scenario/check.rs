//! What makes no sense although it can be parsed.

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
    let mut trees = vec![MAIN.to_owned()];
    for (at, step) in scenario.steps.iter().enumerate() {
        if scenario.steps[..at].iter().any(|earlier| earlier.name == step.name) {
            return Err(format!("two steps are called {:?}", step.name));
        }
        check_step(scenario, step, &mut trees).map_err(|what| format!("step {:?}: {what}", step.name))?;
    }
    Ok(())
}

fn check_step(scenario: &Scenario, step: &Step, trees: &mut Vec<String>) -> Result<(), String> {
    let plain = |name: &str| pins::name(name).map(drop).map_err(|bad| bad.0);
    plain(&step.name)?;
    step.profile.as_deref().map_or(Ok(()), plain)?;
    if scenario.alone && !step.once.is_empty() {
        return Err("`once` has no meaning where each workspace is `alone`; use `each`".to_owned());
    }
    for action in step.once.iter().chain(&step.each) {
        if let Action::Copy(name) | Action::Worktree(name) = action {
            plain(name)?;
            if trees.contains(name) {
                return Err(format!("there is a working copy {name:?} already"));
            }
            trees.push(name.clone());
        }
    }
    if step.trees.is_empty() {
        return Err("`in` names no working copy".to_owned());
    }
    for (at, name) in step.trees.iter().enumerate() {
        if !trees.contains(name) {
            return Err(format!("no `copy` or `worktree` has made a working copy {name:?}"));
        }
        if step.trees[..at].contains(name) {
            return Err(format!("`in` names {name:?} twice"));
        }
    }
    if step.trees.len() > 1 && !step.run.builds() {
        return Err(format!("{} runs in one working copy", step.run));
    }
    if step.distinct && step.trees.len() == 1 {
        return Err("`distinct` tells several working copies apart; there is one".to_owned());
    }
    match step.run {
        Task::Collect { keep_percent } if keep_percent > 100 => Err("`keep-percent` goes from 0 to 100".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(head: &str, steps: &str) -> String {
        let text = format!("name = \"s\"\nabout = \"\"\n{head}\n{steps}");
        Scenario::parse(&text, "s.toml").unwrap_err().to_string()
    }

    fn step(rest: &str) -> String {
        format!("[[step]]\nname = \"a\"\nabout = \"\"\n{rest}\n")
    }

    #[test]
    fn every_mistake_is_told() {
        assert!(told("step = []", "").contains("no [[step]]"));
        assert!(told("", &(step("") + &step(""))).contains("two steps"));
        assert!(told("alone = true", &step("once = [\"wipe\"]")).contains("`once` has no meaning"));
        assert!(told("", &step("in = [\"second\"]")).contains("no `copy` or `worktree`"));
        assert!(told("", &step("in = []")).contains("no working copy"));
        assert!(told("", &step("in = [\"main\", \"main\"]")).contains("twice"));
        assert!(told("", &step("each = [{ copy = \"main\" }]")).contains("already"));
        assert!(told("", &step("each = [{ copy = \"../x\" }]")).contains("step \"a\""));
        assert!(told("", &step("profile = \"-x\"")).contains("step \"a\""));
        assert!(told("", &step("distinct = true")).contains("there is one"));
        assert!(told("", &step("run = { collect = { keep-percent = 101 } }")).contains("0 to 100"));
        let two = "each = [{ copy = \"b\" }]\nin = [\"main\", \"b\"]\nrun = \"clean\"";
        assert!(told("", &step(two)).contains("cargo clean runs in one"));
    }
}
