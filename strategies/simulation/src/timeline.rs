//! Made-up months: who builds, edits and cleans what, and when.
//!
//! Nobody has recorded such months in public, so [`add_events`] draws them: for each workspace sessions in which a
//! developer edits and builds. The same seed draws the same events. Every number of a [`Timeline`] but `toolchain_days`
//! is an assumption, to be varied; none is measured by this project.

use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand_xoshiro::Xoshiro256StarStar;
use strategies::key::Input;

use crate::random_stream;
use crate::trace::{PlanId, Text, Trace, TraceAction, TraceEvent, TracePlan, TraceSource, TraceTask, WorkspaceId};

const DAY: u32 = 86_400;

/// Seconds of the day in which people work, eight to twenty o'clock.
const WORK: (u32, u32) = (8 * 3600, 12 * 3600);

/// Seconds from one build of a session to the next, on average.
const PAUSE: f64 = 600.0;

/// Exponent of Zipf's law of activity: the n-th most active workspace has a share of n^−exponent.
const ACTIVITY: f64 = 1.0;

/// The most builds a day of one workspace, however active.
const MOST_BUILDS_PER_DAY: f64 = 40.0;

/// Builds of a session, on average.
const BUILDS_PER_SESSION: f64 = 4.0;

/// Edits before each build of a session, on average.
const EDITS_PER_BUILD: f64 = 1.0;

/// Share of edits that change the root file of a library instead of that of a program.
const LIBRARY_EDITS: f64 = 0.3;

/// Shares of tests, checks and release builds among builds; the others are development builds. A workspace without such
/// a plan has a development build instead.
const OTHER_COMMANDS: [f64; 3] = [0.15, 0.1, 0.05];

/// How much happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Days. A quarter of a year has two or three toolchains.
    pub days: u32,
    /// Builds a day of the average workspace. An IDE builds far more often; a store is used by builds that follow a
    /// clean-up, an update or an edit.
    pub builds_per_day: f64,
    /// Days from one clean-up of a build directory (`cargo clean`, a fresh clone, a CI runner) to the next, in a
    /// workspace that builds every day.
    pub wipe_days: f64,
    /// Days from one toolchain to the next: Rust's six weeks
    /// (<https://doc.rust-lang.org/book/appendix-07-nightly-rust.html>). 0 for none.
    pub toolchain_days: u32,
    /// Seed of everything.
    pub seed: u64,
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline { days: 90, builds_per_day: 2.0, wipe_days: 20.0, toolchain_days: 42, seed: 1 }
    }
}

/// Replaces the events of a trace by newly drawn ones.
pub fn add_events(trace: &mut Trace, timeline: &Timeline) {
    let workspaces = active_workspaces(trace);
    let mut events: Vec<(u32, TraceEvent)> = Vec::new();
    for (workspace, activity) in workspaces.iter().zip(activities(workspaces.len(), timeline)) {
        let random = random_stream(timeline.seed, u64::from(workspace.id.0) + 1);
        Sessions { workspace, timeline, random, events: &mut events }.draw(activity);
    }
    if timeline.toolchain_days > 0 {
        let days = (1..).map(|nth| nth * timeline.toolchain_days).take_while(|day| *day < timeline.days);
        events.extend(days.map(|day| (0, TraceEvent { at: day * DAY, action: TraceAction::Toolchain })));
    }
    // The sort is stable: events of one workspace at one time keep their order. A toolchain comes before all.
    events.sort_by_key(|(order, event)| (event.at, *order));
    trace.events = events.into_iter().map(|(_, event)| event).collect();
}

struct ActiveWorkspace {
    id: WorkspaceId,
    /// Plans of development build, test, check and release build.
    plans: [Option<PlanId>; 4],
    files: [Vec<Text>; 2],
}

fn active_workspaces(trace: &Trace) -> Vec<ActiveWorkspace> {
    let empty = |id| ActiveWorkspace { id: WorkspaceId(id), plans: [None; 4], files: Default::default() };
    let mut workspaces: Vec<ActiveWorkspace> = (0..trace.workspaces.len() as u32).map(empty).collect();
    for (at, plan) in trace.plans.iter().enumerate() {
        let workspace = &mut workspaces[plan.workspace.at()];
        // Another command of the workspace has the same files.
        if workspace.plans.iter().all(Option::is_none) {
            workspace.files = root_files(trace, plan);
        }
        let command = match plan.task {
            TraceTask::Build if trace.text(plan.profile) == "dev" => 0,
            TraceTask::Test => 1,
            TraceTask::Check => 2,
            TraceTask::Build => 3,
        };
        workspace.plans[command] = Some(PlanId(at as u32));
    }
    workspaces.retain(|workspace| workspace.plans.iter().any(Option::is_some));
    workspaces
}

/// Root files of programs and of libraries of path packages. Build scripts are left out: nobody edits them all day.
fn root_files(trace: &Trace, plan: &TracePlan) -> [Vec<Text>; 2] {
    let mut files: [BTreeSet<Text>; 2] = Default::default();
    for unit in plan.nodes.iter().map(|node| trace.unit(*node)).filter(|unit| unit.source == TraceSource::Path) {
        let kind = trace.text(unit[Input::TargetKind]);
        if kind != "custom-build" && unit[Input::SourcePath] != Text(0) {
            files[usize::from(!kind.split(',').any(|kind| kind == "bin"))].insert(unit[Input::SourcePath]);
        }
    }
    files.map(|files| files.into_iter().collect())
}

/// Builds a day of each workspace: Zipf's law over a random order, limited to the most of one workspace, with the mean
/// of the timeline.
fn activities(count: usize, timeline: &Timeline) -> Vec<f64> {
    let most = MOST_BUILDS_PER_DAY.max(timeline.builds_per_day);
    let mut shares: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-ACTIVITY)).collect();
    // What exceeds the limit is spread over the others; a few rounds converge.
    for _ in 0..50 {
        let scale = timeline.builds_per_day * count as f64 / shares.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        shares.iter_mut().for_each(|share| *share = (*share * scale).min(most));
    }
    shares.shuffle(&mut random_stream(timeline.seed, 0));
    shares
}

struct Sessions<'a> {
    workspace: &'a ActiveWorkspace,
    timeline: &'a Timeline,
    random: Xoshiro256StarStar,
    events: &'a mut Vec<(u32, TraceEvent)>,
}

impl Sessions<'_> {
    /// Draws all sessions of a workspace with so many builds a day. The number of sessions of a day is Poisson
    /// distributed: the times between them are exponentially distributed.
    fn draw(&mut self, builds_per_day: f64) {
        let sessions = builds_per_day / BUILDS_PER_SESSION;
        if sessions <= 0.0 {
            return;
        }
        // A clean-up is as likely on each working day, of which there are fewer where little is built.
        let wipes = 1.0 / (self.timeline.wipe_days.max(1.0) * sessions.max(1.0));
        for day in 0..self.timeline.days {
            let mut clock = self.waiting();
            while clock < sessions {
                let at = WORK.0 + (clock / sessions * f64::from(WORK.1)) as u32;
                self.session(day, at, wipes);
                clock += self.waiting();
            }
        }
    }

    fn session(&mut self, day: u32, mut at: u32, wipes: f64) {
        let (order, id) = (self.workspace.id.0 + 1, self.workspace.id);
        let time = |at: u32| day * DAY + at.min(DAY - 1);
        if self.random.random_bool(wipes) {
            self.events.push((order, TraceEvent { at: time(at), action: TraceAction::Wipe(id) }));
        }
        let builds = 1 + self.poisson(BUILDS_PER_SESSION - 1.0);
        for nth in 0..builds {
            for _ in 0..self.poisson(EDITS_PER_BUILD) {
                if let Some(file) = self.edited_file() {
                    let action = TraceAction::Edit { workspace: id, file };
                    self.events.push((order, TraceEvent { at: time(at), action }));
                }
            }
            if let Some(plan) = self.plan() {
                self.events.push((order, TraceEvent { at: time(at), action: TraceAction::Build(plan) }));
            }
            if nth + 1 < builds {
                at = at.saturating_add(1 + (PAUSE * self.waiting()) as u32);
            }
        }
    }

    /// A root file; `None` in a workspace without any.
    fn edited_file(&mut self) -> Option<Text> {
        let library = usize::from(self.random.random_bool(LIBRARY_EDITS));
        let files = &self.workspace.files;
        let random = &mut self.random;
        let file = files[library].choose(random).or_else(|| files[1 - library].choose(random));
        file.copied()
    }

    /// The plan of a random command, or of one that the workspace has.
    fn plan(&mut self) -> Option<PlanId> {
        let mut left: f64 = self.random.random();
        let other = OTHER_COMMANDS.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        let command = other.map_or(0, |at| at + 1);
        [command, 0, 3, 2, 1].into_iter().find_map(|at| self.workspace.plans[at])
    }

    fn waiting(&mut self) -> f64 {
        -(1.0 - self.random.random::<f64>()).ln()
    }

    /// A Poisson distributed number (Knuth's method; means here are small).
    fn poisson(&mut self, mean: f64) -> u32 {
        let (mut sum, mut number) = (self.waiting(), 0);
        while sum < mean {
            sum += self.waiting();
            number += 1;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// The small trace by hand, its three workspaces ten times.
    fn thirty() -> Trace {
        let mut trace = crate::trace::tests::by_hand();
        let (workspaces, plans) = (trace.workspaces.clone(), trace.plans.clone());
        for copy in 1..10 {
            trace.workspaces.extend(&workspaces);
            let shifted =
                |plan: &TracePlan| TracePlan { workspace: WorkspaceId(plan.workspace.0 + 3 * copy), ..plan.clone() };
            trace.plans.extend(plans.iter().map(shifted));
        }
        trace
    }

    fn drawn(timeline: &Timeline) -> Trace {
        let mut trace = thirty();
        add_events(&mut trace, timeline);
        trace
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn all_events_are_sound_and_the_same_again(seed: u64, days in 0u32..120, builds in 0.0f64..10.0, wipe_days in 0.0f64..40.0) {
            let timeline = Timeline { days, builds_per_day: builds, wipe_days, seed, ..Timeline::default() };
            let trace = drawn(&timeline);
            prop_assert!(Trace::parse(&trace.to_bytes().unwrap(), Path::new("x.trace")).is_ok());
            prop_assert!(trace.events.is_sorted_by_key(|event| event.at));
            prop_assert!(trace.events.iter().all(|event| event.at < days * DAY));
            prop_assert_eq!(drawn(&timeline).events, trace.events);
        }
    }

    #[test]
    fn there_are_about_as_many_builds_as_asked_for_and_few_workspaces_build_most() {
        let trace = drawn(&Timeline::default());
        let mut builds = [0u32; 30];
        for event in &trace.events {
            if let TraceAction::Build(plan) = event.action {
                builds[trace.plans[plan.at()].workspace.at()] += 1;
            }
        }
        let all: u32 = builds.iter().sum();
        assert!((4300..6500).contains(&all), "{all} instead of 30 × 90 × 2");
        builds.sort_unstable();
        assert!(builds[29] > 5 * builds[10], "{builds:?}");
        let count = |is: &dyn Fn(TraceAction) -> bool| trace.events.iter().filter(|event| is(event.action)).count();
        assert_eq!(count(&|action| action == TraceAction::Toolchain), 2);
        assert!(count(&|action| matches!(action, TraceAction::Wipe(_))) > 0);
        let main = |action| matches!(action, TraceAction::Edit { file, .. } if trace.text(file) == "ws:src/main.rs");
        assert!(count(&main) > 0);
    }

    #[test]
    fn another_seed_draws_other_events() {
        let timeline = Timeline::default();
        assert_ne!(drawn(&timeline).events, drawn(&Timeline { seed: 2, ..timeline.clone() }).events);
    }
}
