//! The same seed gives the same bits: for any number of threads, in any tiling, and as long as
//! version, backend, instruction set and mathematical library are the same, on any machine. Every
//! test of the first promise stands here.
//!
//! The checksums of a release stand in golden/checksums-<version>.csv, a set of lines for each
//! instruction set. To make them for a new release, or for another instruction set, run
//! `cargo test --release --test determinism -- --nocapture` and take the lines it
//! prints. On a machine with AVX-512 the lines of AVX2 come from the same binary in an emulator:
//! `CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="qemu-x86_64 -cpu Haswell"` before the command.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::io::Write;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use fnv::FnvHasher;
use linear_width::activation::Tanh;
use linear_width::data::{Batch, Dataset, GeneratedBatch, Link, Target};
use linear_width::experiment::{ExperimentBuilder, Precision};
use linear_width::network::{Initialisation, Network, Scaling, SecondLayerLaw};
use linear_width::readout::Ridge;
use linear_width::spectral::{SingularTriplets, SpectrumMethod, leading_triplets};
use linear_width::theory::prediction::Options;
use linear_width::training::BatchPolicy;
use linear_width::{Report, Scalar, backend_name, instruction_set};
use ndarray::{Array1, Array2};

mod common;

const THREADS: [usize; 3] = [2, 3, 8];

/// Past the harness, which would hide it.
fn skip(why: &str) {
    // not through the macro, whose output the harness keeps
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

fn sum<T: Scalar>(numbers: impl IntoIterator<Item = T>) -> u64 {
    let mut hasher = FnvHasher::default();
    numbers.into_iter().for_each(|x| hasher.write(&x.as_f64().to_le_bytes()));
    hasher.finish()
}

fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn target() -> Target {
    Target::single_index(Link::hermite([0.0, 1.0, 0.5])).noise(0.1)
}

fn builder() -> ExperimentBuilder {
    common::small_experiment().keep_weights(true)
}

fn given() -> Dataset {
    // exact in any mathematical library
    let x = Array2::from_shape_fn((2000, 80), |(i, j)| ((i * 37 + j * j * 11) % 101) as f64 / 50.0);
    let y = Array1::from_shape_fn(2000, |i| x[[i, 0]] * x[[i, 1]]);
    Dataset::new(x, y).unwrap().standardised().unwrap()
}

/// Every number of a report.
fn numbers(report: &Report) -> Vec<f64> {
    let mut numbers: Vec<f64> =
        report.second_layer.iter().chain(&report.teacher).copied().collect();
    for stage in &report.stages {
        numbers.extend(&stage.singular_values);
        numbers.extend([stage.outliers.count as f64, stage.outliers.threshold]);
        numbers.extend(stage.weights.as_ref().unwrap());
        let prediction = stage.prediction.as_ref();
        numbers.extend(prediction.map(|prediction| prediction.edge));
        let predicted = prediction.into_iter().flat_map(|prediction| &prediction.outliers);
        for triplet in stage.triplets.iter().chain(predicted) {
            numbers.extend([triplet.singular_value, triplet.target_overlap]);
            numbers.extend(&triplet.direction_overlaps);
            numbers.extend(&triplet.left_overlaps);
        }
    }
    numbers
}

/// A checksum of everything that is computed; the release stores them.
fn checksums<T: Scalar>(precision: Precision) -> BTreeMap<&'static str, u64> {
    let partly = BatchPolicy::PartlyReused { fraction: 0.3 };
    let generated = builder().target(target()).precision(precision).batches(partly);
    let generated = generated.build().unwrap();
    let given = builder().data(given()).precision(precision).batches(BatchPolicy::Reused);
    let given = given.build().unwrap();

    let network = Network::<T>::new(
        Initialisation::Gaussian.draw(150, 90, 11).unwrap(),
        SecondLayerLaw::Uniform.draw(150, 11).unwrap(),
        Tanh { scale: 2.0, shift: 0.5 },
    );
    let network = network.unwrap().with_scaling(Scaling::Standard);
    let weights = network.first_layer().view();
    let batch = batch(90, 1900);
    let direction = network.descent_direction(&batch).unwrap();
    // with a limit of its own the search ends in an error where it would turn to the thin SVD
    let tolerance = if precision == Precision::F64 { 1e-10 } else { 1e-5 };
    let moved = &weights + &(&direction * T::of(40.0));
    let top = SingularTriplets::leading_within(moved.view(), 1, tolerance, Some(60)).unwrap();
    let values = |method: SpectrumMethod| sum(method.singular_values(weights).unwrap());
    let svd = SingularTriplets::all(weights).unwrap();
    let all =
        |t: SingularTriplets<T>| sum(t.left.into_iter().chain(t.singular_values).chain(t.right));
    let readout = |ridge: Ridge| {
        let path = ridge.intercept(true).fit(&network, &batch).unwrap();
        sum(path.readout(0.3).unwrap().weights().iter().copied())
    };
    let (x, y) = read::<T>(&batch, 1900);
    BTreeMap::from([
        ("run on generated data", sum(numbers(&generated.run().unwrap()))),
        ("run on given data", sum(numbers(&given.run().unwrap()))),
        ("generated batch", sum(x.into_iter().chain(y))),
        ("gradient", sum(direction)),
        ("top triplets", all(top)),
        ("all singular values", values(SpectrumMethod::Automatic)),
        ("all singular values, directly", values(SpectrumMethod::Direct)),
        ("thin decomposition", all(svd)),
        ("readout, primal", readout(Ridge::new().primal())),
        ("readout, dual", readout(Ridge::new().dual())),
    ])
}

/// Checksums of what the stored ones leave out: matrices of more than one block in each direction,
/// two steps in a row, and a test error.
fn further_checksums<T: Scalar>() -> [u64; 4] {
    let activation = Tanh { scale: 2.0, shift: 0.5 };
    let mut network = Network::<T>::random(331, 150, activation, 11).unwrap();
    let train = batch(150, 1900);
    for _ in 0..2 {
        network.gradient_step(&train, 7.0).unwrap();
    }
    let weights = network.first_layer();
    let triplets =
        |t: SingularTriplets<T>| sum(t.left.into_iter().chain(t.singular_values).chain(t.right));
    let top = leading_triplets(weights.view(), 4).unwrap();
    let readout = Ridge::new().fit(&network, &train).unwrap().readout(0.01).unwrap();
    let error = readout.test_error(&batch(150, 1700)).unwrap();
    [
        sum(weights.iter().copied()),
        triplets(top),
        triplets(SingularTriplets::all(weights.view()).unwrap()),
        sum([error.mean_square, error.standard_error]),
    ]
}

/// A checksum of a prediction for reused samples, at a width that no run here has.
fn prediction_checksum() -> u64 {
    let builder = builder().target(target()).width(3000).dimension(1500).samples(3000);
    let experiment = builder.batches(BatchPolicy::Reused).build().unwrap();
    let prediction = experiment.predict(2, &Options::default()).unwrap();
    let mut numbers = vec![prediction.edge];
    for outlier in &prediction.outliers {
        numbers.extend([outlier.singular_value, outlier.target_overlap]);
        numbers.extend(&outlier.left_overlaps);
    }
    sum(numbers)
}

fn both() -> BTreeMap<(&'static str, &'static str), u64> {
    let single =
        checksums::<f32>(Precision::F32).into_iter().map(|(name, sum)| ((name, "f32"), sum));
    let double =
        checksums::<f64>(Precision::F64).into_iter().map(|(name, sum)| ((name, "f64"), sum));
    single.chain(double).collect()
}

#[test]
fn bits_are_the_same_for_any_number_of_threads() {
    if backend_name() != "faer" {
        skip(&format!("no promise for {}, which has threads of its own", backend_name()));
        return;
    }
    let further =
        || (further_checksums::<f32>(), further_checksums::<f64>(), prediction_checksum());
    let (one, one_further) = (with_threads(1, both), with_threads(1, further));
    for threads in THREADS {
        let other = with_threads(threads, both);
        for (name, checksum) in &one {
            assert_eq!(other[name], *checksum, "{name:?} with {threads} threads");
        }
        assert_eq!(with_threads(threads, further), one_further, "{threads} threads");
    }
    let other = with_threads(2, || builder().seed(5).target(target()).build().unwrap().run());
    assert_ne!(sum(numbers(&other.unwrap())), one[&("run on generated data", "f64")]);
}

fn batch(dimension: usize, samples: usize) -> GeneratedBatch {
    GeneratedBatch::new(&target(), dimension, samples, 3).unwrap().with_index(1)
}

/// All samples, read `tile` at a time.
fn read<T: Scalar>(batch: &dyn Batch, tile: usize) -> (Array2<T>, Array1<T>) {
    let mut x = Array2::zeros((batch.samples(), batch.dimension()));
    let mut y = Array1::zeros(batch.samples());
    let rows = ndarray::Axis(0);
    let pieces = x.axis_chunks_iter_mut(rows, tile).zip(y.axis_chunks_iter_mut(rows, tile));
    for (k, (mut x, mut y)) in pieces.enumerate() {
        if size_of::<T>() == 4 {
            let mut single = (Array2::zeros(x.dim()), Array1::zeros(y.len()));
            batch.read_f32(k * tile, single.0.view_mut(), single.1.view_mut()).unwrap();
            x.assign(&single.0.mapv(|x| T::of(x.into())));
            y.assign(&single.1.mapv(|y| T::of(y.into())));
        } else {
            let mut double = (Array2::zeros(x.dim()), Array1::zeros(y.len()));
            batch.read(k * tile, double.0.view_mut(), double.1.view_mut()).unwrap();
            x.assign(&double.0.mapv(T::of));
            y.assign(&double.1.mapv(T::of));
        }
    }
    (x, y)
}

#[test]
fn generated_batch_is_the_same_in_any_tiling_and_for_any_number_of_threads() {
    fn check<T: Scalar>(batch: &GeneratedBatch) {
        let whole = with_threads(1, || read::<T>(batch, 1900));
        for threads in THREADS {
            for tile in [1, 7, 63, 64, 65, 100, 512, 1536] {
                let same = with_threads(threads, || read::<T>(batch, tile)) == whole;
                assert!(same, "{threads} threads, {tile} samples at a time");
            }
        }
    }
    check::<f32>(&batch(90, 1900));
    check::<f64>(&batch(90, 1900));
}

/// A checksum of the functions of the mathematical library that this machine has: the standard
/// library takes them from the C library, and their last digits differ between C libraries.
fn mathematical_library() -> u64 {
    let functions: [fn(f64) -> f64; 12] = [
        f64::exp,
        f64::exp2,
        f64::exp_m1,
        |x| f64::ln(x.abs()),
        |x| f64::ln_1p(x.abs()),
        f64::sin,
        f64::cos,
        f64::tanh,
        f64::sinh,
        f64::cosh,
        f64::atan,
        |x| f64::powf(x.abs(), 0.3),
    ];
    let single: [fn(f32) -> f32; 5] =
        [f32::exp, |x| f32::ln(x.abs()), f32::sin, f32::cos, f32::tanh];
    let points = || (1..=4000).map(|k| std::hint::black_box(f64::from(k) * 0.00437 - 8.7));
    let double = functions.iter().flat_map(|f| points().map(f));
    let single = single.iter().flat_map(|f| points().map(|x| f64::from(f(x as f32))));
    sum(double.chain(single))
}

#[test]
fn bits_are_those_of_the_stored_checksums() {
    if backend_name() != "faer" || cfg!(not(target_arch = "x86_64")) {
        let arch = std::env::consts::ARCH;
        skip(&format!("no promise from machine to machine for {} on {arch}", backend_name()));
        return;
    }
    let (set, library) = (instruction_set(), format!("{:016x}", mathematical_library()));
    let found = both();
    for ((name, precision), checksum) in &found {
        println!("\"{name}\",{precision},{set},{library},{checksum:016x}");
    }
    let name = format!("checksums-{}.csv", env!("CARGO_PKG_VERSION"));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(&name);
    let mut stored = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_path(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}; make it from the lines above"));
    let stored: Vec<[String; 5]> = stored.deserialize().collect::<Result<_, _>>().unwrap();
    assert_eq!(stored.len() % found.len(), 0, "{name} has lines of other quantities");
    let ours: Vec<_> = stored.iter().filter(|row| row[2] == set && row[3] == library).collect();
    if ours.is_empty() {
        skip(&format!(
            "{name} has no checksums for {set} with the mathematical library {library}; \
             the same bits are promised only where both are the same"
        ));
        return;
    }
    assert_eq!(ours.len(), found.len());
    let changed: Vec<String> = ours
        .iter()
        .filter(|row| {
            let checksum =
                found.iter().find(|((name, bits), _)| *name == row[0] && *bits == row[1]);
            checksum.map(|(_, checksum)| format!("{checksum:016x}")) != Some(row[4].clone())
        })
        .map(|row| format!("{} in {}", row[0], row[1]))
        .collect();
    assert!(changed.is_empty(), "other bits than {name} has: {}", changed.join(", "));
}

/// The matrix product of `faer` adds in blocks of 512 along the inner dimension, one fused
/// multiply-add after the other: so its bits depend neither on the sizes of the caches, by which it
/// cuts the other two dimensions, nor on AVX2 against AVX-512.
#[test]
fn product_bits_depend_on_no_block_shape() {
    if !["AVX-512", "AVX2 and FMA"].contains(&instruction_set()) {
        skip(&format!("no promise for {}", instruction_set()));
        return;
    }
    let entry = |i: usize, j: usize| ((i * 7919 + j * 104_729) % 1009) as f64 / 1009.0 - 0.5;
    for (rows, inner, columns) in [(40, 300, 50), (150, 1400, 90), (333, 1024, 170), (700, 520, 65)]
    {
        let (a, b) = (Mat::from_fn(rows, inner, entry), Mat::from_fn(inner, columns, entry));
        for par in [Par::Seq, Par::rayon(8)] {
            let mut c = Mat::<f64>::zeros(rows, columns);
            matmul(c.as_mut(), Accum::Replace, a.as_ref(), b.as_ref(), 1.0, par);
            for i in 0..rows {
                for j in 0..columns {
                    let mut total = 0.0;
                    for first in (0..inner).step_by(512) {
                        let mut block = 0.0;
                        for k in first..inner.min(first + 512) {
                            block = f64::mul_add(a[(i, k)], b[(k, j)], block);
                        }
                        total += block;
                    }
                    let at = (rows, inner, columns, i, j);
                    assert_eq!(c[(i, j)].to_bits(), f64::to_bits(total), "{par:?} {at:?}");
                }
            }
        }
    }
}
