//! `run.json`: under which conditions a run is taken.

use anyhow::{Context as _, Result};
use records::{CorpusInfo, FileSystemInfo, HostInfo, RunInfo, ToolchainInfo};

use super::build_env::BuildEnv;
use super::confinement;
use super::experiment::{Experiment, Options};
use super::integration::{self, IntegrationDirs, OpenedIntegration};
use exec::filesystem::FileSystemFacts;
use exec::host::HostFacts;

/// The options a recorded run was begun with.
pub fn stored_options(info: &RunInfo) -> Result<Options> {
    let value = serde_json::Value::Object(info.options.clone().into_iter().collect());
    serde_json::from_value(value)
        .with_context(|| format!("the run {} does not say how it was begun; begin a new run", info.name))
}

/// The versions of external tools, as they state them; a note goes out for each that is missing.
fn tools(experiment: &Experiment, env: &BuildEnv) -> Vec<(String, String)> {
    let mut versions: Vec<(String, String)> = second_toolchain(env).into_iter().collect();
    for arm in &experiment.arms {
        if arm.strategy.as_external().is_none() {
            continue;
        }
        match integration::open(&arm.strategy, env, &IntegrationDirs::below(&env.arm_dir())) {
            Ok(OpenedIntegration::Ready(tool)) => {
                versions.extend(tool.version().map(|version| (arm.name.clone(), version)))
            }
            Ok(OpenedIntegration::Unsupported(why)) => eprintln!("note: {} takes no part: {why}", arm.name),
            Err(_) => {} // It will be a row.
        }
    }
    let _ = env.clear_arm();
    versions
}

/// The second toolchain, as the tools of a run have it.
fn second_toolchain(env: &BuildEnv) -> Option<(String, String)> {
    Some((SECOND_TOOLCHAIN.to_owned(), env.second.as_ref()?.toolchain.rustc_line()))
}

const SECOND_TOOLCHAIN: &str = "second toolchain";

/// Whether a run was begun with these toolchains.
pub fn has_toolchains_of(info: &RunInfo, env: &BuildEnv) -> bool {
    let second = second_toolchain(env).map(|(_, rustc)| rustc);
    info.toolchain.rustc == env.toolchain.rustc_verbose && info.tools.get(SECOND_TOOLCHAIN) == second.as_ref()
}

/// Describes a run that begins now.
pub fn describe(name: &str, experiment: &Experiment, options: &Options, env: &BuildEnv) -> Result<RunInfo> {
    let mut stored =
        serde_json::to_value(options).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    stored.insert("alone".to_owned(), experiment.scenario.alone.into());
    let surroundings = surroundings(name, env);
    let tools = surroundings.tools.clone().into_iter().chain(tools(experiment, env)).collect();
    Ok(RunInfo {
        seed: options.seed,
        rounds: options.rounds,
        scenario: experiment.scenario.name.clone(),
        profile: options.profile.clone(),
        strategies: experiment.arms.iter().map(|arm| arm.name.clone()).collect(),
        corpus: CorpusInfo {
            name: experiment.corpus.name.clone(),
            hash: experiment.corpus_hash(),
            workspaces: experiment.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
        },
        options: stored.into_iter().collect(),
        tools,
        sandbox: confinement::describe(env)?,
        ..surroundings
    })
}

/// Machine, toolchain, file systems and tools of a run that begins now.
pub fn surroundings(name: &str, env: &BuildEnv) -> RunInfo {
    let host = HostFacts::detect();
    let arm_dir = env.arm_dir();
    let places = [("work", Some(env.work.as_path())), ("arm", arm_dir.parent())];
    let file_systems = places.into_iter().filter_map(|(role, path)| {
        let fs = FileSystemFacts::of(path?).ok()?;
        Some(FileSystemInfo { role: role.into(), kind: fs.kind, device: fs.device })
    });
    RunInfo {
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        toolchain: ToolchainInfo {
            channel: env.toolchain.channel.to_string(),
            cargo: env.toolchain.cargo_verbose.clone(),
            rustc: env.toolchain.rustc_verbose.clone(),
        },
        host: HostInfo {
            cpu_model: host.cpu,
            cores: u32::try_from(host.cores).ok(),
            memory_bytes: host.memory_bytes,
            kernel: host.kernel,
            os: Some(host.os),
        },
        file_systems: file_systems.collect(),
        tools: [("harness".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into(),
        ..RunInfo::new(name)
    }
}
