//! The inputs of one unit's key, and the key made from them.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Index, IndexMut};

use enum_map::EnumMap;
use records::MissReason;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BaseKey, ContentDigest, Context, Digest, FieldHasher, Input, Key, KeyOptions};
use crate::graph::layout::base_dir;
use crate::graph::{Graph, Unit, UnitIndex};

/// The inputs that a unit has by itself, as texts, and its dependencies. They are kept beside an entry, so that a later
/// miss can be explained.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyInputs {
    #[serde(serialize_with = "write_texts", deserialize_with = "read_texts")]
    texts: EnumMap<Input, String>,
    /// Dependencies by package, edge and key.
    pub dependencies: Vec<DependencyInput>,
}

/// A dependency as an input of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DependencyInput {
    /// Package name.
    pub package: String,
    /// Name and flags of the edge.
    pub edge: String,
    /// The dependency's key.
    pub key: Key,
    /// Digest of what it exports.
    pub content: ContentDigest,
}

/// The inputs of a unit, and whether its key can be made from them.
pub(crate) struct GatheredInputs {
    pub inputs: KeyInputs,
    /// Whether key and content of every dependency are known.
    pub complete: bool,
}

impl Index<Input> for KeyInputs {
    type Output = String;

    fn index(&self, input: Input) -> &String {
        &self.texts[input]
    }
}

impl IndexMut<Input> for KeyInputs {
    fn index_mut(&mut self, input: Input) -> &mut String {
        &mut self.texts[input]
    }
}

impl KeyInputs {
    /// The inputs of a unit but for its dependencies.
    pub fn of_unit(graph: &Graph, unit: &Unit, context: &Context) -> KeyInputs {
        let mut inputs = KeyInputs::default();
        for input in Input::of_unit() {
            inputs[input] = match input {
                Input::Version => unit.package.version.clone(),
                Input::Toolchain => context.toolchain.hex(),
                Input::Platform => platform(graph, unit, context),
                Input::Profile => unit.profile_text.clone(),
                Input::Lto => unit.lto.text(),
                Input::ProfileDirectory => base_dir(graph, unit),
                Input::Features => unit.features.join(","),
                Input::Flags => context.flags.hex(),
                Input::Tools => context.tools(unit),
                Input::Cpu => context.cpu().to_owned(),
                Input::PackageName => unit.package.name.clone(),
                Input::PackageId => context.package(&unit.package),
                Input::Checksum => context.source(unit),
                Input::SourcePath => match unit.is_local() {
                    true => context.relative(unit.target.src_path.as_ref()),
                    // Cargo hashes other paths as they are.
                    false => format!("abs:{}", unit.target.src_path),
                },
                Input::TargetName => unit.target.name.clone(),
                Input::TargetKind => unit.target.kind.join(","),
                Input::CrateTypes => unit.target.crate_types.join(","),
                Input::Edition => unit.target.edition.clone(),
                Input::Mode => unit.mode.as_str().to_owned(),
                Input::BuildStd => if unit.is_std { "std" } else { "" }.to_owned(),
                Input::Manifest => context.manifest_of(unit),
                Input::DependencyNames | Input::DependencyKeys | Input::DependencyContents => continue,
                Input::Files | Input::Variables | Input::WorkspaceRoot | Input::BuildDirectory => continue,
                Input::StaticLibraries | Input::PackageTime => continue,
            };
        }
        inputs
    }

    /// The inputs of a unit. `artifact` gives key and content of a dependency; one without is left out. A text that the
    /// options leave out is empty, so that no miss is explained by it.
    pub(crate) fn gather(
        graph: &Graph,
        index: UnitIndex,
        context: &Context,
        options: &KeyOptions,
        artifact: &dyn Fn(UnitIndex) -> Option<(Key, ContentDigest)>,
    ) -> GatheredInputs {
        let unit = &graph.units[index];
        let mut inputs = KeyInputs::of_unit(graph, unit, context);
        for input in Input::of_unit().filter(|input| !options.has(*input)) {
            inputs[input].clear();
        }
        for edge in &unit.dependencies {
            if let Some((key, content)) = artifact(edge.index) {
                let package = graph.units[edge.index].package.name.clone();
                inputs.dependencies.push(DependencyInput { package, edge: edge.label(), key, content });
            }
        }
        let complete = inputs.dependencies.len() == unit.dependencies.len();
        // Cargo orders edges by package id, which holds the path of the workspace; ours must not.
        inputs.dependencies.sort_by(|a, b| (&a.package, &a.edge, a.key).cmp(&(&b.package, &b.edge, b.key)));
        GatheredInputs { inputs, complete }
    }

    /// What the unit is called among those of its package: [`Unit::slot`].
    pub fn slot(&self) -> String {
        let kind = self[Input::TargetKind].replace(',', "+");
        format!("{kind} {} {}", self[Input::TargetName], self[Input::Mode])
    }

    /// The digest of all texts.
    pub fn own_digest(&self) -> Digest {
        let mut hasher = FieldHasher::new("inputs 2");
        for input in Input::of_unit() {
            hasher.field(input.info().name, &self[input]);
        }
        hasher.finish()
    }

    /// The base key of a unit with these inputs.
    pub fn base_key(&self, options: &KeyOptions) -> BaseKey {
        let dependencies = self.dependencies.iter();
        base_key(&self.own_digest(), dependencies.map(|it| (&*it.edge, it.key, it.content)), options)
    }

    /// The texts in which two units differ.
    fn differences(&self, other: &KeyInputs) -> impl Iterator<Item = Input> {
        Input::of_unit().filter(|input| !is_same(&self[*input], &other[*input]))
    }

    /// The reason that the first differing text gives; `None` where only dependencies may differ.
    pub fn own_difference(&self, other: &KeyInputs) -> Option<MissReason> {
        self.differences(other).next().map(|input| input.info().reason)
    }

    /// In how many ways two units differ: reasons given by their texts, then dependencies.
    pub fn distance(&self, other: &KeyInputs) -> (usize, usize) {
        let (mut reasons, mut last) = (0, None);
        // Inputs with one reason follow each other.
        for reason in self.differences(other).map(|input| input.info().reason) {
            reasons += usize::from(last.replace(reason) != Some(reason));
        }
        let missing = self.dependencies.iter().filter(|dependency| !other.dependencies.contains(dependency)).count();
        let more = self.dependencies.len().abs_diff(other.dependencies.len());
        (reasons, missing + more)
    }
}

/// The base key of a unit, from the digest of its own inputs and edge, key and content of each dependency in the order of
/// package, edge and key.
pub fn base_key<'a>(
    own: &Digest,
    dependencies: impl Iterator<Item = (&'a str, Key, ContentDigest)>,
    options: &KeyOptions,
) -> BaseKey {
    let mut hasher = FieldHasher::new("base key 2");
    hasher.digest("own", own);
    for (edge, key, content) in dependencies {
        for (input, value) in [
            (Input::DependencyNames, edge.as_bytes()),
            (Input::DependencyKeys, key.bytes()),
            (Input::DependencyContents, content.bytes()),
        ] {
            if options.has(input) {
                hasher.field(input.info().name, value);
            }
        }
    }
    BaseKey(hasher.finish())
}

/// The key of a unit from its base key and the digest of what it was seen to read.
pub fn final_key(base: &BaseKey, observed: Option<&Digest>) -> Key {
    let mut hasher = FieldHasher::new("key 2");
    hasher.digest("base", base);
    if let Some(observed) = observed {
        hasher.digest("observed", observed);
    }
    Key(hasher.finish())
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

/// Length of a digest in hexadecimal; longer texts are stored as one, since entries are read at every lookup.
const LONGEST: usize = 64;

fn is_same(one: &str, other: &str) -> bool {
    let is_stored_as = |text: &str, stored: &str| {
        text.len() > LONGEST && stored.len() == LONGEST && Digest::of(text.as_bytes()).hex() == stored
    };
    one == other || is_stored_as(one, other) || is_stored_as(other, one)
}

fn write_texts<S: Serializer>(texts: &EnumMap<Input, String>, serializer: S) -> Result<S::Ok, S::Error> {
    let stored = |text: &'_ String| match text.len() > LONGEST {
        true => Digest::of(text.as_bytes()).hex(),
        false => text.clone(),
    };
    let texts = texts.iter().filter(|(_, text)| !text.is_empty());
    serializer.collect_map(texts.map(|(input, text)| (input.info().name, stored(text))))
}

fn read_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EnumMap<Input, String>, D::Error> {
    struct Texts;
    impl<'de> Visitor<'de> for Texts {
        type Value = EnumMap<Input, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("texts by the names of inputs")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut texts = EnumMap::default();
            while let Some((name, text)) = map.next_entry::<Cow<'de, str>, String>()? {
                if let Some(input) = Input::by_name(&name) {
                    texts[input] = text;
                }
            }
            Ok(texts)
        }
    }
    deserializer.deserialize_map(Texts)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::key::InputStage;

    fn sample() -> KeyInputs {
        let mut inputs = KeyInputs::default();
        Input::of_unit().for_each(|input| inputs[input] = format!("{input:?}").repeat(8));
        let (key, content) = (Key::of(b"key"), ContentDigest::of(b"content"));
        inputs.dependencies.push(DependencyInput { package: "a".into(), edge: "a ".into(), key, content });
        inputs
    }

    #[test]
    fn every_input_of_units_and_dependencies_changes_the_base_key_unless_it_is_left_out() {
        let plain = KeyOptions::default();
        let mut keys = HashSet::from([sample().base_key(&plain)]);
        let early: Vec<Input> = Input::all().filter(|input| input.info().stage != InputStage::Observed).collect();
        for &input in &early {
            let mut changed = sample();
            match input {
                Input::DependencyNames => changed.dependencies[0].edge.push('x'),
                Input::DependencyKeys => changed.dependencies[0].key = Key::of(b"x"),
                Input::DependencyContents => changed.dependencies[0].content = ContentDigest::of(b"x"),
                _ => changed[input].push('x'),
            }
            assert!(keys.insert(changed.base_key(&plain)), "{input:?}");
            let without = KeyOptions::without([input]);
            let key = |mut inputs: KeyInputs| {
                inputs[input].clear();
                inputs.base_key(&without)
            };
            assert_eq!(key(changed), key(sample()), "{input:?}");
        }
        assert_eq!(keys.len(), early.len() + 1);
    }

    #[test]
    fn stored_inputs_explain_as_those_they_were() {
        let json = serde_json::to_string(&sample()).unwrap();
        let stored: KeyInputs = serde_json::from_str(&json).unwrap();
        assert_ne!(stored[Input::ProfileDirectory], sample()[Input::ProfileDirectory], "stored as a digest");
        assert_eq!((sample().own_difference(&stored), stored.distance(&sample())), (None, (0, 0)));
        for input in Input::of_unit() {
            let mut changed = sample();
            changed[input].push('x');
            assert_eq!(changed.own_difference(&stored), Some(input.info().reason));
            assert_eq!(stored.distance(&changed), (1, 0));
        }
    }
}
