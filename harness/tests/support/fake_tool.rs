//! A made-up cache, compiled by the tests: a wrapper of rustc, a daemon that counts, and the
//! ways in which such tools misbehave.
//!
//! ```text
//! fake serve            serves on FAKE_PORT until it gets `stop`
//! fake stats | stop     asks the daemon
//! fake RUSTC ARGS…      what RUSTC_WRAPPER runs: keeps what a call wrote in FAKE_STORE
//! ```

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

fn port() -> u16 {
    env::var("FAKE_PORT").unwrap().parse().unwrap()
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some()
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("--version") => println!("fake 7.0"),
        Some("serve") => serve(),
        Some("stats") => println!("{}", ask("stats").unwrap_or_else(|| exit(1))),
        Some("stop") => drop(ask("stop")),
        Some(_) => wrap(&args),
        None => exit(2),
    }
}

fn ask(what: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port())).ok()?;
    stream.write_all(format!("{what}\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn serve() {
    let state = PathBuf::from(env::var("HOME").unwrap());
    let attempts = state.join("attempts");
    let attempt = fs::read(&attempts).map_or(0, |bytes| bytes.len());
    fs::write(&attempts, vec![b'x'; attempt + 1]).unwrap();
    fs::write(state.join("index"), vec![b'x'; 1 << 20]).unwrap();
    if is_set("FAKE_TAKEN") && attempt == 0 {
        eprintln!("address already in use");
        exit(98);
    }
    if is_set("FAKE_DETACHES") {
        Command::new("setsid").args(["sleep", "987"]).current_dir(&state).spawn().unwrap();
    }
    let listener = TcpListener::bind(("127.0.0.1", port())).unwrap();
    let (mut hits, mut misses) = (0, 0);
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut what = [0; 16];
        let read = stream.read(&mut what).unwrap_or(0);
        match std::str::from_utf8(&what[..read]).unwrap_or("").trim() {
            "hit" => hits += 1,
            "miss" => misses += 1,
            "stats" => drop(write!(stream, "{{\"calls\":{{\"hits\":{hits},\"misses\":{misses}}}}}")),
            "stop" if !is_set("FAKE_STUBBORN") => return,
            _ => {}
        }
        if is_set("FAKE_DIES") && misses == 2 {
            eprintln!("out of luck");
            exit(1);
        }
    }
}

/// The value that follows an argument.
fn after<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).map(String::as_str)
}

fn wrap(args: &[String]) {
    let (rustc, rest) = args.split_first().unwrap();
    let out = after(rest, "--out-dir").filter(|_| after(rest, "--crate-name") != Some("___"));
    let Some(out) = out.map(PathBuf::from) else {
        exit(Command::new(rustc).args(rest).status().unwrap().code().unwrap_or(1));
    };
    let mut hasher = DefaultHasher::new();
    rest.hash(&mut hasher);
    rest.iter().filter(|arg| arg.ends_with(".rs")).for_each(|file| fs::read(file).unwrap_or_default().hash(&mut hasher));
    let entry = Path::new(&env::var("FAKE_STORE").unwrap()).join(format!("{:016x}", hasher.finish()));
    if entry.is_dir() && !is_set("FAKE_FORGETS") {
        ask("hit");
        copy_all(&entry.join("out"), &out);
        std::io::stderr().write_all(&fs::read(entry.join("stderr")).unwrap()).unwrap();
        return;
    }
    ask("miss");
    let elsewhere = PathBuf::from(format!("{}.compiled", entry.display()));
    let compiled_in = if is_set("FAKE_STAGES") { &elsewhere } else { &out };
    fs::create_dir_all(compiled_in).unwrap();
    let args = rest.iter().map(|arg| if Path::new(arg) == out { compiled_in.as_os_str() } else { arg.as_ref() });
    let output = Command::new(rustc).args(args).output().unwrap();
    if compiled_in != &out {
        copy_all(compiled_in, &out);
    }
    std::io::stdout().write_all(&output.stdout).unwrap();
    std::io::stderr().write_all(&output.stderr).unwrap();
    if output.status.success() {
        let staged = entry.with_extension(std::process::id().to_string());
        fs::create_dir_all(&staged).unwrap();
        copy_all(&out, &staged.join("out"));
        fs::write(staged.join("stderr"), &output.stderr).unwrap();
        if fs::rename(&staged, &entry).is_err() {
            let _ = fs::remove_dir_all(&staged);
        }
    }
    exit(output.status.code().unwrap_or(1));
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten().filter(|file| file.path().is_file()) {
        let target = to.join(file.file_name());
        let _ = fs::remove_file(&target);
        fs::copy(file.path(), target).unwrap();
    }
}
