use std::process::Stdio;

use super::*;
use crate::process::tests::sh;
use crate::process::{ProcessError, run};

/// Runs `script`, interrupts it once it printed `count` process numbers, and checks that all
/// of them are gone by the time `run` is back.
fn interrupt_tree(script: &str, count: usize) -> Duration {
    let supervisor = Supervisor::new();
    let mut pids: Vec<i32> = Vec::new();
    let mut interrupted_at = None;
    let result = run(&sh(script), &supervisor, &mut |_, line| {
        pids.push(line.trim().parse().unwrap());
        if pids.len() == count {
            interrupted_at = Some(Instant::now());
            supervisor.interrupt();
        }
    });
    assert!(matches!(result, Err(ProcessError::Interrupted(Interrupted))), "{result:?}");
    let took = interrupted_at.unwrap().elapsed();
    for pid in pids {
        let mut tries = 0;
        while alive(pid) {
            tries += 1;
            assert!(tries < 50, "process {pid} survived");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    took
}

fn alive(pid: i32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    if rustix::process::test_kill_process(pid).is_err() {
        return false;
    }
    // An orphan nobody reaps is a zombie: ended.
    std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_tree_of_three_generations_is_gone_at_once() {
    let took = interrupt_tree("echo $$; sh -c 'echo $$; sleep 987 & echo $!; wait' & sleep 987 & echo $!; wait", 4);
    assert!(took < GRACE, "SIGTERM was enough, yet it took {took:?}");
}

#[test]
fn a_tree_that_ignores_sigterm_is_killed_after_the_grace() {
    let took = interrupt_tree("trap '' TERM; echo $$; sleep 987 & echo $!; wait; wait", 2);
    assert!(took >= GRACE && took < GRACE * 2, "{took:?}");
}

#[test]
fn nothing_starts_after_an_interrupt() {
    let supervisor = Supervisor::new();
    supervisor.kill();
    let mut lines = 0;
    let result = run(&sh("echo started"), &supervisor, &mut |_, _| lines += 1);
    assert!(matches!(result, Err(ProcessError::Interrupted(_))));
    assert_eq!(lines, 0);
}

/// Started by the next test in a process of its own, to get real signals there.
#[test]
#[ignore = "a helper of `a_second_signal_leaves_with_130`"]
fn helper_with_a_stubborn_child() {
    let supervisor = Supervisor::new();
    supervisor.install_signal_handler().unwrap();
    let spec = sh("trap '' TERM INT; echo $$; sleep 987; sleep 987");
    let _ = run(&spec, &supervisor, &mut |_, line| println!("leader {line}"));
}

#[test]
fn a_second_signal_leaves_with_130() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::BufRead;
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("interrupt::tests::helper_with_a_stubborn_child")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(helper.stdout.take().unwrap()).lines();
    let leader: i32 = lines.find_map(|line| line.unwrap().split_once("leader ")?.1.parse().ok()).unwrap();
    let pid = Pid::from_child(&helper);
    let started = Instant::now();
    kill_process(pid, Signal::INT).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(alive(leader), "it ignores SIGTERM");
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(helper.wait().unwrap().code(), Some(EXIT_CODE));
    assert!(started.elapsed() < GRACE, "the second signal does not wait");
    std::thread::sleep(Duration::from_millis(100));
    assert!(!alive(leader));
}

#[test]
fn a_halt_ends_a_tree_at_once_and_keeps_its_reason_unless_a_signal_came_first() {
    let supervisor = Supervisor::new();
    let script = "trap '' TERM; echo started; sleep 987 & wait; wait";
    let mut halted_at = None;
    let result = run(&sh(script), &supervisor, &mut |_, _| {
        halted_at = Some(Instant::now());
        supervisor.halt("the disk is nearly full");
    });
    assert!(matches!(result, Err(ProcessError::Interrupted(Interrupted))), "{result:?}");
    assert!(halted_at.unwrap().elapsed() < GRACE, "SIGTERM and its grace are left out");
    supervisor.halt("something else");
    assert_eq!(supervisor.halted(), Some("the disk is nearly full"));
    let signalled = Supervisor::new();
    signalled.kill();
    signalled.halt("too late");
    assert_eq!(signalled.halted(), None);
}
