//! A trace as one key policy sees it: which artifacts each build wants, in order of time.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Index of an artifact in its [`History`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ArtifactId(pub u32);

impl ArtifactId {
    /// The index as a number.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// Something that a store may hold: what one key stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// Seconds it takes to make.
    pub seconds: f32,
    /// Bytes it takes in a store.
    pub bytes: f32,
    /// Whether it belongs to a path package.
    pub local: bool,
    /// The artifacts it was made from: smaller indexes than its own.
    pub below: Vec<ArtifactId>,
}

/// One Cargo command.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Build {
    /// When, in seconds from the beginning.
    pub at: u32,
    /// Whose: index of the workspace in the trace.
    pub workspace: u32,
    /// Which of its Cargo commands: `dev build` and `dev test` of one workspace are two. Any
    /// number, equal for the same command of the same workspace.
    pub command: u32,
    /// Artifacts that the build directory holds already. A build uses them, and does not ask a
    /// store for them.
    pub present: Range<usize>,
    /// Artifacts it asks the store for, dependencies first, each once. One that is not there is
    /// compiled and stored.
    pub wanted: Range<usize>,
    /// Seconds of units that it compiles and that may not be stored.
    pub refused_s: f64,
    /// How many these are.
    pub refused: u32,
}

/// Builds and artifacts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Every artifact that any build makes or uses.
    pub artifacts: Vec<Artifact>,
    /// In order of time.
    pub builds: Vec<Build>,
    /// What `present` and `wanted` of builds are ranges of.
    pub uses: Vec<ArtifactId>,
}

impl History {
    /// What a build asks the store for.
    pub fn wanted(&self, build: &Build) -> &[ArtifactId] {
        &self.uses[build.wanted.clone()]
    }

    /// What a build uses of its build directory.
    pub fn present(&self, build: &Build) -> &[ArtifactId] {
        &self.uses[build.present.clone()]
    }

    /// Adds a build.
    pub fn push(&mut self, build: Build, present: &[ArtifactId], wanted: &[ArtifactId]) {
        let start = self.uses.len();
        self.uses.extend(present);
        let middle = self.uses.len();
        self.uses.extend(wanted);
        self.builds.push(Build { present: start..middle, wanted: middle..self.uses.len(), ..build });
    }
}
