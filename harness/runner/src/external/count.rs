//! What a tool reports of itself for one step.

use strategies::external::statistics::Counters;

use super::{Env, ExternalTool, PATIENCE};
use crate::invocation::Site;
use exec::process;

/// A step that is being counted.
#[derive(Debug)]
pub struct Counting {
    before: Option<Counters>,
}

/// Hits and misses of a step by the tool's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnCount {
    /// Its hits.
    pub hits: u64,
    /// Its misses, where it tells them.
    pub misses: Option<u64>,
}

impl ExternalTool {
    /// Called before the builds of a step.
    pub fn begin_counting(&self, env: &Env<'_>, sites: &[&Site]) -> Counting {
        // What an earlier build left is not this one's.
        sites.iter().filter_map(|site| self.file(env, site)).for_each(|file| drop(std::fs::remove_file(file)));
        Counting { before: self.counters() }
    }

    /// Called after them, and before anything else is built. `None` where the tool tells nothing.
    pub fn end_counting(&self, counting: &Counting, env: &Env<'_>, sites: &[&Site]) -> Option<OwnCount> {
        let statistics = self.external().description.statistics.as_ref()?;
        let counters = match statistics.file {
            Some(_) => {
                let read = |site: &&Site| {
                    let text = std::fs::read_to_string(self.file(env, site)?).ok()?;
                    Counters::read(statistics, &text)
                };
                let each = sites.iter().map(read).collect::<Option<Vec<Counters>>>()?;
                each.into_iter().reduce(Counters::plus)?
            }
            None => self.counters()?.since(counting.before?),
        };
        Some(OwnCount { hits: counters.hits, misses: counters.misses })
    }

    fn counters(&self) -> Option<Counters> {
        let statistics = self.external().description.statistics.as_ref()?;
        if statistics.command.is_empty() {
            return None;
        }
        let values = match self.port() {
            Some(port) => self.values.clone().with("port", port.to_string()),
            None => self.values.clone(),
        };
        let spec = self.command(&values, &statistics.command).ok()?.timeout(PATIENCE);
        let (finished, stdout) = process::run_captured(&spec, &self.supervisor).ok()?;
        finished.status.success().then(|| Counters::read(statistics, &stdout.join("\n")))?
    }

    fn file(&self, env: &Env<'_>, site: &Site) -> Option<std::path::PathBuf> {
        let template = self.external().description.statistics.as_ref()?.file.as_ref()?;
        self.of_build(env.build_env, site, env.options).text(template).ok().map(Into::into)
    }
}
