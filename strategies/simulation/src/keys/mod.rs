//! Keys of a trace's nodes, as a key policy would make them, and as it would with other inputs.
//!
//! - `relaxation`: what may be left out of a key or admitted on top, and what that risks
//! - `design`: a key policy with relaxations, by name: `aggressive:without-features`
//! - `admission`: which nodes a design admits, asked of the policies in `strategies`
//! - `table`: the key of each node, made by the code that makes real ones
//! - `view`: a trace under one design
//!
//! Nothing was built, so what a dependency hands over is not known by its content: it stands in
//! for its key. The two say the same as long as builds are deterministic and a store hands out
//! one artifact for one key. Whether that holds is measured: `harness simulate --check RUN` sets
//! simulated hits beside recorded ones, unit by unit.

mod admission;
mod design;
mod relaxation;
mod table;
mod view;

pub use design::{Design, UnknownDesign};
pub use relaxation::{Effect, RELAXATIONS, Relaxation, Soundness};
pub use table::{KeyId, Keys};
pub use view::{View, views};
