//! What makes runs comparable.
//!
//! A ratio between two strategies can be followed over time as long as the same sources are
//! built by the same story on the same kind of machine. Toolchain, kernel, harness and tools
//! are left out: they are what changes, and what a change is then blamed on. Strategies,
//! rounds, seed and time budget are left out since they move no ratio.

use records::RunInfo;
use serde_json::Value;

/// Options that can move a ratio. A list of those that matter, since an option that a later
/// harness adds must not begin a new line by being there.
const OPTIONS: [&str; 6] = ["alone", "jobs", "order", "sandbox", "shadow", "volume"];

/// The conditions as text, `name=value` separated by `; `; the same for comparable runs.
pub fn line(info: &RunInfo, baseline: &str) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let gib = |bytes: u64| format!("{:.0} GiB", bytes as f64 / f64::from(1 << 30));
    let corpus = if info.corpus.hash.is_empty() { &info.corpus.name } else { &info.corpus.hash };
    let mut parts = vec![
        ("corpus", corpus.clone()),
        ("workspaces", info.corpus.workspaces.join(",")),
        ("scenario", info.scenario.clone()),
        ("profile", info.profile.clone()),
        ("baseline", baseline.to_owned()),
        ("processor", text(&info.host.cpu_model)),
        ("cores", info.host.cores.map(|n| n.to_string()).unwrap_or_default()),
        ("memory", info.host.memory_bytes.map(gib).unwrap_or_default()),
        ("system", text(&info.host.os)),
    ];
    let mut disks: Vec<String> = info.file_systems.iter().map(|fs| format!("{}:{}", fs.role, fs.kind)).collect();
    disks.sort_unstable();
    parts.push(("file systems", disks.join(",")));
    // What is of one kind of machine is in the same line as a run taken in one go.
    let kinds = info.kinds_of_hosts();
    if kinds.len() > 1 {
        parts.push(("machines", kinds.into_iter().collect::<Vec<_>>().join(" + ")));
    }
    for name in OPTIONS {
        match info.options.get(name) {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(value) => parts.push((name, value.to_string())),
        }
    }
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.join("; ")
}

/// A short name of a line.
pub fn line_id(line: &str) -> String {
    blake3::hash(line.as_bytes()).to_hex()[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::ShardInfo;

    #[test]
    fn what_changes_over_time_begins_no_new_line() {
        let mut info = RunInfo::new("a");
        info.corpus.hash = "c0ffee".into();
        info.host.cores = Some(2);
        let before = line(&info, "none");
        info.name = "b".into();
        info.toolchain.rustc = "rustc 1.99.0".into();
        info.host.kernel = Some("Linux 7".into());
        info.strategies = vec!["none".into()];
        info.options.insert("new".into(), true.into());
        info.options.insert("shadow".into(), false.into());
        info.options.insert("jobs".into(), Value::Null);
        assert_eq!(line(&info, "none"), before);
        assert_ne!(line(&info, "shared-target"), before);
        info.options.insert("jobs".into(), 1.into());
        assert_ne!(line(&info, "none"), before);
        assert_eq!(line_id(&before).len(), 8);
    }

    #[test]
    fn shards_of_one_kind_of_machine_are_in_the_line_of_the_whole_run_and_others_are_not() {
        let mut info = RunInfo::new("a");
        info.corpus.hash = "c0ffee".into();
        let before = line(&info, "none");
        info.shards = vec![ShardInfo::default(), ShardInfo { machine: Some("b".into()), ..ShardInfo::default() }];
        assert_eq!(line(&info, "none"), before);
        info.shards[1].host.cores = Some(4);
        assert_ne!(line(&info, "none"), before);
    }
}
