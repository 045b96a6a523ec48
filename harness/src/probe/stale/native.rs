//! A static library that is linked in, made with the toolchain's own rustc.

use super::{APP, stale, there_and_back};
use crate::probe::bench::Bench;
use crate::probe::materials::package;
use crate::probe::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "static-library-replaced",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/kunobi-ninja/kache/pull/464 \
         https://github.com/rust-lang/rust/issues/58393",
        "A static library that a build script names is replaced in place, and nothing watches it.",
        |bench| replaced(bench, "build.rs"),
    ),
    stale(
        "static-library-watched",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/mozilla/sccache/issues/2074",
        "A static library that a build script names and watches is replaced in place.",
        |bench| replaced(bench, "../native/libword.a"),
    ),
];

fn replaced(bench: &mut Bench<'_>, watched: &str) -> Told {
    let script = format!(
        "fn main() {{\n    println!(\"cargo::rerun-if-changed={watched}\");\n    let here = \
         std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();\n    \
         println!(\"cargo::rustc-link-search=native={{here}}/../native\");\n    \
         println!(\"cargo::rustc-link-lib=static=word\");\n}}\n"
    );
    let lib = "unsafe extern \"C\" { fn native_word() -> i32; }\npub fn word() -> i32 { unsafe { native_word() } }\n";
    let manifest = "[dependencies]\ndep = { path = \"dep\" }\n\n[workspace]\n";
    bench.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", manifest)),
            ("src/main.rs", "fn main() { println!(\"{}\", dep::word()); }\n"),
            ("dep/Cargo.toml", &package("dep", "1.0.0", "")),
            ("dep/src/lib.rs", lib),
            ("dep/build.rs", &script),
        ],
    )?;
    there_and_back(bench, ["1", "2"], |bench, word| {
        let source =
            format!("#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn native_word() -> i32 {{ {word} }}\n");
        bench.write("ws/app/native/word.rs", &source)?;
        bench.static_library("ws/app/native", "word.rs", "libword.a")?;
        Ok(word.to_owned())
    })
}
