//! Variables that are compiled in, from the environment and from the configuration.

use super::{
    APP, checkout, each_prints_its_path, scripted_dependency, set_argument, set_variable, there_and_back, three_crates,
    thrice, variable_there_and_back, word_is,
};
use crate::context::ProbeContext;
use crate::fixtures::{SCRIPT_WORD, build_script, variable};
use crate::{Probe, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "env-changed",
        "https://github.com/rust-lang/cargo/issues/3434",
        "A variable read by `env!` changes.",
        env_changed,
    ),
    Probe::rebuild(
        "option-env-changed",
        "https://github.com/rust-lang/cargo/issues/8306",
        "A variable read by `option_env!` changes.",
        |cx| option_env(cx, ["one", "two"]),
    ),
    Probe::rebuild(
        "option-env-unset",
        "https://github.com/rust-lang/cargo/issues/8306",
        "A variable read by `option_env!` is set, then not, then set again.",
        |cx| option_env(cx, ["one", "unset"]),
    ),
    Probe::rebuild(
        "option-env-first-set-later",
        "https://github.com/rust-lang/cargo/issues/13280",
        "A variable read by `option_env!` is not there when the crate is first built, and then is.",
        |cx| option_env(cx, ["unset", "one"]),
    ),
    Probe::rebuild(
        "config-env-changed",
        "https://github.com/rust-lang/cargo/issues/13280",
        "A variable of the `[env]` table in `.cargo/config.toml` changes, and is read by `env!`.",
        config_env_changed,
    ),
    Probe::rebuild(
        "config-include-of-include",
        "https://github.com/rust-lang/cargo/issues/7723",
        "A variable of an `[env]` table changes in a file that an included configuration file includes.",
        config_include_of_include,
    ),
    Probe::rebuild(
        "config-env-overridden",
        "https://github.com/rust-lang/cargo/issues/13280",
        "The environment overrides a variable of the `[env]` table, until the table says `force`.",
        config_env_overridden,
    ),
    Probe::rebuild(
        "config-env-relative-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/10358",
        "A variable of the `[env]` table is relative to the configuration: each checkout's must be its own.",
        config_env_relative,
    ),
    Probe::rebuild(
        "config-env-read-by-script",
        "https://github.com/rust-lang/cargo/issues/10358 https://github.com/rust-lang/cargo/issues/14350",
        "A build script watches a variable that the `[env]` table sets, and the table changes.",
        config_env_read_by_script,
    ),
    Probe::rebuild(
        "config-env-by-argument",
        "https://github.com/rust-lang/cargo/issues/13280",
        "A variable of the `[env]` table is given by `--config` on the command line.",
        config_env_by_argument,
    ),
    Probe::rebuild(
        "primary-package",
        "https://github.com/rust-lang/cargo/pull/14811",
        "A member reads CARGO_PRIMARY_PACKAGE, which is set when the member is named on the command line.",
        primary_package,
    ),
];

const READS: &str = "env!(\"PROBE_WORD\")";

fn env_changed(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, READS, "")?;
    variable_there_and_back(cx, "PROBE_WORD", ["one", "two"], thrice)
}

fn option_env(cx: &mut ProbeContext<'_>, values: [&str; 2]) -> ProbeResult {
    three_crates(cx, "option_env!(\"PROBE_WORD\").unwrap_or(\"unset\")", "")?;
    variable_there_and_back(cx, "PROBE_WORD", values, thrice)
}

/// The same word in an `[env]` table of a configuration file.
fn table_there_and_back(cx: &mut ProbeContext<'_>, file: &str, print: fn(&str) -> String) -> ProbeResult {
    there_and_back(cx, ["one", "two"], |cx, word| {
        cx.write(&format!("ws/app/.cargo/{file}"), &format!("[env]\nPROBE_WORD = \"{word}\"\n"))?;
        Ok(print(word))
    })
}

fn config_env_changed(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, READS, "")?;
    table_there_and_back(cx, "config.toml", thrice)
}

fn config_include_of_include(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, READS, "")?;
    cx.write("ws/app/.cargo/config.toml", "include = [\"near.toml\"]\n")?;
    cx.write("ws/app/.cargo/near.toml", "include = [\"far.toml\"]\n")?;
    table_there_and_back(cx, "far.toml", thrice)
}

fn config_env_overridden(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, READS, "")?;
    set_variable(cx, "PROBE_WORD", "outside");
    there_and_back(cx, ["false", "true"], |cx, force| {
        let table = format!("[env]\nPROBE_WORD = {{ value = \"inside\", force = {force} }}\n");
        cx.write("ws/app/.cargo/config.toml", &table)?;
        Ok(thrice(if force == "true" { "inside" } else { "outside" }))
    })
}

fn config_env_relative(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for tree in ["first", "second"] {
        let table = "[env]\nPROBE_WORD = { value = \"assets\", relative = true }\n";
        cx.write(&format!("ws/{tree}/.cargo/config.toml"), table)?;
        checkout(cx, tree, "", &word_is(READS))?;
    }
    each_prints_its_path(cx, "assets")
}

fn config_env_read_by_script(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let script = build_script(&["rerun-if-env-changed=PROBE_WORD"], &variable("PROBE_WORD"));
    scripted_dependency(cx, &script, &word_is(SCRIPT_WORD))?;
    table_there_and_back(cx, "config.toml", str::to_owned)
}

fn config_env_by_argument(cx: &mut ProbeContext<'_>) -> ProbeResult {
    three_crates(cx, READS, "")?;
    there_and_back(cx, ["one", "two"], |cx, word| {
        set_argument(cx, Some(&format!("--config=env.PROBE_WORD=\"{word}\"")));
        Ok(thrice(word))
    })
}

fn primary_package(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = word_is("if option_env!(\"CARGO_PRIMARY_PACKAGE\").is_some() { \"named\" } else { \"not named\" }");
    checkout(cx, APP, "", &lib)?;
    there_and_back(cx, ["not named", "named"], |cx, word| {
        let named = if word == "named" { &["--package=app", "--package=member"][..] } else { &["--package=app"] };
        cx.settings(APP).args = named.iter().map(|arg| (*arg).to_owned()).collect();
        Ok(word.to_owned())
    })
}
