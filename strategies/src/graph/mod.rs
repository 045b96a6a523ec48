//! Cargo's view of a build: the unit graph before it, the JSON messages after it, and the
//! unit directories both end in.
//!
//! - [`parse`]: `cargo build --unit-graph` → [`Graph`]
//! - [`package`]: package ids and where a package comes from
//! - [`messages`]: `--message-format=json` → which unit directories a build used
//! - [`layout`]: where a unit's files live, and which of them may be shared
//! - [`matching`]: which unit of the graph is which directory
//! - [`Lto`]: what link-time optimisation asks of each unit

pub mod layout;
mod lto;
pub mod matching;
pub mod messages;
pub mod package;
pub mod parse;

use serde::Deserialize;

pub use lto::Lto;
pub use package::{PackageId, PackageSource};

/// Index of a unit in its [`Graph`].
pub type UnitIndex = usize;

/// The unit graph of one Cargo invocation.
#[derive(Debug, Clone)]
pub struct Graph {
    /// Every unit, in Cargo's order.
    pub units: Vec<Unit>,
    /// What the user asked for.
    pub roots: Vec<UnitIndex>,
    /// Every unit once, dependencies before dependents.
    pub order: Vec<UnitIndex>,
}

/// One node of the unit graph: one run of rustc, or of a build script.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The package it belongs to.
    pub package: PackageId,
    /// The target of that package.
    pub target: UnitTarget,
    /// The profile, field by field.
    pub profile: Profile,
    /// The profile exactly as Cargo printed it, so that fields unknown here still count.
    pub profile_text: String,
    /// What link-time optimisation asks of it, which follows from the roots.
    pub lto: Lto,
    /// The target triple; `None` is the host without `--target`.
    pub platform: Option<String>,
    /// What is done with the target.
    pub mode: Mode,
    /// Activated features, sorted by Cargo.
    pub features: Vec<String>,
    /// Part of a `-Zbuild-std` build.
    pub is_std: bool,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// A target of a package.
#[derive(Debug, Clone, Deserialize)]
pub struct UnitTarget {
    /// `lib`, `bin`, `proc-macro`, `custom-build`, …
    pub kind: Vec<String>,
    /// Crate types handed to rustc.
    pub crate_types: Vec<String>,
    /// The target's name, dashes kept.
    pub name: String,
    /// Absolute path of the root source file.
    pub src_path: String,
    /// Edition of the source.
    pub edition: String,
}

impl UnitTarget {
    /// Whether the target is a procedural macro.
    pub fn is_proc_macro(&self) -> bool {
        self.kind.iter().any(|kind| kind == "proc-macro")
    }

    /// Whether the target is a build script.
    pub fn is_build_script(&self) -> bool {
        self.kind.iter().any(|kind| kind == "custom-build")
    }

    /// Whether rustc makes a library that other crates can name.
    pub fn is_linkable(&self) -> bool {
        self.crate_types.iter().any(|kind| matches!(kind.as_str(), "lib" | "rlib" | "dylib"))
    }

    /// Whether other units are compiled with what it makes: only what is not may have a time that people look at.
    pub(crate) fn is_dependency(&self) -> bool {
        self.is_linkable() || self.is_proc_macro()
    }

    /// The first kind, which decides how Cargo names the unit's fingerprint.
    pub(crate) fn main_kind(&self) -> &str {
        self.kind.first().map_or("lib", String::as_str)
    }

    /// The kinds joined, for labels and records.
    pub fn kind_label(&self) -> String {
        self.kind.join("+")
    }
}

/// The profile fields that Cargo's messages repeat, used to distinguish units.
#[derive(Debug, Clone, Deserialize)]
pub struct Profile {
    /// `dev`, `release`, …
    pub name: String,
    /// `0` to `3`, `s`, `z`.
    pub opt_level: String,
    /// `false`, `true`, `off`, `thin` or `fat`.
    #[serde(default = "no_lto")]
    pub lto: String,
    /// A number or a name such as `line-tables-only`; absent means none.
    #[serde(default)]
    pub debuginfo: serde_json::Value,
    /// Whether `debug_assertions` is on.
    pub debug_assertions: bool,
    /// Whether overflow checks are on.
    pub overflow_checks: bool,
}

fn no_lto() -> String {
    "false".to_owned()
}

/// What Cargo does with a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Compile it.
    Build,
    /// Compile metadata only (`cargo check`).
    Check,
    /// Compile the test harness.
    Test,
    /// Run a compiled build script.
    RunCustomBuild,
    /// Anything else: doc, doctest, docscrape, …
    Other(String),
}

impl Mode {
    /// The mode that Cargo calls by this name.
    pub fn of(name: &str) -> Mode {
        match name {
            "build" => Mode::Build,
            "check" => Mode::Check,
            "test" => Mode::Test,
            "run-custom-build" => Mode::RunCustomBuild,
            other => Mode::Other(other.to_owned()),
        }
    }

    /// Cargo's own name for the mode.
    pub fn as_str(&self) -> &str {
        match self {
            Mode::Build => "build",
            Mode::Check => "check",
            Mode::Test => "test",
            Mode::RunCustomBuild => "run-custom-build",
            Mode::Other(name) => name,
        }
    }
}

/// An edge of the unit graph.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The unit depended on.
    pub index: UnitIndex,
    /// The name the dependent knows it by.
    pub extern_name: String,
    /// The flags Cargo printed with the edge (`public`, `noprelude`, …), as text.
    pub flags: String,
}

impl Dependency {
    /// Name and flags, as they enter the dependent's key.
    pub fn label(&self) -> String {
        format!("{} {}", self.extern_name, self.flags)
    }
}

impl Unit {
    /// Whether the package's source can change under the same package id: a path package.
    pub fn is_local(&self) -> bool {
        matches!(self.package.source, PackageSource::Path(_))
    }

    /// Whether this unit runs a build script.
    pub fn is_script_run(&self) -> bool {
        self.mode == Mode::RunCustomBuild
    }

    /// What all builds of the unit have in common, whatever their keys: target kind, target name and mode.
    pub fn slot(&self) -> String {
        format!("{} {} {}", self.target.kind_label(), self.target.name, self.mode.as_str())
    }

    /// A short label for people: `serde 1.0.1 (lib)`.
    pub fn label(&self) -> String {
        let what = if self.is_script_run() { "run" } else { self.target.main_kind() };
        format!("{} {} ({what})", self.package.name, self.package.version)
    }
}
