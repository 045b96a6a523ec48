//! `run.json`: under which conditions a run is taken.

use anyhow::{Context as _, Result};
use records::{CorpusInfo, FileSystemInfo, HostInfo, RunInfo, ToolchainInfo};

use strategies::Strategy;

use super::asked::Asked;
use super::confinement;
use super::lab::Lab;
use super::options::Options;
use super::rival::Rival;
use exec::filesystem::FileSystemFacts;
use exec::host::HostFacts;

/// The options a recorded run was begun with.
///
/// # Errors
/// When the record does not hold them.
pub fn stored_options(info: &RunInfo) -> Result<Options> {
    let value = serde_json::Value::Object(info.options.clone().into_iter().collect());
    serde_json::from_value(value)
        .with_context(|| format!("the run {} does not say how it was begun; begin a new run", info.name))
}

/// What the tools of external strategies say they are; what is missing is told on the way.
fn tools(asked: &Asked, lab: &Lab) -> Vec<(String, String)> {
    let mut versions = Vec::new();
    for arm in &asked.arms {
        let Strategy::External(external) = &arm.strategy else { continue };
        match Rival::open(lab, external) {
            Ok(Ok(rival)) => versions.extend(rival.version().map(|version| (arm.name.clone(), version))),
            Ok(Err(why)) => eprintln!("note: {} takes no part: {why}", arm.name),
            Err(_) => {} // It will be a row.
        }
    }
    let _ = lab.clear_arm();
    versions
}

/// Describes a run that begins now.
///
/// # Errors
/// When the start of a program in its sandbox cannot be measured.
pub fn describe(name: &str, asked: &Asked, options: &Options, lab: &Lab) -> Result<RunInfo> {
    let mut stored =
        serde_json::to_value(options).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    stored.insert("alone".to_owned(), asked.scenario.alone.into());
    let surroundings = surroundings(name, lab);
    let tools = surroundings.tools.clone().into_iter().chain(tools(asked, lab)).collect();
    Ok(RunInfo {
        seed: options.seed,
        rounds: options.rounds,
        scenario: asked.scenario.name.clone(),
        profile: options.profile.clone(),
        strategies: asked.arms.iter().map(|arm| arm.name.clone()).collect(),
        corpus: CorpusInfo {
            name: asked.corpus.name.clone(),
            hash: asked.corpus_hash(),
            workspaces: asked.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
        },
        options: stored.into_iter().collect(),
        tools,
        sandbox: confinement::describe(lab)?,
        ..surroundings
    })
}

/// Machine, toolchain, file systems and tools of a run that begins now.
pub fn surroundings(name: &str, lab: &Lab) -> RunInfo {
    let host = HostFacts::detect();
    let arm_dir = lab.arm_dir();
    let places = [("work", Some(lab.work.as_path())), ("arm", arm_dir.parent())];
    let file_systems = places.into_iter().filter_map(|(role, path)| {
        let fs = FileSystemFacts::of(path?).ok()?;
        Some(FileSystemInfo { role: role.into(), kind: fs.kind, device: fs.device })
    });
    RunInfo {
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        toolchain: ToolchainInfo {
            channel: lab.toolchain.channel.to_string(),
            cargo: lab.toolchain.cargo_verbose.clone(),
            rustc: lab.toolchain.rustc_verbose.clone(),
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
