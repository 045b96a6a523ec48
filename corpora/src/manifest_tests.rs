//! What a manifest may say, and what an error about one names.

use super::*;

const HEAD: &str = "name = \"c\"\nabout = \"a\"\n[[workspace]]\n";

fn one(line: &str) -> String {
    let mut keys = vec![
        ("name", "name = \"w\"".to_owned()),
        ("why", "why = \"because\"".to_owned()),
        ("source", "source = { path = \"../w\" }".to_owned()),
        ("edit", "edit = \"src/main.rs\"".to_owned()),
    ];
    let key = line.split(' ').next().unwrap_or("");
    keys.retain(|(name, _)| *name != key);
    keys.push((key, line.to_owned()));
    let lines: Vec<_> = keys.into_iter().map(|(_, line)| line).collect();
    format!("{HEAD}{}\n", lines.join("\n"))
}

fn read(text: &str) -> Result<Corpus, ManifestError> {
    Corpus::parse(text, Path::new("dir/m.toml"))
}

fn error(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn a_whole_manifest_is_read() {
    let commit = "0123456789".repeat(4);
    let sum = "ab".repeat(32);
    let text = format!(
        "{HEAD}name = \"a\"\nwhy = \"x\"\nedit = \"src/lib.rs\"\ncargo-args = [\"--bin\", \"a\"]\n\
         source = {{ registry = \"aa\", version = \"1.2.3\", checksum = \"{sum}\" }}\n\
         run = {{ bin = \"a\", args = [\"--version\"] }}\nupgrade = \"up/a.lock\"\n\
         [[workspace]]\nname = \"b\"\nwhy = \"y\"\nedit = \"m.rs\"\n\
         source = {{ git = \"repo\", commit = \"{commit}\", subdir = \"x/y\" }}\n"
    );
    let corpus = read(&text).unwrap();
    assert_eq!(corpus.workspaces[0].cargo_args, ["--bin", "a"]);
    assert_eq!(corpus.workspaces[0].source.to_string(), "aa 1.2.3");
    assert_eq!(corpus.workspaces[0].run.as_ref().unwrap().bin, "a");
    assert_eq!(corpus.workspaces[0].upgrade, Some(PinnedLockfile::File("dir/up/a.lock".into())));
    assert_eq!(corpus.workspaces[1].upgrade, None);
    let WorkspaceSource::Git { url, subdir, .. } = &corpus.workspaces[1].source else {
        panic!("not git");
    };
    assert_eq!((Path::new(url.as_str()), subdir.as_path()), (Path::new("dir/repo"), Path::new("x/y")));
    assert_eq!(corpus.only(&["b".into()]).unwrap().workspaces.len(), 1);
    assert_eq!(corpus.only(&["zz".into()]).unwrap_err(), "zz");
}

#[test]
fn only_a_corpus_that_is_never_built_needs_no_file_to_edit() {
    let bare = HEAD.to_owned() + "name = \"w\"\nwhy = \"x\"\nsource = { path = \"../w\" }\n";
    assert_eq!(
        error(&bare),
        "dir/m.toml:4: `edit`: the workspace needs an `edit`: a Rust file that edit steps change (or the corpus `graphs-only = true`)"
    );
    let graphs = |value: &str| bare.replace("[[workspace]]", &format!("graphs-only = {value}\n[[workspace]]"));
    let corpus = read(&graphs("true")).unwrap();
    assert!(corpus.graphs_only && corpus.workspaces[0].edit.as_os_str().is_empty());
    assert!(error(&graphs("false")).contains("needs an `edit`"));
    assert!(error(&graphs("\"yes\"")).starts_with("dir/m.toml:3: `graphs-only`"), "{}", error(&graphs("\"yes\"")));
    // One that is given must be sound all the same.
    let edited = graphs("true") + "edit = \"notes.txt\"\n";
    assert!(error(&edited).contains("must end in .rs"));
    assert!(!read(&one("")).unwrap().graphs_only);
}

#[test]
fn a_path_is_relative_to_its_manifest() {
    let corpus = read(&one("")).unwrap();
    let path = PathBuf::from("dir/../w");
    assert_eq!(corpus.workspaces[0].source, WorkspaceSource::Path { path });
}

#[test]
fn errors_name_file_line_and_key() {
    let cases = [
        ("edit = \"../x.rs\"", "dir/m.toml:7: `edit`: \"../x.rs\" must be a relative path"),
        ("edit = \"x.py\"", "dir/m.toml:7: `edit`: an edit step changes a Rust file"),
        ("upgrade = \"../x.lock\"", "dir/m.toml:8: `upgrade`: \"../x.lock\" must be a relative path"),
        ("edit = 3", "dir/m.toml:7: `edit`: invalid type"),
        ("colour = \"red\"", "dir/m.toml:8: `colour`: unknown field `colour`"),
        ("name = \".x\"", "dir/m.toml:7: `name`: \".x\" is not a name"),
        ("name = \"a/b\"", "dir/m.toml:7: `name`: \"a/b\" is not a name"),
        ("cargo-args = [\"--release\"]", "dir/m.toml:8: `cargo-args`: \"--release\" is for"),
        ("cargo-args = [\"-Zx\"]", "dir/m.toml:8: `cargo-args`: \"-Zx\" is for"),
        ("test-args = [\"--release\"]", "dir/m.toml:8: `test-args`: \"--release\" is for"),
        ("source = { }", "dir/m.toml:7: `source`: the source needs one of"),
        ("source = { git = \"x\" }", "dir/m.toml:7: `source`: the source needs a `commit`"),
        ("source = { git = \"-x\" }", "dir/m.toml:7: `git`: \"-x\" starts with a dash"),
        ("source = { git = \"x\", commit = \"main\" }", "dir/m.toml:7: `commit`: \"main\" is not a full commit"),
        ("source = { registry = \"x\", version = \"1\" }", "dir/m.toml:7: `version`: \"1\" is not an exact version"),
        (
            "source = { registry = \"x\", version = \"1.0.0\", checksum = \"0\" }",
            "dir/m.toml:7: `checksum`: \"0\" is not a SHA-256 checksum",
        ),
        ("run = { args = [] }", "dir/m.toml:8: `run`: missing field `bin`"),
        ("cargo-args = [\n\"--bin\",\n\"--release\"\n]", "dir/m.toml:8: `cargo-args`: \"--release\" is for"),
        (
            "source = { registry = \"x\", path = \"y\" }",
            "dir/m.toml:7: `source`: `path` does not belong in a registry source",
        ),
    ];
    for (line, expected) in cases {
        let shown = error(&one(line));
        assert!(shown.starts_with(expected), "{line}\n  gave {shown}");
        assert!(!shown.contains('\n'), "{shown}");
    }
}

#[test]
fn names_are_unique_and_somebody_is_there() {
    let twice = one("") + &one("name = \"W\"").replace("name = \"c\"\nabout = \"a\"\n", "");
    assert!(error(&twice).contains("two workspaces called \"W\""));
    assert!(error("name = \"c\"\nabout = \"a\"\n").contains("no [[workspace]]"));
    assert!(error("name = \"c\"\nabout = \"a\"\n[[workspace]]").contains(":3: "));
    assert!(error("name = ").starts_with("dir/m.toml:1: "));
}
