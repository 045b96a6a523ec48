//! Indexes into the tables of a trace.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a number.
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// Index of a string; 0 is the empty one.
    Text
);
id!(
    /// Index of a unit.
    UnitId
);
id!(
    /// Index of a node.
    NodeId
);
id!(
    /// Index of a workspace.
    WorkspaceId
);
id!(
    /// Index of a plan.
    PlanId
);
