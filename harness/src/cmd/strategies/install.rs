//! `harness strategies install`: other people's tools, into the work directory and nowhere else.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use strategies::external::{External, Install};

use exec::filesystem::remove_dir;
use exec::interrupt::Supervisor;
use exec::process::{self, CommandSpec};
use exec::workdir::WorkDir;
use runner::build_env::{BuildEnv, DISK_FLOOR};
use runner::integration::external::install_dir;

pub fn install(tools: &[&External], buildgrid: bool, work: &Path, supervisor: &Supervisor) -> Result<ExitCode> {
    let work = WorkDir::acquire(work, DISK_FLOOR)?;
    let env = BuildEnv::open(work.path(), None, supervisor.clone())?;
    let installs = tools.iter().filter_map(|tool| Some((tool.name(), tool.description.install.as_ref()?)));
    installs.into_iter().try_for_each(|(name, install)| one(&env, name, install))?;
    if buildgrid {
        super::buildgrid::install(&env)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn describe(tools: &[&External], work: &Path) {
    for external in tools {
        let Some(install) = &external.description.install else { continue };
        let dir = install_dir(work, install);
        if dir.is_dir() {
            println!("{} {} is in {}", external.name(), install.version, dir.display());
        } else {
            println!("cargo {}", args(install, &dir).join(" "));
        }
    }
    println!("nothing was installed");
}

/// Built aside and renamed when it is whole: what has its name is installed.
fn one(env: &BuildEnv, name: &str, install: &Install) -> Result<()> {
    let dir = install_dir(&env.work, install);
    if dir.is_dir() {
        println!("{name} {} is in {}", install.version, dir.display());
        return Ok(());
    }
    let tools = env.work.join("tools");
    std::fs::create_dir_all(&tools).with_context(|| format!("cannot create {}", tools.display()))?;
    let staged = tools.join(format!(".{name}-{}", install.version));
    remove_dir(&staged)?;
    eprintln!("building {name} {} …", install.version);
    let spec = CommandSpec::new(&env.toolchain.cargo, &tools)
        .args(args(install, &staged))
        .envs(env.fetch_variables())
        // Kept apart, so that it can be removed with the rest.
        .env("CARGO_TARGET_DIR", staged.join("build"));
    let finished = process::run(&spec, &env.supervisor, &mut |_, line| eprintln!("  {}", line.trim()))?;
    if !finished.status.success() {
        remove_dir(&staged)?;
        let lines = &finished.stderr_tail;
        let first = lines.iter().find(|line| line.starts_with("error")).or(lines.last());
        bail!("{name} {} could not be built: {}", install.version, first.map_or("it said nothing", String::as_str));
    }
    remove_dir(&staged.join("build"))?;
    std::fs::rename(&staged, &dir).with_context(|| format!("cannot rename {}", staged.display()))?;
    println!("{name} {} is in {}", install.version, dir.display());
    Ok(())
}

fn args(install: &Install, root: &Path) -> Vec<String> {
    let root = root.display().to_string();
    let (version, features) = (format!("--version=={}", install.version), install.features.join(","));
    let features = (!features.is_empty()).then(|| format!("--features={features}"));
    let mut args = vec!["install", "--root", &root, &version];
    args.extend(install.locked.then_some("--locked"));
    args.extend((!install.default_features).then_some("--no-default-features"));
    args.extend(features.as_deref().into_iter().chain([install.package.as_str()]));
    args.into_iter().map(str::to_owned).collect()
}
