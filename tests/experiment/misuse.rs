//! Ways to use the crate wrongly, one a line: each gives a typed error, or a note in the report, that
//! says what is wrong. None panics and none is silent.

use std::error::Error;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::builder::valid;
use linear_width::activation::{FnActivation, HermiteSeries, Tanh};
use linear_width::data::{Batch, CustomLaw, Dataset, GeneratedBatch, Link, Target};
use linear_width::experiment::{ExperimentBuilder, Precision, RunOptions};
use linear_width::network::{Network, Scaling, SecondLayerLaw};
use linear_width::quadrature::gaussian_expectation;
use linear_width::readout::{Features, LinearFeatures, Ridge};
use linear_width::rmt::MarchenkoPastur;
use linear_width::spectral::{
    Histogram, OutlierRule, leading_triplets, overlap, principal_overlaps, singular_values,
};
use linear_width::theory::OutlierCount;
use linear_width::theory::prediction::Options;
use linear_width::training::{BatchPolicy, StepSize};
use linear_width::{Experiment, InvalidSetting, Report};
use ndarray::{Array1, Array2, ArrayViewMut1, ArrayViewMut2, array};

/// What was done, what the answer must say, and the answer.
type Misuse = (&'static str, &'static str, Box<dyn Fn() -> String>);

fn case(what: &'static str, says: &'static str, answer: impl Fn() -> String + 'static) -> Misuse {
    (what, says, Box::new(answer))
}

/// The text of the error; empty when there is none.
fn error<T, E: Error>(result: Result<T, E>) -> String {
    result.err().map_or(String::new(), |error| error.to_string())
}

fn single() -> Target {
    Target::single_index(Link::hermite([0.0, 1.0]))
}

fn pair(f: impl Fn(&[f64]) -> f64 + Send + Sync + 'static) -> Target {
    Target::multi_index("pair", 2, f)
}

fn built() -> Experiment {
    valid().build().unwrap()
}

fn report(builder: ExperimentBuilder) -> Report {
    builder.build().unwrap().run().unwrap()
}

fn sines(samples: usize, dimension: usize) -> Array2<f64> {
    Array2::from_shape_fn((samples, dimension), |(i, j)| {
        2_f64.sqrt() * ((1 + i * (j + 2)) as f64).sin()
    })
}

fn data(samples: usize, dimension: usize) -> Dataset {
    let x = sines(samples, dimension);
    let y = &x.column(0) * &x.column(1);
    Dataset::new(x, y).unwrap()
}

/// An experiment on given data in place of a target.
fn on(data: Dataset) -> ExperimentBuilder {
    let builder = Experiment::builder().width(40).activation(Tanh::default());
    builder.steps([2.0, 2.0]).batches(BatchPolicy::Reused).data(data)
}

fn network(width: usize, dimension: usize) -> Network<f64> {
    Network::random(width, dimension, Tanh::default(), 3).unwrap()
}

fn generated(samples: usize, dimension: usize) -> GeneratedBatch {
    GeneratedBatch::new(&single(), dimension, samples, 1).unwrap()
}

fn read(batch: &dyn Batch, first: usize, count: usize, dimension: usize) -> String {
    let (mut x, mut y) = (Array2::zeros((count, dimension)), Array1::zeros(count));
    error(batch.read(first, x.view_mut(), y.view_mut()))
}

/// A batch of one's own that is empty.
struct Nothing;

impl Batch for Nothing {
    fn samples(&self) -> usize {
        0
    }
    fn dimension(&self) -> usize {
        4
    }
    fn read(
        &self,
        _: usize,
        _: ArrayViewMut2<'_, f64>,
        _: ArrayViewMut1<'_, f64>,
    ) -> Result<(), InvalidSetting> {
        Ok(())
    }
}

fn settings_of_the_builder() -> Vec<Misuse> {
    vec![
        case("nothing is set", "width was not given", || error(Experiment::builder().build())),
        case("width 0", "width is 0", || error(valid().width(0).build())),
        case("dimension 0", "dimension is 0", || error(valid().dimension(0).build())),
        case("samples 0", "samples is 0", || error(valid().samples(0).build())),
        case("no steps", "no gradient steps", || error(valid().steps([0.0; 0]).build())),
        case("exponent 0.5", "must lie in [0, 0.5)", || {
            error(valid().steps([StepSize::scaled(1.0, 0.5)]).build())
        }),
        case("exponent NaN", "alpha of step 1 is NaN", || {
            error(valid().steps([StepSize::scaled(1.0, f64::NAN)]).build())
        }),
        case("a negative step", "constant of step 2 is -1", || {
            error(valid().steps([1.0, -1.0]).build())
        }),
        case("a step of NaN", "constant of step 1 is NaN", || {
            error(valid().steps([f64::NAN]).build())
        }),
        case("an infinite step", "constant of step 1 is inf", || {
            error(valid().steps([f64::INFINITY]).build())
        }),
        case("a step that overflows", "the step size eta is inf", || {
            error(valid().steps([StepSize::scaled(1e308, 0.4)]).build())
        }),
        case("a schedule that panics", "the schedule of steps panicked", || {
            let sizes = [1.0, 2.0];
            error(valid().steps((0..3).map(move |t| sizes[t])).build())
        }),
        case("a schedule that divides by 0", "constant of step 1 is NaN", || {
            error(valid().steps((0..2).map(|t| f64::from(t) / f64::from(t))).build())
        }),
        case("negative noise", "target.noise is -0.1", || {
            error(valid().target(single().noise(-0.1)).build())
        }),
        case("noise NaN", "target.noise is NaN", || {
            error(valid().target(single().noise(f64::NAN)).build())
        }),
        case("no triplets", "0 singular triplets", || error(valid().triplets(0).build())),
        case("more triplets than there are", "min(N, d) = 30", || {
            error(valid().triplets(31).build())
        }),
        case("power 1000 of a", "second_layer_powers is 1000", || {
            error(valid().second_layer_powers(1000).build())
        }),
        case("a negative margin", "outlier_rule.marchenko_pastur.margin is -0.1", || {
            error(valid().outlier_rule(OutlierRule::MarchenkoPastur { margin: -0.1 }).build())
        }),
        case("an edge of NaN", "outlier_rule.above_edge.edge is NaN", || {
            let rule = OutlierRule::AboveEdge { edge: f64::NAN, margin: 0.1 };
            error(valid().outlier_rule(rule).build())
        }),
        case("a level of 1", "outlier_rule.tracy_widom.level is 1", || {
            error(valid().outlier_rule(OutlierRule::TracyWidom { level: 1.0 }).build())
        }),
        case(
            "more outliers than the gap rule can see",
            "outlier_rule.largest_gap.max_outliers is 10",
            || {
                let rule = OutlierRule::LargestGap { max_outliers: 10, factor: 8.0 };
                error(valid().outlier_rule(rule).build())
            },
        ),
        case("a second layer of another length", "second_layer.fixed has shape 39", || {
            error(valid().second_layer(SecondLayerLaw::Fixed(Array1::ones(39))).build())
        }),
        case("a second layer with NaN", "a non-finite entry in second_layer.fixed", || {
            let b = Array1::from_elem(40, f64::NAN);
            error(valid().second_layer(SecondLayerLaw::Fixed(b)).build())
        }),
        case("a second layer of zeros", "step 1 changed nothing: its gradient is 0", || {
            let b = SecondLayerLaw::Fixed(Array1::zeros(40));
            report(valid().second_layer(b).with_prediction(false)).to_string()
        }),
        case("a reused fraction of 1.5", "batches.partly_reused.fraction is 1.5", || {
            error(valid().batches(BatchPolicy::PartlyReused { fraction: 1.5 }).build())
        }),
        case("a reused fraction of NaN", "batches.partly_reused.fraction is NaN", || {
            error(valid().batches(BatchPolicy::PartlyReused { fraction: f64::NAN }).build())
        }),
        case("more memory than allowed", "the memory limit is 1000 bytes", || {
            error(valid().memory_limit(1000).build())
        }),
        case("more memory than there is", "GiB of memory are needed", || {
            error(valid().width(1_000_000_000_000).build().unwrap().run())
        }),
        case("0 right vectors", "right_vectors is 0", || {
            let options = Options { right_vectors: 0, ..Options::default() };
            error(valid().prediction_options(options).build())
        }),
        case("no nodes", "node_factor is 0", || {
            let options = Options { node_factor: 0.0, ..Options::default() };
            error(valid().prediction_options(options).build())
        }),
    ]
}

fn functions() -> Vec<Misuse> {
    let link = |f: fn(f64) -> f64| valid().target(Target::single_index(Link::new("g", f)));
    let law = |f: fn(f64) -> f64| error(CustomLaw::quantile("Q", f));
    vec![
        case("a link that reads a third projection of two", "the link pair panicked", || {
            error(valid().target(pair(|z| z[0] + z[2])).build())
        }),
        case("the same, predicted without a builder", "index out of bounds", || {
            error(pair(|z| z[2]).realised_directions(30, 0))
        }),
        case("a link that panics", "the link g panicked when it was tried: no", move || {
            error(link(|_| panic!("no")).build())
        }),
        case("a link 1/z", "not finite at z = 0", move || error(link(f64::recip).build())),
        case("a link ln z", "not finite", move || error(link(f64::ln).build())),
        case("a link of NaN", "not finite", move || error(link(|_| f64::NAN).build())),
        case("ln of the first of two projections", "not finite", || {
            error(valid().target(pair(|z| z[0].ln() * z[1])).build())
        }),
        case("a constant link", "information exponent none (the link is constant)", move || {
            report(link(|_| 1.5)).to_string()
        }),
        case("an even link and a reused batch", "reuse exponent none (the link is even)", || {
            let even = Target::single_index(Link::hermite([0.0, 0.0, 1.0]));
            report(valid().target(even).batches(BatchPolicy::Reused)).to_string()
        }),
        case("removing parts of 1/z", "not finite at z = 0", || {
            error(Link::new("1/z", f64::recip).without(&[0, 1]))
        }),
        case("an activation that panics", "the activation steep panicked", || {
            let steep = FnActivation::new("steep", |z| [z][usize::from(z > 3.0)], |_| 1.0);
            error(valid().activation(steep).build())
        }),
        case("an activation ln z", "not finite", || {
            error(valid().activation(FnActivation::from_formula("ln", |z| z.ln())).build())
        }),
        case("a derivative of NaN", "not finite", || {
            error(valid().activation(FnActivation::new("bad", |z| z, |_| f64::NAN)).build())
        }),
        case("an even activation", "all vanish: c_1 = 0", || {
            report(valid().activation(HermiteSeries::new([0.0, 0.0, 1.0]))).to_string()
        }),
        case("an odd activation", "k = 1 vanishes: c_2 = 0", || {
            let steps = [StepSize::scaled(1.0, 0.3), StepSize::scaled(1.0, 0.45)];
            report(valid().steps(steps)).to_string()
        }),
        case("probabilities that sum to 0.9", "sum of probabilities", || {
            error(CustomLaw::discrete("two", [(1.0, 0.5), (-1.0, 0.4)]))
        }),
        case("a law of mean 1/2", "the mean of the law coin is 0.5", || {
            error(CustomLaw::discrete("coin", [(0.0, 0.5), (1.0, 0.5)]))
        }),
        case("a law without values", "sum of probabilities", || {
            error(CustomLaw::discrete("none", Vec::<(f64, f64)>::new()))
        }),
        case("a quantile function that decreases", "must not decrease", move || law(|u| -u)),
        case("a quantile function that panics", "panicked", move || law(|_| panic!("no"))),
        case("a sampler of NaN", "non-finite", || error(CustomLaw::sampled("nan", |_| f64::NAN))),
        case("a sampler that panics", "the law bad panicked", || {
            error(CustomLaw::sampled("bad", |_| panic!("no")))
        }),
        case("a sampler of variance 4", "the variance of the law coin", || {
            error(CustomLaw::sampled(
                "coin",
                |rng| if rng.next_u32() % 2 == 0 { 2.0 } else { -2.0 },
            ))
        }),
    ]
}

fn directions() -> Vec<Misuse> {
    let along = |v: Array1<f64>| error(valid().target(single().direction(v)).build());
    vec![
        case("a direction of length 2", "norm 2", move || {
            along(Array1::from_shape_fn(30, |i| if i == 0 { 2.0 } else { 0.0 }))
        }),
        case("a direction of the wrong dimension", "must be 1 x 30", move || along(array![1.0])),
        case("a direction with NaN", "row 0, column 0 of target.directions", move || {
            along(Array1::from_elem(30, f64::NAN))
        }),
        case("the same direction twice", "inner product 1", || {
            let twice = Array2::from_shape_fn((2, 30), |(_, k)| if k == 0 { 1.0 } else { 0.0 });
            error(valid().target(pair(|z| z[0] * z[1]).directions(twice)).build())
        }),
        case("more directions than dimensions", "31 orthonormal directions do not fit", || {
            let target = Target::multi_index("sum", 31, |z| z.iter().sum());
            error(valid().target(target).build())
        }),
        case("no directions", "the number of directions is 0", || {
            let target = Target::multi_index("none", 0, |_| 0.0);
            error(valid().target(target).build())
        }),
    ]
}

fn runs() -> Vec<Misuse> {
    vec![
        case("a step of size 0", "step 1 changed nothing: its step size is 0", || {
            report(valid().steps([0.0, 1.0])).to_string()
        }),
        case("a step below rounding", "step 1 changed W by less than rounding", || {
            report(valid().steps([1e-30]).with_prediction(false)).to_string()
        }),
        case("a step below rounding in 32 bits", "by less than rounding", || {
            report(valid().steps([1e-12]).precision(Precision::F32).with_prediction(false))
                .to_string()
        }),
        case("a step that no digit shows", "step 1 changed W by", || {
            report(valid().steps([1e-9]).with_prediction(false)).to_string()
        }),
        case("steps that diverge", "step 1 diverged", || {
            let cubic = HermiteSeries::polynomial(3);
            let steep = valid().activation(cubic).steps([1e300, 1e300]).precision(Precision::F32);
            error(steep.build().unwrap().run())
        }),
        case("an observer that stops at once", "cancelled", || {
            let stop = RunOptions::new().observe(|_| ControlFlow::Break(()));
            error(built().run_with(stop))
        }),
        case("prediction of standard scaling", "no prediction: the prediction is for mean", || {
            report(valid().scaling(Scaling::Standard)).to_string()
        }),
        case("prediction of what is not centred", "no prediction", || {
            let shifted = Tanh { scale: 1.0, shift: 1.0 };
            report(valid().activation(shifted).centred(false)).to_string()
        }),
        case("prediction of labels that vanish", "labels vanish", || {
            report(valid().target(Target::single_index(Link::new("0", |_| 0.0)))).to_string()
        }),
        case("prediction of one neuron", "the width is 1; it must be at least 2", || {
            report(valid().width(1)).to_string()
        }),
        case("prediction of W_3", "no prediction for W_3", || {
            error(built().predict(3, &Options::default()))
        }),
        case("prediction of W_0", "no prediction for W_0", || {
            error(built().predict(0, &Options::default()))
        }),
        case("the batch of step 7 of two", "step 7 was asked for; there are steps 1 to 2", || {
            error(built().batch(7).map(drop))
        }),
        case("a fresh batch of no samples", "samples is 0", || error(built().test_batch(0, 0))),
    ]
}

fn dataset() -> Vec<Misuse> {
    let shifted = || {
        let x = sines(60, 5).mapv(|v| 1000.0 + 100.0 * v);
        Dataset::new(x, sines(60, 1).column(0).to_owned()).unwrap()
    };
    vec![
        case("features near 1000", "mean up to 1", move || report(on(shifted())).to_string()),
        case("features so large that nothing is learned", "step 1 changed nothing", || {
            let x = sines(60, 5) + 1e9;
            let far = Dataset::new(x, sines(60, 1).column(0).to_owned());
            report(on(far.unwrap())).to_string()
        }),
        case("features of size 1e-6", "standard deviation from 9.", || {
            let tiny = Dataset::new(sines(80, 5) * 1e-6, sines(80, 1).column(0).to_owned());
            report(on(tiny.unwrap())).to_string()
        }),
        case("labels that are all the same", "all labels are 3: there is nothing to learn", || {
            let data = Dataset::new(sines(60, 5), Array1::from_elem(60, 3.0));
            report(on(data.unwrap())).to_string()
        }),
        case(
            "standardising labels that are all the same",
            "labels are the same in every sample",
            || {
                let data = Dataset::new(sines(60, 5), Array1::<f64>::ones(60)).unwrap();
                error(data.with_standardised_labels())
            },
        ),
        case("labels of size 1e6", "the labels have root mean square", || {
            let y = sines(60, 1).column(0).mapv(|v| 1e6 * v);
            report(on(Dataset::new(sines(60, 5), y).unwrap())).to_string()
        }),
        case("NaN in the inputs", "row 7, column 2 of the given inputs", || {
            let mut x = sines(60, 5);
            x[[7, 2]] = f64::NAN;
            error(Dataset::new(x, Array1::<f64>::ones(60)))
        }),
        case("infinity in the labels", "entry 1 of the given labels", || {
            error(Dataset::new(sines(3, 2), array![1.0, f64::INFINITY, 0.0]))
        }),
        case("a label too few", "one per row of the inputs, has shape 59; it must be 60", || {
            error(Dataset::new(sines(60, 5), Array1::<f64>::ones(59)))
        }),
        case("no samples", "samples is 0", || {
            error(Dataset::new(Array2::<f64>::zeros((0, 5)), Array1::<f64>::zeros(0)))
        }),
        case("standardising a constant feature", "[1]", || {
            let x = array![[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]];
            error(Dataset::new(x, Array1::<f64>::ones(3)).unwrap().standardised())
        }),
        case("standardising like data of another dimension", "any x 4", || {
            error(data(9, 5).standardised_like(&data(9, 4)))
        }),
        case("more samples than the data have", "100 different samples are needed", || {
            error(on(data(60, 5)).batches(BatchPolicy::Independent).samples(50).build())
        }),
        case("a target beside the data", "target does not go with given data", || {
            error(on(data(60, 5)).target(single()).build())
        }),
        case("a dimension that is not that of the data", "any x 6", || {
            error(on(data(60, 5)).dimension(6).build())
        }),
        case("rows beyond the last", "70 different samples", || error(data(60, 5).rows(50..70))),
        case("no rows", "the number of rows is 0", || error(data(60, 5).rows(5..5))),
        case("rows from the last to the first", "the number of rows is 0", || {
            error(data(60, 5).rows(std::ops::Range { start: 9, end: 3 }))
        }),
        case("fresh samples of given data", "does not go with given data", || {
            error(on(data(60, 5)).build().unwrap().test_batch(0, 5))
        }),
        case("numbers beyond 32 bits", "the given data in 32 bits", || {
            let huge = Dataset::new(sines(60, 5) * 1e200, Array1::<f64>::ones(60)).unwrap();
            error(on(huge).precision(Precision::F32).build())
        }),
    ]
}

fn batches_and_networks() -> Vec<Misuse> {
    vec![
        case("samples beyond the batch", "5 samples from number 148", || {
            read(&generated(150, 4), 148, 5, 4)
        }),
        case("samples beyond given data", "5 samples from number 148", || {
            read(&data(150, 4), 148, 5, 4)
        }),
        case("samples beyond the batch of a step", "5 samples from number 48", || {
            read(&built().batch(2).unwrap(), 48, 5, 30)
        }),
        case("samples into a matrix of another width", "has shape 5 x 3; it must be 5 x 4", || {
            read(&generated(150, 4), 0, 5, 3)
        }),
        case("a batch with a label too few", "the vector of labels", || {
            error(Dataset::new(sines(5, 2), Array1::<f64>::ones(4)))
        }),
        case("more kept samples than there are", "number of kept samples is 51", || {
            error(generated(50, 4).reusing(51))
        }),
        case("outputs of inputs of another dimension", "any x 5", || {
            error(network(6, 5).output(sines(3, 4).view()))
        }),
        case("features of inputs of another dimension", "any x 5", || {
            error(network(6, 5).evaluate(sines(3, 4).view()))
        }),
        case("linear features of inputs of another dimension", "any x 5", || {
            error(LinearFeatures::new(5).unwrap().evaluate(sines(3, 4).view()))
        }),
        case("layers that do not fit", "the second layer has shape 2", || {
            let tanh = Tanh::default();
            error(Network::new(sines(3, 4), array![1.0, 2.0], tanh))
        }),
        case("a step on a batch of another dimension", "the batch has shape 50 x 4", || {
            error(network(6, 5).gradient_step(&generated(50, 4), 1.0))
        }),
        case("a step on a batch without samples", "samples is 0", || {
            error(network(6, 4).gradient_step(&Nothing, 1.0))
        }),
        case("a step of NaN in a loop of one's own", "the step size eta is NaN", || {
            error(network(6, 4).gradient_step(&generated(50, 4), f64::NAN))
        }),
        case("a step too small in a loop of one's own", "relative: 0.0", || {
            let change = network(6, 4).gradient_step(&generated(50, 4), 1e-30);
            format!("{:?}", change.unwrap())
        }),
        case("lambda 0", "lambda", || {
            let (network, batch) = (network(6, 4), generated(50, 4));
            let path = Ridge::new().fit(&network, &batch).unwrap();
            error(path.readout(0.0))
        }),
        case("lambda NaN among others", "lambda", || {
            let (network, batch) = (network(6, 4), generated(50, 4));
            let path = Ridge::new().fit(&network, &batch).unwrap();
            error(path.select(&[0.1, f64::NAN], &batch))
        }),
        case("no lambda to choose from", "lambda", || {
            let (network, batch) = (network(6, 4), generated(50, 4));
            let path = Ridge::new().fit(&network, &batch).unwrap();
            error(path.select(&[], &batch))
        }),
        case("a readout of a batch of another dimension", "the batch has shape", || {
            error(Ridge::new().fit(&network(6, 5), &generated(50, 4)))
        }),
        case("least squares with fewer samples than features", "more samples than", || {
            let (network, batch) = (network(60, 4), generated(20, 4));
            let path = Ridge::new().fit(&network, &batch).unwrap();
            error(path.least_squares())
        }),
        case("a test on one sample", "samples", || {
            let (network, batch) = (network(6, 4), generated(50, 4));
            let readout = Ridge::new().fit(&network, &batch).unwrap().readout(0.1).unwrap();
            error(readout.test_error(&generated(1, 4)))
        }),
        case("a readout beyond its memory", "the memory limit is", || {
            error(Ridge::new().memory_limit(10).fit(&network(6, 4), &generated(50, 4)))
        }),
    ]
}

fn spectra_and_theory() -> Vec<Misuse> {
    vec![
        case("singular values of NaN", "finite", || {
            error(singular_values(array![[1.0, f64::NAN], [0.0, 1.0]].view()))
        }),
        case("no triplets of a matrix", "0 singular triplets", || {
            error(leading_triplets(sines(5, 4).view(), 0))
        }),
        case("five triplets of four", "5 singular triplets", || {
            error(leading_triplets(sines(5, 4).view(), 5))
        }),
        case("overlap of vectors of different length", "has shape 3; it must be 2", || {
            error(overlap(array![1.0, 0.0].view(), array![1.0, 0.0, 0.0].view()))
        }),
        case("overlap with the zero vector", "norm of a vector of the overlap is 0", || {
            error(overlap(array![1.0, 0.0].view(), array![0.0, 0.0].view()))
        }),
        case("overlap with a plane of another space", "has shape 3; it must be 2", || {
            let plane = array![[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]];
            error(principal_overlaps(array![[0.0, 1.0]].view(), plane.view()))
        }),
        case("overlap with a plane that has a zero direction", "overlap is 0", || {
            error(principal_overlaps(
                array![[0.0, 1.0]].view(),
                array![[2.0, 0.0], [0.0, 0.0]].view(),
            ))
        }),
        case("a histogram without bins", "bins is 0", || error(Histogram::new([1.0], 0, 0.0, 1.0))),
        case("a histogram from right to left", "upper end", || {
            error(Histogram::new([1.0], 5, 1.0, 0.0))
        }),
        case("an exponent of 0.5 in the formula", "[0, 0.5)", || {
            error(OutlierCount::new(0.5, 0.1))
        }),
        case("a ratio N/d of 0", "is 0; it must be", || error(MarchenkoPastur::new(0.0))),
        case("a tolerance of 0", "the tolerance", || {
            error(Link::hermite([0.0, 1.0]).information_exponent(5, 0.0))
        }),
        case("an expectation of ln z", "not finite", || {
            error(gaussian_expectation(f64::ln, &[], 1e-10))
        }),
    ]
}

#[cfg(feature = "checkpoint")]
fn checkpoints() -> Vec<Misuse> {
    vec![
        case("the checkpoint of another seed", "its seed is", || {
            let folder = std::env::temp_dir().join(format!("misuse-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let file = folder.join("run.safetensors");
            let checkpoint = || RunOptions::new().checkpoint(&file);
            built().run_with(checkpoint()).unwrap();
            let text = error(valid().seed(1).build().unwrap().run_with(checkpoint()));
            std::fs::remove_dir_all(&folder).unwrap();
            text
        }),
        case("a checkpoint that is none", "not a checkpoint", || {
            let file = std::env::temp_dir().join(format!("misuse-file-{}", std::process::id()));
            std::fs::write(&file, "something else").unwrap();
            let text = error(built().run_with(RunOptions::new().checkpoint(&file)));
            std::fs::remove_file(&file).unwrap();
            text
        }),
    ]
}

fn all() -> Vec<Misuse> {
    let parts = [
        settings_of_the_builder(),
        functions(),
        directions(),
        runs(),
        dataset(),
        batches_and_networks(),
        spectra_and_theory(),
        #[cfg(feature = "checkpoint")]
        checkpoints(),
    ];
    parts.into_iter().flatten().collect()
}

#[test]
fn misuse_is_always_answered_and_never_panics() {
    let all = all();
    assert!(all.len() > 100, "{}", all.len());
    let mut wrong = Vec::new();
    for (what, says, answer) in &all {
        match catch_unwind(AssertUnwindSafe(answer)) {
            Ok(text) if text.contains(says) => {}
            Ok(text) => wrong.push(format!("{what}: {says:?} is not in {text:?}")),
            Err(_) => wrong.push(format!("{what}: panicked")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

/// Good settings have none of the notes; a data set, which has no prediction, has the one on its outliers.
#[test]
fn report_of_good_settings_has_no_notes() {
    assert_eq!(report(valid()).notes, [""; 0]);
    let standard = data(60, 5).standardised().unwrap();
    let notes = report(on(standard)).notes;
    assert!(notes.len() == 1 && notes[0].contains("without prediction"), "{notes:?}");
}
