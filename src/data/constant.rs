//! Which lists of numbers vary by rounding errors alone.

use ndarray::ArrayView1;

/// Fewest and most roundings that may lie behind one entry.
const ROUNDINGS: (usize, usize) = (10, 10_000);

/// Whether finite `values` are one number, to rounding: their standard deviation is at most
/// n 2^-52 times the size of their mean, as in scikit-learn's `StandardScaler`, with n the number of
/// values between 10 and 10000; or, where all are `f32` numbers times one power of two, 2^-23 times
/// it, one unit in the last place. Times a power of two the answer is the same.
pub(super) fn constant(values: ArrayView1<'_, f64>) -> bool {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return true;
    }
    let unit = unit(largest);
    // about the first value, so that a large mean costs no digits
    let (origin, count) = (unit * values[0], values.len() as f64);
    let shift = values.iter().map(|v| unit * v - origin).sum::<f64>() / count;
    let squares = values.iter().map(|v| (unit * v - origin - shift).powi(2)).sum::<f64>();
    let relative = if values.iter().all(|v| is_single(unit * v)) {
        f64::from(f32::EPSILON)
    } else {
        values.len().clamp(ROUNDINGS.0, ROUNDINGS.1) as f64 * f64::EPSILON
    };
    (squares / count).sqrt() <= relative * (origin + shift).abs()
}

/// The power of two that brings `largest` between 1 and 2, or as near as there is one.
fn unit(largest: f64) -> f64 {
    let exponent = (largest.to_bits() >> 52) as i32 - 1023;
    2.0_f64.powi(-exponent)
}

/// Whether the 29 bits that `f64` has beyond `f32` are zero.
fn is_single(value: f64) -> bool {
    value.to_bits().trailing_zeros() >= f64::MANTISSA_DIGITS - f32::MANTISSA_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    /// `mean` with every second entry `steps` units in the last place up.
    fn alternating(mean: f64, steps: u64, count: usize) -> Array1<f64> {
        let up = f64::from_bits(mean.to_bits() + steps);
        Array1::from_shape_fn(count, |i| if i % 2 == 0 { mean } else { up })
    }

    #[test]
    fn rounding_is_told_from_data_at_every_scale() {
        for mean in [14.62, -0.3, 1.0, 1e-5_f64.ln(), std::f64::consts::E] {
            for k in [-1000, -500, -60, 0, 60, 500, 1000] {
                let scale = 2.0_f64.powi(k);
                for count in [2, 3, 10, 1001] {
                    for steps in 0..6 {
                        let values = alternating(mean, steps, count) * scale;
                        assert!(constant(values.view()), "{mean} {k} {count} {steps}");
                    }
                    // 2^17 units: a relative deviation of 1e-11
                    let values = alternating(mean, 1 << 17, count) * scale;
                    assert!(!constant(values.view()), "{mean} {k} {count}");
                }
            }
        }
    }

    #[test]
    fn single_precision() {
        let noisy = |i: usize| f64::from(f32::from_bits(14.62_f32.to_bits() + (i % 2) as u32));
        let values = Array1::from_shape_fn(40, noisy);
        for k in [-1000, -160, 0, 160, 1000] {
            assert!(constant((&values * 2.0_f64.powi(k)).view()), "{k}");
        }
        // the same two numbers among others that are not of 24 bits: data
        let mixed = Array1::from_shape_fn(40, |i| if i == 7 { 14.62 } else { noisy(i) });
        assert!(!constant(mixed.view()));
        for exact in [[2023.0, 2024.0], [1e6, 1e6 + 1.0], [14.62_f32.into(), 14.6201_f32.into()]] {
            assert!(!constant(Array1::from(exact.to_vec()).view()), "{exact:?}");
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        for values in [[5e-324, 1e-323], [1e-320, 2e-320], [-1e308, 1e308], [1e308, 1.1e308]] {
            assert!(!constant(Array1::from(values.to_vec()).view()), "{values:?}");
        }
        for value in [0.0, -0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::MIN] {
            assert!(constant(Array1::from_elem(7, value).view()), "{value}");
        }
        // noise about zero is data: nothing says how large it should be
        assert!(!constant(alternating(0.0, 1, 4).view()));
        assert!(!constant(Array1::from(vec![1e-17, -1e-17]).view()));
        // small beside a large value
        assert!(!constant(Array1::from(vec![1e300, 1e-300, 0.0]).view()));
    }
}
