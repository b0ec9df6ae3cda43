//! A scan of a function on a fine grid, for features too narrow for the panels of the quadrature.

use std::sync::OnceLock;

use super::QuadratureError;
use super::gaussian::half_density;

/// `a > b`, a NaN being beyond everything: sums and differences of huge numbers may be one.
pub(super) fn exceeds(a: f64, b: f64) -> bool {
    a > b || a.is_nan()
}

/// Points a unit: their distance is below 0.001.
const PER_UNIT: usize = 1024;
/// The scan covers |z| < 7.
const RANGE: usize = 7;
/// Points of a piece.
const PIECE: usize = 8;
const PIECES: usize = 2 * RANGE * PER_UNIT / PIECE;
/// The order of the differences looked at, half of it.
const HALF_ORDER: usize = 6;
const POINTS: usize = PIECE * PIECES + 2 * HALF_ORDER;
/// No point is a number a user would write down, where a formula may say 0/0.
const SHIFT: f64 = 0.000_381_966_011_250_105;
/// Differences of this size, in units of the function, may be rounding.
const ROUNDING: f64 = 3e-11;

fn point(i: f64) -> f64 {
    -(RANGE as f64) + SHIFT + (i - HALF_ORDER as f64) / PER_UNIT as f64
}

/// The points of the scan, each with the square root of the normal density there.
fn grid() -> &'static (Vec<f64>, Vec<f64>) {
    static GRID: OnceLock<(Vec<f64>, Vec<f64>)> = OnceLock::new();
    GRID.get_or_init(|| (0..POINTS).map(|i| point(i as f64)).map(|z| (z, half_density(z))).unzip())
}

/// Ends of the pieces, 1/128 long, where one of `count` functions is rough: where its twelfth
/// difference, after multiplication by the square root of the normal density, is more than
/// `relative` times its size, more than `absolute`, and more than rounding. A single value that
/// stands out by A makes a difference of 924 A, a jump one of 462 A, and a smooth function
/// next to none.
///
/// `fill(points, values)` writes the values of the functions at all points, one function after the
/// other. The error is [`QuadratureError::NonFinite`].
pub(super) fn rough_pieces(
    count: usize,
    fill: impl FnOnce(&[f64], &mut [f64]),
    absolute: f64,
    relative: f64,
) -> Result<Vec<f64>, QuadratureError> {
    let (points, weights) = grid();
    let mut values = vec![0.0; count * POINTS];
    fill(points, &mut values);
    let mut rough = vec![false; PIECES];
    for values in values.chunks_mut(POINTS) {
        let mut size = 0.0;
        for ((value, weight), z) in values.iter_mut().zip(weights).zip(points) {
            if !value.is_finite() {
                return Err(QuadratureError::NonFinite { at: *z });
            }
            *value *= weight;
            size += value.abs();
        }
        let allowed = absolute.max(relative * size / PER_UNIT as f64);
        for (p, rough) in rough.iter_mut().enumerate() {
            let nearby = &values[p * PIECE..][..PIECE + 2 * HALF_ORDER];
            let level = nearby.iter().step_by(4).map(|v| v.abs()).sum::<f64>() / 5.0;
            *rough |= exceeds(differences(nearby), allowed.max(ROUNDING * level));
        }
    }
    // half a point before the first one of the piece
    let start = |p: usize| point((HALF_ORDER + p * PIECE) as f64 - 0.5);
    let found = (0..PIECES).filter(|p| rough[*p]);
    let mut ends: Vec<f64> = found.flat_map(|p| [start(p), start(p + 1)]).collect();
    ends.dedup();
    Ok(ends)
}

/// The sum of the absolute twelfth differences around the points of one piece.
fn differences(values: &[f64]) -> f64 {
    const BINOMIAL: [f64; HALF_ORDER + 1] = [1.0, -12.0, 66.0, -220.0, 495.0, -792.0, 924.0];
    let difference = |values: &[f64]| {
        let mut sum = BINOMIAL[HALF_ORDER] * values[HALF_ORDER];
        for (j, factor) in BINOMIAL[..HALF_ORDER].iter().enumerate() {
            sum += factor * (values[j] + values[2 * HALF_ORDER - j]);
        }
        sum.abs()
    };
    values.windows(2 * HALF_ORDER + 1).map(difference).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_functions_are_smooth_and_windows_are_found() {
        let pieces = |f: &dyn Fn(f64) -> f64| {
            let fill = |points: &[f64], values: &mut [f64]| {
                points.iter().zip(values).for_each(|(z, value)| *value = f(*z));
            };
            rough_pieces(1, fill, 0.0, 1e-13)
        };
        for sharpness in [1.0, 5.0, 20.0] {
            assert_eq!(pieces(&|z| (sharpness * z + 0.3).tanh()), Ok(vec![]), "{sharpness}");
        }
        assert!(pieces(&f64::ln).is_err());
        for i in 0..1000 {
            let at = -6.9 + 0.0138 * f64::from(i);
            let window = |z: f64| z.sin() + if (z - at).abs() < 0.0005 { 1e-3 } else { 0.0 };
            let ends = pieces(&window).unwrap();
            assert!(ends[0] < at + 0.0005 && at - 0.0005 < ends[ends.len() - 1], "{at}");
        }
    }
}
