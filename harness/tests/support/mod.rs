//! What the integration tests share: a directory outside any workspace with a made-up registry,
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
// Each test program uses its own part of this.
#![allow(dead_code, unused_imports)]

pub mod fake;
#[cfg(target_os = "linux")]
pub mod processes;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use records::run_folder::RunFolder;
use records::{Status, StepRow, UnitRow};
use serde_json::Value;
pub use skip::skip;

/// The made-up crates and workspaces.
const CRATES: &str = include_str!("crates.txt");

/// The files of [`CRATES`] in a directory, with what they hold.
fn files_in(dir: &str) -> impl Iterator<Item = (&'static str, String)> {
    CRATES.split("\n=== ").skip(1).filter(move |file| file.starts_with(dir)).map(|file| {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        let lines = text.lines().filter(|line| !line.starts_with('#') || line.starts_with("#["));
        (path, lines.flat_map(|line| [line, "\n"]).collect())
    })
}

/// A step of a scenario of a test.
pub fn step(name: &str, more: &str) -> String {
    format!("[[step]]\nname = {name:?}\nabout = \"x\"\n{more}\n")
}

/// A temporary directory with everything a run needs; removed at the end.
pub struct TestDir {
    dir: tempfile::TempDir,
}

/// What the harness printed, and its exit code.
pub struct CommandOutput {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl TestDir {
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
        for (path, text) in files_in("vendor/") {
            place.write(path, &text);
            if let Some(package) = path.strip_suffix("/Cargo.toml") {
                let sum = made_up_checksum(&package["vendor/".len()..]);
                let text = format!("{{\"files\":{{}},\"package\":\"{sum}\"}}");
                place.write(&format!("{package}/.cargo-checksum.json"), &text);
            }
        }
        place
    }

    /// A directory with these workspaces and a corpus of them.
    pub fn with(corpus: &str, workspaces: &[&str]) -> Self {
        let place = Self::new();
        workspaces.iter().for_each(|name| place.add(name));
        place.corpus(corpus, workspaces);
        place
    }

    /// A path in this directory, as an argument.
    pub fn arg(&self, relative: &str) -> String {
        self.at(relative).display().to_string()
    }

    /// A path in this directory.
    pub fn at(&self, relative: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(relative)
    }

    /// Writes a file; a manifest gets its `[package]` from the name of its directory.
    pub fn write(&self, relative: &str, text: &str) {
        let root = self.dir.path().canonicalize().unwrap();
        let text = text.replace("@PLACE@", root.to_str().unwrap());
        let package = relative.strip_suffix("/Cargo.toml").and_then(|dir| dir.rsplit_once('/'));
        let head = package.map(|(_, dir)| {
            let registry = dir.rsplit_once('-').filter(|_| relative.starts_with("vendor/"));
            let (name, version) = registry.unwrap_or((dir, "0.1.0"));
            format!("[package]\nname = {name:?}\nversion = {version:?}\nedition = \"2021\"\n")
        });
        write(&self.at(relative), &(head.unwrap_or_default() + &text));
    }

    /// Writes a workspace of `crates.txt` and has Cargo lock it.
    pub fn add(&self, name: &str) {
        for (path, text) in files_in(&format!("ws/{name}/")) {
            self.write(path, &text);
            if text.contains("include!(\"tried.rs\")") {
                files_in("tried.rs").for_each(|(_, text)| self.write(&format!("ws/{name}/tried.rs"), &text));
            }
        }
        self.cargo(name, &["generate-lockfile"]);
        // A lockfile of its own has the newer version of a package.
        if name == "many" {
            write(&self.at("upgrades/many.lock"), &fs::read_to_string(self.at("ws/many/Cargo.lock")).unwrap());
            // `cargo update --precise` changes nothing under a directory source.
            self.replace("ws/many/lower/Cargo.toml", "base = \"1\"", "base = \"=1.0.0\"");
            self.cargo(name, &["generate-lockfile"]);
            self.replace("ws/many/lower/Cargo.toml", "base = \"=1.0.0\"", "base = \"1\"");
        }
    }

    pub fn cargo(&self, name: &str, args: &[&str]) {
        let output = Command::new(env!("CARGO"))
            .args(args)
            .arg("--offline")
            .current_dir(self.at(&format!("ws/{name}")))
            .env("CARGO_HOME", self.at("home"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Writes a corpus of workspaces that are there. Programs are run and their source is edited.
    pub fn corpus(&self, name: &str, workspaces: &[&str]) {
        let mut text = format!("name = {name:?}\nabout = \"made up\"\n");
        for workspace in workspaces {
            let is_program = self.at(&format!("ws/{workspace}/src/main.rs")).exists();
            let edit = match *workspace {
                "nested" => "inner/src/lib.rs",
                "alpha" => "src/lib.rs",
                _ if is_program => "src/main.rs",
                _ => "src/lib.rs",
            };
            text += &format!("\n[[workspace]]\nname = {workspace:?}\nwhy = \"a test\"\nedit = {edit:?}\n");
            text += &format!("source = {{ path = \"ws/{workspace}\" }}\n");
            if is_program {
                text += &format!("run = {{ bin = {workspace:?} }}\n");
            }
            if *workspace == "many" {
                text += "upgrade = \"upgrades/many.lock\"\n";
            }
        }
        self.write(&format!("{name}.toml"), &text);
    }

    /// Changes a text in a file.
    pub fn replace(&self, relative: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(relative)).unwrap();
        assert!(text.contains(from), "{relative} has no {from}");
        write(&self.at(relative), &text.replace(from, to));
    }

    /// Writes a scenario of steps.
    pub fn scenario(&self, name: &str, steps: &str) -> String {
        self.write(&format!("{name}.toml"), &format!("name = {name:?}\nabout = \"x\"\n{steps}"));
        self.arg(&format!("{name}.toml"))
    }

    /// The harness, with this place's CARGO_HOME and cache directory and nothing of what people set for daily work.
    pub fn harness(&self) -> Command {
        let mut command = harness_command();
        command
            .env("CARGO_HOME", self.at("home"))
            .env("XDG_CACHE_HOME", self.at("cache"))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the harness to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> CommandOutput {
        CommandOutput::of(self.harness().args(args).output().unwrap())
    }

    /// The arguments of a `compare` of a corpus in this directory.
    pub fn compare_args(&self, corpus: &str, more: &[&str]) -> Vec<OsString> {
        self.compare_args_in(corpus, &self.at("work"), "out", more)
    }

    /// The same in another work directory, with run folders elsewhere.
    pub fn compare_args_in(&self, corpus: &str, work: &Path, out: &str, more: &[&str]) -> Vec<OsString> {
        let corpus = self.at(&format!("{corpus}.toml"));
        let mut args: Vec<OsString> = vec!["compare".into(), "--corpus".into(), corpus.into()];
        args.extend(["--work-dir".into(), work.into(), "--out".into(), self.at(out).into()]);
        if !more.contains(&"--seed") {
            args.extend(["--seed", LISTED_ORDER].map(OsString::from));
        }
        args.extend(more.iter().map(OsString::from));
        args
    }

    /// Compares, which must succeed, and reads the one run folder.
    pub fn compare(&self, corpus: &str, more: &[&str]) -> RecordedRun {
        let said = self.run(&self.compare_args(corpus, more)).done();
        let dir = self.run_folder();
        assert!(said.stdout.contains(&dir.display().to_string()), "the last line says where: {}", said.stdout);
        RecordedRun { stdout: said.stdout, ..RecordedRun::read(&dir) }
    }

    /// Goes on with the only run.
    pub fn resume(&self, more: &[&str]) -> CommandOutput {
        let dir = self.run_folder();
        self.run(&[&["compare", "--resume", dir.to_str().unwrap()], more].concat())
    }

    /// The only run folder in `out`.
    pub fn run_folder(&self) -> PathBuf {
        only(&self.at("out"))
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

pub fn harness_command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_harness"))
}

/// The only entry of a directory.
#[track_caller]
pub fn only(dir: &Path) -> PathBuf {
    let entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

impl CommandOutput {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Must have succeeded.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Must have refused a mistake of the user, in a line that has this part.
    #[track_caller]
    pub fn refused(&self, part: &str) {
        let line = self.mistake();
        assert!(line.contains(part), "{part:?} is not in: {line}");
    }

    /// The one line that answers a mistake of the user: exit code 2, nothing on standard output.
    #[track_caller]
    pub fn mistake(&self) -> &str {
        assert_eq!(self.code, Some(2), "{}\n{}", self.stdout, self.stderr);
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "one line: {}", self.stderr);
        assert_eq!(self.stdout, "");
        assert!(lines[0].starts_with("error: "), "{}", lines[0]);
        assert!(lines[0].matches("(os error").count() <= 1, "named twice: {}", lines[0]);
        lines[0]
    }
}

/// A finished run.
pub struct RecordedRun {
    pub dir: PathBuf,
    pub folder: RunFolder,
    /// What was printed.
    pub stdout: String,
}

impl RecordedRun {
    pub fn read(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), folder: RunFolder::read(dir).unwrap(), stdout: String::new() }
    }

    pub fn steps(&self) -> &[StepRow] {
        &self.folder.steps
    }

    /// Every row must be sound.
    #[track_caller]
    pub fn all_ok(&self) {
        for row in self.steps() {
            assert_eq!(row.status, Status::Ok, "{} {} {}: {}", row.strategy, row.step, row.workspace, row.note);
        }
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

/// Runs git with nothing of the user's; what it printed.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// 64 hexadecimal digits that depend on the text (FNV-1a, four times over).
pub fn made_up_checksum(text: &str) -> String {
    let start = |seed: u64| 0xcbf2_9ce4_8422_2325 ^ seed;
    let next = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let fnv = |seed| text.bytes().fold(start(seed), next);
    (1..=4).map(|seed| format!("{:016x}", fnv(seed))).collect()
}

/// A seed by which two, three and six workspaces come in the order of their corpus in the first round.
pub const LISTED_ORDER: &str = "505";

/// Columns of `steps.csv` that no second run of the same options would measure again: times, and sizes on disk, which hold
/// what compilers and stores write of times.
const MEASURED: &str = "wall_s graph_call_s daemon_s user_s sys_s plan_s restore_s cargo_s publish_s rustc_s noop_s hit_rate_by_cost store_bytes \
                        store_allocated_bytes store_physical_bytes tree_bytes tree_allocated_bytes tree_physical_bytes \
                        all_physical_bytes marginal_physical_bytes";

/// A row of which only whether they are empty is left of these columns, and nothing of the others.
fn without<T: serde::Serialize>(row: &T, measured: &str, others: &str) -> Value {
    let mut row = serde_json::to_value(row).unwrap();
    let fields = row.as_object_mut().unwrap();
    let mut field = |name: &str| fields.get_mut(name).unwrap_or_else(|| panic!("there is no column {name}")).take();
    others.split(' ').for_each(|name| drop(field(name)));
    let full = measured.split_whitespace().filter(|name| !matches!(field(name), Value::Null));
    let full: Vec<String> = full.map(str::to_owned).collect();
    fields.insert("measured".to_owned(), full.into());
    row
}

/// What lasts of a row: all but the times, the sizes on disk, and the run's name. The memory of what ends at once may not
/// be seen, nor may what others used meanwhile.
pub fn lasting(row: &StepRow, also_measured: &str) -> Value {
    without(row, &format!("{MEASURED} {also_measured}"), "run max_rss_bytes foreign_cpu_s")
}

pub fn lasting_unit(row: &UnitRow, also_measured: &str) -> Value {
    without(row, &format!("cost_s {also_measured}"), "run")
}
