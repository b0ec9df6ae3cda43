//! The bulk after any number of steps, from the noise rows as sums over samples, with spikes that do not
//! know them (docs/theory.md, section 17).

use super::bulk::Bulk;
use super::density;
use super::real_branch::RealBranch;
use super::sample_weights::SampleWeights;
use crate::theory::dynamics::reused_steps::{NoiseStructure, SampleNoise};
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::EdgeShape;
use crate::theory::observables::isotropic::{BulkPoint, RowBulk, SpikedBulk};
use crate::theory::observables::spectrum::Spectrum;
use crate::theory::state::State;
use ndarray::ArrayView1;
use std::array::from_fn;
use std::sync::Arc;

/// The spectrum of `state` with noise rows of this structure. `phi` is d / n, and `weight_tail` the
/// probability beyond which the weights of the samples are cut: 1/(2n).
pub(crate) fn solve_many(
    state: &State,
    noise: &NoiseStructure,
    phi: f64,
    weight_tail: f64,
) -> Fallible<Arc<dyn Spectrum>> {
    let size = (phi, state.gamma(), weight_tail);
    let state = state.clone();
    Ok(match noise.terms.ncols() {
        1 => Arc::new(SpikedBulk::with_bulk(branch::<1>(noise, size)?, state)),
        2 => Arc::new(SpikedBulk::with_bulk(branch::<2>(noise, size)?, state)),
        _ => Arc::new(SpikedBulk::with_bulk(branch::<3>(noise, size)?, state)),
    })
}

fn branch<const A: usize>(
    noise: &NoiseStructure,
    (phi, gamma, weight_tail): (f64, f64, f64),
) -> Fallible<RealBranch<A>> {
    let exact = bulk::<A>(noise, phi, gamma, 0.0);
    let besides = |(variance, stretch): (&f64, &f64)| variance - stretch * stretch;
    let besides: Vec<f64> = noise.variance.iter().zip(&noise.stretch).map(besides).collect();
    let rest = exact.missing(&besides);
    RealBranch::new(Bulk { rest, ..bulk::<A>(noise, phi, gamma, weight_tail) })
}

/// The bulk with weights of samples cut at `tail`, and nothing besides what the samples make (17.7).
fn bulk<const A: usize>(noise: &NoiseStructure, phi: f64, gamma: f64, tail: f64) -> Bulk<A> {
    let cut = |group: &SampleNoise| {
        let l = group.linear.rows().into_iter().map(first).collect();
        let mut weights = SampleWeights { share: group.share, l, q: group.variance.clone() };
        weights.cut(&noise.weight, tail);
        weights
    };
    let groups: Vec<SampleWeights<A>> = noise.groups.iter().map(cut).collect();
    let mut bulk = Bulk {
        phi,
        gamma,
        b: noise.profile.iter().map(|g| g.sqrt()).collect(),
        b_weight: noise.b_weight.clone(),
        lam: noise.stretch.clone(),
        rest: vec![0.0; noise.b.len()],
        terms: noise.terms.rows().into_iter().map(first).collect(),
        groups,
        weight: noise.weight.clone(),
    };
    // the mean of the linear part and lam make the stretch together
    let mean = bulk.start().alpha;
    for (lam, e) in bulk.lam.iter_mut().zip(&bulk.terms) {
        *lam -= e.iter().zip(&mean).map(|(e, l)| e * l).sum::<f64>();
    }
    bulk
}

fn first<const A: usize>(row: ArrayView1<f64>) -> [f64; A] {
    from_fn(|a| row[a])
}

impl<const A: usize> RowBulk for RealBranch<A> {
    fn edge(&self) -> f64 {
        self.edge.z.max(0.0).sqrt()
    }

    fn lower_edge(&self) -> Fallible<f64> {
        Ok(RealBranch::lower_edge(self)?.max(0.0).sqrt())
    }

    fn edge_m(&self) -> f64 {
        self.edge.a0()
    }

    fn edge_shape(&self) -> Fallible<EdgeShape> {
        RealBranch::edge_shape(self)
    }

    /// The derivatives are difference quotients.
    fn at(&self, m: f64) -> Result<BulkPoint, PredictionError> {
        let x = (-m).ln().min(self.edge.x);
        let h = 1e-4;
        let here = RealBranch::at(self, x)?;
        let (before, after) = (x - h, (x + h).min(self.edge.x));
        let rows = |x: f64| -> Fallible<(f64, f64, Vec<f64>)> {
            let point = RealBranch::at(self, x)?;
            let a0 = point.a0();
            let rows = self.bulk.row_variances(&point.order).iter().map(|d| a0 * d).collect();
            Ok((a0, point.z, rows))
        };
        let [(m_0, z_0, rows_0), (m_1, z_1, rows_1)] = [rows(before)?, rows(after)?];
        let growth = rows_0.iter().zip(&rows_1).map(|(a, b)| (b - a) / (m_1 - m_0)).collect();
        let (m, zeta, slope) = (here.a0(), here.z, (z_1 - z_0) / (m_1 - m_0));
        Ok(BulkPoint { m, zeta, slope, rows: rows(x)?.2, growth })
    }

    fn densities(&self, singular_values: &[f64]) -> Result<Vec<f64>, PredictionError> {
        density::density(self, singular_values)
    }
}
