//! Processor time of the machine, and how much of it is ours (Linux; elsewhere not known).
//!
//! Ours is what this process and every child it has waited for used. What still runs is not waited for: look at this
//! between children only. Kernel threads that write our files out count as others, since nobody says whose they are.

use std::time::Duration;

use super::identity::fields_after_name;
pub use super::os::own_cpu;

/// Milliseconds of a tick, which `/proc` counts in on every architecture: USER_HZ.
const TICK_MS: u64 = 10;

/// User and system time of a process and all children it has waited for.
pub fn of_process(pid: u32) -> Option<(Duration, Duration)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = fields_after_name(&text)?;
    let time = |at: usize| Some(Duration::from_millis(TICK_MS * fields.get(at)?.parse::<u64>().ok()?));
    Some((time(11)? + time(13)?, time(12)? + time(14)?))
}

/// Counters that only grow; a difference of two says what happened in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// Time in which a processor did something, or was kept from us by a hypervisor.
    pub busy: Duration,
    pub total: Duration,
    /// Of this process and its children that ended.
    pub own: Duration,
}

impl CpuTimes {
    /// The counters now; `None` where the system has none.
    pub fn now() -> Option<CpuTimes> {
        let (busy, total) = machine(&std::fs::read_to_string("/proc/stat").ok()?)?;
        let (user, sys) = of_process(std::process::id())?;
        Some(CpuTimes { busy, total, own: user + sys })
    }

    #[must_use]
    pub fn since(&self, before: &CpuTimes) -> CpuTimes {
        CpuTimes {
            busy: self.busy.saturating_sub(before.busy),
            total: self.total.saturating_sub(before.total),
            own: self.own.saturating_sub(before.own),
        }
    }

    /// Of two differences: both together.
    #[must_use]
    pub fn plus(&self, other: &CpuTimes) -> CpuTimes {
        let CpuTimes { busy, total, own } = *other;
        CpuTimes { busy: self.busy + busy, total: self.total + total, own: self.own + own }
    }

    /// Of a difference: what others used.
    pub fn others(&self) -> Duration {
        self.busy.saturating_sub(self.own)
    }

    /// Of a difference: the part of all there was that others used, 0 to 1.
    pub fn others_share(&self) -> Option<f64> {
        let total = self.total.as_secs_f64();
        (total > 0.0).then(|| (self.others().as_secs_f64() / total).min(1.0))
    }
}

/// Busy and total, from the text of `/proc/stat`: user, nice, system, idle, iowait, irq,
/// softirq, steal. What follows is in `user` already.
fn machine(stat: &str) -> Option<(Duration, Duration)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
    let waiting = ticks.get(3)? + ticks.get(4)?;
    let total: u64 = ticks.iter().sum();
    let time = |ticks: u64| Duration::from_millis(ticks.saturating_mul(TICK_MS));
    Some((time(total - waiting), time(total)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_and_waiting_for_the_disk_are_not_busy_and_stolen_time_is() {
        let stat = "cpu  100 10 40 800 50 1 2 7 30 0\ncpu0 1 1 1 1 1\n";
        assert_eq!(machine(stat), Some((Duration::from_millis(1600), Duration::from_millis(10_100))));
        let huge = "cpu  9999999999 0 0 0 0 0 0 0\n";
        assert_eq!(machine(huge).unwrap().0, Duration::from_millis(99_999_999_990));
        assert_eq!(machine("intr 5\n"), None);
        assert_eq!(machine("cpu  1 2\n"), None);
    }

    #[test]
    fn what_is_not_ours_is_others() {
        let ms = Duration::from_millis;
        let times = |busy, total, own| CpuTimes { busy: ms(busy), total: ms(total), own: ms(own) };
        let passed = times(1500, 3000, 1100).since(&times(500, 1000, 600));
        assert_eq!(passed, times(1000, 2000, 500));
        assert_eq!(passed.others(), ms(500));
        assert_eq!(passed.others_share(), Some(0.25));
        assert_eq!(times(5, 10, 9).others(), Duration::ZERO, "ticks are coarse");
        assert_eq!(CpuTimes::default().others_share(), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn our_own_work_is_ours() {
        let before = CpuTimes::now().unwrap();
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_millis(300) {
            std::hint::spin_loop();
        }
        let passed = CpuTimes::now().unwrap().since(&before);
        assert!(passed.own >= Duration::from_millis(50), "{passed:?}");
        assert!(passed.total >= passed.busy && passed.total > Duration::ZERO, "{passed:?}");
    }
}
