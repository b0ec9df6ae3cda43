//! Mean and standard deviation of a list of numbers, and whether it varies at all.

use ndarray::ArrayView1;

use crate::error::{InvalidSetting, finite};
use crate::numerics::{largest_exponent, times_power};

/// Fewest and most roundings that may lie behind one entry.
const ROUNDINGS: (usize, usize) = (10, 10_000);

/// Mean origin + shift 2^exponent and standard deviation deviation 2^exponent: about the first
/// value, so that a large mean costs no digits, and in a unit in which no square overflows or
/// vanishes.
struct Spread {
    origin: f64,
    shift: f64,
    deviation: f64,
    exponent: i32,
}

/// `None` when differences overflow.
fn spread(values: ArrayView1<'_, f64>) -> Option<Spread> {
    let (origin, count) = (values[0], values.len() as f64);
    let mut rest = values.mapv(|v| v - origin);
    finite("differences", &rest).ok()?;
    let exponent = largest_exponent(&rest);
    rest.mapv_inplace(|v| times_power(v, -exponent));
    let shift = rest.sum() / count;
    let variance = rest.iter().map(|v| (v - shift).powi(2)).sum::<f64>() / count;
    Some(Spread { origin, shift, deviation: variance.sqrt(), exponent })
}

/// Mean and standard deviation (over n) of finite `values`.
pub(super) fn mean_and_deviation(
    name: &'static str,
    values: ArrayView1<'_, f64>,
) -> Result<(f64, f64), InvalidSetting> {
    let refused = |value, allowed| Err(InvalidSetting::OutOfRange { name, value, allowed });
    let Some(Spread { origin, shift, deviation, exponent }) = spread(values) else {
        return refused(f64::INFINITY, "1.8e308 or less: give the numbers in another unit");
    };
    let deviation = times_power(deviation, exponent);
    // a subnormal number has lost its digits
    if deviation.is_normal() {
        Ok((origin + times_power(shift, exponent), deviation))
    } else {
        refused(deviation, "2.3e-308 or more: give the numbers in another unit")
    }
}

/// Whether finite `values` are one number, to rounding: their standard deviation is at most
/// n 2^-52 times the size of their mean, as in scikit-learn's `StandardScaler`, with n the number of
/// values between 10 and 10000; or, where all are `f32` numbers times one power of two, 2^-23 times
/// it, one unit in the last place. Times a power of two the answer is the same.
pub(super) fn constant(values: ArrayView1<'_, f64>) -> bool {
    let Some(Spread { origin, shift, deviation, exponent }) = spread(values) else {
        return false;
    };
    // the 29 bits that `f64` has beyond `f32` are zero
    let single =
        |v: &f64| v.to_bits().trailing_zeros() >= f64::MANTISSA_DIGITS - f32::MANTISSA_DIGITS;
    let relative = if values.iter().all(single) {
        f64::from(f32::EPSILON)
    } else {
        values.len().clamp(ROUNDINGS.0, ROUNDINGS.1) as f64 * f64::EPSILON
    };
    deviation <= relative * (times_power(origin, -exponent) + shift).abs()
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
