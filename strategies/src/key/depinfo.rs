//! rustc's dep-info files (`out/*.d`): make rules, and `# env-dep:` comments.
//!
//! Format: `rustc_interface::passes::write_out_deps`. Spaces in paths are escaped with a
//! backslash; environment values escape newline, carriage return and backslash.

/// What one compilation read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DepInfo {
    /// Source files as rustc named them, in order, once each.
    pub files: Vec<String>,
    /// Environment variables read through `env!` and `option_env!`.
    pub env: Vec<String>,
}

/// Parses the text of a dep-info file.
pub fn parse(text: &str) -> DepInfo {
    let mut info = DepInfo::default();
    for line in text.lines() {
        if let Some(variable) = line.strip_prefix("# env-dep:") {
            let name = variable.split('=').next().unwrap_or(variable);
            info.env.push(name.to_owned());
        } else if !line.starts_with('#')
            && let Some((_, sources)) = split_rule(line)
        {
            for file in split_paths(sources) {
                if !info.files.contains(&file) {
                    info.files.push(file);
                }
            }
        }
    }
    info.env.sort();
    info.env.dedup();
    info
}

/// Splits `target: sources`; a colon inside a path is not followed by a space or the end.
fn split_rule(line: &str) -> Option<(&str, &str)> {
    match line.split_once(": ") {
        Some(rule) => Some(rule),
        None => line.strip_suffix(':').map(|target| (target, "")),
    }
}

fn split_paths(text: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek(), paths.last_mut()) {
            ('\\', Some(' '), Some(path)) => {
                path.push(' ');
                chars.next();
            }
            (' ', _, _) => paths.push(String::new()),
            (c, _, Some(path)) => path.push(c),
            (_, _, None) => {}
        }
    }
    paths.retain(|path| !path.is_empty());
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_variables_are_read() {
        let text = "/t/out/liba.rmeta: src/lib.rs src/with\\ space.rs\n\n/t/out/a.d: src/lib.rs src/with\\ space.rs\n\nsrc/lib.rs:\nsrc/with\\ space.rs:\n\n# env-dep:HOME=/root\n# env-dep:UNSET\n";
        let info = parse(text);
        assert_eq!(info.files, ["src/lib.rs", "src/with space.rs"]);
        assert_eq!(info.env, ["HOME", "UNSET"]);
    }
}
