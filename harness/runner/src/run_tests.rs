use super::super::plan::tests::plan;
use super::*;

#[derive(Default)]
struct Mock {
    rounds: u32,
    arms: usize,
    log: Vec<String>,
    recorded: Vec<Slot>,
    measured: usize,
    stop_after: Option<usize>,
    done: Vec<usize>,
    pending: Option<Slot>,
}

impl Mock {
    fn of(plan: &RunPlan) -> Mock {
        Mock { rounds: plan.rounds, arms: plan.arms.len(), ..Mock::default() }
    }
}

impl Executor for Mock {
    fn arms_of(&mut self, round: u32) -> Option<Vec<usize>> {
        (round <= self.rounds).then(|| (0..self.arms).collect())
    }

    fn begin(&mut self, arm: usize, workspaces: &[usize]) -> Result<()> {
        self.log.push(format!("begin {arm} with {workspaces:?}"));
        Ok(())
    }

    fn act(&mut self, slot: &Slot, action: &Action, on_all: bool) -> Result<()> {
        let workspace = if on_all { "all".to_owned() } else { slot.workspace.to_string() };
        self.log.push(format!("{}: {action} on {workspace}", slot.arm));
        Ok(())
    }

    fn measure(&mut self, slot: &Slot) -> Result<(StepRow, Vec<UnitRow>)> {
        anyhow::ensure!(self.stop_after != Some(self.measured), "interrupted");
        self.measured += 1;
        self.log.push(format!("{}: step {} of {}", slot.arm, slot.step, slot.workspace));
        self.pending = Some(*slot);
        Ok((StepRow::default(), Vec::new()))
    }

    fn last_slot_done(&mut self, arm: usize) {
        self.done.push(arm);
    }

    fn end(&mut self, arm: usize) -> Result<()> {
        self.log.push(format!("end {arm}"));
        Ok(())
    }

    fn is_recorded(&self, slot: &Slot) -> bool {
        self.recorded.contains(slot)
    }

    fn record(&mut self, _: &StepRow, _: &[UnitRow]) -> Result<()> {
        self.recorded.extend(self.pending.take());
        Ok(())
    }
}

fn all_slots(plan: &RunPlan) -> Vec<Slot> {
    let rounds = 1..=plan.rounds;
    rounds.flat_map(|round| plan.passes(round, &plan.all_arms())).flat_map(|pass| pass.slots).collect()
}

#[test]
fn the_exact_sequence_of_one_arm() {
    let plan = plan("gauntlet", ArmOrder::ArmByArm, 1, 1);
    let mut mock = Mock::of(&plan);
    run(&plan, &mut mock, &mut Progress::default()).unwrap();
    assert_eq!(
        mock.log,
        [
            "begin 0 with [0, 1]",
            "0: empty-store on all",
            "0: wipe on 0",
            "0: step 0 of 0",
            "0: wipe on 1",
            "0: step 0 of 1",
            "0: wipe on 0",
            "0: step 1 of 0",
            "0: wipe on 1",
            "0: step 1 of 1",
            "0: edit private-body on 0",
            "0: step 2 of 0",
            "0: edit private-body on 1",
            "0: step 2 of 1",
            "end 0",
        ]
    );
}

#[test]
fn the_exact_sequence_of_two_arms_that_take_turns() {
    let plan = plan("cold", ArmOrder::Interleaved, 2, 1);
    let mut mock = Mock::of(&plan);
    run(&plan, &mut mock, &mut Progress::default()).unwrap();
    let turn = |slot: &Slot, first: bool| {
        let Slot { arm, workspace, .. } = slot;
        let mut log = Vec::new();
        if first {
            log.push(format!("begin {arm} with [0, 1]"));
        }
        log.push(format!("{arm}: empty-store on {workspace}"));
        log.push(format!("{arm}: wipe on {workspace}"));
        log.push(format!("{arm}: step 0 of {workspace}"));
        log
    };
    let slots = all_slots(&plan);
    let mut expected: Vec<String> = slots.iter().enumerate().flat_map(|(at, slot)| turn(slot, at < 2)).collect();
    expected.extend(["end 0".to_owned(), "end 1".to_owned()]);
    assert_eq!(mock.log, expected);
    assert_eq!(slots.iter().map(|slot| slot.workspace).collect::<Vec<_>>(), [0, 0, 1, 1]);
}

#[test]
fn alone_every_workspace_begins_and_ends_before_the_next() {
    let plan = plan("moved", ArmOrder::Interleaved, 2, 1);
    let mut mock = Mock::of(&plan);
    run(&plan, &mut mock, &mut Progress::default()).unwrap();
    let frame: Vec<&str> = mock.log.iter().map(String::as_str).filter(|line| line.starts_with(['b', 'e'])).collect();
    let (first, second) = frame.split_at(4);
    assert!(first[..2].iter().all(|line| line.ends_with("with [0]")), "{frame:?}");
    assert!(second[..2].iter().all(|line| line.ends_with("with [1]")), "{frame:?}");
    assert_eq!(first[2..], ["end 0", "end 1"]);
}

#[test]
fn a_run_cut_off_anywhere_resumes_to_the_same_rows() {
    for (scenario, order) in [
        ("gauntlet", ArmOrder::ArmByArm),
        ("gauntlet", ArmOrder::Interleaved),
        ("profiles", ArmOrder::Interleaved),
        ("profiles", ArmOrder::ArmByArm),
    ] {
        let plan = plan(scenario, order, 3, 2);
        let slots = all_slots(&plan);
        for stop in 0..slots.len() {
            let mut mock = Mock { stop_after: Some(stop), ..Mock::of(&plan) };
            assert!(run(&plan, &mut mock, &mut Progress::default()).is_err());
            let mut resumed = Mock { recorded: mock.recorded, ..Mock::of(&plan) };
            run(&plan, &mut resumed, &mut Progress::default()).unwrap();
            let place = |slot: &Slot| slots.iter().position(|it| it == slot).unwrap();
            resumed.recorded.sort_by_key(place);
            assert_eq!(resumed.recorded, slots);
        }
    }
}

#[test]
fn a_finished_arm_is_not_run_again() {
    let plan = plan("gauntlet", ArmOrder::ArmByArm, 2, 1);
    let recorded = all_slots(&plan)[..6].to_vec();
    let mut mock = Mock { recorded, ..Mock::of(&plan) };
    run(&plan, &mut mock, &mut Progress::default()).unwrap();
    assert_eq!(mock.log.iter().filter(|line| line.starts_with("begin")).count(), 1);
    assert_eq!(mock.log.iter().filter(|line| line.starts_with("end")).count(), 1);
}

/// Between its last step and the end of the pass an arm's directories are in nobody's way, unless room is short.
#[test]
fn an_arm_that_waits_for_the_others_to_end_can_be_cleared_away() {
    let plan_of = |order| plan("gauntlet", order, 3, 1);
    let mut mock = Mock::of(&plan_of(ArmOrder::Interleaved));
    run(&plan_of(ArmOrder::Interleaved), &mut mock, &mut Progress::default()).unwrap();
    mock.done.sort_unstable();
    assert_eq!(mock.done, [0, 1, 2]);
    let mut mock = Mock::of(&plan_of(ArmOrder::ArmByArm));
    run(&plan_of(ArmOrder::ArmByArm), &mut mock, &mut Progress::default()).unwrap();
    assert!(mock.done.is_empty(), "it ended instead");
}
