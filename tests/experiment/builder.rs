//! Every invalid setting of the builder, and the typed error it gives.

use linear_width::activation::{Activation, FnActivation, Tanh};
use linear_width::data::{Link, Target};
use linear_width::experiment::{ExperimentBuilder, RunError};
use linear_width::network::{Network, SecondLayerLaw};
use linear_width::spectral::OutlierRule;
use linear_width::theory::prediction::Options;
use linear_width::training::StepSize;
use linear_width::{Experiment, InvalidSetting};
use ndarray::{Array1, array};

fn link() -> Link {
    Link::hermite([0.0, 1.0])
}

/// Settings that build and run in milliseconds.
pub fn valid() -> ExperimentBuilder {
    Experiment::builder()
        .width(40)
        .dimension(30)
        .samples(50)
        .activation(Tanh::default())
        .target(Target::single_index(link()))
        .steps([StepSize::scaled(1.0, 0.3), StepSize::scaled(1.0, 0.4)])
}

/// The only problem of a builder that has exactly one.
fn problem(builder: ExperimentBuilder) -> InvalidSetting {
    let error = builder.build().expect_err("must be refused");
    assert_eq!(error.problems.len(), 1, "{error}");
    assert!(!error.to_string().is_empty());
    error.problems.into_iter().next().unwrap()
}

#[test]
fn builder_accepts_valid_settings() {
    assert!(valid().build().is_ok());
    assert!(valid().steps([3.0]).build().is_ok());
    assert!(valid().triplets(30).build().is_ok());
}

#[test]
fn builder_refuses_zero_sizes() {
    assert_eq!(problem(valid().width(0)), InvalidSetting::ZeroSize { name: "width" });
    assert_eq!(problem(valid().dimension(0)), InvalidSetting::ZeroSize { name: "dimension" });
    assert_eq!(problem(valid().samples(0)), InvalidSetting::ZeroSize { name: "samples" });
}

#[test]
fn builder_names_all_missing_settings_at_once() {
    let problems = Experiment::builder().build().unwrap_err().problems;
    for name in ["width", "dimension", "samples", "activation", "target"] {
        assert!(problems.contains(&InvalidSetting::Missing { name }), "{name}");
    }
    assert!(problems.contains(&InvalidSetting::NoSteps));
}

#[test]
fn builder_refuses_bad_step_sizes() {
    for alpha in [0.5, -0.1, 0.7, f64::NAN, f64::INFINITY] {
        let steps = [StepSize::scaled(1.0, 0.2), StepSize::scaled(1.0, alpha)];
        assert!(
            matches!(
                problem(valid().steps(steps)),
                InvalidSetting::StepSize { step: 2, parameter: "alpha", .. }
            ),
            "alpha = {alpha}"
        );
        let steps = [StepSize::scaled(1.0, alpha)];
        assert!(matches!(
            problem(valid().steps(steps)),
            InvalidSetting::StepSize { step: 1, parameter: "alpha", .. }
        ));
    }
    for constant in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            problem(valid().steps([constant])),
            InvalidSetting::StepSize { step: 1, parameter: "constant", .. }
        ));
    }
    assert_eq!(problem(valid().steps([0.0; 0])), InvalidSetting::NoSteps);
    let text = problem(valid().steps([StepSize::scaled(1.0, 0.5)])).to_string();
    assert!(text.contains("[0, 0.5)") && text.contains("0.5;"), "{text}");
}

#[test]
fn builder_refuses_bad_noise() {
    for noise in [-0.1, f64::NAN, f64::INFINITY] {
        let target = Target::single_index(link()).noise(noise);
        assert!(matches!(
            problem(valid().target(target)),
            InvalidSetting::OutOfRange { name: "target.noise", .. }
        ));
    }
}

#[test]
fn builder_refuses_bad_teacher_directions() {
    let with = |v: Array1<f64>| problem(valid().target(Target::single_index(link()).direction(v)));
    let mut e = Array1::zeros(30);
    assert!(matches!(with(e.clone()), InvalidSetting::NotNormalised { norm, .. } if norm == 0.0));
    e[0] = 2.0;
    assert!(matches!(with(e.clone()), InvalidSetting::NotNormalised { norm, .. } if norm == 2.0));
    e[0] = f64::NAN;
    assert!(matches!(with(e), InvalidSetting::NonFiniteEntry { .. }));
    assert!(matches!(with(array![1.0, 0.0]), InvalidSetting::Shape { .. }));

    let pair = || Target::multi_index("z1 z2", 2, |z| z[0] * z[1]);
    let mut b = ndarray::Array2::zeros((2, 30));
    b[[0, 0]] = 1.0;
    b[[1, 0]] = 0.6;
    b[[1, 1]] = 0.8;
    assert!(matches!(
        problem(valid().target(pair().directions(b))),
        InvalidSetting::NotOrthogonal { first: 0, second: 1, .. }
    ));
    let many = Target::multi_index("sum", 31, |z| z.iter().sum());
    assert!(matches!(
        problem(valid().target(many)),
        InvalidSetting::TooManyDirections { directions: 31, dimension: 30 }
    ));
    let none = Target::multi_index("0", 0, |_| 0.0);
    assert!(matches!(problem(valid().target(none)), InvalidSetting::ZeroSize { .. }));
}

#[test]
fn builder_refuses_bad_second_layers() {
    let given = |b: Array1<f64>| problem(valid().second_layer(SecondLayerLaw::Fixed(b)));
    assert!(matches!(given(Array1::zeros(39)), InvalidSetting::Shape { .. }));
    assert!(matches!(given(Array1::from_elem(40, f64::NAN)), InvalidSetting::NonFinite { .. }));
}

#[test]
fn builder_refuses_bad_triplet_counts() {
    for asked in [0, 31] {
        assert_eq!(
            problem(valid().triplets(asked)),
            InvalidSetting::TripletCount { asked, available: 30 }
        );
    }
}

#[test]
fn builder_refuses_bad_outlier_rules() {
    for rule in [
        OutlierRule::AboveEdge { edge: f64::NAN, margin: 0.1 },
        OutlierRule::AboveEdge { edge: -1.0, margin: 0.1 },
        OutlierRule::MarchenkoPastur { margin: -0.1 },
        OutlierRule::LargestGap { max_outliers: 4, factor: 0.0 },
        OutlierRule::TracyWidom { level: f64::NAN },
        OutlierRule::TracyWidom { level: 0.0 },
        OutlierRule::TracyWidom { level: 1.0 },
    ] {
        assert!(matches!(problem(valid().outlier_rule(rule)), InvalidSetting::OutOfRange { .. }));
    }
    for max_outliers in [10, usize::MAX] {
        let rule = OutlierRule::LargestGap { max_outliers, factor: 8.0 };
        let problem = problem(valid().outlier_rule(rule));
        assert!(matches!(problem, InvalidSetting::OutOfRange { .. }));
        assert_eq!(problem.path().unwrap(), "outlier_rule.largest_gap.max_outliers");
    }
    let rule = OutlierRule::LargestGap { max_outliers: 0, factor: 8.0 };
    assert!(matches!(problem(valid().outlier_rule(rule)), InvalidSetting::ZeroSize { .. }));
}

/// Whether the problem is one of the function that this setting holds.
fn function_of(problem: InvalidSetting, setting: &str) -> bool {
    let path = problem.path();
    let InvalidSetting::In { problem, .. } = problem else { return false };
    matches!(*problem, InvalidSetting::Function { .. }) && path.as_deref() == Some(setting)
}

#[test]
fn builder_refuses_functions_that_are_not_finite() {
    let log = FnActivation::new("log", f64::ln, f64::recip);
    assert!(function_of(problem(valid().activation(log)), "activation"));
    let bad_derivative = FnActivation::new("bad", |z| z, |_| f64::NAN);
    assert!(function_of(problem(valid().activation(bad_derivative)), "activation"));
    let root = Target::single_index(Link::new("sqrt", f64::sqrt));
    assert!(function_of(problem(valid().target(root)), "target.link"));
}

#[test]
fn memory_beyond_the_machine_is_a_typed_error() {
    let limited = problem(valid().memory_limit(1000));
    assert!(matches!(limited, InvalidSetting::Memory { .. }));
    assert!(limited.to_string().contains("1000 bytes"), "{limited}");
    // far beyond any address space, and just beyond any machine: nothing that needs the memory is
    // begun
    for (width, dimension) in [(usize::MAX, usize::MAX), (1 << 40, 1 << 20), (2, 1 << 45)] {
        let experiment = valid().width(width).dimension(dimension).triplets(1).build().unwrap();
        let run = experiment.run().unwrap_err();
        assert!(matches!(run, RunError::Invalid(InvalidSetting::Memory { .. })), "{run}");
        assert!(run.to_string().contains("GiB of memory are needed ("), "{run}");
        let network = experiment.networks::<f32>().next().unwrap().unwrap_err();
        assert!(matches!(network, RunError::Invalid(InvalidSetting::Memory { .. })), "{network}");
        let problem = experiment.initial_network::<f64>().unwrap_err();
        assert!(matches!(problem, InvalidSetting::Memory { .. }), "{problem}");
        let tanh = Tanh::default().shared();
        let random = Network::<f64>::random(width, dimension, tanh, 0);
        assert!(matches!(random, Err(InvalidSetting::Memory { .. })));
        if dimension >= 1 << 45 {
            assert!(experiment.teacher().is_none());
            let batch = experiment.batch(1).map(drop).unwrap_err();
            assert!(matches!(batch, InvalidSetting::Memory { .. }), "{batch}");
            assert!(experiment.test_batch(0, 5).is_err());
        }
    }
}

/// What needs no memory of the size of the weights goes through the builder at any size.
#[test]
fn predictions_need_no_memory_for_the_network() {
    let experiment = valid().width(1 << 40).dimension(1 << 39).samples(3 << 39).build().unwrap();
    let prediction = experiment.predict(2, &Options::default()).unwrap();
    assert!(prediction.outliers[0].target_overlap > 0.8);
    assert!(experiment.estimated_bytes() > 1 << 80);
}

#[test]
fn builder_reports_several_problems_together() {
    let error = valid().width(0).steps([f64::NAN]).triplets(3).build().unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
    assert_eq!(error.to_string().lines().count(), 3);
}
