//! What is written into one tree must not reach the store or another tree.
//!
//! Tools write into build directories: people strip programs and libraries, patch them, change
//! their modes, and an editor writes in place. Each probe does one such thing to the tree
//! `first` and then looks at the others. As root the question is what follows: whether another
//! tree gets a wrong build, or the store goes on to restore damaged bytes. As an ordinary
//! user the question is stricter: whether any byte or mode outside the tree could be changed
//! at all, since read-only files are what keeps this user from it.

use std::path::Path;

use crate::context::ProbeContext;
use crate::fixtures::workspace;
use crate::integrity::FileSnapshot;
use crate::run_as::RunAs;
use crate::{Family, Probe, ProbeError, ProbeResult};

const STRIPPED: &str = "https://github.com/ccache/ccache/issues/161";
const IN_PLACE: &str = "https://github.com/ccache/ccache/issues/331 https://github.com/frerich/clcache/issues/282";
const READ_ONLY: &str = "https://github.com/rust-lang/cargo/issues/9455";
const MODE: &str = "https://github.com/ccache/ccache/issues/331";
const UPLIFTED: &str = "https://github.com/rust-lang/cargo/issues/11101";
const DESIGN: &str = "https://github.com/rust-lang/cargo/issues/5931";

pub(crate) const FAMILY: Family = Family {
    name: "isolation",
    about: "What is written into one tree must not reach the store or another tree.",
    alone: false,
    lists: &[&[
        Probe::survive(
            "library-overwritten-as-root",
            IN_PLACE,
            "Root overwrites a dependency's library in one tree, in place, with other code.",
            |cx| library_damaged(cx, RunAs::Root, overwrite),
        ),
        Probe::survive(
            "library-overwritten-as-user",
            READ_ONLY,
            "An ordinary user overwrites a dependency's library in one tree, in place, with other code.",
            |cx| library_damaged(cx, RunAs::User, overwrite),
        ),
        Probe::survive(
            "library-overwritten-time-kept",
            IN_PLACE,
            "Root overwrites a dependency's library in one tree and gives it its old time again.",
            |cx| library_damaged(cx, RunAs::Root, overwrite_keeping_time),
        ),
        Probe::survive(
            "library-unlocked-and-overwritten",
            MODE,
            "An ordinary user makes a dependency's library in one tree writable, and overwrites it.",
            |cx| library_damaged(cx, RunAs::User, unlock_and_overwrite),
        ),
        Probe::survive(
            "library-appended-to-as-root",
            IN_PLACE,
            "Root appends to a dependency's library in one tree.",
            |cx| library_damaged(cx, RunAs::Root, append),
        ),
        Probe::survive(
            "library-appended-to-as-user",
            READ_ONLY,
            "An ordinary user appends to a dependency's library in one tree.",
            |cx| library_damaged(cx, RunAs::User, append),
        ),
        Probe::survive(
            "library-truncated-as-root",
            IN_PLACE,
            "Root truncates a dependency's library in one tree.",
            |cx| library_damaged(cx, RunAs::Root, truncate),
        ),
        Probe::survive(
            "library-truncated-as-user",
            READ_ONLY,
            "An ordinary user truncates a dependency's library in one tree.",
            |cx| library_damaged(cx, RunAs::User, truncate),
        ),
        Probe::survive("library-stripped-as-root", STRIPPED, "Root strips a dependency's library in one tree.", |cx| {
            library_damaged(cx, RunAs::Root, strip)
        }),
        Probe::survive(
            "library-stripped-as-user",
            STRIPPED,
            "An ordinary user strips a dependency's library in one tree.",
            |cx| library_damaged(cx, RunAs::User, strip),
        ),
        Probe::survive(
            "library-chmodded-as-root",
            MODE,
            "Root changes the mode of a dependency's library in one tree.",
            |cx| library_damaged(cx, RunAs::Root, chmod),
        ),
        Probe::survive(
            "library-chmodded-as-user",
            MODE,
            "An ordinary user changes the mode of a dependency's library in one tree.",
            |cx| library_damaged(cx, RunAs::User, chmod),
        ),
        Probe::survive(
            "program-meddled-with-as-root",
            UPLIFTED,
            "Root strips, overwrites and chmods the final program of one tree.",
            |cx| program_damaged(cx, RunAs::Root, &[]),
        ),
        Probe::survive(
            "program-meddled-with-as-user",
            UPLIFTED,
            "An ordinary user strips, overwrites and chmods the final program of one tree.",
            |cx| program_damaged(cx, RunAs::User, &[]),
        ),
        Probe::survive(
            "program-nobody-asked-for-as-root",
            UPLIFTED,
            "Root strips, overwrites and chmods a program that Cargo built only because a test needs it.",
            |cx| program_damaged(cx, RunAs::Root, &["--test=it"]),
        ),
        Probe::rebuild(
            "damaged-tree-publishes",
            IN_PLACE,
            "A library in one tree is patched; what is linked with it there must not be what others get.",
            damaged_tree_publishes,
        ),
        Probe::survive(
            "cargo-clean-in-one-tree",
            DESIGN,
            "`cargo clean` in one tree leaves the builds of others fresh and the store whole.",
            cargo_clean,
        ),
    ]],
};

/// The word of the dependency, and that of the damaged one: equally long.
const WORD: &str = "as it was built";
const DAMAGED: &str = "no longer as it";

/// What must not change when `first` is written to.
const OTHERS: [&str; 2] = ["store", "target/second"];

/// A dependency from the registry, and trees with a program that prints its word.
fn set_up(cx: &mut ProbeContext<'_>, trees: &[&str]) -> ProbeResult {
    let word = format!("#[inline(never)]\npub fn word() -> &'static str {{ \"{WORD}\" }}\n");
    cx.publish("plain", "1.0.0", "", &[("src/lib.rs", &word)])?;
    for tree in trees {
        cx.program_tree(tree, "plain = \"1\"", &main(""))?;
    }
    Ok(())
}

fn main(more: &str) -> String {
    format!("fn main() {{ println!(\"{more}{{}}\", plain::word()); }}\n")
}

fn build_two(cx: &mut ProbeContext<'_>) -> ProbeResult {
    for tree in ["first", "second"] {
        cx.builds(tree, WORD)?;
    }
    Ok(())
}

// The library of a dependency. Trees may share it with the store: it is what every design wants
// to share, and what a hard link or a symbolic link leads to.

/// Damages a library, by its path in the probe's directory; the inner error says who refused.
type DamageFile = fn(RunAs, &mut ProbeContext<'_>, &str) -> ProbeResult<Result<(), String>>;

/// `cp` writes into the file that is there, as patching tools and some editors do.
fn overwrite(who: RunAs, cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult<Result<(), String>> {
    patch(cx, library)?;
    cx.run_as(who, &["cp", "patched", library])
}

/// Writes a file with another word in it to `patched`.
fn patch(cx: &mut ProbeContext<'_>, file: &str) -> ProbeResult {
    let bytes = std::fs::read(cx.path(file))?;
    std::fs::write(cx.path("patched"), replaced(&bytes, WORD.as_bytes(), DAMAGED.as_bytes()))?;
    cx.note(&format!("patched: {file} with {DAMAGED:?} in place of {WORD:?}"));
    Ok(())
}

fn append(who: RunAs, cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult<Result<(), String>> {
    cx.write("addition", "one line more\n")?;
    cx.run_as(who, &["dd", "if=addition", &format!("of={library}"), "oflag=append", "conv=notrunc", "status=none"])
}

fn truncate(who: RunAs, cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult<Result<(), String>> {
    cx.run_as(who, &["truncate", "-s", "100", library])
}

fn strip(who: RunAs, cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult<Result<(), String>> {
    cx.run_as(who, &["strip", library])
}

fn chmod(who: RunAs, cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult<Result<(), String>> {
    cx.run_as(who, &["chmod", "0200", library])
}

fn overwrite_keeping_time(who: RunAs, cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult<Result<(), String>> {
    let modified = std::fs::metadata(cx.path(library))?.modified()?;
    std::fs::write(cx.path("its-time"), "")?;
    std::fs::File::options().write(true).open(cx.path("its-time"))?.set_modified(modified)?;
    match overwrite(who, cx, library)? {
        Ok(()) => cx.run_as(who, &["touch", "-r", "its-time", library]),
        refused => Ok(refused),
    }
}

fn unlock_and_overwrite(who: RunAs, cx: &mut ProbeContext<'_>, library: &str) -> ProbeResult<Result<(), String>> {
    match cx.run_as(who, &["chmod", "u+w", library])? {
        Ok(()) => overwrite(who, cx, library),
        refused => Ok(refused),
    }
}

/// Builds two trees, damages the library in the first, and looks at the second, at a third
/// that comes later, and at the store.
fn library_damaged(cx: &mut ProbeContext<'_>, who: RunAs, damage: DamageFile) -> ProbeResult {
    set_up(cx, &["first", "second", "third"])?;
    build_two(cx)?;
    let Some(library) = library(cx, "first") else {
        return ProbeError::not_applicable("it leaves no library in a tree's build directory");
    };
    cx.prepare_for(who)?;
    let before = FileSnapshot::take(cx, &OTHERS)?;
    let own = FileSnapshot::take(cx, &["target/first"])?;
    let refused = damage(who, cx, &library)?;
    let after = FileSnapshot::take(cx, &OTHERS)?;
    let reached = before.first_difference(&after);
    if let (RunAs::User, Some((path, how))) = (who, reached) {
        return ProbeError::failed(format!("{} {how}: an ordinary user got through to it", cx.relative(path)));
    }
    if refused.is_err() && reached.is_none() && own == FileSnapshot::take(cx, &["target/first"])? {
        return Ok(()); // Nothing was changed anywhere.
    }
    cx.write("ws/second/src/main.rs", &main("again "))?;
    let result = (cx.survives("second", &format!("again {WORD}")))
        .and_then(|()| cx.survives("third", WORD))
        .and_then(|()| cx.store_restores_no_damage());
    match (result, reached) {
        (Err(ProbeError::Failed(why)), Some((path, how))) => {
            ProbeError::failed(format!("{why}; {} {how}", cx.relative(path)))
        }
        (result, _) => result,
    }
}

/// The library of the dependency in a tree's build directory.
fn library(cx: &ProbeContext<'_>, tree: &str) -> Option<String> {
    // Through links, too: a tree uses the files that they lead to.
    let files = walkdir::WalkDir::new(cx.site(tree).build_dir).follow_links(true).into_iter().flatten();
    let is_library = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libplain") && name.ends_with(".rlib")
    };
    let files = files.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|path| is_library(path)).min().map(|path| cx.relative(&path))
}

/// Replaces every occurrence of a word by another of its length.
fn replaced(bytes: &[u8], word: &[u8], by: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at + word.len() <= out.len() {
        if out[at..].starts_with(word) && by.len() == word.len() {
            out[at..at + by.len()].copy_from_slice(by);
            at += by.len();
        } else {
            at += 1;
        }
    }
    out
}

/// Three checkouts of one workspace, so that one program may serve all. Cargo hard links it to
/// its unit's directory, so a store that shares that inode is hit.
fn program_damaged(cx: &mut ProbeContext<'_>, who: RunAs, args: &[&str]) -> ProbeResult {
    checkouts_of_one_program(cx, args)?;
    build_two(cx)?;
    cx.prepare_for(who)?;
    let before = FileSnapshot::take(cx, &OTHERS)?;
    let program = "target/first/debug/app";
    patch(cx, program)?;
    for tool in [&["strip", program][..], &["cp", "patched", program], &["chmod", "a-x", program]] {
        // What is refused has done no harm; what follows shows the rest.
        let _refused = cx.run_as(who, tool)?;
        let after = FileSnapshot::take(cx, &OTHERS)?;
        if let (RunAs::User, Some((path, how))) = (who, before.first_difference(&after)) {
            let path = cx.relative(path);
            return ProbeError::failed(format!("`{}` got through to {path}, which {how}", tool.join(" ")));
        }
    }
    cx.prints("second", WORD)?;
    cx.survives("second", WORD)?;
    cx.survives("third", WORD)?;
    cx.store_restores_no_damage()?;
    cx.wipe("first")?;
    cx.survives("first", WORD)
}

fn checkouts_of_one_program(cx: &mut ProbeContext<'_>, args: &[&str]) -> ProbeResult {
    set_up(cx, &[])?;
    for tree in ["first", "second", "third"] {
        cx.tree(
            tree,
            &[
                ("Cargo.toml", &workspace("app", "plain = \"1\"")),
                ("src/main.rs", &main("")),
                ("tests/it.rs", "#[test]\nfn runs() { let _ = env!(\"CARGO_BIN_EXE_app\"); }\n"),
            ],
        )?;
        let settings = cx.settings(tree);
        settings.program = Some("app".to_owned());
        settings.args = args.iter().map(|arg| (*arg).to_owned()).collect();
    }
    Ok(())
}

fn damaged_tree_publishes(cx: &mut ProbeContext<'_>) -> ProbeResult {
    checkouts_of_one_program(cx, &[])?;
    cx.build("first")?;
    let Some(library) = library(cx, "first") else {
        return ProbeError::not_applicable("it leaves no library in a tree's build directory");
    };
    let refused = overwrite(RunAs::Root, cx, &library)?;
    if let Err(why) = refused {
        return ProbeError::not_applicable(format!("the library could not be patched: {why}"));
    }
    for tree in ["first", "third"] {
        cx.write(&format!("ws/{tree}/src/main.rs"), &main("again "))?;
    }
    // What it prints in this tree is the tree's own affair.
    let _built = cx.try_build("first")?;
    cx.survives("third", &format!("again {WORD}"))?;
    cx.store_restores_no_damage()
}

fn cargo_clean(cx: &mut ProbeContext<'_>) -> ProbeResult {
    set_up(cx, &["first", "second", "third"])?;
    build_two(cx)?;
    let layout = cx.build_env().toolchain.layout_flag();
    let args: Vec<&str> = ["clean", "--offline"].into_iter().chain(layout).collect();
    cx.cargo("first", &args)?;
    cx.set_cold("first");
    cx.prints("second", WORD)?;
    let again = cx.build("second")?;
    if again.ran() > 0 {
        let what = again.what_ran();
        return ProbeError::failed(format!("`cargo clean` in first makes second build again: {what}"));
    }
    cx.prints("second", WORD)?;
    cx.store_is_whole()?;
    cx.builds("third", WORD)?;
    cx.survives("first", WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_damaged_word_is_as_long_and_replaced_everywhere() {
        assert_eq!(WORD.len(), DAMAGED.len());
        assert_eq!(replaced(b"-ab-ab", b"ab", b"xy"), b"-xy-xy");
        assert_eq!(replaced(b"a", b"ab", b"xy"), b"a");
    }
}
