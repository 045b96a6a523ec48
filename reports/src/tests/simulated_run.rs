//! A small handmade simulation, with every table.
use crate::simulation::{
    CurveRow, FitInfo, GrowthRow, MissRow, Origin, RelaxationRow, RemoteRow, RetentionRow, SharingRow, SimulationRun,
    TraceInfo,
};
use records::RunInfo;

const BUILD: &str = "dev build";
const GB: f64 = 1e9;

/// Three policies and a relaxed one; the widest is called `wide`.
pub fn simulation(wide: &str) -> SimulationRun {
    let mut info = RunInfo::new("s1");
    info.complete = true;
    info.started = "2026-11-23T08:00:00Z".into();
    info.seed = 42;
    info.corpus.name = "quick,gauntlet,census".into();
    info.toolchain.rustc = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc".into();
    info.host.cores = Some(2);
    let trace = TraceInfo {
        title: "120 workspaces of quick, gauntlet and census".into(),
        origin: Origin::Collected,
        digest: "abc123".into(),
        workspaces: 120,
        plans: 480,
        unit_builds: 96_000,
        nodes: 31_000,
        seed: None,
        orders: 20,
        seconds: Some(fit("compile seconds by package and lines")),
        bytes: Some(fit("bytes by kind and compile seconds")),
        left_out: vec!["nushell: no lock file".into()],
        measured_share_of_seconds: Some(0.35),
    };
    let mut run = SimulationRun::new(info, trace);
    run.curve = curve(wide);
    run.relaxations = relaxations(wide);
    run.misses = misses(wide);
    run.sharing = sharing(wide);
    run.retention = retention(wide);
    run.growth = growth(wide);
    run.remote = remote(wide);
    run
}

fn fit(model: &str) -> FitInfo {
    FitInfo {
        model: model.into(),
        samples: 3200,
        packages: 410,
        r_squared: 0.71,
        median_factor: 1.62,
        p90_factor: 4.1,
        bias: 0.96,
    }
}

fn curve(wide: &str) -> Vec<CurveRow> {
    let mut rows = Vec::new();
    let relaxed = format!("{wide}:without-features");
    for (policy, share) in [("conservative", 0.2), ("non-local", 0.45), (wide, 0.5), (relaxed.as_str(), 0.62)] {
        for workspaces in [1_u32, 2, 3, 5, 8, 10, 20, 35, 50, 80, 120] {
            let reused = share * (1.0 - 1.0 / f64::from(workspaces).sqrt());
            rows.push(CurveRow {
                policy: policy.into(),
                workspaces,
                hit_rate: reused * 1.1,
                hit_rate_by_cost: reused,
                low: reused * 0.6,
                high: (reused * 1.3).min(1.0),
                stored_bytes: 0.4 * GB * f64::from(workspaces) * (1.1 - share),
                command: BUILD.into(),
                orders: 20,
            });
        }
    }
    rows
}

fn relaxations(wide: &str) -> Vec<RelaxationRow> {
    let row = |policy: &str, relaxation: &str, soundness: &str, gained_s: f64, why: &str| RelaxationRow {
        policy: policy.into(),
        relaxation: relaxation.into(),
        soundness: soundness.into(),
        command: BUILD.into(),
        hit_rate: 0.5 + gained_s / 20_000.0,
        hit_rate_by_cost: 0.45 + gained_s / 20_000.0,
        gained_units: gained_s / 1.5,
        gained_s,
        total_s: 20_000.0,
        stored_bytes: 40.0 * GB - gained_s * 1e6,
        why: why.into(),
    };
    vec![
        row(wide, "none", "sound", 0.0, "the policy as it is"),
        row(wide, "without-lints", "sound", 180.0, "lint levels change no output, only messages"),
        row(wide, "early-cutoff", "sound", 1500.0, "dependencies by their metadata, not by their keys"),
        row(wide, "without-features", "what-if", 2400.0, "features that change nothing cannot be told from others"),
        row(wide, "without-rustflags", "unsound", 900.0, "flags may change any output"),
        row(wide, "with-path", "stricter", -650.0, "two checkouts share nothing"),
        row(wide, "all", "sound", 1620.0, "all sound ones together"),
        row("conservative", "none", "sound", 0.0, "the policy as it is"),
        row("conservative", "without-lints", "sound", 20.0, "lint levels change no output, only messages"),
    ]
}

fn misses(wide: &str) -> Vec<MissRow> {
    let row = |policy: &str, reason: &str, units: f64, seconds: f64| MissRow {
        policy: policy.into(),
        command: BUILD.into(),
        reason: reason.into(),
        units,
        seconds,
    };
    vec![
        row("conservative", "build-script-below", 21_000.5, 11_200.0),
        row("conservative", "never-seen", 2100.0, 2600.0),
        row(wide, "never-seen", 5200.25, 6100.0),
        row(wide, "version", 2600.0, 2900.5),
        row(wide, "features", 1200.0, 1900.0),
        row(wide, "dependency", 900.0, 400.0),
    ]
}

fn sharing(wide: &str) -> Vec<SharingRow> {
    let commands = ["dev build", "dev test", "dev check", "release build"];
    let mut rows = Vec::new();
    for (policy, part) in [("conservative", 0.4), (wide, 1.0)] {
        for (i, first) in commands.iter().enumerate() {
            for (j, then) in commands.iter().enumerate().filter(|(j, _)| *j != i) {
                let share =
                    part * [[1.0, 0.71, 0.22, 0.0], [0.98, 1.0, 0.22, 0.0], [0.2, 0.2, 1.0, 0.0], [0.1; 4]][i][j];
                rows.push(SharingRow {
                    policy: policy.into(),
                    first: (*first).into(),
                    then: (*then).into(),
                    workspaces: 118,
                    units: 24_000,
                    hit_rate: share,
                    hit_rate_by_cost: share * 0.9,
                    saved_s: share * 18_000.0,
                    saved_bytes: share * 30.0 * GB,
                });
            }
        }
    }
    rows
}

fn retention(wide: &str) -> Vec<RetentionRow> {
    let mut rows = Vec::new();
    let caps = [Some(1_000_000_000), Some(4_000_000_000), Some(16_000_000_000), Some(64_000_000_000), None];
    for (policy, worse) in [("lru", 1.3), ("cost-per-byte", 1.1), ("age", 1.6), ("offline-farthest", 1.0)] {
        for cap in caps {
            let size = cap.map_or(f64::INFINITY, |cap| cap as f64 / GB);
            let lost = 9000.0 * worse / size.sqrt() - if size > 60.0 { 1000.0 } else { 0.0 };
            let evicted = if cap.is_none() { 0.0 } else { 80.0 * GB / size.sqrt() };
            let lost = if cap.is_none() { 0.0 } else { lost.max(100.0 * worse) };
            rows.push(RetentionRow {
                policy: policy.into(),
                cap_bytes: cap,
                hit_rate_by_cost: 0.9 - lost / 30_000.0,
                rebuilt_s: 5000.0 + lost,
                bound_s: 5000.0 + if cap.is_none() { 0.0 } else { lost / worse * 0.9 },
                hit_rate: 0.92 - lost / 30_000.0,
                key: wide.into(),
                evicted_bytes: evicted,
                rebuilt_s_per_gb: (evicted > 0.0).then(|| lost / (evicted / GB)),
                peak_bytes: cap.map_or(92.0 * GB, |cap| cap as f64),
                refused_s: 0.0,
                rebuilt_again_s: 0.0,
            });
        }
    }
    rows
}

fn growth(wide: &str) -> Vec<GrowthRow> {
    let mut rows = Vec::new();
    for (key, local) in [("non-local", 0.0), (wide, 1.0)] {
        for day in 0..28_u32 {
            let days = f64::from(day);
            let local_entries = (local * 40.0 * (days + 1.0)) as u64;
            rows.push(GrowthRow {
                key: key.into(),
                day,
                builds: 12 + u64::from(day % 5),
                entries: 900 + 4 * u64::from(day) + local_entries,
                stored_bytes: 2.0 * GB + 0.01 * GB * days + local * 0.15 * GB * (days + 1.0),
                local_entries,
                local_bytes: local * 0.15 * GB * (days + 1.0),
            });
        }
    }
    rows
}

fn remote(wide: &str) -> Vec<RemoteRow> {
    let mut rows = Vec::new();
    for (policy, available) in [("conservative", 0.2), (wide, 0.55)] {
        for bits in [1e6, 1e7, 1e8, 1e9] {
            let moved = 60.0 * GB * available;
            let fetch = 20_000.0 * (1.0 - available) + moved * 8.0 / bits;
            let choose = fetch.min(20_000.0 * (1.0 - available * bits / (bits + 2e7)));
            rows.push(RemoteRow {
                policy: policy.into(),
                command: BUILD.into(),
                bits_per_s: bits,
                latency_s: 0.05,
                transfers: 8,
                jobs: 4,
                workspaces: 120,
                units: 24_000,
                available,
                worth_fetching: bits / (bits + 2e7),
                moved_bytes: moved,
                compile_s: 20_000.0,
                fetch_s: fetch,
                choose_s: choose,
                critical_compile_s: 6000.0,
                critical_choose_s: 6000.0 * choose / 20_000.0,
                lookup: "by-level".into(),
            });
        }
    }
    rows
}
