//! Least squares with a little ridge, by the normal equations.
//!
//! Columns are centred and scaled to unit variance first, so that one ridge fits all and the equations are well
//! conditioned; a column that never varies has no say. With a ridge the matrix is positive definite, and Cholesky's
//! decomposition always exists. (Hoerl and Kennard, *Ridge Regression*, Technometrics 12, 1970.)

/// What is added to the diagonal, in units of a row's weight: as if each coefficient had been seen to be zero this
/// often. Just enough that a column which two samples share cannot run away.
const RIDGE: f64 = 1.0;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct FittedPlane<const N: usize> {
    constant: f64,
    slopes: [f64; N],
}

impl<const N: usize> FittedPlane<N> {
    /// The plane nearest to the points, by squares.
    pub(super) fn fit(rows: &[[f64; N]], values: &[f64]) -> FittedPlane<N> {
        let count = rows.len().max(1) as f64;
        let mean = |of: &dyn Fn(usize) -> f64| (0..rows.len()).map(of).sum::<f64>() / count;
        let middle = mean(&|at| values[at]);
        let mut means = [0.0; N];
        let mut scales = [0.0; N];
        for column in 0..N {
            means[column] = mean(&|at| rows[at][column]);
            let variance = mean(&|at| (rows[at][column] - means[column]).powi(2));
            // Rounding makes a constant column vary a little.
            scales[column] = if variance.sqrt() > 1e-9 * (1.0 + means[column].abs()) { variance.sqrt() } else { 0.0 };
        }
        let scaled = |row: &[f64; N]| -> [f64; N] {
            std::array::from_fn(|at| if scales[at] > 0.0 { (row[at] - means[at]) / scales[at] } else { 0.0 })
        };
        let mut matrix = [[0.0; N]; N];
        let mut right = [0.0; N];
        for (row, value) in rows.iter().zip(values) {
            let row = scaled(row);
            for a in 0..N {
                right[a] += row[a] * (value - middle);
                for b in 0..=a {
                    matrix[a][b] += row[a] * row[b];
                }
            }
        }
        for (at, row) in matrix.iter_mut().enumerate() {
            row[at] += RIDGE;
        }
        let solved = solve(matrix, right);
        let slopes: [f64; N] = std::array::from_fn(|at| if scales[at] > 0.0 { solved[at] / scales[at] } else { 0.0 });
        let constant = middle - slopes.iter().zip(&means).map(|(slope, mean)| slope * mean).sum::<f64>();
        FittedPlane { constant, slopes }
    }

    pub(super) fn at(&self, row: &[f64; N]) -> f64 {
        self.constant + self.slopes.iter().zip(row).map(|(slope, value)| slope * value).sum::<f64>()
    }
}

/// Solves a symmetric positive definite system, of which the lower half is given: Cholesky.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for a in 0..N {
        for b in 0..=a {
            let sum: f64 = matrix[a][b] - (0..b).map(|k| matrix[a][k] * matrix[b][k]).sum::<f64>();
            matrix[a][b] = if a == b { sum.max(f64::MIN_POSITIVE).sqrt() } else { sum / matrix[b][b] };
        }
    }
    for a in 0..N {
        let known: f64 = (0..a).map(|k| matrix[a][k] * right[k]).sum();
        right[a] = (right[a] - known) / matrix[a][a];
    }
    for a in (0..N).rev() {
        let known: f64 = (a + 1..N).map(|k| matrix[k][a] * right[k]).sum();
        right[a] = (right[a] - known) / matrix[a][a];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_found_again() {
        let rows: Vec<[f64; 3]> = (0..400).map(|n| [f64::from(n % 7), f64::from(n % 11) * 100.0, 5.0]).collect();
        let values: Vec<f64> = rows.iter().map(|row| 3.0 + 2.0 * row[0] - 0.5 * row[1]).collect();
        let plane = FittedPlane::fit(&rows, &values);
        assert!((plane.slopes[0] - 2.0).abs() < 0.02, "{plane:?}");
        assert!((plane.slopes[1] + 0.5).abs() < 0.005, "{plane:?}");
        assert_eq!(plane.slopes[2], 0.0, "a constant column has no say");
        assert!((plane.at(&[1.0, 100.0, 5.0]) - (3.0 + 2.0 - 50.0)).abs() < 0.5);
    }

    #[test]
    fn a_system_is_solved() {
        let solved = solve([[4.0, 0.0], [2.0, 3.0]], [10.0, 8.0]);
        assert!((solved[0] - 1.75).abs() < 1e-12 && (solved[1] - 1.5).abs() < 1e-12, "{solved:?}");
    }

    #[test]
    fn nothing_is_flat() {
        assert_eq!(FittedPlane::<2>::fit(&[], &[]).at(&[1.0, 2.0]), 0.0);
    }
}
