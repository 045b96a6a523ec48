//! Everything, workspace members and final binaries too.

use super::{Facts, KeyPolicy, Rule, UNKNOWN_MODE};
use crate::graph::{Graph, UnitIndex};

/// Every unit whose inputs can be checked.
#[derive(Debug)]
pub struct Aggressive;

static RULES: [Rule; 1] = [UNKNOWN_MODE];

impl KeyPolicy for Aggressive {
    fn name(&self) -> &'static str {
        "aggressive"
    }

    fn about(&self) -> &'static str {
        "Everything, workspace members and final binaries too, when every source file and \
         variable the unit was seen to read has the same content. What the best outside tools \
         do. On top of non-local it trusts dep-info to name every source file."
    }

    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn verdicts(&self, _: &Graph, _: UnitIndex, _: &Facts) -> Vec<bool> {
        Vec::new()
    }
}
