//! `units`: whole units restored into the build directory before Cargo runs, and published after
//! it, as a cache inside Cargo would.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use exec::cpu::own_cpu;
use exec::filesystem::remove_dir;
use records::Outcome;
use strategies::explain::EntryIndex;
use strategies::graph::UnitIndex;
use strategies::graph::matching::BuiltUnits;
use strategies::key::Key;
use strategies::store::remote::{RemoteCache, RemoteStore, RemoteUse};
use strategies::store::{Added, Store};
use strategies::units::{self, Decision, Session, Units};

use super::{Expectations, Integration, IntegrationDirs, OpenedIntegration, StepStart, UnitOutcome};
use crate::build::{Build, BuildPhases, CacheActions, CompileCosts, GraphCall, Usage, ask_graph, context, run_cargo};
use crate::build_env::{BuildEnv, Phase};
use crate::deadline::BuildError;
use crate::invocation::{BuildOptions, CargoHooks, Site};

/// Units and the store they are kept in.
#[derive(Debug)]
pub struct UnitCache {
    units: Units,
    dir: PathBuf,
    store: RemoteStore,
}

impl UnitCache {
    /// Opens the store, unless the link mode does not work here.
    pub(super) fn open(units: &Units, dirs: &IntegrationDirs) -> Result<OpenedIntegration> {
        if let Err(why) = units.link.probe(&dirs.root) {
            return Ok(OpenedIntegration::Unsupported(why));
        }
        let store = RemoteStore::new(units.store.open(&dirs.store)?);
        Ok(OpenedIntegration::Ready(Arc::new(UnitCache { units: *units, dir: dirs.store.clone(), store })))
    }

    fn session<'a>(&'a self, build: &'a Build, cached: &'a CacheActions) -> Session<'a> {
        Session { units: &self.units, store: &self.store, graph: &build.graph, context: &cached.context }
    }
}

impl CargoHooks for UnitCache {}

impl Integration for UnitCache {
    fn expectations(&self) -> Expectations {
        Expectations { claims_hits: true, link: Some(self.units.link), ..Expectations::default() }
    }

    fn store_dir(&self) -> Option<&Path> {
        Some(&self.dir)
    }

    fn store(&self) -> Option<&dyn Store> {
        Some(&self.store)
    }

    fn start_step(&self, env: &BuildEnv, builds: &[(&Site, &BuildOptions)]) -> Result<StepStart, BuildError> {
        if self.units.policy.reads_everything {
            // Once for all steps, and in none of them.
            env.compiler_contents();
        }
        // Read before any of them publishes: misses are explained by what was there.
        let index = (builds.len() > 1).then(|| Arc::new(EntryIndex::load(&self.store)));
        Ok(StepStart { index, ..StepStart::default() })
    }

    fn build(
        &self,
        env: &BuildEnv,
        site: &Site,
        options: &BuildOptions,
        start: &StepStart,
    ) -> Result<Build, BuildError> {
        let (units, store, layout): (_, &dyn Store, _) = (&self.units, &self.store, site.layout());
        let mut usage = Usage::default();
        let own = own_cpu();
        let deadline = env.deadline();
        // The harness passes `--offline` to every build; who means the remote too says it so.
        if options.env.get("CARGO_NET_OFFLINE").is_some_and(|offline| offline == "true") {
            self.store.connect(None);
        }

        env.enter(Phase::Plan);
        let began = Instant::now();
        let lock = store.lock_shared()?;
        let knows_rustc = site.build_dir.join(".rustc_info.json").exists();
        let call = ask_graph(env, site, options, &mut usage, deadline)?;
        let GraphCall { graph, wall: mut graph_call, inspection } = call;
        let mut context = context(env, site, options);
        if units.policy.reads_everything {
            context = context.reading_everything(env.compiler_contents());
        }
        let session = Session { units, store, graph: &graph, context: &context };
        let mut plan = units::plan(&session);
        let planned = began.elapsed().saturating_sub(inspection);

        env.enter(Phase::Restore);
        let began = Instant::now();
        let restored = units::restore(&session, &mut plan)?;
        let restore = began.elapsed();
        let own_before = own_cpu().saturating_sub(own);

        env.enter(Phase::Cargo);
        let cargo = run_cargo(env, site, options, &mut usage, deadline)?;
        // The store's entries explain the misses later. Reading them is in no phase: a cache that
        // is not under test would not do it.
        let missed = plan.units.iter().any(|unit| matches!(unit.decision, Decision::Miss));
        let before = missed.then(|| start.index.clone().unwrap_or_else(|| Arc::new(EntryIndex::load(store))));

        let own = own_cpu();
        let began = Instant::now();
        let built = BuiltUnits::of(&graph, &layout, &cargo.messages, cargo.started);
        let matching = began.elapsed();
        let CompileCosts { rustc, astray, seconds: costs, ran } =
            CompileCosts::of(site, &built, &cargo.messages, false)?;
        env.enter(Phase::Publish);
        let began = Instant::now();
        let published = units::publish(&session, &mut plan, &built, &costs, &site.workspace)?;
        let publish = began.elapsed() + matching;
        env.enter(Phase::End);
        let own = own_before + own_cpu().saturating_sub(own);
        if !knows_rustc {
            // In a fresh directory Cargo also asked rustc about itself, which a cache inside Cargo has to do as well: what
            // the graph alone takes shows now.
            let again = ask_graph(env, site, options, &mut Usage::default(), env.deadline())?;
            graph_call = graph_call.min(again.wall);
        }

        let phases = BuildPhases {
            plan: Some(planned),
            graph_call: Some(graph_call),
            restore: Some(restore),
            cargo: cargo.wall,
            publish: Some(publish),
        };
        let cached = Some(CacheActions { plan, restored, published, before, context, lock });
        Ok(Build { phases, usage, own, rustc, astray, costs, ran, graph, built, cached })
    }

    fn outcomes(&self, build: &Build, _cold: bool) -> Vec<UnitOutcome> {
        let Some(cached) = &build.cached else { return Vec::new() };
        let session = self.session(build, cached);
        let explained = cached.before.as_ref().map(|before| before.explain(&session, &cached.plan)).unwrap_or_default();
        let is_restored = |index: UnitIndex| cached.restored.units.iter().any(|(restored, _)| *restored == index);
        let is_dup =
            |index| cached.before.as_ref().is_some_and(|before| before.is_dup(&session, &cached.published, index));
        let has_same_exports = |index| cached.before.as_ref()?.has_same_exports(&session, &cached.published, index);
        let judge = |index: UnitIndex| {
            let (compiled, fresh) = (build.is_compiled(index), build.is_fresh(index));
            let unit = &cached.plan.units[index];
            let entry = unit.hit();
            let mut outcome = UnitOutcome {
                index,
                runs_script: build.graph.units[index].is_script_run(),
                cost_s: build.cost(index).or_else(|| entry?.cost_s),
                bytes: entry.map(|entry| entry.size()),
                ..UnitOutcome::default()
            };
            outcome.outcome = match &unit.decision {
                // The build directory held it: the policy was asked for nothing.
                Decision::Refused(_) | Decision::Miss if fresh && !compiled => None,
                Decision::Present { .. } => None,
                Decision::Refused(rule) => {
                    rule.name.clone_into(&mut outcome.reason);
                    Some(Outcome::Refused)
                }
                Decision::Hit(_) if !is_restored(index) => {
                    "evicted".clone_into(&mut outcome.reason);
                    Some(Outcome::Miss)
                }
                Decision::Hit(_) if fresh => Some(Outcome::Hit),
                // Rebuilt, or Cargo said nothing of it: no hit without Cargo's word.
                Decision::Hit(_) => Some(Outcome::Stale),
                Decision::Miss => {
                    if let Some(explanation) = explained.get(&index) {
                        explanation.reason.as_str().clone_into(&mut outcome.reason);
                        outcome.because = explanation.because.clone().unwrap_or_default();
                    }
                    outcome.same_exports = has_same_exports(index);
                    Some(if is_dup(index) { Outcome::Dup } else { Outcome::Miss })
                }
            };
            outcome
        };
        (0..build.graph.units.len()).map(judge).collect()
    }

    fn connect(&self, remote: Option<Arc<dyn RemoteCache>>) {
        self.store.connect(remote);
    }

    fn upload(&self, build: &Build) -> usize {
        let published = build.cached.iter().flat_map(|cached| &cached.published.units);
        let new: Vec<Key> = published.filter(|unit| unit.added == Added::New).map(|unit| unit.key).collect();
        self.store.upload(&new)
    }

    fn remote_use(&self) -> RemoteUse {
        self.store.remote_use()
    }

    fn reset(&self) -> Result<()> {
        remove_dir(&self.dir)?;
        // Makes its directories anew; the open store is nothing but their paths.
        self.units.store.open(&self.dir)?;
        Ok(())
    }
}
