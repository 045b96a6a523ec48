//! Large graphs, long and strange paths: planning and restoring stay cheap and right.
//!
//! A bar in seconds would judge the machine. The bar for planning and restoring is a multiple of
//! what Cargo itself takes for a build of the same graph that has nothing to do, measured in the
//! same attempt a moment earlier. Planning looks at an entry for each unit and must cost no more
//! than Cargo's own look; restoring makes some seven files for each, and where files are slow to
//! make, Cargo is not the yardstick, so that bar is wide.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script, workspace};
use crate::{Family, Probe, ProbeError, ProbeResult};

pub(crate) const FAMILY: Family = Family {
    name: "cost",
    about: "Large graphs, long and strange paths: planning and restoring stay cheap and right.",
    alone: true,
    lists: &[&[
        Probe::reuse(
            "two-thousand-units",
            "https://github.com/rust-lang/cargo/issues/5931",
            "Planning 2,000 units takes no longer than Cargo's own no-op build of them, restoring 20 times that.",
            two_thousand_units,
        ),
        Probe::reuse(
            "very-long-paths",
            "https://github.com/rust-lang/cargo/issues/9770",
            "Build directories more than 1,000 characters deep are filled and restored like others.",
            very_long_paths,
        ),
        Probe::reuse(
            "strange-paths",
            "https://github.com/rust-lang/cargo/issues/5931",
            "Spaces, a comma and letters of other scripts in every path.",
            strange_paths,
        ),
    ]],
};

/// Units of the large graph.
const UNITS: usize = 2_000;
/// How many of the libraries before it each library depends on.
const FAN: usize = 3;
/// What planning may cost, in no-op builds of plain Cargo.
const PLAN: f64 = 1.0;
/// What restoring may cost.
const RESTORE: f64 = 20.0;

/// Cargo's own call for the unit graph is left out: a cache inside Cargo would not make it.
fn two_thousand_units(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let large = BuiltTree::shared(cx)?;
    large.adopt(cx)?;
    let (_, no_op) = cx.build_plainly("large")?;
    let filled = cx.publish_fresh("large")?;
    if filled.ran() > 0 {
        return Err(ProbeError::Internal(anyhow::anyhow!("{} units of a built tree are not fresh", filled.ran())));
    }
    cx.settings("large").target = None;
    cx.set_cold("large");
    cx.note("from here on in an empty build directory");
    cx.needs_cache()?;
    let restored = cx.build("large")?;
    let (Some(plan), Some(restore)) = (restored.plan, restored.restore) else {
        return ProbeError::not_applicable("it does not plan and restore apart from its build");
    };
    let others = restored.units.iter().filter(|unit| unit.package != "large");
    others.into_iter().try_for_each(|unit| restored.must_reuse(&unit.package))?;
    let plan = plan.saturating_sub(restored.graph_call.unwrap_or_default());
    let ratio = |took: Duration| took.as_secs_f64() / no_op.as_secs_f64();
    let costs = format!(
        "{} units: plan {:.3} s, restore {:.3} s; {:.2} and {:.1} times a no-op build of plain Cargo ({:.3} s)",
        restored.units.len(),
        plan.as_secs_f64(),
        restore.as_secs_f64(),
        ratio(plan),
        ratio(restore),
        no_op.as_secs_f64()
    );
    if ratio(plan) > PLAN || ratio(restore) > RESTORE {
        return ProbeError::failed(costs);
    }
    cx.remark(costs);
    match cx.build_plainly("large")? {
        (0, _) => Ok(()),
        (ran, _) => ProbeError::failed(format!("{ran} units are built again after a restore")),
    }
}

/// The large tree, which plain Cargo built once for all strategies.
struct BuiltTree {
    sources: PathBuf,
    target: PathBuf,
}

impl BuiltTree {
    /// The tree in a directory beside those of the strategies; built by the first that asks, as
    /// this family runs one probe at a time.
    fn shared(cx: &mut ProbeContext<'_>) -> ProbeResult<BuiltTree> {
        let dir = cx.path("..").join("built-once");
        let complete = dir.join("complete");
        let mut plain = match complete.exists() {
            true => ProbeContext::at(cx.env(), "none", &runner::integration::plain::NONE, &dir),
            false => ProbeContext::create(cx.env(), "none", &runner::integration::plain::NONE, &dir)?,
        };
        if !complete.exists() {
            large_tree(&mut plain)?;
            plain.build("large")?;
            std::fs::write(complete, "")?;
        }
        let site = plain.site("large");
        cx.note("a large tree, built by plain Cargo");
        Ok(BuiltTree { sources: site.dir, target: site.target_dir })
    }

    /// Builds go on in its sources and build directory; what a strategy noted there about an
    /// earlier store is forgotten.
    fn adopt(&self, cx: &mut ProbeContext<'_>) -> ProbeResult {
        let settings = cx.settings("large");
        settings.sources = Some(self.sources.clone());
        settings.target = Some(self.target.clone());
        Ok(strategies::units::forget_installed(&self.target)?)
    }
}

/// Libraries without a standard library, each on some before it: 25 levels.
fn large_tree(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let mut members = String::new();
    for at in 0..UNITS {
        let name = format!("unit{at:04}");
        let mut dependencies = String::new();
        for step in 1..=FAN {
            // Far enough away for broad levels, near enough for a deep graph.
            if let Some(earlier) = at.checked_sub(step * 80) {
                let _ = writeln!(dependencies, "unit{earlier:04} = \"1\"");
            }
        }
        let files = [("src/lib.rs", "#![no_std]\n")];
        cx.publish(&name, "1.0.0", &format!("[dependencies]\n{dependencies}"), &files)?;
        let _ = writeln!(members, "{name} = \"1\"");
    }
    cx.tree("large", &[("Cargo.toml", &workspace("large", &members)), ("src/lib.rs", "#![no_std]\n")])
}

fn very_long_paths(cx: &mut ProbeContext<'_>) -> ProbeResult {
    // Names may have 255 bytes, and sockets, linkers and scripts have limits far lower than 4,096.
    let folder = ["a", "b", "c", "d", "e"].map(|letter| letter.repeat(200)).join("/");
    restored_in(cx, &folder)
}

fn strange_paths(cx: &mut ProbeContext<'_>) -> ProbeResult {
    restored_in(cx, "two words/größe 大きさ/and, more")
}

/// A small tree whose sources and build directory lie in a folder of this name.
fn restored_in(cx: &mut ProbeContext<'_>, folder: &str) -> ProbeResult {
    cx.publish("plain", "1.0.0", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")])?;
    let main = format!("fn main() {{ println!(\"{{}}{{}}\", plain::plain(), {SCRIPT_WORD}); }}\n");
    cx.settings("app").parent = Some(folder.to_owned());
    cx.tree(
        "app",
        &[
            ("Cargo.toml", &workspace("app", "plain = \"1\"")),
            ("build.rs", &build_script(&[ITSELF], "2")),
            ("src/main.rs", &main),
        ],
    )?;
    let restored = crate::freshness::restored(cx, "app", "12")?;
    cx.needs_cache()?;
    restored.must_reuse_admitted()
}
