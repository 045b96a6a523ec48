//! A remote cache behind the store may hang, lie, lose blobs or die: builds stay right and are hardly delayed.
//!
//! A first machine builds and uploads; then the store and the build directory are emptied, and a second machine builds
//! from a server of the same files, which does something wrong.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use remote::{Fault, FaultKind, Settings};
use runner::delivery::Delivery;
use runner::delivery::buildgrid::{self, BuildGrid};
use runner::delivery::remote::{RemoteClient, RemoteServer};
use strategies::key::Key;
use strategies::store::remote::{LocalBytes, publish_entry};

use crate::build::ProbeBuild;
use crate::context::ProbeContext;
use crate::fixtures::workspace;
use crate::identity::{differing_script, publish_pair, tree_on};
use crate::integrity::FileSnapshot;
use crate::stale::{APP, build_on_cpu, set_up_native};
use crate::{Family, Probe, ProbeError, ProbeFn, ProbeResult};

const REMOTE: &str = "https://github.com/rust-lang/cargo/issues/5931";
const TRUST: &str = "https://github.com/rust-lang/cargo/issues/5931 https://github.com/bazelbuild/remote-apis";

/// How long a request may take, and how many may fail before the server is asked no more.
const DEADLINE: Duration = Duration::from_secs(1);
const FAILURES: u32 = 3;

/// How much a remote may delay a build: its failures one after the other, and what was under way at the last of them.
/// A second for what planning, restoring and uploading take by themselves.
const LONGEST_DELAY: Duration = DEADLINE.saturating_mul(FAILURES + 1).saturating_add(Duration::from_secs(1));

const fn fault(name: &'static str, about: &'static str, run: ProbeFn) -> Probe {
    Probe::survive(name, REMOTE, about, run)
}

pub(crate) const FAMILY: Family = Family {
    name: "remote",
    about: "A remote cache hangs, lies, loses blobs or dies: builds stay right and are hardly delayed.",
    alone: false,
    lists: &[&[
        Probe::reuse(
            "remote-filled-by-another-machine",
            REMOTE,
            "What a first machine built and uploaded is reused by a second one, whose store is empty.",
            filled_by_another_machine,
        ),
        fault("remote-hangs-at-lookup", "The remote never answers a lookup.", |cx| {
            goes_on(cx, FaultKind::HangAtLookup, |_| true)
        }),
        fault("remote-hangs-at-manifest", "The remote never answers a read of a manifest.", |cx| {
            goes_on(cx, FaultKind::HangAtRead, manifests)
        }),
        fault("remote-hangs-at-batch", "The remote never answers a read of small files.", |cx| {
            goes_on(cx, FaultKind::HangAtRead, batched)
        }),
        fault("remote-hangs-at-stream", "The remote never answers a read of a large file.", |cx| {
            goes_on(cx, FaultKind::HangAtRead, streamed)
        }),
        fault("remote-hangs-at-write", "The remote never answers a write.", |cx| {
            goes_on(cx, FaultKind::HangAtWrite, |_| true)
        }),
        fault("remote-refuses-everything", "The remote answers every request with an error.", |cx| {
            goes_on(cx, FaultKind::Broken, |_| true)
        }),
        fault("remote-stream-ends-early", "The remote ends a stream with an error in the middle of a blob.", |cx| {
            goes_on(cx, FaultKind::CutStream, streamed)
        }),
        fault("remote-dies-in-a-blob", "The remote is gone, with its connections, in the middle of a blob.", |cx| {
            goes_on(cx, FaultKind::Die, streamed)
        }),
        fault("remote-manifests-flipped", "The remote sends manifests with a changed bit.", |cx| {
            goes_on(cx, FaultKind::Flip, manifests)
        }),
        fault("remote-batches-flipped", "The remote sends small files with a changed bit.", |cx| {
            goes_on(cx, FaultKind::Flip, batched)
        }),
        fault("remote-streams-flipped", "The remote sends large files with a changed bit.", |cx| {
            goes_on(cx, FaultKind::Flip, streamed)
        }),
        fault("remote-batches-truncated", "The remote sends half of each small file.", |cx| {
            goes_on(cx, FaultKind::Truncate, batched)
        }),
        fault("remote-streams-truncated", "The remote sends half of each large file.", |cx| {
            goes_on(cx, FaultKind::Truncate, streamed)
        }),
        fault("remote-streams-endless", "The remote sends more than a large file has.", |cx| {
            goes_on(cx, FaultKind::Endless, streamed)
        }),
        fault("remote-blobs-evicted", "The remote has every manifest, and none of the files that it names.", |cx| {
            goes_on(cx, FaultKind::Evicted, |bytes| !manifests(bytes))
        }),
        fault("remote-fails-after-metadata", "A library does not come, after its dependents were found by it.", |cx| {
            goes_on(cx, FaultKind::Evicted, streamed)
        }),
        Probe::survive(
            "remote-two-producers",
            REMOTE,
            "Two machines upload one unit with different bytes, and dependents of each; a third one takes from both.",
            two_producers,
        ),
        Probe::survive(
            "remote-from-another-cpu",
            "https://github.com/axiom-crypto/openvm-eth/pull/624",
            "Machines whose processors differ build for `-Ctarget-cpu=native`, and share a remote.",
            from_another_cpu,
        ),
        Probe::survive(
            "remote-from-another-home",
            REMOTE,
            "Machines whose CARGO_HOMEs differ share a remote, and programs print where their libraries are.",
            from_another_home,
        ),
        Probe::reuse(
            "remote-four-machines",
            REMOTE,
            "Four machines with empty stores build at once from one remote.",
            |cx| {
                let server = serve(cx, "main", None)?;
                four_machines(cx, server.address())
            },
        ),
        Probe::reuse(
            "remote-four-machines-on-buildgrid",
            "https://github.com/rust-lang/cargo/issues/5931 https://gitlab.com/BuildGrid/buildgrid",
            "Four machines with empty stores build at once from one BuildGrid.",
            |cx| {
                let server = buildgrid(cx)?;
                four_machines(cx, server.address())
            },
        ),
        Probe::survive(
            "remote-untrusted-producer",
            TRUST,
            "A machine that builds what strangers propose tries to write what main reads.",
            untrusted_producer,
        ),
        Probe::survive(
            "remote-path-leaves-its-unit",
            TRUST,
            "The remote's manifests name files above the directories of their units.",
            path_leaves_its_unit,
        ),
        Probe::survive(
            "remote-left-alone",
            TRUST,
            "Nothing is to be done, or Cargo is offline: nothing is asked; a client that only reads writes nothing.",
            left_alone,
        ),
    ]],
};

// Blobs by how they travel; manifests travel alone, before all others.
fn manifests(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{\"format\":")
}

fn streamed(bytes: &[u8]) -> bool {
    bytes.len() >= 1 << 20
}

fn batched(bytes: &[u8]) -> bool {
    !streamed(bytes) && !manifests(bytes)
}

/// Serves the remote's files; not applicable where the strategy has no remote, or the harness none.
fn serve(cx: &mut ProbeContext<'_>, writable: &str, fault: Option<Fault>) -> ProbeResult<RemoteServer> {
    if !Delivery::of(cx.strategy()).contains(&Delivery::Remote) {
        return ProbeError::not_applicable("it has no remote of ours");
    }
    cx.note(&match fault {
        Some(fault) => format!("put a remote cache behind the store that does {:?}", fault.kind),
        None => format!("put a remote cache behind the store, whose namespace {writable} may be written"),
    });
    RemoteServer::start(&cx.path("remote"), &[writable], fault).map_err(ProbeError::NotApplicable)
}

/// The server that others run; not applicable where it is not installed.
fn buildgrid(cx: &mut ProbeContext<'_>) -> ProbeResult<BuildGrid> {
    // A client for it needs what a server of ours does.
    serve(cx, "main", None)?;
    let env = cx.build_env();
    let program = buildgrid::find(&env.work).map_err(ProbeError::NotApplicable)?;
    Ok(BuildGrid::start(env, &program, &cx.path("buildgrid"), &["main".to_owned()])?)
}

/// A machine that writes the first of these namespaces, if any, and reads the others.
fn machine(server: &RemoteServer, writes: Option<&str>, reads: &[&str]) -> ProbeResult<RemoteClient> {
    machine_at(server.address(), writes, reads)
}

fn machine_at(server: SocketAddr, writes: Option<&str>, reads: &[&str]) -> ProbeResult<RemoteClient> {
    let settings = Settings::new(&format!("http://{server}"), reads);
    let settings = Settings { writes: writes.map(str::to_owned), deadline: DEADLINE, failures: FAILURES, ..settings };
    RemoteClient::new(settings).map_err(ProbeError::Failed)
}

/// The machine of the main branch.
fn of_main(server: &RemoteServer) -> ProbeResult<RemoteClient> {
    machine(server, Some("main"), &["main"])
}

/// Builds on a machine and uploads.
fn build_on(cx: &mut ProbeContext<'_>, machine: &RemoteClient, tree: &str) -> ProbeResult<ProbeBuild> {
    cx.connect(Some(machine));
    let built = cx.try_build(tree);
    cx.connect(None);
    built?
}

/// Another machine: the store is empty, and so is the build directory of a tree.
fn move_on(cx: &mut ProbeContext<'_>, tree: &str) -> ProbeResult {
    cx.remove("store")?;
    cx.wipe(tree)?;
    cx.open_store()
}

const PRINTS: &str = "as it was built";

/// `app` on a library with large files and one that depends on it, and a tree that has nothing of them.
fn set_up(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let bulky = format!(
        "#[used]\npub static BULK: [u8; 2 << 20] = [7; 2 << 20];\n\
         #[inline(never)]\npub fn word() -> &'static str {{ \"{PRINTS}\" }}\n"
    );
    cx.publish("bulky", "1.0.0", "", &[("src/lib.rs", &bulky)])?;
    let upper = "pub fn word() -> &'static str { bulky::word() }\n";
    cx.publish("upper", "1.0.0", "[dependencies]\nbulky = \"1\"\n", &[("src/lib.rs", upper)])?;
    cx.publish("other", "1.0.0", "", &[("src/lib.rs", "pub fn word() -> &'static str { \"other\" }\n")])?;
    for (tree, dependency) in [("app", "upper"), ("own", "other")] {
        let main = format!("fn main() {{ println!(\"{{}}\", {dependency}::word()); }}\n");
        let manifest = workspace(tree, &format!("{dependency} = \"1\""));
        cx.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", &main)])?;
    }
    Ok(())
}

/// A first machine has built `app` and uploaded it; the second one's store has nothing of it.
fn produced(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let server = serve(cx, "main", None)?;
    set_up(cx)?;
    build_on(cx, &of_main(&server)?, "app")?;
    cx.prints("app", PRINTS)?;
    move_on(cx, "app")
}

fn keys(cx: &ProbeContext<'_>) -> ProbeResult<BTreeSet<Key>> {
    Ok(cx.store()?.entries().iter().map(|entry| entry.key).collect())
}

fn filled_by_another_machine(cx: &mut ProbeContext<'_>) -> ProbeResult {
    produced(cx)?;
    let server = serve(cx, "main", None)?;
    let built = build_on(cx, &of_main(&server)?, "app")?;
    built.must_reuse_admitted()?;
    built.needs_hits()?;
    cx.prints("app", PRINTS)?;
    cx.no_op("app", "after everything came from the remote")?;
    cx.store_is_whole()
}

/// The second machine has entries of its own before the server does wrong, and all of them afterwards.
fn goes_on(cx: &mut ProbeContext<'_>, kind: FaultKind, blobs: fn(&[u8]) -> bool) -> ProbeResult {
    produced(cx)?;
    cx.build("own")?;
    let before = keys(cx)?;
    let server = serve(cx, "main", Some(Fault { kind, blobs }))?;
    let client = of_main(&server)?;
    if kind == FaultKind::HangAtWrite {
        cx.settings("app").rustflags = Some("--cfg=other".to_owned());
    }
    let built = build_on(cx, &client, "app")?;
    cx.prints("app", PRINTS)?;
    let delay = built.beside_cargo();
    if delay > LONGEST_DELAY {
        return ProbeError::failed(format!(
            "the remote delayed the build by {:.1} s, which is more than {} s",
            delay.as_secs_f64(),
            LONGEST_DELAY.as_secs()
        ));
    }
    cx.remark(format!("{:.1} s beside Cargo; {}", delay.as_secs_f64(), client.trouble().unwrap_or_default()));
    if !keys(cx)?.is_superset(&before) {
        return ProbeError::failed("the store has lost entries");
    }
    cx.store_is_whole()?;
    if !built.ran_any_of("bulky") {
        return Err(ProbeError::Internal(anyhow::anyhow!("the server did nothing wrong: nothing had to be built")));
    }
    // What was built instead is in the store like anything else.
    cx.no_op("app", "after the remote failed")?;
    cx.wipe("app")?;
    cx.build("app")?.must_reuse_admitted()?;
    cx.prints("app", PRINTS)
}

fn two_producers(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let server = serve(cx, "main", None)?;
    let (script, lib) = differing_script();
    publish_pair(cx, &[("build.rs", &script), ("src/lib.rs", &lib)], "")?;
    for (tree, upper) in [("one", "left"), ("two", "right")] {
        tree_on(cx, tree, &[upper, "lower"])?;
        // It reads nothing, or there would be one producer of the lower library only.
        build_on(cx, &machine(&server, Some("main"), &["nothing"])?, tree)?;
        cx.prints(tree, "agree")?;
        move_on(cx, tree)?;
    }
    tree_on(cx, "three", &["left", "right", "lower"])?;
    let built = build_on(cx, &of_main(&server)?, "three")?;
    cx.prints("three", "agree")?;
    cx.remark(format!("{} of {} units reused", built.hits(), built.units.len()));
    cx.no_op("three", "after units of two producers came")?;
    cx.store_is_whole()
}

fn four_machines(cx: &mut ProbeContext<'_>, server: SocketAddr) -> ProbeResult {
    set_up(cx)?;
    let trees = ["one", "two", "three", "four"];
    let main = "fn main() { println!(\"{}\", upper::word()); }\n";
    trees.into_iter().try_for_each(|tree| cx.program_tree(tree, "upper = \"1\"", main))?;
    let of_main = || machine_at(server, Some("main"), &["main"]);
    build_on(cx, &of_main()?, "app")?;
    cx.note("build one, two, three and four at once, each with an empty store");
    let mut machines =
        trees.into_iter().map(|tree| Ok((tree, cx.other_machine(tree)?))).collect::<ProbeResult<Vec<_>>>()?;
    let results: Vec<ProbeResult> = std::thread::scope(|scope| {
        let build = |(tree, cx): &mut (&str, ProbeContext<'_>)| {
            let built = build_on(cx, &of_main()?, tree)?;
            cx.prints(tree, PRINTS)?;
            built.must_reuse("bulky")?;
            built.must_reuse("upper")?;
            cx.no_op(tree, "after everything came from the remote")?;
            cx.store_is_whole()
        };
        let threads: Vec<_> = machines.iter_mut().map(|it| scope.spawn(move || build(it))).collect();
        let panicked = |_| ProbeError::failed("a build panicked");
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    results.into_iter().collect()
}

fn from_another_cpu(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let server = serve(cx, "main", None)?;
    set_up_native(cx)?;
    for word in ["one", "two", "one"] {
        build_on_cpu(cx, word, Some(&of_main(&server)?))?;
        move_on(cx, APP)?;
    }
    Ok(())
}

fn from_another_home(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let server = serve(cx, "main", None)?;
    cx.use_registry()?;
    cx.publish("dep", "1.0.0", "", &[("src/lib.rs", "pub fn word() -> &'static str { file!() }\n")])?;
    cx.program_tree(APP, "dep = \"1.0.0\"", "fn main() { println!(\"{}\", dep::word()); }\n")?;
    for home in ["one-home", "other-home"] {
        cx.settings(APP).cargo_home = Some(cx.path(home));
        build_on(cx, &of_main(&server)?, APP)?;
        let (printed, own) = (cx.output(APP)?, cx.path(home));
        if !printed.starts_with(&*own.to_string_lossy()) {
            return ProbeError::failed(format!("the library was compiled below {home}, and says that it is {printed}"));
        }
        move_on(cx, APP)?;
    }
    Ok(())
}

/// The program prints what its build script made up: whose build it is.
fn untrusted_producer(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let server = serve(cx, "main", None)?;
    let (script, lib) = differing_script();
    cx.publish("lower", "1.0.0", "", &[("build.rs", &script), ("src/lib.rs", &lib)])?;
    let main = "fn main() { println!(\"{}\", lower::VALUE); }\n";
    cx.program_tree("app", "lower = \"1\"", main)?;
    build_on(cx, &of_main(&server)?, "app")?;
    let of_the_main_branch = cx.output("app")?;
    move_on(cx, "app")?;
    let server = serve(cx, "of-strangers", None)?;
    for writes in ["main", "of-strangers"] {
        build_on(cx, &machine(&server, Some(writes), &["of-strangers"])?, "app")?;
        move_on(cx, "app")?;
    }
    let server = serve(cx, "main", None)?;
    let built = build_on(cx, &of_main(&server)?, "app")?;
    built.must_reuse("lower")?;
    cx.prints("app", &of_the_main_branch)?;
    move_on(cx, "app")?;
    build_on(cx, &machine(&server, None, &["of-strangers", "main"])?, "app")?.must_reuse("lower")?;
    match cx.output("app")? == of_the_main_branch {
        true => ProbeError::failed("a stranger cannot write its own namespace either, or does not read it first"),
        false => Ok(()),
    }
}

fn path_leaves_its_unit(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let server = serve(cx, "main", None)?;
    set_up(cx)?;
    let client = of_main(&server)?;
    build_on(cx, &client, "app")?;
    cx.note("every manifest of the remote names files above its unit");
    let store = cx.store()?;
    for mut entry in store.entries() {
        let contents: Vec<LocalBytes> =
            entry.stored_files().map(|(file, _)| LocalBytes::File(store.stored(&entry, file))).collect();
        for (at, file) in entry.files.iter_mut().enumerate() {
            file.path = format!("out/../../../../../escaped-{at}");
        }
        if !publish_entry(&*client.cache(), &entry, contents.into_iter()) {
            return Err(ProbeError::Internal(anyhow::anyhow!("the remote does not take it: {:?}", client.trouble())));
        }
    }
    move_on(cx, "app")?;
    build_on(cx, &of_main(&server)?, "app")?;
    cx.prints("app", PRINTS)?;
    cx.store_is_whole()?;
    let is_out = |entry: &walkdir::DirEntry| entry.file_name().to_string_lossy().starts_with("escaped-");
    match walkdir::WalkDir::new(cx.path("")).into_iter().flatten().find(is_out) {
        Some(entry) => ProbeError::failed(format!("it wrote {}", cx.relative(entry.path()))),
        None => Ok(()),
    }
}

fn left_alone(cx: &mut ProbeContext<'_>) -> ProbeResult {
    produced(cx)?;
    let server = serve(cx, "main", None)?;
    build_on(cx, &of_main(&server)?, "app")?;
    for when in ["with nothing to do", "while Cargo is offline"] {
        let client = of_main(&server)?;
        build_on(cx, &client, "app")?;
        cx.prints("app", PRINTS)?;
        if client.requests() > 0 {
            return ProbeError::failed(format!("a build {when} sent {} requests", client.requests()));
        }
        move_on(cx, "app")?;
        cx.settings("app").env.insert("CARGO_NET_OFFLINE".to_owned(), "true".to_owned());
    }
    cx.settings("app").env.clear();
    cx.settings("app").rustflags = Some("--cfg=other".to_owned());
    let before = FileSnapshot::take(cx, &["remote"])?;
    build_on(cx, &machine(&server, None, &["main"])?, "app")?;
    match before.first_difference(&FileSnapshot::take(cx, &["remote"])?) {
        Some((path, what)) => {
            ProbeError::failed(format!("a client that only reads wrote: {} {what}", cx.relative(path)))
        }
        None => Ok(()),
    }
}
