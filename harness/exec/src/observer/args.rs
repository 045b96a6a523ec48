//! What a `rustc` command line is for, read as rustc reads it but no further than needed.
//!
//! Four kinds of runs hide behind `RUSTC`:
//!
//! | kind | recognised by | who runs it |
//! |---|---|---|
//! | compile | a crate name, `-C metadata`, a source file | Cargo, for a unit |
//! | dep-info | `--emit=dep-info` alone | sccache, to find a unit's inputs |
//! | query | `-vV`, `--print`, no crate name, or the name `___` | Cargo and tools, once a directory |
//! | probe | anything else: a crate without `-C metadata`, or from standard input | build scripts that try the compiler |
//!
//! Cargo always passes `-C metadata`; build scripts that compile a snippet do not.

use std::ffi::{OsStr, OsString};

use super::call::{CallKind, END};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CallFacts {
    pub crate_name: Option<String>,
    emit: Vec<String>,
    pub out_dir: Option<String>,
    has_metadata: bool,
    from_stdin: bool,
    asks: bool,
    /// It asks for something that rustc answers without compiling.
    only_asks: bool,
}

/// Further options that take a value.
const WITH_VALUE: &str = "-o -L -l -A -W -D -F -Z --crate-type --cfg --check-cfg --extern --edition --target --sysroot \
    --error-format --json --cap-lints --color --remap-path-prefix --diagnostic-width";

impl CallFacts {
    /// Reads the arguments after the program name, `@file` ones included.
    pub fn of(args: &[OsString]) -> Self {
        let mut facts = Self::default();
        let mut expanded = Vec::new();
        for arg in args {
            match at_file(arg) {
                Some(lines) => expanded.extend(lines),
                None => expanded.push(arg.to_string_lossy().into_owned()),
            }
        }
        let mut args = expanded.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            facts.take(arg, &mut args);
        }
        facts
    }

    fn take<'a>(&mut self, arg: &'a str, rest: &mut impl Iterator<Item = &'a str>) {
        let (name, attached) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (arg, None),
        };
        let mut value = || attached.or_else(|| rest.next()).unwrap_or_default();
        match name {
            "--crate-name" => self.crate_name = Some(value().to_owned()),
            "--emit" => self.emit.extend(
                // `dep-info=path` names the kind and where it goes.
                value().split(',').map(|e| e.split('=').next().unwrap_or(e).to_owned()),
            ),
            "--out-dir" => self.out_dir = Some(value().to_owned()),
            "--print" => {
                // What it prints may carry its own file: `cfg=path`.
                let what = value().split('=').next().unwrap_or_default();
                self.asks = true;
                self.only_asks |= !matches!(what, "native-static-libs" | "link-args");
            }
            "--explain" => {
                value();
                self.asks = true;
            }
            "-C" | "--codegen" => self.has_metadata |= value().starts_with("metadata="),
            _ if WITH_VALUE.split(' ').any(|option| option == name) => {
                value();
            }
            "-" => self.from_stdin = true,
            "-V" | "-vV" | "-Vv" | "--version" | "-h" | "--help" => self.asks = true,
            _ if arg.starts_with("-Cmetadata=") => self.has_metadata = true,
            _ => {}
        }
    }

    pub fn kind(&self) -> CallKind {
        let named = self.crate_name.as_deref().is_some_and(|name| name != "___");
        if named && self.emit.len() == 1 && self.emit[0] == "dep-info" {
            CallKind::DepInfo
        } else if named && self.has_metadata && !self.from_stdin && !self.only_asks {
            // Even with `--print`: `cargo rustc -- --print=native-static-libs` compiles, while
            // sccache asks for `file-names` with the whole command line of a compile.
            CallKind::Compile
        } else if self.asks || !named {
            CallKind::Query
        } else {
            CallKind::Probe
        }
    }
}

impl CallFacts {
    /// The line of the log: kind, seconds, exit code, crate name, output directory, [`END`], separated by tabs.
    pub(crate) fn line(&self, wall_s: f64, exit_code: Option<i32>) -> String {
        let kind = self.kind();
        let kind = CallKind::NAMES.iter().find(|(of, _)| *of == kind).map_or("", |(_, name)| name);
        let code = exit_code.map(|code| code.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (name, out_dir) = (text(&self.crate_name), text(&self.out_dir));
        format!("{kind}\t{wall_s}\t{code}\t{name}\t{out_dir}\t{END}\n")
    }
}

/// The arguments in an `@file`, one a line, as Cargo writes for long command lines.
fn at_file(arg: &OsStr) -> Option<Vec<String>> {
    let path = arg.to_str()?.strip_prefix('@')?;
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> CallKind {
        facts(line).kind()
    }

    fn facts(line: &str) -> CallFacts {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        CallFacts::of(&args)
    }

    const CARGO: &str = "--crate-name libc --edition=2021 src/lib.rs --error-format=json \
        --json=diagnostic-rendered-ansi,artifacts --crate-type lib --emit=dep-info,metadata,link \
        -C embed-bitcode=no -C debuginfo=2 -C metadata=9d2 --out-dir /t/build/libc/9d2/out";

    #[test]
    fn cargos_compile_is_read() {
        let facts = facts(CARGO);
        assert_eq!(facts.kind(), CallKind::Compile);
        assert_eq!(facts.crate_name.as_deref(), Some("libc"));
        assert_eq!(facts.emit, ["dep-info", "metadata", "link"]);
        assert_eq!(facts.out_dir.as_deref(), Some("/t/build/libc/9d2/out"));
        assert_eq!(self::facts("--emit=dep-info=a.d,link=b").emit, ["dep-info", "link"], "without their paths");
    }

    #[test]
    fn each_kind_is_told_apart() {
        assert_eq!(kind("-vV"), CallKind::Query);
        assert_eq!(kind("--print sysroot"), CallKind::Query);
        assert_eq!(kind("+stable -vV"), CallKind::Query);
        let cargo = "- --crate-name ___ --print=file-names --crate-type bin --crate-type rlib --print=cfg -Wwarnings";
        assert_eq!(kind(cargo), CallKind::Query);
        let sccache = CARGO.replace("--emit=dep-info,metadata,link", "--emit dep-info -o /tmp/d");
        assert_eq!(kind(&sccache), CallKind::DepInfo);
        assert_eq!(kind("--crate-name probe0 --crate-type=lib --out-dir o --emit=llvm-ir -"), CallKind::Probe);
        let anyhow =
            "--crate-name=anyhow --edition=2018 --crate-type=lib --emit=dep-info,metadata --out-dir o src/n.rs";
        assert_eq!(kind(anyhow), CallKind::Probe);
        assert_eq!(kind(&format!("{CARGO} --print=native-static-libs")), CallKind::Compile);
        assert_eq!(kind(&format!("{CARGO} --print link-args")), CallKind::Compile);
        assert_eq!(kind(&format!("{CARGO} --print file-names")), CallKind::Query, "so does sccache");
        assert_eq!(kind(&CARGO.replace("-C metadata=9d2", "-Cmetadata=9d2")), CallKind::Compile);
        // A dash as a value is not standard input.
        assert_eq!(kind(&format!("{CARGO} -o -")), CallKind::Compile);
        assert_eq!(kind(&format!("{CARGO} -")), CallKind::Probe);
    }

    #[test]
    fn an_argument_file_counts_as_its_lines() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("args");
        let lines = CARGO.split_whitespace().collect::<Vec<_>>().join("\n");
        std::fs::write(&file, lines).unwrap();
        assert_eq!(facts(&format!("@{}", file.display())), facts(CARGO));
        assert_eq!(kind("@/no/such/file"), CallKind::Query, "rustc will complain, not we");
    }
}
