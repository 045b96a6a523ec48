//! Why there is no sandbox, and what to do about it.

use std::path::Path;

use super::Kind;
use crate::interrupt::Interrupted;

/// There is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Another system.
    #[error("`--sandbox` needs Linux; leave it out, or run in a virtual machine")]
    NotLinux,
    /// It was asked for by name.
    #[error("`--sandbox=bubblewrap` needs `bwrap`, which is not on PATH; on Debian: apt-get install bubblewrap")]
    NoBubblewrap,
    /// There is no `true`.
    #[error("`--sandbox` cannot be tried without the program `true`; put it on PATH")]
    NothingToTry,
    /// We cannot be started again.
    #[error("`--sandbox` cannot find the harness itself: {0}; start it by its path")]
    NoSelf(std::io::Error),
    /// It was tried and failed.
    #[error("`--sandbox` does not work here ({kind}: {said}); {remedy}")]
    Refused {
        /// Which kind.
        kind: Kind,
        /// The system's words.
        said: String,
        /// What to do.
        remedy: String,
    },
    /// A signal ended the run.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// From what was said by a sandbox that failed.
pub(super) fn explain(kind: Kind, said: &str) -> SandboxError {
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let said = last.trim_start_matches("error: sandbox: ").trim_start_matches("bwrap: ").to_owned();
    SandboxError::Refused { kind, said, remedy: remedy(Path::new("/proc/sys")) }
}

/// The switch that forbids it, if the system has one and it is thrown.
fn remedy(sysctls: &Path) -> String {
    let is =
        |name: &str, value: &str| std::fs::read_to_string(sysctls.join(name)).is_ok_and(|text| text.trim() == value);
    if is("kernel/unprivileged_userns_clone", "0") {
        "as root: sysctl kernel.unprivileged_userns_clone=1".to_owned()
    } else if is("user/max_user_namespaces", "0") {
        "as root: sysctl user.max_user_namespaces=10000".to_owned()
    } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        "AppArmor forbids user namespaces: install bubblewrap, or as root: sysctl \
         kernel.apparmor_restrict_unprivileged_userns=0"
            .to_owned()
    } else {
        "in a container it takes --privileged, or --cap-add SYS_ADMIN with --security-opt seccomp=unconfined, \
         apparmor=unconfined and systempaths=unconfined; elsewhere run as root"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_that_forbids_it_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for (name, word) in [
            ("kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone=1"),
            ("user/max_user_namespaces", "user.max_user_namespaces"),
        ] {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "0\n").unwrap();
            assert!(remedy(dir.path()).contains(word), "{name}");
            std::fs::write(&file, "1\n").unwrap();
        }
        assert!(remedy(dir.path()).contains("container"));
        std::fs::write(dir.path().join("kernel/apparmor_restrict_unprivileged_userns"), "1\n").unwrap();
        assert!(remedy(dir.path()).contains("AppArmor"));
    }

    #[test]
    fn it_is_one_line_with_what_was_said_last() {
        let error = explain(Kind::Namespaces, "noise\nerror: sandbox: cannot seal /new: EPERM\n").to_string();
        assert!(error.starts_with("`--sandbox` does not work here (namespaces: cannot seal /new: EPERM); "), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}
