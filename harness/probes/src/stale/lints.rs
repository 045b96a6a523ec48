//! What is an error and what is not: a build that plain Cargo refuses must fail.

use super::{APP, PRINTS_MEMBER, set_argument, set_variable};
use crate::context::ProbeContext;
use crate::fixtures::package;
use crate::{Probe, ProbeResult};

pub(super) const PROBES: &[Probe] = &[
    Probe::rebuild(
        "lints-denied",
        "https://github.com/kunobi-ninja/kache/pull/834 https://github.com/rust-lang/cargo/pull/13958",
        "A member's `[lints]` deny what its source does: the build must fail, as with plain Cargo.",
        lints_denied,
    ),
    Probe::rebuild(
        "lints-denied-by-workspace",
        "https://github.com/kunobi-ninja/kache/pull/834 https://github.com/rust-lang/cargo/pull/13958",
        "The lints a member inherits from the workspace deny what its source does: the build must fail.",
        lints_denied_by_workspace,
    ),
    Probe::rebuild(
        "feature-declared",
        "https://github.com/rust-lang/cargo/pull/13012 https://github.com/mozilla/sccache/issues/2619 \
         https://github.com/kunobi-ninja/kache/pull/834",
        "A source asks for a feature that is declared and not used, then is not declared: the lint must fail.",
        feature_declared,
    ),
    Probe::rebuild(
        "cfg-expected",
        "https://github.com/rust-lang/cargo/pull/13958 https://github.com/kunobi-ninja/kache/pull/834",
        "A source asks for a cfg that `[lints]` expect, then do not: the lint must fail.",
        cfg_expected,
    ),
    Probe::rebuild(
        "warnings-denied-by-rustflags",
        "https://github.com/kunobi-ninja/kache/pull/834",
        "RUSTFLAGS deny warnings, and a member has one: the build must fail.",
        warnings_denied_by_rustflags,
    ),
    Probe::rebuild(
        "dependency-made-private",
        "https://github.com/rust-lang/cargo/issues/16962",
        "A dependency that a member's interface shows is made private, and the lint against it denied.",
        dependency_made_private,
    ),
    Probe::rebuild(
        "module-file-twice",
        "https://github.com/rust-lang/rust/issues/43696",
        "A second file for a module appears beside the first: the build must fail.",
        module_file_twice,
    ),
];

const UNSAFE: &str = "pub fn word() -> char { unsafe { char::from_u32_unchecked(111) } }\n";

/// A tree with a member of this source and manifest.
fn with_member(cx: &mut ProbeContext<'_>, lib: &str, member: &str, more: &str) -> ProbeResult {
    let manifest = format!("[dependencies]\nmember = {{ path = \"member\" }}\n\n[workspace]\n{more}");
    cx.tree(
        APP,
        &[
            ("Cargo.toml", &package(APP, "0.1.0", &manifest)),
            ("src/main.rs", PRINTS_MEMBER),
            ("member/Cargo.toml", member),
            ("member/src/lib.rs", lib),
        ],
    )
}

/// Builds, must not build, and builds again, each in an empty build directory; `change` says
/// which it is to be.
fn allowed_and_refused(
    cx: &mut ProbeContext<'_>,
    says: &str,
    mut change: impl FnMut(&mut ProbeContext<'_>, bool) -> ProbeResult,
) -> ProbeResult {
    for allowed in [true, false, true] {
        change(cx, allowed)?;
        cx.wipe(APP)?;
        if allowed {
            cx.builds(APP, "o")?;
        } else {
            cx.must_not_build(APP, says)?;
        }
    }
    Ok(())
}

fn lints_denied(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let plain = package("member", "0.1.0", "");
    let denying = package("member", "0.1.0", "[lints.rust]\nunsafe_code = \"deny\"\n");
    with_member(cx, UNSAFE, &plain, "")?;
    allowed_and_refused(cx, "unsafe", |cx, allowed| {
        cx.write("ws/app/member/Cargo.toml", if allowed { &plain } else { &denying })
    })
}

fn lints_denied_by_workspace(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let member = package("member", "0.1.0", "[lints]\nworkspace = true\n");
    allowed_and_refused(cx, "unsafe", |cx, allowed| {
        let level = if allowed { "allow" } else { "deny" };
        with_member(cx, UNSAFE, &member, &format!("[workspace.lints.rust]\nunsafe_code = \"{level}\"\n"))
    })
}

fn feature_declared(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = "#[cfg(feature = \"extra\")]\npub fn extra() {}\npub fn word() -> char { 'o' }\n";
    let lints = "[lints.rust]\nunexpected_cfgs = \"deny\"\n";
    allowed_and_refused(cx, "extra", |cx, allowed| {
        let features = if allowed { "[features]\nextra = []\n" } else { "[features]\n" };
        with_member(cx, lib, &package("member", "0.1.0", &format!("{features}{lints}")), "")
    })
}

fn cfg_expected(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = "#[cfg(extra)]\npub fn extra() {}\npub fn word() -> char { 'o' }\n";
    allowed_and_refused(cx, "extra", |cx, allowed| {
        let expected = if allowed { "'cfg(extra)'" } else { "" };
        let lints = format!("[lints.rust]\nunexpected_cfgs = {{ level = \"deny\", check-cfg = [{expected}] }}\n");
        with_member(cx, lib, &package("member", "0.1.0", &lints), "")
    })
}

fn warnings_denied_by_rustflags(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = "fn unused_function() {}\npub fn word() -> char { 'o' }\n";
    with_member(cx, lib, &package("member", "0.1.0", ""), "")?;
    allowed_and_refused(cx, "unused_function", |cx, allowed| {
        cx.settings(APP).rustflags = (!allowed).then(|| "-Dwarnings".to_owned());
        Ok(())
    })
}

fn dependency_made_private(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", "pub struct Shown;\n")])?;
    let lib = "pub fn shows() -> dep::Shown { dep::Shown }\npub fn word() -> char { 'o' }\n";
    // Cargo passes rustc a flag for it that a stable rustc takes only if asked to.
    set_variable(cx, "RUSTC_BOOTSTRAP", "1");
    set_argument(cx, Some("-Zpublic-dependency"));
    allowed_and_refused(cx, "private", |cx, allowed| {
        let dependency = format!(
            "[dependencies]\ndep = {{ version = \"1.0.0\", public = {allowed} \
             }}\n\n[lints.rust]\nexported_private_dependencies = \"deny\"\n"
        );
        let member = format!("cargo-features = [\"public-dependency\"]\n{}", package("member", "0.1.0", &dependency));
        with_member(cx, lib, &member, "")
    })
}

fn module_file_twice(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let lib = "mod inner;\npub fn word() -> char { inner::word() }\n";
    cx.write("ws/app/member/src/inner.rs", "pub fn word() -> char { 'o' }\n")?;
    with_member(cx, lib, &package("member", "0.1.0", ""), "")?;
    allowed_and_refused(cx, "inner/mod.rs", |cx, allowed| match allowed {
        true => cx.write_or_remove("ws/app/member/src/inner", None),
        false => cx.write("ws/app/member/src/inner/mod.rs", "pub fn word() -> char { 'x' }\n"),
    })
}
