//! The table against the activation itself.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::Scalar;
use crate::activation::{
    Erf, FnActivation, Gelu, HermiteSeries, LeakyRelu, Relu, Sigmoid, Silu, Sine, Softplus, Tanh,
};
use std::sync::Arc;

/// All built-in activations, steep ones, and closures with kinks, declared and not.
fn activations() -> Vec<Arc<dyn Activation>> {
    let formula = |name: &str, f: fn(f64) -> f64, d: fn(f64) -> f64| FnActivation::new(name, f, d);
    let step = |z: f64| if z > 0.3 { 1.0 + z * z } else { z };
    let step_derivative = |z: f64| if z > 0.3 { 2.0 * z } else { 1.0 };
    let bend = |z: f64| if z < -0.77 { 0.2 * z.sin() } else { z.cos() };
    let bend_derivative = |z: f64| if z < -0.77 { 0.2 * z.cos() } else { -z.sin() };
    vec![
        Tanh::default().shared(),
        Tanh { scale: 50.0, shift: 0.3 }.shared(),
        Erf.shared(),
        Sigmoid.shared(),
        Relu.shared(),
        LeakyRelu { slope: 0.2 }.shared(),
        Softplus::default().shared(),
        Softplus { beta: 20.0, scale: 2.0 }.shared(),
        Gelu.shared(),
        Silu.shared(),
        Sine { amplitude: 1.65, phase: 0.7 }.shared(),
        HermiteSeries::new(vec![0.1, 1.0, -0.5, 0.2, 0.0, 0.03]).shared(),
        Relu.centred().unwrap(),
        Gelu.centred().unwrap(),
        formula("step", step, step_derivative).with_kinks([0.3]).shared(),
        formula("three", |z| z.clamp(-1.0, 0.1), |z| f64::from(u8::from(z > -1.0 && z < 0.1)))
            .with_kinks([-1.0, 0.1, 0.2])
            .shared(),
        formula("bend without a word", bend, bend_derivative).shared(),
        FnActivation::from_formula("mish", |z| z * z.softplus().tanh()).shared(),
    ]
}

/// The largest error of the table at random points up to `range`, relative to its scale.
fn error<T: CardNumber + Scalar>(activation: &dyn Activation, range: f64) -> (f64, usize) {
    let table = ActivationTable::<T>::new(activation, range).unwrap();
    assert!(table.range() >= range);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut worst = 0.0_f64;
    let special = [0.0, -0.0, 1.0, -1.0, 0.3, 0.1, -0.77, 7.999, 8.0, range, -range];
    let beside = special.iter().flat_map(|z| {
        let (x, sign) = (floor::<T>(z.abs()), z.signum());
        [sign * x, sign * above::<T>(x).min(range)]
    });
    let mut points: Vec<f64> = beside.filter(|z| z.abs() <= range).collect();
    for k in 0..100_000 {
        let u = random.random_range(-1.0..1.0);
        // half of them as far as the table goes, half near 0
        points.push(if k % 2 == 0 { range * u } else { 3.0 * u });
    }
    let points: Vec<f64> = points.iter().map(|z| T::of(*z).as_f64()).collect();
    let exact = |points: &[f64]| {
        let (mut value, mut derivative) = (vec![0.0; points.len()], vec![0.0; points.len()]);
        activation.evaluate_f64(points, &mut value, &mut derivative);
        (value, derivative)
    };
    let (value, derivative) = exact(&points);
    let unit: Vec<f64> = (-64..=64).map(|k| f64::from(k) / 64.0).collect();
    let unit = exact(&unit);
    let most = |numbers: &[f64]| numbers.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let sizes = (most(&unit.0), most(&unit.1));
    for (k, z) in points.iter().enumerate() {
        let (v, d) = table.at(T::of(*z));
        let scales = (sizes.0.max(value[k].abs()), sizes.1.max(derivative[k].abs()));
        let errors = (
            (v.as_f64() - value[k]).abs() / scales.0,
            (d.as_f64() - derivative[k]).abs() / scales.1,
        );
        worst = worst.max(errors.0).max(errors.1);
    }
    (worst, table.numbers.len() * size_of::<T>())
}

#[test]
fn every_activation_keeps_the_bound() {
    for activation in activations() {
        for range in [6.0, 40.0] {
            let (double, bytes) = error::<f64>(&*activation, range);
            let (single, single_bytes) = error::<f32>(&*activation, range);
            println!(
                "{} to {range}: {double:.1e} in {bytes} bytes, {single:.1e} in {single_bytes}",
                activation.name()
            );
            // the local scale of the bound is that of a piece, here that of a point
            assert!(double <= 4.0 * error_bound::<f64>(), "{} {double}", activation.name());
            assert!(single <= 4.0 * error_bound::<f32>(), "{} {single}", activation.name());
        }
    }
}

#[test]
fn what_no_table_holds_is_refused() {
    let noise = |z: f64| ((z.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 11) as f64;
    let rough = FnActivation::new("noise", noise, |_| 1.0);
    let found = ActivationTable::<f64>::new(&rough, 1.0).err().unwrap();
    assert!(matches!(found, CudaError::Activation { .. }), "{found}");
    let infinite = FnActivation::new("1/z", |z| 1.0 / z, |z| -1.0 / (z * z));
    let found = ActivationTable::<f32>::new(&infinite, 1.0).err().unwrap();
    assert!(found.to_string().contains("the activation 1/z cannot be tabulated"), "{found}");
    // a sine has too many waves
    let sine = Sine { amplitude: 1.0, phase: 0.0 };
    assert!(ActivationTable::<f64>::new(&sine, 1e6).is_err());
}

#[test]
fn a_flat_activation_costs_nothing_far_out() {
    let near = ActivationTable::<f64>::new(&Tanh::default(), 8.0).unwrap();
    let far = ActivationTable::<f64>::new(&Tanh::default(), 1e30).unwrap();
    // one piece on each side for each power of two
    let more = 2 * (far.octaves - near.octaves);
    let piece = CELL + HEADER + 2 * (degree::<f64>() + 1);
    assert_eq!(far.numbers.len(), near.numbers.len() + more * piece);
    let (value, derivative) = far.at(-1e30);
    assert!((value + 1.0).abs() <= 1e-14 && derivative.abs() <= 1e-14, "{value} {derivative}");
}
