//! What a strategy file must not say, found before anything is built.

use super::ExternalError;
use super::placeholder::{self, When};
use super::schema::{Description, Parameter};

/// Checks names and placeholders.
pub(super) fn check(description: &Description) -> Result<(), ExternalError> {
    name(description)?;
    parameters(description)?;
    commands(description)?;
    variables(description)?;
    for (field, when, text) in templates(description) {
        let known = || known(description, when);
        if let Some(unknown) = placeholder::names(&text).find(|name| !known().any(|it| it == *name)) {
            let error = placeholder::unknown(unknown, &text, known());
            return Err(wrong(&field, &format!("is not usable: {error}")));
        }
    }
    store(&description.store.path)?;
    install(description)
}

/// What is emptied is inside a directory of the strategy's own, whatever a parameter says.
fn store(path: &str) -> Result<(), ExternalError> {
    let below = |start: &str| path.strip_prefix(start).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let inside = ["{store}", "{state}", "{home}"].into_iter().find_map(below);
    // What all homes share lies in the home itself.
    let rest = inside.or_else(|| below("{cargo-home}").filter(|rest| !rest.trim_matches('/').is_empty()));
    match rest {
        Some(rest) if !rest.contains("..") && !rest.contains('{') => Ok(()),
        _ => Err(wrong(
            "store.path",
            "must be {store}, {state} or {home}, or a plain path below one of them or {cargo-home}: nothing else is emptied",
        )),
    }
}

/// What becomes arguments of `cargo install` and the name of a directory.
fn install(description: &Description) -> Result<(), ExternalError> {
    let Some(install) = &description.install else { return Ok(()) };
    let plain = |text: &str, more: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    if !plain(&install.package, "-_") {
        return Err(wrong("install.crate", "must be the name of a crate"));
    }
    if !plain(&install.version, ".-+") {
        return Err(wrong("install.version", "must be one version, such as 1.2.3"));
    }
    match install.features.iter().find(|feature| !plain(feature, "-_+./?:")) {
        Some(bad) => Err(wrong("install.features", &format!("has {bad:?}, which is no name of a feature"))),
        None => Ok(()),
    }
}

fn wrong(field: &str, problem: &str) -> ExternalError {
    ExternalError::Field { field: field.to_owned(), problem: problem.to_owned() }
}

fn name(description: &Description) -> Result<(), ExternalError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let name = &description.name;
    if name.is_empty() || !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(wrong("name", "must be made of lower-case letters, digits, '-' and '_'"));
    }
    if description.about.trim().is_empty() {
        return Err(wrong("about", "must say what the strategy is"));
    }
    Ok(())
}

fn parameters(description: &Description) -> Result<(), ExternalError> {
    let own = description.parameters.keys();
    let taken = own.into_iter().find(|own| placeholder::ALL.iter().any(|(name, _)| name == own));
    match taken {
        Some(taken) => Err(wrong(&format!("parameters.{taken}"), "is the name of a placeholder; choose another")),
        None => Ok(()),
    }
}

/// What the harness sets itself, and relies on.
fn variables(description: &Description) -> Result<(), ExternalError> {
    let of_daemon = description.daemon.iter().flat_map(|daemon| daemon.env.keys().map(|name| ("daemon.env", name)));
    for (field, name) in description.env.keys().map(|name| ("env", name)).chain(of_daemon) {
        let why = match name.as_str() {
            "RUSTC" => "must stay: the harness counts compiles behind it",
            "CARGO_TARGET_DIR" | "CARGO_BUILD_TARGET_DIR" | "CARGO_BUILD_BUILD_DIR" | "CARGO_HOME" => {
                "must stay: the harness sets it, and looks for what was built there"
            }
            _ if name.starts_with("HARNESS_") => "must stay: the harness speaks to its own processes by it",
            _ => continue,
        };
        return Err(wrong(&format!("{field}.{name}"), why));
    }
    Ok(())
}

fn commands(description: &Description) -> Result<(), ExternalError> {
    if let Some(daemon) = &description.daemon {
        if daemon.start.is_empty() {
            return Err(wrong("daemon.start", "must name a program"));
        }
        let uses_port = templates(description).iter().any(|(_, _, text)| text.contains("{port}"));
        if daemon.ready.is_empty() && !uses_port {
            return Err(wrong("daemon.ready", "is needed where no {port} is used: how else to see that it serves?"));
        }
    }
    if let Some(statistics) = &description.statistics {
        if statistics.command.is_empty() == statistics.file.is_none() {
            return Err(wrong("statistics", "needs either `command` or `file`"));
        }
        let pointers = statistics.hits.iter().chain(&statistics.misses);
        if let Some(bad) = pointers.into_iter().find(|pointer| !pointer.starts_with('/')) {
            return Err(wrong("statistics", &format!("has the JSON pointer {bad:?}, which must begin with '/'")));
        }
    }
    let several = [("before", &description.before), ("after", &description.after), ("reset", &description.reset)];
    match several.iter().find(|(_, commands)| commands.iter().any(Vec::is_empty)) {
        Some((field, _)) => Err(wrong(field, "has a command without a program")),
        None => Ok(()),
    }
}

fn known(description: &Description, when: When) -> impl Iterator<Item = &str> {
    let serves = description.daemon.is_some();
    let builtin = placeholder::ALL.iter().filter(move |(_, has_value)| match has_value {
        When::Always => true,
        When::Serving => serves,
        When::Building => when == When::Building,
    });
    builtin.map(|(name, _)| *name).chain(description.parameters.keys().map(String::as_str))
}

/// Every text with placeholders, its field, and when its placeholders need values.
pub(super) fn templates(description: &Description) -> Vec<(String, When, String)> {
    let mut all: Vec<(String, When, String)> = Vec::new();
    let mut add = |field: &str, when: When, texts: &[String]| {
        all.extend(texts.iter().map(|text| (field.to_owned(), when, text.clone())));
    };
    add("program", When::Building, std::slice::from_ref(&description.program));
    add("args", When::Building, &description.args);
    add("config", When::Building, &description.config);
    add("flags", When::Building, &description.flags);
    add("store.path", When::Always, std::slice::from_ref(&description.store.path));
    for (name, text) in &description.env {
        add(&format!("env.{name}"), When::Building, std::slice::from_ref(text));
    }
    let builds = [("before", &description.before), ("after", &description.after)];
    builds.iter().for_each(|(field, commands)| commands.iter().for_each(|argv| add(field, When::Building, argv)));
    description.reset.iter().for_each(|argv| add("reset", When::Always, argv));
    for (name, parameter) in &description.parameters {
        if let Parameter::List(items) = parameter {
            add(&format!("parameters.{name}"), When::Always, items);
        }
    }
    if let Some(daemon) = &description.daemon {
        add("daemon.start", When::Always, &daemon.start);
        add("daemon.ready", When::Always, &daemon.ready);
        add("daemon.stop", When::Always, &daemon.stop);
        for (name, text) in &daemon.env {
            add(&format!("daemon.env.{name}"), When::Always, std::slice::from_ref(text));
        }
    }
    if let Some(statistics) = &description.statistics {
        add("statistics.command", When::Always, &statistics.command);
        statistics.file.iter().for_each(|file| add("statistics.file", When::Building, std::slice::from_ref(file)));
    }
    description.version.iter().for_each(|version| add("version.command", When::Always, &version.command));
    all
}
