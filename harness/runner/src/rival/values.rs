//! What placeholders mean here.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use strategies::external::External;
use strategies::external::placeholder::PlaceholderValues;
use strategies::key::Digest;

use super::super::invocation::{Recipe, Site};
use super::super::lab::Lab;
use exec::toolchain::Toolchain;

/// Those that hold as long as an arm does.
pub(super) fn of_arm(lab: &Lab, arm: &Path, external: &External, toolchain: &Toolchain, tool: Option<&Path>) -> PlaceholderValues {
    let state = arm.join("state");
    let own = std::env::current_exe().unwrap_or_default();
    let text = |path: &Path| path.display().to_string();
    let values = external
        .values()
        .with("store", text(&arm.join("store")))
        .with("home", text(&state.join("home")))
        .with("state", text(&state))
        .with("work", text(arm))
        .with("harness", text(&own))
        .with("cargo", text(&toolchain.cargo))
        .with("rustc", text(lab.rustc()))
        .with("target", toolchain.host.clone());
    match tool {
        Some(tool) => values.with("tool", text(tool)),
        None => values,
    }
}

/// Those of one build.
pub(super) fn of_build(values: PlaceholderValues, lab: &Lab, site: &Site, recipe: &Recipe) -> PlaceholderValues {
    let folder = site.target_dir.file_name().unwrap_or(OsStr::new("site")).to_string_lossy().into_owned();
    let lockfile = std::fs::read(site.root.join("Cargo.lock")).unwrap_or_default();
    let flags = recipe.rustflags.as_deref().unwrap_or_default();
    let environment = format!("{} {} {} {flags}", lab.toolchain.rustc_verbose, recipe.profile, recipe.task);
    values
        .with("workspace", site.workspace.clone())
        .with("site", folder)
        .with("workspace-root", site.root.display().to_string())
        .with("build-dir", site.build_dir.display().to_string())
        .with("profile", recipe.profile.clone())
        .with("lockfile-hash", Digest::of(&lockfile).short())
        .with("environment-hash", Digest::of(environment.as_bytes()).short())
}

/// Gives a tool a home of its own, so that it neither reads nor changes the user's.
pub(super) fn at_home(env: &mut BTreeMap<OsString, OsString>, home: &Path) {
    if let (Some(user), false) = (env.get(OsStr::new("HOME")).cloned(), env.contains_key(OsStr::new("RUSTUP_HOME"))) {
        env.insert("RUSTUP_HOME".into(), Path::new(&user).join(".rustup").into());
    }
    env.insert("HOME".into(), home.into());
    for (name, dir) in [
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
    ] {
        env.insert(name.into(), home.join(dir).into());
    }
}
