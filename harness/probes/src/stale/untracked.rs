//! What neither rustc nor Cargo reports: known gaps of every policy that admits what reads it.

use super::flags::CFG;
use super::scripts::{CALLS, native_library};
use super::{APP, PRINTS_DEP, file_there_and_back, there_and_back, three_crates, thrice};
use crate::context::ProbeContext;
use crate::fixtures::package;
use crate::{Probe, ProbeError, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "assembly-includes-file",
        "https://github.com/rust-lang/rust/issues/66920",
        "Assembly in a member includes a file by `.incbin`, and it is edited.",
        |cx| {
            cx.write("ws/app/dep/Cargo.toml", &package("dep", "1.0.0", ""))?;
            assembly(cx, "ws/app/dep", "dep = { path = \"dep\" }")
        },
    ),
    Probe::rebuild(
        "assembly-includes-vendored-file",
        "https://github.com/rust-lang/rust/issues/66920",
        "Assembly in a vendored package includes a file by `.incbin`, and it is edited.",
        |cx| {
            cx.publish("dep", "1.0.0", "", &[])?;
            assembly(cx, "vendor/dep-1.0.0", "dep = \"1.0.0\"")
        },
    ),
    Probe::rebuild(
        "wrapper-calls-a-program",
        "https://github.com/kunobi-ninja/kache/issues/1663",
        "`build.rustc-wrapper` is a script that calls another one, which is edited.",
        wrapper_calls_a_program,
    ),
    Probe::rebuild(
        "default-linker-edited",
        "https://github.com/kunobi-ninja/kache/issues/1663",
        "The `cc` on PATH that rustc links with is a script, and it is edited.",
        default_linker_edited,
    ),
    Probe::rebuild(
        "registry-source-edited-with-an-old-time",
        "https://github.com/rust-lang/cargo/issues/12060",
        "A source that Cargo unpacked below its home is replaced there by one of an older time.",
        |cx| super::registry::source_edited(cx, true),
    ),
];

fn assembly(cx: &mut ProbeContext<'_>, dir: &str, dependency: &str) -> ProbeResult {
    if cfg!(not(target_os = "linux")) {
        return ProbeError::not_applicable("assembly of this system is written otherwise");
    }
    let file = format!("{dir}/word.bin");
    let path = cx.path(&file);
    let lib = format!(
        "core::arch::global_asm!(\".section .rodata.probe,\\\"a\\\"\", \".globl probe_word\", \"probe_word: .incbin \
         \\\"{}\\\"\", \".byte 0\", \".text\");\nunsafe extern \"C\" {{ static probe_word: core::ffi::c_char; }}\npub fn word() -> String {{ \
         unsafe {{ core::ffi::CStr::from_ptr(&raw const probe_word) }}.to_str().unwrap().to_owned() }}\n",
        path.display()
    );
    cx.write(&file, "none")?;
    cx.write(&format!("{dir}/src/lib.rs"), &lib)?;
    cx.program_tree(APP, dependency, PRINTS_DEP)?;
    file_there_and_back(cx, &file, str::to_owned)
}

fn wrapper_calls_a_program(cx: &mut ProbeContext<'_>) -> ProbeResult {
    if cx.strategy().as_external().is_some() {
        return ProbeError::not_applicable("a tool may be the wrapper itself");
    }
    three_crates(cx, CFG, "")?;
    cx.write("ws/app/.cargo/config.toml", "[build]\nrustc-wrapper = \"./wrapper.sh\"\n")?;
    cx.write_program("ws/app/wrapper.sh", "#!/bin/sh\nexec \"$(dirname \"$0\")/helper.sh\" \"$@\"\n")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        let flag = if word == "two" { " --cfg probe_two" } else { "" };
        cx.write_program("ws/app/helper.sh", &format!("#!/bin/sh\nexec \"$@\"{flag}\n"))?;
        Ok(thrice(word))
    })
}

fn default_linker_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let Some(cc) = exec::toolchain::on_path("cc") else { return ProbeError::not_applicable("there is no `cc`") };
    cx.tree(APP, &[("src/main.rs", &format!("{CALLS}fn main() {{ println!(\"{{}}\", word()); }}\n"))])?;
    let path = cx.build_env().path().to_string_lossy().into_owned();
    super::set_variable(cx, "PATH", &format!("{}:{path}", cx.path("bin").display()));
    there_and_back(cx, ["1", "2"], |cx, word| {
        native_library(cx, word, &format!("native/{word}.a"))?;
        let library = cx.path(&format!("native/{word}.a"));
        cx.write_program("bin/cc", &format!("#!/bin/sh\nexec '{}' \"$@\" '{}'\n", cc.display(), library.display()))?;
        Ok(word.to_owned())
    })
}
