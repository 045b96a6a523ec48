//! What Cargo would take for fresh though it was compiled against something else.
//!
//! Outputs of cached units have one old time, so to Cargo none of their dependents looks out of date. That is right where a
//! unit and all its dependencies come from the store, or from one build. It is wrong where a library is restored into a
//! build directory with a unit compiled against another build of it: the store may have lost that unit's entry, the policy
//! may not admit it, or Cargo built it before there was a store. And it is wrong where a library was built again by itself,
//! got its old time when it was published, and its dependents were not built since. Such a unit would stay, and be linked
//! with a library it does not fit.
//!
//! What Cargo's times no longer say, `invoked.timestamp`, which is left alone, still does: when each unit was last built or
//! restored. So a unit that is neither restored nor known, and depends directly on one that is about to be restored or is
//! newer than itself, loses whatever the build directory may have of it. Its dependents are built after it, which Cargo
//! sees.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use super::{Decision, RestorePlan, Session};
use crate::files::{At, FileError};
use crate::graph::Unit;
use crate::graph::layout::{UnitPlace, base_dir, invoked_at};

/// Removes it. A directory that cannot be removed is an error: it must not stay.
pub(crate) fn remove_outdated(session: &Session<'_>, plan: &mut RestorePlan) -> Result<(), FileError> {
    let layout = &session.context.layout;
    let known: HashSet<UnitPlace> = plan
        .units
        .iter()
        .filter_map(|unit| match &unit.decision {
            Decision::Present { place, .. } => Some(place.clone()),
            Decision::Hit(entry) => Some(entry.place.clone()),
            Decision::Refused(_) | Decision::Miss => None,
        })
        .collect();
    let mut outdated = Vec::new();
    for (unit, planned) in session.graph.units.iter().zip(&plan.units) {
        if !matches!(planned.decision, Decision::Refused(_) | Decision::Miss) {
            continue;
        }
        let Some(since) = newest_dependency(session, plan, unit) else { continue };
        let candidates = candidates(session, plan, unit).into_iter().filter(|place| !known.contains(place));
        outdated.extend(candidates.filter(|place| since.is_after(invoked_at(&layout.unit_dir(place)))));
    }
    for place in outdated {
        let dir = layout.unit_dir(&place);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).at("remove", &dir),
            _ => plan.installed.forget(&place),
        }
    }
    Ok(())
}

/// When the newest known dependency of a unit got into the build directory.
enum Since {
    /// It is about to.
    Now,
    /// At this time.
    Past(Duration),
}

impl Since {
    /// A directory without a time has nothing Cargo would take for fresh.
    fn is_after(&self, built: Option<Duration>) -> bool {
        match self {
            Since::Now => true,
            Since::Past(time) => built.is_some_and(|built| *time > built),
        }
    }
}

fn newest_dependency(session: &Session<'_>, plan: &RestorePlan, unit: &Unit) -> Option<Since> {
    let mut newest = None;
    for edge in &unit.dependencies {
        match &plan.units[edge.index].decision {
            Decision::Hit(_) => return Some(Since::Now),
            Decision::Present { place, .. } => newest = newest.max(invoked_at(&session.context.layout.unit_dir(place))),
            Decision::Refused(_) | Decision::Miss => {}
        }
    }
    newest.map(Since::Past)
}

/// Where a unit may have been built: in which directory of its package is Cargo's secret. What
/// is recorded as another kind of unit is not it.
pub(super) fn candidates(session: &Session<'_>, plan: &RestorePlan, unit: &Unit) -> Vec<UnitPlace> {
    let package = format!("{}/build/{}", base_dir(session.graph, unit), unit.package.name);
    let own = unit.slot();
    let entries = fs::read_dir(session.context.layout.build_dir.join(&package)).into_iter().flatten().flatten();
    let places = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let places = places.map(|hash| UnitPlace(format!("{package}/{hash}")));
    places.filter(|place| plan.installed.slot_of(place).is_none_or(|slot| slot == own)).collect()
}
