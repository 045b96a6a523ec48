//! A local registry: crates packed as a registry serves them, so that Cargo unpacks them below its home.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::ProbeResult;

/// Packs the package in `from` into the registry in `registry`.
pub(crate) fn add(registry: &Path, from: &Path, name: &str, version: &str) -> ProbeResult {
    std::fs::create_dir_all(registry)?;
    let file = registry.join(format!("{name}-{version}.crate"));
    let mut archive = tar::Builder::new(GzEncoder::new(File::create(&file)?, Compression::fast()));
    for entry in walkdir::WalkDir::new(from).sort_by_file_name() {
        let entry = entry.context("cannot walk a package")?;
        let inside = entry.path().strip_prefix(from).unwrap_or(entry.path());
        if entry.file_type().is_file() && entry.file_name() != ".cargo-checksum.json" {
            archive.append_path_with_name(entry.path(), Path::new(&format!("{name}-{version}")).join(inside))?;
        }
    }
    archive.into_inner()?.finish()?;
    let sum: String = Sha256::digest(std::fs::read(&file)?).iter().map(|byte| format!("{byte:02x}")).collect();
    let manifest = std::fs::read_to_string(from.join("Cargo.toml"))?;
    let manifest: Value = toml::from_str(&manifest).context("a generated manifest is wrong")?;
    let kinds = [("dependencies", "normal"), ("build-dependencies", "build"), ("dev-dependencies", "dev")];
    let deps: Vec<Value> = kinds
        .iter()
        .flat_map(|(table, kind)| {
            manifest[table].as_object().into_iter().flatten().map(|(name, it)| dependency(name, it, kind))
        })
        .collect();
    let features = manifest.get("features").cloned().unwrap_or_else(|| json!({}));
    let line = json!({
        "name": name, "vers": version, "deps": deps, "cksum": sum, "features": features, "yanked": false,
        "links": manifest["package"]["links"],
    });
    let index = registry.join("index").join(folder(name));
    std::fs::create_dir_all(&index)?;
    let mut file = File::options().create(true).append(true).open(index.join(name))?;
    Ok(writeln!(file, "{line}")?)
}

/// A dependency as an index has it.
fn dependency(name: &str, table: &Value, kind: &str) -> Value {
    let renamed = table["package"].as_str();
    json!({
        "name": name, "kind": kind, "target": null, "package": renamed,
        "req": table.as_str().or(table["version"].as_str()).unwrap_or("*"),
        "features": table.get("features").cloned().unwrap_or_else(|| json!([])),
        "optional": table["optional"].as_bool().unwrap_or(false),
        "default_features": table["default-features"].as_bool().unwrap_or(true),
    })
}

/// The folder of a crate in an index.
fn folder(name: &str) -> String {
    match name.len() {
        1 | 2 => name.len().to_string(),
        3 => format!("3/{}", &name[..1]),
        _ => format!("{}/{}", &name[..2], &name[2..4]),
    }
}
