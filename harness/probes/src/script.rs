//! The steps of a probe, recorded, and the same as a shell script for a person.
//!
//! The script repeats the steps with plain Cargo: a reader sees the right result, and then puts
//! the strategy in question where the script says so. The harness never runs it.

use std::fmt::Write as _;

use strategies::key::Digest;

/// Stands for the absolute path of the probe's directory in a written file.
pub(crate) const HERE: &str = "@HERE@";

/// One step. Paths are relative to the probe's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScriptStep {
    /// A file with this text.
    Write(String, String),
    /// A file or directory is removed.
    Remove(String),
    /// A program is run in a directory, with variables.
    Run { dir: String, env: Vec<(String, String)>, args: Vec<String> },
    /// A tree is built under the strategy, with variables and arguments of Cargo.
    Build { tree: String, env: Vec<(String, String)>, args: Vec<String>, must_fail: bool },
    /// What a program, by its path, must print.
    Prints(String, String),
    /// What a script cannot do.
    Note(String),
}

/// The steps of a probe.
#[derive(Debug, Clone, Default)]
pub struct Script(Vec<ScriptStep>);

impl Script {
    pub(crate) fn add(&mut self, step: ScriptStep) {
        self.0.push(step);
    }

    /// The build that was added last must fail.
    pub(crate) fn last_must_fail(&mut self) {
        if let Some(ScriptStep::Build { must_fail, .. }) = self.0.last_mut() {
            *must_fail = true;
        }
    }

    /// Whether nothing was done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A digest of everything that a lockfile depends on: manifests, configuration, and what was
    /// run or removed. Builds change none of it.
    pub(crate) fn digest_of_manifests(&self) -> Digest {
        let matters = |step: &&ScriptStep| match step {
            ScriptStep::Write(path, _) => path.ends_with(".toml"),
            ScriptStep::Remove(path) => !path.starts_with("target/"),
            ScriptStep::Run { .. } => true,
            _ => false,
        };
        let steps: Vec<&ScriptStep> = self.0.iter().filter(matters).collect();
        Digest::of(format!("{steps:?}").as_bytes())
    }

    /// The script for a POSIX shell, to be run in an empty directory.
    pub fn to_shell(&self, title: &str) -> String {
        let mut out = format!("#!/bin/sh\n# {title}\n");
        out += "# With plain Cargo; put the strategy in question where it says 'build'.\n";
        out += "# Run it in an empty directory outside any Cargo workspace.\nset -e\nhere=$PWD\n";
        out += "# Lets a stable Cargo take -Z flags, and changes nothing else.\n";
        out += "export __CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS=nightly\n";
        for step in &self.0 {
            let _ = match step {
                ScriptStep::Write(path, text) => write!(out, "{}", write_file(path, text)),
                ScriptStep::Remove(path) => writeln!(out, "rm -rf {}", quoted(path)),
                ScriptStep::Run { dir, env, args } => writeln!(out, "{}", run(dir, env, args)),
                ScriptStep::Build { tree, env, args, must_fail: false } => {
                    writeln!(out, "# build {tree}\n{}", build(tree, env, args))
                }
                ScriptStep::Build { tree, env, args, must_fail: true } => writeln!(
                    out,
                    "# build {tree}, which must fail\nif {}; then\n    echo 'this must not build'\n    exit 1\nfi",
                    build(tree, env, args)
                ),
                ScriptStep::Prints(program, text) => {
                    writeln!(out, "echo {}\n{}", quoted(&format!("must print: {text}")), quoted(program))
                }
                ScriptStep::Note(note) => writeln!(out, "# {}", note.replace('\n', "\n# ")),
            };
        }
        out
    }
}

fn write_file(path: &str, text: &str) -> String {
    let dir = path.rsplit_once('/').map_or(".", |(dir, _)| dir);
    let mut out = format!("mkdir -p {}\ncat > {} <<'END_OF_FILE'\n{text}", quoted(dir), quoted(path));
    out += if text.ends_with('\n') || text.is_empty() { "END_OF_FILE\n" } else { "\nEND_OF_FILE\n" };
    if text.contains(HERE) {
        let path = quoted(path);
        let _ = writeln!(out, "sed \"s|{HERE}|$here|g\" {path} > filled && mv filled {path}");
    }
    out
}

fn build(tree: &str, env: &[(String, String)], args: &[String]) -> String {
    let target = format!("CARGO_TARGET_DIR=\"$here\"/{}", quoted(&format!("target/{tree}")));
    let args: Vec<String> = std::iter::once("cargo").chain(args.iter().map(String::as_str)).map(quoted).collect();
    format!("(cd {} && env {target} {}{})", quoted(&format!("ws/{tree}")), variables(env), args.join(" "))
}

fn run(dir: &str, env: &[(String, String)], args: &[String]) -> String {
    let args: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
    let env = if env.is_empty() { String::new() } else { format!("env {}", variables(env)) };
    format!("(cd {} && {env}{})", quoted(dir), args.join(" "))
}

fn variables(env: &[(String, String)]) -> String {
    env.iter().map(|(name, value)| format!("{name}={} ", quoted(value))).collect()
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::process::Command;

    fn script() -> Script {
        let mut script = Script::default();
        script.add(ScriptStep::Write("a b/it's".into(), "two $HOME\nlines `id`".into()));
        script.add(ScriptStep::Write("gone/file".into(), String::new()));
        script.add(ScriptStep::Remove("gone".into()));
        script.add(ScriptStep::Note("two\nlines".into()));
        script
    }

    #[test]
    fn the_script_does_the_same_steps() {
        let dir = tempfile::tempdir().unwrap();
        let mut script = script();
        let env = vec![("WORD".to_owned(), "a 'quoted' one".to_owned())];
        let args = ["sh", "-c", "printf %s \"$WORD\" > out"].map(str::to_owned).to_vec();
        script.add(ScriptStep::Run { dir: "a b".into(), env, args });
        let ran = Command::new("sh").args(["-c", &script.to_shell("title")]).current_dir(dir.path()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let read = |path: &str| std::fs::read_to_string(dir.path().join(path)).unwrap();
        assert_eq!(read("a b/it's"), "two $HOME\nlines `id`\n");
        assert_eq!(read("a b/out"), "a 'quoted' one");
        assert!(!dir.path().join("gone").exists());
    }

    #[test]
    fn a_lockfile_depends_on_manifests_and_not_on_builds() {
        let digest = |steps: &[ScriptStep]| {
            let mut script = script();
            steps.iter().cloned().for_each(|step| script.add(step));
            script.digest_of_manifests()
        };
        let write = |path: &str, text: &str| ScriptStep::Write(path.into(), text.into());
        let build = ScriptStep::Build { tree: "app".into(), env: Vec::new(), args: Vec::new(), must_fail: false };
        let update = ScriptStep::Run { dir: "ws/app".into(), env: Vec::new(), args: vec!["cargo".into()] };
        let before = digest(&[]);
        assert_eq!(before, digest(&[build, write("ws/app/src/main.rs", ""), ScriptStep::Remove("target/app".into())]));
        for step in [
            write("ws/app/Cargo.toml", "a"),
            write("ws/app/Cargo.toml", "b"),
            update,
            ScriptStep::Remove("vendor/a".into()),
        ] {
            assert_ne!(before, digest(&[step]));
        }
    }
}
