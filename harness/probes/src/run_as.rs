//! Tools run as root or as a user without privileges.
//!
//! What a read-only file is worth depends on who writes to it. Everything of a probe belongs to
//! the user who runs the harness. Where that is root, a probe about an ordinary user first gives
//! the whole directory to `nobody` and then runs the tool as `nobody`: the mode bits mean to that
//! tool what they mean to the owner of a cache.
//!
//! The directory may lie in one that `nobody` cannot enter, so the hidden subcommand `probe-as`
//! starts the tool: it changes into the directory first and gives up its rights after that.

use std::path::Path;

#[cfg(unix)]
use anyhow::Context as _;
use anyhow::{Result, bail};

use crate::context::{LIMIT, ProbeContext};
use crate::{ProbeError, ProbeResult};
use exec::identity::is_root;
use exec::process::{self, CommandSpec};
use exec::toolchain::on_path;

/// Who runs a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunAs {
    /// Root, to whom mode bits mean nothing.
    Root,
    /// The owner of everything, without privileges.
    User,
}

/// The numbers of a user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UserIds {
    uid: u32,
    gid: u32,
}

impl ProbeContext<'_> {
    /// Makes the directory belong to who will run tools; not applicable where there is no such user.
    pub(crate) fn prepare_for(&mut self, who: RunAs) -> ProbeResult {
        match (who, is_root()) {
            (RunAs::Root, false) => ProbeError::not_applicable("it takes root"),
            (RunAs::User, false) if !cfg!(unix) => ProbeError::not_applicable("this system has no mode bits"),
            (RunAs::User, true) => {
                chown_to(nobody()?, &self.path(""))?;
                self.note("everything here belongs to an ordinary user, who does what follows");
                Ok(())
            }
            (RunAs::Root, true) | (RunAs::User, false) => Ok(()),
        }
    }

    /// Runs a tool in the directory; the inner error is what it complained about. Not applicable
    /// where there is no such tool.
    pub(crate) fn run_as(&mut self, who: RunAs, argv: &[&str]) -> ProbeResult<Result<(), String>> {
        let [tool, args @ ..] = argv else { return Ok(Ok(())) };
        let program =
            on_path(tool).ok_or_else(|| ProbeError::NotApplicable(format!("there is no `{tool}` on this machine")))?;
        let spec = match (who, is_root()) {
            (RunAs::User, true) => {
                let UserIds { uid, gid } = nobody()?;
                let numbers = [uid.to_string(), gid.to_string()];
                CommandSpec::new(std::env::current_exe()?, self.path("")).arg("probe-as").args(numbers).arg(program)
            }
            _ => CommandSpec::new(program, self.path("")),
        };
        let spec = spec.args(args.iter().copied()).env("LC_ALL", "C").timeout(LIMIT);
        let finished = process::run(&spec, &self.build_env().supervisor, &mut |_, _| ())?;
        self.record(".", Vec::new(), argv);
        Ok(match finished.status.success() {
            true => Ok(()),
            false => Err(finished.stderr_text()),
        })
    }
}

/// Gives up the rights of this process and becomes a program: what `probe-as` does.
///
/// # Errors
/// When it cannot.
#[cfg(unix)]
pub fn become_user(uid: u32, gid: u32, argv: &[std::ffi::OsString]) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let [program, args @ ..] = argv else { bail!("there is nothing to run") };
    // Changing the user drops the other groups, too.
    let error = std::process::Command::new(program).args(args).uid(uid).gid(gid).exec();
    Err(error).with_context(|| format!("cannot run {} as user {uid}", Path::new(program).display()))
}

/// Fails: there is no such thing on this system.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn become_user(_uid: u32, _gid: u32, _argv: &[std::ffi::OsString]) -> Result<()> {
    bail!("running a program as another user is not supported on this system")
}

fn nobody() -> ProbeResult<UserIds> {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    parse_nobody(&accounts).ok_or_else(|| ProbeError::NotApplicable("this system has no user `nobody`".to_owned()))
}

fn parse_nobody(accounts: &str) -> Option<UserIds> {
    let line = accounts.lines().find(|line| line.starts_with("nobody:"))?;
    let mut numbers = line.split(':').skip(2);
    Some(UserIds { uid: numbers.next()?.parse().ok()?, gid: numbers.next()?.parse().ok()? })
}

/// Changes the owner of everything below a directory. Links are not followed.
#[cfg(unix)]
fn chown_to(ids: UserIds, dir: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(dir) {
        let path = entry.context("cannot walk a probe's directory")?.into_path();
        std::os::unix::fs::lchown(&path, Some(ids.uid), Some(ids.gid))
            .with_context(|| format!("cannot change the owner of {}", path.display()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn chown_to(_ids: UserIds, dir: &Path) -> Result<()> {
    bail!("cannot change the owner of {} on this system", dir.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_found_by_name() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";
        assert_eq!(parse_nobody(accounts), Some(UserIds { uid: 65534, gid: 65533 }));
        assert_eq!(parse_nobody("nobodys:x:1:1::/:\n"), None);
    }
}
