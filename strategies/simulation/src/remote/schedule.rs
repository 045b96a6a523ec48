//! A build with a remote cache, event by event.
//!
//! **Compiles** run on a number of cores, one each, once everything they read is there; of those
//! that could run, the one with the longest compile path above it goes first (list scheduling by
//! critical path).
//!
//! **Fetches** hold one of the link's transfers from their request on. The first byte comes after
//! the latency; from then on all running transfers share the bandwidth evenly (processor
//! sharing). A fetch can begin as soon as its key is known; what it was made from need not be
//! there. Waiting fetches go by the same order as compiles.
//!
//! **Lookups** take one latency each and are not limited in number. With [`Lookup::ByLevel`] a
//! unit can be asked for once all it was made from is known: an answer for what the cache has, a
//! finished compile for the rest. With [`Lookup::AtOnce`] all keys are known before the build, and
//! one round trip answers for all.
//!
//! A compile never waits for a lookup: what the cache does not have is taken to be known, from a
//! list of its contents or because such units are never stored.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::needed::Needs;
use super::{Job, Link, Lookup};

/// How a build went.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Run {
    /// Seconds until everything that is needed was there.
    pub seconds: f64,
    /// Bytes fetched.
    pub moved_bytes: f64,
    /// Seconds of compiling, all cores together.
    pub compiled_s: f64,
}

/// A job with who depends on whom, ready for many runs.
pub(super) struct Prepared<'a> {
    pub job: &'a Job,
    above: Vec<u32>,
    above_end: Vec<u32>,
}

impl<'a> Prepared<'a> {
    pub fn new(job: &'a Job) -> Prepared<'a> {
        let units = job.units();
        let mut above_end = vec![0; units.len()];
        units.iter().flat_map(|unit| &unit.dependencies).for_each(|below| above_end[*below as usize] += 1);
        let mut sum = 0;
        for end in &mut above_end {
            // For now where they begin; filling moves it to where they end.
            sum += std::mem::replace(end, sum);
        }
        let mut above = vec![0; sum as usize];
        for (unit, at) in units.iter().zip(0u32..) {
            for below in &unit.dependencies {
                let end = &mut above_end[*below as usize];
                above[*end as usize] = at;
                *end += 1;
            }
        }
        Prepared { job, above, above_end }
    }

    /// What is made from a unit.
    pub fn above(&self, unit: usize) -> &[u32] {
        let first = unit.checked_sub(1).map_or(0, |before| self.above_end[before]);
        &self.above[first as usize..self.above_end[unit] as usize]
    }

    /// Runs the job, fetching `fetched`, all of which are available.
    pub fn run(&self, fetched: &[bool], link: Link, lookup: Lookup, cores: Option<u32>) -> Run {
        let needs = Needs::of(self.job, fetched, lookup);
        let count = fetched.len();
        let mut world = World {
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
            run: Run::default(),
        };
        world.prepare();
        world.play();
        world.run
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Compiled,
    LookedUp,
    FirstByte,
}

/// A time, a length or a rank that is no less than 0: such numbers order as their bits do.
type Bits = u64;

struct World<'a> {
    prepared: &'a Prepared<'a>,
    fetched: &'a [bool],
    needs: Needs,
    link: Link,
    by_level: bool,
    /// Seconds of compiling from a unit's start to the end of the build, on its longest path.
    tails: Vec<f64>,
    /// What each still waits for: a compile before it starts, a fetch before it can be read.
    waits: Vec<u32>,
    /// Dependencies of which it is not known yet what they hand over.
    key_waits: Vec<u32>,
    events: BinaryHeap<Reverse<(Bits, What, u32)>>,
    /// Running transfers with the bits that are left.
    flows: Vec<(u32, f64)>,
    ready: BinaryHeap<(Bits, Reverse<u32>)>,
    queue: BinaryHeap<(Bits, Reverse<u32>)>,
    cores: usize,
    transfers: usize,
    now: f64,
    run: Run,
}

impl World<'_> {
    fn compiled(&self, unit: usize) -> bool {
        self.needs.needed[unit] && !self.fetched[unit]
    }

    /// Whether `unit`, which is needed, cannot be used before `below`, which is needed.
    fn reads(&self, unit: usize, below: usize) -> bool {
        let library = |at: usize| self.prepared.job.units()[at].library;
        self.needs.needed[below] && (self.compiled(unit) || self.needs.needed[unit] && library(unit) && library(below))
    }

    fn prepare(&mut self) {
        let prepared = self.prepared;
        let units = prepared.job.units();
        self.tails = vec![0.0; units.len()];
        for at in (0..units.len()).rev() {
            let above = prepared.above(at).iter().map(|above| *above as usize);
            let longest =
                above.filter(|above| self.reads(*above, at)).map(|above| self.tails[above]).fold(0.0, f64::max);
            self.tails[at] = longest + if self.compiled(at) { units[at].seconds } else { 0.0 };
        }
        for (at, unit) in units.iter().enumerate() {
            let below = || unit.dependencies.iter().map(|below| *below as usize);
            self.waits[at] = below().filter(|below| self.reads(at, *below)).count() as u32;
            if self.compiled(at) {
                self.run.compiled_s += unit.seconds;
                if self.waits[at] == 0 {
                    self.ready.push((self.tails[at].to_bits(), Reverse(at as u32)));
                }
            } else if self.needs.needed[at] {
                self.waits[at] += 1;
                self.run.moved_bytes += unit.bytes;
            }
            if self.needs.asked[at] {
                self.key_waits[at] = if self.by_level { below().count() as u32 } else { 0 };
                if self.key_waits[at] == 0 {
                    self.after(self.link.latency_s, What::LookedUp, at);
                }
            }
        }
    }

    fn after(&mut self, seconds: f64, what: What, unit: usize) {
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

    /// Starts whatever can start.
    fn dispatch(&mut self) {
        while self.cores > 0
            && let Some((_, Reverse(unit))) = self.ready.pop()
        {
            self.cores -= 1;
            let seconds = self.prepared.job.units()[unit as usize].seconds;
            self.after(seconds, What::Compiled, unit as usize);
        }
        while self.transfers > 0
            && let Some((_, Reverse(unit))) = self.queue.pop()
        {
            self.transfers -= 1;
            self.after(self.link.latency_s, What::FirstByte, unit as usize);
        }
    }

    /// The transfers with the fewest bits left are through.
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

    /// All events of the next moment.
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

    fn happens(&mut self, what: What, unit: usize) {
        match what {
            What::Compiled => {
                self.cores += 1;
                self.readable(unit);
                if !self.needs.asked[unit] {
                    self.known(unit);
                }
            }
            What::LookedUp => {
                self.known(unit);
                if self.needs.needed[unit] && self.fetched[unit] {
                    self.queue.push((self.tails[unit].to_bits(), Reverse(unit as u32)));
                }
            }
            What::FirstByte => {
                self.flows.push((unit as u32, 8.0 * self.prepared.job.units()[unit].bytes));
            }
        }
    }

    /// What a unit hands over is known: keys may be complete now.
    fn known(&mut self, unit: usize) {
        if !self.by_level {
            return;
        }
        let prepared = self.prepared;
        for above in prepared.above(unit).iter().map(|above| *above as usize) {
            if self.needs.asked[above] {
                self.key_waits[above] -= 1;
                if self.key_waits[above] == 0 {
                    self.after(self.link.latency_s, What::LookedUp, above);
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

    /// A unit is there, with all that is read along with it.
    fn readable(&mut self, unit: usize) {
        let prepared = self.prepared;
        for above in prepared.above(unit).iter().map(|above| *above as usize) {
            if self.reads(above, unit) {
                self.less_to_wait_for(above);
            }
        }
    }
}
