//! The facts of a finished build that validity gates look at.

use strategies::Strategy;
use strategies::external::Caches;
use strategies::graph::layout::FileSharing;

use super::arm::Memory;
use super::gates::Facts;
use super::lab::Lab;
use super::trial::{Job, Trial};

/// Collects them. `expects_hits` says that this store has seen this very build before and
/// its build directory was empty.
pub(super) fn facts(
    lab: &Lab,
    strategy: &Strategy,
    job: &Job,
    trial: &Trial,
    expects_hits: bool,
    memory: &mut Memory,
) -> Facts {
    let Trial { build, checked, counts, .. } = trial;
    let restored = build.cached.as_ref().map(|cached| &cached.restored);
    let mechanism = match (strategy, restored) {
        (Strategy::Units(units), Some(restored)) => {
            Some((units.link.name(), restored.files.into_array()))
        }
        _ => None,
    };
    let (program, program_failed) = match &checked.program {
        Some(Ok(now)) => {
            // What a program prints may depend on profile, sources and lockfile: like with like.
            let built = (job.site.workspace.clone(), job.step.clone(), job.copy.clone());
            let first = memory.programs.entry(built).or_insert_with(|| now.clone());
            (Some((now.clone(), first.clone())), None)
        }
        Some(Err(why)) => (None, Some(why.clone())),
        None => (None, None),
    };
    let hits = build.cached.iter().flat_map(|cached| &cached.plan.units).filter_map(|unit| unit.hit());
    let shares_files = hits.flat_map(|entry| &entry.files).any(|file| file.share == FileSharing::Shared);
    let cacheless = matches!(strategy, Strategy::None);
    let claims_to_cache = match strategy {
        Strategy::External(external) => external.description.caches == Caches::Units,
        _ => restored.is_some(),
    };
    Facts {
        baseline: matches!(strategy, Strategy::None | Strategy::SharedTarget),
        restored_files: restored
            .map_or(0, |restored| restored.files.values().sum()),
        expects_hits: expects_hits && claims_to_cache,
        admitted: counts.hits + counts.missed + counts.stale,
        hits: counts.hits,
        mechanism,
        toolchain_changed: lab.toolchain_changed(),
        damage: checked.damage.clone().unwrap_or_default(),
        noop_compiled: checked.noop_compiled,
        program,
        program_failed,
        shares_files,
        fresh_from_nothing: if cacheless && job.cold { build.built.fresh.len() as u64 } else { 0 },
        unmatched: build.built.matched.unmatched.len() as u64,
    }
}
