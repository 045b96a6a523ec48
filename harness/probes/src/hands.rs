//! Whose hands do something to a tree: root's, or those of a user without privileges.
//!
//! What a read-only file is worth depends on who writes to it. Everything of a story belongs
//! to who runs the harness. Where that is root, a story about an ordinary user first gives
//! the whole place to `nobody` and then runs the tool as `nobody`: the mode bits mean to that
//! tool what they mean to the owner of a cache.
//!
//! The place may lie below a directory that `nobody` cannot enter, so the tool is started by
//! the hidden subcommand `probe-as`, which changes into the place first and gives up its
//! rights after that.

use std::path::{Path, PathBuf};

#[cfg(unix)]
use anyhow::Context as _;
use anyhow::{Result, bail};

use super::bench::{Bench, LIMIT};
use super::story::Step;
use super::{Told, Wrong};
use exec::identity::is_root;
use exec::process::{self, CommandSpec};
use exec::toolchain::on_path;

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hands {
    /// Root, to whom mode bits mean nothing.
    Root,
    /// The owner of everything, without privileges.
    User,
}

/// A user's and a group's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ids {
    uid: u32,
    gid: u32,
}

impl Bench<'_> {
    /// Makes sure that these hands are there, and gives them the place.
    ///
    /// # Errors
    /// Not applicable where they are not.
    pub fn into_hands(&mut self, hands: Hands) -> Told {
        match (hands, is_root()) {
            (Hands::Root, false) => Err(Wrong::NotApplicable("it takes root".to_owned())),
            (Hands::User, false) if cfg!(unix) => Ok(()),
            (Hands::User, false) => Err(Wrong::NotApplicable("this system has no mode bits".to_owned())),
            (Hands::Root, true) => Ok(()),
            (Hands::User, true) => {
                let ids = nobody()?;
                give(&self.at(""), ids)?;
                self.note("everything here belongs to an ordinary user, who does what follows");
                Ok(())
            }
        }
    }

    /// Runs a tool in the place with these hands; the error is what it complained about.
    ///
    /// # Errors
    /// Not applicable where there is no such tool.
    pub fn lend(&mut self, hands: Hands, argv: &[&str]) -> Result<Result<(), String>, Wrong> {
        let [tool, args @ ..] = argv else { return Ok(Ok(())) };
        let program =
            on_path(tool).ok_or_else(|| Wrong::NotApplicable(format!("there is no `{tool}` on this machine")))?;
        let spec = match (hands, is_root()) {
            (Hands::User, true) => {
                let Ids { uid, gid } = nobody()?;
                let numbers = [uid.to_string(), gid.to_string()];
                CommandSpec::new(std::env::current_exe()?, self.at("")).arg("probe-as").args(numbers).arg(program)
            }
            _ => CommandSpec::new(program, self.at("")),
        };
        let spec = spec.args(args.iter().copied()).env("LC_ALL", "C").timeout(LIMIT);
        let finished = process::run(&spec, &self.build_env().supervisor, &mut |_, _| ())?;
        let words = argv.iter().map(|word| (*word).to_owned());
        self.story.add(Step::Run { dir: ".".to_owned(), env: Vec::new(), args: words.collect() });
        Ok(match finished.status.success() {
            true => Ok(()),
            false => Err(finished.stderr_text()),
        })
    }
}

/// The other side: gives up its rights and becomes the tool.
///
/// # Errors
/// When it cannot.
#[cfg(unix)]
pub fn become_another(uid: u32, gid: u32, argv: &[std::ffi::OsString]) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let [program, args @ ..] = argv else { bail!("there is nothing to run") };
    // Giving up the user drops the other groups, too.
    let error = std::process::Command::new(program).args(args).uid(uid).gid(gid).exec();
    Err(error).with_context(|| format!("cannot run {} as user {uid}", Path::new(program).display()))
}

/// The other side: gives up its rights and becomes the tool.
///
/// # Errors
/// Always, on this system.
#[cfg(not(unix))]
pub fn become_another(_uid: u32, _gid: u32, _argv: &[std::ffi::OsString]) -> Result<()> {
    bail!("nobody can become another user on this system")
}

/// The user that is nobody.
fn nobody() -> Result<Ids, Wrong> {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    parse_nobody(&accounts).ok_or_else(|| Wrong::NotApplicable("this system knows no user `nobody`".to_owned()))
}

fn parse_nobody(accounts: &str) -> Option<Ids> {
    let line = accounts.lines().find(|line| line.starts_with("nobody:"))?;
    let mut numbers = line.split(':').skip(2);
    Some(Ids { uid: numbers.next()?.parse().ok()?, gid: numbers.next()?.parse().ok()? })
}

/// Makes somebody the owner of everything below a directory. Links are not followed.
#[cfg(unix)]
fn give(place: &Path, ids: Ids) -> Result<()> {
    for entry in walkdir::WalkDir::new(place) {
        let path: PathBuf = entry.context("cannot walk the place of a story")?.into_path();
        std::os::unix::fs::lchown(&path, Some(ids.uid), Some(ids.gid))
            .with_context(|| format!("cannot give {} away", path.display()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn give(place: &Path, _: Ids) -> Result<()> {
    let place: PathBuf = place.to_owned();
    bail!("cannot give {} away on this system", place.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_found_by_name() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";
        assert_eq!(parse_nobody(accounts), Some(Ids { uid: 65534, gid: 65533 }));
        assert_eq!(parse_nobody("nobodys:x:1:1::/:\n"), None);
    }
}
