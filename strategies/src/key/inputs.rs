//! A unit's own inputs in plain text, before any of them is hashed.
//!
//! A [`Recipe`] holds long inputs by their digests, which is enough to tell two apart. Who
//! asks what a key would be without one of them (a replay of many workspaces under relaxed
//! keys) needs them one by one; what they become is decided here for both.

use super::{Context, FieldHasher, Recipe};
use crate::graph::layout::base_dir;
use crate::graph::{Graph, Source, Unit};
use crate::units::plan::base_name;

/// Every input of a unit's base key but its dependencies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Inputs {
    /// Package name, target kind, target name and mode: [`base_name`].
    pub name: String,
    /// Package version.
    pub version: String,
    /// Package id; the workspace's place in it replaced.
    pub package: String,
    /// Checksum or commit from the lockfile; empty for path packages.
    pub checksum: String,
    /// Root source file: `ws:` relative to the workspace, else `abs:`.
    pub path: String,
    /// Activated features, joined by commas.
    pub features: String,
    /// The profile as Cargo printed it.
    pub profile: String,
    /// Triple and profile below the build directory: `debug`, `x86_64-…/release`.
    pub directory: String,
    /// Target triple, or empty for the host.
    pub platform: String,
    /// Digest of `rustc -vV`, hexadecimal.
    pub toolchain: String,
    /// Digest of RUSTFLAGS and of the configuration that reaches rustc, hexadecimal.
    pub flags: String,
    /// Name of the target.
    pub target: String,
    /// Kinds of the target, joined by commas.
    pub kind: String,
    /// Crate types, joined by commas.
    pub crate_types: String,
    /// Edition.
    pub edition: String,
    /// What Cargo does with the target.
    pub mode: String,
    /// Part of a `-Zbuild-std` build.
    pub is_std: bool,
    /// Digest of a local package's manifests, hexadecimal; else empty.
    pub manifest: String,
}

impl Inputs {
    /// The inputs of a unit.
    pub fn of(graph: &Graph, unit: &Unit, context: &Context) -> Inputs {
        Inputs {
            name: base_name(unit),
            version: unit.package.version.clone(),
            package: context.package(&unit.package),
            checksum: context.checksum(&unit.package).to_owned(),
            path: context.relative(unit.target.src_path.as_ref()),
            features: unit.features.join(","),
            profile: unit.profile_text.clone(),
            directory: base_dir(graph, unit),
            platform: platform(graph, unit, context),
            toolchain: context.toolchain.hex(),
            flags: context.flags.hex(),
            target: unit.target.name.clone(),
            kind: unit.target.kind.join(","),
            crate_types: unit.target.crate_types.join(","),
            edition: unit.target.edition.clone(),
            mode: unit.mode.as_str().to_owned(),
            is_std: unit.is_std,
            manifest: match &unit.package.source {
                Source::Path(dir) => context.manifests(dir).hex(),
                Source::Registry | Source::Git => String::new(),
            },
        }
    }

    /// The recipe of a unit with these inputs that depends on nothing.
    pub fn recipe(self) -> Recipe {
        let digest = |fields: &[(&str, &str)]| {
            let mut hasher = FieldHasher::new("recipe");
            for (label, value) in fields {
                hasher.field(label, value);
            }
            hasher.finish().hex()
        };
        Recipe {
            source: digest(&[("package", &self.package), ("checksum", &self.checksum), ("path", &self.path)]),
            profile: digest(&[("fields", &self.profile), ("directory", &self.directory)]),
            target: digest(&[
                ("name", &self.target),
                ("kind", &self.kind),
                ("crate types", &self.crate_types),
                ("edition", &self.edition),
                ("mode", &self.mode),
                ("std", if self.is_std { "yes" } else { "no" }),
            ]),
            version: self.version,
            features: self.features,
            platform: self.platform,
            toolchain: self.toolchain,
            flags: self.flags,
            manifest: self.manifest,
            dependencies: Vec::new(),
        }
    }
}

/// The triple; for a host unit, whether RUSTFLAGS reach it, which `--target` prevents.
fn platform(graph: &Graph, unit: &Unit, context: &Context) -> String {
    match &unit.platform {
        Some(triple) => triple.clone(),
        None if context.rustflags && graph.units.iter().any(|unit| unit.platform.is_some()) => {
            "host, without RUSTFLAGS".to_owned()
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Digest;

    /// Changes one input of a unit.
    type Change = fn(&mut Inputs);

    #[test]
    fn every_input_changes_the_base_key() {
        let key = |change: Change| {
            let mut inputs = Inputs::default();
            change(&mut inputs);
            let name = inputs.name.clone();
            inputs.recipe().base(&name)
        };
        let changes: [Change; 18] = [
            |it| it.name.push('x'),
            |it| it.version.push('x'),
            |it| it.package.push('x'),
            |it| it.checksum.push('x'),
            |it| it.path.push('x'),
            |it| it.features.push('x'),
            |it| it.profile.push('x'),
            |it| it.directory.push('x'),
            |it| it.platform.push('x'),
            |it| it.toolchain.push('x'),
            |it| it.flags.push('x'),
            |it| it.target.push('x'),
            |it| it.kind.push('x'),
            |it| it.crate_types.push('x'),
            |it| it.edition.push('x'),
            |it| it.mode.push('x'),
            |it| it.is_std = true,
            |it| it.manifest.push('x'),
        ];
        let mut keys: Vec<Digest> = changes.into_iter().map(key).chain([key(|_| ())]).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), changes.len() + 1);
    }
}
