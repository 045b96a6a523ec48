//! What all units of one invocation share: toolchain, flags, configuration, environment,
//! and the places that paths are relative to.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use super::config::{self, EffectiveConfig};
use super::observed::working_dir;
use super::tools::Named;
use super::{Digest, FieldHasher, contents, package_root, tools};
use crate::graph::layout::Layout;
use crate::graph::{PackageId, PackageSource, Unit};

/// Variables that change what rustc makes although the unit graph does not show them.
const FLAG_VARIABLES: [&str; 6] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_BOOTSTRAP",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "SOURCE_DATE_EPOCH",
];

/// Prefixes of such variables: Cargo configuration given by environment.
const FLAG_PREFIXES: [&str; 4] = ["CARGO_BUILD_", "CARGO_TARGET_", "CARGO_HOST_", "CARGO_UNSTABLE_"];

/// Configuration variables that only say where things go or how many run at once.
const PLACE_VARIABLES: [&str; 6] = [
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_JOBS",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_DEP_INFO_BASEDIR",
];

/// Directories that are the same for all checkouts.
const SYSTEM: [&str; 16] = [
    "/bin",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix",
    "/opt",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/Applications",
    "/Library",
    "/System",
];

fn is_flag_variable(name: &str) -> bool {
    let reaches = FLAG_VARIABLES.contains(&name) || FLAG_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    reaches && !PLACE_VARIABLES.contains(&name)
}

/// The surroundings of one Cargo invocation.
#[derive(Debug)]
pub struct Context {
    /// Root of the Cargo workspace.
    pub workspace_root: PathBuf,
    /// Cargo's home: packages that it unpacked there are immutable.
    pub cargo_home: PathBuf,
    /// The build directory.
    pub layout: Layout,
    /// Where final artifacts go.
    pub target_dir: PathBuf,
    /// Digest of what identifies the compiler.
    pub toolchain: Digest,
    /// Digest of RUSTFLAGS and of the configuration that reaches rustc.
    pub flags: Digest,
    /// The environment Cargo runs in.
    pub env: BTreeMap<String, String>,
    /// Some RUSTFLAGS are set, which host units get only in builds without `--target`.
    pub rustflags: bool,
    reads_packages: bool,
    config: EffectiveConfig,
    tools: Mutex<HashMap<PathBuf, String>>,
    processor: String,
    is_native: OnceLock<bool>,
    checksums: HashMap<(String, String), String>,
    manifests: Mutex<HashMap<PathBuf, Digest>>,
    packages: Mutex<HashMap<PathBuf, Digest>>,
    files: Mutex<HashMap<PathBuf, Option<Digest>>>,
    unpacked: Mutex<HashMap<PathBuf, bool>>,
}

impl Context {
    /// Reads lockfile and configuration files. Files that are missing or unreadable count
    /// as empty: Cargo itself reports what is wrong with them.
    pub fn new(
        workspace_root: &Path,
        cargo_home: &Path,
        build_dir: &Path,
        target_dir: &Path,
        compiler: &str,
        env: BTreeMap<String, String>,
    ) -> Context {
        let mut flags = FieldHasher::new("flags");
        for (name, value) in &env {
            if is_flag_variable(name) {
                flags.field(name, value);
            }
        }
        let mut known = EffectiveConfig::default();
        config::hash_into(&mut flags, &mut known, workspace_root, cargo_home);
        let rustflags = env.iter().any(|(name, value)| name.ends_with("RUSTFLAGS") && !value.is_empty());
        let lock = std::fs::read_to_string(workspace_root.join("Cargo.lock")).unwrap_or_default();
        Context {
            workspace_root: workspace_root.to_owned(),
            cargo_home: cargo_home.to_owned(),
            layout: Layout { build_dir: build_dir.to_owned() },
            target_dir: target_dir.to_owned(),
            toolchain: Digest::of(compiler.as_bytes()),
            flags: flags.finish(),
            env,
            rustflags: rustflags || known.rustflags,
            reads_packages: false,
            config: known,
            tools: Mutex::default(),
            processor: String::new(),
            is_native: OnceLock::new(),
            checksums: checksums(&lock),
            manifests: Mutex::default(),
            packages: Mutex::default(),
            files: Mutex::default(),
            unpacked: Mutex::default(),
        }
    }

    /// Says which processor it compiles on, in the compiler's words.
    #[must_use]
    pub fn on_processor(self, processor: &str) -> Context {
        Context { processor: processor.to_owned(), ..self }
    }

    /// Takes every file of a package into its keys, and the compiler's libraries, which have this digest.
    #[must_use]
    pub fn reading_everything(self, libraries: &Digest) -> Context {
        let mut toolchain = FieldHasher::new("compiler");
        toolchain.digest("itself", &self.toolchain).digest("libraries", libraries);
        Context { reads_packages: true, toolchain: toolchain.finish(), ..self }
    }

    /// Adds the configuration that is in force where Cargo runs, when that is inside the
    /// workspace root.
    pub fn running_in(mut self, dir: &Path) -> Context {
        if dir != self.workspace_root {
            let mut flags = FieldHasher::new("flags below the root");
            flags.digest("root", &self.flags);
            let mut known = EffectiveConfig::default();
            config::hash_into(&mut flags, &mut known, dir, &self.cargo_home);
            self.flags = flags.finish();
            // What is in force in the root is in force here, too, and was read again.
            self.rustflags |= known.rustflags;
            self.config = known;
        }
        self
    }

    /// Adds the configuration and the unstable features that Cargo's own arguments name;
    /// it runs in `dir`.
    pub fn with_arguments(mut self, dir: &Path, args: &[String]) -> Context {
        let mut flags = FieldHasher::new("flags with arguments");
        let nothing = flags.finish();
        let mut known = EffectiveConfig { rustflags: self.rustflags, ..std::mem::take(&mut self.config) };
        config::hash_arguments(&mut flags, &mut known, dir, args);
        (self.rustflags, self.config) = (known.rustflags, known);
        if flags.finish() != nothing {
            flags.digest("without", &self.flags);
            self.flags = flags.finish();
        }
        self
    }

    /// The value of a variable for rustc and for build scripts: that of the environment, or of
    /// an `[env]` table.
    pub fn variable(&self, name: &str) -> Option<&String> {
        let outside = self.env.get(name);
        match self.config.env.get(name) {
            Some((value, force)) if *force || outside.is_none() => Some(value),
            _ => outside,
        }
    }

    /// Forgets what files contained, before they are read again after a build.
    pub fn forget_files(&self) {
        if let Ok(mut files) = self.files.lock() {
            files.clear();
        }
    }

    /// A path as it enters keys: relative to the workspace where it is inside.
    pub fn relative(&self, path: &Path) -> String {
        match path.strip_prefix(&self.workspace_root) {
            Ok(inside) => format!("ws:{}", inside.display()),
            Err(_) => format!("abs:{}", path.display()),
        }
    }

    /// A package id without the place of the workspace in it.
    pub fn package(&self, package: &PackageId) -> String {
        match &package.source {
            PackageSource::Path(dir) => format!("path {} {} {}", self.relative(dir), package.name, package.version),
            PackageSource::Registry | PackageSource::Git => package.raw.clone(),
        }
    }

    /// The package's checksum in the lockfile; empty for path packages, the commit for git.
    pub fn checksum(&self, package: &PackageId) -> &str {
        self.checksums.get(&(package.name.clone(), package.version.clone())).map_or("", String::as_str)
    }

    /// What the unit's package is made of, as far as it is not seen otherwise: its checksum, and every file where packages
    /// are read.
    pub(super) fn source(&self, unit: &Unit) -> String {
        let checksum = self.checksum(&unit.package);
        match self.reads_packages && !unit.is_local() {
            true => format!("{checksum} {}", self.package_content(&package_root(unit)).hex()),
            false => checksum.to_owned(),
        }
    }

    fn package_content(&self, root: &Path) -> Digest {
        if let Some(known) = self.packages.lock().ok().and_then(|known| known.get(root).copied()) {
            return known;
        }
        let (_, content) = contents::whole_package(root);
        if let Ok(mut known) = self.packages.lock() {
            known.insert(root.to_owned(), content);
        }
        content
    }

    /// Whether a wrapper calls the compiler for packages that are not members.
    pub fn is_wrapped(&self) -> bool {
        let set = |name| self.env.get(name).is_some_and(|program| !program.is_empty());
        set("RUSTC_WRAPPER") || set("CARGO_BUILD_RUSTC_WRAPPER") || self.config.wrapped
    }

    /// What flags and configuration name for a unit: the digest of every such file, as it is when first asked for.
    pub(super) fn tools(&self, unit: &Unit) -> String {
        let path = self.env.get("PATH").map_or("", String::as_str);
        let common = self.tools_in(&self.workspace_root, path);
        if self.is_immutable_package(unit) {
            return common;
        }
        // rustc takes relative names from where it runs.
        match working_dir(self, unit) {
            cwd if cwd == self.workspace_root => common,
            cwd => common + &self.tools_in(&cwd, ""),
        }
    }

    fn tools_in(&self, cwd: &Path, path: &str) -> String {
        if let Some(known) = self.tools.lock().ok().and_then(|known| known.get(cwd).cloned()) {
            return known;
        }
        let is_root = cwd == self.workspace_root;
        let mut named = self.named();
        let here: Vec<Named> = named.iter().map(|(text, _)| (text.clone(), cwd.to_owned())).collect();
        // Of a package what is not relative to it is in the digest of the workspace.
        named.truncate(if is_root { named.len() } else { 0 });
        named.extend(here);
        let digest = tools::digest(&named, path, &|found| match found.starts_with(cwd) {
            true => false,
            false => !is_root || found.is_dir() && self.is_of_system(found),
        });
        if let Ok(mut known) = self.tools.lock() {
            known.insert(cwd.to_owned(), digest.clone());
        }
        digest
    }

    /// The processor, where flags ask for what fits it; else empty.
    pub(super) fn cpu(&self) -> &str {
        let is_native = *self.is_native.get_or_init(|| self.named().iter().any(tools::is_native));
        if is_native { &self.processor } else { "" }
    }

    fn named(&self) -> Vec<Named> {
        let flags = self.env.iter().filter(|(name, _)| is_flag_variable(name));
        let flags = flags.map(|(_, value)| (value.clone(), self.workspace_root.clone()));
        flags.chain(self.config.named.iter().cloned()).collect()
    }

    /// Whether a unit's package cannot have changed under its id: Cargo unpacked it in its home. A
    /// package id alone does not say so, as a vendored package has the id of a registry.
    pub fn is_immutable_package(&self, unit: &Unit) -> bool {
        !unit.is_local() && self.is_immutable(Path::new(&unit.target.src_path))
    }

    /// The digest of the manifests that say how a unit is built, in hexadecimal; empty for one
    /// whose package cannot change.
    pub(super) fn manifest_of(&self, unit: &Unit) -> String {
        match &unit.package.source {
            PackageSource::Path(dir) => self.manifests(dir).hex(),
            _ if self.is_immutable_package(unit) => String::new(),
            // It inherits from no workspace.
            _ => self.file_content(&package_root(unit).join("Cargo.toml")).map_or_else(String::new, |it| it.hex()),
        }
    }

    /// Digest of a local package's manifest and of the workspace manifest it may inherit
    /// from: environment variables, lints and declared features come from there.
    pub fn manifests(&self, package_root: &Path) -> Digest {
        if let Some(known) = self.manifests.lock().ok().and_then(|known| known.get(package_root).copied()) {
            return known;
        }
        let mut hasher = FieldHasher::new("manifests");
        for dir in [package_root, &self.workspace_root] {
            hasher.field("manifest", std::fs::read(dir.join("Cargo.toml")).unwrap_or_default());
        }
        // Below the root there are packages of other workspaces, too.
        if let Some(manifest) = own_workspace(package_root) {
            hasher.field("above", manifest);
        }
        let digest = hasher.finish();
        if let Ok(mut known) = self.manifests.lock() {
            known.insert(package_root.to_owned(), digest);
        }
        digest
    }

    /// Digest of a file's content, or of a directory's names and contents; `None` where
    /// there is nothing. Each path is read once per build.
    pub fn file_content(&self, path: &Path) -> Option<Digest> {
        if let Some(known) = self.files.lock().ok().and_then(|known| known.get(path).copied()) {
            return known;
        }
        let digest = contents::content_of(path);
        if let Ok(mut known) = self.files.lock() {
            known.insert(path.to_owned(), digest);
        }
        digest
    }

    /// Whether the file cannot change: Cargo unpacked it in its home, and nobody edited the package there since.
    pub fn is_immutable(&self, path: &Path) -> bool {
        let Some(dir) = self.unpacked_dir(path) else { return false };
        if let Some(known) = self.unpacked.lock().ok().and_then(|known| known.get(&dir).copied()) {
            return known;
        }
        let is_as_unpacked = is_as_unpacked(&dir);
        if let Ok(mut known) = self.unpacked.lock() {
            known.insert(dir, is_as_unpacked);
        }
        is_as_unpacked
    }

    /// Whether a path is one of the system or of a toolchain, which is beside a directory of `PATH`, and none that holds
    /// the workspace.
    pub(super) fn is_of_system(&self, path: &Path) -> bool {
        let programs = self.env.get("PATH").map_or("", String::as_str);
        let tools = std::env::split_paths(programs).filter_map(|dir| dir.parent().map(Path::to_path_buf));
        let mut shared = tools.chain(SYSTEM.iter().map(PathBuf::from));
        shared.any(|dir| path.starts_with(&dir) && !self.workspace_root.starts_with(&dir))
    }

    /// The directory in Cargo's home into which the package was unpacked.
    fn unpacked_dir(&self, path: &Path) -> Option<PathBuf> {
        ["registry/src", "git/checkouts"].iter().find_map(|folder| {
            let folder = self.cargo_home.join(folder);
            let mut inside = path.strip_prefix(&folder).ok()?.components();
            Some(folder.join(inside.next()?).join(inside.next()?))
        })
    }
}

/// Whether nothing in an unpacked package is newer than the file that Cargo writes when it is done. Cargo itself never
/// looks again, but an edit there changes what an empty build prints.
fn is_as_unpacked(dir: &Path) -> bool {
    fn newest_in(dir: &Path) -> std::io::Result<SystemTime> {
        let mut newest = dir.symlink_metadata()?.modified()?;
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            let time = match entry.file_type()?.is_dir() {
                true => newest_in(&entry.path())?,
                false => entry.metadata()?.modified()?,
            };
            newest = newest.max(time);
        }
        Ok(newest)
    }
    let done = dir.join(".cargo-ok").metadata().and_then(|done| done.modified());
    done.is_ok_and(|done| newest_in(dir).is_ok_and(|newest| newest <= done))
}

/// The manifest a package inherits from: that of the workspace it names, or of the nearest one
/// above it that does not exclude it.
fn own_workspace(package_root: &Path) -> Option<String> {
    let read = |dir: &Path| std::fs::read_to_string(dir.join("Cargo.toml")).ok();
    let own = read(package_root).filter(|text| text.contains("workspace"));
    let own = own.and_then(|text| text.parse::<toml::Table>().ok()).unwrap_or_default();
    if own.contains_key("workspace") {
        return None;
    }
    if let Some(named) = own.get("package").and_then(|package| package.get("workspace")?.as_str()) {
        return read(&package_root.join(named));
    }
    package_root.ancestors().skip(1).find_map(|dir| {
        let text = read(dir).filter(|text| text.contains("workspace"))?;
        // Only what excludes something is worth the reading; most packages are members.
        let excludes = text.contains("exclude") || !text.contains("[workspace");
        match excludes.then(|| text.parse::<toml::Table>()) {
            Some(Ok(table)) => table.get("workspace").is_some_and(|it| !is_excluded(it, dir, package_root)),
            Some(Err(_)) | None => true,
        }
        .then_some(text)
    })
}

/// Whether a workspace leaves a package out, as Cargo decides it: naming one as a member
/// outranks excluding it.
fn is_excluded(workspace: &toml::Value, dir: &Path, package_root: &Path) -> bool {
    let has = |key: &str| {
        let paths = workspace.get(key).and_then(toml::Value::as_array);
        paths.is_some_and(|paths| {
            paths.iter().any(|path| path.as_str().is_some_and(|it| package_root.starts_with(dir.join(it))))
        })
    };
    has("exclude") && !has("members")
}

/// Checksum of each `(name, version)` of a lockfile, or for git packages the source with its commit.
///
/// Cargo writes the file in one fixed shape, a `[[package]]` table with one key a line; reading just these lines takes a
/// tenth of a TOML parser's time, and planning pays it on every build.
fn checksums(lock: &str) -> HashMap<(String, String), String> {
    let mut found = HashMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
        };
        let (Some(name), Some(version)) = (value("name"), value("version")) else { continue };
        let git = value("source").filter(|source| source.starts_with("git+"));
        if let Some(identity) = value("checksum").or(git) {
            // Two sources may offer the same name and version; then both identities count.
            let known: &mut String = found.entry((name.to_owned(), version.to_owned())).or_default();
            known.push_str(identity);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(env: &[(&str, &str)]) -> Digest {
        let dir = tempfile::tempdir().unwrap();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Context::new(dir.path(), dir.path(), Path::new("/b"), Path::new("/t"), "rustc", env).flags
    }

    #[test]
    fn a_package_elsewhere_inherits_from_its_own_workspace() {
        let dir = tempfile::tempdir().unwrap();
        let (root, member) = (dir.path().join("other"), dir.path().join("other/crates/member"));
        std::fs::create_dir_all(&member).unwrap();
        let manifests = |description: &str, named: &str| {
            std::fs::write(root.join("Cargo.toml"), format!("[workspace.package]\ndescription = '{description}'\n"))
                .unwrap();
            std::fs::write(member.join("Cargo.toml"), format!("[package]\nname = 'member'\n{named}")).unwrap();
            let (here, env) = (dir.path().join("here"), BTreeMap::new());
            let context = Context::new(&here, dir.path(), Path::new("/b"), Path::new("/t"), "rustc", env);
            context.manifests(&member)
        };
        assert_ne!(manifests("one", ""), manifests("two", ""));
        assert_eq!(manifests("one", ""), manifests("one", ""));
        let named = "workspace = '../..'\n";
        assert_ne!(manifests("one", named), manifests("two", named));
    }

    #[test]
    fn a_package_below_the_root_may_be_of_another_workspace() {
        let dir = tempfile::tempdir().unwrap();
        let (other, member) = (dir.path().join("other"), dir.path().join("other/member"));
        std::fs::create_dir_all(&member).unwrap();
        std::fs::write(dir.path().join("Cargo.toml"), "[workspace]\nexclude = ['other']\n").unwrap();
        let manifests = |description: &str, members: &str| {
            let nested = format!("[workspace]\n{members}[workspace.package]\ndescription = '{description}'\n");
            std::fs::write(other.join("Cargo.toml"), nested).unwrap();
            std::fs::write(member.join("Cargo.toml"), "[package]\ndescription.workspace = true\n").unwrap();
            let env = BTreeMap::new();
            Context::new(dir.path(), dir.path(), Path::new("/b"), Path::new("/t"), "rustc", env).manifests(&member)
        };
        assert_ne!(manifests("one", "members = ['member']\n"), manifests("two", "members = ['member']\n"));
        // Left out by both: neither is its workspace, and what they say does not matter.
        let out = "exclude = ['member']\n";
        assert_eq!(manifests("one", out), manifests("two", out));
    }

    #[test]
    fn flags_count_and_places_do_not() {
        let plain = flags(&[]);
        assert_ne!(plain, flags(&[("RUSTFLAGS", "-Cdebuginfo=0")]));
        assert_ne!(plain, flags(&[("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "lld")]));
        assert_ne!(flags(&[("RUSTFLAGS", "a")]), flags(&[("RUSTFLAGS", "b")]));
        assert_eq!(plain, flags(&[("CARGO_TARGET_DIR", "/somewhere"), ("CARGO_BUILD_JOBS", "1"), ("HOME", "/root")]));
    }

    #[test]
    fn checksums_and_commits_are_found() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"00ff\"\ndependencies = [\n \"b\",\n]\n\n\
                    [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"git+file:///r#abc\"\n\n[[package]]\nname = \"me\"\nversion = \"0.1.0\"\n";
        let found = checksums(lock);
        assert_eq!(found[&("a".to_owned(), "1.0.0".to_owned())], "00ff");
        assert_eq!(found[&("b".to_owned(), "2.0.0".to_owned())], "git+file:///r#abc");
        assert_eq!(found.len(), 2);
    }
}
