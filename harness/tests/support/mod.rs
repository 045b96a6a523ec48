//! What the integration tests share: a place outside any workspace with a made-up registry,
//! small workspaces pinned by path, and the real `harness` binary run on them.
//!
//! ```text
//! <place>/home/       CARGO_HOME of the harness; replaces crates-io by vendor/
//! <place>/vendor/     the made-up registry: a directory source
//! <place>/ws/<name>/  workspaces with lockfiles
//! <place>/<name>.toml corpora
//! <place>/work        work directory
//! <place>/out/        run folders
//! ```
// Each test binary uses its own part of this.
#![allow(dead_code, unused_imports, missing_docs, clippy::unwrap_used)]

pub mod collector;
pub mod crates;
pub mod external;
#[cfg(target_os = "linux")]
pub mod hostile;
#[cfg(target_os = "linux")]
pub mod processes;
pub mod small;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use records::run_folder::RunFolder;
use records::{StepRow, UnitRow};
pub use skip::skip;

/// A temporary directory with everything a run needs; removed at the end.
pub struct Place {
    dir: tempfile::TempDir,
}

/// What the harness printed, and its exit code.
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        let above = real.ancestors().find(|above| above.join("Cargo.toml").exists());
        assert!(above.is_none(), "TMPDIR must not be inside a Cargo workspace: {above:?}");
        let place = Self { dir };
        fs::create_dir_all(place.at("vendor")).unwrap();
        let vendor = place.at("vendor");
        place.write(
            "home/config.toml",
            &format!("[source.crates-io]\nreplace-with = \"made-up\"\n[source.made-up]\ndirectory = {vendor:?}\n"),
        );
        place
    }

    /// A path below the place.
    pub fn at(&self, relative: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        write(&self.at(relative), text);
    }

    /// Publishes a crate in the made-up registry. `manifest` follows name, version and edition.
    pub fn publish(&self, name: &str, version: &str, manifest: &str, files: &[(&str, &str)]) {
        let dir = format!("vendor/{name}-{version}");
        let package = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{manifest}");
        self.write(&format!("{dir}/Cargo.toml"), &package);
        for (path, text) in files {
            self.write(&format!("{dir}/{path}"), text);
        }
        let sum = made_up_checksum(&format!("{name} {version}"));
        self.write(&format!("{dir}/.cargo-checksum.json"), &format!("{{\"files\":{{}},\"package\":\"{sum}\"}}"));
    }

    /// Writes a workspace and has Cargo lock it.
    pub fn workspace(&self, name: &str, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write(&format!("ws/{name}/{path}"), text);
        }
        self.lock(name);
    }

    pub fn lock(&self, name: &str) {
        self.cargo(name, &["generate-lockfile", "--offline"]);
    }

    /// Has Cargo take the newest version of a package into the lockfile.
    pub fn upgrade(&self, name: &str, package: &str) {
        self.cargo(name, &["update", "--offline", package]);
    }

    fn cargo(&self, name: &str, args: &[&str]) {
        let output = Command::new(env!("CARGO"))
            .args(args)
            .current_dir(self.at(&format!("ws/{name}")))
            .env("CARGO_HOME", self.at("home"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Writes a corpus of workspaces: name, file to edit, program to run if there is one.
    pub fn corpus(&self, name: &str, workspaces: &[(&str, &str, Option<&str>)]) {
        let mut text = format!("name = {name:?}\nabout = \"made up\"\n");
        for (workspace, edit, run) in workspaces {
            text += &format!("\n[[workspace]]\nname = {workspace:?}\nwhy = \"a test\"\nedit = {edit:?}\n");
            text += &format!("source = {{ path = \"ws/{workspace}\" }}\n");
            if let Some(bin) = run {
                text += &format!("run = {{ bin = {bin:?} }}\n");
            }
        }
        self.write(&format!("{name}.toml"), &text);
    }

    /// The harness, with this place's CARGO_HOME and cache directory and nothing of what
    /// people set for daily work.
    pub fn harness(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
        command
            .env("CARGO_HOME", self.at("home"))
            .env("XDG_CACHE_HOME", self.at("cache"))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the harness to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Said {
        Said::of(self.harness().args(args).output().unwrap())
    }

    /// The arguments of a `compare` of a corpus in this place.
    pub fn compare_args(&self, corpus: &str, more: &[&str]) -> Vec<OsString> {
        let mut args: Vec<OsString> =
            vec!["compare".into(), "--corpus".into(), self.at(&format!("{corpus}.toml")).into()];
        args.extend(["--work-dir".into(), self.at("work").into(), "--out".into(), self.at("out").into()]);
        args.extend(more.iter().map(OsString::from));
        args
    }

    /// Compares, which must succeed, and reads the one run folder.
    pub fn compare(&self, corpus: &str, more: &[&str]) -> Run {
        let said = self.run(&self.compare_args(corpus, more));
        assert_eq!(said.code, Some(0), "{}\n{}", said.stdout, said.stderr);
        let dir = self.run_folder();
        assert!(said.stdout.contains(&dir.display().to_string()), "the last line says where: {}", said.stdout);
        Run { stdout: said.stdout, ..Run::read(&dir) }
    }

    /// The only run folder in `out`.
    pub fn run_folder(&self) -> PathBuf {
        let folders = self.run_folders();
        assert_eq!(folders.len(), 1, "{folders:?}");
        folders[0].clone()
    }

    pub fn run_folders(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.at("out")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Those that can be gone on with: `run.json` is written last.
    pub fn begun_runs(&self) -> Vec<PathBuf> {
        self.run_folders().into_iter().filter(|folder| folder.join("run.json").exists()).collect()
    }
}

impl Said {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The one line that answers a mistake of the user: exit code 2, nothing on standard output.
    #[track_caller]
    pub fn mistake(&self) -> &str {
        assert_eq!(self.code, Some(2), "{}\n{}", self.stdout, self.stderr);
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "one line: {}", self.stderr);
        assert_eq!(self.stdout, "");
        assert!(lines[0].matches("(os error").count() <= 1, "named twice: {}", lines[0]);
        lines[0]
    }
}

/// A finished run.
pub struct Run {
    pub dir: PathBuf,
    pub folder: RunFolder,
    /// What was printed.
    pub stdout: String,
}

impl Run {
    pub fn read(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), folder: RunFolder::read(dir).unwrap(), stdout: String::new() }
    }

    pub fn steps(&self) -> &[StepRow] {
        &self.folder.steps
    }

    /// The row of one step.
    #[track_caller]
    pub fn step(&self, strategy: &str, step: &str, workspace: &str) -> &StepRow {
        let is = |row: &&StepRow| row.strategy == strategy && row.step == step && row.workspace == workspace;
        self.folder.steps.iter().find(is).unwrap_or_else(|| panic!("no row {strategy} {step} {workspace}"))
    }

    /// The units of one step.
    pub fn units(&self, strategy: &str, step: &str, workspace: &str) -> Vec<&UnitRow> {
        let is = |row: &&UnitRow| row.strategy == strategy && row.step == step && row.workspace == workspace;
        self.folder.units.iter().filter(is).collect()
    }

    /// A table's text.
    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.dir.join(file)).unwrap()
    }
}

/// `package kind mode`: what the units of the made-up workspaces differ in.
pub fn label(unit: &UnitRow) -> String {
    format!("{} {} {}", unit.package, unit.kind, unit.mode)
}

pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// 64 hexadecimal digits that depend on the text (FNV-1a, four times over).
pub fn made_up_checksum(text: &str) -> String {
    let fnv = |seed: u64| {
        text.bytes()
            .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    (1..=4).map(|seed| format!("{:016x}", fnv(seed))).collect()
}
