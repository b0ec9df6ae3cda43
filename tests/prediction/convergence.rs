//! Has the prediction converged, at any width? How many outliers are there then, and do they follow
//! the exponents of docs/theory.md, section 2?
//!
//! `cargo test --release --test prediction -- --nocapture table_of_counts` prints the table of
//! docs/theory.md, section 6.

use linear_width::activation::{Activation, Relu, Softplus, Tanh};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{BulkModel, Indicator, Options, Prediction, Problem};
use linear_width::training::BatchPolicy;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// tanh(2 z + 1/2), link z, noise 0.1, N = 2d, n = 3d, steps 2 N^alpha.
fn setting(width: f64, alphas: [f64; 2], batches: BatchPolicy, law: SecondLayerLaw) -> Problem {
    Problem {
        activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
        target: Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1),
        width: width as usize,
        dimension: (width / 2.0) as usize,
        samples: (1.5 * width) as usize,
        step_sizes: alphas.iter().map(|alpha| 2.0 * width.powf(*alpha)).collect(),
        batches,
        second_layer: law,
    }
}

fn isotropic() -> Options {
    Options { bulk_model: BulkModel::Isotropic, ..Options::default() }
}

fn value(prediction: &Prediction, name: &str) -> (f64, bool) {
    let found = prediction.indicators.iter().find(|i| i.name == name).unwrap();
    (found.value, found.trusted)
}

/// Three laws, both policies, four widths, two pairs of exponents: the defaults have converged, no
/// outlier rests on few neurons, and the counts are those that the documents state.
#[test]
fn table_of_counts() {
    table(&isotropic());
}

#[test]
#[ignore = "a minute or two"]
fn table_of_counts_with_noise_from_data() {
    table(&Options::default());
}

fn table(options: &Options) {
    let laws = [SecondLayerLaw::Gaussian, SecondLayerLaw::Uniform, SecondLayerLaw::Rademacher];
    for (alphas, formula) in [([0.2, 0.4], 2), ([0.4, 0.45], 5)] {
        for law in &laws {
            for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
                let mut counts = Vec::new();
                for width in [1e4, 1e6, 1e9, 1e12] {
                    let setting = setting(width, alphas, batches, law.clone());
                    let p = setting.predict(options).unwrap();
                    let [(vectors, a), (nodes, b), (neurons, c)] =
                        [Indicator::TRUNCATION, Indicator::QUADRATURE, Indicator::FEW_NEURONS]
                            .map(|name| value(&p, name));
                    println!(
                        "{alphas:?} {law:?} {batches} N = {width:e}: {} outliers, weakest {:.3} of \
                         edge {:.3}; right vectors {:.2} %, nodes {:.2} %, {neurons:.0} neurons",
                        p.outliers.len(),
                        p.outliers.last().unwrap().singular_value,
                        p.edge,
                        100.0 * vectors,
                        100.0 * nodes
                    );
                    assert!(a && b && c, "{:?}", p.indicators);
                    counts.push(p.outliers.len());
                }
                match law {
                    // b has two values: two directions at most, whatever the exponents
                    SecondLayerLaw::Rademacher => assert_eq!(counts, [2; 4]),
                    // exponent of the first spike that must vanish: -0.2
                    _ if formula == 2 => assert_eq!(counts[2..], [2, 2]),
                    // -0.05: it has not vanished yet at any of these widths
                    _ => assert!(counts[3] > formula, "{counts:?}"),
                }
            }
        }
    }
}

/// The estimates that come with a prediction against one with everything finer.
#[test]
fn convergence_estimates_hold_against_a_finer_prediction() {
    let tanh = |width, law| setting(width, [0.4, 0.45], BatchPolicy::Reused, law);
    let mut list = vec![
        tanh(3e3, SecondLayerLaw::Gaussian),
        tanh(1e5, SecondLayerLaw::Gaussian),
        tanh(1e6, SecondLayerLaw::Uniform),
        tanh(1e12, SecondLayerLaw::Uniform),
    ];
    let cos = Link::new("cos(1.5z + 0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap();
    for activation in [
        Relu.shared(),
        Softplus { beta: 2.0, scale: 1.0 }.shared(),
        Tanh { scale: 4.0, shift: -0.3 }.shared(),
    ] {
        let mut other = setting(
            2e4,
            [0.35, 0.45],
            BatchPolicy::PartlyReused { fraction: 0.5 },
            SecondLayerLaw::Gaussian,
        );
        (other.activation, other.target) = (activation, Target::single_index(cos.clone()));
        list.push(other);
    }
    for setting in &list {
        let p = setting.predict(&isotropic()).unwrap();
        let [found, _] = setting.convergence(&isotropic()).unwrap();
        let (vectors, a) = value(&p, Indicator::TRUNCATION);
        let (nodes, b) = value(&p, Indicator::QUADRATURE);
        println!(
            "{:?}, N = {}: {:.4} %, estimated {:.4} + {:.4} %",
            setting.activation,
            setting.width,
            100.0 * found,
            100.0 * vectors,
            100.0 * nodes
        );
        assert!(a && b, "{setting:?}: {:?}", p.indicators);
        assert!(found <= vectors + nodes + 1e-5, "{setting:?}: {found:?}");
    }
}

/// Where few right vectors are allowed, the prediction says what it lacks, and that the count is a cap.
#[test]
fn convergence_names_a_cap() {
    let setting = setting(1e12, [0.4, 0.45], BatchPolicy::Reused, SecondLayerLaw::Gaussian);
    for right_vectors in [4, 6, 10] {
        let p = setting.predict(&Options { right_vectors, ..isotropic() }).unwrap();
        assert_eq!(p.outliers.len(), right_vectors);
        let found = p.indicators.iter().find(|i| i.name == Indicator::TRUNCATION).unwrap();
        assert!(!found.trusted && !p.is_trusted());
        assert!(found.sentence.contains("there may be more"), "{}", found.sentence);
    }
}

/// Between N = 1e12 and 1e15 the two outliers of alphas 0.2 and 0.4 grow with the exponents 0.4 and
/// 0.1 of (2.9).
#[test]
fn outliers_grow_with_their_exponents() {
    for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
        let [small, large] = [1e12, 1e15].map(|width| {
            let setting = setting(width, [0.2, 0.4], batches, SecondLayerLaw::Gaussian);
            setting.predict(&isotropic()).unwrap().outliers
        });
        for (k, exponent) in [0.4, 0.1].into_iter().enumerate() {
            let slope = (large[k].singular_value / small[k].singular_value).log10() / 3.0;
            assert!((slope - exponent).abs() < 0.002, "{batches} s_{}: {slope}", k + 1);
        }
    }
}

/// The outliers that come beyond the formula's count are those of a realised second layer too: its
/// values deviate from the law's by what so many neurons can tell.
#[test]
fn outliers_of_a_realised_second_layer_are_those_of_its_law() {
    let width = 20_000;
    let of = |law| setting(width as f64, [0.4, 0.45], BatchPolicy::Reused, law);
    let law = of(SecondLayerLaw::Gaussian).predict(&isotropic()).unwrap();
    assert!(law.outliers.len() >= 5);
    for seed in 0..3 {
        let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let b: Vec<f64> = (0..width).map(|_| StandardNormal.sample(&mut generator)).collect();
        let given = of(SecondLayerLaw::Fixed(b.into()));
        let one = given.predict(&Options { compare_nodes: false, ..isotropic() }).unwrap();
        for (k, (one, law)) in one.outliers.iter().zip(&law.outliers).enumerate() {
            let error = 1.0 / (law.neuron_share * width as f64).sqrt();
            let found = one.singular_value / law.singular_value - 1.0;
            println!("seed {seed} s_{}: {found:+.4}, {error:.4}", k + 1);
            assert!(found.abs() < 4.0 * error, "seed {seed} s_{}: {found}", k + 1);
        }
        assert!(one.outliers.len().abs_diff(law.outliers.len()) <= 1);
    }
}
