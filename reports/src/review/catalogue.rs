//! The catalogue of open questions, condensed from the discussions they come from: the per-user cache
//! (rust-lang/cargo#5931), de-duplication (#17453), early cutoff (#17439), locking (#4282, #16155),
//! modification times (#14136, #17382), collection (#6229, #5026) and the project goal
//! (rust-lang/goals#626).
//!
//! One more question is an entry here and a function in `answers`, which returns the states of the
//! evidence in the order given here.

use super::answer::Answer;
use super::answers::{artifacts, reuse, sharing, store, trust};
use super::command::Source::{self, Compare, CompareMany, CompareOn, Nothing, Probe, Shadow, Simulate};
use super::command::{DEDUP, LINKS, ONE, POLICIES, STORES};
use super::evidence::Evidence;

/// An open question.
pub(super) struct Question {
    pub id: &'static str,
    pub name: &'static str,
    pub asks: &'static str,
    /// Positions taken in the discussions.
    pub positions: &'static str,
    /// The evidence that would settle it, and how it is had.
    pub evidence: &'static [(&'static str, Source)],
    /// What its evidence does not support, once there is any.
    pub caveats: &'static [&'static str],
    pub answer: fn(&Evidence<'_>) -> Answer,
}

/// All questions, in order.
pub(super) const QUESTIONS: &[Question] = &[
    Question {
        id: "Q1",
        name: "eligibility",
        asks: "what may be cached?",
        positions: "the first version takes immutable sources with no build script and no proc macro among their \
                    dependencies; experiments took every package that is not local; a third position stores everything \
                    to save disk, and caches little.",
        evidence: &[
            ("hit rates by policy", Compare("gauntlet", POLICIES)),
            ("wall times of policies against each other", Compare("gauntlet", POLICIES)),
            ("wrong hits found by compiling hits anyway", Shadow("gauntlet", POLICIES)),
            ("wrong hits found by probes", Probe("stale,identity", POLICIES)),
            ("what each policy refuses over many workspaces", Simulate),
            (
                "which part of the critical path each policy admits",
                Nothing(
                    "Wall times by policy contain it for this number of cores; units.csv has compile seconds and no \
                     starting times.",
                ),
            ),
        ],
        caveats: &[],
        answer: reuse::eligibility,
    },
    Question {
        id: "Q2",
        name: "reuse",
        asks: "is there enough reuse between projects at all?",
        positions: "doubt: 65 of 74 projects used syn, in 44 versions, and a prototype of 2023 was barely faster fully \
                    cached; hope: a gauntlet of 20 projects took half the time.",
        evidence: &[
            ("reuse between first builds", CompareMany("gauntlet", ONE)),
            ("why units miss", CompareMany("gauntlet", ONE)),
            ("the same over 20 projects or more", CompareMany("gauntlet", ONE)),
            ("hit rates averaged over orders of many projects", Simulate),
        ],
        caveats: &[],
        answer: reuse::between_projects,
    },
    Question {
        id: "Q3",
        name: "key inputs",
        asks: "which inputs belong in the key?",
        positions: "the unit hash alone; the unit hash and the content of dependencies' metadata; outputs in place of \
                    inputs (early cutoff); RUSTFLAGS in, out, or a reason not to cache.",
        evidence: &[
            ("misses by reason", Compare("upgrade", ONE)),
            ("units stored twice under two keys", Compare("gauntlet", ONE)),
            ("wrong hits by what is left out", Probe("stale,identity", POLICIES)),
            ("the ablation: hits gained by each input left out", Simulate),
        ],
        caveats: &[],
        answer: reuse::key_inputs,
    },
    Question {
        id: "Q4",
        name: "place",
        asks: "build in the cache, copy in, move in, or link out?",
        positions: "build in place; build, copy and move atomically; a store by content with pointers into it, preferred \
                    of late.",
        evidence: &[
            ("the cost of a cold build", Compare("cold", LINKS)),
            ("the cost of a file brought back", Compare("gauntlet", LINKS)),
            ("safety when killed", Probe("killed-while-*", LINKS)),
            ("long paths", Probe("very-long-paths", LINKS)),
            (
                "what it is to build in the cache itself, or to move finished outputs into it",
                Nothing(
                    "Every store here copies or links outputs in after the build; in-place arms link whole unit \
                     directories out.",
                ),
            ),
        ],
        caveats: &[
            "publishing comes after the build here; inside Cargo it could run while other units compile, and the \
                    plan would not be asked for twice",
        ],
        answer: artifacts::place,
    },
    Question {
        id: "Q5",
        name: "link mode",
        asks: "hardlink, reflink, copy, symlink, or in place?",
        positions: "reflink, else hardlink, else do without (#17453).",
        evidence: &[
            ("time by link mode", Compare("gauntlet", LINKS)),
            ("physical bytes by link mode", Compare("gauntlet", LINKS)),
            ("a file system with reflinks", CompareOn("gauntlet", LINKS, "btrfs:12G")),
            ("a file system without reflinks", CompareOn("gauntlet", LINKS, "ext4:12G")),
            ("damage when a consumer writes", Probe("isolation", LINKS)),
        ],
        caveats: &["file systems that no run was on, cold page caches and other systems than Linux"],
        answer: artifacts::link_mode,
    },
    Question {
        id: "Q6",
        name: "store shape",
        asks: "a store by content, or a directory for each unit?",
        positions: "addressing by content saved 0.5 of 30 GB under conservative caching.",
        evidence: &[
            ("bytes by shape", Compare("gauntlet", STORES)),
            ("time by shape", Compare("gauntlet", STORES)),
            ("what hashing costs when a store is filled", Compare("cold", STORES)),
            ("safety of both shapes", Probe("faults,races,identity", STORES)),
        ],
        caveats: &["stores that have grown for months: bytes that are twice in a store grow with its age"],
        answer: artifacts::store_shape,
    },
    Question {
        id: "Q7",
        name: "hashing",
        asks: "what is hashed when, and with what?",
        positions: "hashing all of a fresh build of Zed took 9 s by sha256 and 4 s by blake3; a manifest for each unit \
                    cut that to 50 ms.",
        evidence: &[
            ("publishing in a cold build", Compare("cold", STORES)),
            ("a store that hashes against one that does not", Compare("cold", STORES)),
            (
                "other hash algorithms and numbers of threads",
                Nothing(
                    "Stores here hash with blake3 on as many threads as there are cores; publish_s on this machine is \
                     all there is.",
                ),
            ),
        ],
        caveats: &["publishing is more than hashing: the parts are not timed apart"],
        answer: artifacts::hashing,
    },
    Question {
        id: "Q8",
        name: "locking",
        asks: "a coarse lock, one for each unit, or none?",
        positions: "builder and waiter by file locks; or no locks, and the first publisher wins.",
        evidence: &[
            ("wall time on the same work", Compare("contention", ONE)),
            ("wall time on the same work from a filled store", Compare("contention", ONE)),
            ("wall time on overlapping work", Compare("contention", ONE)),
            ("wall time on disjoint work", Compare("contention", ONE)),
            ("units compiled twice", Compare("contention", ONE)),
            ("builds at once stay right", Probe("races", LINKS)),
            ("kill -9", Probe("killed-while-*", LINKS)),
            (
                "file descriptors held by locks",
                Nothing(
                    "Stores here take one lock for a build, whatever the number of units; no record counts descriptors.",
                ),
            ),
        ],
        caveats: &[
            "other ways of locking: every caching arm here reads without a lock, and the first publisher wins; \
                    none waits for another build's unit",
        ],
        answer: trust::locking,
    },
    Question {
        id: "Q9",
        name: "pipelining",
        asks: "how does a cache get along with metadata before code?",
        positions: "metadata must not move during a build.",
        evidence: &[
            ("reuse between check and build", Compare("profiles", ONE)),
            ("wall time of both", Compare("profiles", ONE)),
            ("entries that are only half there", Probe("identity,blobs-missing", POLICIES)),
            (
                "the critical path with pipelining, warm and cold",
                Nothing("Wall times contain it; compile seconds do not distinguish metadata and code."),
            ),
        ],
        caveats: &[
            "that metadata of a build serves a check, or the other way round: what check-cold and dev-cold hit \
                    was stored by a step of their own command before",
        ],
        answer: sharing::pipelining,
    },
    Question {
        id: "Q10",
        name: "retention",
        asks: "what is forgotten first?",
        positions: "30 days since the last use by a build; a bound on size; access times (rejected: noatime).",
        evidence: &[
            ("what collection takes and frees", Compare("clean", ONE)),
            (
                "policies replayed on traces against the offline optimum, and seconds of rebuilding for each GB freed",
                Simulate,
            ),
        ],
        caveats: &[],
        answer: store::retention,
    },
    Question {
        id: "Q11",
        name: "collection race",
        asks: "what if a file vanishes between lookup and link?",
        positions: "guard the window, or take it for a miss.",
        evidence: &[
            ("collection during builds", Probe("races", LINKS)),
            ("a store deleted during a build", Probe("store-deleted-during-a-build,blobs-missing", LINKS)),
            ("entries without their files", Probe("store-deleted-during-a-build,blobs-missing", LINKS)),
            ("builds after a collection", Compare("clean", ONE)),
        ],
        caveats: &["a race that needs a window of microseconds may not have been met: probes are run a few times"],
        answer: store::collection_race,
    },
    Question {
        id: "Q12",
        name: "build scripts",
        asks: "leave out, trust, or sandbox?",
        positions: "only de-duplicate units that depend on them until OUT_DIR has a scratch pad.",
        evidence: &[
            ("the share of build scripts", Compare("gauntlet", POLICIES)),
            ("reuse at another path", Compare("moved", ONE)),
            ("outputs compared byte for byte", Shadow("moved", ONE)),
            ("wrong reuse of scripts in probes", Probe("script-*", POLICIES)),
            (
                "the share of scripts whose output is the same at another time and in another environment",
                Nothing(
                    "The shadow check repeats a build at the same path and in the same environment; the scenario moved \
                     changes the path.",
                ),
            ),
        ],
        caveats: &[],
        answer: trust::build_scripts,
    },
    Question {
        id: "Q13",
        name: "proc macros",
        asks: "leave out units that depend on them, or trust them?",
        positions: "the first version leaves them out; experiments did not.",
        evidence: &[
            ("the share of units downstream", CompareMany("gauntlet", POLICIES)),
            ("wrong reuse of units that depend on macros in probes", Probe("macro-*", POLICIES)),
            ("expansions that differ between two builds", Shadow("gauntlet", POLICIES)),
        ],
        caveats: &[],
        answer: trust::proc_macros,
    },
    Question {
        id: "Q14",
        name: "freshness",
        asks: "modification time or content, after a restore?",
        positions: "keep times, for build scripts; content as an option.",
        evidence: &[
            ("a no-op build after a restore", Compare("gauntlet", LINKS)),
            ("what must stay fresh, in probes", Probe("freshness", LINKS)),
            (
                "the same with content in place of times",
                Nothing(
                    "Every run here is under modification times, normalised as the store publishes; probes with touched \
                     sources show what that mode costs.",
                ),
            ),
        ],
        caveats: &["whether content would do better than times: no run used it"],
        answer: trust::freshness,
    },
    Question {
        id: "Q15",
        name: "clean",
        asks: "what does cargo clean free?",
        positions: "none taken.",
        evidence: &[
            ("bytes promised and freed by cargo clean", Compare("clean", ONE)),
            ("bytes promised and freed by collection", Compare("clean", ONE)),
            ("their time", Compare("clean", ONE)),
        ],
        caveats: &[
            "what cargo clean ought to free: the numbers show what it does. Its promise is rounded to a tenth of \
                    its unit and counts a file with two names twice",
        ],
        answer: store::clean,
    },
    Question {
        id: "Q16",
        name: "profiles",
        asks: "share across profiles and commands?",
        positions: "the goal asks for it; the directory level of the profile is in the way.",
        evidence: &[
            ("units the same in another profile or command", Compare("profiles", ONE)),
            ("wall time across profiles", Compare("profiles", ONE)),
            ("bytes added by each", Compare("profiles", ONE)),
            ("the same over many workspaces, in seconds and bytes", Simulate),
            ("right builds of profiles in turn", Probe("profiles-in-turn", POLICIES)),
        ],
        caveats: &[
            "what a layout without the level of the profile would share: the profile's directory is in every key \
                    here, since Cargo writes it into its fingerprints, so few hits across profiles are a property of \
                    the keys",
        ],
        answer: sharing::profiles,
    },
    Question {
        id: "Q17",
        name: "worktrees",
        asks: "share path members across worktrees?",
        positions: "de-duplication saves much; a shared build directory has handed out wrong members.",
        evidence: &[
            ("wall time of further worktrees", Compare("worktrees", ONE)),
            ("bytes of further worktrees", Compare("worktrees", ONE)),
            ("the main copy left as it was", Compare("worktrees", ONE)),
            ("wrong reuse between checkouts in probes", Probe("*-two-checkouts", POLICIES)),
        ],
        caveats: &["worktrees that live for weeks, and members that read files outside their package"],
        answer: sharing::worktrees,
    },
    Question {
        id: "Q18",
        name: "remote",
        asks: "fill a cache from another machine?",
        positions: "action cache and content store of the remote execution API, in the present prototype.",
        evidence: &[
            ("keys that stay the same at another path", Compare("moved", ONE)),
            ("keys that stay the same with another CARGO_HOME", Compare("moved", ONE)),
            ("bytes that stay the same at another path", Shadow("moved", ONE)),
            ("bytes moved, and time against bandwidth and latency, by a model", Simulate),
            (
                "keys and bytes on a second machine, and wall time over a network",
                Nothing(
                    "The scenario moved changes the paths that would differ; the machine, its libraries and the network \
                     stay.",
                ),
            ),
        ],
        caveats: &[],
        answer: sharing::remote,
    },
    Question {
        id: "Q19",
        name: "location",
        asks: "where does the cache live?",
        positions: "CARGO_HOME, or the user's cache directory.",
        evidence: &[
            ("the cost of copying where links cannot be made", Compare("gauntlet", LINKS)),
            ("right builds with the store elsewhere", Probe("store-on-another-file-system", LINKS)),
            (
                "how many setups have store and project on different file systems",
                Nothing("That takes a survey of users; run.json has the file systems of these machines alone."),
            ),
        ],
        caveats: &["a store on a slower device than the project: both are on one device in every run"],
        answer: artifacts::location,
    },
    Question {
        id: "Q20",
        name: "growth",
        asks: "do entries that never change pile up?",
        positions: "of members yes, of dependencies no.",
        evidence: &[
            ("bytes for each edit of a member", Compare("edits", ONE)),
            ("bytes for an upgraded dependency", Compare("upgrade", ONE)),
            ("growth without members in the store", Compare("gauntlet", POLICIES)),
            ("entries and bytes a day on a trace of builds and edits", Simulate),
        ],
        caveats: &[
            "that a store grows without bound: in a run of compare nothing is collected, and no one edits like \
                    that all day",
        ],
        answer: store::growth,
    },
    Question {
        id: "Q21",
        name: "order",
        asks: "de-duplicate first, or cache first?",
        positions: "de-duplication as a stepping stone.",
        evidence: &[
            ("de-duplication on worktrees", Compare("worktrees", DEDUP)),
            ("de-duplication on several projects", Compare("gauntlet", DEDUP)),
            ("caching on worktrees", Compare("worktrees", DEDUP)),
            ("caching on several projects", Compare("gauntlet", DEDUP)),
            ("caching against de-duplication in wall time", Compare("worktrees", DEDUP)),
        ],
        caveats: &[],
        answer: sharing::order,
    },
];
