//! What Cargo would take for fresh though it was compiled against something else.
//!
//! Outputs of cached units have one old time, so to Cargo nothing that stands on them looks out
//! of date. That is right where a unit and everything below it come from the store, or from one
//! build. It is wrong where a library is restored into a build directory that holds a unit
//! compiled against another build of it: the store may have lost that unit's entry, the policy
//! may not admit it, or Cargo built it before there was a store. And it is wrong where a library
//! was built again by itself, got its old time when it was published, and what stands on it was
//! not built since. Such a unit would stay, and be linked with a library it does not fit.
//!
//! What Cargo's times no longer tell, the moments still do at which each unit was last built or
//! restored (`invoked.timestamp`, which is left alone). So a unit that is neither restored nor
//! known, and stands directly on one that is about to be restored or is newer than itself, loses
//! whatever the build directory may hold of it. What stands on it in turn is built after it,
//! which Cargo sees.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use super::plan::slot;
use super::tree::mark;
use super::{Plan, Session, Verdict};
use crate::files::{At, FileError};
use crate::graph::Unit;
use crate::graph::layout::{UnitPlace, base_dir};

/// Removes it.
///
/// # Errors
/// When a directory cannot be removed: it must not stay.
pub fn remove_outdated(session: &Session<'_>, plan: &mut Plan) -> Result<(), FileError> {
    let layout = &session.context.layout;
    let known: HashSet<UnitPlace> = plan
        .units
        .iter()
        .filter_map(|unit| match &unit.verdict {
            Verdict::Present { place, .. } => Some(place.clone()),
            Verdict::Hit(entry) => Some(entry.place.clone()),
            Verdict::Refused(_) | Verdict::Miss => None,
        })
        .collect();
    let mut outdated = Vec::new();
    for (unit, planned) in session.graph.units.iter().zip(&plan.units) {
        if !matches!(planned.verdict, Verdict::Refused(_) | Verdict::Miss) {
            continue;
        }
        let Some(since) = newest_below(session, plan, unit) else { continue };
        let candidates = candidates(session, plan, unit).into_iter().filter(|place| !known.contains(place));
        outdated.extend(candidates.filter(|place| since.is_after(mark(&layout.unit_dir(place)))));
    }
    for place in outdated {
        let dir = layout.unit_dir(&place);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).at("remove", &dir),
            _ => plan.tree.forget(&place),
        }
    }
    Ok(())
}

/// When the newest known artifact directly below a unit got into the build directory.
enum Since {
    /// It is about to.
    Now,
    /// At this moment.
    Moment(Duration),
}

impl Since {
    /// A directory without a moment holds nothing Cargo would take for fresh.
    fn is_after(&self, built: Option<Duration>) -> bool {
        match self {
            Since::Now => true,
            Since::Moment(moment) => built.is_some_and(|built| *moment > built),
        }
    }
}

fn newest_below(session: &Session<'_>, plan: &Plan, unit: &Unit) -> Option<Since> {
    let mut newest = None;
    for edge in &unit.dependencies {
        match &plan.units[edge.index].verdict {
            Verdict::Hit(_) => return Some(Since::Now),
            Verdict::Present { place, .. } => newest = newest.max(mark(&session.context.layout.unit_dir(place))),
            Verdict::Refused(_) | Verdict::Miss => {}
        }
    }
    newest.map(Since::Moment)
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
