//! What stories are made of: files, a made-up registry, trees with lockfiles, repositories.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use corpora::worktree;

use super::bench::{Bench, LIMIT};
use super::story::{HERE, Step};
use super::{Told, Wrong};
use exec::dirs::remove_dir;
use exec::process::{self, CommandSpec};
use exec::toolchain::on_path;

impl Bench<'_> {
    /// Writes a file below the place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, path: &str, text: &str) -> Told {
        let full = self.at(path);
        if let Some(folder) = full.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&full, text)?;
        let text = text.replace(self.at("").to_string_lossy().trim_end_matches('/'), HERE);
        self.story.add(Step::Write(path.to_owned(), text));
        Ok(())
    }

    /// Gives a file below the place a modification time, in seconds since 1970.
    ///
    /// # Errors
    /// When it has none to change.
    pub fn set_time(&mut self, path: &str, seconds: u64) -> Told {
        let file = std::fs::File::options().write(true).open(self.at(path))?;
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(seconds))?;
        let args = ["touch".to_owned(), "-d".to_owned(), format!("@{seconds}"), path.to_owned()];
        self.story.add(Step::Run { dir: ".".to_owned(), env: Vec::new(), args: args.into() });
        Ok(())
    }

    /// Commits everything in a directory below the place to the branch `main` of a git
    /// repository there.
    ///
    /// # Errors
    /// When it cannot be committed.
    pub fn commit(&mut self, dir: &str) -> Told {
        let full = self.at(dir);
        match full.join(".git").exists() {
            true => worktree::commit(&full),
            false => worktree::begin(&full),
        }
        .with_context(|| format!("cannot commit {dir}"))?;
        let line = "git init -q -b main . && git add -A && git -c user.name=probe -c user.email=probe@example.invalid \
                    commit -q -m change";
        let args = ["sh", "-c", line].map(str::to_owned).into();
        self.story.add(Step::Run { dir: dir.to_owned(), env: Vec::new(), args });
        Ok(())
    }

    /// Makes a static library of C's kind from a Rust source in a directory below the place,
    /// which must not need the standard library.
    ///
    /// # Errors
    /// Not applicable without `ar`.
    pub fn static_library(&mut self, dir: &str, source: &str, library: &str) -> Told {
        let Some(ar) = on_path("ar") else {
            return Err(Wrong::NotApplicable("there is no `ar` to make a static library with".to_owned()));
        };
        // An object file alone: a `staticlib` would bring a second panic handler along.
        let rustc = "--edition=2024 --crate-type=lib --emit=obj -Cpanic=abort -o word.o";
        let rustc: Vec<&str> = rustc.split(' ').chain([source]).collect();
        self.run(dir, "rustc", &self.ground().build_env.toolchain.rustc.clone(), &rustc)?;
        self.run(dir, "ar", &ar, &["crs", library, "word.o"])
    }

    /// Runs a program in a directory below the place.
    fn run(&mut self, dir: &str, name: &str, program: &Path, args: &[&str]) -> Told {
        let spec = CommandSpec::new(program, self.at(dir)).args(args.iter().copied()).timeout(LIMIT);
        let finished = process::run(&spec, &self.ground().build_env.supervisor, &mut |_, _| ())?;
        if !finished.status.success() {
            let failed = anyhow::anyhow!("{} failed: {}", spec.display(), finished.stderr_text());
            return Err(Wrong::Internal(failed));
        }
        let args = std::iter::once(name).chain(args.iter().copied()).map(str::to_owned).collect();
        self.story.add(Step::Run { dir: dir.to_owned(), env: Vec::new(), args });
        Ok(())
    }

    /// Removes a file or a directory below the place.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&mut self, path: &str) -> Told {
        let full = self.at(path);
        if full.is_dir() {
            remove_dir(&full)?
        } else {
            std::fs::remove_file(&full)?
        }
        self.story.add(Step::Remove(path.to_owned()));
        Ok(())
    }

    /// Publishes a crate in the made-up registry: `manifest` follows name, version and edition.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn publish(&mut self, name: &str, version: &str, manifest: &str, files: &[(&str, &str)]) -> Told {
        let dir = format!("vendor/{name}-{version}");
        self.write(&format!("{dir}/Cargo.toml"), &package(name, version, manifest))?;
        for (path, text) in files {
            self.write(&format!("{dir}/{path}"), text)?;
        }
        let sum = strategies::key::Digest::of(format!("{name} {version}").as_bytes()).hex();
        let checksum = format!("{{\"files\":{{}},\"package\":\"{sum}\"}}\n");
        self.write(&format!("{dir}/.cargo-checksum.json"), &checksum)
    }

    /// Writes the files of a tree and has Cargo lock it. A `Cargo.toml` that is not among them
    /// is that of a package of the tree's name.
    ///
    /// # Errors
    /// When it cannot be written or locked.
    pub fn tree(&mut self, tree: &str, files: &[(&str, &str)]) -> Told {
        if !files.iter().any(|(path, _)| *path == "Cargo.toml") {
            self.write(&format!("{}/Cargo.toml", self.inside("ws", tree)), &package(tree, "0.1.0", "\n[workspace]\n"))?;
        }
        for (path, text) in files {
            self.write(&format!("{}/{path}", self.inside("ws", tree)), text)?;
        }
        self.lock(tree)
    }

    /// Has Cargo write the lockfile of a tree.
    ///
    /// # Errors
    /// When it cannot.
    pub fn lock(&mut self, tree: &str) -> Told {
        self.cargo(tree, &["generate-lockfile", "--offline"])
    }

    /// Runs plain Cargo in a tree, without any cache, in the environment of its builds.
    ///
    /// # Errors
    /// When it fails.
    pub fn cargo(&mut self, tree: &str, args: &[&str]) -> Told {
        let (build_env, site, build_options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        let args: Vec<_> = args.iter().map(|arg| (*arg).into()).collect();
        let spec = site.cargo(build_env, &build_options, &args).timeout(LIMIT);
        let finished = process::run(&spec, &build_env.supervisor, &mut |_, _| ())?;
        if !finished.status.success() {
            let failed = anyhow::anyhow!("{} failed: {}", spec.display(), finished.stderr_text());
            return Err(Wrong::Internal(failed));
        }
        let words =
            std::iter::once("cargo".to_owned()).chain(args.iter().map(|arg| arg.to_string_lossy().into_owned()));
        let env = self.story_env(tree);
        self.story.add(Step::Run { dir: self.inside("ws", tree), env, args: words.collect() });
        Ok(())
    }

    /// Copies everything below `from` to `to`, both below the place, as a second checkout would
    /// have it: same bytes, times of now.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn check_out(&mut self, from: &str, to: &str) -> Told {
        for entry in walkdir::WalkDir::new(self.at(from)) {
            let entry = entry.context("cannot walk a made-up workspace")?;
            if entry.file_type().is_file() {
                let inside = entry.path().strip_prefix(self.at(from)).unwrap_or(entry.path()).to_string_lossy();
                let text = std::fs::read_to_string(entry.path())?;
                self.write(&format!("{to}/{inside}"), &text)?;
            }
        }
        Ok(())
    }
}

/// The manifest of a package.
pub fn package(name: &str, version: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{more}")
}
