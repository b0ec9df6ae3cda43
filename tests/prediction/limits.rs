//! What the prediction must do where the answer is known, and at random admissible settings.

use linear_width::InvalidSetting;
use linear_width::activation::{Activation, FnActivation, LeakyRelu, Relu, Sine, Softplus, Tanh};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{BulkModel, Options, Prediction, PredictionError, Problem};
use linear_width::training::BatchPolicy;
use std::sync::Arc;

struct Case {
    activation: Arc<dyn Activation>,
    target: Target,
}

impl Case {
    fn new(activation: Arc<dyn Activation>, target: Target) -> Self {
        Self { activation, target: target.noise(0.1) }
    }

    fn single(activation: Arc<dyn Activation>, link: Link) -> Self {
        Self::new(activation, Target::single_index(link))
    }

    fn setting(&self, batches: BatchPolicy, step_sizes: [f64; 2]) -> Problem {
        Problem {
            activation: self.activation.clone(),
            target: self.target.clone(),
            width: 3000,
            dimension: 1500,
            samples: 3000,
            step_sizes: step_sizes.to_vec(),
            batches,
            second_layer: SecondLayerLaw::Uniform,
        }
    }
}

fn sine() -> Arc<dyn Activation> {
    Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared()
}

fn shifted_tanh() -> Arc<dyn Activation> {
    Tanh { scale: 2.0, shift: 0.5 }.shared()
}

/// Exponential linear unit: a kink in the second derivative.
fn elu() -> Arc<dyn Activation> {
    let value = |x: f64| if x > 0.0 { x } else { x.exp_m1() };
    FnActivation::new("elu", value, |x| x.min(0.0).exp()).with_kinks([0.0]).shared()
}

/// tanh(1.5 z + 0.5), centred.
fn skewed() -> Link {
    Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap()
}

/// Information exponent 2, reuse exponent 1.
fn cosine() -> Link {
    Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap()
}

fn sign() -> Link {
    Link::new("sign", f64::signum).with_kinks([0.0])
}

const BOTH: [BatchPolicy; 2] = [BatchPolicy::Independent, BatchPolicy::Reused];
const ALL: [BatchPolicy; 3] =
    [BatchPolicy::Independent, BatchPolicy::Reused, BatchPolicy::PartlyReused { fraction: 0.4 }];
const MODELS: [BulkModel; 2] = [BulkModel::Isotropic, BulkModel::Structured];

fn options(bulk_model: BulkModel) -> Options {
    Options { bulk_model, ..Options::default() }
}

/// Level 1 without the correction of the target columns, as in docs/theory.md, section 5.
fn plain() -> Options {
    Options { target_column: false, ..options(BulkModel::Isotropic) }
}

fn run(setting: &Problem) -> Prediction {
    setting.predict(&plain()).unwrap()
}

#[test]
fn prediction_without_a_step_is_marchenko_pastur() {
    let case = Case::single(sine(), Link::from_activation(Tanh::default()));
    let (low, high) = (2_f64.sqrt() - 1.0, 2_f64.sqrt() + 1.0);
    let grid: Vec<f64> = (0..60).map(|i| 0.05 * f64::from(i)).collect();
    for (model, batches) in MODELS.into_iter().flat_map(|m| ALL.map(|b| (m, b))) {
        for eta in [0.0, 1e-9] {
            let setting = case.setting(batches, [eta, eta]);
            let prediction = setting.predict(&options(model)).unwrap();
            assert!(prediction.outliers.is_empty());
            assert!((prediction.edge - high).abs() < 1e-7, "{model:?}: {}", prediction.edge);
            assert!(
                (prediction.lower_edge - low).abs() < 1e-8,
                "{model:?}: {}",
                prediction.lower_edge
            );
            for (x, density) in grid.iter().zip(prediction.density(&grid).unwrap()) {
                let inside = (high * high - x * x) * (x * x - low * low);
                let exact =
                    if inside > 0.0 { inside.sqrt() / (std::f64::consts::PI * x) } else { 0.0 };
                assert!((density - exact).abs() < 1e-5, "{model:?} {x}: {density} {exact}");
            }
        }
    }
}

/// One weak step: the bulk is that of W_0 and the formulas of Benaych-Georges & Nadakuditi hold.
#[test]
fn prediction_of_one_weak_step_is_a_spiked_matrix() {
    let case = Case::single(sine(), Link::from_activation(Tanh::default()));
    for model in MODELS {
        for eta in [0.5, 2.5, 4.0, 20.0] {
            let setting = Problem {
                width: 100_000_000_000_000,
                dimension: 50_000_000_000_000,
                samples: 150_000_000_000_000,
                ..case.setting(BatchPolicy::Independent, [eta, 0.0])
            };
            let prediction = setting.predict(&options(model)).unwrap();
            let constants = &prediction;
            let norm = constants.beta_1_norm_squared.sqrt();
            let theta = eta * constants.c_1 * norm;
            let spike = linear_width::rmt::SpikedMatrix::new(2.0).unwrap().spike(theta).unwrap();
            let Some(spike) = spike else {
                assert!(prediction.outliers.is_empty());
                continue;
            };
            assert_eq!(prediction.outliers.len(), 1);
            let found = &prediction.outliers[0];
            let alignment = constants.c_1_target[0] / norm;
            assert!((found.singular_value / spike.singular_value - 1.0).abs() < 1e-6, "{model:?}");
            assert!((found.target_overlap - alignment * spike.right_overlap).abs() < 1e-5);
            assert!((found.left_overlaps[0] - spike.left_overlap).abs() < 1e-5);
        }
    }
}

#[test]
fn prediction_of_one_step_is_the_limit_of_a_small_second_step() {
    let case = Case::single(sine(), Link::from_activation(Tanh::default()));
    for batches in ALL {
        let one = run(&case.setting(batches, [20.0, 0.0]));
        let two = run(&case.setting(batches, [20.0, 1e-7]));
        assert_eq!((one.outliers.len(), two.outliers.len()), (1, 1));
        assert!(
            (one.outliers[0].singular_value / two.outliers[0].singular_value - 1.0).abs() < 1e-7
        );
        assert!((one.outliers[0].target_overlap - two.outliers[0].target_overlap).abs() < 1e-7);
    }
}

#[test]
fn reuse_does_not_matter_with_many_samples() {
    let case = Case::single(shifted_tanh(), skewed());
    let mut last = f64::INFINITY;
    for samples in [30_000, 300_000, 3_000_000] {
        let [fresh, reused] =
            BOTH.map(|batches| run(&Problem { samples, ..case.setting(batches, [20.0, 40.0]) }));
        let gap =
            (fresh.outliers[0].singular_value / reused.outliers[0].singular_value - 1.0).abs();
        assert!(gap < 0.2 * last, "{samples} {gap} {last}");
        last = gap;
    }
    assert!(last < 2e-3, "{last}");
}

#[test]
fn reuse_learns_beyond_information_exponent_one() {
    for model in MODELS {
        let case = Case::single(sine(), cosine());
        let run = |case: &Case, batches| {
            case.setting(batches, [33.0, 49.0]).predict(&options(model)).unwrap().outliers
        };
        let fresh = run(&case, BatchPolicy::Independent);
        let by_spikes = |o: &&linear_width::theory::prediction::Outlier| o.left_overlaps[1] > 0.3;
        assert!(fresh.len() >= 2);
        // with fresh batches no spike is aligned: exactly so at level 1 (below); at level 2 the
        // noise, which knows the batch, mixes in a little of the target at finite N
        assert!(fresh.iter().filter(by_spikes).all(|o| o.target_overlap < 0.02), "{fresh:?}");
        let reused = run(&case, BatchPolicy::Reused);
        assert!(reused.iter().any(|o| o.target_overlap > 0.2), "{reused:?}");
        // even links have no odd moment at all
        let even =
            Case::single(sine(), Link::new("cos", |z| (1.5 * z).cos()).without(&[0]).unwrap());
        let reused = run(&even, BatchPolicy::Reused);
        assert!(reused.iter().filter(by_spikes).all(|o| o.target_overlap < 1e-6), "{reused:?}");
    }
    // exactly zero at level 1
    let case = Case::single(sine(), cosine());
    let fresh = run(&case.setting(BatchPolicy::Independent, [33.0, 49.0]));
    assert!(fresh.outliers.iter().all(|o| o.target_overlap < 1e-6));
}

fn counts(
    case: &Case,
    law: &SecondLayerLaw,
    batches: BatchPolicy,
    alphas: (f64, f64),
) -> Vec<usize> {
    let at = |k: u32| {
        let width = 10usize.pow(k);
        let eta = |alpha: f64| 2.0 * (width as f64).powf(alpha);
        let setting = Problem {
            width,
            dimension: width / 2,
            samples: width / 2,
            second_layer: law.clone(),
            ..case.setting(batches, [eta(alphas.0), eta(alphas.1)])
        };
        run(&setting).outliers.len()
    };
    (2..=16).map(at).collect()
}

#[test]
fn outlier_count_settles_at_l_plus_one() {
    let case = Case::single(sine(), skewed());
    for batches in ALL {
        for (alphas, expected) in
            [((0.25, 0.3), 2), ((0.3, 0.45), 3), ((0.4, 0.25), 3), ((0.4, 0.45), 5)]
        {
            let counts = counts(&case, &SecondLayerLaw::Uniform, batches, alphas);
            assert!(
                counts[9..].iter().all(|&c| c == expected),
                "{batches:?} {alphas:?}: {counts:?}"
            );
            assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]), "{counts:?}");
        }
    }
}

#[test]
fn outlier_count_of_rademacher_entries_is_at_most_two() {
    let case = Case::single(sine(), skewed());
    for batches in BOTH {
        for alphas in [(0.3, 0.45), (0.4, 0.45)] {
            let counts = counts(&case, &SecondLayerLaw::Rademacher, batches, alphas);
            assert!(counts.iter().all(|&c| c <= 2) && counts[14] == 2, "{counts:?}");
        }
    }
}

#[test]
fn outlier_count_grows_with_the_second_step() {
    let case = Case::single(sine(), skewed());
    for alpha_1 in [0.2, 0.3, 0.4] {
        let mut last = 0;
        for i in 0..10 {
            let width = 10usize.pow(12);
            let eta = |alpha: f64| 2.0 * (width as f64).powf(alpha);
            let setting = Problem {
                width,
                dimension: width / 2,
                samples: width,
                ..case.setting(BatchPolicy::Independent, [eta(alpha_1), eta(0.05 * f64::from(i))])
            };
            let count = run(&setting).outliers.len();
            assert!(
                count >= last,
                "alpha_1 = {alpha_1}, alpha_2 = {}: {count} after {last}",
                0.05 * f64::from(i)
            );
            last = count;
        }
    }
}

#[test]
fn second_layer_entries_agree_with_their_law() {
    let case = Case::single(sine(), skewed());
    for batches in BOTH {
        let law = run(&case.setting(batches, [22.0, 49.0]));
        let half = 3f64.sqrt();
        let values = (0..3000).map(|i| half * ((2 * i + 1) as f64 / 3000.0 - 1.0)).collect();
        let realised = run(&Problem {
            second_layer: SecondLayerLaw::Fixed(values),
            ..case.setting(batches, [22.0, 49.0])
        });
        assert_eq!(law.outliers.len(), realised.outliers.len());
        assert!((law.edge / realised.edge - 1.0).abs() < 1e-5);
        for (a, b) in law.outliers.iter().zip(&realised.outliers) {
            assert!(
                (a.singular_value / b.singular_value - 1.0).abs() < 1e-5,
                "{} {}",
                a.singular_value,
                b.singular_value
            );
            assert!((a.left_overlaps[1] - b.left_overlaps[1]).abs() < 1e-5);
        }
    }
}

#[test]
fn target_of_one_direction_is_found_in_the_span_of_two() {
    let (c, s) = (0.6, 0.8);
    let curve = |z: f64| (1.5 * z + 0.5).tanh();
    let one = Case::single(sine(), Link::new("one", curve));
    let two = Target::multi_index("two", 2, move |z| curve(c * z[0] + s * z[1]));
    let three = Target::multi_index("three", 3, move |z| curve(c * z[0] + s * z[2]));
    let two = Case::new(sine(), two);
    let three = Case::new(sine(), three);
    for batches in BOTH {
        let column = Options { target_column: true, ..plain() };
        // the comparison of nodes would double the seconds that three directions take
        let structured = Options { compare_nodes: false, ..options(BulkModel::Structured) };
        for options in [plain(), column, structured] {
            let [a, b, d] = [&one, &two, &three]
                .map(|case| case.setting(batches, [15.0, 40.0]).predict(&options).unwrap());
            assert!(a.outliers.len() == b.outliers.len() && a.outliers.len() == d.outliers.len());
            for ((a, b), d) in a.outliers.iter().zip(&b.outliers).zip(&d.outliers) {
                assert!((a.singular_value / b.singular_value - 1.0).abs() < 1e-4);
                assert!((a.singular_value / d.singular_value - 1.0).abs() < 5e-4);
                assert!(
                    (a.target_overlap - b.target_overlap).abs() < 1e-4
                        && (a.target_overlap - d.target_overlap).abs() < 5e-4
                );
                assert!((b.direction_overlaps[0] - c * b.target_overlap).abs() < 1e-3);
                assert!(d.direction_overlaps[1] < 1e-6);
            }
        }
    }
}

#[test]
fn prediction_refuses_nonsensical_settings() {
    let case = Case::single(sine(), skewed());
    let good = case.setting(BatchPolicy::Reused, [22.0, 49.0]);
    let refused = |setting: Problem| setting.predict(&Options::default()).unwrap_err();
    let with = |target: Target| refused(Problem { target, ..good.clone() });
    let noisy = Target::single_index(skewed()).noise(-1.0);
    assert_eq!(
        with(noisy),
        PredictionError::Invalid(InvalidSetting::OutOfRange {
            name: "target.noise",
            value: -1.0,
            allowed: "a finite number, 0 or more"
        })
    );
    assert_eq!(
        refused(Problem { dimension: 0, ..good.clone() }),
        PredictionError::Invalid(InvalidSetting::ZeroSize { name: "dimension" })
    );
    for eta in [f64::NAN, -1.0, f64::INFINITY] {
        let error = refused(Problem { step_sizes: vec![eta, 1.0], ..good.clone() });
        assert!(matches!(error, PredictionError::Invalid(InvalidSetting::OutOfRange { .. })));
    }
    for b in [vec![1.0], vec![0.0; 3000], vec![f64::NAN; 3000]] {
        let second_layer = SecondLayerLaw::Fixed(b.into());
        let error = refused(Problem { second_layer, ..good.clone() });
        assert!(matches!(error, PredictionError::Invalid(_)), "{error}");
    }
    let zero = Target::single_index(Link::new("0", |_| 0.0));
    assert_eq!(with(zero), PredictionError::LabelsVanish);
    let pole = Target::single_index(Link::new("1/0", |z| 1.0 / (z - z)));
    assert!(with(pole).to_string().contains("not finite"));
    let four = Target::multi_index("four", 4, |z| z[3]);
    assert!(matches!(with(four), PredictionError::Invalid(_)));
    for options in [
        Options { right_vectors: 0, ..Options::default() },
        Options { linear_terms: 4, ..Options::default() },
    ] {
        assert!(matches!(good.predict(&options), Err(PredictionError::Invalid(_))));
    }
}

/// Random admissible settings: no panic, no NaN, overlaps in [0, 1], outliers above the edge and
/// decreasing.
#[test]
fn prediction_of_random_settings_is_sane() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let activations = [
        sine(),
        shifted_tanh(),
        Softplus { beta: 2.0, scale: 2.0 }.shared(),
        Relu.shared(),
        LeakyRelu { slope: 0.1 }.shared(),
        elu(),
        Tanh::default().shared(),
    ];
    for round in 0..80 {
        let pick = |n: usize, u: f64| ((u * n as f64) as usize).min(n - 1);
        let activation = activations[pick(activations.len(), uniform())].clone();
        let target = match pick(6, uniform()) {
            0 => Target::single_index(Link::from_activation(Tanh::default())),
            1 => Target::single_index(cosine()),
            2 => Target::single_index(Link::hermite([0.0, 0.0, 1.0])),
            3 => Target::single_index(sign()),
            4 => Target::single_index(Link::hermite([0.0, 1.0])),
            _ => Target::multi_index("two", 2, |z| z[0].tanh() * z[1] + 0.3 * z[0]),
        };
        let noise = if uniform() < 0.3 { 0.0 } else { uniform() };
        let case = Case { activation, target: target.noise(noise) };
        let width = (50.0 * 200f64.powf(uniform())) as usize;
        let scale = |u: f64| ((width as f64) * 0.2 * 25f64.powf(u)).max(1.0) as usize;
        let batches = ALL[pick(3, uniform())];
        let eta = |u: f64, v: f64| 4.0 * u * (width as f64).powf(0.49 * v);
        let step_sizes = [
            eta(uniform(), uniform()),
            if uniform() < 0.1 { 0.0 } else { eta(uniform(), uniform()) },
        ];
        let second_layer = match pick(4, uniform()) {
            0 => SecondLayerLaw::Gaussian,
            1 => SecondLayerLaw::Uniform,
            2 => SecondLayerLaw::Rademacher,
            _ => SecondLayerLaw::Fixed((0..width).map(|_| 3.0 * uniform() - 1.4).collect()),
        };
        let setting = Problem {
            dimension: scale(uniform()),
            samples: scale(uniform()),
            width,
            second_layer,
            ..case.setting(batches, step_sizes)
        };
        let bulk_model = MODELS[pick(2, uniform())];
        let target_column = uniform() < 0.5;
        // several directions with structured noise take seconds: in half of the rounds
        let several = setting.target.direction_count() > 1;
        let slow = several && round % 2 == 0;
        let bulk_model = if slow { BulkModel::Isotropic } else { bulk_model };
        // an indicator of its own, which the quick rounds show
        let compare_nodes = !(several && bulk_model == BulkModel::Structured);
        let options = Options { target_column, compare_nodes, ..options(bulk_model) };
        let prediction = setting
            .predict(&options)
            .unwrap_or_else(|error| panic!("round {round} {setting:?}: {error}"));
        let edge = prediction.edge;
        let low = prediction.lower_edge;
        assert!(edge.is_finite() && low >= 0.0 && low < edge, "round {round}: {low} {edge}");
        let mut last = f64::INFINITY;
        for outlier in &prediction.outliers {
            assert!(
                outlier.singular_value > edge && outlier.singular_value <= last,
                "round {round}: {}",
                outlier.singular_value
            );
            last = outlier.singular_value;
            let all = outlier
                .direction_overlaps
                .iter()
                .chain(&outlier.left_overlaps)
                .chain([&outlier.target_overlap]);
            assert!(all.clone().all(|o| (0.0..=1.0).contains(o)), "round {round}: {outlier:?}");
        }
        let grid: Vec<f64> = (0..8).map(|i| edge * f64::from(i) / 6.5).collect();
        assert!(
            prediction.density(&grid).unwrap().iter().all(|d| d.is_finite() && *d >= 0.0),
            "round {round}"
        );
        assert!(
            prediction.indicators.iter().all(|i| i.value.is_finite() && !i.sentence.is_empty()),
            "round {round}"
        );
    }
}

/// Doubling every node count changes nothing in the fourth digit, for smooth and for kinked
/// activations and links.
#[test]
fn nodes_by_default_are_enough_for_isotropic_noise() {
    let activations = [sine(), Relu.shared(), LeakyRelu { slope: 0.1 }.shared(), elu()];
    for activation in activations {
        for link in [skewed(), sign(), cosine()] {
            let case = Case::single(activation.clone(), link);
            for batches in BOTH {
                let setting = case.setting(batches, [22.0, 49.0]);
                let [values, overlaps] = setting.convergence(&plain()).unwrap();
                assert!(values < 3e-5 && overlaps < 1e-4, "{setting:?}: {values} {overlaps}");
            }
        }
    }
}

/// The same for noise from data. The cut of the sample weights is a quantile of a discrete law,
/// which moves edge and weak outliers a little more.
#[test]
fn nodes_by_default_are_enough_for_structured_noise() {
    for activation in [sine(), Relu.shared()] {
        for batches in BOTH {
            let case = Case::single(activation.clone(), skewed());
            let setting = case.setting(batches, [22.0, 49.0]);
            let [values, overlaps] = setting.convergence(&Options::default()).unwrap();
            assert!(values < 5e-4 && overlaps < 5e-3, "{setting:?}: {values} {overlaps}");
        }
    }
}
