//! Guards: a run waits, or ends resumably, before the machine is in trouble or the numbers are.
//!
//! | file | its one idea |
//! |---|---|
//! | [`limits`] | what was asked for, as kept in `run.json` |
//! | [`floors`] | the limits on this machine, and what readings say to them |
//! | [`gate`] | before a step: readings → go, wait or stop, without flapping |
//! | [`sensors`] | where readings come from |
//! | [`growth`] | what a step is likely to take, from what it took before |
//! | [`watch`] | during a step: its processes are ended before the disk is full |
//! | [`guarding`] | the four together, as a run uses them |
//!
//! [`floors`], [`gate`] and [`growth`] are pure: made-up readings go in, decisions come out.
//!
//! A guard that stops a run ends our processes and nothing else ([`Supervisor::halt`]), as
//! Ctrl-C does, so the run folder is left as after Ctrl-C: every recorded step is whole, the
//! one that ran is not recorded, the directories of the arms are gone, `--resume` goes on.
//!
//! [`Supervisor::halt`]: exec::interrupt::Supervisor::halt

pub mod floors;
pub mod gate;
pub mod growth;
pub mod guarding;
pub mod limits;
pub mod sensors;
pub mod watch;

/// The exit code of a run that a guard stopped: `--resume` goes on with it.
pub const EXIT_CODE: u8 = 3;
