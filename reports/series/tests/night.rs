//! Nights judged against the last good one.
#![allow(missing_docs, clippy::unwrap_used)]

mod made;

use std::path::{Path, PathBuf};

use made::MadeRun;
use records::RunInfo;
use reports::probes::{self, ProbeRow, ProbeRun, ProbeVerdict};
use series::night::{JudgeStage, Night, NightFinding, VerdictOutcome, accept, judge, summary, verdicts};
use series::{Series, SeriesError};

fn night(day: u32) -> MadeRun {
    MadeRun { rounds: 4, ..MadeRun::day(day) }
}

fn slow(day: u32) -> MadeRun {
    MadeRun { slower: 1.3, ..night(day) }
}

struct TestSeries {
    dir: tempfile::TempDir,
    series: Series,
}

impl TestSeries {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let series = Series::at(dir.path().join("series"));
        Self { dir, series }
    }

    fn made(&self, made: &MadeRun) -> PathBuf {
        made::run(self.dir.path(), made)
    }

    fn judge(&self, made: &MadeRun) -> Night {
        judge(&self.series, &[self.made(made)], None, JudgeStage::Final).unwrap()
    }
}

fn places(findings: &[NightFinding]) -> Vec<(&str, &str)> {
    findings.iter().map(|it| (it.place(), it.strategy())).collect()
}

fn found(night: &Night) -> Vec<(&str, &str)> {
    places(&night.regressions)
}

fn against(night: &Night) -> Option<&str> {
    night.compared.as_ref().unwrap().against.as_ref().map(|(run, _)| run.name.as_str())
}

#[test]
fn a_regression_stays_until_it_is_accepted() {
    let place = TestSeries::new();
    let first = place.judge(&night(1));
    assert_eq!((found(&first), against(&first)), (vec![], None));
    let same = place.judge(&night(2));
    assert_eq!((found(&same), against(&same)), (vec![], Some("2026-01-02-quick")));

    let suspected = place.judge(&slow(3));
    assert_eq!((found(&suspected), places(&suspected.suspected)), (vec![], vec![("warm", "copy+aggressive")]));
    assert_eq!(verdicts(&place.series).unwrap()["2026-01-04-quick"].outcome, VerdictOutcome::Suspected);
    for day in [4, 5] {
        let slower = place.judge(&slow(day));
        assert_eq!(found(&slower), [("warm", "copy+aggressive")], "exactly that, and every night");
        assert_eq!(against(&slower), Some("2026-01-03-quick"), "not against one that has it, too");
        assert!(slower.regressions[0].to_string().starts_with("copy+aggressive got slower in warm: +"));
    }
    let document = summary(&place.judge(&slow(5)), &place.series, &[]).unwrap();
    assert_eq!(document.title, "Nightly, quick: 1 regression");

    let refused = |run: &str| accept(&place.series, run, "it is worth it").unwrap_err().to_string();
    assert!(refused("2026-01-03-quick").contains("no regression"));
    assert!(refused("2026-01-28-quick").contains("there is no run"));
    accept(&place.series, "2026-01-06-quick", "it is worth it").unwrap();
    let after = place.judge(&slow(7));
    assert_eq!((found(&after), against(&after)), (vec![], Some("2026-01-06-quick")));
    assert!(after.suspected.is_empty());
    // Judging it once more takes nothing back.
    place.judge(&slow(5));
    let verdict = &verdicts(&place.series).unwrap()["2026-01-06-quick"];
    assert_eq!((verdict.outcome, verdict.because.as_deref()), (VerdictOutcome::Accepted, Some("it is worth it")));
    assert_eq!(verdict.findings.len(), 1);
}

#[test]
fn what_is_not_slower_again_does_not_count() {
    let place = TestSeries::new();
    place.judge(&night(1));
    let run = place.made(&slow(2));
    let first = judge(&place.series, std::slice::from_ref(&run), None, JudgeStage::First).unwrap();
    assert_eq!(first.suspects(), ["copy+aggressive"]);
    assert_eq!(place.series.read().unwrap().entries.len(), 1, "a first look keeps nothing");

    let look = |again: &Path| {
        let judged = judge(&place.series, std::slice::from_ref(&run), Some(again), JudgeStage::Final).unwrap();
        (judged.suspected.len(), judged.unconfirmed.len(), judged.looked_at_again())
    };
    assert_eq!(look(&place.made(&slow(3))), (1, 0, (1, 0)));
    assert_eq!(
        look(&place.made(&MadeRun { rounds: 2, ..night(4) })),
        (1, 0, (0, 1)),
        "too few rounds take nothing back"
    );
    assert_eq!(look(&place.made(&MadeRun { hit_rate: None, ..slow(5) })), (1, 0, (0, 1)), "nor do rows that failed");
    assert_eq!(look(&place.made(&night(6))), (0, 1, (0, 0)));
    let early =
        judge(&place.series, std::slice::from_ref(&run), Some(&place.made(&night(0))), JudgeStage::Final).unwrap_err();
    assert!(matches!(early, SeriesError::NoSecondRun(..)), "{early}");
    let foreign = place.made(&MadeRun { called: Some("other".into()), ..night(7) });
    let text = std::fs::read_to_string(foreign.join("run.json")).unwrap();
    std::fs::write(foreign.join("run.json"), text.replace("c0ffee", "decaf")).unwrap();
    let error = judge(&place.series, &[run], Some(&foreign), JudgeStage::Final).unwrap_err();
    assert!(matches!(error, SeriesError::OtherLine(..)), "{error}");
}

/// A night in which a strategy was lucky makes the next one no regression.
#[test]
fn slower_than_one_good_run_of_several_is_nothing() {
    let place = TestSeries::new();
    place.judge(&slow(1));
    place.judge(&night(2));
    let next = place.judge(&slow(3));
    assert_eq!(against(&next), Some("2026-01-03-quick"));
    assert!(next.regressions.is_empty() && next.suspected.is_empty(), "{:?}", next.suspected);
}

#[test]
fn fewer_hits_and_no_rows_need_no_test() {
    let place = TestSeries::new();
    place.judge(&night(1));
    let fewer = place.judge(&MadeRun { hit_rate: Some(0.94), ..night(2) });
    assert!(matches!(fewer.regressions[..], [NightFinding::FewerHits { .. }]), "{:?}", fewer.regressions);
    assert!(fewer.suspects().is_empty(), "hits have no noise");
    let lost = place.judge(&MadeRun { hit_rate: None, ..night(3) });
    assert!(matches!(lost.regressions[..], [NightFinding::NotMeasured { .. }]), "{:?}", lost.regressions);
    assert_eq!(found(&lost), [("warm", "copy+aggressive")]);
    let some = place.judge(&MadeRun { fails_in: Some("hexyl".into()), ..night(4) });
    assert!(
        matches!(some.regressions[..], [NightFinding::NotMeasured { old: 2, new: 1, .. }]),
        "{:?}",
        some.regressions
    );
}

#[test]
fn a_night_that_leaves_a_strategy_out_is_not_compared_with() {
    let place = TestSeries::new();
    place.judge(&night(1));
    let without = place.judge(&MadeRun { leaves_out: Some("copy+aggressive".into()), ..night(2) });
    assert_eq!((found(&without), against(&without)), (vec![], Some("2026-01-02-quick")));
    let slower = place.judge(&slow(3));
    assert_eq!(
        (places(&slower.suspected), against(&slower)),
        (vec![("warm", "copy+aggressive")], Some("2026-01-02-quick"))
    );
    // Another run of a name that is there says nothing about it.
    std::fs::remove_dir_all(place.dir.path().join("2026-01-03-quick")).unwrap();
    let error = judge(&place.series, &[place.made(&slow(2))], None, JudgeStage::Final).unwrap_err();
    assert!(matches!(error, SeriesError::OtherContent(_)), "{error}");
    assert_eq!(verdicts(&place.series).unwrap()["2026-01-03-quick"].outcome, VerdictOutcome::Good);
}

#[test]
fn too_few_rounds_are_reported_as_that() {
    let place = TestSeries::new();
    place.judge(&MadeRun::day(1));
    let few = place.judge(&MadeRun { slower: 2.0, ..MadeRun::day(2) });
    assert!(few.regressions.is_empty());
    let document = summary(&few, &place.series, &[]).unwrap();
    assert!(document.lead[0].contains("too few rounds"), "{}", document.lead[0]);
}

fn probed(place: &TestSeries, day: u32, verdict: ProbeVerdict) -> PathBuf {
    let mut info = RunInfo::new(format!("2026-02-{day:02}-probes"));
    info.started = format!("2026-02-{day:02}T02:00:00Z");
    info.complete = true;
    let row = |probe: &str, verdict| ProbeRow {
        probe: probe.into(),
        strategy: "copy+aggressive".into(),
        verdict,
        detail: "the program says 1, not 2".into(),
        ..ProbeRow::default()
    };
    let rows = vec![row("edited", verdict), row("always", ProbeVerdict::Fail), row("fine", ProbeVerdict::Pass)];
    let dir = place.dir.path().join(&info.name);
    probes::write(&dir, &ProbeRun { info, rows }).unwrap();
    dir
}

#[test]
fn a_newly_failing_probe_is_named_and_an_old_one_is_not() {
    let place = TestSeries::new();
    let night = |day, verdict, compared: &MadeRun| {
        judge(&place.series, &[probed(&place, day, verdict), place.made(compared)], None, JudgeStage::Final).unwrap()
    };
    assert!(night(1, ProbeVerdict::Pass, &self::night(1)).regressions.is_empty());
    let failing = night(2, ProbeVerdict::Fail, &self::night(2));
    assert_eq!(found(&failing), [("edited", "copy+aggressive")]);
    let document = summary(&failing, &place.series, &[]).unwrap();
    let text = reports::formats::markdown::render(&document);
    assert!(text.contains("copy+aggressive fails edited now: the program says 1, not 2"), "{text}");
    assert!(text.contains("harness series accept 2026-02-02-probes"), "{text}");
    // The comparison of that night was good: it is judged apart.
    let next = night(3, ProbeVerdict::Pass, &self::night(3));
    assert_eq!(against(&next), Some("2026-01-03-quick"));
    assert_eq!(next.probed.unwrap().against.unwrap().0.name, "2026-02-01-probes");
}

#[test]
fn damage_is_reported_in_one_line() {
    let place = TestSeries::new();
    place.judge(&night(1));
    std::fs::write(place.series.dir().join("verdicts/2026-01-02-quick.2.json"), "{").unwrap();
    let error = judge(&place.series, &[place.made(&night(2))], None, JudgeStage::Final).unwrap_err().to_string();
    assert!(error.contains("is no verdict") && !error.contains('\n'), "{error}");
    std::fs::remove_file(place.series.dir().join("verdicts/2026-01-02-quick.2.json")).unwrap();
    let two = [place.made(&night(3)), place.made(&night(4))];
    let error = judge(&place.series, &two, None, JudgeStage::Final).unwrap_err();
    assert!(error.to_string().contains("one run of compare"), "{error}");
}
