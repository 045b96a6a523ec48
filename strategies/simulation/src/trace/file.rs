//! The format of a trace on disk; `simulation/FORMAT.md` describes it.

use std::io::{Error, Read, Write};
use std::path::{Path, PathBuf};

use enum_map::EnumMap;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use strategies::key::Input;

use super::{
    About, Edge, Node, NodeId, Text, Trace, TraceAction, TraceEvent, TracePlan, TraceSource, TraceUnit, TraceWorkspace,
};

pub(crate) const VERSION: u32 = 1;

const MAGIC: &str = "cargo-cache-trace ";

/// Tables of a hundred million unit builds are smaller; more is not read into memory.
const MOST_PACKED_BYTES: u64 = 8 << 30;

/// Why a trace could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file could not be read.
    #[error("cannot read the trace {0}: {1}")]
    Read(PathBuf, Error),
    /// The file could not be written.
    #[error("cannot write the trace {0}: {1}")]
    Write(PathBuf, Error),
    /// It is something else.
    #[error("{0} is no trace; `harness trace collect` makes one")]
    Foreign(PathBuf),
    /// It was written by another version of this program.
    #[error("the trace {0} has version {1}, this harness reads version {VERSION}; collect it anew")]
    Version(PathBuf, String),
    /// It ends early, or was changed.
    #[error("the trace {0} is damaged: {1}; collect it anew")]
    Damaged(PathBuf, String),
}

/// Collected by `harness trace collect` from real workspaces; its first lines name them.
static CENSUS: &[u8] = include_bytes!("../../traces/census.trace");

/// The trace that comes with the harness.
///
/// # Errors
/// When the harness was built with a trace of another version of the format.
pub fn census() -> Result<Trace, TraceError> {
    Trace::parse(CENSUS, Path::new("strategies/simulation/traces/census.trace"))
}

impl Trace {
    /// Reads and checks a trace.
    ///
    /// # Errors
    /// When there is none, or it does not hold together.
    pub fn read(path: &Path) -> Result<Trace, TraceError> {
        let bytes = std::fs::read(path).map_err(|error| TraceError::Read(path.to_owned(), error))?;
        Trace::parse(&bytes, path)
    }

    /// Reads a trace from bytes; `path` is for messages.
    ///
    /// # Errors
    /// When it is none, or does not hold together.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Trace, TraceError> {
        let path = path.to_owned();
        let Some((magic, rest)) = line(bytes) else { return Err(TraceError::Foreign(path)) };
        let Some(version) = magic.strip_prefix(MAGIC) else { return Err(TraceError::Foreign(path)) };
        if version != VERSION.to_string() {
            return Err(TraceError::Version(path, version.chars().take(20).collect()));
        }
        unpack(rest).map_err(|what| TraceError::Damaged(path, what))
    }

    pub(crate) fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let about = serde_json::to_string(&self.about)?;
        let units: Vec<PackedUnit> = self.units.iter().map(unit_row).collect();
        let workspaces: Vec<(Text, u32)> = self.workspaces.iter().map(|it| (it.name, UNUSED)).collect();
        let tables = (&self.strings, &units, &self.nodes, &self.edges, &workspaces, &self.plans, &self.events);
        let mut raw = postcard::to_stdvec(&tables).map_err(Error::other)?;
        for input in further_inputs() {
            let column: Vec<Text> = self.units.iter().map(|unit| unit[input]).collect();
            raw.extend(postcard::to_stdvec(&(input.info().name, column)).map_err(Error::other)?);
        }
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::new(6));
        packer.write_all(&raw)?;
        let packed = packer.finish()?;
        let mut bytes = format!("{MAGIC}{VERSION}\n{about}\n").into_bytes();
        bytes.extend((raw.len() as u64).to_le_bytes());
        bytes.extend((packed.len() as u64).to_le_bytes());
        bytes.extend(digest(about.as_bytes(), &packed).as_bytes());
        bytes.extend(packed);
        Ok(bytes)
    }

    /// Writes the trace; a file that was there is replaced at once or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TraceError> {
        let written = || -> std::io::Result<()> {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::create_dir_all(dir)?;
            let mut part = path.as_os_str().to_owned();
            part.push(".part");
            let done = std::fs::write(&part, self.to_bytes()?).and_then(|()| std::fs::rename(&part, path));
            if done.is_err() {
                let _ = std::fs::remove_file(&part);
            }
            done
        };
        written().map_err(|error| TraceError::Write(path.to_owned(), error))
    }
}

/// The tables as they are written, but for the columns of further inputs.
type PackedTables =
    (Vec<String>, Vec<PackedUnit>, Vec<Node>, Vec<Edge>, Vec<(Text, u32)>, Vec<TracePlan>, Vec<TraceEvent>);

/// A unit as it is written: name, inputs, source, inputs, whether it is of the standard library, the manifest, what is
/// observed, a day that is no longer read, what is watched.
type PackedUnit = (Text, [Text; 2], TraceSource, [Text; 14], bool, [Text; 2], u32, Text);

/// In the place of days of publication, of a unit and of a workspace's newest, which traces once had.
const UNUSED: u32 = 0;

const FIRST_INPUTS: [Input; 2] = [Input::PackageName, Input::Version];
const INPUTS: [Input; 14] = [
    Input::PackageId,
    Input::Checksum,
    Input::SourcePath,
    Input::Features,
    Input::Profile,
    Input::ProfileDirectory,
    Input::Platform,
    Input::Toolchain,
    Input::Flags,
    Input::TargetName,
    Input::TargetKind,
    Input::CrateTypes,
    Input::Edition,
    Input::Mode,
];

/// Inputs that keys have got since the first version: a column each behind the tables, with its name.
fn further_inputs() -> impl Iterator<Item = Input> {
    let known = |input: &Input| {
        FIRST_INPUTS.contains(input) || INPUTS.contains(input) || [Input::BuildStd, Input::Manifest].contains(input)
    };
    Input::of_unit().filter(move |input| !known(input))
}

fn unit_row(unit: &TraceUnit) -> PackedUnit {
    let inputs = (FIRST_INPUTS.map(|input| unit[input]), INPUTS.map(|input| unit[input]));
    let is_std = unit[Input::BuildStd] != Text(0);
    let observed = [unit[Input::Manifest], unit.observed];
    (unit.name, inputs.0, unit.source, inputs.1, is_std, observed, UNUSED, unit.watches)
}

fn unit(row: PackedUnit, std: Text) -> TraceUnit {
    let (name, first, source, more, is_std, [manifest, observed], _, watches) = row;
    let mut inputs = EnumMap::default();
    inputs.extend(FIRST_INPUTS.into_iter().zip(first).chain(INPUTS.into_iter().zip(more)));
    inputs[Input::BuildStd] = if is_std { std } else { Text(0) };
    inputs[Input::Manifest] = manifest;
    TraceUnit { name, source, inputs, observed, watches }
}

/// The first line as text, and what follows it.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

fn unpack(bytes: &[u8]) -> Result<Trace, String> {
    let (text, rest) = line(bytes).ok_or("it ends in its description")?;
    let (head, packed) = rest.split_at_checked(48).ok_or("it ends before its tables")?;
    let number = |at: usize| head[at..at + 8].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let (raw_len, packed_len) = (number(0), number(8));
    if packed.len() as u64 != packed_len {
        return Err(format!("its tables have {} bytes instead of {packed_len}", packed.len()));
    }
    if digest(text.as_bytes(), packed).as_bytes()[..] != head[16..] {
        return Err("its digest is another one".to_owned());
    }
    if raw_len > MOST_PACKED_BYTES {
        return Err(format!("its tables would take {raw_len} bytes"));
    }
    let about: About = serde_json::from_str(text).map_err(|error| format!("its description: {error}"))?;
    let mut raw = Vec::new();
    let read = DeflateDecoder::new(packed).take(raw_len + 1).read_to_end(&mut raw);
    if read.is_err() || raw.len() as u64 != raw_len {
        return Err("its tables do not unpack".to_owned());
    }
    let wrong = |error| format!("its tables: {error}");
    let ((mut strings, rows, nodes, edges, workspaces, plans, events), mut rest): (PackedTables, &[u8]) =
        postcard::take_from_bytes(&raw).map_err(wrong)?;
    let is_std = |row: &PackedUnit| row.4;
    let std = strings.iter().position(|text| text == "std").unwrap_or(strings.len());
    if std == strings.len() && rows.iter().any(is_std) {
        strings.push("std".to_owned());
    }
    let mut units: Vec<TraceUnit> = rows.into_iter().map(|row| unit(row, Text(std as u32))).collect();
    while !rest.is_empty() {
        let (name, column): (&str, Vec<Text>);
        ((name, column), rest) = postcard::take_from_bytes(rest).map_err(wrong)?;
        let input = further_inputs().find(|input| input.info().name == name);
        let input = input.filter(|_| column.len() == units.len()).ok_or("something follows its tables")?;
        units.iter_mut().zip(column).for_each(|(unit, text)| unit.inputs[input] = text);
    }
    let workspaces = workspaces.into_iter().map(|(name, _)| TraceWorkspace { name }).collect();
    let trace = Trace { about, strings, units, nodes, edges, workspaces, plans, events };
    check(&trace)?;
    Ok(trace)
}

fn digest(about: &[u8], packed: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update(about).update(b"\n").update(packed).finalize()
}

/// No unit takes longer: 30 years.
const MOST_SECONDS: f32 = 1e9;
/// No unit is larger: a petabyte.
const MOST_BYTES: f32 = 1e15;
/// No trace is longer: ten years.
const LONGEST: u32 = 3653 * 86_400;

/// Checks what holds in every sound trace; the error is one line. A file is foreign input, and nothing past this point
/// looks whether an index leads anywhere.
fn check(trace: &Trace) -> Result<(), String> {
    if trace.strings.first().map(String::as_str) != Some("") {
        return Err("its first string is not the empty one".to_owned());
    }
    units(trace)?;
    nodes(trace)?;
    plans(trace)?;
    events(trace)
}

fn units(trace: &Trace) -> Result<(), String> {
    for (at, unit) in trace.units.iter().enumerate() {
        let mut texts = unit.inputs.values().chain([&unit.name, &unit.observed, &unit.watches]);
        if texts.any(|text| text.at() >= trace.strings.len()) {
            return Err(format!("unit {at} names a string that is not there"));
        }
    }
    match trace.workspaces.iter().position(|it| it.name.at() >= trace.strings.len()) {
        Some(at) => Err(format!("workspace {at} has a name that is not there")),
        None => Ok(()),
    }
}

fn nodes(trace: &Trace) -> Result<(), String> {
    let mut first = 0;
    for (at, node) in trace.nodes.iter().enumerate() {
        if node.unit.at() >= trace.units.len() {
            return Err(format!("node {at} is of a unit that is not there"));
        }
        let edges = trace.edges.get(first as usize..node.edges_end as usize);
        let Some(edges) = edges else { return Err(format!("the edges of node {at} are not there")) };
        if edges.iter().any(|edge| edge.node.at() >= at || edge.label.at() >= trace.strings.len()) {
            return Err(format!("node {at} comes before one that it depends on"));
        }
        for (amount, most) in [(node.seconds, MOST_SECONDS), (node.bytes, MOST_BYTES)] {
            if !(0.0..=most).contains(&amount.value) {
                return Err(format!("node {at} has an amount below zero, beyond {most}, or none"));
            }
        }
        first = node.edges_end;
    }
    if first as usize != trace.edges.len() {
        return Err("there are edges of no node".to_owned());
    }
    Ok(())
}

fn plans(trace: &Trace) -> Result<(), String> {
    // The plan each node was last seen in, counted from 1.
    let mut seen = vec![0u32; trace.nodes.len()];
    for (at, plan) in trace.plans.iter().enumerate() {
        let mark = at as u32 + 1;
        if plan.workspace.at() >= trace.workspaces.len() || plan.profile.at() >= trace.strings.len() {
            return Err(format!("plan {at} is of a workspace or profile that is not there"));
        }
        let mut before = NodeId(0);
        for &node in &plan.nodes {
            if node.at() >= trace.nodes.len() || node < before {
                return Err(format!("plan {at} has a node that is not there, or out of order"));
            }
            if trace.edges(node).iter().any(|edge| seen[edge.node.at()] != mark) {
                return Err(format!("plan {at} lacks a dependency of node {}", node.0));
            }
            seen[node.at()] = mark;
            before = node;
        }
        if plan.roots.iter().any(|root| seen.get(root.at()) != Some(&mark)) {
            return Err(format!("plan {at} lacks what it was asked for"));
        }
    }
    Ok(())
}

fn events(trace: &Trace) -> Result<(), String> {
    let mut before = 0;
    for (at, event) in trace.events.iter().enumerate() {
        let sound = match event.action {
            TraceAction::Build(plan) => plan.at() < trace.plans.len(),
            TraceAction::Edit { workspace, file } => {
                workspace.at() < trace.workspaces.len() && file.at() < trace.strings.len()
            }
            TraceAction::Wipe(workspace) => workspace.at() < trace.workspaces.len(),
            TraceAction::Toolchain => true,
        };
        if !sound || event.at < before || event.at > LONGEST {
            return Err(format!("event {at} is of something that is not there, out of order, or ten years late"));
        }
        before = event.at;
    }
    Ok(())
}

/// Ascending indexes as the differences between them, which pack well.
pub(super) mod ascending {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::NodeId;

    pub fn serialize<S: Serializer>(nodes: &[NodeId], serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = 0;
        serializer.collect_seq(nodes.iter().map(|node| {
            let step = node.0.wrapping_sub(before);
            before = node.0;
            step
        }))
    }

    // What does not ascend is found by the check.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NodeId>, D::Error> {
        let mut nodes = Vec::<u32>::deserialize(deserializer)?;
        let mut before = 0u32;
        for node in &mut nodes {
            before = before.wrapping_add(*node);
            *node = before;
        }
        Ok(nodes.into_iter().map(NodeId).collect())
    }
}
