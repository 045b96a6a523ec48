//! What is too large to be built for each strategy: built once by plain Cargo.

use std::path::PathBuf;
use std::time::Duration;

use strategies::Strategy;

use super::bench::Bench;
use super::{Told, Wrong};
use runner::integration::plain::PlainCargo;
use runner::integration::{self, StepStart};

/// The one tree of a shared place.
#[derive(Debug, Clone)]
pub struct Shared {
    sources: PathBuf,
    target: PathBuf,
}

impl Bench<'_> {
    /// The tree `tree`, made by `make` and built by plain Cargo in a place that all strategies of
    /// this probe share; made by the first that asks. Families that share are told one story at
    /// a time.
    ///
    /// # Errors
    /// When it cannot be made or built.
    pub fn shared(&mut self, tree: &str, make: fn(&mut Bench<'_>) -> Told) -> Result<Shared, Wrong> {
        let place = self.at("..").join("shared-by-all");
        let mut bench = match place.join("whole").exists() {
            true => Bench::take_up(self.ground(), "none", &Strategy::None, &place),
            false => Bench::set_up(self.ground(), "none", &Strategy::None, &place)?,
        };
        if !place.join("whole").exists() {
            make(&mut bench)?;
            bench.build(tree)?;
            std::fs::write(place.join("whole"), "")?;
        }
        let site = bench.site(tree);
        self.note("a large tree, built by plain Cargo");
        Ok(Shared { sources: site.dir, target: site.target_dir })
    }

    /// Takes over sources and build directory where they are; what a strategy noted there about
    /// an earlier store is forgotten.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn adopt(&mut self, tree: &str, shared: &Shared) -> Told {
        let settings = self.set(tree);
        settings.sources = Some(shared.sources.clone());
        settings.target = Some(shared.target.clone());
        Ok(strategies::units::forget_installed(&shared.target)?)
    }

    /// Goes on in an empty build directory of its own.
    pub fn leave(&mut self, tree: &str) {
        self.set(tree).target = None;
        self.warm_no_more(tree);
        self.note("from here on in an empty build directory");
    }

    /// A build by plain Cargo in the tree's own build directory: how many units ran, and how long
    /// it took.
    ///
    /// # Errors
    /// When it fails.
    pub fn build_plainly(&mut self, tree: &str) -> Result<(usize, Duration), Wrong> {
        let (build_env, site, build_options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        self.warm.insert(tree.to_owned());
        self.note(&format!("build {tree} with plain Cargo, as if there were no cache"));
        let built = integration::build(&PlainCargo, build_env, &site, &build_options, &StepStart::default())?;
        Ok((built.built.compiled.len(), built.phases.cargo))
    }
}
