//! A build with a remote cache, event by event.
//!
//! **Compiles** run on a number of cores, one each, once everything they read is present; of those that could run, the
//! one with the longest path of compiles to the end of the build goes first (list scheduling by critical path).
//!
//! **Fetches** occupy one of the link's transfers from their request on. The first byte comes after the latency; from
//! then on all running transfers share the bandwidth evenly (processor sharing). A fetch can begin as soon as its key
//! is known; its dependencies need not be present. Waiting fetches go in the same order as compiles.
//!
//! **Lookups** take one latency each and are not limited in number. With [`Lookup::ByLevel`] a unit can be looked up
//! once the exports of all its dependencies are known: by an answer for those that the cache has, by a finished compile
//! for the others. With [`Lookup::AtOnce`] all keys are known before the build, and one round trip answers for all.
//!
//! A compile never waits for a lookup: what the cache does not have is assumed to be known, from a list of its contents
//! or because such units are never stored.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Link, Lookup, NeededUnits, RemoteUnit};

/// The result of a build.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScheduledBuild {
    /// Seconds until everything that is needed is present.
    pub seconds: f64,
    /// Bytes fetched.
    pub moved_bytes: f64,
    /// Seconds of compiling, all cores together.
    pub compiled_s: f64,
}

/// A job with the dependents of each unit, ready for many schedules.
pub(super) struct PreparedJob<'a> {
    pub units: &'a [RemoteUnit],
    dependents: Vec<Vec<u32>>,
}

impl<'a> PreparedJob<'a> {
    pub fn new(units: &'a [RemoteUnit]) -> PreparedJob<'a> {
        let mut dependents = vec![Vec::new(); units.len()];
        for (unit, at) in units.iter().zip(0u32..) {
            unit.dependencies.iter().for_each(|dependency| dependents[*dependency as usize].push(at));
        }
        PreparedJob { units, dependents }
    }

    /// The units that depend on a unit.
    fn dependents(&self, unit: usize) -> impl Iterator<Item = usize> + '_ {
        self.dependents[unit].iter().map(|dependent| *dependent as usize)
    }

    /// Runs the job, fetching `fetched`, all of which are available.
    pub fn run(&self, fetched: &[bool], link: Link, lookup: Lookup, cores: Option<u32>) -> ScheduledBuild {
        let needs = NeededUnits::of(self.units, fetched, lookup);
        let count = fetched.len();
        let mut schedule = Schedule {
            prepared: self,
            fetched,
            link,
            by_level: lookup == Lookup::ByLevel,
            tails: Vec::new(),
            waits: vec![0; count],
            key_waits: vec![0; count],
            needs,
            events: BinaryHeap::new(),
            flows: Vec::new(),
            ready: BinaryHeap::new(),
            queue: BinaryHeap::new(),
            cores: cores.map_or(usize::MAX, |cores| cores.max(1) as usize),
            transfers: link.transfers.max(1) as usize,
            now: 0.0,
            run: ScheduledBuild::default(),
        };
        schedule.prepare();
        schedule.play();
        schedule.run
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ScheduleEvent {
    Compiled,
    LookedUp,
    FirstByte,
}

/// A number that is not negative: such numbers have the order of their bits.
type Bits = u64;

struct Schedule<'a> {
    prepared: &'a PreparedJob<'a>,
    fetched: &'a [bool],
    needs: NeededUnits,
    link: Link,
    by_level: bool,
    /// Seconds of compiling from a unit's start to the end of the build, on its longest path.
    tails: Vec<f64>,
    /// The number of units each waits for: a compile before it starts, a fetch before it can be read.
    waits: Vec<u32>,
    /// The number of dependencies whose exports are not known yet.
    key_waits: Vec<u32>,
    events: BinaryHeap<Reverse<(Bits, ScheduleEvent, u32)>>,
    flows: Vec<(u32, f64)>,
    ready: BinaryHeap<(Bits, Reverse<u32>)>,
    queue: BinaryHeap<(Bits, Reverse<u32>)>,
    cores: usize,
    transfers: usize,
    now: f64,
    run: ScheduledBuild,
}

impl Schedule<'_> {
    fn compiled(&self, unit: usize) -> bool {
        self.needs.needed[unit] && !self.fetched[unit]
    }

    /// Whether `unit` cannot be used before `dependency`; both are needed.
    fn reads(&self, unit: usize, dependency: usize) -> bool {
        let library = |at: usize| self.prepared.units[at].library;
        self.needs.needed[dependency]
            && (self.compiled(unit) || self.needs.needed[unit] && library(unit) && library(dependency))
    }

    fn prepare(&mut self) {
        let prepared = self.prepared;
        let units = prepared.units;
        self.tails = vec![0.0; units.len()];
        for at in (0..units.len()).rev() {
            let readers = prepared.dependents(at).filter(|dependent| self.reads(*dependent, at));
            let longest = readers.map(|dependent| self.tails[dependent]).fold(0.0, f64::max);
            self.tails[at] = longest + if self.compiled(at) { units[at].seconds } else { 0.0 };
        }
        for (at, unit) in units.iter().enumerate() {
            let dependency = || unit.dependencies.iter().map(|dependency| *dependency as usize);
            self.waits[at] = dependency().filter(|dependency| self.reads(at, *dependency)).count() as u32;
            if self.compiled(at) {
                self.run.compiled_s += unit.seconds;
                if self.waits[at] == 0 {
                    self.ready.push((self.tails[at].to_bits(), Reverse(at as u32)));
                }
            } else if self.needs.needed[at] {
                self.waits[at] += 1;
                self.run.moved_bytes += unit.bytes;
            }
            if self.needs.looked_up[at] {
                self.key_waits[at] = if self.by_level { dependency().count() as u32 } else { 0 };
                if self.key_waits[at] == 0 {
                    self.after(self.link.latency_s, ScheduleEvent::LookedUp, at);
                }
            }
        }
    }

    fn after(&mut self, seconds: f64, what: ScheduleEvent, unit: usize) {
        self.events.push(Reverse(((self.now + seconds).to_bits(), what, unit as u32)));
    }

    fn play(&mut self) {
        loop {
            self.dispatch();
            let event = self.events.peek().map(|Reverse((time, ..))| f64::from_bits(*time));
            let least = self.flows.iter().map(|(_, bits)| *bits).fold(f64::INFINITY, f64::min);
            let rate = self.link.bits_per_s / self.flows.len().max(1) as f64;
            let arrival = (!self.flows.is_empty()).then(|| self.now + least / rate);
            match (event, arrival) {
                (None, None) => break,
                (event, Some(arrival)) if event.is_none_or(|event| arrival <= event) => self.arrive(arrival, least),
                (Some(event), _) => self.advance(event, rate),
                (None, Some(arrival)) => self.arrive(arrival, least),
            }
        }
        self.run.seconds = self.now;
    }

    fn dispatch(&mut self) {
        while self.cores > 0
            && let Some((_, Reverse(unit))) = self.ready.pop()
        {
            self.cores -= 1;
            let seconds = self.prepared.units[unit as usize].seconds;
            self.after(seconds, ScheduleEvent::Compiled, unit as usize);
        }
        while self.transfers > 0
            && let Some((_, Reverse(unit))) = self.queue.pop()
        {
            self.transfers -= 1;
            self.after(self.link.latency_s, ScheduleEvent::FirstByte, unit as usize);
        }
    }

    fn arrive(&mut self, time: f64, least: f64) {
        self.now = time;
        let mut through = Vec::new();
        self.flows.retain_mut(|(unit, bits)| {
            *bits -= least;
            let left = *bits > 0.0;
            if !left {
                through.push(*unit as usize);
            }
            left
        });
        self.transfers += through.len();
        through.into_iter().for_each(|unit| self.less_to_wait_for(unit));
    }

    fn advance(&mut self, time: f64, rate: f64) {
        let bits = (time - self.now).max(0.0) * rate;
        self.flows.iter_mut().for_each(|(_, left)| *left = (*left - bits).max(0.0));
        self.now = time;
        while let Some(Reverse((at, what, unit))) = self.events.peek().copied()
            && f64::from_bits(at) <= time
        {
            self.events.pop();
            self.happens(what, unit as usize);
        }
    }

    fn happens(&mut self, what: ScheduleEvent, unit: usize) {
        match what {
            ScheduleEvent::Compiled => {
                self.cores += 1;
                self.readable(unit);
                if !self.needs.looked_up[unit] {
                    self.export_known(unit);
                }
            }
            ScheduleEvent::LookedUp => {
                self.export_known(unit);
                if self.needs.needed[unit] && self.fetched[unit] {
                    self.queue.push((self.tails[unit].to_bits(), Reverse(unit as u32)));
                }
            }
            ScheduleEvent::FirstByte => {
                self.flows.push((unit as u32, 8.0 * self.prepared.units[unit].bytes));
            }
        }
    }

    /// The exports of a unit are known: keys may be complete now.
    fn export_known(&mut self, unit: usize) {
        if !self.by_level {
            return;
        }
        let prepared = self.prepared;
        for dependent in prepared.dependents(unit) {
            if self.needs.looked_up[dependent] {
                self.key_waits[dependent] -= 1;
                if self.key_waits[dependent] == 0 {
                    self.after(self.link.latency_s, ScheduleEvent::LookedUp, dependent);
                }
            }
        }
    }

    fn less_to_wait_for(&mut self, unit: usize) {
        self.waits[unit] -= 1;
        if self.waits[unit] == 0 {
            if self.fetched[unit] {
                self.readable(unit);
            } else {
                self.ready.push((self.tails[unit].to_bits(), Reverse(unit as u32)));
            }
        }
    }

    /// A unit is present, with all that is read along with it.
    fn readable(&mut self, unit: usize) {
        let prepared = self.prepared;
        for dependent in prepared.dependents(unit) {
            if self.reads(dependent, unit) {
                self.less_to_wait_for(dependent);
            }
        }
    }
}
