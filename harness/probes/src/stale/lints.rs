//! What is an error and what is not: a build that plain Cargo refuses must not be served.

use super::{APP, stale};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "lints-denied",
        "https://github.com/kunobi-ninja/kache/pull/834 https://github.com/rust-lang/cargo/pull/13958",
        "A member's `[lints]` deny what its source does: the build must fail, as with plain Cargo.",
        |bench| refused(bench, UNSAFE, &package("member", "0.1.0", "[lints.rust]\nunsafe_code = \"deny\"\n"), ""),
    ),
    stale(
        "lints-denied-by-workspace",
        "https://github.com/kunobi-ninja/kache/pull/834 https://github.com/rust-lang/cargo/pull/13958",
        "The lints a member inherits from the workspace deny what its source does: the build must fail.",
        lints_denied_by_workspace,
    ),
    stale(
        "feature-declared",
        "https://github.com/rust-lang/cargo/pull/13012 https://github.com/mozilla/sccache/issues/2619 \
         https://github.com/kunobi-ninja/kache/pull/834",
        "A source asks for a feature that is declared and not used, then is not declared: the lint must fail.",
        feature_declared,
    ),
    stale(
        "cfg-expected",
        "https://github.com/rust-lang/cargo/pull/13958 https://github.com/kunobi-ninja/kache/pull/834",
        "A source asks for a cfg that `[lints]` expect, then do not: the lint must fail.",
        cfg_expected,
    ),
    stale(
        "warnings-denied-by-rustflags",
        "https://github.com/kunobi-ninja/kache/pull/834",
        "RUSTFLAGS deny warnings, and a member has one: the build must fail.",
        warnings_denied_by_rustflags,
    ),
    stale(
        "dependency-made-private",
        "https://github.com/rust-lang/cargo/issues/16962",
        "A dependency that a member's interface shows is made private, and the lint against it denied.",
        dependency_made_private,
    ),
    stale(
        "module-file-twice",
        "https://github.com/rust-lang/rust/issues/43696",
        "A second file for a module appears beside the first: the build must fail.",
        module_file_twice,
    ),
];

const UNSAFE: &str = "pub fn word() -> char { unsafe { char::from_u32_unchecked(111) } }\n";

/// A tree with a member of this source and manifest.
fn with_member(bench: &mut Bench<'_>, lib: &str, member: &str, more: &str) -> Told {
    let manifest = format!("[dependencies]\nmember = {{ path = \"member\" }}\n\n[workspace]\n{more}");
    bench.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", &manifest)),
            ("src/main.rs", "fn main() { println!(\"{}\", member::word()); }\n"),
            ("member/Cargo.toml", member),
            ("member/src/lib.rs", lib),
        ],
    )
}

/// Builds, must not build, and builds again, each in an empty build directory; `change` says
/// which it is to be.
fn allowed_and_refused(
    bench: &mut Bench<'_>,
    says: &str,
    mut change: impl FnMut(&mut Bench<'_>, bool) -> Told,
) -> Told {
    for allowed in [true, false, true] {
        change(bench, allowed)?;
        bench.wipe(APP)?;
        if allowed {
            bench.build(APP)?;
            bench.prints(APP, "o")?;
        } else {
            bench.must_not_build(APP, says)?;
        }
    }
    Ok(())
}

/// The member's manifest is plain, then `denying`, then plain.
fn refused(bench: &mut Bench<'_>, lib: &str, denying: &str, more: &str) -> Told {
    let plain = package("member", "0.1.0", "");
    with_member(bench, lib, &plain, more)?;
    allowed_and_refused(bench, "unsafe", |bench, allowed| {
        bench.write("ws/app/member/Cargo.toml", if allowed { &plain } else { denying })
    })
}

fn lints_denied_by_workspace(bench: &mut Bench<'_>) -> Told {
    let member = package("member", "0.1.0", "[lints]\nworkspace = true\n");
    allowed_and_refused(bench, "unsafe", |bench, allowed| {
        let level = if allowed { "allow" } else { "deny" };
        with_member(bench, UNSAFE, &member, &format!("[workspace.lints.rust]\nunsafe_code = \"{level}\"\n"))
    })
}

fn feature_declared(bench: &mut Bench<'_>) -> Told {
    let lib = "#[cfg(feature = \"extra\")]\npub fn extra() {}\npub fn word() -> char { 'o' }\n";
    let lints = "[lints.rust]\nunexpected_cfgs = \"deny\"\n";
    allowed_and_refused(bench, "extra", |bench, allowed| {
        let features = if allowed { "[features]\nextra = []\n" } else { "[features]\n" };
        with_member(bench, lib, &package("member", "0.1.0", &format!("{features}{lints}")), "")
    })
}

fn cfg_expected(bench: &mut Bench<'_>) -> Told {
    let lib = "#[cfg(extra)]\npub fn extra() {}\npub fn word() -> char { 'o' }\n";
    allowed_and_refused(bench, "extra", |bench, allowed| {
        let expected = if allowed { "'cfg(extra)'" } else { "" };
        let lints = format!("[lints.rust]\nunexpected_cfgs = {{ level = \"deny\", check-cfg = [{expected}] }}\n");
        with_member(bench, lib, &package("member", "0.1.0", &lints), "")
    })
}

fn warnings_denied_by_rustflags(bench: &mut Bench<'_>) -> Told {
    let lib = "fn unused_function() {}\npub fn word() -> char { 'o' }\n";
    with_member(bench, lib, &package("member", "0.1.0", ""), "")?;
    allowed_and_refused(bench, "unused_function", |bench, allowed| {
        bench.set(APP).rustflags = (!allowed).then(|| "-Dwarnings".to_owned());
        Ok(())
    })
}

fn dependency_made_private(bench: &mut Bench<'_>) -> Told {
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", "pub struct Shown;\n")])?;
    let lib = "pub fn shows() -> dep::Shown { dep::Shown }\npub fn word() -> char { 'o' }\n";
    // Cargo passes rustc a flag for it that a stable rustc takes only if asked to.
    super::set_variable(bench, "RUSTC_BOOTSTRAP", "1");
    bench.set(APP).args = vec!["-Zpublic-dependency".to_owned()];
    allowed_and_refused(bench, "private", |bench, allowed| {
        let dependency = format!(
            "[dependencies]\ndep = {{ version = \"1.0.0\", public = {allowed} \
             }}\n\n[lints.rust]\nexported_private_dependencies = \"deny\"\n"
        );
        let member = format!("cargo-features = [\"public-dependency\"]\n{}", package("member", "0.1.0", &dependency));
        with_member(bench, lib, &member, "")
    })
}

fn module_file_twice(bench: &mut Bench<'_>) -> Told {
    let lib = "mod inner;\npub fn word() -> char { inner::word() }\n";
    bench.write("ws/app/member/src/inner.rs", "pub fn word() -> char { 'o' }\n")?;
    with_member(bench, lib, &package("member", "0.1.0", ""), "")?;
    allowed_and_refused(bench, "inner/mod.rs", |bench, allowed| match allowed {
        true if !bench.at("ws/app/member/src/inner").exists() => Ok(()),
        true => bench.remove("ws/app/member/src/inner"),
        false => bench.write("ws/app/member/src/inner/mod.rs", "pub fn word() -> char { 'x' }\n"),
    })
}
