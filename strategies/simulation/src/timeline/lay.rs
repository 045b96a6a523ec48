//! Draws sessions and writes events.

use super::Timeline;
use super::workspaces::{Site, sites};
use crate::random::Random;
use crate::trace::{Action, Event, Trace, WorkspaceId};

/// Seconds of a day.
const DAY: u32 = 86_400;

/// Seconds of the day in which people work, eight to twenty o'clock. Assumed.
const WORK: (u32, u32) = (8 * 3600, 12 * 3600);

/// Seconds from one build of a session to the next, on average. Assumed.
const PAUSE: f64 = 600.0;

/// Replaces the events of a trace by a life that is drawn anew.
pub fn lay(trace: &mut Trace, timeline: &Timeline) {
    let sites = sites(trace);
    let mut events: Vec<(u32, Event)> = Vec::new();
    for (site, activity) in sites.iter().zip(activities(sites.len(), timeline)) {
        let mut random = Random::of(timeline.seed, u64::from(site.workspace) + 1);
        live(site, activity, timeline, &mut random, &mut events);
    }
    if timeline.toolchain_days > 0 {
        let days = (1..).map(|nth| nth * timeline.toolchain_days).take_while(|day| *day < timeline.days);
        events.extend(days.map(|day| (0, Event { at: day * DAY, action: Action::Toolchain })));
    }
    // What one workspace does at one moment stays in its order; of several, the first goes first,
    // and a toolchain before all.
    events.sort_by_key(|(order, event)| (event.at, *order));
    trace.events = events.into_iter().map(|(_, event)| event).collect();
}

/// Builds a day of each workspace: Zipf's law over a random order, cut at the most that one does,
/// on average as many as asked for.
fn activities(count: usize, timeline: &Timeline) -> Vec<f64> {
    let most = timeline.most_builds_per_day.max(timeline.builds_per_day);
    let mut shares: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-timeline.activity)).collect();
    // What is cut off goes to the others; a few rounds of that settle.
    for _ in 0..50 {
        let scale = timeline.builds_per_day * count as f64 / shares.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        shares.iter_mut().for_each(|share| *share = (*share * scale).min(most));
    }
    let mut order: Vec<usize> = (0..count).collect();
    Random::of(timeline.seed, 0).shuffle(&mut order);
    let mut activities = vec![0.0; count];
    order.iter().zip(shares).for_each(|(at, share)| activities[*at] = share);
    activities
}

/// All sessions of a workspace. The number of a day is Poisson distributed: they come one after
/// another, with exponentially distributed times between.
fn live(site: &Site, activity: f64, timeline: &Timeline, random: &mut Random, events: &mut Vec<(u32, Event)>) {
    let sessions = activity / timeline.builds_per_session.max(1.0);
    if sessions <= 0.0 {
        return;
    }
    let (order, phase) = (site.workspace + 1, random.unit());
    let workspace = WorkspaceId(site.workspace);
    // A wipe is as likely on each day of work, of which there are fewer where little is done.
    let wipes = 1.0 / (timeline.wipe_days.max(1.0) * sessions.max(1.0));
    for day in 0..timeline.days {
        let mut clock = random.waiting(1.0);
        while clock < sessions {
            let mut at = day * DAY + WORK.0 + (clock / sessions * f64::from(WORK.1)) as u32;
            let end = (day + 1) * DAY - 1;
            let mut add = |at: u32, action| events.push((order, Event { at: at.min(end), action }));
            if random.chance(wipes) {
                add(at, Action::Wipe(workspace));
            }
            let builds = 1 + poisson(timeline.builds_per_session - 1.0, random);
            for nth in 0..builds {
                for _ in 0..poisson(timeline.edits_per_build, random) {
                    if let Some(action) = edit(site, timeline, random) {
                        add(at, action);
                    }
                }
                let share = f64::from(day) / f64::from(timeline.days);
                if let Some(plan) = site.plan(command(timeline, random), share, phase) {
                    add(at, Action::Build(plan));
                }
                if nth + 1 < builds {
                    at = at.saturating_add(1 + random.waiting(PAUSE) as u32);
                }
            }
            clock += random.waiting(1.0);
        }
    }
}

/// An edit of a root file; `None` in a workspace without any.
fn edit(site: &Site, timeline: &Timeline, random: &mut Random) -> Option<Action> {
    let library = random.chance(timeline.library_edits);
    let (first, second) = if library { (&site.libraries, &site.programs) } else { (&site.programs, &site.libraries) };
    let file = random.pick(first).or_else(|| random.pick(second)).copied()?;
    Some(Action::Edit { workspace: WorkspaceId(site.workspace), file })
}

/// Index of a command in [`Site::plans`].
fn command(timeline: &Timeline, random: &mut Random) -> usize {
    let mut rest = random.unit();
    for (at, share) in timeline.other.iter().enumerate() {
        rest -= share;
        if rest < 0.0 {
            return at + 1;
        }
    }
    0
}

/// A Poisson distributed number (Knuth's method; means here are small).
fn poisson(mean: f64, random: &mut Random) -> u32 {
    let (mut sum, mut number) = (random.waiting(1.0), 0);
    while sum < mean {
        sum += random.waiting(1.0);
        number += 1;
    }
    number
}
