//! A known model is recovered, errors are those of unseen packages, estimates are finite and positive.

use proptest::prelude::*;

use super::*;

use CostKind::{BuildScript, Library, ProcMacro, Program, ScriptRun, Test};

const KINDS: [CostKind; 6] = [Library, ProcMacro, BuildScript, ScriptRun, Program, Test];

fn features(kind: CostKind, source_bytes: u64, optimised: bool) -> UnitFeatures {
    UnitFeatures {
        kind,
        source_bytes,
        foreign_bytes: 0,
        direct: 3,
        all: 10,
        features: 1,
        optimised,
        check: false,
        debug: true,
    }
}

fn noise(n: u64) -> f64 {
    let bytes = blake3::hash(&n.to_le_bytes());
    f64::from(u16::from_le_bytes([bytes.as_bytes()[0], bytes.as_bytes()[1]])) / 32_767.5 - 1.0
}

/// Libraries that take `(size / 1000)^0.8` seconds, twice that when optimised, times noise.
fn known(spread: f64) -> Vec<CostSample> {
    let sample = |n: u64| {
        let size = 1000 + (n * 7919) % 500_000;
        let optimised = n.is_multiple_of(2);
        let value = (size as f64 / 1000.0).powf(0.8) * if optimised { 2.0 } else { 1.0 } * (spread * noise(n)).exp();
        CostSample { package: format!("p{}", n / 2), features: features(Library, size, optimised), value }
    };
    (0..600).map(sample).collect()
}

#[test]
fn a_known_model_is_found_again() {
    let model = CostModel::fit(Quantity::Seconds, &known(0.0), vec!["r".to_owned()]);
    for (size, optimised, expected) in [(10_000, false, 6.31), (100_000, true, 79.6)] {
        let estimate = model.estimate(&features(Library, size, optimised));
        assert!((estimate / expected - 1.0).abs() < 0.05, "{estimate} is not {expected}");
    }
    let fit = model.about();
    assert_eq!((fit.samples, fit.packages, fit.runs.len()), (600, 300, 1));
    assert!(fit.r_squared > 0.99 && fit.p90_factor < 1.1 && (fit.bias - 1.0).abs() < 0.02, "{fit:?}");
}

#[test]
fn smearing_makes_sums_right_where_medians_fall_short() {
    let samples = known(2.0);
    let model = CostModel::fit(Quantity::Seconds, &samples, Vec::new());
    let fit = model.about();
    assert!((fit.bias - 1.0).abs() < 0.12, "{fit:?}");
    assert!(fit.median_factor > 2.0 && fit.p90_factor > fit.median_factor, "{fit:?}");
    let fitted = model.fitted.as_ref().unwrap();
    let plain: f64 = samples.iter().map(|sample| fitted.log(&sample.features).exp()).sum();
    let sum: f64 = samples.iter().map(|sample| sample.value).sum();
    assert!(plain / sum < 0.75, "without smearing {}", plain / sum);
}

#[test]
fn errors_are_those_of_packages_left_out() {
    // Every package has a cost of its own that nothing seen explains.
    let sample = |n: u64| CostSample {
        package: format!("p{}", n / 10),
        features: features(Library, 1000 + n / 10, false),
        value: (3.0 * noise(n / 10)).exp(),
    };
    let samples: Vec<CostSample> = (0..400).map(sample).collect();
    assert!(CostModel::fit(Quantity::Seconds, &samples, Vec::new()).about().r_squared < 0.3);
}

#[test]
fn too_few_samples_are_no_model() {
    let some = &known(0.0)[..ENOUGH - 1];
    let model = CostModel::fit(Quantity::Seconds, some, Vec::new());
    assert_eq!(model.about().samples, 29);
    assert!(model.about().model.starts_with("constants"));
    assert!(model.about().median_factor > 1.0);
    let none = CostModel::fit(Quantity::Bytes, &[], Vec::new());
    assert_eq!((none.about().samples, none.about().bias), (0, 0.0));
    for kind in KINDS {
        assert!(none.estimate(&features(kind, 0, false)) > 0.0);
    }
}

#[test]
fn what_is_no_amount_is_no_sample() {
    let mut samples = known(0.0);
    samples.extend([f64::NAN, f64::INFINITY, -1.0].map(|value| CostSample { value, ..samples[0].clone() }));
    assert_eq!(CostModel::fit(Quantity::Seconds, &samples, Vec::new()).about().samples, 600);
}

#[test]
fn a_group_has_costs_of_its_own() {
    let mut samples = known(0.1);
    // Build scripts are all alike, however large.
    samples.extend((0..50).map(|n| CostSample {
        package: format!("s{n}"),
        features: features(BuildScript, 10 + n * 9999, false),
        value: 0.25,
    }));
    let model = CostModel::fit(Quantity::Seconds, &samples, Vec::new());
    for size in [0, 50_000, 10_000_000] {
        let estimate = model.estimate(&features(BuildScript, size, false));
        assert!((estimate / 0.25 - 1.0).abs() < 0.01, "{estimate}");
    }
    let library = model.estimate(&features(Library, 100_000, false));
    assert!((library / 39.8 - 1.0).abs() < 0.1, "{library}");
    // Nobody measured a program: what is known of all.
    assert!(model.estimate(&features(Program, 100_000, false)) > 0.1);
    // A check links nothing: it is as a library's.
    let check = UnitFeatures { check: true, ..features(Program, 100_000, false) };
    assert!((model.estimate(&check) / library - 1.0).abs() < 0.01);
}

#[test]
fn an_estimate_does_not_leave_what_was_seen() {
    let model = CostModel::fit(Quantity::Seconds, &known(0.0), Vec::new());
    let largest = known(0.0).iter().map(|sample| sample.value).fold(0.0, f64::max);
    let estimate = model.estimate(&features(Library, u64::MAX, true));
    assert!(estimate > largest && estimate < 4.2 * largest, "{estimate}");
}

fn any_features() -> impl Strategy<Value = UnitFeatures> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (0..KINDS.len(), any::<[u64; 2]>(), any::<u32>(), any::<u32>(), any::<u32>(), flags).prop_map(
        |(kind, [source_bytes, foreign_bytes], direct, all, features, (optimised, check, debug))| UnitFeatures {
            kind: KINDS[kind],
            source_bytes,
            foreign_bytes,
            direct,
            all,
            features,
            optimised,
            check,
            debug,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn estimates_are_finite_and_above_zero(
        samples in prop::collection::vec(("[a-e]{1,2}", any_features(), any::<f64>()), 0..120),
        unit in any_features(),
    ) {
        let samples: Vec<CostSample> = samples
            .into_iter()
            .map(|(package, features, value)| CostSample { package, features, value: value % 1e12 })
            .collect();
        for quantity in [Quantity::Seconds, Quantity::Bytes] {
            let model = CostModel::fit(quantity, &samples, Vec::new());
            let estimate = model.estimate(&unit);
            prop_assert!(estimate.is_finite() && estimate > 0.0, "{}", estimate);
            let fit = model.about();
            prop_assert!([fit.r_squared, fit.median_factor, fit.p90_factor, fit.bias].iter().all(|it| it.is_finite()));
        }
    }

    #[test]
    fn the_order_of_samples_does_not_matter(seed in any::<u64>()) {
        let mut samples = known(1.0);
        let model = CostModel::fit(Quantity::Seconds, &samples, Vec::new());
        samples.sort_by_key(|sample| blake3::hash(format!("{seed}{}{}", sample.package, sample.value).as_bytes()).to_hex().to_string());
        let other = CostModel::fit(Quantity::Seconds, &samples, Vec::new());
        let unit = features(Library, 20_000, true);
        prop_assert!((model.estimate(&unit) / other.estimate(&unit) - 1.0).abs() < 1e-6);
        prop_assert!((model.about().r_squared - other.about().r_squared).abs() < 1e-6);
    }
}
