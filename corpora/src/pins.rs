//! The exact values a manifest pins a source with. Parsed at the edge, trusted inside.

use std::fmt;
use std::path::{Component, Path, PathBuf};

/// A full git commit id: 40 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct CommitId(String);

/// The SHA-256 of a published `.crate` file: 64 lowercase hexadecimal digits.
///
/// It is the value in a registry's index and in the `checksum` lines of a `Cargo.lock`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Checksum(String);

/// The location of a git repository: a URL with a known scheme, `user@host:path`, or a local path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct GitUrl(String);

/// A value in a manifest that is not what it must be. One lower-case fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPin(pub(crate) String);

fn hex(text: &str, digits: usize, what: &str) -> Result<String, BadPin> {
    let all_hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if text.len() == digits && all_hex {
        Ok(text.to_owned())
    } else {
        Err(BadPin(format!("{text:?} is not {what}: {digits} lowercase hexadecimal digits are needed")))
    }
}

impl CommitId {
    /// Parse a full commit id. Fails when it is abbreviated, a branch name, or anything else.
    pub fn parse(text: &str) -> Result<Self, BadPin> {
        hex(text, 40, "a full commit").map(Self)
    }
}

impl Checksum {
    /// Parse a SHA-256. Fails when it is not 64 lowercase hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, BadPin> {
        hex(text, 64, "a SHA-256 checksum").map(Self)
    }
}

impl GitUrl {
    /// Parse a location. Fails when git could take it for an option or a transport helper that runs a command.
    pub fn parse(text: &str) -> Result<Self, BadPin> {
        let bad = |why: &str| Err(BadPin(format!("{text:?} {why}")));
        if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return bad("is not a git URL: it is empty or has white space in it");
        }
        // A host with a dash is an option to `ssh`.
        if text.starts_with('-') || text.contains("://-") || text.contains("@-") {
            return bad("starts with a dash, git would take it for an option");
        }
        if let Some((scheme, _)) = text.split_once("://") {
            if !["https", "http", "ssh", "git", "file"].contains(&scheme) {
                return bad("has an unknown scheme: use https, http, ssh, git or file");
            }
        } else if text.contains("::") {
            return bad("names a transport helper, which runs a command");
        }
        Ok(Self(text.to_owned()))
    }

    /// The location with a relative local path made relative to `base` instead.
    pub(crate) fn relative_to(&self, base: &Path) -> Self {
        match self.local_path() {
            Some(path) if path.is_relative() => Self(base.join(path).to_string_lossy().into_owned()),
            _ => self.clone(),
        }
    }

    /// The path of a local repository. A colon before any slash makes it `host:path`, as in git.
    pub(crate) fn local_path(&self) -> Option<PathBuf> {
        if let Some(path) = self.0.strip_prefix("file://") {
            return Some(PathBuf::from(path));
        }
        let has_host = match (self.0.find(':'), self.0.find('/')) {
            (Some(colon), Some(slash)) => colon < slash,
            (colon, _) => colon.is_some(),
        };
        (!has_host).then(|| PathBuf::from(&self.0))
    }
}

macro_rules! text_form {
    ($($pin:ty)*) => {$(
        impl $pin {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $pin {
            type Error = BadPin;

            fn try_from(text: String) -> Result<Self, BadPin> {
                Self::parse(&text)
            }
        }

        impl fmt::Display for $pin {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
text_form!(CommitId Checksum GitUrl);

/// A name that is safe as a file name and a column: `[A-Za-z0-9_.-]+`, no leading dot or dash.
/// Fails when it is empty, too long, or has another character in it.
pub fn name(text: &str) -> Result<String, BadPin> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if text.is_empty() || text.len() > 100 || !text.chars().all(allowed) {
        return Err(BadPin(format!("{text:?} is not a name: use 1 to 100 of the characters A-Z a-z 0-9 _ . -")));
    }
    if text.starts_with(['.', '-']) {
        return Err(BadPin(format!("{text:?} is not a name: it must not start with {:?}", &text[..1])));
    }
    Ok(text.to_owned())
}

/// A path that stays inside the directory it is relative to, judged by its text.
/// Fails when it is empty, absolute, or has a `..` in it.
pub fn inner_path(text: &str) -> Result<PathBuf, BadPin> {
    let path = Path::new(text);
    let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    if text.is_empty() || !plain || text.contains(['\\', '\0', '\n']) {
        return Err(BadPin(format!("{text:?} must be a relative path with forward slashes and no `.` or `..` in it")));
    }
    Ok(path.to_owned())
}

/// One line of prose, or a path: not empty, no control characters.
pub(crate) fn line(text: &str) -> Result<String, BadPin> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(BadPin(format!("{text:?} must be one line, and not empty")));
    }
    Ok(text.to_owned())
}

/// Options of `cargo build` that belong to the harness or would step around its measuring.
const OWNED: &str = "--target-dir --build-dir --profile --release --manifest-path --message-format --jobs --config \
                     --locked --offline --frozen --quiet --verbose --color --timings --unit-graph --build-plan \
                     --artifact-dir --lockfile-path --keep-going --future-incompat-report --out-dir --target";

/// An argument that decides nothing which the harness decides.
pub(crate) fn cargo_arg(text: &str) -> Result<String, BadPin> {
    let option = text.split('=').next().unwrap_or(text);
    let short = ["-Z", "-j", "-r", "-v", "-q", "-C", "-m"];
    let owned = OWNED.split(' ').any(|owned| owned == option) || short.iter().any(|s| text.starts_with(s));
    if owned || text == "--" || text.starts_with('+') {
        return Err(BadPin(format!("{option:?} is for the harness to decide, not for a manifest")));
    }
    line(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_full_lowercase_ids_pass() {
        assert!(CommitId::parse(&"a1".repeat(20)).is_ok());
        for bad in ["", "main", "a1b2c3", &"A1".repeat(20), &"g1".repeat(20)] {
            assert!(CommitId::parse(bad).is_err(), "{bad}");
        }
        assert!(Checksum::parse(&"0f".repeat(32)).is_ok());
        assert!(Checksum::parse(&"0f".repeat(20)).is_err());
    }

    #[test]
    fn urls_that_are_options_or_commands_are_refused() {
        for good in ["https://h/x", "git@h:x/y.git", "../repo", "/srv/x", "file:///x"] {
            assert!(GitUrl::parse(good).is_ok(), "{good}");
        }
        let options =
            ["-u", "--upload-pack=touch ran", "ssh://-oX/y", "ssh://u@-oX/y", "u@-oX:y", "ssh://-oProxyCommand=x/y"];
        for bad in options.into_iter().chain(["", "ext::sh -c x", "ext::touch", "a b", "ftp://h/x"]) {
            assert!(GitUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn local_and_remote_repositories_are_distinguished_as_git_does() {
        let local = |url: &str| GitUrl::parse(url).unwrap().local_path();
        assert_eq!(local("/srv/x"), Some("/srv/x".into()));
        assert_eq!(local("file:///srv/x"), Some("/srv/x".into()));
        assert_eq!(local("dir/with:colon"), Some("dir/with:colon".into()));
        for remote in ["https://h/x", "ssh://h/x", "git@h:x", "h:x/y"] {
            assert_eq!(local(remote), None, "{remote}");
        }
    }

    #[test]
    fn only_relative_paths_are_taken_from_the_base() {
        let base = Path::new("base");
        let rebased = |url: &str| GitUrl::parse(url).unwrap().relative_to(base).to_string();
        assert_eq!(Path::new(&rebased("../x")), base.join("../x"));
        for same in ["/x", "https://h/x", "git@h:x", "file:///x"] {
            assert_eq!(rebased(same), same);
        }
    }

    #[test]
    fn paths_that_leave_are_refused() {
        for bad in ["", "/etc/passwd", "..", "a/../../b", "./a", "a\\b", "a\0"] {
            assert!(inner_path(bad).is_err(), "{bad:?}");
        }
        assert_eq!(inner_path("src/main.rs").unwrap(), Path::new("src/main.rs"));
    }

    proptest! {
        #[test]
        fn a_name_is_one_plain_path_component(text in "\\PC{0,12}") {
            if name(&text).is_ok() {
                let parts: Vec<_> = Path::new(&text).components().collect();
                prop_assert_eq!(parts, vec![Component::Normal(text.as_ref())]);
                prop_assert!(!text.starts_with('-'));
            }
        }

        #[test]
        fn plain_names_pass(text in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}") {
            prop_assert_eq!(name(&text).unwrap(), text);
        }

        #[test]
        fn inner_paths_stay_inside(text in "[a./\\\\]{0,12}") {
            if let Ok(path) = inner_path(&text) {
                prop_assert!(path.is_relative());
                prop_assert!(!path.components().any(|c| c == Component::ParentDir));
            }
        }
    }
}
