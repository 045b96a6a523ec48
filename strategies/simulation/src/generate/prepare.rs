//! Packages in one version with one feature set, written into the trace's tables once.

use std::collections::HashMap;

use super::model::Piece;
use super::parts::{Part, RoleShape};
use super::universe::{Made, Universe};
use crate::trace::{Builder, Text, Unit};

/// A package in one version with one feature set.
#[derive(Debug)]
pub struct Package {
    /// Its features.
    pub features: Text,
    /// Its units, by [`Part`].
    pub parts: [Option<Ready>; 3],
    /// Day of the version.
    pub published: u32,
}

/// A unit but for what it is built with.
#[derive(Debug)]
pub struct Ready {
    /// The unit.
    pub unit: Unit,
    /// What it is.
    pub shape: RoleShape,
    /// What it needs.
    pub edges: Vec<(Text, Made, Part)>,
}

/// Packages that are written already, by package, release and shape.
#[derive(Debug, Default)]
pub struct Shelf {
    packages: Vec<Package>,
    known: HashMap<(Made, u32, u32), u32>,
}

impl Shelf {
    /// A package by its index.
    pub fn package(&self, at: u32) -> &Package {
        &self.packages[at as usize]
    }

    /// The index of a package.
    pub fn of(
        &mut self,
        universe: &mut Universe<'_>,
        builder: &mut Builder,
        made: Made,
        release: u32,
        shape: u32,
    ) -> u32 {
        if let Some(known) = self.known.get(&(made, release, shape)) {
            return *known;
        }
        let at = self.packages.len() as u32;
        self.packages.push(write(universe, builder, made, release as usize, shape as usize));
        self.known.insert((made, release, shape), at);
        at
    }
}

fn write(universe: &mut Universe<'_>, builder: &mut Builder, made: Made, release: usize, shape: usize) -> Package {
    let ((_, line), suffix) = (universe.line(made), universe.suffix(made));
    let (shape, release_of) = (&line.shapes[shape], &line.schedule.releases[release]);
    let seen = &line.versions[release_of.seen];
    let (name, version) = (format!("{}{suffix}", line.name), &release_of.version);
    let old = &line.versions[shape.version].version;
    let source = seen.package.split('#').next().unwrap_or(&seen.package);
    let is_real = release_of.real && suffix.is_empty();
    let checksum = match seen.checksum.as_str() {
        known if is_real || known.is_empty() => known.to_owned(),
        _ => blake3::hash(format!("{name} {version}").as_bytes()).to_hex().to_string(),
    };
    let package = if is_real { seen.package.clone() } else { format!("{source}#{name}@{version}") };
    let base = Unit {
        name: Text(0),
        package_name: builder.text(&name),
        version: builder.text(version),
        source: line.source,
        package: builder.text(&package),
        checksum: builder.text(&checksum),
        path: Text(0),
        features: builder.text(&shape.features),
        profile: Text(0),
        directory: Text(0),
        platform: Text(0),
        toolchain: Text(0),
        flags: Text(0),
        target: Text(0),
        kind: Text(0),
        crate_types: Text(0),
        edition: Text(0),
        mode: Text(0),
        is_std: false,
        manifest: Text(0),
        observed: Text(0),
        published: release_of.day,
        watches: Text(0),
    };
    let mut parts = [None, None, None];
    for part in Part::ALL {
        let Some(piece) = &shape.parts[part.at()] else { continue };
        // The crate of a copy has its own name, too.
        let is_lib = part == Part::Lib;
        let target =
            if is_lib { format!("{}{}", piece.target, suffix.replace('-', "_")) } else { piece.target.clone() };
        let slot = if is_lib { piece.slot.replace(&piece.target, &target) } else { piece.slot.clone() };
        let path = piece.path.replace(&format!("/{}-{old}/", line.name), &format!("/{name}-{version}/"));
        let unit = Unit {
            name: builder.text(&format!("{name} {slot}")),
            path: builder.text(&path),
            target: builder.text(&target),
            kind: builder.text(&piece.kind),
            crate_types: builder.text(&piece.crate_types),
            edition: builder.text(&piece.edition),
            ..base
        };
        let needs = universe.needs(made, shape, piece, release);
        let edges = needs.into_iter().map(|(label, made, part)| (builder.text(&label), made, part)).collect();
        parts[part.at()] = Some(Ready { unit, shape: shape_of(piece, part), edges });
    }
    Package { features: base.features, parts, published: release_of.day }
}

fn shape_of(piece: &Piece, part: Part) -> RoleShape {
    match part {
        Part::Lib if piece.is_macro => RoleShape::Macro,
        Part::Lib => RoleShape::Lib,
        Part::Compile => RoleShape::Compile,
        Part::Run => RoleShape::Run,
    }
}
