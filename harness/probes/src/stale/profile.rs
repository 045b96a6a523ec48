//! Fields of the profile.

use super::{APP, set_variable, stale, there_and_back, three_places, thrice, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "profile-opt-level",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile's opt-level changes, and a build script passes it on.",
        profile_opt_level,
    ),
    stale(
        "profile-debug-assertions",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile's debug-assertions change.",
        profile_debug_assertions,
    ),
    stale(
        "profile-panic",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile's panic strategy changes.",
        profile_panic,
    ),
    stale(
        "profile-lto",
        "https://github.com/rust-lang/cargo/pull/8192",
        "The profile's lto changes: libraries made without bitcode do not link with it.",
        profile_lto,
    ),
    stale(
        "profile-of-one-package",
        "https://github.com/rust-lang/cargo/issues/5931",
        "The profile of one dependency changes, and that of the rest does not.",
        profile_of_one_package,
    ),
];

fn profile_opt_level(bench: &mut Bench<'_>) -> Told {
    let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
                  println!(\"cargo::rustc-env=SCRIPT_WORD={}\", std::env::var(\"OPT_LEVEL\").unwrap());\n}\n";
    let lib = word_is("env!(\"SCRIPT_WORD\")");
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", &lib), ("build.rs", script)])?;
    let manifest = package(APP, "0.1.0", "[dependencies]\ndep = \"1.0.0\"\n\n[workspace]\n");
    bench.tree(APP, &[("Cargo.toml", &manifest), ("src/main.rs", "fn main() { println!(\"{}\", dep::word()); }\n")])?;
    there_and_back(bench, ["0", "1"], |bench, level| {
        set_variable(bench, "CARGO_PROFILE_DEV_OPT_LEVEL", level);
        Ok(level.to_owned())
    })
}

fn profile_debug_assertions(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "if cfg!(debug_assertions) { \"true\" } else { \"false\" }", "")?;
    there_and_back(bench, ["true", "false"], |bench, word| {
        set_variable(bench, "CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", word);
        Ok(thrice(word))
    })
}

fn profile_panic(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "if cfg!(panic = \"abort\") { \"abort\" } else { \"unwind\" }", "")?;
    there_and_back(bench, ["unwind", "abort"], |bench, word| {
        set_variable(bench, "CARGO_PROFILE_DEV_PANIC", word);
        Ok(thrice(word))
    })
}

fn profile_lto(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "\"linked\"", "")?;
    there_and_back(bench, ["off", "fat"], |bench, lto| {
        set_variable(bench, "CARGO_PROFILE_DEV_LTO", lto);
        Ok(thrice("linked"))
    })
}

fn profile_of_one_package(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "if cfg!(debug_assertions) { \"true\" } else { \"false\" }", "")?;
    there_and_back(bench, ["true", "false"], |bench, word| {
        let table = format!("[profile.dev.package.dep]\ndebug-assertions = {word}\n");
        bench.write("ws/app/.cargo/config.toml", &table)?;
        Ok(format!("{word} true true"))
    })
}
