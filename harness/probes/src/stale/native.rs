//! Native libraries and other files that rustc and the linker find by themselves: Cargo does not look at them.

use super::flags::CFG;
use super::scripts::{CALLS, library_replaced, member_with, native_library};
use super::{APP, PRINTS_DEP, there_and_back, three_crates, thrice, word_is};
use crate::context::ProbeContext;
use crate::fixtures::{package, workspace};
use crate::{Probe, ProbeResult};

const NATIVE: &str = "https://github.com/rust-lang/cargo/issues/12502";
const FLAGS: &str = "https://github.com/rust-lang/cargo/issues/8716";

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "library-searched-from-the-workspace",
        NATIVE,
        "A build script has a static library searched relative to where rustc runs, and it is replaced.",
        |cx| of_member(cx, &["rustc-link-search=native=native", "rustc-link-lib=static=word"]),
    ),
    Probe::rebuild(
        "library-of-no-kind",
        NATIVE,
        "A library that a build script calls dynamic is found as a static one, and it is replaced.",
        |cx| of_member(cx, &["rustc-link-search={here}/../native", "rustc-link-lib=dylib=word"]),
    ),
    Probe::rebuild(
        "library-searched-by-link-arg",
        NATIVE,
        "A build script passes `-L` and `-l` to the linker, and the library is replaced.",
        |cx| of_program(cx, &["rustc-link-arg=-L{here}/native", "rustc-link-arg=-lword"]),
    ),
    Probe::rebuild(
        "library-in-an-argument-file",
        NATIVE,
        "A build script passes the linker a file with arguments, one of them a library, which is replaced.",
        |cx| {
            let library = cx.path("ws/app/native/libword.a");
            cx.write("ws/app/link.args", &library.to_string_lossy())?;
            of_program(cx, &["rustc-link-arg=@{here}/link.args"])
        },
    ),
    Probe::rebuild(
        "linker-script-searched",
        NATIVE,
        "The linker finds a script of its own in a directory that a build script names, and the script is edited.",
        linker_script_searched,
    ),
    Probe::rebuild(
        "library-searched-by-another-package",
        NATIVE,
        "A build script says where a library is, that of a dependent links it, and it is replaced.",
        searched_by_another_package,
    ),
    Probe::rebuild(
        "library-named-by-flags",
        FLAGS,
        "RUSTFLAGS of the configuration above pass a library to the linker, relative to the workspace, and it is replaced.",
        library_named_by_flags,
    ),
    Probe::rebuild(
        "argument-file-edited",
        FLAGS,
        "RUSTFLAGS name a file with arguments for rustc, `@flags.txt`, in each directory that it runs in, and it is edited.",
        argument_file_edited,
    ),
    Probe::rebuild(
        "crate-searched-by-flags",
        FLAGS,
        "RUSTFLAGS have a crate that Cargo does not know searched in a directory, and it is replaced.",
        |cx| crate_searched(cx, "made", "\"-L{dir}\", \"--extern=made\""),
    ),
    Probe::rebuild(
        "crate-in-another-sysroot",
        FLAGS,
        "RUSTFLAGS name a sysroot, and a crate in it is replaced.",
        crate_in_another_sysroot,
    ),
];

/// A build script that prints directives; `{here}` is its package.
fn printing(directives: &[&str]) -> String {
    let lines: String = directives.iter().map(|it| format!("    println!(\"cargo::{it}\");\n")).collect();
    format!(
        "fn main() {{\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
         let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();\n    let _ = &here;\n{lines}}}\n"
    )
}

fn of_member(cx: &mut ProbeContext<'_>, directives: &[&str]) -> ProbeResult {
    member_with(cx, &printing(directives), CALLS)?;
    library_replaced(cx, "ws/app/native/libword.a")
}

fn calling_program() -> String {
    format!("{CALLS}fn main() {{ println!(\"{{}}\", word()); }}\n")
}

fn of_program(cx: &mut ProbeContext<'_>, directives: &[&str]) -> ProbeResult {
    cx.tree(APP, &[("src/main.rs", &calling_program()), ("build.rs", &printing(directives))])?;
    library_replaced(cx, "ws/app/native/libword.a")
}

fn linker_script_searched(cx: &mut ProbeContext<'_>) -> ProbeResult {
    if cfg!(not(target_os = "linux")) {
        return crate::ProbeError::not_applicable("linkers of this system have no scripts");
    }
    let script = printing(&["rustc-link-search={here}", "rustc-link-arg=-l:link.x"]);
    cx.tree(APP, &[("src/main.rs", &calling_program()), ("build.rs", &script)])?;
    there_and_back(cx, ["1", "2"], |cx, word| {
        let library = format!("ws/app/native/{word}.a");
        native_library(cx, word, &library)?;
        let library = cx.path(&library);
        cx.write("ws/app/link.x", &format!("INPUT(\"{}\")\n", library.display()))?;
        Ok(word.to_owned())
    })
}

fn searched_by_another_package(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let links = "links = \"word\"\n";
    let search = printing(&["rustc-link-search=native={here}/../native"]);
    let dependencies =
        format!("{}[dependencies]\nword-sys = {{ path = \"../word-sys\" }}\n", package("dep", "1.0.0", ""));
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &workspace(APP, "dep = { path = \"dep\" }")),
            ("src/main.rs", PRINTS_DEP),
            ("dep/Cargo.toml", &dependencies),
            ("dep/src/lib.rs", &format!("use word_sys as _;\n{CALLS}")),
            ("dep/build.rs", &printing(&["rustc-link-lib=static=word"])),
            ("word-sys/Cargo.toml", &package("word-sys", "1.0.0", links)),
            ("word-sys/src/lib.rs", ""),
            ("word-sys/build.rs", &search),
        ],
    )?;
    library_replaced(cx, "ws/app/native/libword.a")
}

fn library_named_by_flags(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.tree(APP, &[("src/main.rs", &calling_program())])?;
    cx.write("ws/.cargo/config.toml", "[build]\nrustflags = [\"-Clink-arg=word.a\"]\n")?;
    library_replaced(cx, "ws/app/word.a")
}

fn argument_file_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, CFG, "")?;
    cx.write("ws/app/.cargo/config.toml", "[build]\nrustflags = [\"@flags.txt\"]\n")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        for dir in ["ws/app", "vendor/dep-1.0.0"] {
            cx.write(&format!("{dir}/flags.txt"), &format!("--cfg=probe_{word}\n"))?;
        }
        Ok(thrice(word))
    })
}

/// A crate, compiled by hand, that a library of the registry uses.
fn crate_searched(cx: &mut ProbeContext<'_>, dir: &str, flags: &str) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", &format!("extern crate made;\n{}", word_is("made::word()")))])?;
    cx.program_tree(APP, "dep = \"1.0.0\"", PRINTS_DEP)?;
    let flags = flags.replace("{dir}", &cx.path(dir).to_string_lossy());
    cx.write("ws/app/.cargo/config.toml", &format!("[build]\nrustflags = [{flags}]\n"))?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        let source = format!("#![no_std]\n#[inline]\npub fn word() -> &'static str {{ {word:?} }}\n");
        cx.write(&format!("{dir}/made.rs"), &source)?;
        cx.rustc(dir, &["--edition=2021", "--crate-type=rlib", "--crate-name=made", "made.rs"])?;
        Ok(word.to_owned())
    })
}

fn crate_in_another_sysroot(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let toolchain = cx.build_env().toolchain.clone();
    let libraries = format!("lib/rustlib/{}/lib", toolchain.host);
    let dir = format!("sysroot/{libraries}");
    cx.make_dir(&dir)?;
    for file in std::fs::read_dir(toolchain.sysroot.join(&libraries))?.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        cx.link(&file.path().to_string_lossy(), &format!("{dir}/{name}"))?;
    }
    let sysroot = cx.path("sysroot").to_string_lossy().into_owned();
    crate_searched(cx, &dir, &format!("\"--sysroot={sysroot}\""))
}
