//! Outliers of the bulk plus sum_k u_k v_k^T, and their overlaps: docs/theory.md, (5.21) to (5.30), in
//! the basis of (6.5) to (6.8); with separate target columns (7.5) to (7.8).

use super::bulk::Bulk;
use super::row_bulk::{BulkPoint, RowBulk};
use crate::numerics::graded::{cholesky, left_singular};
use crate::numerics::roots::bracketed;
use crate::theory::error::{PredictionError, finite};
use crate::theory::observables::EdgeShape;
use crate::theory::observables::outlier::{LEFT_POWERS, Outlier, neuron_share, overlap_of_entries};
use crate::theory::observables::spectrum::Spectrum;
use crate::theory::state::State;
use std::convert::Infallible;

use ndarray::{Array1, Array2, Axis, concatenate};

/// The spectrum of W with isotropic noise rows.
pub(crate) type IsotropicSpectrum = SpikedBulk<Bulk>;

/// The spectrum of W with spikes that do not know the noise rows, with the equation det(I - H(m)) = 0 for its outliers
/// (5.23), or (7.7) with separate target columns.
#[derive(Clone, Debug)]
pub(crate) struct SpikedBulk<B> {
    pub bulk: B,
    state: State,
    /// (R + p if the target columns are separate) x coordinates: right vectors, paired with the left
    /// vectors in their rows.
    right: Array2<f64>,
}

impl IsotropicSpectrum {
    /// The spectrum of `state`, with the variances D_* along the teacher directions if it has them.
    pub fn new(state: &State) -> Self {
        let bulk = Bulk::new(state.gamma(), state.weights.clone(), state.noise.clone());
        Self::with_bulk(bulk, state.clone())
    }

    /// [`strengths`](Self::strengths) of the first `count` right vectors, with D(b) along the teacher
    /// directions too.
    pub fn strengths_of(&self, count: usize) -> Result<Vec<f64>, PredictionError> {
        let state = State { noise_along_targets: None, ..self.state.truncated(count) };
        Self::with_bulk(self.bulk.clone(), state).strengths()
    }
}

impl<B: RowBulk> SpikedBulk<B> {
    /// The spikes of `state` on `bulk`, which has the same nodes of b.
    pub fn with_bulk(bulk: B, state: State) -> Self {
        let mut right = state.right.clone();
        if state.noise_along_targets.is_some() {
            let all = Array2::eye(right.ncols());
            let targets = all.slice_axis(Axis(0), (..state.directions).into());
            right = concatenate![Axis(0), right, targets];
        }
        Self { bulk, state, right }
    }

    /// Eigenvalues of H at the edge, decreasing; those above 1 make an outlier.
    fn strengths(&self) -> Result<Vec<f64>, PredictionError> {
        Ok(self.decomposition(&self.bulk.at(self.bulk.edge_m())?)?.0.to_vec())
    }

    /// Eigenvalues of H(m), decreasing, and eigenvectors: squared singular values of M^(1/2) V C (6.6).
    fn decomposition(
        &self,
        point: &BulkPoint,
    ) -> Result<(Array1<f64>, Array2<f64>), PredictionError> {
        let factor = cholesky(&self.left_resolvent(|i| 1.0 / point.denominator(i)), 0.0)
            .ok_or(PredictionError::Singular { name: "K" })?;
        let mut a = self.right.t().dot(&factor);
        for (mut row, metric) in a.rows_mut().into_iter().zip(self.metric(point)) {
            row *= metric.sqrt();
        }
        let (values, vectors) = left_singular(a);
        Ok((values.mapv(|value| value * value), vectors))
    }

    /// Whether `coordinate` is along a teacher direction with a column of its own.
    fn is_separate(&self, coordinate: usize) -> bool {
        self.state.noise_along_targets.is_some() && coordinate < self.state.directions
    }

    /// Minus the resolvent of the bulk on the coordinates: -m, or 1 / zeta on a separate target
    /// column (7.6).
    fn metric(&self, point: &BulkPoint) -> Vec<f64> {
        let separate = 1.0 / point.zeta;
        let columns = 0..self.right.ncols();
        columns.map(|i| if self.is_separate(i) { separate } else { -point.m }).collect()
    }

    /// E[f b^2 q q^T], bordered by gamma E[f D_*] for separate target columns, with f at each node of
    /// b: K(m) for f = 1 / (1 + m D), and -K'(m) for f = (m D)' / (1 + m D)^2.
    fn left_resolvent(&self, f: impl Fn(usize) -> f64) -> Array2<f64> {
        let r = self.state.left.ncols();
        let mut k = Array2::zeros((self.right.nrows(), self.right.nrows()));
        for (i, left) in self.state.left.rows().into_iter().enumerate() {
            let share = self.state.weights[i] * f(i);
            for row in 0..r {
                let scaled = share * left[row];
                for column in 0..=row {
                    k[[row, column]] += scaled * left[column];
                }
            }
            if let Some(columns) = &self.state.noise_along_targets {
                for ((row, column), value) in columns[i].indexed_iter() {
                    k[[r + row, r + column]] += self.state.gamma() * share * value;
                }
            }
        }
        for (row, column) in (0..r).flat_map(|row| (0..row).map(move |column| (row, column))) {
            k[[column, row]] = k[[row, column]];
        }
        k
    }

    /// The j-th outlier, whose eigenvalue at the edge is `at_edge` > 1.
    ///
    /// `None` when rounding puts it on the edge.
    fn outlier(&self, j: usize, at_edge: f64) -> Result<Option<Outlier>, PredictionError> {
        let m = self.root(j, at_edge);
        let point = self.bulk.at(m)?;
        let (_, vectors) = self.decomposition(&point)?;
        let x = vectors.column(j);
        let BulkPoint { zeta, slope, .. } = point;
        finite("the singular value of an outlier", [&zeta])?;
        if slope <= 0.0 || zeta.sqrt() <= self.bulk.edge() {
            return Ok(None);
        }
        // x^T H' x at an eigenvalue 1 is x^T (M'/M) x + y^T K' y with y = V^T M^(1/2) x (6.8)
        let metric = self.metric(&point);
        let y = self.right.dot(&(&x * &Array1::from_iter(metric.iter().map(|value| value.sqrt()))));
        let log_slope = |i: usize| if self.is_separate(i) { -slope / zeta } else { 1.0 / m };
        let of_metric: f64 = x.iter().enumerate().map(|(i, x)| x * x * log_slope(i)).sum();
        let of_left =
            y.dot(&self.left_resolvent(|i| point.growth[i] / point.denominator(i).powi(2)).dot(&y));
        // -h' of (5.26)
        let rate = (of_left - of_metric) / slope;
        if rate.is_nan() || rate <= 0.0 {
            return Err(PredictionError::NotConverged { near: m });
        }
        let along = |i: usize| (metric[i] * x[i] * x[i] / rate).sqrt().min(1.0);
        let direction_overlaps: Vec<f64> = (0..self.state.directions).map(along).collect();
        let target_overlap = direction_overlaps.iter().map(|o| o * o).sum::<f64>().sqrt().min(1.0);
        let spikes = y.iter().take(self.state.left.ncols());
        let left = spikes.map(|y| y / (zeta * rate).sqrt()).collect();
        let entries = self.left_entries(&left, &point);
        let types = self.state.weights.iter().copied();
        let overlap = |power| self.overlap(&entries, &|b| b.powi(power));
        Ok(Some(Outlier {
            singular_value: zeta.sqrt(),
            target_overlap,
            direction_overlaps,
            left_overlaps: (1..=LEFT_POWERS).map(overlap).collect(),
            neuron_share: neuron_share(types.zip(entries.iter().copied())),
            left,
            at: m,
        }))
    }

    /// m where the j-th eigenvalue of H passes 1, sought in ln(-m).
    fn root(&self, j: usize, at_edge: f64) -> f64 {
        let value = |v: f64| {
            let point = self.bulk.at(-v.exp());
            let found = point.and_then(|point| self.decomposition(&point));
            found.map_or(f64::NAN, |(values, _)| values[j].max(1e-300).ln())
        };
        let high = (-self.bulk.edge_m()).ln();
        let mut low = high - at_edge.ln() - 1e-6;
        let mut at_low = value(low);
        for _ in 0..200 {
            if at_low <= 0.0 {
                break;
            }
            low -= 1.0 + at_low;
            at_low = value(low);
        }
        if at_low >= 0.0 {
            return -low.exp();
        }
        let f = |v| Ok::<f64, Infallible>(value(v));
        let tolerance = 1e-14 * high.abs().max(1.0);
        let Ok(v) = bracketed(f, (low, at_low), (high, at_edge.ln()), tolerance);
        -v.exp()
    }

    /// Entries u(b) of the left singular vector with the coefficients `left` at m, up to a common
    /// factor.
    fn left_entries(&self, left: &Array1<f64>, point: &BulkPoint) -> Vec<f64> {
        let rows = self.state.left.rows().into_iter().enumerate();
        rows.map(|(i, row)| row.dot(left) / point.denominator(i)).collect()
    }

    /// Overlap of a left singular vector of these `entries` with the vector of entries f(b_j) (5.30).
    fn overlap(&self, entries: &[f64], f: &dyn Fn(f64) -> f64) -> f64 {
        let types = self.state.b.iter().zip(&self.state.weights).zip(entries);
        overlap_of_entries(types.map(|((b, weight), entry)| (*weight, f(*b), *entry)))
    }
}

impl<B: RowBulk> Spectrum for SpikedBulk<B> {
    fn edge(&self) -> f64 {
        self.bulk.edge()
    }

    fn lower_edge(&self) -> Result<f64, PredictionError> {
        self.bulk.lower_edge()
    }

    fn edge_shape(&self) -> Result<EdgeShape, PredictionError> {
        self.bulk.edge_shape()
    }

    fn outliers(&self) -> Result<Vec<Outlier>, PredictionError> {
        let at_edge = self.strengths()?;
        let count = at_edge.iter().take_while(|&&value| value > 1.0 + 1e-9).count();
        (0..count).filter_map(|j| self.outlier(j, at_edge[j]).transpose()).collect()
    }

    fn left_overlap(
        &self,
        outlier: &Outlier,
        f: &dyn Fn(f64) -> f64,
    ) -> Result<f64, PredictionError> {
        let point = self.bulk.at(outlier.at)?;
        Ok(self.overlap(&self.left_entries(&outlier.left, &point), f))
    }

    fn density(&self, singular_values: &[f64]) -> Result<Vec<f64>, PredictionError> {
        self.bulk.densities(singular_values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::SecondLayerLaw;
    use crate::numerics::graded::symmetric_eigen;
    use crate::theory::dynamics::second_layer::SecondLayerQuadrature;

    /// A state with polynomials of `law`, right vectors as given (rows; teacher first) and noise `d`.
    fn state(
        law: (&SecondLayerLaw, usize, usize),
        gamma: f64,
        directions: usize,
        right: Array2<f64>,
        d: impl Fn(f64) -> f64,
    ) -> State {
        let (law, coarse, fine) = law;
        let law = SecondLayerQuadrature::new(law, 100, coarse, fine, right.nrows()).unwrap();
        State {
            width: (100.0 * gamma) as usize,
            dimension: 100,
            directions,
            left: law.left(),
            right,
            noise: law.fine.nodes.iter().map(|b| d(*b)).collect(),
            b: law.fine.nodes,
            weights: law.fine.weights,
            noise_along_targets: None,
            whole_projection: false,
        }
    }

    const SIGNS: (&SecondLayerLaw, usize, usize) = (&SecondLayerLaw::Rademacher, 4, 8);

    /// Benaych-Georges & Nadakuditi: D = 1 and one spike of size theta, here along u = a and v with
    /// overlap .6 with the target.
    #[test]
    fn rank_one_in_closed_form() {
        for c in [0.5f64, 1.0, 2.0] {
            for theta in [0.5f64, 1.0, 1.3, 2.0, 7.0, 1e4] {
                for separate in [false, true] {
                    let right = ndarray::array![[0.6 * theta, 0.8 * theta, 0.0]];
                    let columns = vec![Array2::from_elem((1, 1), 1.0); 2];
                    let noise_along_targets = separate.then_some(columns);
                    let state = State { noise_along_targets, ..state(SIGNS, c, 1, right, |_| 1.0) };
                    let outliers = IsotropicSpectrum::new(&state).outliers().unwrap();
                    let t2 = theta * theta;
                    if t2 * t2 <= c {
                        assert!(outliers.is_empty());
                        continue;
                    }
                    assert_eq!(outliers.len(), 1, "{c} {theta} {separate}");
                    let value = ((1.0 + t2) * (c + t2)).sqrt() / theta;
                    // The left vector has N = c d entries, the right one d.
                    let left = (1.0 - c * (1.0 + t2) / (t2 * (t2 + c))).sqrt();
                    let right = (1.0 - (c + t2) / (t2 * (t2 + 1.0))).sqrt();
                    assert!((outliers[0].singular_value / value - 1.0).abs() < 1e-10);
                    assert!(
                        (outliers[0].direction_overlaps[0] / (0.6 * right) - 1.0).abs() < 1e-8,
                        "{c} {theta} {separate}"
                    );
                    assert!(
                        (outliers[0].left_overlaps[0] / left - 1.0).abs() < 1e-8,
                        "{c} {theta} {separate}"
                    );
                }
            }
        }
    }

    /// One spike of size theta on Marchenko-Pastur noise.
    fn single(c: f64, theta: f64) -> (Bulk, Result<Vec<Outlier>, PredictionError>) {
        let state = state(SIGNS, c, 1, ndarray::array![[theta, 0.0, 0.0]], |_| 1.0);
        let spectrum = IsotropicSpectrum::new(&state);
        let found = spectrum.outliers();
        (spectrum.bulk, found)
    }

    /// Next to the threshold rounding puts the outlier on the edge, or below it: then there is none.
    #[test]
    fn no_outlier_on_the_edge() {
        let mut hidden = 0;
        for c in [0.5f64, 1.0, 2.0] {
            for i in 0..60 {
                let above = 2e-9 * 1.2f64.powi(i);
                let (bulk, found) = single(c, c.powf(0.25) * (1.0 + above));
                let found = found.unwrap();
                hidden += usize::from(found.is_empty());
                for outlier in &found {
                    assert!(outlier.singular_value > bulk.edge, "{c} {above}: {outlier:?}");
                }
                assert!(above < 1e-6 || found.len() == 1, "{c} {above}");
            }
        }
        assert!(hidden > 0);
    }

    /// A spike whose square is finite, but not the slope there.
    #[test]
    fn a_spike_beyond_all_numbers() {
        assert!(single(2.0, 1e70).1.is_ok());
        assert!(matches!(single(2.0, 1e80).1, Err(PredictionError::NotConverged { .. })));
    }

    /// Three right vectors and two teacher directions, D spread over b.
    fn several(gamma: f64) -> State {
        let right = ndarray::array![
            [6.0, 0.8, 3.0, 0.0, 0.0, 0.5],
            [-0.5, 2.0, 1.0, -1.5, 0.0, 0.1],
            [0.3, -0.4, 0.2, 0.6, 0.4, -0.2]
        ];
        let law = (&SecondLayerLaw::Uniform, 8, 24);
        state(law, gamma, 2, right, |b| 0.7 + 0.4 * b + 0.5 * b * b)
    }

    /// H is N E[omega omega^T / (1 + m D)] times -m, whatever omega is made of.
    #[test]
    fn the_mean_rows_alone_decide() {
        let state = several(2.0);
        let spectrum = IsotropicSpectrum::new(&state);
        let omega = state.omega() * (state.width as f64).sqrt();
        for m in [spectrum.bulk.edge_m, 0.3 * spectrum.bulk.edge_m] {
            let mut h = Array2::<f64>::zeros((6, 6));
            for (i, row) in omega.rows().into_iter().enumerate() {
                let share = -m * state.weights[i] / (1.0 + m * state.noise[i]);
                for (k, l) in (0..6).flat_map(|k| (0..6).map(move |l| (k, l))) {
                    h[[k, l]] += share * row[k] * row[l];
                }
            }
            let (values, _) = symmetric_eigen(&h);
            let (found, _) = spectrum.decomposition(&spectrum.bulk.at(m).unwrap()).unwrap();
            for (found, exact) in found.iter().zip(values.iter().rev()) {
                assert!((found - exact).abs() < 1e-12 * found.max(1.0), "{found} {exact}");
            }
        }
    }

    /// Target columns that are separate but have the variance of all others change nothing: (7.5)
    /// to (7.8) are then (5.21) to (5.30). Several spikes and directions, D spread over b.
    #[test]
    fn separate_columns_like_the_others() {
        for gamma in [0.5, 2.0] {
            let columns = |d: &f64| Array2::from_diag_elem(2, *d);
            let [together, separate] = [false, true].map(|separate| {
                let mut state = several(gamma);
                let columns = state.noise.iter().map(columns).collect();
                state.noise_along_targets = separate.then_some(columns);
                IsotropicSpectrum::new(&state).outliers().unwrap()
            });
            assert!(together.len() >= 2, "{}", together.len());
            assert_eq!(together.len(), separate.len());
            for (a, b) in together.iter().zip(&separate) {
                let pairs = [(a.singular_value, b.singular_value)];
                let pairs = pairs.into_iter();
                let overlaps = a.direction_overlaps.iter().zip(&b.direction_overlaps);
                let left = a.left_overlaps.iter().zip(&b.left_overlaps);
                let left = overlaps.chain(left).map(|(a, b)| (*a, *b));
                for (a, b) in pairs.chain(left) {
                    assert!((a - b).abs() < 1e-8 * a.max(1.0), "{gamma}: {a} {b}");
                }
                let sum: f64 = a.direction_overlaps.iter().map(|o| o * o).sum();
                assert!((a.target_overlap.powi(2) - sum).abs() < 1e-12);
            }
        }
    }
}
