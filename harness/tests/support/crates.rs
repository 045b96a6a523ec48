//! The made-up registry and the workspaces that share it: small, and one of each kind of
//! unit that Cargo knows.

use super::Place;

/// A build script that writes `OUT_DIR/generated.rs`.
const GENERATES: &str = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let out = std::env::var(\"OUT_DIR\").unwrap();
    std::fs::write(format!(\"{out}/generated.rs\"), \"pub const GENERATED: u32 = 30;\\n\").unwrap();
}
";

const INCLUDES: &str = "include!(concat!(env!(\"OUT_DIR\"), \"/generated.rs\"));\n";

/// Publishes every crate.
pub fn publish_all(place: &Place) {
    place.publish("plain", "1.0.0", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")]);
    place.publish(
        "maker",
        "1.0.0",
        "[lib]\nproc-macro = true\n",
        &[(
            "src/lib.rs",
            "#[proc_macro]\npub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"7u32\".parse().unwrap() }\n",
        )],
    );
    let made = "pub fn made() -> u32 { maker::seven!() }\n";
    place.publish("made", "1.0.0", "[dependencies]\nmaker = \"1\"\n", &[("src/lib.rs", made)]);
    place.publish(
        "scripted",
        "1.0.0",
        "[dependencies]\nplain = \"1\"\n",
        &[("build.rs", GENERATES), ("src/lib.rs", INCLUDES)],
    );
    place.publish(
        "on-script",
        "1.0.0",
        "[dependencies]\nscripted = \"1\"\n",
        &[("src/lib.rs", "pub fn on_script() -> u32 { scripted::GENERATED }\n")],
    );
    place.publish(
        "watcher",
        "1.0.0",
        "",
        &[
            (
                "build.rs",
                "fn main() {
    println!(\"cargo::rerun-if-env-changed=LANGUAGE\");
    let flavour = std::env::var(\"LANGUAGE\").unwrap_or_else(|_| \"none\".into());
    println!(\"cargo::rustc-env=FLAVOUR={flavour}\");
}
",
            ),
            ("src/lib.rs", "pub fn flavour() -> &'static str { env!(\"FLAVOUR\") }\n"),
        ],
    );
    place.publish(
        "linked-sys",
        "1.0.0",
        "links = \"linked\"\n",
        &[
            ("build.rs", "fn main() { println!(\"cargo::rerun-if-changed=build.rs\\ncargo::metadata=answer=42\"); }\n"),
            ("src/lib.rs", ""),
        ],
    );
    place.publish(
        "linked",
        "1.0.0",
        "[dependencies]\nlinked-sys = \"1\"\n",
        &[
            (
                "build.rs",
                "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    println!(\"cargo::rustc-env=ANSWER={}\", std::env::var(\"DEP_LINKED_ANSWER\").unwrap());
}
",
            ),
            ("src/lib.rs", "pub fn answer() -> &'static str { env!(\"ANSWER\") }\n"),
        ],
    );
    publish_embedder(place);
}

/// A crate whose rmeta holds the absolute `OUT_DIR`, and one on top of it.
pub fn publish_embedder(place: &Place) {
    place.publish(
        "embedder",
        "1.0.0",
        "",
        &[
            ("build.rs", "fn main() { println!(\"cargo::rerun-if-changed=build.rs\"); }\n"),
            (
                "src/lib.rs",
                "pub const PLACE: &str = env!(\"OUT_DIR\");\n#[inline]\npub fn of<T>(_: T) -> usize { PLACE.len() }\n",
            ),
        ],
    );
    let above = "#[inline]\npub fn above<T>(t: T) -> usize { embedder::of(t) }\n";
    place.publish("above", "1.0.0", "[dependencies]\nembedder = \"1\"\n", &[("src/lib.rs", above)]);
}

/// Library and program, on a proc macro, a script, and a path dependency that is a member
/// whose script watches its whole package. 12 units.
pub fn alpha(place: &Place) {
    place.workspace(
        "alpha",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"alpha\"\nversion = \"0.1.0\"\nedition = \"2021\"\n
[dependencies]\nplain = \"1\"\nmade = \"1\"\non-script = \"1\"\nhelper = { path = \"helper\" }\n
[workspace]\nmembers = [\"helper\"]\n",
            ),
            (
                "src/lib.rs",
                "pub fn sum() -> u32 { plain::plain() + made::made() + on_script::on_script() + helper::GENERATED }\n",
            ),
            ("src/main.rs", "fn main() { println!(\"alpha {}\", alpha::sum()); }\n"),
            (
                "helper/Cargo.toml",
                "[package]\nname = \"helper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nplain = \"1\"\n",
            ),
            ("helper/build.rs", &GENERATES.replace("println!(\"cargo::rerun-if-changed=build.rs\");", "")),
            ("helper/src/lib.rs", INCLUDES),
        ],
    );
}

/// A program with its own script, on scripts that watch a variable, link and embed. 20 units.
pub fn beta(place: &Place) {
    place.workspace(
        "beta",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"beta\"\nversion = \"0.1.0\"\nedition = \"2021\"\n
[dependencies]\nplain = \"1\"\nscripted = \"1\"\nwatcher = \"1\"\nlinked = \"1\"\nabove = \"1\"\n\n[workspace]\n",
            ),
            (
                "build.rs",
                "fn main() {
    println!(\"cargo::rerun-if-changed=data.txt\");
    println!(\"cargo::rustc-env=DATA={}\", std::fs::read_to_string(\"data.txt\").unwrap().trim());
}
",
            ),
            ("data.txt", "data\n"),
            (
                "src/main.rs",
                "fn main() {
    let numbers = plain::plain() + scripted::GENERATED;
    println!(\"beta {numbers} {} {} {} {}\", env!(\"DATA\"), watcher::flavour(), linked::answer(), above::above(1) > 0);
}
",
            ),
        ],
    );
}

/// The smallest: a program on a plain library, a script and what embeds a path. 6 units.
pub fn gamma(place: &Place) {
    place.workspace(
        "gamma",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"gamma\"\nversion = \"0.1.0\"\nedition = \"2021\"\n
[dependencies]\nplain = \"1\"\nabove = \"1\"\n\n[workspace]\n",
            ),
            ("src/main.rs", "fn main() { println!(\"gamma {} {}\", plain::plain(), above::above(\"x\") > 0); }\n"),
        ],
    );
}

/// A program whose script says `started` and waits until there is a file `go`. 3 units.
pub fn gated(place: &Place) {
    let (started, go) = (place.at("started"), place.at("go"));
    place.workspace(
        "gated",
        &[
            ("Cargo.toml", "[package]\nname = \"gated\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n"),
            (
                "build.rs",
                &format!(
                    "fn main() {{
    println!(\"cargo::rerun-if-changed=build.rs\");
    std::fs::write({started:?}, \"\").unwrap();
    let began = std::time::Instant::now();
    while !std::path::Path::new({go:?}).exists() {{
        assert!(began.elapsed().as_secs() < 120, \"nobody opened the gate\");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }}
}}
"
                ),
            ),
            ("src/main.rs", "fn main() { println!(\"gated\"); }\n"),
        ],
    );
}

/// A program whose script names nothing it reads, so that every change reruns it. 4 units.
pub fn delta(place: &Place) {
    place.workspace(
        "delta",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"delta\"\nversion = \"0.1.0\"\nedition = \"2021\"\n
[dependencies]\nplain = \"1\"\n\n[workspace]\n",
            ),
            ("build.rs", "fn main() { println!(\"cargo::rustc-env=WORD=delta\"); }\n"),
            ("src/main.rs", "fn main() { println!(\"{} {}\", env!(\"WORD\"), plain::plain()); }\n"),
        ],
    );
}

/// A program on a member that is nobody's final artifact, so that its files are shared with
/// the store, and edited. 3 units.
pub fn nested(place: &Place) {
    place.workspace(
        "nested",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"nested\"\nversion = \"0.1.0\"\nedition = \"2021\"\n
[dependencies]\ninner = { path = \"inner\" }\n\n[workspace]\nmembers = [\"inner\"]\n",
            ),
            ("src/main.rs", "fn main() { println!(\"nested {}\", inner::inner()); }\n"),
            (
                "inner/Cargo.toml",
                "[package]\nname = \"inner\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nplain = \"1\"\n",
            ),
            ("inner/src/lib.rs", "pub fn inner() -> u32 { plain::plain() }\n"),
        ],
    );
}

/// Workspaces that differ from the first in one thing each: the reason of its misses.
pub fn variants(place: &Place) -> Vec<&'static str> {
    place.publish("base", "1.0.0", "[features]\nloud = []\n", &[("src/lib.rs", "pub fn base() -> u32 { 1 }\n")]);
    let stacked = "pub fn stacked() -> u32 { base::base() }\n";
    place.publish("stacked", "1.0.0", "[dependencies]\nbase = \"1\"\n", &[("src/lib.rs", stacked)]);
    let variant = |name: &str, base: &str, more: &str| {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n
[dependencies]\nstacked = \"1\"\nbase = {base}\n\n[workspace]\n{more}"
        );
        let main = "fn main() { println!(\"{}\", stacked::stacked() + base::base()); }\n";
        place.workspace(name, &[("Cargo.toml", &manifest), ("src/main.rs", main)]);
    };
    variant("first", "\"=1.0.0\"", "");
    variant("same", "\"=1.0.0\"", "");
    variant("features", "{ version = \"=1.0.0\", features = [\"loud\"] }", "");
    variant("profile", "\"=1.0.0\"", "[profile.dev]\ndebug = 1\n");
    variant("rustflags", "\"=1.0.0\"", "");
    place.write("ws/rustflags/.cargo/config.toml", "[build]\nrustflags = [\"--cfg=loud\"]\n");
    place.publish("base", "1.1.0", "[features]\nloud = []\n", &[("src/lib.rs", "pub fn base() -> u32 { 2 }\n")]);
    variant("version", "\"=1.1.0\"", "");
    vec!["first", "same", "features", "profile", "rustflags", "version"]
}

/// A program on a chain of two members on two registry packages, one of which has a newer
/// version that a second lockfile names. Has unit tests. 6 units.
pub fn many(place: &Place) {
    let base = |version: &str| {
        place.publish("base", version, "", &[("src/lib.rs", "pub fn base() -> u32 { 1 }\n")]);
    };
    base("1.0.0");
    let stacked = "pub fn stacked() -> u32 { base::base() }\n";
    place.publish("stacked", "1.0.0", "[dependencies]\nbase = \"1\"\n", &[("src/lib.rs", stacked)]);
    let package = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    let root = "\n[dependencies]\nupper = { path = \"upper\" }\n\n[workspace]\nmembers = [\"upper\", \"lower\"]\n";
    let test = "#[test]\nfn adds() { assert_eq!(lower(), 2); }\n";
    place.workspace(
        "many",
        &[
            ("Cargo.toml", &(package("many") + root)),
            ("src/main.rs", "fn main() { println!(\"many {}\", upper::upper()); }\n"),
            ("upper/Cargo.toml", &(package("upper") + "[dependencies]\nlower = { path = \"../lower\" }\n")),
            ("upper/src/lib.rs", "pub fn upper() -> u32 { lower::lower() }\n"),
            ("lower/Cargo.toml", &(package("lower") + "[dependencies]\nstacked = \"1\"\nbase = \"1\"\n")),
            ("lower/src/lib.rs", &format!("pub fn lower() -> u32 {{ stacked::stacked() + base::base() }}\n{test}")),
        ],
    );
    let first = std::fs::read_to_string(place.at("ws/many/Cargo.lock")).unwrap();
    base("1.1.0");
    place.upgrade("many", "base");
    std::fs::create_dir_all(place.at("upgrades")).unwrap();
    std::fs::rename(place.at("ws/many/Cargo.lock"), place.at("upgrades/many.lock")).unwrap();
    place.write("ws/many/Cargo.lock", &first);
}
