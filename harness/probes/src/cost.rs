//! Large graphs, long and strange paths: planning and restoring stay cheap and right.
//!
//! A bar in seconds would judge the machine. What planning and restoring may cost is a multiple
//! of what Cargo itself takes for a build of the same graph that has nothing to do, measured in
//! the same story a moment earlier. Planning looks at an entry for each unit and must cost no
//! more than Cargo's own look; restoring makes some seven files for each, and where files are
//! slow to make, Cargo is not the yardstick, so that bar is wide.

use std::fmt::Write as _;

use super::bench::Bench;
use super::materials::package;
use super::{Expects, Family, Probe, Told, Wrong};

/// The family.
pub const FAMILY: Family = Family {
    name: "cost",
    about: "Large graphs, long and strange paths: planning and restoring stay cheap and right.",
    alone: true,
    probes: &[
        Probe {
            name: "two-thousand-units",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "Planning 2,000 units takes no longer than Cargo's own no-op build of them, restoring 20 times that.",
            tell: two_thousand_units,
        },
        Probe {
            name: "very-long-paths",
            origin: "https://github.com/rust-lang/cargo/issues/9770",
            expects: Expects::Reuse,
            about: "Build directories more than 1,000 characters deep are filled and restored like others.",
            tell: very_long_paths,
        },
        Probe {
            name: "strange-paths",
            origin: "https://github.com/rust-lang/cargo/issues/5931",
            expects: Expects::Reuse,
            about: "Spaces, a comma and letters of other scripts in every path.",
            tell: strange_paths,
        },
    ],
};

/// Units of the large graph.
const UNITS: usize = 2_000;
/// Each library stands on that many of those before it.
const FAN: usize = 3;
/// What planning may cost, in no-op builds of plain Cargo.
const PLAN: f64 = 1.0;
/// What restoring may cost.
const RESTORE: f64 = 20.0;

/// What Cargo did not have to be asked for counts: its own call for the unit graph is not part
/// of a cache inside Cargo.
fn two_thousand_units(bench: &mut Bench<'_>) -> Told {
    let large = bench.shared("large", large_tree)?;
    bench.adopt("large", &large)?;
    let (_, no_op) = bench.build_plainly("large")?;
    let filled = bench.build("large")?;
    if filled.ran() > 0 {
        return Err(Wrong::Internal(anyhow::anyhow!("a taken over build directory is not fresh: {}", filled.ran())));
    }
    bench.leave("large");
    bench.needs_cache()?;
    let restored = bench.build("large")?;
    let (Some(plan), Some(restore)) = (restored.plan, restored.restore) else {
        return Err(Wrong::NotApplicable("it does not plan and restore apart from its build".to_owned()));
    };
    // The root is local, and was built by plain Cargo: nobody publishes it.
    restored
        .units
        .iter()
        .filter(|unit| unit.package != "large")
        .try_for_each(|unit| restored.must_reuse(&unit.package))?;
    let plan = plan.saturating_sub(restored.graph_call.unwrap_or_default());
    let ratio = |took: std::time::Duration| took.as_secs_f64() / no_op.as_secs_f64();
    let told = format!(
        "{} units: plan {:.3} s, restore {:.3} s; {:.2} and {:.1} times a no-op build of plain Cargo ({:.3} s)",
        restored.units.len(),
        plan.as_secs_f64(),
        restore.as_secs_f64(),
        ratio(plan),
        ratio(restore),
        no_op.as_secs_f64()
    );
    if ratio(plan) > PLAN || ratio(restore) > RESTORE {
        return Err(Wrong::Failed(told));
    }
    bench.remark(told);
    let (again, _) = bench.build_plainly("large")?;
    match again {
        0 => Ok(()),
        ran => Err(Wrong::Failed(format!("{ran} units are built again after a restore"))),
    }
}

/// Libraries without a standard library, each on some before it: 25 levels.
fn large_tree(bench: &mut Bench<'_>) -> Told {
    let mut members = String::new();
    for at in 0..UNITS {
        let name = format!("unit{at:04}");
        let mut dependencies = String::new();
        for step in 1..=FAN {
            // Far enough below for broad levels, near enough for a deep graph.
            if let Some(below) = at.checked_sub(step * 80) {
                let _ = writeln!(dependencies, "unit{below:04} = \"1\"");
            }
        }
        let files = [("src/lib.rs", "#![no_std]\n")];
        bench.publish(&name, "1.0.0", &format!("[dependencies]\n{dependencies}"), &files)?;
        let _ = writeln!(members, "{name} = \"1\"");
    }
    let manifest = package("large", "0.1.0", &format!("[dependencies]\n{members}\n[workspace]\n"));
    bench.tree("large", &[("Cargo.toml", &manifest), ("src/lib.rs", "#![no_std]\n")])
}

fn very_long_paths(bench: &mut Bench<'_>) -> Told {
    // Names may have 255 bytes, and sockets, linkers and scripts have limits far below 4,096.
    let folder = ["a", "b", "c", "d", "e"].map(|letter| letter.repeat(200)).join("/");
    story_at(bench, &folder)
}

fn strange_paths(bench: &mut Bench<'_>) -> Told {
    story_at(bench, "two words/größe 大きさ/and, more")
}

/// A small tree whose sources and build directory lie below a folder of this name.
fn story_at(bench: &mut Bench<'_>, folder: &str) -> Told {
    bench.publish("plain", "1.0.0", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")])?;
    let script = "fn main() { println!(\"cargo::rerun-if-changed=build.rs\\ncargo::rustc-env=N=2\"); }\n";
    let manifest = package("app", "0.1.0", "[dependencies]\nplain = \"1\"\n\n[workspace]\n");
    let main = "fn main() { println!(\"{}{}\", plain::plain(), env!(\"N\")); }\n";
    bench.set("app").below = Some(folder.to_owned());
    bench.tree("app", &[("Cargo.toml", &manifest), ("build.rs", script), ("src/main.rs", main)])?;
    bench.build("app")?;
    bench.prints("app", "12")?;
    bench.wipe("app")?;
    let restored = bench.build("app")?;
    bench.prints("app", "12")?;
    let again = bench.build("app")?;
    if again.ran() > 0 {
        return Err(Wrong::Failed(format!("a no-op build has something to do: {}", again.what_ran())));
    }
    bench.needs_cache()?;
    match restored.units.iter().find(|unit| unit.ran && !unit.reason.is_empty() && !unit.is_refused()) {
        Some(unit) => Err(Wrong::Failed(format!("{} was built again ({})", unit.label, unit.reason))),
        None => Ok(()),
    }
}
