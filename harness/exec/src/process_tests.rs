use super::*;
use crate::identity::ProcessIdentity;

/// A shell script.
pub(crate) fn sh(script: &str) -> CommandSpec {
    CommandSpec::new("/bin/sh", "/").arg("-c").arg(script).env("PATH", "/usr/bin:/bin")
}

#[test]
fn output_status_and_tail_arrive() {
    let mut spec = sh("echo one; echo two >&2; echo three >&2; echo four; exit 7");
    spec.stderr_tail = 1;
    let (finished, stdout) = run_captured(&spec, &Supervisor::new()).unwrap();
    assert_eq!(finished.code(), 7);
    assert_eq!(stdout, ["one", "four"]);
    assert_eq!(finished.stderr_tail, ["three"]);
    assert!(!finished.lingering);
}

#[test]
fn nothing_of_our_environment_is_inherited() {
    let (_, stdout) =
        run_captured(&CommandSpec::new("/usr/bin/env", "/").env("ONLY", "this"), &Supervisor::new()).unwrap();
    assert_eq!(stdout, ["ONLY=this"]);
}

#[test]
fn large_output_on_both_pipes_does_not_block() {
    // 4 MB on each, far beyond a pipe's 64 KiB, the second stream only after the first.
    let spec = sh("i=0; while [ $i -lt 4000 ]; do printf '%01000d\\n' 1 >&2; i=$((i+1)); done; \
                   i=0; while [ $i -lt 4000 ]; do printf '%01000d\\n' 1; i=$((i+1)); done")
    .timeout(Duration::from_secs(60));
    let (finished, stdout) = run_captured(&spec, &Supervisor::new()).unwrap();
    assert_eq!(finished.code(), 0);
    assert_eq!(stdout.len(), 4000);
    assert!(stdout.iter().all(|line| line.len() == 1000));
    assert_eq!(finished.stderr_tail.len(), STDERR_TAIL);
}

#[test]
fn cpu_time_of_descendants_is_counted_and_wall_is_the_leaders() {
    // The burning is done by a grandchild.
    let spec = sh("/bin/sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; sleep 0.3");
    let (finished, _) = run_captured(&spec, &Supervisor::new()).unwrap();
    assert!(finished.user > Duration::from_millis(20), "{:?}", finished.user);
    assert!(finished.wall >= Duration::from_millis(300), "{:?}", finished.wall);
    assert!(finished.wall >= finished.user, "{finished:?}");
}

#[test]
fn peak_memory_is_the_childs_own_or_unknown() {
    let (small, _) = run_captured(&sh("true"), &Supervisor::new()).unwrap();
    assert_eq!(small.max_rss_bytes, None, "a shell is smaller than this test");
    // dd holds its whole block in memory.
    let (large, _) = run_captured(&sh("dd if=/dev/zero of=/dev/null bs=200M count=1"), &Supervisor::new()).unwrap();
    let peak = large.max_rss_bytes.unwrap();
    assert!((200 << 20..260 << 20).contains(&peak), "{peak}");
}

#[test]
fn a_missing_program_says_what_was_attempted() {
    let error =
        run_captured(&CommandSpec::new("/no/such", "/").arg("a b"), &Supervisor::new()).unwrap_err().to_string();
    assert!(error.contains("`/no/such 'a b'` in /"), "{error}");
}

#[test]
fn a_limit_ends_the_whole_tree() {
    let spec = sh("sleep 987 & echo $!; wait").timeout(Duration::from_millis(300));
    let mut sleeper = String::new();
    let started = Instant::now();
    let error = run(&spec, &Supervisor::new(), &mut |_, line| sleeper = line.to_owned());
    assert!(matches!(error, Err(ProcessError::TimedOut { .. })), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(gone(&sleeper), "the grandchild {sleeper} is still there");
}

#[test]
fn a_leftover_holding_the_pipes_is_ended_and_reported() {
    let started = Instant::now();
    let (finished, stdout) = run_captured(&sh("sleep 987 & echo $!"), &Supervisor::new()).unwrap();
    assert!(finished.lingering);
    assert!(finished.wall < Duration::from_millis(900), "the clock stops with the leader");
    assert!(started.elapsed() < Duration::from_secs(4));
    assert!(gone(&stdout[0]));
}

#[test]
fn a_panicking_callback_leaves_no_process_behind() {
    let seen = std::sync::Mutex::new(String::new());
    let result = std::panic::catch_unwind(|| {
        run(&sh("echo $$; sleep 987"), &Supervisor::new(), &mut |_, line| {
            *seen.lock().unwrap() = line.to_owned();
            panic!("from the callback");
        })
    });
    assert!(result.is_err());
    let pid = seen.lock().unwrap_or_else(|e| e.into_inner()).clone();
    assert!(gone(&pid));
}

fn gone(pid: &str) -> bool {
    (0..50).any(|_| {
        let is_left = ProcessIdentity::of(pid.parse().unwrap()).is_alive();
        if is_left {
            std::thread::sleep(Duration::from_millis(10));
        }
        !is_left
    })
}
