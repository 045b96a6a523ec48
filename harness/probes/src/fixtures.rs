//! What probes are made of: files, a generated registry, trees with lockfiles, repositories.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use corpora::worktree;

use crate::context::{LIMIT, ProbeContext};
use crate::local_registry;
use crate::script::{HERE, ScriptStep};
use crate::{ProbeError, ProbeResult};
use exec::filesystem::remove_dir;
use exec::process::{self, CommandSpec};
use exec::toolchain::on_path;
use strategies::key::Digest;

impl ProbeContext<'_> {
    /// Writes a file.
    pub(crate) fn write(&mut self, path: &str, text: &str) -> ProbeResult {
        if self.registry && path.starts_with("vendor/") {
            return ProbeError::not_applicable("it edits a vendored package");
        }
        let full = self.path(path);
        if let Some(folder) = full.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&full, text)?;
        let text = text.replace(self.path("").to_string_lossy().trim_end_matches('/'), HERE);
        self.script.add(ScriptStep::Write(path.to_owned(), text));
        Ok(())
    }

    /// Makes an empty directory.
    pub(crate) fn make_dir(&mut self, path: &str) -> ProbeResult {
        std::fs::create_dir_all(self.path(path))?;
        self.record(".", Vec::new(), &["mkdir", "-p", path]);
        Ok(())
    }

    /// Writes a program for `sh`; not applicable where there is none.
    #[cfg(unix)]
    pub(crate) fn write_program(&mut self, path: &str, text: &str) -> ProbeResult {
        use std::os::unix::fs::PermissionsExt;
        self.write(path, text)?;
        std::fs::set_permissions(self.path(path), std::fs::Permissions::from_mode(0o755))?;
        self.record(".", Vec::new(), &["chmod", "755", path]);
        Ok(())
    }

    /// Writes a program for `sh`; not applicable where there is none.
    #[cfg(not(unix))]
    pub(crate) fn write_program(&mut self, _: &str, _: &str) -> ProbeResult {
        ProbeError::not_applicable("there is no `sh`")
    }

    /// Removes a file or a directory.
    pub(crate) fn remove(&mut self, path: &str) -> ProbeResult {
        let full = self.path(path);
        if full.is_dir() {
            remove_dir(&full)?;
        } else {
            std::fs::remove_file(&full)?;
        }
        self.script.add(ScriptStep::Remove(path.to_owned()));
        Ok(())
    }

    /// Writes a file, or sees to it that there is none.
    pub(crate) fn write_or_remove(&mut self, path: &str, text: Option<&str>) -> ProbeResult {
        match text {
            Some(text) => self.write(path, text),
            None if self.path(path).exists() => self.remove(path),
            None => Ok(()),
        }
    }

    /// Gives a file a modification time, in seconds since 1970.
    pub(crate) fn set_time(&mut self, path: &str, seconds: u64) -> ProbeResult {
        let full = self.path(path);
        let file = std::fs::File::options().read(true).write(!full.is_dir()).open(&full)?;
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(seconds))?;
        self.record(".", Vec::new(), &["touch", "-d", &format!("@{seconds}"), path]);
        Ok(())
    }

    /// Commits everything in a directory to the branch `main` of a git repository there.
    pub(crate) fn commit(&mut self, dir: &str) -> ProbeResult {
        let full = self.path(dir);
        match full.join(".git").exists() {
            true => worktree::commit(&full),
            false => worktree::begin(&full),
        }
        .with_context(|| format!("cannot commit {dir}"))?;
        let line = "git init -q -b main . && git add -A && git -c user.name=probe -c user.email=probe@example.invalid \
                    commit -q -m change";
        self.record(dir, Vec::new(), &["sh", "-c", line]);
        Ok(())
    }

    /// Makes a static library of C's kind from a Rust source, which must not need the standard
    /// library; not applicable without `ar`.
    pub(crate) fn static_library(&mut self, dir: &str, source: &str, library: &str) -> ProbeResult {
        let Some(ar) = on_path("ar") else {
            return ProbeError::not_applicable("there is no `ar` to make a static library with");
        };
        // An object file alone: a `staticlib` would bring a second panic handler along.
        let rustc = "--edition=2024 --crate-type=lib --emit=obj -Cpanic=abort -o word.o";
        let rustc: Vec<&str> = rustc.split(' ').chain([source]).collect();
        self.rustc(dir, &rustc)?;
        self.run(dir, "ar", &ar, &["crs", library, "word.o"])
    }

    /// Runs rustc by itself.
    pub(crate) fn rustc(&mut self, dir: &str, args: &[&str]) -> ProbeResult {
        self.run(dir, "rustc", &self.build_env().toolchain.rustc.clone(), args)
    }

    /// Makes a symbolic link, in the place of one that is there; not applicable where that needs rights.
    #[cfg(unix)]
    pub(crate) fn link(&mut self, target: &str, path: &str) -> ProbeResult {
        let full = self.path(path);
        if full.is_symlink() {
            std::fs::remove_file(&full)?;
        }
        full.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::os::unix::fs::symlink(target, &full)?;
        self.record(".", Vec::new(), &["ln", "-sfn", target, path]);
        Ok(())
    }

    /// Makes a symbolic link; not applicable where that needs rights.
    #[cfg(not(unix))]
    pub(crate) fn link(&mut self, _: &str, _: &str) -> ProbeResult {
        ProbeError::not_applicable("symbolic links need rights on this system")
    }

    fn run(&mut self, dir: &str, name: &str, program: &Path, args: &[&str]) -> ProbeResult {
        self.succeeds(CommandSpec::new(program, self.path(dir)).args(args.iter().copied()))?;
        self.record(dir, Vec::new(), &[&[name], args].concat());
        Ok(())
    }

    /// Runs a command that is no part of the test: its failure is one of the harness. What it says on stderr.
    fn succeeds(&self, spec: CommandSpec) -> ProbeResult<String> {
        let spec = spec.timeout(LIMIT);
        let finished = process::run(&spec, &self.build_env().supervisor, &mut |_, _| ())?;
        match finished.status.success() {
            true => Ok(finished.stderr_text()),
            false => {
                let failed = anyhow::anyhow!("{} failed: {}", spec.display(), finished.stderr_text());
                Err(ProbeError::Internal(failed))
            }
        }
    }

    /// Records a command that was run.
    pub(crate) fn record(&mut self, dir: &str, env: Vec<(String, String)>, args: &[&str]) {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self.script.add(ScriptStep::Run { dir: dir.to_owned(), env, args });
    }

    /// Puts a crate into the generated registry; `manifest` follows name, version and edition.
    pub(crate) fn publish(&mut self, name: &str, version: &str, manifest: &str, files: &[(&str, &str)]) -> ProbeResult {
        self.publish_in("registry", name, version, manifest, files)
    }

    /// Puts a crate into the generated registry; with a local registry, into the one of that name.
    pub(crate) fn publish_in(
        &mut self,
        registry: &str,
        name: &str,
        version: &str,
        manifest: &str,
        files: &[(&str, &str)],
    ) -> ProbeResult {
        let packs = std::mem::take(&mut self.registry);
        let result = self.vendor("vendor", name, version, manifest, files);
        self.registry = packs;
        let from = self.path(&format!("vendor/{name}-{version}"));
        match packs {
            true => result.and_then(|()| local_registry::add(&self.path(registry), &from, name, version)),
            false => result,
        }
    }

    /// Puts a crate into a directory source.
    pub(crate) fn vendor(
        &mut self,
        source: &str,
        name: &str,
        version: &str,
        manifest: &str,
        files: &[(&str, &str)],
    ) -> ProbeResult {
        let dir = format!("{source}/{name}-{version}");
        self.write(&format!("{dir}/Cargo.toml"), &package(name, version, manifest))?;
        for (path, text) in files {
            self.write(&format!("{dir}/{path}"), text)?;
        }
        let sum = Digest::of(format!("{name} {version}").as_bytes()).hex();
        let checksum = format!("{{\"files\":{{}},\"package\":\"{sum}\"}}\n");
        self.write(&format!("{dir}/.cargo-checksum.json"), &checksum)
    }

    /// Writes the files of a tree and its lockfile. A `Cargo.toml` that is not among them is that
    /// of a package of the tree's name.
    pub(crate) fn tree(&mut self, tree: &str, files: &[(&str, &str)]) -> ProbeResult {
        let folder = self.inside("ws", tree);
        if !files.iter().any(|(path, _)| *path == "Cargo.toml") {
            self.write(&format!("{folder}/Cargo.toml"), &workspace(tree, ""))?;
        }
        for (path, text) in files {
            self.write(&format!("{folder}/{path}"), text)?;
        }
        self.lock(tree)
    }

    /// Writes a tree of one program with these dependencies.
    pub(crate) fn program_tree(&mut self, tree: &str, dependencies: &str, main: &str) -> ProbeResult {
        self.tree(tree, &[("Cargo.toml", &workspace(tree, dependencies)), ("src/main.rs", main)])
    }

    /// Writes a tree of the program `name`, with these dependencies and a library `member` in its workspace.
    pub(crate) fn member_tree(
        &mut self,
        tree: &str,
        name: &str,
        dependencies: &str,
        [main, member]: [&str; 2],
    ) -> ProbeResult {
        let manifest = workspace(name, &format!("{dependencies}\nmember = {{ path = \"member\" }}"));
        let files = [
            ("Cargo.toml", &*(manifest + "members = [\"member\"]\n")),
            ("src/main.rs", main),
            ("member/Cargo.toml", &package("member", "0.1.0", "")),
            ("member/src/lib.rs", member),
        ];
        self.settings(tree).program = Some(name.to_owned());
        self.tree(tree, &files)
    }

    /// Has Cargo write the lockfile of a tree, unless it did so before from the same manifests:
    /// a probe locks the same trees for each strategy.
    pub(crate) fn lock(&mut self, tree: &str) -> ProbeResult {
        const ARGS: [&str; 2] = ["generate-lockfile", "--offline"];
        let inputs = format!("{} {tree} {:?}", self.script.digest_of_manifests().hex(), self.settings_of(tree));
        let inputs = Digest::of(inputs.as_bytes());
        let path = self.site(tree).dir.join("Cargo.lock");
        // One with a registry has checksums of packages, which differ where manifests do not.
        let cached = self.env().cache.lockfile(&inputs).filter(|_| !self.registry);
        if let Some(text) = cached {
            std::fs::write(path, text)?;
            self.record_cargo(tree, &ARGS);
            return Ok(());
        }
        self.cargo(tree, &ARGS)?;
        let text = std::fs::read_to_string(&path)?;
        // One that names this directory, as for a git dependency, is of no use to another.
        if !self.registry && !text.contains(&*self.path("").to_string_lossy()) {
            self.env().cache.keep_lockfile(inputs, text);
        }
        Ok(())
    }

    /// Runs plain Cargo in a tree, without any cache, in the environment of its builds.
    pub(crate) fn cargo(&mut self, tree: &str, args: &[&str]) -> ProbeResult {
        let words: Vec<_> = args.iter().map(|arg| (*arg).into()).collect();
        self.succeeds(self.site(tree).cargo(self.build_env_of(tree), &self.build_options(tree), &words))?;
        self.record_cargo(tree, args);
        Ok(())
    }

    /// What plain Cargo says on stderr when it builds a tree.
    pub(crate) fn said_by_cargo(&mut self, tree: &str) -> ProbeResult<String> {
        let (build_env, site, options) = (self.build_env_of(tree), self.site(tree), self.build_options(tree));
        let args = site.build_args(build_env, &options);
        self.note(&format!("build {tree} with plain Cargo, and read what it says"));
        self.succeeds(site.cargo(build_env, &options, &args))
    }

    fn record_cargo(&mut self, tree: &str, args: &[&str]) {
        let (dir, env) = (self.inside("ws", tree), self.variables(tree));
        self.record(&dir, env, &[&["cargo"], args].concat());
    }

    /// Copies everything below `from` to `to`, as a second checkout would have it: same bytes,
    /// times of now.
    pub(crate) fn check_out(&mut self, from: &str, to: &str) -> ProbeResult {
        for entry in walkdir::WalkDir::new(self.path(from)) {
            let entry = entry.context("cannot walk a generated workspace")?;
            if entry.file_type().is_file() {
                let inside = entry.path().strip_prefix(self.path(from)).unwrap_or(entry.path()).to_string_lossy();
                let text = std::fs::read_to_string(entry.path())?;
                self.write(&format!("{to}/{inside}"), &text)?;
            }
        }
        Ok(())
    }
}

/// The manifest of a package.
pub(crate) fn package(name: &str, version: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{more}")
}

/// The manifest of a package with these dependencies that is the root of a workspace.
pub(crate) fn workspace(name: &str, dependencies: &str) -> String {
    package(name, "0.1.0", &format!("[dependencies]\n{dependencies}\n[workspace]\n"))
}

/// The name of the variable that a [`build_script`] sets, as the crate reads it.
pub(crate) const SCRIPT_WORD: &str = "env!(\"SCRIPT_WORD\")";

/// A build script that prints directives and sets a variable to the value of an expression.
pub(crate) fn build_script(directives: &[&str], word: &str) -> String {
    let lines: String = directives.iter().map(|it| format!("    println!(\"cargo::{it}\");\n")).collect();
    format!(
        "fn main() {{\n{lines}    let word = {word};\n    println!(\"cargo::rustc-env=SCRIPT_WORD={{word}}\");\n}}\n"
    )
}

/// The directive of a script that reads nothing.
pub(crate) const ITSELF: &str = "rerun-if-changed=build.rs";

/// An expression for a variable's value.
pub(crate) fn variable(name: &str) -> String {
    format!("std::env::var(\"{name}\").unwrap()")
}
