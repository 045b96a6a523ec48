//! A static library that is linked in, made with the toolchain's own rustc.

use super::{APP, stale, there_and_back};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "static-library-replaced",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/kunobi-ninja/kache/pull/464 \
         https://github.com/rust-lang/rust/issues/58393",
        "A static library that a build script names is replaced in place, and nothing watches it.",
        |bench| replaced(bench, "build.rs", BY_NAME),
    ),
    stale(
        "static-library-watched",
        "https://github.com/rust-lang/cargo/issues/12502 https://github.com/mozilla/sccache/issues/2074",
        "A static library that a build script names and watches is replaced in place.",
        |bench| replaced(bench, "../native/libword.a", BY_NAME),
    ),
    stale(
        "static-library-verbatim",
        "https://github.com/rust-lang/cargo/issues/12502",
        "A static library that a build script names by its file's name (`+verbatim`) is replaced in place.",
        |bench| replaced(bench, "build.rs", "rustc-link-lib=static:+verbatim=libword.a"),
    ),
    stale(
        "library-by-link-arg",
        "https://github.com/rust-lang/cargo/issues/12502",
        "A static library that a build script hands to the linker as an argument is replaced in place.",
        by_link_arg,
    ),
];

const BY_NAME: &str = "rustc-link-lib=static=word";

const CALLS: &str =
    "unsafe extern \"C\" { fn native_word() -> i32; }\npub fn word() -> i32 { unsafe { native_word() } }\n";

fn replaced(bench: &mut Bench<'_>, watched: &str, linked: &str) -> Told {
    let script = format!(
        "fn main() {{\n    println!(\"cargo::rerun-if-changed={watched}\");\n    let here = \
         std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();\n    \
         println!(\"cargo::rustc-link-search=native={{here}}/../native\");\n    \
         println!(\"cargo::{linked}\");\n}}\n"
    );
    let manifest = "[dependencies]\ndep = { path = \"dep\" }\n\n[workspace]\n";
    bench.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", manifest)),
            ("src/main.rs", "fn main() { println!(\"{}\", dep::word()); }\n"),
            ("dep/Cargo.toml", &package("dep", "1.0.0", "")),
            ("dep/src/lib.rs", CALLS),
            ("dep/build.rs", &script),
        ],
    )?;
    library_replaced(bench)
}

/// An argument of the linker holds for the package whose script gives it.
fn by_link_arg(bench: &mut Bench<'_>) -> Told {
    let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    let here = \
                  std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();\n    \
                  println!(\"cargo::rustc-link-arg={here}/native/libword.a\");\n}\n";
    let main = format!("{CALLS}fn main() {{ println!(\"{{}}\", word()); }}\n");
    bench.tree(APP, &[("src/main.rs", &main), ("build.rs", script)])?;
    library_replaced(bench)
}

fn library_replaced(bench: &mut Bench<'_>) -> Told {
    there_and_back(bench, ["1", "2"], |bench, word| {
        let source =
            format!("#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn native_word() -> i32 {{ {word} }}\n");
        bench.write("ws/app/native/word.rs", &source)?;
        bench.static_library("ws/app/native", "word.rs", "libword.a")?;
        Ok(word.to_owned())
    })
}
