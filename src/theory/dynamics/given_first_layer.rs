//! The state of a first layer that is given, whatever made it (docs/theory.md, section 16.1).

use crate::Scalar;
use crate::data::check_directions;
use crate::error::{InvalidSetting, finite_list, finite_matrix, has_columns, has_length, nonzero};
use crate::linalg::Element;
use crate::network::Network;
use crate::spectral::gap_outliers;
use crate::theory::error::{PredictionError, finite};
use crate::theory::state::State;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate};

/// Leading singular values that the outlier rule looks at: one more than three times the largest
/// number of outliers that it can find.
const LOOKED_AT: usize = 25;

/// Relative residual of the triplets that are only counted; their values are good to its square.
const ROUGH: f64 = 1e-3;

impl State {
    /// The state of a given first layer W (N x d): one that an experiment made, another optimiser, or
    /// a file. Every neuron is a type of its own.
    ///
    /// `second_layer` is a of length N, as in [`Network::new`]; `teacher` holds the teacher directions
    /// as orthonormal rows. Beside them the state keeps the leading right singular vectors of W
    /// without its parts along the teacher: `further` of them, or with `None` as many as are outliers
    /// by [`OutlierRule::LargestGap`](crate::spectral::OutlierRule::LargestGap) with a factor of 8, at
    /// most eight. What W has along the kept directions is
    /// omega exactly (docs/theory.md, (16.1)), and the rest of a row counts as noise without
    /// preferred direction. Directions along which W has nothing are left out. More directions than
    /// outliers are no gain: a vector of the bulk can make a false outlier of the features.
    ///
    /// # Errors
    /// [`PredictionError::Invalid`] for shapes that do not fit, no teacher, a teacher that is not
    /// orthonormal, more directions than d, more `further` ones than N, or an entry that is not
    /// finite; [`PredictionError::Decomposition`] when the singular vectors were not found.
    pub fn of_first_layer(
        first_layer: ArrayView2<'_, f64>,
        second_layer: ArrayView1<'_, f64>,
        teacher: ArrayView2<'_, f64>,
        further: Option<usize>,
    ) -> Result<Self, PredictionError> {
        let (width, dimension) = first_layer.dim();
        nonzero("width", width)?;
        nonzero("dimension", dimension)?;
        has_length("the second layer", second_layer.len(), width)?;
        has_columns("the teacher", teacher.dim(), dimension)?;
        nonzero("the number of teacher directions", teacher.nrows())?;
        let directions = teacher.nrows().saturating_add(further.unwrap_or(0));
        if directions > dimension {
            return Err(InvalidSetting::TooManyDirections { directions, dimension }.into());
        }
        let available = width.min(dimension);
        if let Some(asked) = further.filter(|count| *count > available) {
            return Err(InvalidSetting::TripletCount { asked, available }.into());
        }
        finite_matrix("the first layer", first_layer)?;
        finite_list("the second layer", second_layer)?;
        check_directions(&teacher.to_owned(), teacher.nrows(), dimension)?;

        let frame = frame(first_layer, teacher, further)?;
        let omega = first_layer.dot(&frame.t());
        let rest = &first_layer - &omega.dot(&frame);
        let noise: Vec<f64> = rest.rows().into_iter().map(|row| row.dot(&row)).collect();
        finite("the squared norm of a row of the first layer", &noise)?;
        // left factors orthonormal over the neurons, as those of the other states
        let factors = f64::svd(omega.view(), true)?;
        let root = (width as f64).sqrt();
        let strengths = factors.singular_values.insert_axis(Axis(1));
        Ok(Self {
            width,
            dimension,
            directions: teacher.nrows(),
            b: second_layer.iter().map(|a| a * root).collect(),
            weights: vec![1.0 / width as f64; width],
            left: factors.left * root,
            right: factors.right * &strengths,
            noise,
            noise_along_targets: None,
            whole_projection: true,
        })
    }

    /// [`of_first_layer`](Self::of_first_layer) for the layers of `network`.
    ///
    /// # Errors
    /// As [`of_first_layer`](Self::of_first_layer).
    pub fn of_network<T: Scalar>(
        network: &Network<T>,
        teacher: ArrayView2<'_, f64>,
        further: Option<usize>,
    ) -> Result<Self, PredictionError> {
        let first_layer = network.first_layer().mapv(|w| w.as_f64());
        let second_layer = network.second_layer().mapv(|a| a.as_f64());
        Self::of_first_layer(first_layer.view(), second_layer.view(), teacher, further)
    }
}

/// The teacher directions, made orthonormal to rounding, and below them the further directions.
fn frame(
    first_layer: ArrayView2<'_, f64>,
    teacher: ArrayView2<'_, f64>,
    further: Option<usize>,
) -> Result<Array2<f64>, PredictionError> {
    let mut frame = Array2::zeros((0, teacher.ncols()));
    for row in teacher.rows() {
        append(&mut frame, row.to_owned());
    }
    let rest = &first_layer - &first_layer.dot(&frame.t()).dot(&frame);
    let count = match further {
        Some(count) => count,
        None => outliers(rest.view())?,
    };
    if count > 0 {
        let found = f64::leading_triplets(rest.view(), count, None, None)?;
        let nothing = f64::EPSILON * rest.len() as f64 * found.singular_values[0];
        for k in (0..count).filter(|&k| found.singular_values[k] > nothing) {
            append(&mut frame, found.right_vector(k).to_owned());
        }
    }
    Ok(frame)
}

/// Appends `row` without its parts along the rows of `frame`, normalised; Gram-Schmidt done twice.
fn append(frame: &mut Array2<f64>, mut row: Array1<f64>) {
    for _ in 0..2 {
        row = &row - &frame.dot(&row).dot(&*frame);
        row /= row.dot(&row).sqrt();
    }
    *frame = concatenate![Axis(0), *frame, row.insert_axis(Axis(0))];
}

/// The number of outliers of a matrix by the gap rule, which needs the leading values only.
fn outliers(matrix: ArrayView2<'_, f64>) -> Result<usize, PredictionError> {
    let (width, dimension) = matrix.dim();
    let count = width.min(dimension).min(LOOKED_AT);
    let leading = f64::leading_triplets(matrix, count, Some(ROUGH), None)?;
    let values = leading.singular_values.to_vec();
    Ok(gap_outliers(&values, width, dimension)?.count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, Tanh};
    use crate::data::{GeneratedBatch, Link, Target};
    use crate::network::SecondLayerLaw;
    use crate::theory::prediction::{Options, Problem};
    use crate::training::{BatchPolicy, StepSize};
    use ndarray::{Axis, array};

    fn refused(result: Result<State, PredictionError>) -> InvalidSetting {
        match result {
            Err(PredictionError::Invalid(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bad_input() {
        let w = array![[1.0, 0.0, 0.5], [0.0, 2.0, 0.1]];
        let (a, teacher) = (array![0.5, -0.5], array![[0.6, 0.8, 0.0]]);
        let with = |w: &Array2<f64>, a: &Array1<f64>, teacher: &Array2<f64>, further| {
            State::of_first_layer(w.view(), a.view(), teacher.view(), further)
        };
        assert!(with(&w, &a, &teacher, Some(2)).is_ok());
        let mut holed = w.clone();
        holed[[1, 2]] = f64::NAN;
        for (result, name) in [
            (with(&holed, &a, &teacher, None), "the first layer"),
            (with(&w, &array![1.0, f64::INFINITY], &teacher, None), "the second layer"),
            (with(&w, &a, &array![[f64::NAN, 0.0, 1.0]], None), "target.directions"),
        ] {
            let error = refused(result);
            let named =
                matches!(&error, InvalidSetting::NonFiniteEntry { name: n, .. } if *n == name);
            assert!(named, "{error}");
        }
        let shape = |result| matches!(refused(result), InvalidSetting::Shape { .. });
        assert!(shape(with(&w, &array![1.0], &teacher, None)));
        assert!(shape(with(&w, &a, &array![[1.0, 0.0]], None)));
        let size = |result| matches!(refused(result), InvalidSetting::ZeroSize { .. });
        assert!(size(with(&Array2::zeros((0, 3)), &array![], &teacher, None)));
        assert!(size(with(&w, &a, &Array2::zeros((0, 3)), None)));
        let long = refused(with(&w, &a, &array![[1.0, 1.0, 0.0]], None));
        assert!(matches!(long, InvalidSetting::NotNormalised { index: 0, .. }));
        let skew = refused(with(&w, &a, &array![[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]], None));
        assert!(matches!(skew, InvalidSetting::NotOrthogonal { .. }));
        for further in [3, usize::MAX] {
            let many = refused(with(&w, &a, &teacher, Some(further)));
            assert!(matches!(many, InvalidSetting::TooManyDirections { dimension: 3, .. }));
        }
        // two neurons have no third singular vector
        let wide = array![[1.0, 0.0, 0.5, 0.0, 0.0], [0.0, 2.0, 0.1, 0.0, 0.0]];
        let few = refused(with(&wide, &a, &array![[0.0, 0.0, 0.0, 0.0, 1.0]], Some(3)));
        assert!(matches!(few, InvalidSetting::TripletCount { asked: 3, available: 2 }));
        let huge = with(&array![[1e200, 0.0, 0.0], [0.0, 1.0, 0.0]], &a, &teacher, Some(0));
        assert!(matches!(huge, Err(PredictionError::NotFinite { .. })));
    }

    /// Rows t_j beta + c_j e + e_j: omega and D by hand, and the directions found.
    #[test]
    fn parts_by_hand() {
        let (width, dimension) = (60, 80);
        let mut w = Array2::zeros((width, dimension));
        for j in 0..width {
            w[[j, 0]] = 0.1 * j as f64 - 2.0;
            w[[j, 1]] = if j % 2 == 0 { 3.0 } else { -3.0 };
            w[[j, 2 + j]] = 1.0 + 0.01 * j as f64;
        }
        let a = Array1::from_elem(width, 0.5);
        let teacher = Array2::from_shape_fn((1, dimension), |(_, k)| f64::from(k == 0));
        let state = State::of_first_layer(w.view(), a.view(), teacher.view(), None).unwrap();
        let omega = state.omega();
        assert_eq!(omega.dim(), (width, 2));
        assert!(state.whole_projection && state.directions == 1);
        assert!((state.b[3] - 0.5 * 60f64.sqrt()).abs() < 1e-12);
        for j in 0..width {
            assert!((omega[[j, 0]] - w[[j, 0]]).abs() < 1e-12);
            let whole = w.row(j).dot(&w.row(j));
            let parts = omega.row(j).dot(&omega.row(j)) + state.noise[j];
            assert!((parts / whole - 1.0).abs() < 1e-13, "{j}");
            // the direction found is not quite e_1
            assert!((omega[[j, 1]].abs() - 3.0).abs() < 0.1, "{} {j}", omega[[j, 1]]);
        }
        let gram = state.left.t().dot(&state.left) / width as f64;
        assert!(gram.indexed_iter().all(|((i, k), x)| (x - f64::from(i == k)).abs() < 1e-12));
        // nothing along a third direction of a matrix of rank two
        let low = w.slice_axis(Axis(1), (..2).into()).to_owned();
        let all = concatenate![Axis(1), low, Array2::zeros((width, 78))];
        let state = State::of_first_layer(all.view(), a.view(), teacher.view(), Some(5)).unwrap();
        assert_eq!(state.omega().ncols(), 2);
        assert!(state.noise.iter().all(|d| *d < 1e-20));
    }

    /// Moments over the neurons of simulated W_0, W_1, W_2, means over seeds, and of the theory's
    /// states.
    #[test]
    fn moments_of_simulated_layers() {
        let (width, dimension, samples) = (600, 200, 1500);
        let target = Target::single_index(Link::new("tanh", |z| (1.5 * z + 0.5).tanh())).noise(0.1);
        let sizes = [StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)].map(|s| s.eta(width));
        // E b omega_1, E omega_1^2, E |omega|^2, E b^2 D
        let moments = |state: &State, kept: f64| {
            let omega = state.omega();
            // the noise along each kept direction, the teacher's first, is in omega of a given layer
            let noise = |j: usize| match state.whole_projection {
                true => 0.0,
                false => state.noise[j] / dimension as f64,
            };
            let mut sums = [0.0; 4];
            for (j, row) in omega.rows().into_iter().enumerate() {
                let (w, b, noise) = (state.weights[j], state.b[j], noise(j));
                let squares = [row[0] * row[0] + noise, row.dot(&row) + kept * noise];
                let terms = [b * row[0], squares[0], squares[1], b * b * state.noise[j]];
                sums.iter_mut().zip(terms).for_each(|(sum, x)| *sum += w * x);
            }
            sums
        };
        let mut means = [[0.0; 4]; 3];
        let seeds = 4;
        for seed in 0..seeds {
            let batch = GeneratedBatch::new(&target, dimension, samples, seed).unwrap();
            let mut network =
                Network::<f64>::random(width, dimension, Tanh::default(), seed).unwrap();
            for (t, means) in means.iter_mut().enumerate() {
                if t > 0 {
                    let fresh = batch.clone().with_index(t as u64 - 1);
                    network.gradient_step(&fresh, sizes[t - 1]).unwrap();
                }
                let state = State::of_network(&network, batch.directions(), None).unwrap();
                assert!(t > 0 || state.omega().ncols() == 1);
                let found = moments(&state, 0.0);
                means.iter_mut().zip(found).for_each(|(mean, x)| *mean += x / seeds as f64);
            }
        }
        let problem = Problem {
            width,
            dimension,
            samples,
            activation: Tanh::default().shared(),
            target,
            second_layer: SecondLayerLaw::Gaussian,
            step_sizes: sizes.to_vec(),
            batches: BatchPolicy::Independent,
        };
        let states = problem.states(&Options::default()).unwrap();
        for (t, (found, state)) in means.iter().zip(&states).enumerate() {
            let exact = moments(state, if t == 0 { 1.0 } else { 2.0 });
            println!("W_{t}: {found:?} {exact:?}");
            for (k, (x, y)) in found.iter().zip(exact).enumerate() {
                let far = if y.abs() > 0.01 { (x / y - 1.0).abs() } else { 2.0 * (x - y).abs() };
                assert!(far < 0.1, "W_{t}, moment {k}: {x} {y}");
            }
        }
    }
}
