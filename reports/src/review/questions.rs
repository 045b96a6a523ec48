//! The open questions, condensed from the discussions they come from: the per-user cache
//! (rust-lang/cargo#5931), de-duplication (#17453), early cutoff (#17439), locking (#4282,
//! #16155), modification times (#14136, #17382), collection (#6229, #5026) and the project
//! goal (rust-lang/goals#626).

use super::answer::Answer;
use super::answers as a;
use super::evidence::Evidence;

/// A question, and who answers it.
pub(super) struct Question {
    pub id: &'static str,
    pub name: &'static str,
    pub asks: &'static str,
    pub positions: &'static str,
    pub settled_by: &'static str,
    pub answer: fn(&Evidence<'_>) -> Answer,
}

macro_rules! questions {
    ($($id:literal $name:literal $answer:path: $asks:literal, $positions:literal, $settled_by:literal;)*) => {
        /// All of them, in order.
        pub(super) const ALL: &[Question] = &[$(Question {
            id: $id, name: $name, asks: $asks, positions: $positions, settled_by: $settled_by, answer: $answer,
        }),*];
    };
}

questions! {
    "Q1" "eligibility" a::eligibility::answer:
        "what may be cached?",
        "the first version takes immutable sources with nothing below them that has a build script or is a proc \
         macro; experiments took every package that is not local; a third position stores everything to save disk, \
         and caches little.",
        "the share of units, compile seconds and critical path that each policy admits; hit rate and wall time \
         under each; wrong hits, found by compiling hits anyway.";
    "Q2" "reuse" a::reuse::answer:
        "is there enough reuse between projects at all?",
        "doubt: 65 of 74 projects used syn, in 44 versions, and a prototype of 2023 was barely faster fully cached; \
         hope: a gauntlet of 20 projects took half the time.",
        "hit rate against the number of projects, with their real lockfiles; why units miss, in lost seconds.";
    "Q3" "key inputs" a::key_inputs::answer:
        "which inputs belong in the key?",
        "the unit hash alone; the unit hash and the content of dependencies' metadata; outputs in place of inputs \
         (early cutoff); RUSTFLAGS in, out, or a reason not to cache.",
        "an ablation: each input left out in turn, the hits gained and the wrong hits caused.";
    "Q4" "place" a::place::answer:
        "build in the cache, copy in, move in, or link out?",
        "build in place; build, copy and move atomically; a store by content with pointers into it, preferred of late.",
        "what a cold build pays, what a warm one pays per file and byte, path lengths, safety when killed.";
    "Q5" "link mode" a::link_mode::answer:
        "hardlink, reflink, copy, symlink, or in place?",
        "reflink, else hardlink, else do without (#17453).",
        "link modes by file systems: time, physical bytes, behaviour of times and modes, damage when a consumer writes.";
    "Q6" "store shape" a::store_shape::answer:
        "a store by content, or a directory for each unit?",
        "addressing by content saved 0.5 of 30 GB under conservative caching.",
        "bytes that are twice in a store, what hashing costs cold, what looking up costs warm, numbers of files.";
    "Q7" "hashing" a::hashing::answer:
        "what is hashed when, and with what?",
        "hashing all of a fresh build of Zed took 9 s by sha256 and 4 s by blake3; a manifest for each unit cut that to 50 ms.",
        "what publishing adds to a cold build, by algorithm and number of threads.";
    "Q8" "locking" a::locking::answer:
        "a coarse lock, one for each unit, or none?",
        "builder and waiter by file locks; or no locks, and the first publisher wins.",
        "several Cargos at once on the same, overlapping and disjoint work: wall time, units compiled twice, file \
         descriptors, kill -9.";
    "Q9" "pipelining" a::pipelining::answer:
        "how does a cache get along with metadata before code?",
        "metadata must not move during a build.",
        "the critical path, warm and cold; entries that are only half there; check after build and build after check.";
    "Q10" "retention" a::retention::answer:
        "what is forgotten first?",
        "30 days since the last use by a build; a bound on size; access times (rejected: noatime).",
        "policies replayed on traces against the offline optimum; seconds of rebuilding for each GB freed.";
    "Q11" "collection race" a::collection_race::answer:
        "what if a file vanishes between lookup and link?",
        "guard the window, or take it for a miss.",
        "collection under load of restores, with no build that fails.";
    "Q12" "build scripts" a::build_scripts::answer:
        "leave out, trust, or sandbox?",
        "only de-duplicate what stands on them until OUT_DIR has a scratch pad.",
        "the share of scripts whose output is the same bytes at another path, time and environment; bytes in OUT_DIR.";
    "Q13" "proc macros" a::proc_macros::answer:
        "leave out what stands on them, or trust them?",
        "the first version leaves them out; experiments did not.",
        "the share of units above them; expansions that differ between two builds.";
    "Q14" "freshness" a::freshness::answer:
        "modification time or content, after a restore?",
        "keep times, for build scripts; content as an option.",
        "a no-op build after a restore in every tree that shares a file, in both modes.";
    "Q15" "clean" a::clean::answer:
        "what does cargo clean free?",
        "none taken.",
        "bytes it reports against bytes it frees, and its time.";
    "Q16" "profiles" a::profiles::answer:
        "share across profiles and commands?",
        "the goal asks for it; the directory level of the profile is in the way.",
        "units that are the same in dev, release, test and check; bytes and seconds that sharing them saves.";
    "Q17" "worktrees" a::worktrees::answer:
        "share path members across worktrees?",
        "de-duplication saves much; a shared build directory has handed out wrong members.",
        "several worktrees, at one commit, diverged and edited: bytes, wall time, wrong reuse.";
    "Q18" "remote" a::remote::answer:
        "fill a cache from another machine?",
        "action cache and content store of the remote execution API, in the present prototype.",
        "keys and bytes that are the same on two machines, bytes moved for a hit, wall time against bandwidth and latency.";
    "Q19" "location" a::location::answer:
        "where does the cache live?",
        "CARGO_HOME, or the user's cache directory.",
        "how many setups have store and project on different file systems; what the fallback costs.";
    "Q20" "growth" a::growth::answer:
        "do entries that never change pile up?",
        "of members yes, of dependencies no.",
        "entries and bytes a day on a trace of edits.";
    "Q21" "order" a::order::answer:
        "de-duplicate first, or cache first?",
        "de-duplication as a stepping stone.",
        "what each adds in wall time and disk on worktrees and on many projects.";
}
