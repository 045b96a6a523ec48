//! The workspace that a history changes: parts whose word is printed by the program, each another way for a word to
//! come into a program.
//!
//! Every word is in one file that a history may write anew; what the program must print follows from the words alone.

use std::fmt::Write as _;

use crate::ProbeResult;
use crate::context::ProbeContext;
use crate::fixtures::{package, workspace};

/// A package of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A member whose source has the word, a feature and a flag of the compiler.
    Source,
    /// A member that includes a text file.
    Included,
    /// A member whose build script watches a file and writes a source into OUT_DIR.
    Script,
    /// A member whose build script lists a directory that it watches.
    Listing,
    /// The same of a directory that has nothing but an empty directory.
    Folders,
    /// A member whose build script writes into the package itself.
    Writer,
    /// A member whose build script leaves a file for every word it ever saw in OUT_DIR, and lists them.
    Leftovers,
    /// Two members: the script of one reads what that of the other wrote into its OUT_DIR.
    HandedOn,
    /// A proc macro.
    Macro,
    /// A vendored library; each checkout has a `vendor/` of its own.
    Vendored,
    /// A vendored library whose script reads a file and watches nothing.
    VendoredScript,
    /// A vendored library that prints its description.
    VendoredManifest,
    /// A vendored library that is a dynamic library, too.
    Plugin,
}

pub(super) const PARTS: &[Part] = &[
    Part::Source,
    Part::Included,
    Part::Script,
    Part::Listing,
    Part::Folders,
    Part::Writer,
    Part::Leftovers,
    Part::HandedOn,
    Part::Macro,
    Part::Vendored,
    Part::VendoredScript,
    Part::VendoredManifest,
    Part::Plugin,
];

const READ: &str = "    let word = std::fs::read_to_string(\"word.txt\").unwrap();\n";
const OUT: &str = "    let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());\n";
const WATCH: &str = "    println!(\"cargo::rerun-if-changed=word.txt\");\n";
const INCLUDES: &str = "pub fn word() -> &'static str { include_str!(concat!(env!(\"OUT_DIR\"), \"/word.txt\")) }\n";

impl Part {
    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Source => "source",
            Part::Included => "included",
            Part::Script => "script",
            Part::Listing => "listing",
            Part::Folders => "folders",
            Part::Writer => "writer",
            Part::Leftovers => "leftovers",
            Part::HandedOn => "taker",
            Part::Macro => "mac",
            Part::Vendored => "vendored",
            Part::VendoredScript => "vendored-script",
            Part::VendoredManifest => "vendored-manifest",
            Part::Plugin => "plugin",
        }
    }

    /// Whether plain Cargo, too, may miss an edit in a build directory that has the old word: no empty build
    /// directory, no verdict.
    pub(super) fn is_seen_by_cargo(self) -> bool {
        use Part::{Leftovers, Plugin, Vendored, VendoredScript};
        !matches!(self, Leftovers | Vendored | VendoredScript | Plugin)
    }

    fn is_vendored(self) -> bool {
        use Part::{Plugin, Vendored, VendoredManifest, VendoredScript};
        matches!(self, Vendored | VendoredScript | VendoredManifest | Plugin)
    }

    /// Its directory in a checkout.
    fn dir(self) -> String {
        match self.is_vendored() {
            true => format!("vendor/{}-1.0.0", self.name()),
            false => self.name().to_owned(),
        }
    }

    /// The file that has the word, in a checkout, and its text.
    pub(super) fn file(self, word: &str) -> (String, String) {
        let source = || format!("pub fn word() -> &'static str {{ \"{word}\" }}\n");
        let (path, text) = match self {
            Part::Source => (
                "src/lib.rs",
                format!(
                    "pub fn word() -> &'static str {{\n    match (cfg!(feature = \"more\"), cfg!(loud)) {{\n        \
                     (false, false) => \"{word}\",\n        (true, false) => \"{word}-more\",\n        (false, true) => \
                     \"{word}-loud\",\n        (true, true) => \"{word}-more-loud\",\n    }}\n}}\n"
                ),
            ),
            Part::Vendored | Part::Plugin => ("src/lib.rs", source()),
            Part::Macro => (
                "src/lib.rs",
                format!(
                    "use proc_macro::TokenStream;\n#[proc_macro]\npub fn word(_: TokenStream) -> TokenStream {{ \
                     \"\\\"{word}\\\"\".parse().unwrap() }}\n"
                ),
            ),
            Part::VendoredManifest => {
                ("Cargo.toml", package(self.name(), "1.0.0", &format!("description = \"{word}\"\n")))
            }
            Part::HandedOn => return ("holder/word.txt".to_owned(), word.to_owned()),
            _ => ("word.txt", word.to_owned()),
        };
        // The listed directory has one file, and its name is the word.
        match self {
            Part::Listing => (format!("{}/list/{word}", self.dir()), String::new()),
            Part::Folders => (format!("{}/list/{word}/", self.dir()), String::new()),
            _ => (format!("{}/{path}", self.dir()), text),
        }
    }

    /// What a checkout has of it besides.
    fn other_files(self) -> Vec<(&'static str, String)> {
        let script = |body: &str| ("build.rs", format!("fn main() {{\n{body}}}\n"));
        let lib = |text: &str| ("src/lib.rs", text.to_owned());
        match self {
            Part::Source | Part::Macro | Part::Vendored | Part::Plugin => Vec::new(),
            Part::Included => vec![lib("pub fn word() -> &'static str { include_str!(\"../word.txt\") }\n")],
            Part::VendoredManifest => {
                vec![lib("pub fn word() -> &'static str { env!(\"CARGO_PKG_DESCRIPTION\") }\n")]
            }
            Part::Script => {
                vec![
                    script(
                        &[WATCH, READ, OUT, "    std::fs::write(out.join(\"word.txt\"), word).unwrap();\n"].concat(),
                    ),
                    lib(INCLUDES),
                ]
            }
            Part::VendoredScript => {
                vec![
                    script(&[READ, OUT, "    std::fs::write(out.join(\"word.txt\"), word).unwrap();\n"].concat()),
                    lib(INCLUDES),
                ]
            }
            Part::Listing | Part::Folders => {
                let body = "    println!(\"cargo::rerun-if-changed=list\");\n    let names: Vec<_> = \
                            std::fs::read_dir(\"list\").unwrap().map(|it| \
                            it.unwrap().file_name().into_string().unwrap()).collect();\n    \
                            println!(\"cargo::rustc-env=NAMES={}\", names.join(\"+\"));\n";
                vec![script(body), lib("pub fn word() -> &'static str { env!(\"NAMES\") }\n")]
            }
            Part::Writer => {
                let body = "    std::fs::write(\"src/generated.rs\", format!(\"pub const WORD: &str = {word:?};\\n\")).unwrap();\n";
                let text = "mod generated;\npub fn word() -> &'static str { generated::WORD }\n";
                vec![script(&[WATCH, READ, body].concat()), lib(text)]
            }
            Part::Leftovers => {
                let body = "    std::fs::write(out.join(format!(\"{word}.part\")), \"\").unwrap();\n    let mut parts: \
                            Vec<_> = out.read_dir().unwrap().map(|it| it.unwrap().file_name().into_string().unwrap())\
                            .filter(|it| it.ends_with(\".part\")).map(|it| it.replace(\".part\", \"\")).collect();\n    \
                            parts.sort();\n    std::fs::write(out.join(\"word.txt\"), parts.join(\"+\")).unwrap();\n";
                vec![script(&[WATCH, READ, OUT, body].concat()), lib(INCLUDES)]
            }
            Part::HandedOn => {
                let body = "    let root = std::env::var(\"DEP_HOLDER_ROOT\").unwrap();\n    \
                            println!(\"cargo::rerun-if-changed={root}/word.txt\");\n    let word = \
                            std::fs::read_to_string(format!(\"{root}/word.txt\")).unwrap();\n    \
                            println!(\"cargo::rustc-env=TAKEN={word}\");\n";
                let holder = "    std::fs::write(out.join(\"word.txt\"), word).unwrap();\n    \
                              println!(\"cargo::metadata=root={}\", out.display());\n";
                vec![
                    script(body),
                    lib("pub fn word() -> &'static str { env!(\"TAKEN\") }\n"),
                    ("../holder/Cargo.toml", package("holder", "0.1.0", "links = \"holder\"\n")),
                    ("../holder/build.rs", format!("fn main() {{\n{}}}\n", [WATCH, READ, OUT, holder].concat())),
                    ("../holder/src/lib.rs", String::new()),
                ]
            }
        }
    }

    /// Its manifest behind name, version and edition.
    fn manifest(self) -> &'static str {
        match self {
            Part::Source => "[features]\nmore = []\n[lints.rust]\nunexpected_cfgs = \"allow\"\n",
            Part::Macro => "[lib]\nproc-macro = true\n",
            Part::Plugin => "[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n",
            Part::HandedOn => "[dependencies]\nholder = { path = \"../holder\" }\n",
            _ => "",
        }
    }

    /// What the program prints of it.
    fn call(self) -> String {
        match self {
            Part::Macro => "mac::word!()".to_owned(),
            _ => format!("{}::word()", self.name().replace('-', "_")),
        }
    }
}

/// How a checkout is built besides its profile.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Switches {
    pub(super) release: bool,
    pub(super) more: bool,
    pub(super) loud: bool,
}

/// What the program of a checkout must print.
pub(super) fn printed(words: &[(Part, String)], switches: Switches) -> String {
    let mut out = if switches.release { "release" } else { "dev" }.to_owned();
    for (part, word) in words {
        let _ = write!(out, " {word}");
        if *part == Part::Source {
            out += if switches.more { "-more" } else { "" };
            out += if switches.loud { "-loud" } else { "" };
        }
    }
    out
}

/// Writes a file into a checkout, or makes a directory where its path ends in a slash.
pub(super) fn put(cx: &mut ProbeContext<'_>, tree: &str, (path, text): (String, String)) -> ProbeResult {
    let path = format!("ws/{tree}/{path}");
    match path.strip_suffix('/') {
        Some(dir) => cx.make_dir(dir),
        None => cx.write(&path, &text),
    }
}

/// Writes a checkout with these words.
pub(super) fn check_out(cx: &mut ProbeContext<'_>, tree: &str, words: &[(Part, String)]) -> ProbeResult {
    let (mut dependencies, mut calls, mut features) = (String::new(), String::new(), String::new());
    for (part, word) in words {
        let (name, dir) = (part.name(), format!("ws/{tree}/{}", part.dir()));
        match part.is_vendored() {
            true => {
                let _ = writeln!(dependencies, "{name} = \"1\"");
                cx.vendor(&format!("ws/{tree}/vendor"), name, "1.0.0", part.manifest(), &[])?;
            }
            false => {
                let _ = writeln!(dependencies, "{name} = {{ path = \"{name}\" }}");
                cx.write(&format!("{dir}/Cargo.toml"), &package(name, "0.1.0", part.manifest()))?;
            }
        }
        for (path, text) in part.other_files() {
            cx.write(
                &match path.strip_prefix("../") {
                    Some(path) => format!("ws/{tree}/{path}"),
                    None => format!("{dir}/{path}"),
                },
                &text,
            )?;
        }
        put(cx, tree, part.file(word))?;
        let _ = write!(calls, ", {}", part.call());
        if *part == Part::Source {
            features = "[features]\nmore = [\"source/more\"]\n".to_owned();
        }
    }
    let places = "{} ".repeat(words.len() + 1);
    let main = format!(
        "fn main() {{\n    let profile = if cfg!(debug_assertions) {{ \"dev\" }} else {{ \"release\" }};\n    println!(\"{}\", \
         profile{calls});\n}}\n",
        places.trim_end()
    );
    let manifest = workspace("app", &dependencies).replace("[workspace]\n", &format!("{features}[workspace]\n"));
    cx.write(&format!("ws/{tree}/.cargo/config.toml"), "[source.made-up]\ndirectory = \"vendor\"\n")?;
    cx.make_dir(&format!("ws/{tree}/vendor"))?;
    cx.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", &main)])?;
    cx.settings(tree).program = Some("app".to_owned());
    Ok(())
}
