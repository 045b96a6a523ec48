//! Strangers' code in the sandbox: what of this run it needs, and what is told of it.
//!
//! Inside runs everything in which code of a corpus may run or be read as configuration: Cargo's
//! builds, its unit graphs, no-op and shadow builds, `cargo clean`, the built programs, and the
//! commands of other people's caches. Fetching stays outside, since it needs the network; it
//! runs no build script.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use records::{EnforcedLimit, SandboxInfo};
use strategies::Strategy;

use super::asked::Asked;
use super::build::BuildError;
use super::lab::Lab;
use exec::command::CommandSpec;
use exec::sandbox::overhead::{self, STARTS};
use exec::sandbox::view::{Needs, split};
use exec::sandbox::{Sandbox, SandboxSpec, escape};

/// How many files a note names.
const NAMED: usize = 3;

/// Refuses what cannot be shut in.
///
/// # Errors
/// When a strategy builds in a daemon: it would have to be on both sides of the wall.
pub fn refuse_daemons(asked: &Asked) -> Result<()> {
    let serves = |strategy: &Strategy| match strategy {
        Strategy::External(external) => external.description.daemon.is_some(),
        _ => false,
    };
    let daemons: Vec<&str> =
        asked.arms.iter().filter(|arm| serves(&arm.strategy)).map(|arm| arm.name.as_str()).collect();
    if !daemons.is_empty() {
        bail!(
            "--sandbox gives every build a network of its own, in which the daemon of {} cannot be reached; leave {} \
             out of --strategies, or leave out --sandbox",
            daemons.join(", "),
            if daemons.len() == 1 { "it" } else { "them" }
        );
    }
    Ok(())
}

/// The sandbox of a run, when everything is fetched.
///
/// # Errors
/// When it does not work here.
pub fn open(spec: &SandboxSpec, asked: &Asked, lab: &Lab) -> Result<Sandbox> {
    lab.clear_arm()?;
    let needs = needs(asked, lab)?;
    Ok(Sandbox::open(spec.clone(), needs, &lab.supervisor)?)
}

/// What the builds of this run read and write.
fn needs(asked: &Asked, lab: &Lab) -> Result<Needs> {
    let mut read = vec![lab.toolchain.sysroot.clone(), lab.toolchain.cargo.clone(), lab.toolchain.rustc.clone()];
    read.extend(["bin", "tools"].map(|dir| lab.work.join(dir)));
    let rustup = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    read.extend(rustup.or_else(|| Some(std::env::home_dir()?.join(".rustup"))));
    for arm in &asked.arms {
        if let Strategy::External(external) = &arm.strategy {
            read.extend([&external.tool, &external.cargo].into_iter().flatten().map(PathBuf::from));
        }
    }
    let mut write = vec![lab.arm_dir()];
    for home in [&lab.cargo_home, &lab.second_home].into_iter().filter(|home| home.is_dir()) {
        read.push(home.clone());
        read.extend(replaced_sources(&home.join("config.toml")));
        // Cargo takes turns at its package cache by a lock on this file; nothing else of its
        // home is written by a build without a network.
        let lock = home.join(".package-cache");
        File::options()
            .create(true)
            .append(true)
            .open(&lock)
            .with_context(|| format!("cannot make {}", lock.display()))?;
        write.push(lock);
    }
    Ok(Needs {
        read,
        write,
        sealed: vec![lab.work.clone()],
        home: std::env::home_dir(),
        path: split(&lab.path()),
        tmp: std::env::var_os("TMPDIR").map(PathBuf::from),
    })
}

/// Directories of this machine that stand in for a registry.
fn replaced_sources(config: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    let table: toml::Table = text.parse().unwrap_or_default();
    let sources = table.get("source").and_then(toml::Value::as_table);
    let named = sources.into_iter().flatten().flat_map(|(_, source)| {
        ["directory", "local-registry"].into_iter().filter_map(|key| source.get(key)?.as_str().map(PathBuf::from))
    });
    named.collect()
}

/// What `run.json` says of it: what it costs to start something in it, measured now.
///
/// # Errors
/// When that cannot be measured, or the run is interrupted.
pub fn describe(lab: &Lab) -> Result<Option<SandboxInfo>> {
    let Some(sandbox) = lab.sandbox() else { return Ok(None) };
    let mut program = CommandSpec::new(&lab.toolchain.rustc, lab.arm_dir()).arg("-vV");
    program.env = lab.build_env(&lab.arm_dir().join("overhead.log"));
    let overhead = overhead::measure(sandbox, &program, &lab.supervisor)?;
    let enforced = sandbox.enforced();
    let limits = sandbox.spec().limits;
    Ok(Some(SandboxInfo {
        kind: sandbox.spec().kind.to_string(),
        version: sandbox.version().map(str::to_owned),
        memory: EnforcedLimit { limit: limits.memory_bytes, by: enforced.memory.to_string() },
        processes: EnforcedLimit { limit: limits.processes.into(), by: enforced.processes.to_string() },
        seconds: EnforcedLimit { limit: limits.time_s, by: "the harness".to_owned() },
        start_inside_ms: overhead.inside.as_secs_f64() * 1000.0,
        start_outside_ms: overhead.outside.as_secs_f64() * 1000.0,
        starts: STARTS as u32,
    }))
}

/// Looks at what a sandboxed build left, before the harness handles it.
///
/// # Errors
/// When it left something that leads out.
pub(super) fn inspect(lab: &Lab) -> Result<(), BuildError> {
    if lab.sandbox().is_none() {
        return Ok(());
    }
    let arm = lab.arm_dir();
    let found = escape::remove(&arm)
        .map_err(|error| BuildError::Failed(format!("cannot look through {} after a build: {error}", arm.display())))?;
    if found.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = found.iter().take(NAMED).map(|path| path.display().to_string()).collect();
    Err(BuildError::Failed(format!(
        "the build left {} links that lead out of its directories, or special files; they were removed: {}",
        found.len(),
        names.join(", ")
    )))
}

/// The note of a build that failed.
pub(super) fn told(lab: &Lab, note: String) -> String {
    match lab.sandbox().map(|sandbox| sandbox.news()) {
        None => note,
        Some(None) => format!("{note} (under --sandbox)"),
        Some(Some(news)) => format!("{note} (under --sandbox: {news})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_replace_a_registry_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(
            &file,
            "[source.crates-io]\nreplace-with = \"mine\"\n[source.mine]\ndirectory = \"/vendor\"\n[source.other]\n\
             local-registry = \"/local\"\n[http]\ncainfo = \"/ca\"\n",
        )
        .unwrap();
        assert_eq!(replaced_sources(&file), [PathBuf::from("/vendor"), "/local".into()]);
        assert!(replaced_sources(&dir.path().join("none")).is_empty());
    }
}
