//! Keys of the nodes of a trace, as a key policy would make them, and as it would with other inputs.
//!
//! Nothing was built, so the content that a dependency exports is not known: its key stands for its content. The two
//! are equivalent as long as builds are deterministic and a store returns one artifact for one key. Whether that holds
//! is measured: `harness simulate --check RUN` compares simulated hits with recorded ones, unit by unit.

mod design;
mod node_keys;
mod relaxation;
mod view;

pub use design::{KeyDesign, UnknownDesign};
pub use node_keys::{KeyId, Keys};
pub(crate) use relaxation::range_of;
pub use relaxation::{RELAXATIONS, Relaxation, RelaxationEffect, Soundness};
pub use view::{KeyView, views};
