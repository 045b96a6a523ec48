//! A store as one archive, by the programs that CI actions use.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use exec::process::{self, CommandSpec, Finished};
use exec::toolchain::find_in;
use walkdir::WalkDir;

use crate::build::Usage;
use crate::build_env::BuildEnv;
use crate::deadline::BuildError;

/// The programs.
#[derive(Debug)]
pub(super) struct Archiver {
    tar: PathBuf,
}

impl Archiver {
    /// Finds them; which one is missing.
    pub(super) fn find(path: &OsStr) -> Result<Archiver, String> {
        let find = |program| {
            let missing = || format!("{program} is not on PATH, which packs what is delivered; install it");
            find_in(program, path).ok_or_else(missing)
        };
        find("zstd")?;
        Ok(Archiver { tar: find("tar")? })
    }

    /// Packs what is in a store; why not, in a line.
    pub(super) fn pack(
        &self,
        env: &BuildEnv,
        store: &Path,
        archive: &Path,
        usage: &mut Usage,
    ) -> Result<Result<(), String>, BuildError> {
        let mut entries = WalkDir::new(store).into_iter().flatten();
        if !entries.any(|entry| entry.file_type().is_file()) {
            return Ok(Err("the store is empty".to_owned()));
        }
        // Posix archives keep the parts of seconds, by which stores and Cargo see that a file changed.
        let spec = self.command(env, archive, &["--create", "--format=posix"], store);
        self.run(env, &spec.arg("."), usage)
    }

    /// Unpacks an archive into a store that is empty or not there.
    pub(super) fn unpack(
        &self,
        env: &BuildEnv,
        archive: &Path,
        store: &Path,
        usage: &mut Usage,
    ) -> Result<Result<(), String>, BuildError> {
        if let Err(error) = std::fs::create_dir_all(store) {
            return Ok(Err(format!("cannot create {}: {error}", store.display())));
        }
        let spec = self.command(env, archive, &["--extract", "--no-same-owner"], store);
        self.run(env, &spec, usage)
    }

    fn command(&self, env: &BuildEnv, archive: &Path, mode: &[&str], store: &Path) -> CommandSpec {
        let spec = CommandSpec::new(&self.tar, store).args(mode.iter().copied()).arg("--use-compress-program=zstd -T0");
        spec.arg("--file").arg(archive).env("PATH", env.path())
    }

    fn run(&self, env: &BuildEnv, spec: &CommandSpec, usage: &mut Usage) -> Result<Result<(), String>, BuildError> {
        let deadline = env.deadline();
        let finished: Finished = process::run(&deadline.on(spec.clone()), &env.supervisor, &mut |_, _| ())
            .map_err(|error| deadline.annotate("tar", error))?;
        usage.add(&finished);
        let said = || finished.stderr_tail.last().cloned().unwrap_or_else(|| format!("exit code {}", finished.code()));
        Ok(if finished.status.success() { Ok(()) } else { Err(format!("tar failed: {}", said())) })
    }
}
