//! Runs the experiment: schedule, trials, observer, disk accounting.
