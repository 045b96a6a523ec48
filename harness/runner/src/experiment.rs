//! What was asked for: the options, and the corpus, scenario and strategies that they name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use corpora::scenario::Scenario;
use corpora::{Corpus, Workspace};
use records::control::control_of;
use records::costs::PRICED_BY;
use records::network::Network;
use serde::{Deserialize, Serialize};
use strategies::{Catalog, Strategy, StrategyName};

use super::build_env::BuildEnv;
use super::delivery::{Delivery, RemoteServerKind};
use super::plan::{ArmOrder, RunPlan};
use super::prepare::{FetchNeeds, PreparedWorkspace, prepare};
use crate::guard::limits::Limits;
use crate::shard::split::ShardCell;
use crate::shard::{RunCells, Sharding};
use exec::sandbox::SandboxSpec;
use exec::volume::VolumeSpec;

/// The options that define a run; kept in `run.json`, so that `--resume` goes on with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// A shipped corpus or the absolute path of a manifest.
    pub corpus: String,
    /// Only these workspaces; all when empty.
    pub workspaces: Vec<String>,
    /// Names and globs of strategies.
    pub strategies: String,
    /// Files that describe further strategies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategy_files: Vec<StrategyFile>,
    /// Parameters of external strategies: `NAME.PARAMETER=VALUE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// A shipped scenario or the absolute path of one.
    pub scenario: String,
    /// How often every arm runs; 0 where a budget decides.
    pub rounds: u32,
    /// Seconds to spend on rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_s: Option<u64>,
    /// How arms take turns; runs that do not say took one arm after the other.
    #[serde(default)]
    pub order: ArmOrder,
    /// The arm that others are compared with; `none`, or else the first, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Whether `none` runs a second time under another name.
    #[serde(default)]
    pub control: bool,
    /// Whether every hit is compiled anyway and compared.
    #[serde(default)]
    pub shadow: bool,
    /// Cargo profile.
    pub profile: String,
    /// rustup toolchain; the default one when absent.
    pub toolchain: Option<String>,
    /// Whether build directories have Cargo's default layout, and not a directory for each unit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default_layout: bool,
    /// Cargo's `--jobs`; Cargo's own choice when absent.
    pub jobs: Option<u32>,
    /// The seed of the schedule.
    pub seed: u64,
    /// Where everything is built.
    pub work_dir: PathBuf,
    /// The file system made for store and build directories, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeSpec>,
    /// Which part of a run this is, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Sharding>,
    /// What guards it. A resumed run may have others.
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub guards: Limits,
    /// The sandbox of everything that is measured, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxSpec>,
    /// The network between the machines of a scenario that has some; loopback when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Ways of delivery between them; the usual one of each strategy when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<Delivery>,
    /// The server of the way `remote`.
    #[serde(default, skip_serializing_if = "RemoteServerKind::is_default")]
    pub remote_server: RemoteServerKind,
}

/// A strategy file as it was when the run began: it goes on with what it began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyFile {
    /// Where it was.
    pub path: PathBuf,
    /// What it said.
    pub text: String,
}

impl StrategyFile {
    /// Reads one.
    pub fn read(path: &Path) -> Result<StrategyFile> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(StrategyFile { path: path.to_owned(), text })
    }
}

/// The strategies compared when none are named.
pub const DEFAULT_STRATEGIES: &str = "none,shared-target,hardlink+conservative,hardlink+aggressive,reflink+conservative,reflink+aggressive,\
                                      copy+conservative,copy+aggressive,symlink+conservative,symlink+aggressive";

/// What the options name, looked up.
#[derive(Debug)]
pub struct Experiment {
    /// The corpus, only the workspaces that take part.
    pub corpus: Corpus,
    /// Workspaces left out, and why.
    pub left_out: Vec<(String, String)>,
    /// The scenario.
    pub scenario: Scenario,
    /// The arms.
    pub arms: Vec<ArmSpec>,
    /// The arm that others are compared with.
    pub baseline: String,
    /// The part of the run that is a shard; all of it otherwise.
    pub only: Option<BTreeSet<ShardCell>>,
}

/// A strategy under the name it has in this run.
#[derive(Debug, Clone)]
pub struct ArmSpec {
    /// The strategy's name; for a control, that with a suffix.
    pub name: String,
    /// What it does.
    pub strategy: Strategy,
    /// How what it built reaches another machine, in a scenario that has several.
    pub delivery: Option<Delivery>,
}

/// A corpus that can be built, with only these workspaces if any are named.
pub fn buildable(name: &str, workspaces: &[String]) -> Result<Corpus> {
    let corpus = Corpus::load(name)?;
    if corpus.graphs_only {
        bail!(
            "the corpus {} is for unit graphs only, nothing of it is built; \
             `harness trace collect --corpus {name}` reads them",
            corpus.name
        );
    }
    if workspaces.is_empty() {
        return Ok(corpus);
    }
    corpus.only(workspaces).map_err(|unknown| {
        let names = corpus.workspaces.iter().map(|workspace| workspace.name.as_str()).collect::<Vec<_>>().join(", ");
        anyhow::anyhow!("the corpus {} has no workspace {unknown}; it has {names}", corpus.name)
    })
}

impl Experiment {
    /// Looks everything up.
    pub fn of(options: &Options) -> Result<Experiment> {
        let scenario = Scenario::load(&options.scenario)?;
        let mut corpus = buildable(&options.corpus, &options.workspaces)?;
        let unfit = |workspace: &Workspace| Some((workspace.name.clone(), scenario.unfit(workspace)?));
        let left_out: Vec<(String, String)> = corpus.workspaces.iter().filter_map(unfit).collect();
        corpus.workspaces.retain(|workspace| scenario.unfit(workspace).is_none());
        if let ([], Some((name, why))) = (corpus.workspaces.as_slice(), left_out.first()) {
            bail!("no workspace can take part in the scenario {}: {name}: {why}", scenario.name);
        }
        check_machines(options, &scenario)?;
        let arms = arms(options, scenario.has_machines())?;
        let baseline = baseline(options, &arms)?;
        let mut experiment = Experiment { corpus, left_out, scenario, arms, baseline, only: None };
        if let Some(shard) = &options.shard {
            let split = experiment.cells(options).split(shard.part.of, &shard.seconds)?;
            experiment.only = Some(split.cells_of(shard.part.index));
        }
        Ok(experiment)
    }

    /// What the run can be split into.
    pub fn cells(&self, options: &Options) -> RunCells {
        let workspaces = self.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect();
        RunCells { rounds: options.rounds, alone: self.scenario.alone, workspaces }
    }

    /// The plan of a run.
    pub fn plan(&self, options: &Options) -> RunPlan {
        RunPlan {
            seed: options.seed,
            rounds: options.rounds,
            order: options.order,
            arms: self.arms.iter().map(|arm| arm.name.clone()).collect(),
            scenario: self.scenario.clone(),
            workspaces: self.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
            only: self.only.clone(),
        }
    }

    /// Fetches every workspace and checks that it is fit for the scenario.
    pub fn prepare(&self, env: &BuildEnv) -> Result<Vec<PreparedWorkspace>> {
        let prepared = prepare(env, &self.corpus, FetchNeeds::of(&self.scenario))?;
        check_edits(self, &prepared)?;
        Ok(prepared)
    }

    /// A digest of what the corpus pins: two runs with one digest built the same sources.
    pub fn corpus_hash(&self) -> String {
        strategies::key::Digest::of(format!("{:?}", self.corpus.workspaces).as_bytes()).short()
    }
}

/// Every strategy that can be named in a run: ours, the shipped files, the user's.
pub fn catalog_of(files: &[StrategyFile], settings: &[String]) -> Result<Catalog> {
    let mut catalog = crate::integration::catalog();
    for file in files {
        catalog.add(&file.text).with_context(|| format!("strategy file {}", file.path.display()))?;
    }
    settings.iter().try_for_each(|setting| catalog.set(setting))?;
    Ok(catalog)
}

fn check_machines(options: &Options, scenario: &Scenario) -> Result<()> {
    let flag = [("--network", options.network.is_some()), ("--delivery", !options.delivery.is_empty())];
    match flag.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) if !scenario.has_machines() => {
            bail!(
                "{flag}: the scenario {} has no machines between which anything travels; --scenario ci has",
                scenario.name
            )
        }
        _ if !options.remote_server.is_default() && !options.delivery.contains(&Delivery::Remote) => {
            bail!("--remote-server: nothing travels that way; add --delivery remote")
        }
        _ if scenario.has_machines() && options.sandbox.is_some() => {
            bail!(
                "--sandbox: what travels between the machines of {} is packed outside it; leave it out",
                scenario.name
            )
        }
        _ => Ok(()),
    }
}

fn arms(options: &Options, has_machines: bool) -> Result<Vec<ArmSpec>> {
    let chosen = catalog_of(&options.strategy_files, &options.set)?.select(&options.strategies)?;
    let is_faulty = |strategy: &Strategy| strategy.as_units().is_some_and(|units| units.fault.is_some());
    if let Some((name, _)) = chosen.iter().find(|(_, strategy)| is_faulty(strategy)) {
        bail!("{name} is wrong on purpose: only `harness probe` takes it");
    }
    let named = |(name, strategy): (StrategyName, Strategy)| {
        let ways = if has_machines { Delivery::of(&strategy) } else { &[] };
        let asked: Vec<Delivery> = ways.iter().copied().filter(|way| options.delivery.contains(way)).collect();
        // Who cannot travel as asked takes the way that is its own.
        let taken = if asked.is_empty() { ways.iter().copied().take(1).collect() } else { asked };
        match taken.as_slice() {
            [] => vec![ArmSpec { name: name.to_string(), strategy, delivery: None }],
            ways => (ways.iter())
                .map(|way| {
                    let is_usual = Delivery::of(&strategy).first() == Some(way);
                    let name = if is_usual { name.to_string() } else { format!("{name}-by-{way}") };
                    ArmSpec { name, strategy: strategy.clone(), delivery: Some(*way) }
                })
                .collect(),
        }
    };
    let mut arms: Vec<ArmSpec> = chosen.into_iter().flat_map(named).collect();
    if options.control {
        let Some(at) = arms.iter().position(|arm| arm.name == PRICED_BY) else {
            bail!("--control runs `none` a second time: add none to --strategies");
        };
        let again = ArmSpec { name: control_of(&arms[at].name), ..arms[at].clone() };
        arms.insert(at + 1, again);
    }
    Ok(arms)
}

fn baseline(options: &Options, arms: &[ArmSpec]) -> Result<String> {
    let names = || arms.iter().map(|arm| arm.name.as_str());
    match &options.against {
        Some(experiment) if names().any(|name| name == experiment) => Ok(experiment.clone()),
        Some(experiment) => {
            let all = names().collect::<Vec<_>>().join(", ");
            bail!("--against {experiment}: no strategy of this run has that name; there are {all}")
        }
        None => Ok(names().find(|name| *name == PRICED_BY).or_else(|| names().next()).unwrap_or(PRICED_BY).to_owned()),
    }
}

fn check_edits(experiment: &Experiment, prepared: &[PreparedWorkspace]) -> Result<()> {
    let missing = prepared.iter().find(|prepared| !prepared.fetched.dir().join(&prepared.workspace.edit).is_file());
    match missing {
        Some(prepared) if experiment.scenario.edits() => bail!(
            "{} has no file {}; correct `edit` in the manifest",
            prepared.workspace.name,
            prepared.workspace.edit.display()
        ),
        _ => Ok(()),
    }
}
