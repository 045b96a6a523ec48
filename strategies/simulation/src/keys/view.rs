//! A trace under one design.

use std::sync::Arc;

use rayon::prelude::*;

use super::admission::{Admission, Class, admissions};
use super::table::Recasting;
use super::{Design, KeyId, Keys};
use crate::trace::{NodeId, Trace};

/// What a design admits of a trace, and under which keys.
#[derive(Debug, Clone)]
pub struct View {
    /// The design.
    pub design: Design,
    /// Keys, shared with designs that differ only in what they admit.
    pub keys: Arc<Keys>,
    admission: Arc<Admission>,
}

impl View {
    /// The key of a node; `None` where the node is refused.
    pub fn key(&self, node: NodeId) -> Option<KeyId> {
        match self.admission.refused[node.at()] {
            0 => self.keys.of(node),
            _ => None,
        }
    }

    /// The name of the rule that refuses a node.
    pub fn refused_by(&self, node: NodeId) -> Option<&'static str> {
        let number = self.admission.refused[node.at()];
        let rule = usize::from(number).checked_sub(1).and_then(|at| self.admission.rules.get(at));
        rule.map(|rule| rule.name)
    }
}

/// A trace under each of some designs. What two designs have in common is made once.
pub fn views(trace: &Trace, designs: &[Design]) -> Vec<View> {
    let mut classes: Vec<Class> = Vec::new();
    let mut recastings: Vec<Recasting> = Vec::new();
    let mut of_design = Vec::new();
    for design in designs {
        let (class, recasting) = (Class::of(design), Recasting::of(design));
        let class_at = classes.iter().position(|it| it.is_like(&class)).unwrap_or_else(|| {
            classes.push(class);
            classes.len() - 1
        });
        let recasting_at = recastings.iter().position(|it| it.is_like(&recasting)).unwrap_or_else(|| {
            recastings.push(recasting);
            recastings.len() - 1
        });
        of_design.push((class_at, recasting_at));
    }
    let admissions: Vec<Arc<Admission>> = admissions(trace, &classes).into_iter().map(Arc::new).collect();
    let keys: Vec<Arc<Keys>> = recastings
        .par_iter()
        .enumerate()
        .map(|(at, recasting)| {
            let mut wanted = vec![false; trace.nodes.len()];
            for (class, _) in of_design.iter().filter(|(_, recasting)| *recasting == at) {
                wanted.iter_mut().zip(&admissions[*class].refused).for_each(|(wanted, rule)| *wanted |= *rule == 0);
            }
            Arc::new(Keys::make(trace, recasting, &wanted))
        })
        .collect();
    let both = designs.iter().zip(of_design);
    both.map(|(design, (class, recasting))| View {
        design: design.clone(),
        keys: keys[recasting].clone(),
        admission: admissions[class].clone(),
    })
    .collect()
}
