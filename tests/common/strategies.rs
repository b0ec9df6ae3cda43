//! Random settings for the property tests, valid ones and invalid ones.
//!
//! `PROPERTY_FACTOR` multiplies the number of cases of every property; 1 by default, which takes
//! seconds. Cases are drawn anew in every run, and a failing one is shown after it was made smaller.

#![allow(dead_code)] // every test file uses a part of this

use linear_width::activation::{
    Activation, Erf, Gelu, HermiteSeries, LeakyRelu, Relu, Sigmoid, Silu, Sine, Softplus, Tanh,
};
use linear_width::data::{CustomLaw, InputLaw, Link, Target};
use linear_width::network::{Initialisation, Scaling, SecondLayerLaw};
use linear_width::training::{BatchPolicy, StepSize};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

/// `count` cases, times PROPERTY_FACTOR. Nothing is written beside the sources.
pub fn cases(count: u32) -> ProptestConfig {
    let factor = std::env::var("PROPERTY_FACTOR").map_or(1.0, |text| text.parse().unwrap());
    ProptestConfig {
        cases: ((f64::from(count) * factor).ceil() as u32).max(1),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    }
}

/// Any number: ordinary ones, and all that numbers can be.
pub fn wild() -> impl Strategy<Value = f64> {
    const EDGES: [f64; 20] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        1e-12,
        -1e-12,
        1e-160,
        -1e-160,
        1e150,
        -1e150,
        1e308,
        -1e308,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    prop_oneof![4 => -10.0..10.0, 2 => select(EDGES.to_vec()), 1 => proptest::num::f64::ANY]
}

/// Any finite number.
pub fn finite() -> impl Strategy<Value = f64> {
    wild().prop_filter("finite", |x| x.is_finite())
}

/// Built-in activations with ordinary parameters.
pub fn activation() -> impl Strategy<Value = Arc<dyn Activation>> {
    let scale = || prop_oneof![0.1..3.0, -2.0..-0.1];
    prop_oneof![
        (scale(), -2.0..2.0).prop_map(|(scale, shift)| Tanh { scale, shift }.shared()),
        Just(Erf.shared()),
        Just(Sigmoid.shared()),
        (scale(), -4.0..4.0).prop_map(|(amplitude, phase)| Sine { amplitude, phase }.shared()),
        Just(Relu.shared()),
        (-1.0..1.0).prop_map(|slope| LeakyRelu { slope }.shared()),
        (0.2..5.0, scale()).prop_map(|(beta, scale)| Softplus { beta, scale }.shared()),
        Just(Gelu.shared()),
        Just(Silu.shared()),
        proptest::collection::vec(-1.0..1.0, 1..4).prop_map(|c| HermiteSeries::new(c).shared()),
    ]
}

/// Links: those, Hermite series of higher degree, closures, a constant, zero.
pub fn link() -> impl Strategy<Value = Link> {
    prop_oneof![
        4 => activation().prop_map(Link::from_activation),
        2 => proptest::collection::vec(-1.0..1.0, 1..7).prop_map(Link::hermite),
        1 => (0.2..2.0_f64).prop_map(|k| Link::new("cos", move |z: f64| (k * z).cos())),
        1 => (-2.0..2.0).prop_map(|c| Link::new("constant", move |_| c)),
        1 => Just(Link::new("sign", f64::signum).with_kinks([0.0])),
    ]
}

/// Targets of one direction, sometimes of two, with some noise or none.
pub fn target() -> impl Strategy<Value = Target> {
    let noise = || prop_oneof![Just(0.0), 0.0..2.0];
    prop_oneof![
        5 => (link(), noise()).prop_map(|(link, noise)| Target::single_index(link).noise(noise)),
        1 => (noise(), -2.0..2.0).prop_map(|(noise, c)| {
            let target = Target::multi_index("z1 + c z1 z2", 2, move |z| z[0] + c * z[0] * z[1]);
            target.noise(noise)
        }),
    ]
}

/// Three values, nine tenths of the mass at 0.
pub fn sparse() -> CustomLaw {
    let r = 10_f64.sqrt();
    CustomLaw::discrete("sparse", [(-r, 0.05), (0.0, 0.9), (r, 0.05)]).unwrap()
}

pub fn input_law() -> impl Strategy<Value = InputLaw> {
    use InputLaw::{Custom, Gaussian, Rademacher, Uniform};
    select(vec![Gaussian, Rademacher, Uniform, Custom(sparse())])
}

/// Laws of the second layer; given ones of the length of `width`.
pub fn second_layer(width: usize) -> impl Strategy<Value = SecondLayerLaw> {
    use SecondLayerLaw::{Custom, Fixed, Gaussian, Rademacher, Uniform};
    prop_oneof![
        4 => select(vec![Gaussian, Uniform, Rademacher, Custom(sparse())]),
        1 => vector(width, -2.0..2.0).prop_map(Fixed),
    ]
}

pub fn first_layer() -> impl Strategy<Value = Initialisation> {
    select(vec![Initialisation::Sphere, Initialisation::Gaussian])
}

pub fn scaling() -> impl Strategy<Value = Scaling> {
    prop_oneof![3 => Just(Scaling::MeanField), 1 => Just(Scaling::Standard)]
}

pub fn batches() -> impl Strategy<Value = BatchPolicy> {
    prop_oneof![
        Just(BatchPolicy::Independent),
        Just(BatchPolicy::Reused),
        (0.0..=1.0).prop_map(|fraction| BatchPolicy::PartlyReused { fraction }),
    ]
}

/// Step sizes within their range, zero among them.
pub fn step() -> impl Strategy<Value = StepSize> {
    let constant = prop_oneof![1 => Just(0.0), 6 => 0.0..5.0];
    let alpha = prop_oneof![2 => Just(0.0), 6 => 0.0..0.499, 1 => Just(0.499_999_999_999_999_94)];
    (constant, alpha).prop_map(|(constant, alpha)| StepSize { constant, alpha })
}

pub fn vector(
    length: usize,
    entries: impl Strategy<Value = f64>,
) -> impl Strategy<Value = Array1<f64>> {
    proptest::collection::vec(entries, length).prop_map(Array1::from)
}

pub fn matrix(
    shape: (usize, usize),
    entries: impl Strategy<Value = f64>,
) -> impl Strategy<Value = Array2<f64>> {
    proptest::collection::vec(entries, shape.0 * shape.1)
        .prop_map(move |v| Array2::from_shape_vec(shape, v).unwrap())
}

/// Mostly tiny sizes, 1 above all, at most `largest`.
pub fn size(largest: usize) -> impl Strategy<Value = usize> {
    prop_oneof![2 => Just(1), 6 => 1..=largest.min(6), 2 => 1..=largest]
}

/// The largest absolute value, 0 of nothing.
pub fn largest<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    values.into_iter().fold(0.0, |m, x| x.abs().max(m))
}

/// Value and derivative of an activation at one number.
pub fn both(activation: &impl Activation, z: f64) -> (f64, f64) {
    (activation.value(z), activation.derivative(z))
}
