//! What was done in a story, step by step, and the same as a script for a person.
//!
//! The script repeats the story with plain Cargo: a reader sees what the right end is, and
//! puts the strategy in question where the script says so. Nothing here is ever run by the
//! harness.

use std::fmt::Write as _;

/// Stands for the absolute path of the place in a written file.
pub const HERE: &str = "@HERE@";

/// One thing that was done. Paths are relative to the place of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A file was written.
    Write(String, String),
    /// A file or directory was removed.
    Remove(String),
    /// A program was run in a directory, with variables.
    Run {
        /// Where.
        dir: String,
        /// Variables on top.
        env: Vec<(String, String)>,
        /// Program and arguments.
        args: Vec<String>,
    },
    /// A tree was built under the strategy.
    Build {
        /// Name of the tree.
        tree: String,
        /// Variables on top.
        env: Vec<(String, String)>,
        /// Arguments of Cargo.
        args: Vec<String>,
    },
    /// The same, which must fail.
    BuildFails {
        /// Name of the tree.
        tree: String,
        /// Variables on top.
        env: Vec<(String, String)>,
        /// Arguments of Cargo.
        args: Vec<String>,
    },
    /// What a program, by its path, must print.
    Prints(String, String),
    /// Something a script cannot say.
    Note(String),
}

/// What was done so far.
#[derive(Debug, Clone, Default)]
pub struct Story(Vec<Step>);

impl Story {
    /// Adds a step.
    pub fn add(&mut self, step: Step) {
        self.0.push(step);
    }

    /// The last step was a build, which must fail.
    pub fn last_must_fail(&mut self) {
        match self.0.pop() {
            Some(Step::Build { tree, env, args }) => self.0.push(Step::BuildFails { tree, env, args }),
            other => self.0.extend(other),
        }
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// A shell script that tells the story with plain Cargo in an empty directory.
    pub fn script(&self, title: &str) -> String {
        let mut out = String::from("#!/bin/sh\n");
        let _ = writeln!(out, "# {title}");
        out += "# With plain Cargo; put the strategy in question where it says 'build'.\n";
        out += "# Run it in an empty directory outside any Cargo workspace.\nset -e\nhere=$PWD\n";
        out += "# Lets a stable Cargo take -Z flags, and changes nothing else.\n";
        out += "export __CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS=nightly\n";
        for step in &self.0 {
            match step {
                Step::Write(path, text) => {
                    let dir = path.rsplit_once('/').map_or(".", |(dir, _)| dir);
                    let _ = writeln!(out, "mkdir -p {}\ncat > {} <<'END_OF_FILE'", quoted(dir), quoted(path));
                    out += text;
                    out += if text.ends_with('\n') || text.is_empty() { "END_OF_FILE\n" } else { "\nEND_OF_FILE\n" };
                    if text.contains(HERE) {
                        let path = quoted(path);
                        let _ = writeln!(out, "sed \"s|{HERE}|$here|g\" {path} > filled && mv filled {path}");
                    }
                }
                Step::Remove(path) => {
                    let _ = writeln!(out, "rm -rf {}", quoted(path));
                }
                Step::Run { dir, env, args } => out += &command(dir, env, args),
                Step::Build { tree, env, args } => {
                    let _ = writeln!(out, "# build {tree}\n{}", build(tree, env, args));
                }
                Step::BuildFails { tree, env, args } => {
                    let _ = writeln!(out, "# build {tree}, which must fail\nif {}; then", build(tree, env, args));
                    out += "    echo 'this must not build'\n    exit 1\nfi\n";
                }
                Step::Prints(program, text) => {
                    let _ = writeln!(out, "echo {}\n{}", quoted(&format!("must print: {text}")), quoted(program));
                }
                Step::Note(note) => {
                    let _ = writeln!(out, "# {}", note.replace('\n', "\n# "));
                }
            }
        }
        out
    }
}

fn build(tree: &str, env: &[(String, String)], args: &[String]) -> String {
    let target = format!("CARGO_TARGET_DIR=\"$here\"/{}", quoted(&format!("target/{tree}")));
    let args: Vec<String> = std::iter::once("cargo").chain(args.iter().map(String::as_str)).map(quoted).collect();
    let dir = quoted(&format!("ws/{tree}"));
    format!("(cd {dir} && env {target} {}{})", variables(env), args.join(" "))
}

fn command(dir: &str, env: &[(String, String)], args: &[String]) -> String {
    let args: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
    let env = if env.is_empty() { String::new() } else { format!("env {}", variables(env)) };
    format!("(cd {} && {env}{})\n", quoted(dir), args.join(" "))
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

    #[test]
    fn the_script_does_what_the_story_did() {
        let dir = tempfile::tempdir().unwrap();
        let mut story = Story::default();
        story.add(Step::Write("a b/it's".into(), "two $HOME\nlines `id`".into()));
        story.add(Step::Write("gone/file".into(), String::new()));
        story.add(Step::Remove("gone".into()));
        story.add(Step::Note("two\nlines".into()));
        let env = vec![("WORD".to_owned(), "a 'quoted' one".to_owned())];
        let args = ["sh", "-c", "printf %s \"$WORD\" > out"].map(str::to_owned).to_vec();
        story.add(Step::Run { dir: "a b".into(), env, args });
        let ran = Command::new("sh").args(["-c", &story.script("title")]).current_dir(dir.path()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let read = |path: &str| std::fs::read_to_string(dir.path().join(path)).unwrap();
        assert_eq!(read("a b/it's"), "two $HOME\nlines `id`\n");
        assert_eq!(read("a b/out"), "a 'quoted' one");
        assert!(!dir.path().join("gone").exists());
    }
}
