//! The kernels against 50-digit values (tests/reference/kernels.py, mpmath 1.4.1).

use super::*;
use crate::activation::{Erf, Gelu, Sigmoid, Silu, Sine, Softplus, Tanh};

/// Value, derivative and the scale of the derivative's error, each as an f64 and the rest.
struct Row {
    z: f64,
    value: [f64; 2],
    derivative: [f64; 2],
    derivative_scale: f64,
}

fn table(function: &str) -> Vec<Row> {
    let file = include_str!("../../../tests/golden/kernels.csv");
    let rows = file.lines().filter_map(|line| line.strip_prefix(function)?.strip_prefix(','));
    rows.map(|line| {
        let x: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        Row { z: x[0], value: [x[1], x[2]], derivative: [x[3], x[4]], derivative_scale: x[5] }
    })
    .collect()
}

/// Distance in units of the last place of a number of size `scale` in the precision of `T`. Where
/// results may be flushed to zero, 0 if it is within what may be flushed.
fn units<T: Lane>(found: T, exact: [f64; 2], scale: f64) -> f64 {
    let flushed = 8.0 * T::min_positive_value().to_f64().unwrap();
    let error = ((found.to_f64().unwrap() - exact[0]) - exact[1]).abs();
    if scale.abs() < flushed && error <= flushed {
        return 0.0;
    }
    error / (T::epsilon().to_f64().unwrap() * 2.0_f64.powf(scale.abs().log2().floor()))
}

/// The largest errors of value and derivative, without and with fused multiply-add.
fn largest<T: Lane>(function: &str, kernel: impl BuiltIn) -> [f64; 2] {
    let rows = table(function);
    assert!(rows.len() > 200);
    let mut largest = [0.0_f64; 2];
    for row in &rows {
        let z = T::from(row.z).unwrap();
        if function == "sine" && z.abs() > T::SINE_MAX {
            continue;
        }
        for (value, derivative) in [kernel.kernel::<T, false>(z), kernel.kernel::<T, true>(z)] {
            largest[0] = largest[0].max(units(value, row.value, row.value[0]));
            let error = units(derivative, row.derivative, row.derivative_scale);
            largest[1] = largest[1].max(error);
        }
    }
    largest
}

fn check(function: &str, kernel: impl BuiltIn, bound: f64) {
    let found = [largest::<f64>(function, kernel), largest::<f32>(function, kernel)];
    println!("{function}: value and derivative, f64 {:.2?}, f32 {:.2?}", found[0], found[1]);
    assert!(found.as_flattened().iter().all(|x| *x <= bound), "{function}: {found:?}");
}

#[test]
fn errors_are_a_few_units_of_the_last_place() {
    check("tanh", Tanh::default(), 3.5);
    check("sigmoid", Sigmoid, 3.5);
    check("softplus", Softplus::default(), 2.5);
    check("silu", Silu, 3.5);
    check("gelu", Gelu, 4.5);
    check("erf", Erf, 2.5);
    check("sine", Sine::default(), 1.5);
}

#[test]
fn special_arguments_give_limits() {
    fn at<T: Lane>(kernel: impl BuiltIn, z: f64) -> [f64; 2] {
        let (value, derivative) = kernel.kernel::<T, true>(T::from(z).unwrap());
        assert_eq!(kernel.kernel::<T, false>(T::from(z).unwrap()).0.is_nan(), value.is_nan());
        [value.to_f64().unwrap(), derivative.to_f64().unwrap()]
    }
    fn check<T: Lane>() {
        let infinity = f64::INFINITY;
        for far in [1e30, infinity] {
            let tanh = |z| at::<T>(Tanh::default(), z);
            assert_eq!([tanh(far), tanh(-far)], [[1.0, 0.0], [-1.0, 0.0]]);
            assert_eq!([at::<T>(Erf, far), at::<T>(Erf, -far)], [[1.0, 0.0], [-1.0, 0.0]]);
            assert_eq!([at::<T>(Sigmoid, far), at::<T>(Sigmoid, -far)], [[1.0, 0.0], [0.0, 0.0]]);
            let large = T::from(far).unwrap().to_f64().unwrap();
            for [right, left] in [
                [at::<T>(Gelu, far), at::<T>(Gelu, -far)],
                [at::<T>(Silu, far), at::<T>(Silu, -far)],
                [far, -far].map(|z| at::<T>(Softplus::default(), z)),
            ] {
                assert_eq!([right, left], [[large, 1.0], [0.0, 0.0]]);
            }
        }
        for found in [
            at::<T>(Tanh::default(), f64::NAN),
            at::<T>(Erf, f64::NAN),
            at::<T>(Sigmoid, f64::NAN),
            at::<T>(Gelu, f64::NAN),
            at::<T>(Silu, f64::NAN),
            at::<T>(Softplus::default(), f64::NAN),
            at::<T>(Sine::default(), f64::NAN),
            at::<T>(Sine::default(), infinity),
        ] {
            assert!(found[0].is_nan() && found[1].is_nan());
        }
    }
    check::<f64>();
    check::<f32>();
}
