//! The environment every child gets: a short list from the parent, nothing else.
//!
//! What a person has set for daily work (`RUSTC_WRAPPER`, `RUSTFLAGS`, `CARGO_TARGET_DIR`, a jobserver in `MAKEFLAGS`)
//! would make one machine's numbers another experiment than the next machine's. So a child gets what programs need to
//! run and to reach a network (`ALLOWED`); the families of variables that say where packages come from
//! (`ALLOWED_PREFIXES`); the work directory, by which leftovers of a killed run are found
//! ([`leftovers`](super::leftovers)); a private `CARGO_HOME` ([`cargo_home`](super::cargo_home)), no colour and no
//! progress bar; and the toolchain's own directory in front of `PATH`, so that a build script that calls `rustc` by
//! name gets the toolchain under test without rustup's proxies.
//!
//! Tokens are for fetching only: [`Environment::for_fetch`] has them, and fetching runs no crate's code.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::cargo_home::CargoHome;
use super::leftovers::{CHILD_MARK, WORK_MARK};

const ALLOWED: &[&str] = &[
    "PATH HOME USER LOGNAME LANG LANGUAGE TZ TMPDIR RUSTUP_HOME",
    // Certificates and proxies, as curl, git and Cargo read them.
    "SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE GIT_SSL_CAINFO",
    "http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY",
    // Where macOS keeps its linker and libraries.
    "SDKROOT DEVELOPER_DIR MACOSX_DEPLOYMENT_TARGET",
];

/// Families of the parent's variables that are kept: where packages come from.
const ALLOWED_PREFIXES: &[&str] =
    &["LC_", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_", "CARGO_SOURCE_"];

/// Ends of names whose values are secrets: kept for fetching only.
const SECRET_SUFFIXES: &[&str] = &["_TOKEN", "_SECRET_KEY"];

#[derive(Debug, Clone)]
pub struct Environment {
    build: BTreeMap<OsString, OsString>,
    secrets: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Scrubs the environment of this process.
    ///
    /// `toolchain_bin` is the directory of the real `rustc`.
    pub fn scrub(cargo_home: &CargoHome, toolchain_bin: &Path) -> Self {
        Self::from_parent(std::env::vars_os(), cargo_home, toolchain_bin)
    }

    pub(crate) fn from_parent(
        parent: impl IntoIterator<Item = (OsString, OsString)>,
        cargo_home: &CargoHome,
        toolchain_bin: &Path,
    ) -> Self {
        let mut build = BTreeMap::new();
        let mut secrets = cargo_home.tokens.clone();
        for (name, value) in parent {
            match name.to_str() {
                Some(text) if is_secret(text) => secrets.insert(name, value),
                Some(text) if is_allowed(text) => build.insert(name, value),
                _ => None,
            };
        }
        let path = std::iter::once(toolchain_bin.to_owned())
            .chain(build.get(OsStr::new("PATH")).into_iter().flat_map(std::env::split_paths));
        if let Ok(path) = std::env::join_paths(path) {
            build.insert("PATH".into(), path);
        }
        build.insert(WORK_MARK.into(), cargo_home.dir.parent().unwrap_or(&cargo_home.dir).into());
        build.insert("CARGO_HOME".into(), cargo_home.dir.clone().into());
        build.insert("CARGO_TERM_COLOR".into(), "never".into());
        build.insert("CARGO_TERM_PROGRESS_WHEN".into(), "never".into());
        Self { build, secrets }
    }

    /// The same, of a run in another work directory than that of its CARGO_HOME.
    #[must_use]
    pub fn of_run_in(mut self, work: &Path) -> Self {
        self.build.insert(WORK_MARK.into(), work.into());
        self
    }

    /// For everything in which code of a crate may run.
    pub fn for_build(&self) -> BTreeMap<OsString, OsString> {
        self.build.clone()
    }

    /// For `cargo fetch` and the like: with the tokens of registries.
    pub fn for_fetch(&self) -> BTreeMap<OsString, OsString> {
        let mut env = self.build.clone();
        env.extend(self.secrets.iter().map(|(name, value)| (name.clone(), value.clone())));
        env
    }
}

fn is_of_family(name: &str) -> bool {
    ALLOWED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_secret(name: &str) -> bool {
    is_of_family(name) && SECRET_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

fn is_allowed(name: &str) -> bool {
    is_of_family(name) || name == CHILD_MARK || ALLOWED.iter().any(|line| line.split(' ').any(|it| it == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        let dir = tempfile::tempdir().unwrap();
        let home = CargoHome::prepare(dir.path(), None).unwrap();
        let vars = vars.iter().map(|(k, v)| (k.into(), v.into()));
        Environment::from_parent(vars, &home, Path::new("/toolchain/bin"))
    }

    #[test]
    fn what_shapes_builds_is_gone_and_what_finds_packages_stays() {
        let kept = "PATH LC_ALL https_proxy CARGO_NET_RETRY CARGO_HOME HARNESS_CHILD";
        let gone = "RUSTC_WRAPPER RUSTFLAGS CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG CARGO_BUILD_JOBS CARGO_INCREMENTAL \
                    MAKEFLAGS RUSTUP_TOOLCHAIN HARNESS_OBSERVER_LOG";
        let users: Vec<_> = kept.split(' ').chain(gone.split(' ')).map(|name| (name, "/users")).collect();
        let build = environment(&users).for_build();
        let names: Vec<_> = build.keys().map(|name| name.to_str().unwrap()).collect();
        let cargo = ["CARGO_HOME", "CARGO_NET_RETRY", "CARGO_TERM_COLOR", "CARGO_TERM_PROGRESS_WHEN"];
        assert_eq!(names, [&cargo[..], &["HARNESS_CHILD", "HARNESS_WORK", "LC_ALL", "PATH", "https_proxy"]].concat());
        assert_ne!(build[OsStr::new("CARGO_HOME")], "/users");
    }

    #[test]
    fn the_toolchain_comes_first_on_path() {
        let build = environment(&[("PATH", "/proxies:/usr/bin")]).for_build();
        let path: Vec<_> = std::env::split_paths(&build[OsStr::new("PATH")]).collect();
        assert_eq!(path[0], Path::new("/toolchain/bin"));
        assert_eq!(path.len(), 3);
    }

    #[test]
    fn tokens_are_there_to_fetch_and_not_to_build() {
        let environment = environment(&[
            ("CARGO_REGISTRIES_MINE_TOKEN", "s3cret"),
            ("CARGO_REGISTRIES_MINE_INDEX", "sparse+file:///index/"),
            ("CARGO_REGISTRY_TOKEN", "s3cret"),
            ("GITHUB_TOKEN", "s3cret"),
        ]);
        let has_secret = |env: BTreeMap<_, _>| env.values().filter(|v| *v == "s3cret").count();
        assert_eq!(has_secret(environment.for_build()), 0);
        assert_eq!(has_secret(environment.for_fetch()), 2);
        assert!(environment.for_build().contains_key(OsStr::new("CARGO_REGISTRIES_MINE_INDEX")));
    }
}
