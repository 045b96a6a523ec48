//! What is looked at after a measured build, outside the measured time.

use std::time::Duration;

use corpora::scenario::Task;
use strategies::store::{self, Store};

use super::build::{Build, noop};
use super::build_env::BuildEnv;
use super::deadline::BuildError;
use super::invocation::{BuildOptions, Site};
use exec::process::{self, CommandSpec};

#[derive(Debug, Clone, Default)]
pub struct CheckResult {
    pub noop_compiled: u64,
    pub(crate) noop: Duration,
    /// What is wrong with the store; empty when it is intact. `None` without a store.
    pub damage: Option<Vec<String>>,
    /// Bytes of incremental sessions in the store, where it keeps any.
    pub(crate) session_bytes: Option<u64>,
    /// What the built program printed, where the corpus names one, or how it failed.
    pub program: Option<Result<String, String>>,
}

/// Looks at everything but the disk. Fails when the no-op build fails or is interrupted.
pub fn check(
    env: &BuildEnv,
    site: &Site,
    options: &BuildOptions,
    build: &Build,
    store: Option<&dyn Store>,
) -> Result<CheckResult, BuildError> {
    let (noop_compiled, noop) = noop(env, site, options, &build.graph)?;
    let damage = store.map(|store| damage(build, store));
    let session_bytes = store.map(store::session_bytes).filter(|bytes| *bytes > 0);
    let program = program(env, site, options)?;
    Ok(CheckResult { noop_compiled, noop, damage, session_bytes, program })
}

/// Every entry's files by size and time; those that were just restored, byte by byte.
fn damage(build: &Build, store: &dyn Store) -> Vec<String> {
    use rayon::prelude::*;
    let restored: Vec<_> =
        build.cached.iter().flat_map(|cached| &cached.plan.units).filter_map(|unit| unit.hit()).collect();
    let deep = restored.par_iter().flat_map_iter(|entry| store::check(store, entry, true));
    let deep: Vec<String> = deep.map(|damage| format!("{}: {}", damage.path.display(), damage.what)).collect();
    [deep, shallow_damage(store)].concat()
}

pub(crate) fn shallow_damage(store: &dyn Store) -> Vec<String> {
    use rayon::prelude::*;
    let entries = store.entries();
    let found = entries.par_iter().flat_map_iter(|entry| store::check(store, entry, false));
    found.map(|damage| format!("{}: {}", damage.path.display(), damage.what)).collect()
}

fn program(env: &BuildEnv, site: &Site, options: &BuildOptions) -> Result<Option<Result<String, String>>, BuildError> {
    let (Some(run), Task::Build) = (&site.run, options.task) else { return Ok(None) };
    let program = site.program(&run.bin, &options.profile);
    let spec = CommandSpec::new(&program, &site.dir)
        .args(&run.args)
        .envs(site.env(env, options))
        .timeout(Duration::from_secs(20));
    let shown = match env.run_captured(&spec) {
        Ok((finished, stdout)) if finished.status.success() => Ok(stdout.join("\n")),
        Ok((finished, _)) => Err(format!("exit code {}: {}", finished.code(), finished.stderr_text())),
        Err(error @ process::ProcessError::Interrupted(_)) => return Err(error.into()),
        Err(error) => Err(error.to_string()),
    };
    Ok(Some(shown))
}
