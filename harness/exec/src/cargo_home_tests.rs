use super::*;

/// The private configuration made from the user's files, and the tokens kept in memory.
fn prepared(files: &[(&str, &str)]) -> (tempfile::TempDir, Table, CargoHome) {
    let dir = tempfile::tempdir().unwrap();
    let user = dir.path().join("user/.cargo");
    std::fs::create_dir_all(&user).unwrap();
    for (name, text) in files {
        std::fs::write(user.join(name), text).unwrap();
    }
    let home = CargoHome::prepare(dir.path(), Some(&user)).unwrap();
    let text = std::fs::read_to_string(home.dir.join("config.toml")).unwrap();
    (dir, text.parse().unwrap(), home)
}

#[test]
fn only_where_packages_come_from_is_taken() {
    let (_dir, config, _) = prepared(&[(
        "config.toml",
        "[source.crates-io]\nreplace-with = 'mirror'\n[registries.mirror]\nindex = 'sparse+i'\n\
         [http]\ntimeout = 5\n[net]\nretry = 9\n[build]\nrustc-wrapper = 'w'\n\
         [profile.dev]\ndebug = 0\n[target.x]\nlinker = 'l'\n[env]\nA = 'b'\n[patch.x]\n\
         [registry]\ndefault = 'mirror'\nglobal-credential-providers = ['cargo:token']\n",
    )]);
    let keys: Vec<_> = config.keys().map(String::as_str).collect();
    assert_eq!(keys, ["http", "net", "registries", "registry", "source"]);
    assert_eq!(config["source"]["crates-io"]["replace-with"].as_str(), Some("mirror"));
    assert_eq!(config["registry"].as_table().unwrap().len(), 1);
}

#[test]
fn paths_become_absolute_from_above_the_configurations_directory() {
    let (dir, config, _) = prepared(&[(
        "config.toml",
        "[source.v]\ndirectory = 'vendor'\n[source.l]\nlocal-registry = '/abs'\n\
         [http]\ncainfo = 'ca.pem'\n\
         [registries.s]\nindex = 'i'\ncredential-provider = 'cargo:token-from-stdout ./a'\n",
    )]);
    let user = dir.path().join("user");
    assert_eq!(config["source"]["v"]["directory"].as_str(), user.join("vendor").to_str());
    assert_eq!(config["source"]["l"]["local-registry"].as_str(), Some("/abs"));
    assert_eq!(config["http"]["cainfo"].as_str(), user.join("ca.pem").to_str());
    let provider = &config["registries"]["s"]["credential-provider"];
    assert_eq!(provider.as_str(), Some("cargo:token-from-stdout ./a"));
}

#[test]
fn no_secret_reaches_the_disk_and_all_reach_fetching() {
    let (_dir, config, home) = prepared(&[
        ("config.toml", "[registries.my-own]\nindex = 'i'\ntoken = 'one'\nsecret-key = 'two'\n"),
        ("credentials.toml", "[registry]\ntoken = 'three'\n[registries.other]\ntoken = 'four'\n"),
    ]);
    assert_eq!(config["registries"]["my-own"].as_table().unwrap().len(), 1);
    assert!(!config.to_string().contains("one") && !config.to_string().contains("two"));
    assert!(!home.dir.join("credentials.toml").exists());
    let tokens: Vec<_> = home.tokens.iter().map(|(k, v)| (k.to_str().unwrap(), v.to_str().unwrap())).collect();
    assert_eq!(
        tokens,
        [
            ("CARGO_REGISTRIES_MY_OWN_TOKEN", "one"),
            ("CARGO_REGISTRIES_OTHER_TOKEN", "four"),
            ("CARGO_REGISTRY_TOKEN", "three"),
        ]
    );
}

#[test]
fn includes_are_followed_and_the_including_file_wins() {
    let (_dir, config, _) = prepared(&[
        ("config.toml", "include = ['a.toml', { path = 'no.toml', optional = true }]\n[net]\nretry = 1\n"),
        ("a.toml", "[net]\nretry = 2\noffline = true\n[source.s]\ndirectory = 'd'\n"),
    ]);
    assert_eq!(config["net"]["retry"].as_integer(), Some(1));
    assert_eq!(config["net"]["offline"].as_bool(), Some(true));
    assert!(config.contains_key("source"));
}

#[test]
fn broken_configurations_name_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let attempt = |text: &str| {
        std::fs::write(&file, text).unwrap();
        CargoHome::prepare(&dir.path().join("w"), Some(dir.path())).unwrap_err().to_string()
    };
    let error = attempt("[net\n");
    assert!(error.contains("config.toml is not valid TOML"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(attempt("include = 'config.toml'").contains("look for a circle"));
    assert!(attempt("include = 'gone.toml'").contains("gone.toml: "));
}

#[test]
fn an_unchanged_configuration_is_not_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    let home = CargoHome::prepare(dir.path(), None).unwrap();
    let file = home.dir.join("config.toml");
    let before = std::fs::metadata(&file).unwrap().modified().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    CargoHome::prepare(dir.path(), None).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), before);
}

#[test]
fn a_duplicate_has_the_same_content_and_changes_do_not_reach_it() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a"), dir.path().join("b"));
    std::fs::create_dir_all(first.join("registry/src/x")).unwrap();
    std::fs::write(first.join("registry/src/x/lib.rs"), "fn x() {}").unwrap();
    std::fs::write(first.join("config.toml"), "one").unwrap();
    os::symlink(Path::new("lib.rs"), &first.join("registry/src/x/same.rs")).unwrap();
    std::fs::create_dir_all(&second).unwrap();
    std::fs::write(second.join("old"), "").unwrap();
    duplicate(&first, &second).unwrap();
    assert_eq!(std::fs::read_to_string(second.join("registry/src/x/lib.rs")).unwrap(), "fn x() {}");
    assert!(!second.join("old").exists());
    assert_eq!(std::fs::read_link(second.join("registry/src/x/same.rs")).unwrap(), Path::new("lib.rs"));
    std::fs::write(second.join("config.toml"), "two").unwrap();
    assert_eq!(std::fs::read_to_string(first.join("config.toml")).unwrap(), "one");
}

#[cfg(unix)]
#[test]
fn homes_share_downloads_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second, own] = ["a", "b", "own"].map(|name| dir.path().join(name));
    std::fs::create_dir_all(first.join("registry/src/x")).unwrap();
    std::fs::write(first.join("config.toml"), "one").unwrap();
    share(&first, &own).unwrap();
    std::fs::create_dir_all(own.join("build-cache/x")).unwrap();
    std::fs::create_dir_all(own.join("git/db")).unwrap();
    std::fs::write(own.join(".package-cache"), "").unwrap();
    assert!(own.join("registry/src/x").is_dir() && first.join("git/db").is_dir());
    assert!(first.join(".package-cache").is_file(), "one lock over what is shared");
    assert_eq!(std::fs::read_to_string(own.join("config.toml")).unwrap(), "one");
    assert!(!own.join("credentials.toml").exists() && !first.join("build-cache").exists());
    share(&second, &own).unwrap();
    assert!(own.join("build-cache/x").is_dir() && !own.join("registry/src").exists(), "shares with the other now");
    remove_dir(&own).unwrap();
    assert!(first.join("registry/src/x").is_dir() && first.join("git/db").is_dir());
}
