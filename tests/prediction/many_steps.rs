//! More than two steps through the public entrance: what it gives, what it says of itself, and what it
//! refuses. (Numbers: golden_steps.rs.)

use linear_width::activation::{Activation, Gelu, Relu, Sine, Tanh};
use linear_width::data::{CustomLaw, Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{
    BulkModel, Indicator, Options, Prediction, PredictionError, Problem,
};
use linear_width::training::BatchPolicy;

fn problem(steps: usize) -> Problem {
    Problem {
        activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
        target: Target::single_index(Link::from_activation(Tanh::default())).noise(0.1),
        width: 1600,
        dimension: 800,
        samples: 2400,
        step_sizes: vec![26.4528; steps],
        batches: BatchPolicy::Independent,
        second_layer: SecondLayerLaw::Rademacher,
    }
}

fn steps_indicator(prediction: &Prediction) -> Option<&Indicator> {
    prediction.indicators.iter().find(|indicator| indicator.name == Indicator::STEPS)
}

/// The default options, which ask for structured noise, predict any number of steps; what was used
/// and how far the error estimates reach is said.
#[test]
fn default_options() {
    let [two, three, six] = [2, 3, 6].map(|t| problem(t).predict(&Options::default()).unwrap());
    assert_eq!(two.bulk_model, BulkModel::Structured);
    assert_eq!(steps_indicator(&two), None);
    assert_eq!((three.bulk_model, six.bulk_model), (BulkModel::Structured, BulkModel::Structured));
    assert!(three.lower_edge > 0.0 && three.lower_edge < three.edge);
    assert!(steps_indicator(&three).unwrap().trusted);
    assert!(!steps_indicator(&six).unwrap().trusted);
    let overlaps = [&two, &three, &six].map(|p| p.outliers[0].target_overlap);
    assert!(overlaps[0] < overlaps[1] && overlaps[1] < overlaps[2] && overlaps[2] > 0.97);
    for prediction in [&three, &six] {
        let quadrature = prediction.indicators.iter().find(|i| i.name == Indicator::QUADRATURE);
        println!("{quadrature:?}");
        assert!(quadrature.unwrap().value < 3e-3, "{quadrature:?}");
    }
    let [values, overlaps] = problem(3).convergence(&Options::default()).unwrap();
    println!("{values:e} {overlaps:e}");
    assert!(values < 2e-3 && overlaps < 1e-4, "{values:e} {overlaps:e}");
}

/// A third step of size zero: what was derived for any number of steps against what was derived for two.
/// They share the equations of the bulk, not the weights of the samples.
#[test]
fn a_third_step_of_size_zero() {
    let tilted = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        let with = |step_sizes: Vec<f64>, bulk_model| {
            let target = Target::single_index(tilted.clone()).noise(0.1);
            let problem = Problem { step_sizes, batches, target, ..problem(2) };
            let options = Options { bulk_model, compare_nodes: false, ..Options::default() };
            problem.predict(&options).unwrap()
        };
        let two = with(vec![40.0, 40.0], BulkModel::Structured);
        let three = with(vec![40.0, 40.0, 0.0], BulkModel::Structured);
        let isotropic = with(vec![40.0, 40.0, 0.0], BulkModel::Isotropic);
        println!("{batches:?}: {:.4} {:.4} {:.4}", two.edge, three.edge, isotropic.edge);
        println!("{:?} {:?}", two.outliers, three.outliers);
        assert!((three.edge / two.edge - 1.0).abs() < 0.01, "{} {}", three.edge, two.edge);
        assert!(isotropic.edge < 0.98 * two.edge, "{} {}", isotropic.edge, two.edge);
        let first = [&two, &three].map(|p| p.outliers[0].singular_value);
        assert!((first[0] / first[1] - 1.0).abs() < 5e-3, "{first:?}");
        // mass one
        let count = 300;
        let width = 1.01 * three.edge / f64::from(count);
        let at: Vec<f64> = (0..count).map(|i| (f64::from(i) + 0.5) * width).collect();
        let mass = three.density(&at).unwrap().sum() * width;
        assert!((mass - 1.0).abs() < 5e-3, "{mass}");
    }
}

/// Shapes and steps far from the usual: an edge, or a typed error.
#[test]
fn odd_shapes() {
    let options = Options { compare_nodes: false, ..Options::default() };
    for (sizes, eta, fraction) in [
        ([200, 600, 100], 8.0, 0.0),
        ([600, 100, 60], 8.0, 1.0),
        ([300, 300, 300], 8.0, 0.5),
        ([300, 150, 300], 0.0, 1.0),
        ([300, 150, 300], 0.0, 0.0),
        ([300, 150, 300], 1e-6, 0.5),
        ([300, 150, 300], 300.0, 0.0),
    ] {
        let [width, dimension, samples] = sizes;
        let batches = BatchPolicy::PartlyReused { fraction };
        let problem =
            Problem { width, dimension, samples, step_sizes: vec![eta; 3], batches, ..problem(3) };
        let found = problem.predict(&options);
        println!("{sizes:?} {eta} {fraction}: {:?}", found.as_ref().map(|p| p.edge));
        if eta <= 8.0 {
            let edge = found.unwrap().edge;
            let white = 1.0 + (width as f64 / dimension as f64).sqrt();
            assert!(edge.is_finite() && edge > 0.5 * white, "{edge} {white}");
            assert!(eta > 1e-3 || (edge / white - 1.0).abs() < 1e-5, "{edge} {white}");
        }
    }
}

/// A link without linear part: the mean never finds the teacher, the noise does from the third step
/// on, and the prediction says that it knows the outlier's existence only.
#[test]
fn an_outlier_of_the_noise_is_named() {
    let link = Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap();
    let setting = |steps: usize, target_column: bool| {
        let problem = Problem {
            activation: Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared(),
            target: Target::single_index(link.clone()),
            second_layer: SecondLayerLaw::Uniform,
            ..problem(steps)
        };
        let bulk_model = BulkModel::Isotropic;
        problem.predict(&Options { bulk_model, target_column, ..Options::default() }).unwrap()
    };
    let found = |steps: usize| {
        let prediction = setting(steps, true);
        let aligned = prediction.outliers.iter().map(|o| o.target_overlap).fold(0.0, f64::max);
        for outlier in &prediction.outliers {
            println!("W_{steps}: {:.3} {:.3}", outlier.singular_value, outlier.target_overlap);
        }
        (aligned, prediction)
    };
    assert!(found(2).0 < 0.01);
    assert!(found(3).0 < found(4).0);
    let (aligned, prediction) = found(5);
    assert!(aligned > 0.5);
    let indicator = steps_indicator(&prediction).unwrap();
    assert!(!indicator.trusted && indicator.sentence.contains("comes from the noise"));
    let without = setting(5, false);
    assert!(without.outliers.iter().all(|o| o.target_overlap < 0.01));
    assert!(steps_indicator(&without).unwrap().trusted);
}

#[test]
fn what_is_refused() {
    let options = Options::default();
    let invalid = |problem: &Problem, said: &str| {
        let errors = [
            problem.states(&options).err(),
            problem.predict(&options).err(),
            problem.convergence(&options).err(),
        ];
        for error in errors {
            let error = error.unwrap();
            assert!(matches!(error, PredictionError::Invalid(_)), "{error}");
            assert!(error.to_string().contains(said), "{error}");
        }
    };
    invalid(&problem(0), "the number of steps is 0");
    let pair = Target::multi_index("z1 z2", 2, |z| z[0] * z[1]);
    invalid(&Problem { target: pair, dimension: 1, ..problem(3) }, "2 orthonormal directions");
    for eta in [-1.0, f64::NAN, f64::INFINITY] {
        invalid(&Problem { step_sizes: vec![1.0, 2.0, eta], ..problem(3) }, "step size eta");
    }
    invalid(&Problem { samples: 0, ..problem(3) }, "samples is 0");
    let fixed = SecondLayerLaw::Fixed(vec![f64::NAN; 1600].into());
    invalid(&Problem { second_layer: fixed, ..problem(3) }, "second_layer");
    let zero = Target::single_index(Link::new("0", |_| 0.0));
    let nothing = Problem { target: zero, ..problem(3) }.states(&options).err();
    assert_eq!(nothing, Some(PredictionError::LabelsVanish));
    // labels without second moment
    let heavy = Target::single_index(Link::new("exp z^2", |z| (z * z).exp()));
    let heavy = Problem { target: heavy, ..problem(3) }.states(&options).err();
    assert_eq!(heavy, Some(PredictionError::NotFinite { quantity: "E y^2" }));
}

/// All stages from one pass: those of one and two steps are the predictions on their own, the later
/// ones agree with them to the accuracy of the nodes.
#[test]
fn one_pass_for_all_stages() {
    let changed = |prediction: &Prediction| {
        prediction.indicators.iter().find(|i| i.name == Indicator::QUADRATURE).unwrap().value
    };
    for (batches, allowed) in [(BatchPolicy::Independent, 1e-4), (BatchPolicy::Reused, 5e-3)] {
        let problem = Problem { batches, ..problem(4) };
        let options = Options::default();
        let stages = problem.predictions(&options).unwrap();
        assert_eq!(stages.len(), 4);
        for (stage, steps) in stages.iter().zip(1..) {
            let stage = stage.as_ref().unwrap();
            let step_sizes = problem.step_sizes[..steps].to_vec();
            let alone = Problem { step_sizes, ..problem.clone() }.predict(&options).unwrap();
            let [values, overlaps] = stage.change_from(&alone);
            println!(
                "{batches} {steps}: {values:.1e} {overlaps:.1e}, nodes {:.1e}",
                changed(stage)
            );
            let allowed = if steps <= 2 { 0.0 } else { allowed };
            assert!(values <= allowed && overlaps <= allowed, "{values} {overlaps}");
            assert_eq!(stage.bulk_model, alone.bulk_model);
            assert!(changed(stage) < 1e-2);
        }
    }
    assert!(problem(0).predictions(&Options::default()).is_err());
}

/// A stage that cannot be predicted does not take those before it away.
#[test]
fn failed_stages_leave_the_others() {
    let mut problem = problem(4);
    problem.step_sizes[3] = 1e300;
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        let problem = Problem { batches, ..problem.clone() };
        let options = Options { node_factor: 0.25, compare_nodes: false, ..Options::default() };
        let stages = problem.predictions(&options).unwrap();
        assert!(stages[..3].iter().all(Result::is_ok));
        assert!(matches!(stages[3], Err(PredictionError::NotFinite { .. })), "{:?}", stages[3]);
    }
}

/// Without a step nothing happens, whatever the policy and the number of steps.
#[test]
fn steps_of_size_zero() {
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        for steps in [3, 10] {
            let options = Options { node_factor: 0.25, ..Options::default() };
            let still = Problem { batches, step_sizes: vec![0.0; steps], ..problem(3) };
            let prediction = still.predict(&options).unwrap();
            assert!(prediction.outliers.is_empty());
            assert!((prediction.edge - (1.0 + 2_f64.sqrt())).abs() < 1e-7);
            // nor between other steps
            let step_sizes = vec![20.0, 0.0, 20.0, 0.0];
            let paused = Problem { batches, step_sizes, ..problem(3) };
            let taken = Problem { batches, step_sizes: vec![20.0, 20.0, 0.0], ..problem(3) };
            let isotropic = Options { bulk_model: BulkModel::Isotropic, ..options };
            let [paused, taken] = [paused, taken].map(|p| p.predict(&isotropic).unwrap());
            let [values, overlaps] = paused.change_from(&taken);
            assert!(values < 6e-3 && overlaps < 5e-3, "{batches}: {values} {overlaps}");
        }
    }
}

/// More right vectors than half of the usual types, and a law of b that is given by its quantiles.
#[test]
fn many_right_vectors() {
    let logistic = |u: f64| 3_f64.sqrt() / std::f64::consts::PI * (u / (1.0 - u)).ln();
    let logistic = CustomLaw::quantile("logistic", logistic).unwrap();
    for second_layer in [SecondLayerLaw::Gaussian, SecondLayerLaw::Custom(logistic)] {
        let problem = Problem { second_layer, ..problem(3) };
        let options = |node_factor, tolerance| Options {
            node_factor,
            tolerance,
            compare_nodes: false,
            ..Options::default()
        };
        let [few, many] =
            [options(0.5, 5e-3), options(0.5, 1e-14)].map(|o| problem.predict(&o).unwrap());
        // (the edge of an unbounded law moves with its outermost node)
        let first = |p: &Prediction| p.outliers[0].singular_value;
        let change = (first(&many) / first(&few) - 1.0).abs();
        assert!(change < 3e-2, "{change}");
    }
}

/// Random settings, three to ten steps, widths from 100 to a million: no panic, no NaN, overlaps
/// between 0 and 1, outliers above the edge and decreasing.
#[test]
fn random_settings_are_sane() {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let activations = [
        Sine { amplitude: 1.6, phase: 0.7 }.shared(),
        Tanh { scale: 2.0, shift: 0.5 }.shared(),
        Relu.shared(),
        Gelu.shared(),
    ];
    let cosine = Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap();
    let targets = [
        Target::single_index(Link::from_activation(Tanh::default())),
        Target::single_index(cosine),
        Target::single_index(Link::new("sign", f64::signum).with_kinks([0.0])),
        Target::single_index(Link::hermite([0.0, 1.0])),
        Target::multi_index("two", 2, |z| z[0].tanh() * z[1] + 0.3 * z[0]),
    ];
    let policies = [
        BatchPolicy::Independent,
        BatchPolicy::Reused,
        BatchPolicy::PartlyReused { fraction: 0.4 },
    ];
    let mut refused = 0;
    for round in 0..24 {
        let pick = |n: usize, u: f64| ((u * n as f64) as usize).min(n - 1);
        let width = (100.0 * 1e4_f64.powf(uniform())) as usize;
        let scale = |u: f64| (width as f64 * 0.2 * 25_f64.powf(u)).max(2.0) as usize;
        let steps = 3 + pick(8, uniform());
        // one in six takes steps that no one should take
        let wild = round % 6 == 5;
        let mut eta = || {
            let size = 3.0 * uniform() * (width as f64).powf(0.45 * uniform());
            if wild { size * 1e3_f64.powf(uniform()) } else { size }
        };
        let step_sizes = (0..steps).map(|t| if t % 4 == 3 { 0.0 } else { eta() }).collect();
        let second_layer = match pick(4, uniform()) {
            0 => SecondLayerLaw::Gaussian,
            1 => SecondLayerLaw::Rademacher,
            2 if width < 5000 => {
                SecondLayerLaw::Fixed((0..width).map(|_| 3.0 * uniform() - 1.4).collect())
            }
            _ => SecondLayerLaw::Uniform,
        };
        let setting = Problem {
            activation: activations[pick(activations.len(), uniform())].clone(),
            target: targets[pick(targets.len(), uniform())].clone().noise(uniform()),
            width,
            dimension: scale(uniform()),
            samples: scale(uniform()),
            step_sizes,
            batches: policies[pick(3, uniform())],
            second_layer,
        };
        let options = Options { node_factor: 0.2, right_vectors: 10, ..Options::default() };
        let prediction = match setting.predict(&options) {
            Ok(prediction) => prediction,
            Err(error) if wild => {
                println!("round {round}: {error}");
                refused += 1;
                continue;
            }
            Err(error) => panic!("round {round} {setting:?}: {error}"),
        };
        let edge = prediction.edge;
        assert!(edge.is_finite() && (0.0..edge).contains(&prediction.lower_edge));
        let mut last = f64::INFINITY;
        for outlier in &prediction.outliers {
            let value = outlier.singular_value;
            assert!(value > edge && value <= last, "round {round}: {value}");
            last = value;
            let overlaps = outlier.direction_overlaps.iter().chain(&outlier.left_overlaps);
            let mut overlaps = overlaps.chain([&outlier.target_overlap]);
            assert!(overlaps.all(|o| (0.0..=1.0).contains(o)), "round {round}: {outlier:?}");
        }
        let mut indicators = prediction.indicators.iter();
        assert!(indicators.all(|i| i.value.is_finite() && !i.sentence.is_empty()), "{round}");
    }
    assert!(refused < 8, "{refused}");
}
