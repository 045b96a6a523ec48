//! What Cargo would take for fresh though it was compiled against something else.
//!
//! Outputs of restored units have one old time, so to Cargo nothing that stands on them looks
//! out of date. That is right where a unit and everything below it come from the store, or from
//! one build. It is wrong where a library is restored into a build directory that holds a unit
//! compiled against another build of it: the store may have lost that unit's entry, the policy
//! may not admit it, or Cargo built it before there was a store. It would stay, and be linked
//! with a library it does not fit.
//!
//! So a unit that is neither restored nor known, and stands directly on one that is about to be
//! restored, loses whatever the build directory may hold of it. What stands on it in turn is
//! built after it, which Cargo sees.

use std::collections::HashSet;
use std::fs;

use super::plan::slot;
use super::{Plan, Session, Verdict};
use crate::files::{At, FileError};
use crate::graph::Unit;
use crate::graph::layout::{UnitPlace, base_dir};

/// Removes it.
///
/// # Errors
/// When a directory cannot be removed: it must not stay.
pub fn remove_outdated(session: &Session<'_>, plan: &mut Plan) -> Result<(), FileError> {
    let graph = session.graph;
    let known: HashSet<UnitPlace> = plan
        .units
        .iter()
        .filter_map(|unit| match &unit.verdict {
            Verdict::Present { place, .. } => Some(place.clone()),
            Verdict::Hit(entry) => Some(entry.place.clone()),
            Verdict::Refused(_) | Verdict::Miss => None,
        })
        .collect();
    let is_unknown = |unit: &Unit, verdict: &Verdict| {
        let stands_on_restored = || unit.dependencies.iter().any(|edge| plan.units[edge.index].hit().is_some());
        matches!(verdict, Verdict::Refused(_) | Verdict::Miss) && stands_on_restored()
    };
    let outdated: Vec<UnitPlace> = graph
        .units
        .iter()
        .zip(&plan.units)
        .filter(|(unit, planned)| is_unknown(unit, &planned.verdict))
        .flat_map(|(unit, _)| candidates(session, plan, unit))
        .filter(|place| !known.contains(place))
        .collect();
    for place in outdated {
        let dir = session.context.layout.unit_dir(&place);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).at("remove", &dir),
            _ => plan.tree.forget(&place),
        }
    }
    Ok(())
}

/// Where a unit may have been built: in which directory of its package is Cargo's secret. What
/// is recorded as another kind of unit is not it.
fn candidates(session: &Session<'_>, plan: &Plan, unit: &Unit) -> Vec<UnitPlace> {
    let package = format!("{}/build/{}", base_dir(session.graph, unit), unit.package.name);
    let own = slot(unit);
    let entries = fs::read_dir(session.context.layout.build_dir.join(&package)).into_iter().flatten().flatten();
    let places = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let places = places.map(|hash| UnitPlace(format!("{package}/{hash}")));
    places.filter(|place| plan.tree.slot_of(place).is_none_or(|slot| slot == own)).collect()
}
