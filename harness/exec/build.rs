//! Compiles the pass-through behind `RUSTC` (`src/observer/program.rs`), which the harness then carries with it. Each
//! compile of every measured build starts it, so it is optimised whatever the profile of the harness, and small.

use std::path::PathBuf;
use std::process::Command;

fn main() {
    let variable = |name: &str| std::env::var_os(name);
    let (Some(rustc), Some(out_dir), Some(target)) = (variable("RUSTC"), variable("OUT_DIR"), variable("TARGET"))
    else {
        panic!("Cargo did not say where to build");
    };
    for file in ["build.rs", "src/observer/program.rs", "src/observer/args.rs", "src/observer/call.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let mut command = Command::new(rustc);
    command.args(["--edition=2024", "--crate-name=observer", "-Copt-level=3", "-Cpanic=abort", "-Cstrip=symbols"]);
    command.arg("--target").arg(target).arg("-o").arg(PathBuf::from(out_dir).join("observer"));
    command.args(variable("RUSTC_LINKER").map(|linker| {
        let mut option = std::ffi::OsString::from("-Clinker=");
        option.push(linker);
        option
    }));
    let status = command.arg("src/observer/program.rs").status();
    assert!(status.is_ok_and(|status| status.success()), "rustc cannot build the pass-through");
}
