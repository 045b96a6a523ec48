//! Facts → findings: what is good enough, and what to do where it is not.

use reports::text::bytes;

use super::facts::{FoundToolchain, MachineFacts, WorkDirFacts};
use super::{DoctorFinding, FindingLevel};
use exec::filesystem::{EXT4_WITHOUT_JOURNAL, LinkSupport, WITHOUT_JOURNAL_REMEDY, WITHOUT_JOURNAL_WHY};
use exec::sandbox::limits::Enforcer;
use runner::build_env::DISK_FLOOR;

/// Less than this is enough for the default corpus only.
const SPACE_BYTES: u64 = 20 << 30;

/// Linking a large program takes this much, and the page cache should not be fought over.
const MEMORY_BYTES: u64 = 2 << 30;

/// Others' use of the processors above this shows in the numbers.
const QUIET: f64 = 0.1;

/// How to get another file system.
const OTHER_FILE_SYSTEM: &str =
    "`--volume btrfs:12G` or `--volume xfs:12G` makes one for a run (as root), or name a `--work-dir` on one";

/// Grades everything, most needed first.
pub fn grade(facts: &MachineFacts) -> Vec<DoctorFinding> {
    let mut findings = toolchains(&facts.toolchains, facts.has_rustup);
    findings.extend(layouts(&facts.toolchains));
    findings.push(match &facts.c_compiler {
        Some(path) => ok("C compiler", path.display().to_string()),
        None => lacking("C compiler", "no `cc` on PATH; rustc links with it", "on Debian: apt-get install gcc"),
    });
    findings.push(match &facts.git {
        Some(path) => ok("git", path.display().to_string()),
        None => missing("git", "not on PATH; corpora of git repositories cannot be fetched", "apt-get install git"),
    });
    findings.extend(work(&facts.work));
    findings.extend(machine(facts));
    findings.extend(volumes(facts));
    findings.push(sandbox(facts));
    findings
}

fn ok(topic: &'static str, text: impl Into<String>) -> DoctorFinding {
    DoctorFinding { level: FindingLevel::Ok, topic, text: text.into(), remedy: None, required: false }
}

fn warning(topic: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> DoctorFinding {
    DoctorFinding { level: FindingLevel::Warning, remedy: Some(remedy.into()), ..ok(topic, text) }
}

fn missing(topic: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> DoctorFinding {
    DoctorFinding { level: FindingLevel::Missing, ..warning(topic, text, remedy) }
}

/// Missing and required.
fn lacking(topic: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> DoctorFinding {
    DoctorFinding { required: true, ..missing(topic, text, remedy) }
}

/// Errors here end in what to do, after a semicolon.
fn split(error: &str) -> (String, Option<String>) {
    match error.rsplit_once("; ") {
        Some((what, remedy)) => (what.to_owned(), Some(remedy.to_owned())),
        None => (error.to_owned(), None),
    }
}

fn label(toolchain: &FoundToolchain) -> String {
    match (&toolchain.name, toolchain.is_default) {
        (Some(name), true) => format!("{name} (default)"),
        (Some(name), false) => name.clone(),
        (None, _) => "default".to_owned(),
    }
}

fn toolchains(all: &[FoundToolchain], has_rustup: bool) -> Vec<DoctorFinding> {
    let finding = |toolchain: &FoundToolchain| match &toolchain.about {
        Ok(about) => ok("toolchain", format!("{}: {about}", label(toolchain))),
        Err(error) => {
            let (what, remedy) = split(error);
            // A name with a number stays that number.
            let moves = |name: &&String| ["stable", "beta", "nightly"].contains(&name.as_str());
            let update = toolchain.name.as_ref().filter(moves).map(|name| format!("rustup update {name}"));
            let remedy = update.filter(|_| has_rustup).or(remedy);
            let remedy = remedy.unwrap_or_else(|| "https://rustup.rs installs Rust".to_owned());
            let finding = lacking("toolchain", format!("{}: {what}", label(toolchain)), remedy);
            let level = if toolchain.is_default { FindingLevel::Missing } else { FindingLevel::Warning };
            DoctorFinding { level, required: toolchain.is_default, ..finding }
        }
    };
    all.iter().map(finding).collect()
}

fn layouts(all: &[FoundToolchain]) -> Vec<DoctorFinding> {
    let finding = |toolchain: &FoundToolchain| {
        let label = label(toolchain);
        Some(match toolchain.layout.as_ref()? {
            Ok(flag) => {
                let how = flag.map_or_else(|| "by default".to_owned(), |flag| format!("with {flag}"));
                ok("layout", format!("{label}: every unit has a directory of its own, {how}, tried"))
            }
            Err(why) => DoctorFinding {
                required: toolchain.is_default,
                ..lacking(
                    "layout",
                    format!("{label}: units get no directory of their own: {why}"),
                    "use another `--toolchain`, and report this Cargo to the harness",
                )
            },
        })
    };
    all.iter().filter_map(finding).collect()
}

fn work(work: &WorkDirFacts) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    let path = work.path.display();
    let kind = work.file_system.as_ref().map_or("unknown", |fs| fs.kind.as_str());
    findings.push(match &work.problem {
        None => ok("work dir", format!("{path} on {kind}")),
        Some(problem) => {
            let (what, remedy) = split(problem);
            let remedy = remedy.unwrap_or_else(|| "choose another `--work-dir`".to_owned());
            match work.in_use {
                true => warning("work dir", what, remedy),
                false => lacking("work dir", what, remedy),
            }
        }
    });
    if let Some(fs) = &work.file_system {
        let free = format!("{} free of {}", bytes(Some(fs.free_bytes as f64)), bytes(Some(fs.total_bytes as f64)));
        findings.push(match fs.free_bytes {
            free_bytes if free_bytes >= SPACE_BYTES => ok("free space", free),
            free_bytes if free_bytes >= DISK_FLOOR => warning(
                "free space",
                format!("{free}: enough for the corpus `quick`, not for large ones"),
                "free some, or name another `--work-dir`",
            ),
            _ => lacking("free space", free, "free some, or name another `--work-dir`"),
        });
    }
    if kind == EXT4_WITHOUT_JOURNAL {
        let text = format!("{EXT4_WITHOUT_JOURNAL}: {WITHOUT_JOURNAL_WHY}");
        findings.push(warning("creation", text, WITHOUT_JOURNAL_REMEDY));
    }
    findings.extend(work.links.iter().flat_map(|found| links(found, kind)));
    findings.extend(work.extents.map(|extents| match extents {
        true => ok("disk truth", format!("{kind} reports physical bytes (FIEMAP)")),
        false => warning(
            "disk truth",
            format!("{kind} does not report physical bytes; those columns stay empty"),
            "`--volume ext4:12G` or another makes a file system that does (as root)",
        ),
    }));
    findings
}

/// One line for the link modes that work, one for each that does not.
fn links(found: &LinkSupport, kind: &str) -> Vec<DoctorFinding> {
    let modes = [("hardlink", &found.hardlink), ("reflink", &found.reflink), ("symlink", &found.symlink)];
    let works = modes.iter().filter(|(_, support)| support.is_ok()).map(|(name, _)| *name);
    let works: Vec<&str> = works.chain(["copy"]).collect();
    let mut findings = vec![ok("link modes", format!("{} work, tried on {kind}", works.join(", ")))];
    findings.extend(modes.into_iter().filter_map(|(name, support)| match support {
        Ok(()) => None,
        Err(why) => Some(warning("link modes", format!("{name} does not work on {kind}: {why}"), OTHER_FILE_SYSTEM)),
    }));
    findings
}

fn machine(facts: &MachineFacts) -> Vec<DoctorFinding> {
    let host = &facts.host;
    let cpu = host.cpu.as_deref().unwrap_or(&host.arch);
    let mut findings = vec![match host.cores {
        1 => warning("cores", format!("1, {cpu}: Cargo builds one unit at a time"), "use a machine with more"),
        cores => ok("cores", format!("{cores}, {cpu}")),
    }];
    findings.extend(facts.others.map(|others| {
        let text = format!("others use {:.0} % of the processors", 100.0 * others);
        match others <= QUIET {
            true => ok("load", text),
            false => {
                warning("load", format!("{text}: timings suffer"), "wait, end what else runs, or give --max-load 10%")
            }
        }
    }));
    findings.extend(facts.observer.map(|cost| {
        let cost = cost.as_secs_f64() * 1e3;
        ok("observer", format!("the pass-through behind RUSTC adds {cost:.1} ms to a call, in every arm"))
    }));
    findings.extend(facts.memory_available_bytes.map(|available| {
        let total = bytes(host.memory_bytes.map(|total| total as f64));
        let text = format!("{} available of {total}", bytes(Some(available as f64)));
        match available >= MEMORY_BYTES {
            true => ok("memory", text),
            false => warning("memory", format!("{text}: large programs may not link"), "end other programs"),
        }
    }));
    findings
}

fn volumes(facts: &MachineFacts) -> Vec<DoctorFinding> {
    if facts.work.file_system.is_none() {
        return Vec::new(); // There was no place to try.
    }
    if !facts.may_mount {
        let remedy = "run as root, or name a `--work-dir` on a file system of the kind you want";
        return vec![warning("volumes", "`--volume` needs root on Linux", remedy)];
    }
    let works: Vec<&str> =
        facts.volumes.iter().filter(|(_, made)| made.is_ok()).map(|(kind, _)| kind.as_str()).collect();
    let mut findings = Vec::new();
    if !works.is_empty() {
        findings.push(ok("volumes", format!("{} can be made, mounted and removed, tried", works.join(", "))));
    }
    findings.extend(facts.volumes.iter().filter_map(|(_, made)| {
        let (what, remedy) = split(made.as_ref().err()?);
        let remedy = remedy.unwrap_or_else(|| "containers need loop devices and the right to mount".to_owned());
        Some(missing("volumes", what, remedy))
    }));
    findings
}

fn sandbox(facts: &MachineFacts) -> DoctorFinding {
    let by = match &facts.sandbox {
        Ok(by) => by,
        Err(error) => {
            let (what, remedy) = split(error);
            return warning("sandbox", what, remedy.unwrap_or_else(|| "run in a virtual machine".to_owned()));
        }
    };
    let text = format!(
        "`--sandbox` works, by bubblewrap, tried; memory limited by {}, processes by {}",
        by.memory, by.processes
    );
    match by.memory == Enforcer::Rlimit || by.processes == Enforcer::Nothing {
        false => ok("sandbox", text),
        true => {
            let remedy = "run where control groups can be made: as root, or in a systemd session of the user";
            warning("sandbox", format!("{text}: each process by itself, not their sum"), remedy)
        }
    }
}

#[cfg(test)]
#[path = "grade_tests.rs"]
mod tests;
