//! Reads `cargo build --message-format=json`: which unit directories a build used, and
//! which of them it found fresh.

use std::path::PathBuf;

use serde::Deserialize;

use super::layout::{Layout, UnitPlace};
use super::{Mode, UnitTarget};

/// One unit as Cargo reported it.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Package id as printed.
    pub package: String,
    /// Which of the package's units it is.
    pub what: ReportedKind,
    /// Its directory, where the message gives it away (not for uplifted binaries).
    pub place: Option<UnitPlace>,
    /// Whether Cargo found it fresh; build-script runs do not say.
    pub fresh: Option<bool>,
    /// When the message arrived, in seconds since the Unix epoch.
    pub arrived: f64,
}

/// The description a message carries.
#[derive(Debug, Clone)]
pub enum ReportedKind {
    /// A compilation.
    Artifact(Box<Artifact>),
    /// A build-script run.
    ScriptRun,
}

/// The description of a compilation.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The target compiled.
    pub target: UnitTarget,
    /// `build`, `check` or `test`, as far as the message says.
    pub mode: Mode,
    /// Activated features.
    pub features: Vec<String>,
    /// Profile bits: optimisation level, debug info, debug assertions, overflow checks.
    pub profile: (String, String, bool, bool),
}

/// The fields of all messages that are read: an enum by `reason` would have to keep each message before it can be parsed.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    target: Option<UnitTarget>,
    profile: Option<ArtifactProfile>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    fresh: Option<bool>,
    out_dir: Option<PathBuf>,
    success: Option<bool>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    rendered: Option<String>,
    #[serde(default)]
    level: String,
}

#[derive(Deserialize)]
struct ArtifactProfile {
    opt_level: String,
    debuginfo: serde_json::Value,
    debug_assertions: bool,
    overflow_checks: bool,
    test: bool,
}

/// Everything one build reported.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    /// Units in the order they finished.
    pub units: Vec<Reported>,
    /// `build-finished`, if it came.
    pub success: Option<bool>,
    /// Errors of rustc as it rendered them.
    pub errors: Vec<String>,
}

impl Messages {
    /// Adds one line of Cargo's output; lines that are no messages are ignored.
    pub fn line(&mut self, layout: &Layout, line: &str, arrived: f64) {
        let Ok(message) = serde_json::from_str::<Message>(line) else { return };
        match message.reason.as_str() {
            "compiler-artifact" => self.units.extend(artifact(layout, message, arrived)),
            "build-script-executed" => self.units.push(Reported {
                package: message.package_id,
                what: ReportedKind::ScriptRun,
                place: message.out_dir.and_then(|dir| layout.place_of(&dir)),
                fresh: None,
                arrived,
            }),
            "build-finished" => self.success = message.success,
            "compiler-message" => {
                let error = message.message.filter(|message| message.level == "error");
                self.errors.extend(error.and_then(|error| error.rendered));
            }
            _ => {}
        }
    }
}

fn artifact(layout: &Layout, message: Message, arrived: f64) -> Option<Reported> {
    let profile = message.profile?;
    let metadata_only = !message.filenames.is_empty()
        && message.filenames.iter().all(|file| file.extension().is_some_and(|ext| ext == "rmeta"));
    let mode = match (profile.test, metadata_only) {
        (true, _) => Mode::Test,
        (false, true) => Mode::Check,
        (false, false) => Mode::Build,
    };
    Some(Reported {
        place: message.filenames.iter().find_map(|file| layout.place_of(file)),
        package: message.package_id,
        what: ReportedKind::Artifact(Box::new(Artifact {
            target: message.target?,
            mode,
            features: message.features,
            profile: (
                profile.opt_level,
                profile.debuginfo.to_string(),
                profile.debug_assertions,
                profile.overflow_checks,
            ),
        })),
        fresh: message.fresh,
        arrived,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_give_places_modes_and_freshness() {
        let layout = Layout { build_dir: "/t".into() };
        let mut messages = Messages::default();
        for line in [
            r#"{"reason":"compiler-artifact","package_id":"registry+x#a@1.0.0","target":{"kind":["lib"],"crate_types":["lib"],"name":"a","src_path":"/a.rs","edition":"2021"},"profile":{"opt_level":"0","debuginfo":2,"debug_assertions":true,"overflow_checks":true,"test":false},"features":["std"],"filenames":["/t/debug/build/a/0f/out/liba-0f.rmeta"],"executable":null,"fresh":true}"#,
            r#"{"reason":"build-script-executed","package_id":"registry+x#b@1.0.0","linked_libs":[],"out_dir":"/t/debug/build/b/1f/out"}"#,
            r#"{"reason":"unheard-of","x":1}"#,
            "warning: not json",
            r#"{"reason":"build-finished","success":true}"#,
        ] {
            messages.line(&layout, line, 1.0);
        }
        assert_eq!(messages.success, Some(true));
        assert_eq!(messages.units.len(), 2);
        let ReportedKind::Artifact(artifact) = &messages.units[0].what else { panic!("not an artifact") };
        assert_eq!(artifact.mode, Mode::Check);
        assert_eq!(messages.units[0].fresh, Some(true));
        assert_eq!(messages.units[1].place.as_ref().map(|place| place.0.as_str()), Some("debug/build/b/1f"));
    }
}
