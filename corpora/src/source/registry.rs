//! A published package, fetched by Cargo itself.
//!
//! Cargo knows about mirrors, replaced sources, proxies and credentials, and verifies what it downloads, so it does
//! everything. A package of ours that depends on `=version` makes Cargo resolve it; the checksum in the resulting
//! lockfile is the registry's word and must be the manifest's. `cargo info` then downloads just that package, and the
//! sources are copied out of the Cargo home. A replaced source may keep its files elsewhere (a vendored directory, a
//! local registry): then `cargo vendor` copies them, for whichever source is configured. No archive is unpacked here
//! and nothing of the package is run.

use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use fs_err as fs;

use super::FetchCause;
use crate::cargo::CargoProgram;
use crate::checkout;
use crate::manifest::PublishedPackage;
use crate::pins::Checksum;
use crate::slot::sha256;

pub(crate) fn fetch(
    cargo: &CargoProgram,
    name: &str,
    version: &Version,
    checksum: &Checksum,
    stage: &Path,
) -> Result<(), FetchCause> {
    unpack(cargo, name, version, checksum, stage, &stage.join("tree"))?;
    match stage.join("tree/Cargo.lock").is_file() {
        true => Ok(()),
        false => Err(FetchCause::NoLockfile(format!("{name} {version}"))),
    }
}

/// Packages as members of one workspace, each in a directory of its name. The `path` of what they depend on among
/// themselves, which publishing takes out of a manifest, is put back.
pub(crate) fn fetch_members(
    cargo: &CargoProgram,
    packages: &[PublishedPackage],
    lockfile: &str,
    stage: &Path,
) -> Result<(), FetchCause> {
    let tree = stage.join("tree");
    for PublishedPackage { name, version, checksum } in packages {
        let member = tree.join(name);
        unpack(cargo, name, version, checksum, stage, &member)?;
        let manifest = member.join("Cargo.toml");
        let unreadable = |why: &dyn std::fmt::Display| FetchCause::BadPath(manifest.clone(), why.to_string());
        let mut table: toml::Table = fs::read_to_string(&manifest)?.parse().map_err(|error| unreadable(&error))?;
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let dependencies = table.get_mut(kind).and_then(toml::Value::as_table_mut).into_iter().flatten();
            for (other, dependency) in dependencies.filter(|(other, _)| packages.iter().any(|it| it.name == **other)) {
                if let Some(dependency) = dependency.as_table_mut() {
                    dependency.insert("path".to_owned(), format!("../{other}").into());
                }
            }
        }
        let text = toml::to_string(&table).map_err(|error| unreadable(&error))?;
        fs::write(&manifest, text)?;
    }
    let members: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    fs::write(tree.join("Cargo.toml"), format!("[workspace]\nresolver = \"2\"\nmembers = {members:?}\n"))?;
    Ok(fs::write(tree.join("Cargo.lock"), lockfile)?)
}

/// The sources of a package in the directory `to`.
fn unpack(
    cargo: &CargoProgram,
    name: &str,
    version: &Version,
    checksum: &Checksum,
    stage: &Path,
    to: &Path,
) -> Result<(), FetchCause> {
    let package = format!("{name} {version}");
    let resolver = stage.join("resolver");
    write_resolver(&resolver, name, version)?;
    cargo.run(&resolver, &["generate-lockfile"])?;
    let found = locked_checksum(&resolver.join("Cargo.lock"), name, version)?;
    if found != checksum.as_str() {
        return Err(FetchCause::Checksum(package, checksum.to_string(), found));
    }
    let spec = format!("{name}@{version}");
    // It may fail where vendoring works, so its failure counts only when both do.
    let info = cargo.run(&resolver, &["info", "--quiet", "--registry", "crates-io", &spec]);
    let from = match downloaded(cargo, name, version, checksum) {
        Some(dir) => dir,
        None => vendored(cargo, &resolver, name, version).map_err(|error| match info {
            Err(first) => first.into(),
            Ok(_) => error,
        })?,
    };
    checkout::copy_tree(&from, to, &[])?;
    Ok(fs::remove_dir_all(&resolver)?)
}

/// The package that makes Cargo resolve the one wanted. It is its own workspace root.
fn write_resolver(dir: &Path, name: &str, version: &Version) -> std::io::Result<()> {
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    let manifest = format!(
        "[package]\nname = \"resolver\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nwanted = {{ package = \"{name}\", version = \"={version}\" }}\n\n\
         [workspace]\n"
    );
    fs::write(dir.join("Cargo.toml"), manifest)
}

#[derive(serde::Deserialize)]
struct ResolvedLockfile {
    #[serde(default)]
    package: Vec<ResolvedPackage>,
}

#[derive(serde::Deserialize)]
struct ResolvedPackage {
    name: String,
    version: String,
    checksum: Option<String>,
}

fn locked_checksum(lock: &Path, name: &str, version: &Version) -> Result<String, FetchCause> {
    let text = fs::read_to_string(lock)?;
    let parsed: Option<ResolvedLockfile> = toml::from_str(&text).ok();
    let packages = parsed.map(|lock| lock.package).unwrap_or_default();
    let wanted = version.to_string();
    let found = packages.into_iter().find(|package| package.name == name && package.version == wanted);
    found
        .and_then(|package| package.checksum)
        .ok_or_else(|| FetchCause::NotFound(format!("{name} {version}"), ": its lockfile has no checksum for it"))
}

/// The unpacked sources in the Cargo home, next to an archive with the pinned checksum. Several
/// registries may have a package of one name and version; the archive decides which is meant.
fn downloaded(cargo: &CargoProgram, name: &str, version: &Version, checksum: &Checksum) -> Option<PathBuf> {
    let registry = cargo.cargo_home()?.join("registry");
    for entry in fs::read_dir(registry.join("src")).ok()?.flatten() {
        let unpacked = entry.path().join(format!("{name}-{version}"));
        let archive = registry.join("cache").join(entry.file_name()).join(format!("{name}-{version}.crate"));
        // Cargo writes this file when it has unpacked everything.
        let whole = unpacked.join(".cargo-ok").is_file();
        if whole && fs::read(archive).is_ok_and(|bytes| sha256(&bytes) == checksum.as_str()) {
            return Some(unpacked);
        }
    }
    None
}

fn vendored(cargo: &CargoProgram, resolver: &Path, name: &str, version: &Version) -> Result<PathBuf, FetchCause> {
    let args = ["vendor", "--quiet", "--locked", "--versioned-dirs", "--respect-source-config", "vendored"];
    cargo.run(resolver, &args)?;
    let dir = resolver.join("vendored").join(format!("{name}-{version}"));
    if dir.is_dir() {
        return Ok(dir);
    }
    Err(FetchCause::NotFound(format!("{name} {version}"), ", neither in its home nor by `cargo vendor`"))
}
