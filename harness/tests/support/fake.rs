//! A made-up external tool: compiled once, described by a strategy file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{CommandOutput, RecordedRun, TestDir};

const SOURCE: &str = include_str!("fake_tool.rs");

const FILE: &str = r#"
name = "fake"
about = "A made-up cache."

[env]
RUSTC_WRAPPER = "{tool}/fake"
FAKE_STORE = "{store}"
FAKE_PORT = "{port}"
"#;

const SERVED: &str = r#"
[daemon]
start = ["{tool}/fake", "serve"]
stop = ["{tool}/fake", "stop"]

[statistics]
command = ["{tool}/fake", "stats"]
hits = ["/calls/hits"]
misses = ["/calls/misses"]

[version]
command = ["{tool}/fake", "--version"]
"#;

/// The compiled tool: one for all tests.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fake-{}", env!("CARGO_CRATE_NAME")));
        super::write(&dir.join("fake.rs"), SOURCE);
        let mut rustc = Command::new("rustc");
        let made = rustc.args(["--edition=2021", "fake.rs", "-o", "fake"]).current_dir(&dir).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        dir.join("fake")
    })
}

/// Puts the tool and its strategy file there, with a variable that makes it misbehave, if given.
pub fn fake(place: &TestDir, misbehaviour: Option<&str>) -> PathBuf {
    std::fs::create_dir_all(place.at("fake")).unwrap();
    std::fs::copy(program(), place.at("fake/fake")).unwrap();
    let line = misbehaviour.map(|name| format!("{name} = \"1\"\n")).unwrap_or_default();
    place.write("fake.toml", &format!("{FILE}{line}{SERVED}"));
    place.at("fake.toml")
}

/// The arguments that add it.
pub fn fake_args(place: &TestDir) -> Vec<String> {
    let tool = place.arg("fake");
    vec!["--strategy-file".into(), "fake.toml".into(), "--set".into(), format!("fake.tool={tool}")]
}

/// Compares with it.
pub fn compare(place: &TestDir, corpus: &str, strategies: &str, more: &[&str]) -> (RecordedRun, CommandOutput) {
    let fake = fake_args(place);
    let mut args = place.compare_args(corpus, &["--strategies", strategies]);
    args.extend(fake.iter().map(Into::into));
    args.extend(more.iter().map(Into::into));
    let said = place.run(&args).done();
    (RecordedRun::read(&place.run_folder()), said)
}
