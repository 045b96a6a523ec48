//! Packages of a registry, unpacked below Cargo's home, where they do not change.

use crate::context::ProbeContext;
use crate::stale::{PRINTS_DEP, TREES, word_is};
use crate::{Probe, ProbeError, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::reuse(
        "registry-package-in-two-trees",
        "https://github.com/rust-lang/cargo/issues/5931",
        "Two trees use a package of a registry, which was unpacked once.",
        |cx| two_trees(cx, false),
    ),
    Probe::survive(
        "registry-package-in-two-homes",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The second tree has a Cargo home of its own: the package is unpacked at another path.",
        |cx| two_trees(cx, true),
    ),
    Probe::rebuild(
        "registry-package-replaced",
        "https://github.com/rust-lang/cargo/issues/5805",
        "Two trees replace the registry by different ones, which have other sources under one name and version.",
        registry_package_replaced,
    ),
    Probe::rebuild(
        "registry-source-edited",
        "https://github.com/rust-lang/cargo/issues/12060",
        "A source that Cargo unpacked below its home is edited there, and the build directory emptied.",
        |cx| source_edited(cx, false),
    ),
];

fn tree(cx: &mut ProbeContext<'_>, tree: &str) -> ProbeResult {
    cx.program_tree(tree, "dep = \"1\"", PRINTS_DEP)
}

fn two_trees(cx: &mut ProbeContext<'_>, second_home: bool) -> ProbeResult {
    cx.use_registry()?;
    let script = "fn main() { std::fs::copy(\"word.txt\", std::path::Path::new(&std::env::var(\"OUT_DIR\").unwrap())\
                  .join(\"word.txt\")).unwrap(); }\n";
    let lib = "pub fn word() -> &'static str { include_str!(concat!(env!(\"OUT_DIR\"), \"/word.txt\")) }\n";
    if second_home {
        cx.settings("second").cargo_home = Some(cx.path("second-home"));
    }
    super::two_trees(cx, &[("build.rs", script), ("src/lib.rs", lib), ("word.txt", "one")])?;
    cx.build("first")?;
    let second = cx.build("second")?;
    cx.prints("second", "one")?;
    cx.no_op("second", "right after a restore")?;
    cx.needs_cache()?;
    // The path of the home is in what is compiled, and thereby in the key of what depends on it.
    if second_home { Ok(()) } else { second.must_reuse("dep") }
}

fn registry_package_replaced(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.use_registry()?;
    for (name, word) in TREES {
        let config = format!("[source.made-up]\nlocal-registry = \"../../{name}-registry\"\n");
        cx.write(&format!("ws/{name}/.cargo/config.toml"), &config)?;
        cx.publish_in(
            &format!("{name}-registry"),
            "dep",
            "1.0.0",
            "",
            &[("src/lib.rs", &word_is(&format!("{word:?}")))],
        )?;
        tree(cx, name)?;
        cx.builds(name, word)?;
    }
    for (name, word) in TREES {
        cx.rebuilds(name, word)?;
    }
    Ok(())
}

/// With `old` it has a time before that at which it was unpacked.
pub(super) fn source_edited(cx: &mut ProbeContext<'_>, old: bool) -> ProbeResult {
    cx.use_registry()?;
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", &word_is("\"one\""))])?;
    tree(cx, "app")?;
    cx.builds("app", "one")?;
    let found = walkdir::WalkDir::new(cx.path("cargo-home/registry/src")).into_iter().flatten();
    let found = found.map(|it| cx.relative(it.path())).find(|path| path.ends_with("dep-1.0.0/src/lib.rs"));
    let Some(path) = found else { return Err(ProbeError::Internal(anyhow::anyhow!("no package was unpacked"))) };
    cx.write(&path, &word_is("\"two\""))?;
    if old {
        cx.set_time(&path, 1_000_000_000)?;
    }
    cx.rebuilds("app", "two")
}
