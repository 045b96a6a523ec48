//! The workbench a story is told on.
//!
//! ```text
//! <place>/.cargo/config.toml   replaces crates.io by vendor/, no debug information
//! <place>/vendor/              the made-up registry: a directory source
//! <place>/ws/<tree>/           workspaces
//! <place>/target/<tree>/       their build directories (`target/shared` for shared-target)
//! <place>/store/               the store of the strategy
//! ```
//!
//! Every strategy gets a place of its own, empty when the story begins. What is done goes into
//! a [`Story`], so that it can be repeated by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use corpora::scenario::Task;
use strategies::Strategy;
use strategies::store::Store;

use super::built::Built;
use super::story::{Step, Story};
use super::{Told, Wrong};
use exec::dirs::remove_dir;
use exec::process::{self, CommandSpec};
use runner::build_env::BuildEnv;
use runner::deadline::BuildError;
use runner::experiment::StrategyFile;
use runner::integration::plain::PlainCargo;
use runner::integration::{self, Integration, IntegrationDirs, OpenedIntegration};
use runner::invocation::{BuildOptions, Site};

/// What all stories of a run share.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The toolchain under test and everything around it.
    pub build_env: &'a BuildEnv,
    /// Another toolchain, where there is one.
    pub second: Option<&'a BuildEnv>,
    /// What else strategies can be named by.
    pub extra_strategies: &'a ExtraStrategies,
}

/// Files of strategies and parameters that were given, for processes that look names up again.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct ExtraStrategies {
    /// Files that describe strategies.
    pub files: Vec<StrategyFile>,
    /// Parameters of external strategies.
    pub set: Vec<String>,
}

/// How a tree is built; changed by stories between builds.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Settings {
    /// Arguments of Cargo.
    pub args: Vec<String>,
    /// Environment variables on top of the scrubbed ones.
    pub env: BTreeMap<String, String>,
    /// RUSTFLAGS.
    pub rustflags: Option<String>,
    /// `dev` where not set.
    pub profile: Option<String>,
    /// Build with the second toolchain.
    pub second_toolchain: bool,
    /// A folder between `ws/` or `target/` and the tree.
    pub below: Option<String>,
    /// Sources that lie elsewhere: the directory of the tree.
    pub sources: Option<PathBuf>,
    /// A build directory that lies elsewhere.
    pub target: Option<PathBuf>,
    /// Name of its program, where that is not the tree's.
    #[serde(default)]
    pub program: Option<String>,
}

/// A place where a story is told to a strategy.
#[derive(Debug)]
pub struct Bench<'a> {
    ground: Ground<'a>,
    strategy: &'a Strategy,
    name: String,
    place: PathBuf,
    /// Plain Cargo until the store is opened.
    integration: Arc<dyn Integration>,
    settings: BTreeMap<String, Settings>,
    /// Trees that were built since their build directory was last emptied.
    pub(super) warm: BTreeSet<String>,
    pub(super) story: Story,
    remark: String,
}

const CONFIG: &str = "[source.crates-io]
replace-with = \"made-up\"
[source.made-up]
directory = \"vendor\"
[profile.dev]
debug = 0
";

impl<'a> Bench<'a> {
    /// An empty bench at `place`, which is emptied.
    ///
    /// # Errors
    /// When the place cannot be made; not applicable where the strategy does not work here.
    pub fn set_up(ground: Ground<'a>, name: &str, strategy: &'a Strategy, place: &Path) -> Result<Bench<'a>, Wrong> {
        remove_dir(place)?;
        std::fs::create_dir_all(place)?;
        let mut bench = Bench::take_up(ground, name, strategy, place);
        bench.write(".cargo/config.toml", CONFIG)?;
        std::fs::create_dir_all(bench.at("vendor"))?;
        bench.open_store()?;
        Ok(bench)
    }

    /// The bench as it stands at `place`, without opening its store.
    pub fn take_up(ground: Ground<'a>, name: &str, strategy: &'a Strategy, place: &Path) -> Bench<'a> {
        Bench {
            ground,
            strategy,
            name: name.to_owned(),
            place: place.to_owned(),
            integration: Arc::new(PlainCargo),
            settings: BTreeMap::new(),
            warm: BTreeSet::new(),
            story: Story::default(),
            remark: String::new(),
        }
    }

    /// Opens the store, or makes an empty one.
    ///
    /// # Errors
    /// When it cannot be opened: the strategy's fault.
    pub fn open_store(&mut self) -> Told {
        let shared_target = self.at("target/shared");
        let dirs = IntegrationDirs { shared_target, ..IntegrationDirs::below(&self.at("")) };
        let opened = integration::open(self.strategy, self.build_env(), &dirs);
        self.integration = match opened {
            Ok(OpenedIntegration::Ready(integration)) => integration,
            Ok(OpenedIntegration::Unsupported(why)) => return Err(Wrong::NotApplicable(why)),
            Err(error) if self.strategy.as_units().is_some() => {
                return Err(Wrong::Failed(format!("the store does not open: {error}")));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    /// What all stories share.
    pub(super) fn ground(&self) -> Ground<'a> {
        self.ground
    }

    /// What was done so far.
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// The build_env of the toolchain under test.
    pub fn build_env(&self) -> &'a BuildEnv {
        self.ground.build_env
    }

    /// The strategy.
    pub fn strategy(&self) -> &'a Strategy {
        self.strategy
    }

    /// Its name.
    pub fn strategy_name(&self) -> &str {
        &self.name
    }

    /// A path below the place.
    pub fn at(&self, relative: &str) -> PathBuf {
        self.place.join(relative)
    }

    /// Where the strategy keeps things, should it have a store.
    pub fn store_dir(&self) -> PathBuf {
        self.at("store")
    }

    /// The open store of a `units` strategy.
    ///
    /// # Errors
    /// Not applicable to others.
    pub fn store(&self) -> Result<&dyn Store, Wrong> {
        self.integration.store().ok_or_else(|| Wrong::NotApplicable("it has no store of ours".to_owned()))
    }

    /// A story about reuse cannot be told of a strategy that reuses nothing.
    ///
    /// # Errors
    /// Not applicable to `none`.
    pub fn needs_cache(&self) -> Told {
        match self.integration.expectations().cacheless {
            true => Err(Wrong::NotApplicable("it reuses nothing".to_owned())),
            false => Ok(()),
        }
    }

    /// The story needs a second toolchain.
    ///
    /// # Errors
    /// Not applicable where there is none.
    pub fn needs_second_toolchain(&self) -> Told {
        match self.ground.second {
            // It was opened with the toolchain under test and hands that one's environment on.
            Some(_) if self.integration.expectations().opaque => {
                Err(Wrong::NotApplicable("a tool is opened for one toolchain only".to_owned()))
            }
            Some(_) => Ok(()),
            None => Err(Wrong::NotApplicable("there is one toolchain only on this machine".to_owned())),
        }
    }

    /// What a reader should know of a story that ends well; the last one counts.
    pub fn remark(&mut self, text: String) {
        self.remark = text;
    }

    /// The last remark.
    pub fn remarked(&self) -> &str {
        &self.remark
    }

    /// Says in the script what it cannot do.
    pub fn note(&mut self, text: &str) {
        self.story.add(Step::Note(text.to_owned()));
    }

    /// How a tree is built from now on.
    pub fn set(&mut self, tree: &str) -> &mut Settings {
        self.settings.entry(tree.to_owned()).or_default()
    }

    /// Builds a tree under the strategy.
    ///
    /// # Errors
    /// When the build fails, or units were restored only to be rebuilt.
    pub fn build(&mut self, tree: &str) -> Result<Built, Wrong> {
        let built = self.try_build(tree)??;
        match built.stale().as_slice() {
            [] => Ok(built),
            [first, rest @ ..] => {
                let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
                Err(Wrong::Failed(format!("restored, yet rebuilt by Cargo: {first}{more}")))
            }
        }
    }

    /// Builds a tree under the strategy, which may fail or restore in vain.
    ///
    /// # Errors
    /// When the harness cannot do it, or is interrupted; the inner error is the build's.
    pub fn try_build(&mut self, tree: &str) -> Result<Result<Built, Wrong>, Wrong> {
        let (build_env, site, build_options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        let cold = self.warm.insert(tree.to_owned());
        let args = site.build_args(build_env, &build_options);
        let shown =
            args.iter().map(|arg| arg.to_string_lossy().into_owned()).filter(|arg| !arg.starts_with("--message"));
        let env = self.story_env(tree);
        self.story.add(Step::Build {
            tree: self.inside("", tree).trim_start_matches('/').to_owned(),
            env,
            args: shown.collect(),
        });
        let start = self.integration.start_step(build_env, &[])?;
        match integration::build(&*self.integration, build_env, &site, &build_options, &start) {
            Ok(mut build) => {
                build.release();
                let outcomes = self.integration.outcomes(&build, cold);
                Ok(Ok(Built::of(&build, &outcomes)))
            }
            Err(error @ BuildError::Process(_)) => Err(error.into()),
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// A tree that plain Cargo refuses must not build; what is printed must hold `says`.
    ///
    /// # Errors
    /// When it builds, or fails for another reason.
    pub fn must_not_build(&mut self, tree: &str, says: &str) -> Told {
        let built = self.try_build(tree)?;
        self.story.last_must_fail();
        match built {
            Ok(_) => Err(Wrong::Failed(format!("{tree} builds, though plain Cargo refuses its sources"))),
            Err(Wrong::Failed(why)) if why.contains(says) => Ok(()),
            Err(Wrong::Failed(why)) => Err(Wrong::Failed(format!("nothing about `{says}`: {why}"))),
            Err(other) => Err(other),
        }
    }

    /// The program of a tree, named like it, must print this.
    ///
    /// # Errors
    /// When it prints something else or fails: the strategy made a wrong build.
    pub fn prints(&mut self, tree: &str, expected: &str) -> Told {
        let settings = self.settings_of(tree);
        let program = settings.program.as_deref().unwrap_or(tree);
        let profile = settings.profile.unwrap_or_else(|| "dev".to_owned());
        let folder = strategies::graph::layout::profile_dir(&profile);
        let path = format!("{}/{folder}/{program}", self.inside("target", tree));
        let shown = expected.replace(&*self.place.to_string_lossy(), "$here");
        self.story.add(Step::Prints(path, shown));
        let printed = self.output(tree)?;
        match printed == expected {
            true => Ok(()),
            false => {
                Err(Wrong::Failed(format!("{tree} prints {printed:?}, and {expected:?} when built from its sources")))
            }
        }
    }

    /// What the program of a tree prints.
    ///
    /// # Errors
    /// When it does not run.
    pub fn output(&self, tree: &str) -> Result<String, Wrong> {
        let (build_env, site, build_options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        let program = self.program(tree);
        let spec = CommandSpec::new(&program, &site.dir).envs(site.env(build_env, &build_options)).timeout(LIMIT);
        match process::run_captured(&spec, &build_env.supervisor) {
            Ok((finished, stdout)) if finished.status.success() => Ok(stdout.join("\n")),
            Ok((finished, _)) => Err(Wrong::Failed(format!(
                "the program of {tree} ends with exit code {}: {}",
                finished.code(),
                finished.stderr_text()
            ))),
            Err(process::ProcessError::Spawn { source, .. }) => {
                Err(Wrong::Failed(format!("the program of {tree} does not start: {source}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Where the program of a tree is.
    pub fn program(&self, tree: &str) -> PathBuf {
        let settings = self.settings_of(tree);
        let site = self.site(tree);
        let triple = settings.args.iter().find_map(|arg| arg.strip_prefix("--target="));
        let profile = settings.profile.as_deref().unwrap_or("dev");
        let inside = Site { target_dir: triple.map_or(site.target_dir.clone(), |it| site.target_dir.join(it)), ..site };
        inside.program(settings.program.as_deref().unwrap_or(tree), profile)
    }

    /// Ends the daemon of somebody else's tool; the next build starts it again.
    pub fn rest(&self) {
        self.integration.pause();
    }

    /// Empties the build directory of a tree: what its workspace has to itself.
    ///
    /// The directory that all trees of `shared-target` build into stays. It is what that design
    /// has for a store, and wiping a workspace leaves every store as it is; `compare` does the same.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn wipe(&mut self, tree: &str) -> Told {
        remove_dir(&self.site(tree).target_dir)?;
        self.warm.remove(tree);
        self.story.add(Step::Remove(self.inside("target", tree)));
        Ok(())
    }

    /// Notes that something else emptied the build directory of a tree.
    pub fn warm_no_more(&mut self, tree: &str) {
        self.warm.remove(tree);
    }

    /// The path of a tree's folder in `ws` or `target`.
    pub(super) fn inside(&self, folder: &str, tree: &str) -> String {
        match self.settings_of(tree).below {
            Some(below) => format!("{folder}/{below}/{tree}"),
            None => format!("{folder}/{tree}"),
        }
    }

    /// The build_env a tree is built in.
    pub(super) fn build_env_of(&self, tree: &str) -> &'a BuildEnv {
        match self.ground.second {
            Some(second) if self.settings_of(tree).second_toolchain => second,
            _ => self.ground.build_env,
        }
    }

    /// How a tree is built.
    pub(super) fn settings_of(&self, tree: &str) -> Settings {
        self.settings.get(tree).cloned().unwrap_or_default()
    }

    /// Where a tree is built.
    pub(super) fn site(&self, tree: &str) -> Site {
        let dir = self.settings_of(tree).sources.unwrap_or_else(|| self.at(&self.inside("ws", tree)));
        let target_dir = self.settings_of(tree).target.unwrap_or_else(|| self.at(&self.inside("target", tree)));
        let shared = self.integration.shared_build_dir().map(Path::to_path_buf);
        Site {
            workspace: tree.to_owned(),
            tree: dir.clone(),
            root: dir.clone(),
            dir,
            build_dir: shared.unwrap_or_else(|| target_dir.clone()),
            target_dir,
            log: self.at(&format!("rustc-{tree}.log")),
            cargo_args: self.settings_of(tree).args,
            test_args: Vec::new(),
            run: None,
            hooks: Arc::<dyn Integration>::clone(&self.integration),
        }
    }

    /// How it is built there.
    pub(super) fn build_options(&self, tree: &str) -> BuildOptions {
        let settings = self.settings_of(tree);
        BuildOptions {
            task: Task::Build,
            profile: settings.profile.unwrap_or_else(|| "dev".to_owned()),
            jobs: None,
            cargo_home: self.build_env_of(tree).cargo_home.clone(),
            rustflags: settings.rustflags,
            env: settings.env,
        }
    }

    pub(super) fn story_env(&self, tree: &str) -> Vec<(String, String)> {
        let settings = self.settings_of(tree);
        let flags = settings.rustflags.map(|flags| ("RUSTFLAGS".to_owned(), flags));
        settings.env.into_iter().chain(flags).collect()
    }
}

/// The longest a single command of a story may take.
pub const LIMIT: Duration = Duration::from_secs(120);
