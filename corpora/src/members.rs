//! The files whose edits affect the most and the fewest members: of the leaf and the root member.
//!
//! Cargo describes the members; nothing is resolved, downloaded or compiled.
//!
//! Only members that a plain `cargo build` is sure to compile are looked at: the default ones
//! and what they depend on without a condition. A dependency that is optional or for some
//! platforms only is no reason to edit a file that may not be compiled.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, Package, Target, TargetKind};

use crate::cargo::{CargoError, CargoProgram};

/// The files to edit, relative to the root of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditTargets {
    /// The library root, else the main binary's, of the member that most others depend on.
    pub leaf: PathBuf,
    /// The main binary's root, else the library's, of the member that depends on most others.
    pub root: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum MembersError {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error("cannot read the output of `cargo metadata` in {}: {}", .0.display(), .1)]
    Metadata(PathBuf, serde_json::Error),
    #[error("no member of the workspace in {} has a library or binary inside {}", .0.display(), .1.display())]
    NoSource(PathBuf, PathBuf),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The leaf and the root member of the workspace that Cargo finds in `dir`, which is `tree` or a directory in it.
///
/// Leaf is the member that most others depend on, directly or not; of equals the one with the fewest member
/// dependencies of its own, then by name. Root is the one that depends on most others, so it is a default member; of
/// equals one with a binary, then by name. Normal and build dependencies count. A procedural macro is used only where
/// there is nothing else, and a binary that the default features do not build only where there is no procedural macro
/// either. Fails when Cargo cannot read the manifests, or no member has a library or binary inside the tree.
pub fn members(cargo: &CargoProgram, dir: &Path, tree: &Path) -> Result<EditTargets, MembersError> {
    let dir = fs_err::canonicalize(dir)?;
    let tree = fs_err::canonicalize(tree)?;
    let stdout = cargo.run_on_manifest(&dir, &["metadata", "--no-deps", "--offline", "--format-version=1"])?;
    let metadata: Metadata =
        serde_json::from_slice(&stdout).map_err(|error| MembersError::Metadata(dir.clone(), error))?;
    choose(&describe(&metadata, &tree)).ok_or(MembersError::NoSource(dir, tree))
}

/// What decides whether a member is leaf or root, and its files.
struct MemberFacts {
    name: String,
    default: bool,
    /// The root of a library that is no procedural macro.
    lib: Option<PathBuf>,
    bin: Option<PathBuf>,
    gated: Option<PathBuf>,
    proc_macro: Option<PathBuf>,
    /// The members it depends on directly, as positions in the list.
    needs: BTreeSet<usize>,
}

fn describe(metadata: &Metadata, tree: &Path) -> Vec<MemberFacts> {
    let packages = metadata.workspace_packages();
    let positions: BTreeMap<_, _> =
        packages.iter().enumerate().filter_map(|(at, package)| Some((package.manifest_path.parent()?, at))).collect();
    let defaults = &metadata.workspace_default_members;
    let all = packages.iter().map(|package| {
        let sure = package.dependencies.iter().filter(|dependency| {
            let kind = matches!(dependency.kind, DependencyKind::Normal | DependencyKind::Build);
            kind && !dependency.optional && dependency.target.is_none()
        });
        let needs = sure.filter_map(|dependency| positions.get(dependency.path.as_deref()?).copied());
        let features = by_default(package);
        let is_built = |bin: &Target| bin.required_features.iter().all(|feature| features.contains(feature.as_str()));
        MemberFacts {
            name: package.name.to_string(),
            default: defaults.is_missing() || defaults.contains(&package.id),
            lib: package.targets.iter().find(|target| is_lib(target)).and_then(|target| inside(target, tree)),
            bin: main_bin(package, tree, is_built),
            gated: main_bin(package, tree, |bin| !is_built(bin)),
            proc_macro: package.targets.iter().find(|t| t.is_proc_macro()).and_then(|target| inside(target, tree)),
            needs: needs.collect(),
        }
    });
    all.collect()
}

fn is_lib(target: &Target) -> bool {
    use TargetKind::{CDyLib, DyLib, Lib, RLib, StaticLib};
    target.kind.iter().any(|kind| matches!(kind, Lib | RLib | DyLib | CDyLib | StaticLib))
}

/// The features that are on where nobody chooses any.
fn by_default(package: &Package) -> BTreeSet<&str> {
    let mut on = BTreeSet::new();
    let mut next = vec!["default"];
    while let Some(feature) = next.pop() {
        if on.insert(feature) {
            next.extend(package.features.get(feature).into_iter().flatten().map(String::as_str));
        }
    }
    on
}

/// The root of the binary that `cargo run` would start, else of the one with the package's name,
/// else of the first; among those that `wanted` accepts and that are inside the tree.
fn main_bin(package: &Package, tree: &Path, wanted: impl Fn(&Target) -> bool) -> Option<PathBuf> {
    let bins = package.targets.iter().filter(|target| target.is_bin() && wanted(target));
    let bins = bins.filter_map(|bin| Some((bin, inside(bin, tree)?)));
    let main = bins.min_by_key(|(bin, _)| {
        let default = package.default_run.as_ref() == Some(&bin.name);
        (!default, bin.name != package.name.as_str())
    });
    main.map(|(_, root)| root)
}

/// The target's root file relative to the tree, if it is there.
fn inside(target: &Target, tree: &Path) -> Option<PathBuf> {
    let file = target.src_path.canonicalize().ok()?;
    Some(file.strip_prefix(tree).ok()?.to_owned())
}

fn choose(members: &[MemberFacts]) -> Option<EditTargets> {
    let reach: Vec<_> = (0..members.len()).map(|at| reach(members, at)).collect();
    let built = |at: usize| {
        let mut by = members.iter().zip(&reach);
        members[at].default || by.any(|(member, reached)| member.default && reached.contains(&at))
    };
    let built: Vec<_> = (0..members.len()).filter(|at| built(*at)).collect();
    let dependents = |at: usize| built.iter().filter(|other| reach[**other].contains(&at)).count();
    let rank = |at: usize| match &members[at] {
        MemberFacts { lib: Some(_), .. } | MemberFacts { bin: Some(_), .. } => Some(0),
        MemberFacts { proc_macro: Some(_), .. } => Some(1),
        MemberFacts { gated, .. } => gated.as_ref().map(|_| 2),
    };
    let editable = || built.iter().copied().filter(|at| rank(*at).is_some());
    let leaf = editable().min_by_key(|at| {
        let member = &members[*at];
        (rank(*at), Reverse(dependents(*at)), reach[*at].len(), &member.name)
    })?;
    let root = editable().min_by_key(|at| {
        let member = &members[*at];
        (rank(*at), Reverse(reach[*at].len()), member.bin.is_none(), &member.name)
    })?;
    let (leaf, root) = (&members[leaf], &members[root]);
    let otherwise = |member: &MemberFacts| member.proc_macro.clone().or(member.gated.clone());
    let leaf = leaf.lib.clone().or(leaf.bin.clone()).or(otherwise(leaf))?;
    let root = root.bin.clone().or(root.lib.clone()).or(otherwise(root))?;
    Some(EditTargets { leaf, root })
}

/// Positions of all other members that the one at `from` depends on, directly or not.
fn reach(members: &[MemberFacts], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        next.extend(members[at].needs.iter().copied().filter(|need| reached.insert(*need)));
    }
    reached.remove(&from);
    reached
}
