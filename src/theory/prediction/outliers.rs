//! Outliers of bulk + sum_k u_k v_k^T and their overlaps (docs/theory.md, section 5; with special
//! target columns, section 7).
//!
//! Equations: docs/theory.md, (5.21) to (5.30), in the basis of (6.5) to (6.8); separate target
//! columns (7.5) to (7.8).

use super::bulk::Bulk;
use super::error::PredictionError;
use super::law::Law;
use super::outlier::{LEFT_POWERS, Outlier, neuron_share};
use super::spikes::Spikes;
use crate::numerics::graded::{cholesky, left_singular};
use crate::numerics::roots::bracketed;
use std::convert::Infallible;

use ndarray::{Array1, Array2};

/// Left and right sides of the spikes, and the bulk they sit in.
pub(crate) struct SpikeProblem<'a> {
    bulk: &'a Bulk,
    law: &'a Law,
    /// (R + p columns taken out) x (rows of `perpendicular` + p): coefficients of left vectors (rows) and right
    /// vectors (columns: perpendicular, targets).
    coefficients: Array2<f64>,
    directions: usize,
    /// gamma D_* at every fine node (p x p), when the target columns are separate.
    special: Option<(f64, Vec<Array2<f64>>)>,
}

impl<'a> SpikeProblem<'a> {
    /// `special` holds gamma and D_* at the fine nodes of b when the target columns are to be
    /// treated separately.
    pub fn new(
        bulk: &'a Bulk,
        law: &'a Law,
        spikes: &Spikes,
        special: Option<(f64, Vec<Array2<f64>>)>,
    ) -> Self {
        let (p, r) = spikes.target.dim();
        let rows = spikes.perpendicular.nrows();
        let extra = if special.is_some() { p } else { 0 };
        let mut coefficients = Array2::zeros((r + extra, rows + p));
        for k in 0..r {
            for i in 0..rows {
                coefficients[[k, i]] = spikes.perpendicular[[i, k]];
            }
            for i in 0..p {
                coefficients[[k, rows + i]] = spikes.target[[i, k]];
            }
        }
        for i in 0..extra {
            coefficients[[r + i, rows + i]] = 1.0;
        }
        Self { bulk, law, coefficients, directions: p, special }
    }

    /// All outliers, largest first.
    pub fn solve(&self) -> Result<Vec<Outlier>, PredictionError> {
        let at_edge = self.strengths()?;
        let count = at_edge.iter().take_while(|&&value| value > 1.0 + 1e-9).count();
        (0..count).filter_map(|j| self.outlier(j, at_edge[j]).transpose()).collect()
    }

    /// Eigenvalues of H at the edge, decreasing; those above 1 make an outlier.
    pub fn strengths(&self) -> Result<Vec<f64>, PredictionError> {
        let decomposition = self.decomposition(self.bulk.edge_m());
        let (values, _) = decomposition.ok_or(PredictionError::Singular { name: "K" })?;
        Ok(values.to_vec())
    }

    /// Eigenvalues of H(m), decreasing, with eigenvectors in the basis (perpendicular, targets).
    fn decomposition(&self, m: f64) -> Option<(Array1<f64>, Array2<f64>)> {
        let factor = cholesky(&self.left_resolvent(m, 1), 0.0)?;
        let mut a = self.coefficients.t().dot(&factor);
        for (mut row, metric) in a.rows_mut().into_iter().zip(self.metric(m)) {
            row *= metric.sqrt();
        }
        let (values, vectors) = left_singular(a);
        Some((values.mapv(|value| value * value), vectors))
    }

    /// Minus the bulk resolvent on the right vectors: -m, or 1 / zeta on a target whose column is
    /// separate.
    fn metric(&self, m: f64) -> Vec<f64> {
        let columns = self.coefficients.ncols();
        let separate = 1.0 / self.bulk.zeta(m);
        (0..columns)
            .map(|i| {
                if self.special.is_some() && i + self.directions >= columns { separate } else { -m }
            })
            .collect()
    }

    /// K(m) = E[b^2 q q^T / (1 + m D)^power], times D for power 2, bordered by gamma E[D_* / ...]
    /// for separate target columns.
    fn left_resolvent(&self, m: f64, power: i32) -> Array2<f64> {
        let n = self.coefficients.nrows();
        let r = self.law.spikes();
        let mut k = Array2::zeros((n, n));
        for (i, (b, w)) in self.law.fine.iter().enumerate() {
            let d = self.bulk.d[i];
            let share = if power == 1 { w / (1.0 + m * d) } else { w * d / (1.0 + m * d).powi(2) };
            let q = self.law.polynomials.row(i);
            for row in 0..r {
                let left = share * b * b * q[row];
                for column in 0..=row {
                    k[[row, column]] += left * q[column];
                }
            }
            if let Some((gamma, special)) = &self.special {
                for ((row, column), value) in special[i].indexed_iter() {
                    k[[r + row, r + column]] += gamma * share * value;
                }
            }
        }
        for row in 0..r {
            for column in 0..row {
                k[[column, row]] = k[[row, column]];
            }
        }
        k
    }

    /// The j-th outlier, whose eigenvalue at the edge is `at_edge` > 1.
    ///
    /// `None` when rounding does not tell it from the edge.
    fn outlier(&self, j: usize, at_edge: f64) -> Result<Option<Outlier>, PredictionError> {
        let edge = self.bulk.edge_m();
        let value = |v: f64| {
            self.decomposition(-v.exp()).map_or(f64::NAN, |(values, _)| values[j].max(1e-300).ln())
        };
        let high = (-edge).ln();
        let mut low = high - at_edge.ln() - 1e-6;
        let mut at_low = value(low);
        for _ in 0..200 {
            if at_low <= 0.0 {
                break;
            }
            low -= 1.0 + at_low;
            at_low = value(low);
        }
        let v = if at_low >= 0.0 {
            low
        } else {
            let f = |v| Ok::<f64, Infallible>(value(v));
            let Ok(v) =
                bracketed(f, (low, at_low), (high, at_edge.ln()), 1e-14 * high.abs().max(1.0));
            v
        };
        let m = -v.exp();
        let (_, vectors) = self.decomposition(m).ok_or(PredictionError::Singular { name: "K" })?;
        let x = vectors.column(j);
        let zeta = self.bulk.zeta(m);
        let slope = self.bulk.zeta_slope(m);
        if !zeta.is_finite() {
            return Err(PredictionError::NotFinite {
                quantity: "the singular value of an outlier",
            });
        }
        if slope <= 0.0 || zeta.sqrt() <= self.bulk.edge() {
            return Ok(None);
        }
        // H = M^(1/2) T^T K T M^(1/2): x^T H' x at an eigenvalue 1 is x^T (M'/M) x + (T M^(1/2)
        // x)^T K' (T M^(1/2) x).
        let metric = self.metric(m);
        let scaled = Array1::from_iter(x.iter().zip(&metric).map(|(x, metric)| x * metric.sqrt()));
        let left = self.coefficients.dot(&scaled);
        let columns = x.len();
        let change: f64 = (0..columns)
            .map(|i| {
                let separate = self.special.is_some() && i + self.directions >= columns;
                x[i] * x[i] * if separate { -slope / zeta } else { 1.0 / m }
            })
            .sum();
        let rate = -(change - left.dot(&self.left_resolvent(m, 2).dot(&left))) / slope;
        if rate.is_nan() || rate <= 0.0 {
            return Err(PredictionError::NotConverged { near: m });
        }
        let p = self.directions;
        let direction_overlaps: Vec<f64> = (columns - p..columns)
            .map(|i| (metric[i] * x[i] * x[i] / rate).sqrt().min(1.0))
            .collect();
        let target_overlap = direction_overlaps.iter().map(|o| o * o).sum::<f64>().sqrt().min(1.0);
        let left = left.iter().take(self.law.spikes()).map(|x| x / (zeta * rate).sqrt()).collect();
        let mut outlier = Outlier {
            singular_value: zeta.sqrt(),
            target_overlap,
            direction_overlaps,
            left_overlaps: Vec::new(),
            neuron_share: 1.0,
            left,
            at: m,
        };
        outlier.neuron_share = neuron_share(
            self.law.fine.weights.iter().copied().zip(left_entries(self.bulk, self.law, &outlier)),
        );
        outlier.left_overlaps = (1..=LEFT_POWERS)
            .map(|k| left_overlap(self.bulk, self.law, &outlier, |b| b.powi(k)))
            .collect();
        Ok(Some(outlier))
    }
}

/// Entries of the left singular vector at the fine nodes of b, up to a common factor.
fn left_entries<'a>(
    bulk: &'a Bulk,
    law: &'a Law,
    outlier: &'a Outlier,
) -> impl Iterator<Item = f64> + 'a {
    let entry = move |(i, b): (usize, &f64)| {
        b * law.polynomials.row(i).dot(&outlier.left) / (1.0 + outlier.at * bulk.d[i])
    };
    law.fine.nodes.iter().enumerate().map(entry)
}

/// Overlap of the left singular vector of `outlier` with the vector of entries f(b_j), normalised.
pub(crate) fn left_overlap(
    bulk: &Bulk,
    law: &Law,
    outlier: &Outlier,
    f: impl Fn(f64) -> f64,
) -> f64 {
    let mut square = 0.0;
    let mut sum = 0.0;
    for ((b, w), entry) in law.fine.iter().zip(left_entries(bulk, law, outlier)) {
        let value = f(b);
        square += w * value * value;
        sum += w * value * entry;
    }
    if square > 0.0 { (sum.abs() / square.sqrt()).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::SecondLayerLaw;
    use crate::theory::prediction::law::GaussianTail;

    /// Benaych-Georges & Nadakuditi: D = 1 and one spike of size theta, here along u = a and v with
    /// overlap .6 with the target.
    #[test]
    fn rank_one_in_closed_form() {
        let law = Law::new(&SecondLayerLaw::Rademacher, GaussianTail::Width, 100, 4, 8, 1).unwrap();
        for c in [0.5f64, 1.0, 2.0] {
            let bulk = Bulk::new(c, &law.fine, vec![1.0; 2]);
            for theta in [0.5f64, 1.0, 1.3, 2.0, 7.0, 1e4] {
                for separate in [false, true] {
                    let spikes = Spikes {
                        target: Array2::from_elem((1, 1), 0.6 * theta),
                        perpendicular: Array2::from_shape_vec((2, 1), vec![0.8 * theta, 0.0])
                            .unwrap(),
                        noise: Vec::new(),
                    };
                    let special = separate.then(|| (c, vec![Array2::from_elem((1, 1), 1.0); 2]));
                    let outliers =
                        SpikeProblem::new(&bulk, &law, &spikes, special).solve().unwrap();
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
        let law = Law::new(&SecondLayerLaw::Rademacher, GaussianTail::Width, 100, 4, 8, 1).unwrap();
        let bulk = Bulk::new(c, &law.fine, vec![1.0; 2]);
        let spikes = Spikes {
            target: Array2::from_elem((1, 1), theta),
            perpendicular: Array2::zeros((2, 1)),
            noise: Vec::new(),
        };
        let found = SpikeProblem::new(&bulk, &law, &spikes, None).solve();
        (bulk, found)
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
                    assert!(outlier.singular_value > bulk.edge(), "{c} {above}: {outlier:?}");
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

    /// Target columns that are separate but have the variance of all others change nothing: (7.5)
    /// to (7.8) are then (5.21) to (5.30). Several spikes and directions, D spread over b.
    #[test]
    fn separate_columns_like_the_others() {
        let law = Law::new(&SecondLayerLaw::Uniform, GaussianTail::Width, 100, 8, 24, 3).unwrap();
        let d: Vec<f64> = law.fine.nodes.iter().map(|b| 0.7 + 0.4 * b + 0.5 * b * b).collect();
        for gamma in [0.5, 2.0] {
            let bulk = Bulk::new(gamma, &law.fine, d.clone());
            let spikes = || Spikes {
                target: ndarray::array![[6.0, -0.5, 0.3], [0.8, 2.0, -0.4]],
                perpendicular: ndarray::array![
                    [3.0, 1.0, 0.2],
                    [0.0, -1.5, 0.6],
                    [0.0, 0.0, 0.4],
                    [0.5, 0.1, -0.2]
                ],
                noise: Vec::new(),
            };
            let columns = d.iter().map(|d| Array2::from_diag_elem(2, *d)).collect();
            let [together, separate] = [None, Some((gamma, columns))]
                .map(|special| SpikeProblem::new(&bulk, &law, &spikes(), special).solve().unwrap());
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
