//! Shared by the integration tests: a private Cargo home, made-up packages and repositories.

use std::fs;
use std::path::{Path, PathBuf};

use corpora::pins::{Checksum, CommitId, GitUrl};
use corpora::{CargoProgram, Fetcher, RunCommand, Workspace, WorkspaceSource};
use sha2::{Digest, Sha256};

/// A directory with a Cargo home and a place for sources.
pub struct TestDir {
    pub dir: tempfile::TempDir,
}

impl TestDir {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir }
    }

    pub fn join(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// The Cargo that runs this test, offline, with nothing of the user's but the toolchain.
    pub fn cargo(&self) -> CargoProgram {
        let mut cargo = self.cargo_online();
        let offline = ("CARGO_NET_OFFLINE".into(), "true".into());
        cargo.env.push(offline);
        cargo
    }

    /// The same, and it may ask the registry that is configured.
    pub fn cargo_online(&self) -> CargoProgram {
        let mut env = vec![("CARGO_HOME".into(), self.join("home").into())];
        for name in ["PATH", "HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(name) {
                env.push((name.into(), value));
            }
        }
        CargoProgram::new(env!("CARGO"), env)
    }

    pub fn fetcher(&self) -> Fetcher {
        Fetcher::new(self.join("sources"), self.cargo())
    }

    /// Everything in the sources directory but the locks.
    pub fn left_in_sources(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.join("sources")) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with(".lock")).collect()
    }
}

pub fn workspace(source: WorkspaceSource) -> Workspace {
    Workspace {
        name: "it".to_owned(),
        source,
        cargo_args: Vec::new(),
        test_args: Vec::new(),
        edit: "src/main.rs".into(),
        run: Some(RunCommand { bin: "made-up".to_owned(), args: vec!["--version".to_owned()] }),
        upgrade: None,
        why: "a test".to_owned(),
    }
}

pub fn write(path: &Path, text: &(impl AsRef<[u8]> + ?Sized)) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A binary package without dependencies, with its lockfile.
pub fn write_package(dir: &Path, version: &str) {
    let write = |name: &str, text: &str| write(&dir.join(name), text);
    let package = format!("name = \"made-up\"\nversion = \"{version}\"\n");
    write("Cargo.toml", &format!("[package]\n{package}edition = \"2021\"\n"));
    write("Cargo.lock", &format!("version = 4\n\n[[package]]\n{package}"));
    write("src/main.rs", "fn main() {}\n");
}

pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A registry of our own that mirrors the usual one: an index in a git repository and an archive
/// with the package `made-up`; called again, one version more. Returns the archive's checksum.
pub fn mirror(place: &TestDir, version: &str) -> String {
    let package = place.join("published");
    write_package(&package, version);
    // Without a library nobody could depend on it.
    fs::write(package.join("src/lib.rs"), "").unwrap();
    let target = place.join("packaged");
    let args = ["package", "--no-verify", "--allow-dirty", "--target-dir"];
    let mut args: Vec<_> = args.map(std::ffi::OsString::from).to_vec();
    args.push(target.clone().into());
    place.cargo().run(&package, &args).unwrap();
    let bytes = fs::read(target.join(format!("package/made-up-{version}.crate"))).unwrap();
    write(&place.join("dl/made-up").join(version).join("download"), &bytes);
    let sum = sha256(&bytes);
    let index = place.join("index");
    let file = index.join("ma/de/made-up");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let line = format!(
        "{before}{{\"name\":\"made-up\",\"vers\":\"{version}\",\"deps\":[],\"features\":{{}},\
         \"cksum\":\"{sum}\",\"yanked\":false}}\n"
    );
    write(&file, &line);
    let dl = format!("{{\"dl\":\"file://{}\"}}", place.join("dl").display());
    fs::write(index.join("config.json"), dl).unwrap();
    git_init(&index);
    commit_all(&index, "index");
    let config =
        format!("[source.crates-io]\nreplace-with = \"m\"\n[source.m]\nregistry = \"file://{}\"\n", index.display());
    fs::write(place.join("home/config.toml"), config).unwrap();
    sum
}

/// A vendored directory with the package `made-up` in it that replaces the registry.
pub fn vendor(place: &TestDir, version: &str, package_checksum: &str, files: &[&str]) {
    let dir = place.join("vendor").join(format!("made-up-{version}"));
    write_package(&dir, version);
    let mut sums = Vec::new();
    for file in files {
        let sum = sha256(&fs::read(dir.join(file)).unwrap());
        sums.push(format!("{file:?}:\"{sum}\""));
    }
    for gone in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
        if !files.contains(&gone) {
            fs::remove_file(dir.join(gone)).unwrap();
        }
    }
    let text = format!("{{\"files\":{{{}}},\"package\":\"{package_checksum}\"}}", sums.join(","));
    fs::write(dir.join(".cargo-checksum.json"), text).unwrap();
    let config =
        format!("[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = {:?}\n", place.join("vendor"));
    fs::write(place.join("home/config.toml"), config).unwrap();
}

pub fn registry(version: &str, checksum: &str) -> Workspace {
    workspace(WorkspaceSource::Registry {
        name: "made-up".to_owned(),
        version: version.parse().unwrap(),
        checksum: Checksum::parse(checksum).unwrap(),
    })
}

/// A repository with the package at its root and in `sub`, committed. Returns the commit.
pub fn repository(dir: &Path) -> CommitId {
    write_package(dir, "1.0.0");
    write_package(&dir.join("sub"), "2.0.0");
    git_init(dir);
    commit_all(dir, "one")
}

/// The output of `git ARGS` in `dir`, with no configuration but the repository's.
pub fn run_git(dir: &Path, args: &[&str]) -> String {
    let git = duct::cmd("git", args).dir(dir).env_remove("GIT_DIR").env_remove("HOME").env_remove("XDG_CONFIG_HOME");
    let git = git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.read().unwrap()
}

pub fn git_init(dir: &Path) {
    run_git(dir, &["init", "--quiet"]);
}

/// Commit everything in the working directory.
pub fn commit_all(dir: &Path, message: &str) -> CommitId {
    run_git(dir, &["add", "--all", "--force"]);
    commit_staged(dir, message)
}

pub const WHO: [&str; 4] = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];

pub fn commit_staged(dir: &Path, message: &str) -> CommitId {
    run_git(dir, &[&WHO[..], &["commit", "--quiet", "-m", message]].concat());
    CommitId::parse(&run_git(dir, &["rev-parse", "HEAD"])).unwrap()
}

pub fn make_executable(path: &Path) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

pub fn git(url: &str, commit: &CommitId, subdir: &str) -> Workspace {
    workspace(WorkspaceSource::Git { url: GitUrl::parse(url).unwrap(), commit: commit.clone(), subdir: subdir.into() })
}
