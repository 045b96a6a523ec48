//! BuildGrid: a server of the Remote Execution API as others run it, in a process of its own.
//!
//! ```text
//! <root>/server.yml   its configuration
//! <root>/server.log   what it says
//! <root>/cas/         its blobs; actions are in its memory, and gone with it
//! ```
//!
//! It knows instances and no clients: who may write which is up to the clients here, and not to it.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use exec::daemon::DaemonProcess;
use exec::network::free_port;
use exec::process::{CommandSpec, ProcessError};

use crate::build_env::BuildEnv;
use crate::deadline::BuildError;

/// What `harness strategies install` calls it.
pub const NAME: &str = "buildgrid";

/// The versions that were tried, each with the oldest Python it runs on; the newest first.
const VERSIONS: [(&str, (u32, u32)); 2] = [("0.9.1", (3, 13)), ("0.4.4", (3, 11))];

/// The version for a Python of this version.
pub fn version_for(python: (u32, u32)) -> Option<&'static str> {
    VERSIONS.iter().find(|(_, oldest)| python >= *oldest).map(|(version, _)| *version)
}

/// Where `harness strategies install` puts a version.
pub fn install_dir(work: &Path, version: &str) -> PathBuf {
    work.join("tools").join(format!("{NAME}-{version}"))
}

/// Its program in such a directory. It is written last: where it is, all of it is.
pub fn program_in(dir: &Path) -> PathBuf {
    dir.join("bin/bgd")
}

/// The program of the newest version that is installed.
///
/// # Errors
/// How to get one, where there is none.
pub fn find(work: &Path) -> Result<PathBuf, String> {
    let programs = VERSIONS.iter().map(|(version, _)| program_in(&install_dir(work, version)));
    programs.into_iter().find(|program| program.is_file()).ok_or_else(|| {
        format!("BuildGrid is not in {}; `harness strategies install {NAME}` does it", work.join("tools").display())
    })
}

const ATTEMPTS: u32 = 5;
const STARTING: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A running server, until it is dropped.
#[derive(Debug)]
pub struct BuildGrid {
    address: SocketAddr,
    _daemon: DaemonProcess,
}

impl BuildGrid {
    /// Starts one with these instances that keeps its files below `root`, which may be renamed meanwhile.
    ///
    /// # Errors
    /// When it does not listen within a minute.
    pub fn start(env: &BuildEnv, program: &Path, root: &Path, instances: &[String]) -> Result<BuildGrid, BuildError> {
        let failed = |error: std::io::Error| BuildError::Failed(format!("cannot start BuildGrid: {error}"));
        std::fs::create_dir_all(root).map_err(failed)?;
        let mut why = String::new();
        // Another process may take the port before it does.
        for _ in 0..ATTEMPTS {
            let port = free_port().map_err(failed)?;
            std::fs::write(root.join("server.yml"), configuration(port, instances)).map_err(failed)?;
            let log = root.join("server.log");
            let spec =
                CommandSpec::new(program, root).args(["server", "start", "server.yml"]).envs(env.variables(&log));
            let mut daemon = DaemonProcess::start(&spec, &log, &env.supervisor)?;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let began = Instant::now();
            while daemon.is_running() && began.elapsed() < STARTING {
                env.supervisor.check().map_err(ProcessError::from)?;
                if TcpStream::connect_timeout(&address, PAUSE).is_ok() {
                    return Ok(BuildGrid { address, _daemon: daemon });
                }
                std::thread::sleep(PAUSE);
            }
            why = daemon.last_line();
        }
        Err(BuildError::Failed(format!("BuildGrid did not start: {why}")))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// One storage for all instances, as the server in this process has it; actions for each.
fn configuration(port: u16, instances: &[String]) -> String {
    let mut text = format!(
        "server:\n  - !channel\n    address: 127.0.0.1:{port}\n    insecure-mode: true\n\
         authorization:\n  method: none\ninstances:\n"
    );
    for (at, name) in instances.iter().enumerate() {
        let storage = if at == 0 { "    storages:\n      - !disk-storage &cas {path: cas}\n" } else { "" };
        text += &format!(
            "  - name: '{name}'\n{storage}    caches:\n      - !lru-action-cache &actions{at} {{storage: *cas, \
             max-cached-refs: 100000, allow-updates: true}}\n    services:\n      - !action-cache {{cache: \
             *actions{at}}}\n      - !cas {{storage: *cas}}\n      - !bytestream {{storage: *cas}}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_gets_the_newest_version_that_runs_on_it() {
        assert_eq!(version_for((3, 14)), Some("0.9.1"));
        assert_eq!(version_for((3, 12)), Some("0.4.4"));
        assert_eq!(version_for((3, 9)), None);
    }

    #[test]
    fn instances_share_one_storage() {
        let text = configuration(8980, &["main".to_owned(), "of-upgraded".to_owned()]);
        insta::assert_snapshot!(text, @r"
        server:
          - !channel
            address: 127.0.0.1:8980
            insecure-mode: true
        authorization:
          method: none
        instances:
          - name: 'main'
            storages:
              - !disk-storage &cas {path: cas}
            caches:
              - !lru-action-cache &actions0 {storage: *cas, max-cached-refs: 100000, allow-updates: true}
            services:
              - !action-cache {cache: *actions0}
              - !cas {storage: *cas}
              - !bytestream {storage: *cas}
          - name: 'of-upgraded'
            caches:
              - !lru-action-cache &actions1 {storage: *cas, max-cached-refs: 100000, allow-updates: true}
            services:
              - !action-cache {cache: *actions1}
              - !cas {storage: *cas}
              - !bytestream {storage: *cas}
        ");
    }
}
