//! Student's t and the normal distribution, as far as they are needed here.

/// P(Z > z) of the standard normal distribution, for z at least 0, to 1.5 × 10⁻⁷:
/// Abramowitz and Stegun, 7.1.26.
pub(super) fn normal_tail(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    0.5 * series.iter().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x).exp()
}

/// The quantile of Student's t: its distribution function inverted by bisection.
/// `chance` lies in [0.5, 1).
pub(super) fn student_quantile(chance: f64, free: usize) -> f64 {
    let within = 2.0 * chance - 1.0;
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while student_within(high, free) < within && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if student_within(middle, free) < within {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// P(|T| ≤ t), by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4.
fn student_within(t: f64, free: usize) -> f64 {
    let angle = (t / (free as f64).sqrt()).atan();
    let (sin, cos) = angle.sin_cos();
    let odd = free % 2 == 1;
    // Terms with cos to the 0, 2, 4 … (even) or 1, 3, 5 … (odd).
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = if free == 1 { 0.0 } else { term };
    let mut power = if odd { 3 } else { 2 };
    while power + 2 <= free {
        term *= cos * cos * (power - 1) as f64 / power as f64;
        sum += term;
        power += 2;
    }
    if odd { std::f64::consts::FRAC_2_PI * (angle + sin * sum) } else { sin * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (chance, free, table) in [
            (0.975, 1, 12.7062),
            (0.975, 2, 4.3027),
            (0.975, 3, 3.1824),
            (0.975, 4, 2.7764),
            (0.975, 7, 2.3646),
            (0.995, 10, 3.1693),
            (0.8, 5, 0.9195),
            (0.975, 30, 2.0423),
        ] {
            let found = student_quantile(chance, free);
            assert!((found - table).abs() < 1e-4, "{chance} {free}: {found}");
        }
        assert!(student_quantile(0.5, 5).abs() < 1e-9);
    }

    #[test]
    fn normal_tails_are_those_of_the_tables() {
        for (z, table) in [(0.0, 0.5), (1.0, 0.158_655), (1.959_964, 0.025), (3.090_232, 0.001)] {
            assert!((normal_tail(z) - table).abs() < 1e-6, "{z}: {}", normal_tail(z));
        }
    }
}
