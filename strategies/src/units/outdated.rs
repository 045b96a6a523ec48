//! What Cargo would take for fresh though it was compiled against something else.
//!
//! Outputs of cached units have one old time, so to Cargo none of their dependents looks out of date. That is right where a
//! unit and all its dependencies come from the store, or from one build. It is wrong for whatever else the build directory
//! has: a unit whose entry the store lost or whose policy does not admit it, a program or a test that this build does not
//! ask for and the next one does, be it plain Cargo's.
//!
//! So before a unit gets that time, each unit that was compiled against one with the same fingerprint, and is not known to
//! fit, loses its own: Cargo's notes have the fingerprints of direct dependencies. Cargo then builds it, and after it its
//! dependents. Against another fingerprint it is out of date to Cargo anyway.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Decision, RestorePlan, Session};
use crate::files::{At, FileError, since_epoch};
use crate::graph::layout::{Layout, UnitPlace, base_dir, fingerprint_name, invoked_at};
use crate::graph::{Unit, UnitIndex};
use crate::parallel;
use crate::store::Entry;

/// A unit's fingerprint, by which Cargo knows it in the notes of its dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UnitFingerprint(u64);

impl UnitFingerprint {
    /// Of what Cargo writes beside a unit: eight bytes, the lowest first, as hexadecimal digits.
    fn parse(text: &[u8]) -> Option<Self> {
        let digits = std::str::from_utf8(text).ok().filter(|text| text.len() == 16)?;
        u64::from_str_radix(digits, 16).ok().map(|number| Self(number.swap_bytes()))
    }

    fn path(unit: &Unit) -> String {
        format!("fingerprint/{}", fingerprint_name(&unit.target, &unit.mode))
    }

    /// That of a built unit.
    pub(super) fn built(session: &Session<'_>, index: UnitIndex, place: &UnitPlace) -> Option<Self> {
        let path = session.context.layout.unit_dir(place).join(Self::path(&session.graph.units[index]));
        Self::parse(&fs::read(path).ok()?)
    }

    /// That of a stored unit; one without is nothing that Cargo takes for fresh.
    fn stored(session: &Session<'_>, index: UnitIndex, entry: &Entry) -> Option<Self> {
        let path = Self::path(&session.graph.units[index]);
        let file = entry.files.iter().find(|file| file.path == path)?;
        Self::parse(&file.bytes.as_inline().or_else(|| fs::read(session.store.stored(entry, file)).ok())?)
    }
}

/// Before the hits of a plan are restored.
///
/// # Errors
/// When a fingerprint stays that has to go.
pub(super) fn outdate_before_restore(session: &Session<'_>, plan: &mut RestorePlan) -> Result<(), FileError> {
    let units = plan.units.iter().enumerate();
    let restored: HashSet<UnitFingerprint> =
        units.filter_map(|(index, unit)| UnitFingerprint::stored(session, index, unit.hit()?)).collect();
    let known = plan.units.iter().filter_map(|unit| match &unit.decision {
        Decision::Present { place, .. } => Some(place.clone()),
        Decision::Hit(entry) => Some(entry.place.clone()),
        Decision::Refused(_) | Decision::Miss => None,
    });
    let known = known.collect();
    outdate(session, plan, &restored, &known)
}

/// Takes the fingerprint of every unit that was compiled against one of these before this build; `known` are those that
/// fit.
///
/// # Errors
/// When a fingerprint stays that has to go.
pub(super) fn outdate(
    session: &Session<'_>,
    plan: &mut RestorePlan,
    changed: &HashSet<UnitFingerprint>,
    known: &HashSet<UnitPlace>,
) -> Result<(), FileError> {
    if changed.is_empty() || session.units.options.keep_outdated {
        return Ok(());
    }
    let layout = &session.context.layout;
    let started = since_epoch(plan.started);
    let is_earlier = |place: &UnitPlace| invoked_at(&layout.unit_dir(place)).is_none_or(|built| built <= started);
    let others: Vec<UnitPlace> =
        places(layout).into_iter().filter(|place| !known.contains(place) && is_earlier(place)).collect();
    let outdated = parallel::map(&others, |place| {
        let notes = files(&layout.unit_dir(place).join("fingerprint"));
        let notes = notes.into_iter().filter(|path| path.extension().is_some_and(|it| it == "json"));
        notes.filter(|path| is_built_on(path, changed)).collect::<Vec<PathBuf>>()
    });
    for (place, notes) in others.iter().zip(outdated).filter(|(_, notes)| !notes.is_empty()) {
        for path in notes {
            let fingerprint = path.with_extension("");
            match fs::remove_file(&fingerprint) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).at("remove", &fingerprint);
                }
                _ => {}
            }
        }
        plan.installed.forget(place);
    }
    Ok(())
}

/// The part of Cargo's notes on a unit that says what it was compiled against.
#[derive(Deserialize)]
struct CargoNotes {
    /// Package, name, whether it is public, fingerprint.
    deps: Vec<(u64, String, bool, u64)>,
}

fn is_built_on(notes: &Path, changed: &HashSet<UnitFingerprint>) -> bool {
    let notes = fs::read(notes).ok().and_then(|json| serde_json::from_slice::<CargoNotes>(&json).ok());
    // What cannot be read may be built on anything.
    notes
        .is_none_or(|notes| notes.deps.iter().any(|(.., fingerprint)| changed.contains(&UnitFingerprint(*fingerprint))))
}

/// Every unit directory, of every profile and platform.
fn places(layout: &Layout) -> Vec<UnitPlace> {
    let profiles = files(&layout.build_dir);
    let platforms: Vec<PathBuf> = profiles.iter().flat_map(|dir| files(dir)).collect();
    let builds = profiles.into_iter().chain(platforms).map(|dir| dir.join("build"));
    let units = builds.flat_map(|build| files(&build)).flat_map(|package| files(&package));
    let place = |dir: PathBuf| Some(UnitPlace(dir.strip_prefix(&layout.build_dir).ok()?.to_str()?.to_owned()));
    units.filter_map(place).filter(UnitPlace::is_sound).collect()
}

/// What is in a directory; nothing where there is none.
fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
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
