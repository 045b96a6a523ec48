//! What a build script or a proc macro changes elsewhere than in OUT_DIR, and what a script sees of files beside their
//! bytes.

use super::macros::expands_to;
#[cfg(unix)]
use super::scripts::stays_secret;
use super::scripts::{member_with, scripted_member};
use super::{APP, there_and_back, word_is};
use crate::context::ProbeContext;
use crate::fixtures::{SCRIPT_WORD, build_script, package, workspace};
use crate::{Probe, ProbeError, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "script-writes-what-differs",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a source into its package if it differs; it finds its own, and then a clone has none.",
        script_writes_what_differs,
    ),
    Probe::rebuild(
        "script-writes-into-a-sibling",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a source of another package; a clone does not have it.",
        |cx| script_writes(cx, "../src/generated.rs"),
    ),
    Probe::rebuild(
        "script-writes-into-the-workspace",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script writes a source into a directory of the workspace that is no package; a clone does not have it.",
        |cx| script_writes(cx, "../gen/generated.rs"),
    ),
    Probe::rebuild(
        "macro-writes-a-source",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A proc macro writes a source that another package includes; a clone does not have it.",
        macro_writes_a_source,
    ),
    Probe::survive(
        "script-writes-beside-what-cargo-does",
        "https://github.com/rust-lang/cargo/issues/13663 https://github.com/jdx/mbx/issues/635",
        "A build script writes a file for the program, named as what Cargo puts there, hidden, deeper or higher.",
        script_writes_beside_what_cargo_does,
    ),
    Probe::survive(
        "script-installs-a-hook",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script installs a hook of git, which is removed together with the build directory.",
        script_installs_a_hook,
    ),
    Probe::survive(
        "script-removes-a-file",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script removes a file of the workspace, which comes back.",
        |cx| script_removes_a_file(cx, true),
    ),
    Probe::survive(
        "script-removes-a-later-file",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script removes a file of the workspace, which was not there when it ran first.",
        |cx| script_removes_a_file(cx, false),
    ),
    Probe::rebuild(
        "script-watches-a-mode",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script watches a file and looks whether it is executable, which changes.",
        script_watches_a_mode,
    ),
    Probe::rebuild(
        "script-watches-a-link",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script watches a directory and reads where a link in it leads, which changes.",
        script_watches_a_link,
    ),
    Probe::rebuild(
        "script-reads-a-time",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script watches a file and reads its modification time, which changes.",
        script_reads_a_time,
    ),
    Probe::survive(
        "modes-of-directories",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A build script makes a directory in OUT_DIR that only its owner may look into.",
        modes_of_directories,
    ),
];

fn script_writes_what_differs(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=word.txt\");
    let word = std::fs::read_to_string(\"word.txt\").unwrap();
    let source = format!(\"pub fn word() -> &'static str {{ {word:?} }}\\n\");
    if std::fs::read_to_string(\"src/generated.rs\").ok().as_ref() != Some(&source) {
        std::fs::write(\"src/generated.rs\", source).unwrap();
    }
}
";
    member_with(cx, script, "mod generated;\npub use generated::word;\n")?;
    for word in ["one", "one", "two", "one"] {
        cx.write("ws/app/dep/word.txt", word)?;
        cx.rebuilds(APP, word)?;
    }
    cx.remove("ws/app/dep/src/generated.rs")?;
    cx.rebuilds(APP, "one")
}

/// A program that includes a generated source.
fn includes(path: &str) -> String {
    format!("use dep as _;\nfn main() {{ println!(\"{{}}\", include!(\"{path}\")); }}\n")
}

fn script_writes(cx: &mut ProbeContext<'_>, path: &str) -> ProbeResult {
    let script = format!(
        "fn main() {{
    println!(\"cargo::rerun-if-changed=build.rs\");
    std::fs::create_dir_all(std::path::Path::new({path:?}).parent().unwrap()).unwrap();
    std::fs::write({path:?}, \"\\\"one\\\"\").unwrap();
}}
"
    );
    scripted_member(cx, &script, "", &includes(&format!("../dep/{path}")))?;
    cx.rebuilds(APP, "one")?;
    cx.remove(&format!("ws/app/{}", path.trim_start_matches("../")))?;
    cx.rebuilds(APP, "one")
}

fn macro_writes_a_source(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let maker = expands_to(
        "{
        let dir = std::path::PathBuf::from(std::env::var(\"CARGO_MANIFEST_DIR\").unwrap());
        std::fs::write(dir.join(\"../src/generated.rs\"), \"\\\"one\\\"\").unwrap();
        String::from(\"0\")
    }",
    );
    cx.publish("maker", "1.0.0", "[lib]\nproc-macro = true\n", &[("src/lib.rs", &maker)])?;
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &workspace(APP, "dep = { path = \"dep\" }")),
            ("src/main.rs", &includes("generated.rs")),
            ("dep/Cargo.toml", &package("dep", "1.0.0", "[dependencies]\nmaker = \"1.0.0\"\n")),
            ("dep/src/lib.rs", "pub const ZERO: u32 = maker::word!();\n"),
        ],
    )?;
    cx.rebuilds(APP, "one")?;
    cx.remove("ws/app/src/generated.rs")?;
    cx.rebuilds(APP, "one")
}

fn script_writes_beside_what_cargo_does(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=name.txt\");
    let name = std::fs::read_to_string(\"name.txt\").unwrap();
    let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());
    let file = out.ancestors().find(|dir| dir.ends_with(\"debug\")).unwrap().join(&name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, \"beside\").unwrap();
    println!(\"cargo::rustc-env=NAME={name}\");
}
";
    let lib = "pub fn word() -> String {
    let file = std::env::current_exe().unwrap().with_file_name(env!(\"NAME\"));
    std::fs::read_to_string(file).unwrap_or_else(|error| error.to_string())
}
";
    member_with(cx, script, lib)?;
    for name in ["app.toml", "dep.txt", "dep", ".env", "deep/er/data.txt", "../data.txt", "build/dep/data.txt"] {
        cx.write("ws/app/dep/name.txt", name)?;
        cx.rebuilds(APP, "beside")?;
        cx.rebuilds(APP, "beside")?;
    }
    Ok(())
}

fn script_installs_a_hook(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let out = std::path::PathBuf::from(std::env::var(\"CARGO_MANIFEST_DIR\").unwrap());
    let root = out.ancestors().find(|dir| dir.join(\".git\").exists()).unwrap();
    std::fs::create_dir_all(root.join(\".git/hooks\")).unwrap();
    std::fs::write(root.join(\".git/hooks/pre-commit\"), \"\").unwrap();
}
";
    member_with(cx, script, &word_is("\"word\""))?;
    cx.commit("ws/app")?;
    for _ in 0..2 {
        cx.rebuilds(APP, "word")?;
        if !cx.path("ws/app/.git/hooks/pre-commit").exists() {
            return ProbeError::failed("the hook is not installed".to_owned());
        }
        cx.remove("ws/app/.git/hooks/pre-commit")?;
    }
    Ok(())
}

fn script_removes_a_file(cx: &mut ProbeContext<'_>, is_there: bool) -> ProbeResult {
    let script = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let _ = std::fs::remove_file(\"../old.txt\");
}
";
    member_with(cx, script, &word_is("\"word\""))?;
    for is_there in [is_there, true] {
        cx.write_or_remove("ws/app/old.txt", is_there.then_some(""))?;
        cx.rebuilds(APP, "word")?;
        if cx.path("ws/app/old.txt").exists() {
            return ProbeError::failed("the file is not removed".to_owned());
        }
    }
    Ok(())
}

#[cfg(unix)]
fn script_watches_a_mode(cx: &mut ProbeContext<'_>) -> ProbeResult {
    use std::os::unix::fs::PermissionsExt;
    let word = "{
        use std::os::unix::fs::PermissionsExt;
        format!(\"{:o}\", std::fs::metadata(\"tool.sh\").unwrap().permissions().mode() & 0o777)
    }";
    member_with(cx, &build_script(&["rerun-if-changed=tool.sh"], word), &word_is(SCRIPT_WORD))?;
    cx.write("ws/app/dep/tool.sh", "")?;
    there_and_back(cx, ["644", "755"], |cx, mode| {
        let bits = u32::from_str_radix(mode, 8).unwrap_or_default();
        std::fs::set_permissions(cx.path("ws/app/dep/tool.sh"), std::fs::Permissions::from_mode(bits))?;
        cx.record(".", Vec::new(), &["chmod", mode, "ws/app/dep/tool.sh"]);
        Ok(mode.to_owned())
    })
}

#[cfg(not(unix))]
fn script_watches_a_mode(_: &mut ProbeContext<'_>) -> ProbeResult {
    ProbeError::not_applicable("modes are not a notion of this system")
}

fn script_watches_a_link(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "std::fs::read_link(\"versions/current\").unwrap().display().to_string()";
    member_with(cx, &build_script(&["rerun-if-changed=versions"], word), &word_is(SCRIPT_WORD))?;
    for version in ["one", "two"] {
        cx.write(&format!("ws/app/dep/versions/{version}"), "")?;
    }
    there_and_back(cx, ["one", "two"], |cx, version| {
        cx.link(version, "ws/app/dep/versions/current")?;
        Ok(version.to_owned())
    })
}

fn script_reads_a_time(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        let time = std::fs::metadata(\"word.txt\").unwrap().modified().unwrap();
        time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().to_string()
    }";
    member_with(cx, &build_script(&["rerun-if-changed=word.txt"], word), &word_is(SCRIPT_WORD))?;
    cx.write("ws/app/dep/word.txt", "")?;
    there_and_back(cx, ["1500000000", "1600000000"], |cx, time| {
        cx.set_time("ws/app/dep/word.txt", time.parse().unwrap_or_default())?;
        Ok(time.to_owned())
    })
}

#[cfg(unix)]
fn modes_of_directories(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let word = "{
        use std::os::unix::fs::PermissionsExt;
        let dir = std::env::var(\"OUT_DIR\").unwrap() + \"/secret\";
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(format!(\"{dir}/key\"), \"secret\").unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
        \"word\"
    }";
    member_with(cx, &build_script(&["rerun-if-changed=build.rs"], word), &word_is(SCRIPT_WORD))?;
    for _ in 0..2 {
        cx.rebuilds(APP, "word")?;
        stays_secret(cx)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn modes_of_directories(_: &mut ProbeContext<'_>) -> ProbeResult {
    ProbeError::not_applicable("modes are not a notion of this system")
}
