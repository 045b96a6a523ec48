//! Arguments of rustc that come from outside the manifest.

use super::{APP, stale, there_and_back, three_places, thrice, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "rustflags-codegen",
        "https://github.com/rust-lang/cargo/issues/8716",
        "RUSTFLAGS turn overflow checks off, and on again.",
        rustflags_codegen,
    ),
    stale(
        "rustflags-cfg",
        "https://github.com/rust-lang/cargo/issues/8716",
        "RUSTFLAGS get a `--cfg`, and lose it.",
        rustflags_cfg,
    ),
    stale(
        "config-rustflags",
        "https://github.com/rust-lang/cargo/issues/8716",
        "`build.rustflags` of `.cargo/config.toml` gets a `--cfg`, and loses it.",
        |bench| config_rustflags(bench, "build"),
    ),
    stale(
        "config-target-rustflags",
        "https://github.com/rust-lang/cargo/issues/8716",
        "`target.<cfg>.rustflags` of `.cargo/config.toml` gets a `--cfg`, and loses it.",
        |bench| config_rustflags(bench, "target.'cfg(all())'"),
    ),
    stale(
        "rustflags-by-argument",
        "https://github.com/rust-lang/cargo/issues/8716",
        "`build.rustflags` is given by `--config` on the command line, and is not.",
        rustflags_by_argument,
    ),
    stale(
        "target-given-explicitly",
        "https://github.com/rust-lang/cargo/issues/4423",
        "With `--target`, though it is the host's, RUSTFLAGS no longer reach build scripts.",
        target_given_explicitly,
    ),
    stale(
        "toolchain-switched",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The toolchain is switched, and switched back; a build script asks rustc for its version.",
        toolchain_switched,
    ),
];

const CFG: &str = "if cfg!(probe_two) { \"two\" } else { \"one\" }";

fn rustflags_codegen(bench: &mut Bench<'_>) -> Told {
    three_places(
        bench,
        "if std::panic::catch_unwind(|| std::hint::black_box(255u8) + std::hint::black_box(1)).is_ok() { \"wraps\" } \
         else { \"panics\" }",
        "",
    )?;
    there_and_back(bench, ["panics", "wraps"], |bench, word| {
        bench.set(APP).rustflags = (word == "wraps").then(|| "-Coverflow-checks=off".to_owned());
        Ok(thrice(word))
    })
}

fn rustflags_cfg(bench: &mut Bench<'_>) -> Told {
    three_places(bench, CFG, "")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.set(APP).rustflags = (word == "two").then(|| "--cfg probe_two".to_owned());
        Ok(thrice(word))
    })
}

fn config_rustflags(bench: &mut Bench<'_>, table: &str) -> Told {
    three_places(bench, CFG, "")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        let flags = if word == "two" { "\"--cfg\", \"probe_two\"" } else { "" };
        bench.write("ws/app/.cargo/config.toml", &format!("[{table}]\nrustflags = [{flags}]\n"))?;
        Ok(thrice(word))
    })
}

fn rustflags_by_argument(bench: &mut Bench<'_>) -> Told {
    three_places(bench, CFG, "")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        let flags = "--config=build.rustflags=[\"--cfg\", \"probe_two\"]";
        bench.set(APP).args = (word == "two").then(|| flags.to_owned()).into_iter().collect();
        Ok(thrice(word))
    })
}

/// A tree with a library from the registry that prints what its build script found.
fn with_script(bench: &mut Bench<'_>, script: &str) -> Told {
    let lib = word_is("env!(\"SCRIPT_WORD\")");
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", &lib), ("build.rs", script)])?;
    let manifest = package(APP, "0.1.0", "[dependencies]\ndep = \"1.0.0\"\n\n[workspace]\n");
    let main = "fn main() { println!(\"{}\", dep::word()); }\n";
    bench.tree(APP, &[("Cargo.toml", &manifest), ("src/main.rs", main)])
}

fn target_given_explicitly(bench: &mut Bench<'_>) -> Told {
    let script = format!(
        "fn main() {{\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
         println!(\"cargo::rustc-env=SCRIPT_WORD={{}}\", {CFG});\n}}\n"
    );
    with_script(bench, &script)?;
    bench.set(APP).rustflags = Some("--cfg probe_two".to_owned());
    let target = format!("--target={}", bench.build_env().toolchain.host);
    there_and_back(bench, ["two", "one"], |bench, word| {
        bench.set(APP).args = (word == "one").then(|| target.clone()).into_iter().collect();
        Ok(word.to_owned())
    })
}

fn toolchain_switched(bench: &mut Bench<'_>) -> Told {
    bench.needs_second_toolchain()?;
    let script = "use std::process::Command;\nfn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    let \
                  rustc = std::env::var(\"RUSTC\").unwrap();\n    let out = \
                  Command::new(rustc).arg(\"-vV\").output().unwrap();\n    let text = \
                  String::from_utf8(out.stdout).unwrap();\n    let release = text.lines().find_map(|line| \
                  line.strip_prefix(\"release: \")).unwrap();\n    \
                  println!(\"cargo::rustc-env=SCRIPT_WORD={release}\");\n}\n";
    with_script(bench, script)?;
    there_and_back(bench, ["first", "second"], |bench, which| {
        bench.set(APP).second_toolchain = which == "second";
        let text = &bench.build_env_of(APP).toolchain.rustc_verbose;
        let release = text.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default();
        Ok(release.to_owned())
    })
}
