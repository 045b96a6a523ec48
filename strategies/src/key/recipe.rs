//! A unit's own description, field by field.
//!
//! The same fields make the base key and are kept beside the entry, so that a later miss
//! can be explained by the first field that differs.

use serde::{Deserialize, Serialize};

use super::{Content, Context, Digest, FieldHasher, Inputs, Key};
use crate::graph::{Graph, UnitIndex};

/// Every input of the base key; what is long, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Package version.
    pub version: String,
    /// Package id, lockfile checksum, root source file.
    pub source: String,
    /// Activated features.
    pub features: String,
    /// The whole profile as Cargo printed it, and its directory.
    pub profile: String,
    /// Target triple, or empty for the host.
    pub platform: String,
    /// `rustc -vV`.
    pub toolchain: String,
    /// RUSTFLAGS and configuration that reaches rustc.
    pub flags: String,
    /// Crate types, edition, mode, target name and kind.
    pub target: String,
    /// Manifests of a local package.
    pub manifest: String,
    /// Dependencies in Cargo's order.
    pub dependencies: Vec<DependencyInput>,
}

/// A dependency as an input of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyInput {
    /// Package name.
    pub package: String,
    /// Name and flags of the edge.
    pub edge: String,
    /// The dependency's key.
    pub key: Key,
    /// Digest of what it hands over.
    pub content: Content,
}

impl Recipe {
    /// Describes a unit. `known` gives key and content of a dependency; one that is unknown
    /// is left out and makes the description incomplete.
    pub fn of(
        graph: &Graph,
        index: UnitIndex,
        context: &Context,
        known: impl Fn(UnitIndex) -> Option<(Key, Content)>,
    ) -> Described {
        let unit = &graph.units[index];
        let mut dependencies = Vec::with_capacity(unit.dependencies.len());
        let mut complete = true;
        for edge in &unit.dependencies {
            match known(edge.index) {
                Some((key, content)) => dependencies.push(DependencyInput {
                    package: graph.units[edge.index].package.name.clone(),
                    edge: edge.label(),
                    key,
                    content,
                }),
                None => complete = false,
            }
        }
        // Cargo orders edges by package id, which holds the workspace's path; ours must not.
        dependencies.sort_by(|a, b| (&a.package, &a.edge, a.key).cmp(&(&b.package, &b.edge, b.key)));
        Described { recipe: Recipe { dependencies, ..Inputs::of(graph, unit, context).recipe() }, complete }
    }

    /// A description of nothing.
    pub(crate) fn empty() -> Recipe {
        let text = String::new;
        Recipe {
            version: text(),
            source: text(),
            features: text(),
            profile: text(),
            platform: text(),
            toolchain: text(),
            flags: text(),
            target: text(),
            manifest: text(),
            dependencies: Vec::new(),
        }
    }

    /// The base key: all fields.
    pub fn base(&self, name: &str) -> Key {
        let dependencies = self.dependencies.iter();
        self.base_on(name, dependencies.map(|dependency| (&*dependency.edge, dependency.key, dependency.content)))
    }

    /// The base key on other dependencies than the recipe's own: edge, key and content of
    /// each, in the order of package, edge and key.
    pub fn base_on<'a>(&self, name: &str, dependencies: impl Iterator<Item = (&'a str, Key, Content)>) -> Key {
        let mut hasher = FieldHasher::new("base key 1");
        hasher.field("name", name);
        let fields = [
            ("version", &self.version),
            ("source", &self.source),
            ("features", &self.features),
            ("profile", &self.profile),
            ("platform", &self.platform),
            ("toolchain", &self.toolchain),
            ("flags", &self.flags),
            ("target", &self.target),
            ("manifest", &self.manifest),
        ];
        for (label, value) in fields {
            hasher.field(label, value);
        }
        for (edge, key, content) in dependencies {
            hasher.field("edge", edge).digest("key", &key).digest("content", &content);
        }
        hasher.finish()
    }
}

/// A recipe, and whether every dependency in it is known.
#[derive(Debug, Clone)]
pub struct Described {
    /// The fields.
    pub recipe: Recipe,
    /// Whether all dependencies are in it, so that a key can be made.
    pub complete: bool,
}

/// The key of a unit from its base key and the digest of what it was seen to read.
pub fn final_key(base: &Key, observed: Option<&Digest>) -> Key {
    let mut hasher = FieldHasher::new("key 1");
    hasher.digest("base", base);
    if let Some(observed) = observed {
        hasher.digest("observed", observed);
    }
    hasher.finish()
}
