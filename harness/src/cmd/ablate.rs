//! `harness ablate`: which input of the key buys what, on real builds.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Command, FromArgMatches};
use corpora::Corpus;
use corpora::scenario::Scenario;
use indicatif::HumanDuration;
use records::run_folder::{RUN_FILE, RunFolder};
use reports::chapters;
use reports::document::Document;
use reports::formats::terminal;
use reports::simulation::{AblationRow, write_table};
use reports::text::{WIDTH, plain};
use simulation::keys::KeyDesign;
use simulation::trace::{Trace, census};
use strategies::key::{Input, KeyOptions};
use strategies::name::glob;

use super::common::{absolute, work_dir};
use super::compare::{self, CompareArgs, ResumeHint};
use super::probe::{Bench, ProbeArgs};
use crate::ablate::evidence;
use crate::ablate::replay::Replay;
use crate::ablate::{scenarios, shows_in};
use crate::collect::{DEFAULT, Measurements, UnitCosts, choose, everything, folders_in};
use crate::simulate::agreement;
use exec::interrupt::Supervisor;
use exec::workdir::WorkDir;
use probes::{ExtraStrategies, FamilyProbe, select};
use runner::build_env::{BuildEnv, DISK_FLOOR};
use runner::experiment::{Experiment, buildable};

/// Leaves one input after the other out of the key (`~without-INPUT`): what that would reuse in a trace, what real builds
/// reuse and whether the bytes are right, and which probes break. One row an input, ablation.csv, with a verdict. What the
/// folder holds already is not run again.
#[derive(Debug, Args)]
pub struct AblateArgs {
    /// The key policy whose inputs are left out
    #[arg(long, value_name = "NAME", default_value = "aggressive")]
    policy: String,
    /// Inputs and globs, separated by commas; `harness strategies show hardlink+aggressive` shows all
    #[arg(long, value_name = "LIST", default_value = "*")]
    inputs: String,
    /// The corpus that is built
    #[arg(long, value_name = "NAME", default_value = corpora::shipped::DEFAULT)]
    corpus: String,
    /// Only these workspaces of it, separated by commas [default: all where a scenario builds them together, else the first]
    #[arg(long, value_name = "LIST")]
    workspaces: Option<String>,
    /// Only these of the scenarios in which the inputs vary, separated by commas; `none` for none
    #[arg(long, value_name = "LIST", default_value = "*")]
    scenarios: String,
    /// The trace that is replayed [default: the census that comes with the harness]
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Try each input with every probe, not only with those in which it varies: hours
    #[arg(long)]
    all_probes: bool,
    /// The folder to write, or to go on with [default: ablation/ in the work directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where everything is built [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Show what would be run and how long it takes, and run nothing
    #[arg(long)]
    dry_run: bool,
}

/// Seconds on two idle cores: of one probe under one strategy, and of one arm of a scenario in a workspace of `quick`, with
/// the shadow check; the first arm has more units to compile.
const PROBE_S: f64 = 0.5;
const ARM_S: f64 = 45.0;
/// Seconds of the replay of the census.
const REPLAY_S: f64 = 30.0;

/// One run of `ablate`, looked up.
struct AblationRunner<'a> {
    args: &'a AblateArgs,
    /// The strategy as it is.
    base: String,
    inputs: Vec<Input>,
    out: PathBuf,
    work: PathBuf,
}

/// The time left, from what parts should take on two idle cores and what those before them took.
struct TimeLeft {
    began: Instant,
    done_s: f64,
    rest_s: f64,
}

impl TimeLeft {
    fn begin(&self, what: &str) {
        let pace = if self.done_s > 0.0 { self.began.elapsed().as_secs_f64() / self.done_s } else { 1.0 };
        eprintln!("{what}: about {} left", human(self.rest_s * pace));
    }

    fn end(&mut self, expected_s: f64) {
        self.done_s += expected_s;
        self.rest_s -= expected_s;
    }

    /// The folder held it already.
    fn skip(&mut self, expected_s: f64) {
        self.rest_s -= expected_s;
    }
}

fn human(seconds: f64) -> HumanDuration {
    HumanDuration(Duration::from_secs_f64(seconds.max(0.0)))
}

pub fn run(args: &AblateArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    let policy = KeyDesign::parse(&args.policy)?;
    let names = |input: &Input| args.inputs.split(',').any(|word| glob(word.trim(), input.info().name));
    let inputs: Vec<Input> = Input::all().filter(names).collect();
    if inputs.is_empty() {
        let all = Input::all().map(|input| input.info().name).collect::<Vec<_>>().join(", ");
        bail!("no input matches {:?}; there are {all}", args.inputs);
    }
    if args.policy.contains('~') {
        bail!("--policy {} lacks an input already; name a policy without options", args.policy);
    }
    let vary: Vec<&str> = scenarios(&inputs).into_iter().map(|(name, _)| name).collect();
    let is_none = |word: &&str| *word != "*" && *word != "none" && !vary.iter().any(|name| glob(word, name));
    if let Some(word) = args.scenarios.split(',').map(str::trim).find(is_none) {
        let known = if vary.is_empty() { "no scenario".to_owned() } else { vary.join(", ") };
        bail!("these inputs do not vary in the scenario {word:?}; they vary in {known}, and `none` builds nothing");
    }
    // Before the replay, not after it.
    let asked: Vec<String> =
        args.workspaces.iter().flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect();
    buildable(&args.corpus, &asked)?;
    let work = work_dir(args.work_dir.as_deref())?;
    let out = args.out.as_deref().map_or_else(|| Ok(work.join("ablation")), absolute)?;
    let ablation = AblationRunner { args, base: format!("hardlink+{}", args.policy), inputs, out, work };
    if args.dry_run {
        ablation.describe()?;
        return Ok(ExitCode::SUCCESS);
    }
    // Before anything is in it.
    drop(WorkDir::acquire(&ablation.work, DISK_FLOOR)?);
    std::fs::create_dir_all(&ablation.out).with_context(|| format!("cannot create {}", ablation.out.display()))?;
    let mut left = TimeLeft { began: Instant::now(), done_s: 0.0, rest_s: ablation.expected_s()? };
    let run = || {
        let mut rows = ablation.replay(policy, &mut left)?;
        supervisor.check()?;
        ablation.probe(&mut rows, &mut left, supervisor)?;
        ablation.build(&mut rows, &mut left, supervisor)?;
        Ok(rows)
    };
    let mut rows = run().map_err(|error: anyhow::Error| match supervisor.is_interrupted() {
        true => error.context(ResumeHint(format!("the same command with --out {}", ablation.out.display()))),
        false => error,
    })?;
    rows.iter_mut().for_each(evidence::judge);
    write_table(&ablation.out, &rows)?;
    let document = Document { sections: vec![chapters::ablation(&rows)], ..Document::default() };
    print!("{}", terminal::render(&document, WIDTH));
    println!("records: {}", ablation.out.join("ablation.csv").display());
    Ok(ExitCode::SUCCESS)
}

impl AblationRunner<'_> {
    /// The strategy without some inputs.
    fn without(&self, inputs: &[Input]) -> String {
        format!("{}{}", self.base, KeyOptions::without(inputs.iter().copied()))
    }

    fn probes_of(&self, input: Input) -> Result<Vec<FamilyProbe>> {
        select(if self.args.all_probes { "*" } else { shows_in(input).probes })
    }

    fn scenarios(&self) -> Result<Vec<(Scenario, Vec<Input>)>> {
        let asked = |name: &str| self.args.scenarios.split(',').any(|word| glob(word.trim(), name));
        let asked = scenarios(&self.inputs).into_iter().filter(|(name, _)| asked(name));
        asked.map(|(name, inputs)| Ok((Scenario::load(name)?, inputs))).collect()
    }

    /// The workspaces of the corpus that are built in a scenario.
    fn workspaces(&self, scenario: &Scenario) -> Result<String> {
        let all = Corpus::load(&self.args.corpus)?.workspaces.into_iter().filter(|it| scenario.unfit(it).is_none());
        let all: Vec<String> = all.map(|it| it.name).take(if scenario.alone { 1 } else { usize::MAX }).collect();
        Ok(self.args.workspaces.clone().unwrap_or_else(|| all.join(",")))
    }

    fn probing_s(probes: &[FamilyProbe]) -> f64 {
        probes.len() as f64 * 2.0 * PROBE_S
    }

    fn building_s(&self, scenario: &Scenario, inputs: &[Input]) -> Result<f64> {
        Ok((self.workspaces(scenario)?.split(',').count() * (inputs.len() + 1)) as f64 * ARM_S)
    }

    /// Seconds on two idle cores.
    fn expected_s(&self) -> Result<f64> {
        let probed =
            self.inputs.iter().map(|input| Ok(Self::probing_s(&self.probes_of(*input)?))).sum::<Result<f64>>()?;
        let built =
            self.scenarios()?.iter().map(|(scenario, inputs)| self.building_s(scenario, inputs)).sum::<Result<f64>>();
        Ok(REPLAY_S + probed + built?)
    }

    fn describe(&self) -> Result<()> {
        println!(
            "replayed  {} inputs, each left out of {}; then sets that differ together",
            self.inputs.len(),
            self.base
        );
        for input in &self.inputs {
            let probes = self.probes_of(*input)?;
            println!(
                "probed    {:<20} {}",
                input.info().name,
                probes.iter().map(|it| it.1.name).collect::<Vec<_>>().join(" ")
            );
        }
        for (scenario, inputs) in self.scenarios()? {
            let workspaces = self.workspaces(&scenario)?;
            let names: Vec<&str> = inputs.iter().map(|input| input.info().name).collect();
            println!("built     {:<10} of {workspaces}, without {}", scenario.name, names.join(", "));
        }
        println!("about {} on 2 idle cores; nothing was run", human(self.expected_s()?));
        Ok(())
    }

    /// A row for each input, and one for each set of inputs that gains something only together.
    fn replay(&self, policy: KeyDesign, left: &mut TimeLeft) -> Result<Vec<AblationRow>> {
        let trace = self.args.trace.as_deref().map_or_else(census, Trace::read)?;
        left.begin(&format!("replaying {}", trace.about.title));
        let replay = Replay::of(&trace, policy);
        let options: Vec<KeyOptions> = self.inputs.iter().map(|input| KeyOptions::without([*input])).collect();
        let totals = replay.totals(&options);
        let row = |inputs: &[Input], totals: &simulation::reuse::ReuseTotals| AblationRow {
            input: inputs.iter().map(|input| input.info().name).collect::<Vec<_>>().join("+"),
            strategy: self.without(inputs),
            replayed_units: totals.hits - replay.base.hits,
            replayed_s: totals.hit_seconds - replay.base.hit_seconds,
            replayed_of_s: totals.seconds,
            ..AblationRow::default()
        };
        let mut rows: Vec<AblationRow> =
            self.inputs.iter().zip(&totals).map(|(input, totals)| row(&[*input], totals)).collect();
        let alone: HashMap<Input, f64> =
            self.inputs.iter().copied().zip(rows.iter().map(|row| row.replayed_s)).collect();
        let asked = |inputs: &[Input]| inputs.iter().all(|input| self.inputs.contains(input));
        rows.extend(
            replay.together(&alone).iter().filter(|it| asked(&it.inputs)).map(|it| row(&it.inputs, &it.totals)),
        );
        left.end(REPLAY_S);
        Ok(rows)
    }

    /// Tries every input with its probes, beside the strategy as it is.
    fn probe(&self, rows: &mut [AblationRow], left: &mut TimeLeft, supervisor: &Supervisor) -> Result<()> {
        let args: ProbeArgs = defaults("probe", &["--work-dir", &self.work.display().to_string()])?;
        let catalog = runner::integration::catalog();
        let mut bench: Option<Bench> = None;
        for (at, input) in self.inputs.iter().enumerate() {
            let (name, arm) = (input.info().name, self.without(&[*input]));
            let (probes, out) = (self.probes_of(*input)?, self.out.join("probed").join(name));
            let kept = reports::probes::read(&out).ok().map(|run| run.rows);
            let is_whole = |rows: &Vec<_>| rows.len() == 2 * probes.len();
            let found = match kept.filter(is_whole) {
                Some(rows) => {
                    left.skip(Self::probing_s(&probes));
                    rows
                }
                None => {
                    let bench = match &mut bench {
                        Some(bench) => bench,
                        None => bench.insert(Bench::open(&args, ExtraStrategies::default(), supervisor)?),
                    };
                    if !bench.has_second_toolchain() && *input == Input::Toolchain {
                        eprintln!(
                            "warning: there is one toolchain only: probes and scenarios with a second one are left out"
                        );
                    }
                    left.begin(&format!("probing without {name}, {} of {} inputs", at + 1, self.inputs.len()));
                    let chosen = catalog.select(&format!("{},{arm}", self.base))?;
                    let named: Vec<_> =
                        chosen.into_iter().map(|(name, strategy)| (name.to_string(), strategy)).collect();
                    let rows =
                        bench.run(&probes, None, &named, &bench.options(&args, &format!("without-{name}")), &out)?;
                    left.end(Self::probing_s(&probes));
                    rows
                }
            };
            rows.iter_mut()
                .filter(|row| row.input == name)
                .for_each(|row| evidence::add_probes(row, &self.base, &found));
        }
        Ok(())
    }

    /// Builds every scenario under the strategy as it is, and without each input that varies in it.
    fn build(&self, rows: &mut [AblationRow], left: &mut TimeLeft, supervisor: &Supervisor) -> Result<()> {
        let built = self.out.join("built");
        let all = self.scenarios()?;
        let mut runs = Vec::new();
        for (at, (scenario, inputs)) in all.iter().enumerate() {
            let dir = built.join(&scenario.name);
            let arms: Vec<String> = inputs.iter().map(|input| self.without(&[*input])).collect();
            let strategies = format!("{},{}", self.base, arms.join(","));
            let options = self.compare_options(scenario, &strategies)?;
            let kept = dir.join(RUN_FILE).is_file().then(|| RunFolder::read(&dir)).transpose()?;
            if let Some(run) = &kept
                && run.info.strategies.join(",") != strategies
            {
                bail!("{} is of another policy, or leaves other inputs out; name another --out", dir.display());
            }
            let run = match kept {
                Some(run) if run.info.complete => {
                    left.skip(self.building_s(scenario, inputs)?);
                    run
                }
                kept => {
                    left.begin(&format!("building {}, {} of {} scenarios", scenario.name, at + 1, all.len()));
                    let run = match kept {
                        Some(_) => compare::resume(&dir, options.guards, supervisor)?,
                        None => compare::measure(&Experiment::of(&options)?, &options, &dir, supervisor)?,
                    };
                    left.end(self.building_s(scenario, inputs)?);
                    run.folder
                }
            };
            rows.iter_mut()
                .filter(|row| arms.contains(&row.strategy))
                .for_each(|row| evidence::add_builds(row, &self.base, &run));
            runs.push((scenario, run));
        }
        if !runs.is_empty() {
            self.compare_with_replay(rows, &runs, supervisor)?;
        }
        Ok(())
    }

    fn compare_options(&self, scenario: &Scenario, strategies: &str) -> Result<runner::experiment::Options> {
        let work = self.work.display().to_string();
        let workspaces = self.workspaces(scenario)?;
        let args: CompareArgs = defaults(
            "compare",
            &[
                ["--corpus", &self.args.corpus],
                ["--workspaces", &workspaces],
                ["--scenario", &scenario.name],
                ["--strategies", strategies],
                ["--order", "arm-by-arm"],
                ["--seed", "1"],
                ["--work-dir", &work],
            ]
            .concat()
            .into_iter()
            .chain(["--shadow"])
            .collect::<Vec<_>>(),
        )?;
        compare::options(&args, None)
    }

    /// Replays the very builds, from unit graphs that are collected for it: is a gain of the one a gain of the other?
    fn compare_with_replay(
        &self,
        rows: &mut [AblationRow],
        runs: &[(&Scenario, RunFolder)],
        supervisor: &Supervisor,
    ) -> Result<()> {
        let path = self.out.join("corpus.trace");
        if !path.exists() {
            let work = WorkDir::acquire(&self.work, DISK_FLOOR)?;
            let build_env = BuildEnv::open(work.path(), None, supervisor.clone())?;
            let commands = DEFAULT.split(',').map(str::parse).collect::<Result<Vec<_>, String>>();
            let commands = commands.map_err(anyhow::Error::msg)?;
            let workspaces = choose(std::slice::from_ref(&self.args.corpus), &[])?;
            let draft = everything(&build_env, &workspaces, &commands)?;
            let measured = Measurements::read(&folders_in(&self.out.join("built"))?, |note| eprintln!("note: {note}"));
            let toolchain = build_env.toolchain.rustc_line();
            UnitCosts::of(&draft, &measured).finish(draft, self.args.corpus.clone(), toolchain).write(&path)?;
        }
        let mut trace = Trace::read(&path)?;
        let corpus = Corpus::load(&self.args.corpus)?;
        let edits = corpus.workspaces.iter().map(|it| (it.name.clone(), format!("ws:{}", it.edit.display()))).collect();
        let mut left_out: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (scenario, run) in runs {
            let found = agreement::check(&mut trace, run, scenario, &edits)?;
            found.differences.iter().for_each(|line| eprintln!("replay and build differ: {}", plain(line)));
            for (_, why) in found.left_out {
                let scenarios = left_out.entry(why).or_default();
                if !scenarios.contains(&scenario.name.as_str()) {
                    scenarios.push(&scenario.name);
                }
            }
            rows.iter_mut().for_each(|row| evidence::add_agreement(row, &found.compared));
        }
        for (why, scenarios) in left_out {
            eprintln!("not compared with a replay: {}: {}", scenarios.join(", "), plain(&why));
        }
        Ok(())
    }
}

/// The arguments of another subcommand, as if these words were given to it.
fn defaults<T: Args + FromArgMatches>(command: &'static str, words: &[&str]) -> Result<T> {
    let matches = T::augment_args(Command::new(command)).try_get_matches_from([&[command], words].concat())?;
    Ok(T::from_arg_matches(&matches)?)
}
