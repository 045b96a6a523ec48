use super::*;

const SMALL: &str = "name = \"x\"\nabout = \"a test\"\n";

fn parse(more: &str) -> Result<External, ExternalError> {
    External::parse(&format!("{SMALL}{more}"))
}

#[track_caller]
fn refused(more: &str) -> String {
    let error = parse(more).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn every_shipped_file_is_sound_and_bears_its_name() {
    for (name, read) in shipped::checked() {
        assert_eq!(read.unwrap_or_else(|error| panic!("{name}: {error}")).name(), name);
    }
    assert_eq!(shipped().len(), shipped::checked().len());
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    assert!(refused("nmae = 1").starts_with("line 3: unknown field `nmae`"), "{}", refused("nmae = 1"));
    assert!(refused("before = \"ls\"").contains("line 3"));
    assert!(External::parse("name = \"a+b\"\nabout = \"x\"").unwrap_err().to_string().contains("`name` must"));
    assert!(External::parse("name = \"x\"\nabout = \" \"").unwrap_err().to_string().contains("`about`"));
    assert!(refused("env = { A = \"{stor}\" }").contains("`env.A` is not usable: {stor}"));
    assert!(refused("reset = [[\"rm\", \"{build-dir}\"]]").contains("`reset`"), "a reset belongs to no build");
    assert!(refused("env = { P = \"{port}\" }").contains("{port}"), "no daemon, no port");
    assert!(refused("env = { RUSTC = \"mine\" }").contains("`env.RUSTC` must stay: the harness counts compiles"));
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR", "CARGO_HOME", "HARNESS_ANYTHING"] {
        assert!(refused(&format!("env = {{ {name} = \"x\" }}")).contains(&format!("`env.{name}` must stay")));
    }
    assert!(refused("before = [[]]").contains("`before` has a command without a program"));
    assert!(refused("store = { path = \"/var\" }").contains("store.path"));
    assert!(refused("store = { path = \"{store}/../..\" }").contains("store.path"));
    assert!(refused("store = { path = \"{store}-of-others\" }").contains("store.path"));
    assert!(refused("store = { path = \"{store}/{up}\" }\nparameters = { up = \"../..\" }").contains("store.path"));
    assert!(refused("[install]\ncrate = \"--git\"\nversion = \"1.0.0\"").contains("install.crate"));
    assert!(refused("[install]\ncrate = \"a\"\nversion = \"1.0.0 --force\"").contains("install.version"));
    assert!(refused("[install]\ncrate = \"a\"\nversion = \"1.0.0\"\nfeatures = [\"-Z\"]").contains("install.features"));
    assert!(refused("parameters = { store = \"\" }").contains("parameters.store"));
    assert!(refused("[daemon]\nstart = [\"d\"]").contains("daemon.ready"));
    assert!(refused("[statistics]\nhits = []").contains("either `command` or `file`"));
    assert!(refused("[statistics]\ncommand = [\"s\"]\nhits = [\"hits\"]").contains("begin with '/'"));
}

#[test]
fn parameters_are_set_by_their_shape() {
    let text = "flags = [\"{flags}\", \"{one}\"]\n[parameters]\nflags = [\"-Za\"]\none = \"1\"";
    let mut external = parse(text).unwrap();
    let argv = |external: &External| external.values().argv(&external.description.flags).unwrap();
    assert_eq!(argv(&external), ["-Za", "1"]);
    external.set("flags", "-Zb,-Zc").unwrap();
    external.set("one", "a,b").unwrap();
    assert_eq!(argv(&external), ["-Zb", "-Zc", "a,b"]);
    external.set("flags", "['a=[1,2]']").unwrap();
    assert_eq!(argv(&external), ["a=[1,2]", "a,b"]);
    external.set("tool", "/usr/bin").unwrap();
    external.set("cargo", "/opt/cargo").unwrap();
    assert_eq!((external.tool.as_deref(), external.cargo.as_deref()), (Some("/usr/bin"), Some("/opt/cargo")));
    let error = external.set("flgas", "").unwrap_err().to_string();
    assert_eq!(error, "x has no parameter flgas; it has flags, one, tool, cargo");
}

#[test]
fn a_tool_is_needed_where_it_is_named() {
    assert!(!parse("").unwrap().needs_tool());
    assert!(parse("env = { RUSTC_WRAPPER = \"{tool}/x\" }").unwrap().needs_tool());
}
