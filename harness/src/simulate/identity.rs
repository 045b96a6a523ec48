//! By what a recorded unit and a node of a trace are the same.

use records::UnitRow;
use simulation::trace::{NodeId, Text, Trace};

/// What both sides tell of a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    package: String,
    version: String,
    kind: String,
    target: String,
    mode: String,
    platform: String,
}

impl Identity {
    pub fn of_node(trace: &Trace, node: NodeId) -> Identity {
        let unit = trace.unit(node);
        let text = |text: Text| trace.text(text).to_owned();
        Identity {
            package: text(unit.package_name),
            version: text(unit.version),
            kind: text(unit.kind).replace(',', "+"),
            target: text(unit.target),
            mode: text(unit.mode),
            platform: text(unit.platform),
        }
    }

    pub fn of_row(row: &UnitRow) -> Identity {
        Identity {
            package: row.package.clone(),
            version: row.version.clone(),
            kind: row.kind.clone(),
            target: row.target.clone(),
            mode: row.mode.clone(),
            platform: row.platform.clone(),
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({} {}, {})", self.package, self.version, self.kind, self.target, self.mode)
    }
}
