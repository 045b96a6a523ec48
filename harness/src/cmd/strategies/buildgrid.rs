//! BuildGrid, a server for `--remote-server`, from PyPI into a Python environment in the work directory.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use exec::filesystem::remove_dir;
use exec::process::{self, CommandSpec};
use runner::build_env::BuildEnv;
use runner::delivery::buildgrid::{NAME, install_dir, program_in, version_for};

/// Installed in place: an environment does not work under another path. Its program comes last.
pub(super) fn install(env: &BuildEnv) -> Result<()> {
    let python = exec::toolchain::find_in("python3", &env.path())
        .with_context(|| format!("{NAME} needs Python, and there is no python3 on PATH; install it"))?;
    let version = version(env, &python)?;
    let dir = install_dir(&env.work, version);
    if program_in(&dir).is_file() {
        println!("{NAME} {version} is in {}", dir.display());
        return Ok(());
    }
    remove_dir(&dir)?;
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    eprintln!("installing {NAME} {version} …");
    let venv = ["-m", "venv", "."];
    let package = format!("{NAME}=={version}");
    let pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-cache-dir", &package];
    let installed = run(env, &dir, &python, &venv).and_then(|()| run(env, &dir, &dir.join("bin/python"), &pip));
    if let Err(error) = installed {
        remove_dir(&dir)?;
        return Err(error.context(format!("{NAME} {version} could not be installed")));
    }
    println!("{NAME} {version} is in {}", dir.display());
    Ok(())
}

pub(super) fn describe(work: &Path) {
    println!("python3 -m venv {0}/tools/{NAME}-VERSION; pip install {NAME}==VERSION there", work.display());
}

fn version(env: &BuildEnv, python: &Path) -> Result<&'static str> {
    let ask = "import sys; print(sys.version_info[0], sys.version_info[1])";
    let spec = CommandSpec::new(python, &env.work).args(["-c", ask]).envs(env.fetch_variables());
    let (_, said) = process::run_captured(&spec, &env.supervisor)?;
    let said = said.join(" ");
    let parts: Option<Vec<u32>> = said.split_whitespace().map(|part| part.parse().ok()).collect();
    let version = match parts.as_deref() {
        Some([major, minor]) => version_for((*major, *minor)),
        _ => None,
    };
    version.with_context(|| format!("no version of {NAME} that was tried runs on {} ({said})", python.display()))
}

fn run(env: &BuildEnv, dir: &Path, program: &Path, args: &[&str]) -> Result<()> {
    let spec = CommandSpec::new(program, dir).args(args.iter().copied()).envs(env.fetch_variables());
    let finished = process::run(&spec, &env.supervisor, &mut |_, line| eprintln!("  {}", line.trim()))?;
    if !finished.status.success() {
        let lines = &finished.stderr_tail;
        let first = lines.iter().find(|line| line.starts_with("ERROR")).or(lines.last());
        bail!("{}", first.map_or("it said nothing", String::as_str));
    }
    Ok(())
}
