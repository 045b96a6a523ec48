//! What a build script reads, tracked by Cargo or not, and a static library that it links in.

use super::{
    APP, PRINTS_DEP, file_there_and_back, scripted_dependency, set_variable, there_and_back, variable_there_and_back,
    word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script, package, variable, workspace};
use crate::{Probe, ProbeError, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "script-rerun-if-env-changed",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A build script watches a variable with `rerun-if-env-changed`, and it changes.",
        |cx| script_reads_variable(cx, "rerun-if-env-changed=PROBE_WORD"),
    ),
    Probe::rebuild(
        "script-reads-variable-untracked",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A build script reads a variable and watches something else only, and the variable changes.",
        |cx| script_reads_variable(cx, "rerun-if-changed=build.rs"),
    ),
    Probe::rebuild(
        "script-rerun-if-changed",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script watches a file with `rerun-if-changed`, and it is edited.",
        |cx| script_reads_file(cx, &["rerun-if-changed=word.txt"]),
    ),
    Probe::rebuild(
        "script-watches-nothing",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script without any `rerun-if-*` reads a file of its package, and it is edited.",
        |cx| script_reads_file(cx, &[]),
    ),
    Probe::rebuild(
        "script-reads-file-untracked",
        "https://github.com/rust-lang/cargo/pull/2134",
        "A build script reads a file and watches another one only, and the file is edited.",
        |cx| script_reads_file(cx, &[ITSELF]),
    ),
    Probe::rebuild(
        "script-watches-missing-file",
        "https://github.com/rust-lang/cargo/issues/4213",
        "A build script watches a file that is not there, then is, and then is not.",
        script_watches_missing_file,
    ),
    Probe::rebuild(
        "script-watches-directory",
        "https://github.com/rust-lang/cargo/issues/2599",
        "A build script watches a directory, a file is added deep in it, and removed.",
        script_watches_directory,
    ),
    Probe::rebuild(
        "script-generates-source",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a source into OUT_DIR from a variable it watches, and the variable changes.",
        script_generates_source,
    ),
    Probe::rebuild(
        "script-passes-metadata",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script passes a word to that of a dependent through `links`, and the word changes.",
        |cx| passes_metadata(cx, "word", "DEP_LOWER_WORD"),
    ),
    Probe::rebuild(
        "script-edited",
        "https://github.com/rust-lang/cargo/issues/448",
        "The source of a build script in the workspace is edited.",
        script_edited,
    ),
];

pub(super) const WRITES: &[Probe] = &[
    Probe::rebuild(
        "script-writes-into-src",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a source into its package from a file that it watches; a clone does not have it.",
        script_writes_into_src,
    ),
    Probe::survive(
        "script-writes-beside-the-program",
        "https://github.com/rust-lang/cargo/issues/13663 https://github.com/jdx/mbx/issues/635",
        "A build script copies a file beside the program, which reads it when it runs.",
        script_writes_beside_the_program,
    ),
    Probe::survive(
        "script-passes-on-a-dependencys-directory",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script passes on the OUT_DIR of a dependency; the tree that published it is gone.",
        |cx| passes_on_a_directory(cx, "println!(\"cargo::rustc-env=SCRIPT_WORD={root}/word\");", SCRIPT_WORD),
    ),
    Probe::survive(
        "script-writes-a-dependencys-directory",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes the OUT_DIR of a dependency into a source; the tree that published it is gone.",
        |cx| {
            passes_on_a_directory(
                cx,
                "std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/path.rs\", format!(\"{:?}\", root + \"/word\")).unwrap();",
                "include!(concat!(env!(\"OUT_DIR\"), \"/path.rs\"))",
            )
        },
    ),
    Probe::rebuild(
        "out-dir-keeps-leftovers",
        "https://github.com/rust-lang/cargo/issues/16332",
        "A build script lists what is in OUT_DIR, which a run before filled; then the build directory is wiped.",
        out_dir_keeps_leftovers,
    ),
    Probe::rebuild(
        "script-lists-directories",
        "https://github.com/rust-lang/cargo/issues/2599",
        "A build script watches a directory, and an empty one is made in it, and removed.",
        script_lists_directories,
    ),
    Probe::survive(
        "modes-of-what-a-script-writes",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a file into OUT_DIR that only its owner may read.",
        modes_of_what_a_script_writes,
    ),
    Probe::reuse(
        "link-in-out-dir",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script makes a symbolic link in OUT_DIR, and a second tree takes its run from the store.",
        link_in_out_dir,
    ),
    Probe::rebuild(
        "metadata-names-with-odd-letters",
        "https://github.com/kunobi-ninja/kache/issues/1089 https://github.com/jdx/mbx/issues/888",
        "A word that a build script passes on through `links` has a name with `-`, `.` and `:` in it.",
        |cx| passes_metadata(cx, "a-b.c:d", "DEP_LOWER_A_B.C:D"),
    ),
    Probe::rebuild(
        "script-embeds-commit",
        "https://github.com/jdx/mbx/issues/865",
        "A build script watches `.git/HEAD` and reads the branch that it names; then there is one more commit.",
        script_embeds_commit,
    ),
];

pub(super) const NATIVE: &[Probe] = &[
    Probe::rebuild(
        "static-library-replaced",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/kunobi-ninja/kache/pull/464 \
         https://github.com/rust-lang/rust/issues/58393",
        "A static library that a build script names is replaced in place, and nothing watches it.",
        |cx| replaced(cx, "build.rs", BY_NAME),
    ),
    Probe::rebuild(
        "static-library-watched",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/mozilla/sccache/issues/2074",
        "A static library that a build script names and watches is replaced in place.",
        |cx| replaced(cx, "../native/libword.a", BY_NAME),
    ),
    Probe::rebuild(
        "static-library-verbatim",
        "https://github.com/rust-lang/cargo/issues/12502",
        "A static library that a build script names by its file's name (`+verbatim`) is replaced in place.",
        |cx| replaced(cx, "build.rs", "rustc-link-lib=static:+verbatim=libword.a"),
    ),
    Probe::rebuild(
        "library-by-link-arg",
        "https://github.com/rust-lang/cargo/issues/12502",
        "A static library that a build script passes to the linker as an argument is replaced in place.",
        by_link_arg,
    ),
];

/// The dependency is published: policies that leave the workspace alone have something to get wrong.
fn script_reads_variable(cx: &mut ProbeContext<'_>, directive: &str) -> ProbeResult {
    scripted_dependency(cx, &build_script(&[directive], &variable("PROBE_WORD")), &word_is(SCRIPT_WORD))?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], str::to_owned)
}

/// The dependency is a path member: files of others never change.
pub(super) fn member_with(cx: &mut ProbeContext<'_>, script: &str, lib: &str) -> ProbeResult {
    scripted_member(cx, script, lib, PRINTS_DEP)
}

pub(super) fn scripted_member(cx: &mut ProbeContext<'_>, script: &str, lib: &str, main: &str) -> ProbeResult {
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &workspace(APP, "dep = { path = \"dep\" }")),
            ("src/main.rs", main),
            ("dep/Cargo.toml", &package("dep", "1.0.0", "")),
            ("dep/src/lib.rs", lib),
            ("dep/build.rs", script),
        ],
    )
}

fn script_reads_file(cx: &mut ProbeContext<'_>, directives: &[&str]) -> ProbeResult {
    cx.write("ws/app/dep/word.txt", "none")?;
    let script = build_script(directives, "std::fs::read_to_string(\"word.txt\").unwrap()");
    member_with(cx, &script, &word_is(SCRIPT_WORD))?;
    file_there_and_back(cx, "ws/app/dep/word.txt", str::to_owned)
}

fn script_watches_missing_file(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "std::fs::read_to_string(\"word.txt\").unwrap_or(\"missing\".into())";
    member_with(cx, &build_script(&["rerun-if-changed=word.txt"], word), &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["missing", "there"], |cx, word| {
        cx.write_or_remove("ws/app/dep/word.txt", (word == "there").then_some(word))?;
        Ok(word.to_owned())
    })
}

fn script_watches_directory(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "std::fs::read_dir(\"words/deep\").unwrap().count().to_string()";
    cx.write("ws/app/dep/words/deep/first.txt", "")?;
    member_with(cx, &build_script(&["rerun-if-changed=words"], word), &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["1", "2"], |cx, count| {
        cx.write_or_remove("ws/app/dep/words/deep/second.txt", (count == "2").then_some(""))?;
        Ok(count.to_owned())
    })
}

fn script_generates_source(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let word = std::env::var(\"PROBE_WORD\").unwrap();
        let file = std::path::Path::new(&std::env::var(\"OUT_DIR\").unwrap()).join(\"word.rs\");
        std::fs::write(file, format!(\"{word:?}\")).unwrap();
        \"\"
    }";
    let lib = word_is("include!(concat!(env!(\"OUT_DIR\"), \"/word.rs\"))");
    scripted_dependency(cx, &build_script(&["rerun-if-env-changed=PROBE_WORD"], word), &lib)?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], str::to_owned)
}

/// A word by one name for the script that passes it on, and by another for the one that reads it.
fn passes_metadata(cx: &mut ProbeContext<'_>, name: &str, read: &str) -> ProbeResult {
    let lower = format!(
        "fn main() {{\n    println!(\"cargo::rerun-if-env-changed=PROBE_WORD\");\n    \
         println!(\"cargo::metadata={name}={{}}\", std::env::var(\"PROBE_WORD\").unwrap());\n}}\n"
    );
    cx.publish("lower-sys", "1.0.0", "links = \"lower\"\n", &[("src/lib.rs", ""), ("build.rs", &lower)])?;
    let upper = build_script(&[ITSELF], &variable(read));
    let files = [("src/lib.rs", word_is(SCRIPT_WORD)), ("build.rs", upper)];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    cx.publish("dep", "1.0.0", "[dependencies]\nlower-sys = \"1.0.0\"\n", &files)?;
    cx.program_tree(APP, "dep = \"1.0.0\"", PRINTS_DEP)?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], str::to_owned)
}

fn script_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    member_with(cx, "fn main() {}\n", &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        cx.write("ws/app/dep/build.rs", &build_script(&[ITSELF], &format!("\"{word}\"")))?;
        Ok(word.to_owned())
    })
}

fn script_writes_into_src(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=word.txt\");
    let word = std::fs::read_to_string(\"word.txt\").unwrap();
    std::fs::write(\"src/generated.rs\", format!(\"pub fn word() -> &'static str {{ {word:?} }}\\n\")).unwrap();
}
";
    cx.write("ws/app/dep/word.txt", "one")?;
    member_with(cx, script, "mod generated;\npub use generated::word;\n")?;
    for word in ["one", "two", "one"] {
        cx.write("ws/app/dep/word.txt", word)?;
        cx.builds(APP, word)?;
    }
    cx.remove("ws/app/dep/src/generated.rs")?;
    cx.rebuilds(APP, "one")
}

/// Three trees may have one program; two build, and the first once more.
fn trees_of_one_program(cx: &mut ProbeContext<'_>, dependencies: &str) -> ProbeResult {
    for tree in ["first", "second"] {
        cx.tree(tree, &[("Cargo.toml", &workspace(APP, dependencies)), ("src/main.rs", PRINTS_DEP)])?;
        cx.settings(tree).program = Some(APP.to_owned());
    }
    Ok(())
}

fn script_writes_beside_the_program(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());
    let programs = out.ancestors().find(|dir| dir.ends_with(\"debug\")).unwrap();
    std::fs::write(programs.join(\"data.txt\"), \"beside\").unwrap();
}
";
    let lib = "pub fn word() -> String {
    let program = std::env::current_exe().unwrap();
    std::fs::read_to_string(program.with_file_name(\"data.txt\")).unwrap_or_else(|error| error.to_string())
}
";
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", lib), ("build.rs", script)])?;
    trees_of_one_program(cx, "dep = \"1.0.0\"")?;
    for tree in ["first", "second", "first"] {
        cx.rebuilds(tree, "beside")?;
    }
    Ok(())
}

/// The member's script says where a dependency's file is; `uses` is what it does with `root`, and
/// `path` is the expression for the path in the member.
fn passes_on_a_directory(cx: &mut ProbeContext<'_>, uses: &str, path: &str) -> ProbeResult {
    let lower = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let out = std::env::var(\"OUT_DIR\").unwrap();
    std::fs::write(format!(\"{out}/word\"), \"there\").unwrap();
    println!(\"cargo::metadata=root={out}\");
}
";
    cx.publish("lower-sys", "1.0.0", "links = \"lower\"\n", &[("src/lib.rs", ""), ("build.rs", lower)])?;
    let upper = format!(
        "fn main() {{\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
         let root = std::env::var(\"DEP_LOWER_ROOT\").unwrap();\n    {uses}\n}}\n"
    );
    let lib = format!("pub fn word() -> String {{ std::fs::read_to_string({path}).unwrap_or(\"gone\".into()) }}\n");
    for tree in ["first", "second"] {
        cx.write(
            &format!("ws/{tree}/dep/Cargo.toml"),
            &package("dep", "1.0.0", "[dependencies]\nlower-sys = \"1\"\n"),
        )?;
        cx.write(&format!("ws/{tree}/dep/src/lib.rs"), &lib)?;
        cx.write(&format!("ws/{tree}/dep/build.rs"), &upper)?;
    }
    trees_of_one_program(cx, "dep = { path = \"dep\" }")?;
    cx.builds("first", "there")?;
    cx.wipe("first")?;
    cx.builds("second", "there")
}

fn out_dir_keeps_leftovers(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());
        std::fs::write(out.join(std::env::var(\"PROBE_WORD\").unwrap()), \"\").unwrap();
        let mut names: Vec<_> = out.read_dir().unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names.join(\"+\")
    }";
    scripted_dependency(cx, &build_script(&["rerun-if-env-changed=PROBE_WORD"], word), &word_is(SCRIPT_WORD))?;
    for word in ["one", "two"] {
        set_variable(cx, "PROBE_WORD", word);
        // In a kept build directory plain Cargo leaves both, too.
        cx.build(APP)?;
    }
    cx.rebuilds(APP, "two")
}

fn script_lists_directories(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "std::fs::read_dir(\"words\").unwrap().count().to_string()";
    cx.write("ws/app/dep/words/first.txt", "")?;
    member_with(cx, &build_script(&["rerun-if-changed=words"], word), &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["1", "2"], |cx, count| {
        match count {
            "2" => cx.make_dir("ws/app/dep/words/second")?,
            _ => cx.write_or_remove("ws/app/dep/words/second", None)?,
        }
        Ok(count.to_owned())
    })
}

#[cfg(unix)]
fn modes_of_what_a_script_writes(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        use std::os::unix::fs::PermissionsExt;
        let file = std::env::var(\"OUT_DIR\").unwrap() + \"/secret\";
        std::fs::write(&file, \"secret\").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        \"word\"
    }";
    cx.publish(
        "dep",
        "1.0.0",
        "",
        &[("src/lib.rs", &word_is(SCRIPT_WORD)), ("build.rs", &build_script(&[ITSELF], word))],
    )?;
    trees_of_one_program(cx, "dep = \"1.0.0\"")?;
    for tree in ["first", "second"] {
        cx.builds(tree, "word")?;
    }
    stays_secret(cx)
}

/// What scripts called `secret` is open to its owner alone, wherever there is a copy of it.
#[cfg(unix)]
pub(super) fn stays_secret(cx: &ProbeContext<'_>) -> ProbeResult {
    use std::os::unix::fs::PermissionsExt;
    let found = walkdir::WalkDir::new(cx.path("")).into_iter().flatten();
    for secret in found.filter(|found| found.file_name() == "secret") {
        let mode = secret.metadata().map_err(std::io::Error::from)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return ProbeError::failed(format!("{} has mode {mode:o}", cx.relative(secret.path())));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn modes_of_what_a_script_writes(_: &mut ProbeContext<'_>) -> ProbeResult {
    ProbeError::not_applicable("modes are not a notion of this system")
}

fn link_in_out_dir(cx: &mut ProbeContext<'_>) -> ProbeResult {
    if cfg!(not(unix)) {
        return ProbeError::not_applicable("symbolic links need rights on this system");
    }
    cx.needs_cache()?;
    let word = "{
        let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());
        std::fs::create_dir_all(out.join(\"data\")).unwrap();
        std::fs::write(out.join(\"data/word.txt\"), \"linked\").unwrap();
        std::os::unix::fs::symlink(\"data/word.txt\", out.join(\"current.txt\")).unwrap();
        \"\"
    }";
    let lib = word_is("include_str!(concat!(env!(\"OUT_DIR\"), \"/current.txt\"))");
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", &lib), ("build.rs", &build_script(&[ITSELF], word))])?;
    trees_of_one_program(cx, "dep = \"1.0.0\"")?;
    cx.build("first")?;
    let built = cx.build("second")?;
    cx.prints("second", "linked")?;
    built.must_reuse("dep")
}

fn script_embeds_commit(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let head = std::fs::read_to_string(\".git/HEAD\").unwrap();
        let branch = head.trim().strip_prefix(\"ref: \").unwrap().to_owned();
        std::fs::read_to_string(format!(\".git/{branch}\")).unwrap().trim().to_owned()
    }";
    let main = "fn main() { println!(\"{}\", env!(\"SCRIPT_WORD\")); }\n";
    cx.tree(APP, &[("src/main.rs", main), ("build.rs", &build_script(&["rerun-if-changed=.git/HEAD"], word))])?;
    for text in ["one", "two"] {
        cx.write("ws/app/notes.txt", text)?;
        cx.commit("ws/app")?;
        cx.wipe(APP)?;
        cx.build(APP)?;
        let commit = std::fs::read_to_string(cx.path("ws/app/.git/refs/heads/main"))?;
        cx.prints(APP, commit.trim())?;
    }
    Ok(())
}

const BY_NAME: &str = "rustc-link-lib=static=word";

pub(super) const CALLS: &str =
    "unsafe extern \"C\" { fn native_word() -> i32; }\npub fn word() -> i32 { unsafe { native_word() } }\n";

fn replaced(cx: &mut ProbeContext<'_>, watched: &str, linked: &str) -> ProbeResult {
    let script = format!(
        "fn main() {{
    println!(\"cargo::rerun-if-changed={watched}\");
    let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();
    println!(\"cargo::rustc-link-search=native={{here}}/../native\");
    println!(\"cargo::{linked}\");
}}
"
    );
    member_with(cx, &script, CALLS)?;
    library_replaced(cx, "ws/app/native/libword.a")
}

/// An argument of the linker holds for the package whose script gives it.
fn by_link_arg(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();
    println!(\"cargo::rustc-link-arg={here}/native/libword.a\");
}
";
    let main = format!("{CALLS}fn main() {{ println!(\"{{}}\", word()); }}\n");
    cx.tree(APP, &[("src/main.rs", &main), ("build.rs", script)])?;
    library_replaced(cx, "ws/app/native/libword.a")
}

pub(super) fn library_replaced(cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult {
    there_and_back(cx, ["1", "2"], |cx, word| {
        native_library(cx, word, library)?;
        Ok(word.to_owned())
    })
}

/// A static library whose function returns a number.
pub(super) fn native_library(cx: &mut ProbeContext<'_>, number: &str, library: &str) -> ProbeResult {
    let (dir, file) = library.rsplit_once('/').unwrap_or((".", library));
    let source = format!("#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn native_word() -> i32 {{ {number} }}\n");
    cx.write(&format!("{dir}/word.rs"), &source)?;
    cx.static_library(dir, "word.rs", file)
}
