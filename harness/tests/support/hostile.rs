//! Workspaces whose build scripts try what a sandbox forbids, and say in their last words what
//! came of it: `TRIED name=outcome; …`.

use std::collections::BTreeMap;

use super::Place;

/// What every script may use.
const TOOLS: &str = r#"
#![allow(dead_code, unused)]
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

fn open(path: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).open(path).map(drop)
}

struct Tried(Vec<String>);

impl Tried {
    fn one<T, E: std::fmt::Debug>(&mut self, name: &str, outcome: Result<T, E>) {
        let outcome = match outcome { Ok(_) => "done".to_owned(), Err(error) => format!("{error:?}") };
        self.0.push(format!("{name}={}", outcome.replace(['\n', ';', '='], " ")));
    }
    fn say(&mut self, name: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{name}={what}"));
    }
    fn last_words(self) -> ! {
        eprintln!("error: TRIED {} END", self.0.join("; "));
        std::process::exit(1)
    }
}
"#;

/// A workspace of one package whose build script has this `main`.
pub fn workspace(place: &Place, name: &str, main: &str) {
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[profile.dev]\ndebug = 0\n\n[workspace]\n"
    );
    place.workspace(
        name,
        &[
            ("Cargo.toml", manifest.as_str()),
            ("build.rs", format!("{TOOLS}\nfn main() {{\n{main}\n}}\n").as_str()),
            ("src/lib.rs", "pub fn nothing() {}\n"),
        ],
    );
    place.corpus(name, &[(name, "src/lib.rs", None)]);
}

/// What a script tried, and what came of it.
#[track_caller]
pub fn tried(note: &str) -> BTreeMap<String, String> {
    let words = note.split("TRIED ").nth(1).and_then(|rest| rest.split(" END").next());
    let words = words.unwrap_or_else(|| panic!("no last words: {note}"));
    words.split("; ").filter_map(|one| one.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}
