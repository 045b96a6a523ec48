//! Untrusted code in the sandbox: what a run's commands need in it, and what rows say of it.
//!
//! Inside runs everything in which code of a corpus may run or be read as configuration: Cargo's builds, its unit
//! graphs, no-op and shadow builds, `cargo clean`, the built programs, and the commands of other people's caches.
//! Fetching stays outside, since it needs the network; it runs no build script.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use records::{EnforcedLimit, SandboxInfo};
use strategies::Strategy;

use super::build_env::BuildEnv;
use super::experiment::Experiment;
use exec::process::CommandSpec;
use exec::process::STARTS;
use exec::sandbox::view::{SandboxNeeds, split};
use exec::sandbox::{Sandbox, SandboxSpec};

/// Refuses strategies that cannot run in a sandbox.
/// Fails when a strategy builds in a daemon: it would have to be inside and outside at once.
pub fn refuse_daemons(experiment: &Experiment) -> Result<()> {
    let serves =
        |strategy: &Strategy| strategy.as_external().is_some_and(|external| external.description.daemon.is_some());
    let daemons: Vec<&str> =
        experiment.arms.iter().filter(|arm| serves(&arm.strategy)).map(|arm| arm.name.as_str()).collect();
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

/// The sandbox of a run, when everything is fetched. Fails when it does not work here.
pub fn open(spec: &SandboxSpec, experiment: &Experiment, env: &BuildEnv) -> Result<Sandbox> {
    env.clear_arm()?;
    let needs = needs(experiment, env)?;
    Ok(Sandbox::open(spec.clone(), needs, &env.supervisor)?)
}

fn needs(experiment: &Experiment, env: &BuildEnv) -> Result<SandboxNeeds> {
    let mut read = vec![env.toolchain.sysroot.clone(), env.toolchain.cargo.clone(), env.toolchain.rustc.clone()];
    read.extend(["bin", "lib", "tools"].map(|dir| env.work.join(dir)));
    if let Some(second) = &env.second {
        read.push(second.toolchain.sysroot.clone());
        read.extend(["bin", "lib"].map(|dir| second.work.join(dir)));
    }
    let rustup = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    read.extend(rustup.or_else(|| Some(std::env::home_dir()?.join(".rustup"))));
    for arm in &experiment.arms {
        if let Some(external) = arm.strategy.as_external() {
            read.extend([&external.tool, &external.cargo].into_iter().flatten().map(PathBuf::from));
        }
    }
    let mut write = vec![env.arm_dir()];
    for home in [&env.cargo_home, &env.second_home].into_iter().filter(|home| home.is_dir()) {
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
    Ok(SandboxNeeds {
        read,
        write,
        sealed: vec![env.work.clone()],
        home: std::env::home_dir(),
        path: split(&env.path()),
        tmp: std::env::var_os("TMPDIR").map(PathBuf::from),
    })
}

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
/// Fails when that cannot be measured, or the run is interrupted.
pub fn describe(env: &BuildEnv) -> Result<Option<SandboxInfo>> {
    let Some(sandbox) = env.sandbox() else { return Ok(None) };
    let mut program = CommandSpec::new(&env.toolchain.rustc, env.arm_dir()).arg("-vV");
    program.env = env.variables(&env.arm_dir().join("overhead.log"));
    let overhead = sandbox.start_overhead(&program, &env.supervisor)?;
    let enforcers = sandbox.enforcers;
    let limits = sandbox.spec.limits;
    Ok(Some(SandboxInfo {
        kind: sandbox.spec.kind.as_str().to_owned(),
        version: sandbox.version.clone(),
        memory: EnforcedLimit { limit: limits.memory_bytes, by: enforcers.memory.to_string() },
        processes: EnforcedLimit { limit: limits.processes.into(), by: enforcers.processes.to_string() },
        seconds: EnforcedLimit { limit: limits.time_s, by: "the harness".to_owned() },
        start_inside_ms: overhead.inside.as_secs_f64() * 1000.0,
        start_outside_ms: overhead.outside.as_secs_f64() * 1000.0,
        starts: STARTS as u32,
    }))
}

/// The note of a failed build, with the limits of the sandbox that it hit.
pub(crate) fn annotate(env: &BuildEnv, note: String) -> String {
    match env.sandbox().map(|sandbox| sandbox.limit_events()) {
        None => note,
        Some(None) => format!("{note} (under --sandbox)"),
        Some(Some(events)) => format!("{note} (under --sandbox: {events})"),
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
