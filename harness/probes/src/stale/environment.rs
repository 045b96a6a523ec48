//! Variables that are compiled in, from the environment and from the configuration.

use super::{APP, checkout, set_variable, stale, there_and_back, three_places, thrice, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "env-changed",
        "https://github.com/rust-lang/cargo/issues/3434",
        "A variable read by `env!` changes.",
        env_changed,
    ),
    stale(
        "option-env-changed",
        "https://github.com/rust-lang/cargo/issues/8306",
        "A variable read by `option_env!` changes.",
        |bench| option_env(bench, ["one", "two"]),
    ),
    stale(
        "option-env-unset",
        "https://github.com/rust-lang/cargo/issues/8306",
        "A variable read by `option_env!` is set, then not, then set again.",
        |bench| option_env(bench, ["one", "unset"]),
    ),
    stale(
        "option-env-first-set-later",
        "https://github.com/rust-lang/cargo/issues/13280",
        "A variable read by `option_env!` is not there when the crate is first built, and then is.",
        |bench| option_env(bench, ["unset", "one"]),
    ),
    stale(
        "config-env-changed",
        "https://github.com/rust-lang/cargo/issues/13280",
        "A variable of the `[env]` table in `.cargo/config.toml` changes, and is read by `env!`.",
        config_env_changed,
    ),
    stale(
        "config-include-of-include",
        "https://github.com/rust-lang/cargo/issues/7723",
        "A variable of an `[env]` table changes in a file that an included configuration file includes.",
        config_include_of_include,
    ),
    stale(
        "config-env-overridden",
        "https://github.com/rust-lang/cargo/issues/13280",
        "The environment overrides a variable of the `[env]` table, until the table says `force`.",
        config_env_overridden,
    ),
    stale(
        "config-env-relative-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A variable of the `[env]` table is relative to the configuration: each checkout's must be its own.",
        config_env_relative,
    ),
    stale(
        "config-env-read-by-script",
        "https://github.com/rust-lang/cargo/issues/10358 https://github.com/rust-lang/cargo/issues/14350",
        "A build script watches a variable that the `[env]` table sets, and the table changes.",
        config_env_read_by_script,
    ),
    stale(
        "config-env-by-argument",
        "https://github.com/rust-lang/cargo/issues/13280",
        "A variable of the `[env]` table is given by `--config` on the command line.",
        config_env_by_argument,
    ),
    stale(
        "primary-package",
        "https://github.com/rust-lang/cargo/pull/14811",
        "A member reads CARGO_PRIMARY_PACKAGE, which is set when the member is named on the command line.",
        primary_package,
    ),
];

const WORD: &str = "PROBE_WORD";

fn env_changed(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "env!(\"PROBE_WORD\")", "")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        set_variable(bench, WORD, word);
        Ok(thrice(word))
    })
}

fn option_env(bench: &mut Bench<'_>, values: [&str; 2]) -> Told {
    three_places(bench, "option_env!(\"PROBE_WORD\").unwrap_or(\"unset\")", "")?;
    there_and_back(bench, values, |bench, word| {
        set_variable(bench, WORD, word);
        Ok(thrice(word))
    })
}

fn config_env_changed(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "env!(\"PROBE_WORD\")", "")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/.cargo/config.toml", &format!("[env]\nPROBE_WORD = \"{word}\"\n"))?;
        Ok(thrice(word))
    })
}

fn config_include_of_include(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "env!(\"PROBE_WORD\")", "")?;
    bench.write("ws/app/.cargo/config.toml", "include = [\"near.toml\"]\n")?;
    bench.write("ws/app/.cargo/near.toml", "include = [\"far.toml\"]\n")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/.cargo/far.toml", &format!("[env]\nPROBE_WORD = \"{word}\"\n"))?;
        Ok(thrice(word))
    })
}

fn config_env_overridden(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "env!(\"PROBE_WORD\")", "")?;
    set_variable(bench, WORD, "outside");
    there_and_back(bench, ["false", "true"], |bench, force| {
        let table = format!("[env]\nPROBE_WORD = {{ value = \"inside\", force = {force} }}\n");
        bench.write("ws/app/.cargo/config.toml", &table)?;
        Ok(thrice(if force == "true" { "inside" } else { "outside" }))
    })
}

fn config_env_relative(bench: &mut Bench<'_>) -> Told {
    for tree in ["first", "second"] {
        let table = "[env]\nPROBE_WORD = { value = \"assets\", relative = true }\n";
        bench.write(&format!("ws/{tree}/.cargo/config.toml"), table)?;
        checkout(bench, tree, "", &word_is("env!(\"PROBE_WORD\")"))?;
    }
    for tree in ["first", "second"] {
        bench.build(tree)?;
        let own = bench.at("ws").join(tree).join("assets");
        bench.prints(tree, &own.to_string_lossy())?;
    }
    Ok(())
}

fn config_env_read_by_script(bench: &mut Bench<'_>) -> Told {
    let script = "fn main() {\n    println!(\"cargo::rerun-if-env-changed=PROBE_WORD\");\n    \
                  println!(\"cargo::rustc-env=SCRIPT_WORD={}\", std::env::var(\"PROBE_WORD\").unwrap());\n}\n";
    let lib = word_is("env!(\"SCRIPT_WORD\")");
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", &lib), ("build.rs", script)])?;
    let manifest = package(APP, "0.1.0", "[dependencies]\ndep = \"1.0.0\"\n\n[workspace]\n");
    let main = "fn main() { println!(\"{}\", dep::word()); }\n";
    bench.tree(APP, &[("Cargo.toml", &manifest), ("src/main.rs", main)])?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/.cargo/config.toml", &format!("[env]\nPROBE_WORD = \"{word}\"\n"))?;
        Ok(word.to_owned())
    })
}

fn config_env_by_argument(bench: &mut Bench<'_>) -> Told {
    three_places(bench, "env!(\"PROBE_WORD\")", "")?;
    there_and_back(bench, ["one", "two"], |bench, word| {
        bench.set(APP).args = vec![format!("--config=env.PROBE_WORD=\"{word}\"")];
        Ok(thrice(word))
    })
}

fn primary_package(bench: &mut Bench<'_>) -> Told {
    let lib = word_is("if option_env!(\"CARGO_PRIMARY_PACKAGE\").is_some() { \"named\" } else { \"not named\" }");
    checkout(bench, APP, "", &lib)?;
    there_and_back(bench, ["not named", "named"], |bench, word| {
        let named = if word == "named" { &["--package=app", "--package=member"][..] } else { &["--package=app"] };
        bench.set(APP).args = named.iter().map(|arg| (*arg).to_owned()).collect();
        Ok(word.to_owned())
    })
}
