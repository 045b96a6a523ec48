//! Arguments of rustc that come from outside the manifest, and fields of the profile.

use super::{
    APP, scripted_dependency, set_argument, there_and_back, three_crates, thrice, variable_there_and_back, word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{ITSELF, SCRIPT_WORD, build_script, variable, workspace};
use crate::{Probe, ProbeError, ProbeResult};
use exec::toolchain::Toolchain;
use runner::build_env::BuildEnv;
use runner::delivery::remote::RemoteClient;

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "rustflags-codegen",
        "https://github.com/rust-lang/cargo/issues/8716",
        "RUSTFLAGS turn overflow checks off, and on again.",
        rustflags_codegen,
    ),
    Probe::rebuild(
        "rustflags-cfg",
        "https://github.com/rust-lang/cargo/issues/8716",
        "RUSTFLAGS get a `--cfg`, and lose it.",
        rustflags_cfg,
    ),
    Probe::rebuild(
        "config-rustflags",
        "https://github.com/rust-lang/cargo/issues/8716",
        "`build.rustflags` of `.cargo/config.toml` gets a `--cfg`, and loses it.",
        |cx| config_rustflags(cx, "build"),
    ),
    Probe::rebuild(
        "config-target-rustflags",
        "https://github.com/rust-lang/cargo/issues/8716",
        "`target.<cfg>.rustflags` of `.cargo/config.toml` gets a `--cfg`, and loses it.",
        |cx| config_rustflags(cx, "target.'cfg(all())'"),
    ),
    Probe::rebuild(
        "rustflags-by-argument",
        "https://github.com/rust-lang/cargo/issues/8716",
        "`build.rustflags` is given by `--config` on the command line, and is not.",
        rustflags_by_argument,
    ),
    Probe::rebuild(
        "target-given-explicitly",
        "https://github.com/rust-lang/cargo/issues/4423",
        "With `--target`, though it is the host's, RUSTFLAGS no longer reach build scripts.",
        target_given_explicitly,
    ),
    Probe::rebuild(
        "toolchain-switched",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The toolchain is switched, and switched back; a build script asks rustc for its version.",
        toolchain_switched,
    ),
    Probe::rebuild(
        "compiler-replaced",
        "https://github.com/rust-lang/cargo/pull/14761",
        "Another compiler that says the same of itself takes the place of the first, as one that is built at home does.",
        compiler_replaced,
    ),
    Probe::rebuild(
        "compilers-library-replaced",
        "https://github.com/rust-lang/cargo/pull/14761",
        "A library of the compiler is replaced by one of the same name and size.",
        compilers_library_replaced,
    ),
    Probe::rebuild(
        "native-is-another-cpu",
        "https://github.com/axiom-crypto/openvm-eth/pull/624",
        "`-Ctarget-cpu=native` on another processor: the same words, and rustc says other features.",
        native_is_another_cpu,
    ),
    Probe::rebuild(
        "rustc-wrapper-edited",
        "https://github.com/kunobi-ninja/kache/issues/1663",
        "`build.rustc-wrapper` is a script of the project, and it is edited.",
        rustc_wrapper_edited,
    ),
    Probe::rebuild(
        "linker-edited",
        "https://github.com/kunobi-ninja/kache/issues/1663",
        "`target.<triple>.linker` is a script of the project, and it is edited.",
        linker_edited,
    ),
];

pub(super) const PROFILE: &[Probe] = &[
    Probe::rebuild(
        "profile-opt-level",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile's opt-level changes, and a build script passes it on.",
        profile_opt_level,
    ),
    Probe::rebuild(
        "profile-debug-assertions",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile's debug-assertions change.",
        profile_debug_assertions,
    ),
    Probe::rebuild(
        "profile-panic",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile's panic strategy changes.",
        profile_panic,
    ),
    Probe::rebuild(
        "profile-lto",
        "https://github.com/rust-lang/cargo/pull/8192",
        "The profile's lto changes: libraries made without bitcode do not link with it.",
        profile_lto,
    ),
    Probe::survive(
        "lto-asked-for-by-others",
        "https://github.com/rust-lang/cargo/pull/8192",
        "One library is linked with lto into a program, and in another workspace into a C library too.",
        lto_asked_for_by_others,
    ),
    Probe::rebuild(
        "profile-of-one-package",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile of one dependency changes, and that of the rest does not.",
        profile_of_one_package,
    ),
];

pub(super) const CFG: &str = "if cfg!(probe_two) { \"two\" } else { \"one\" }";

fn rustflags_codegen(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(
        cx,
        "if std::panic::catch_unwind(|| std::hint::black_box(255u8) + std::hint::black_box(1)).is_ok() { \"wraps\" } \
         else { \"panics\" }",
        "",
    )?;
    there_and_back(cx, ["panics", "wraps"], |cx, word| {
        cx.settings(APP).rustflags = (word == "wraps").then(|| "-Coverflow-checks=off".to_owned());
        Ok(thrice(word))
    })
}

fn rustflags_cfg(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, CFG, "")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        cx.settings(APP).rustflags = (word == "two").then(|| "--cfg probe_two".to_owned());
        Ok(thrice(word))
    })
}

fn config_rustflags(cx: &mut ProbeContext<'_>, table: &str) -> ProbeResult {
    three_crates(cx, CFG, "")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        let flags = if word == "two" { "\"--cfg\", \"probe_two\"" } else { "" };
        cx.write("ws/app/.cargo/config.toml", &format!("[{table}]\nrustflags = [{flags}]\n"))?;
        Ok(thrice(word))
    })
}

fn rustflags_by_argument(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, CFG, "")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        let flags = "--config=build.rustflags=[\"--cfg\", \"probe_two\"]";
        set_argument(cx, (word == "two").then_some(flags));
        Ok(thrice(word))
    })
}

fn target_given_explicitly(cx: &mut ProbeContext<'_>) -> ProbeResult {
    scripted_dependency(cx, &build_script(&[ITSELF], CFG), &word_is(SCRIPT_WORD))?;
    cx.settings(APP).rustflags = Some("--cfg probe_two".to_owned());
    let target = format!("--target={}", cx.build_env().toolchain.host);
    there_and_back(cx, ["two", "one"], |cx, word| {
        set_argument(cx, (word == "one").then_some(&target));
        Ok(word.to_owned())
    })
}

fn toolchain_switched(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_second_toolchain()?;
    let release = "{
        let rustc = std::env::var(\"RUSTC\").unwrap();
        let out = std::process::Command::new(rustc).arg(\"-vV\").output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.lines().find_map(|line| line.strip_prefix(\"release: \")).unwrap().to_owned()
    }";
    scripted_dependency(cx, &build_script(&[ITSELF], release), &word_is(SCRIPT_WORD))?;
    there_and_back(cx, ["first", "second"], |cx, which| {
        cx.settings(APP).second_toolchain = which == "second";
        let text = &cx.build_env_of(APP).toolchain.rustc_verbose;
        let release = text.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default();
        Ok(release.to_owned())
    })
}

fn compiler_replaced(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, CFG, "")?;
    for word in ["one", "two", "one"] {
        let flag = if word == "two" { " --cfg probe_two" } else { "" };
        let rustc = cx.build_env().toolchain.rustc.clone();
        build_by(cx, &format!("#!/bin/sh\nexec '{}' \"$@\"{flag}\n", rustc.display()), &thrice(word), None)?;
    }
    Ok(())
}

/// The compiler is one program that takes its flags from a library.
fn compilers_library_replaced(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, CFG, "")?;
    let (rustc, sysroot) = (cx.build_env().toolchain.rustc.clone(), cx.path("sysroot"));
    let script = format!(
        "#!/bin/sh\n[ \"$*\" != '--print sysroot' ] || {{ echo '{0}'; exit; }}\nexec '{1}' \"$@\" $(cat '{0}/lib/librustc_driver-0.so')\n",
        sysroot.display(),
        rustc.display()
    );
    for word in ["one", "two", "one"] {
        cx.write("sysroot/lib/librustc_driver-0.so", &format!("--cfg probe_{word}\n"))?;
        build_by(cx, &script, &thrice(word), None)?;
    }
    Ok(())
}

fn native_is_another_cpu(cx: &mut ProbeContext<'_>) -> ProbeResult {
    set_up_native(cx)?;
    ["one", "two", "one"].into_iter().try_for_each(|word| build_on_cpu(cx, word, None))
}

/// Programs and libraries that are compiled for the processor at hand.
pub(crate) fn set_up_native(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, CFG, "")?;
    cx.settings(APP).rustflags = Some("-Ctarget-cpu=native".to_owned());
    Ok(())
}

/// Builds on a processor that makes them print a word. The compiler is one program, and what `native` means to it is in
/// a file that no key can name.
pub(crate) fn build_on_cpu(cx: &mut ProbeContext<'_>, word: &str, remote: Option<&RemoteClient>) -> ProbeResult {
    let (rustc, cpu) = (cx.build_env().toolchain.rustc.clone(), cx.path("cpu"));
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *cpu=native*) set -- \"$@\" $(cat '{}');; esac\nexec '{}' \"$@\"\n",
        cpu.display(),
        rustc.display()
    );
    cx.write("cpu", if word == "two" { "--cfg probe_two" } else { "" })?;
    build_by(cx, &script, &thrice(word), remote)
}

/// Builds with this program as the compiler. Cargo knows one by what `rustc -vV` says, so an empty build directory is all
/// that makes it call the new one.
fn build_by(cx: &mut ProbeContext<'_>, script: &str, expected: &str, remote: Option<&RemoteClient>) -> ProbeResult {
    if cx.strategy().as_external().is_some() {
        return ProbeError::not_applicable("a tool is opened for one toolchain only");
    }
    cx.note("build with RUSTC=$PWD/compiler/rustc");
    cx.write_program("compiler/rustc", script)?;
    let real = &cx.build_env().toolchain;
    let toolchain = Toolchain::at(real.name.as_deref(), real.cargo.clone(), cx.path("compiler/rustc"));
    let toolchain = toolchain.map_err(anyhow::Error::from)?;
    let supervisor = cx.build_env().supervisor.clone();
    let build_env = BuildEnv::with_toolchain(&cx.path("compiler/work"), toolchain, supervisor)?;
    cx.with_build_env(&build_env, |cx| {
        cx.connect(remote);
        let built = cx.rebuilds(APP, expected);
        cx.connect(None);
        built
    })
}

fn profile_opt_level(cx: &mut ProbeContext<'_>) -> ProbeResult {
    // The profile itself is no input that a crate can read: the script passes its level on.
    scripted_dependency(cx, &build_script(&[ITSELF], &variable("OPT_LEVEL")), &word_is(SCRIPT_WORD))?;
    variable_there_and_back(cx, "CARGO_PROFILE_DEV_OPT_LEVEL", ["0", "1"], str::to_owned)
}

fn profile_debug_assertions(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, ASSERTIONS, "")?;
    variable_there_and_back(cx, "CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", ["true", "false"], thrice)
}

const ASSERTIONS: &str = "if cfg!(debug_assertions) { \"true\" } else { \"false\" }";

fn profile_panic(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, "if cfg!(panic = \"abort\") { \"abort\" } else { \"unwind\" }", "")?;
    variable_there_and_back(cx, "CARGO_PROFILE_DEV_PANIC", ["unwind", "abort"], thrice)
}

fn profile_lto(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, "\"linked\"", "")?;
    variable_there_and_back(cx, "CARGO_PROFILE_DEV_LTO", ["off", "fat"], |_| thrice("linked"))
}

fn profile_of_one_package(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, ASSERTIONS, "")?;
    there_and_back(cx, ["true", "false"], |cx, word| {
        let table = format!("[profile.dev.package.dep]\ndebug-assertions = {word}\n");
        cx.write("ws/app/.cargo/config.toml", &table)?;
        Ok(format!("{word} true true"))
    })
}

fn rustc_wrapper_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    if cx.strategy().as_external().is_some() {
        return ProbeError::not_applicable("a tool may be the wrapper itself");
    }
    three_crates(cx, CFG, "")?;
    cx.write("ws/app/.cargo/config.toml", "[build]\nrustc-wrapper = \"./wrapper.sh\"\n")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        let flag = if word == "two" { " --cfg probe_two" } else { "" };
        cx.write_program("ws/app/wrapper.sh", &format!("#!/bin/sh\nexec \"$@\"{flag}\n"))?;
        Ok(thrice(word))
    })
}

/// The linker replaces a word in what it has linked.
fn linker_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.tree(APP, &[("src/main.rs", "fn main() { println!(\"{}\", std::hint::black_box(\"linked by 0\")); }\n")])?;
    let host = cx.build_env().toolchain.host.clone();
    cx.write("ws/app/.cargo/config.toml", &format!("[target.{host}]\nlinker = \"./linker.sh\"\n"))?;
    there_and_back(cx, ["1", "2"], |cx, word| {
        let script = format!(
            "#!/bin/sh\ncc \"$@\" || exit 1\nwhile [ \"$1\" != -o ]; do shift; done\n\
             sed -i 's/linked by 0/linked by {word}/' \"$2\"\n"
        );
        cx.write_program("ws/app/linker.sh", &script)?;
        Ok(format!("linked by {word}"))
    })
}

fn lto_asked_for_by_others(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", &word_is("\"one\""))])?;
    let profile = "[profile.release]\nlto = true\nopt-level = 0\n[profile.release.build-override]\nopt-level = 0\n";
    let main = "fn main() { println!(\"{}\", dep::word()); }\n";
    let both = format!(
        "{}[lib]\nname = \"both\"\ncrate-type = [\"rlib\", \"cdylib\"]\n{profile}",
        workspace("second", "dep = \"1\"")
    );
    let first = workspace("first", "dep = \"1\"") + profile;
    cx.tree("first", &[("Cargo.toml", &first), ("src/main.rs", main)])?;
    let lib = "pub fn both() -> String { dep::word() }\n";
    cx.tree("second", &[("Cargo.toml", &both), ("src/main.rs", main), ("src/lib.rs", lib)])?;
    for tree in ["first", "second", "first", "second"] {
        cx.settings(tree).profile = Some("release".to_owned());
        cx.rebuilds(tree, "one")?;
    }
    Ok(())
}
