//! What one step does to the noise rows, as functions of b.
//!
//! Equations: docs/theory.md, (13.8) to (13.10).

use ndarray::Array2;

use crate::theory::dynamics::second_layer::SecondLayerQuadrature;

/// Averages over the samples at the coarse nodes of b.
#[derive(Clone)]
pub(super) struct NoiseAverages {
    /// E[r S_z / deviation] = E[r sigma''], by which a noise row is stretched.
    pub drift: Vec<f64>,
    /// E[r^2 (sigma'^2 - S^2)].
    pub variance: Vec<f64>,
}

/// The variances of the noise rows.
pub(super) struct Noise {
    /// D at the coarse nodes of b.
    pub coarse: Vec<f64>,
    /// D at the fine nodes.
    pub fine: Vec<f64>,
    /// D_* at the fine nodes.
    pub along_targets: Vec<Array2<f64>>,
}

impl Noise {
    /// Before the first step.
    pub fn start(law: &SecondLayerQuadrature, directions: usize) -> Self {
        Self {
            coarse: vec![1.0; law.coarse.len()],
            fine: vec![1.0; law.fine.len()],
            along_targets: vec![Array2::eye(directions); law.fine.len()],
        }
    }

    /// One step, where s(b) = `unit` b: `all` are the averages (13.8), and `pairs` those weighted by
    /// z*_i z*_j, row by row.
    pub fn step(
        &mut self,
        law: &SecondLayerQuadrature,
        unit: f64,
        phi: f64,
        all: &NoiseAverages,
        pairs: &[NoiseAverages],
    ) {
        let grown = |d: f64, b: f64, drift: f64, variance: f64| {
            let s = unit * b;
            d * (1.0 + s * drift).powi(2) + (s * s * phi * variance).max(0.0)
        };
        for (c, d) in self.coarse.iter_mut().enumerate() {
            *d = grown(*d, law.coarse[c], all.drift[c], all.variance[c]);
        }
        let fine = |a: &NoiseAverages| [law.at_fine(&a.drift), law.at_fine(&a.variance)];
        let [drift, variance] = fine(all);
        for (i, d) in self.fine.iter_mut().enumerate() {
            *d = grown(*d, law.fine.nodes[i], drift[i], variance[i]);
        }
        let pairs: Vec<_> = pairs.iter().map(fine).collect();
        for (i, d) in self.along_targets.iter_mut().enumerate() {
            let (p, s) = (d.nrows(), unit * law.fine.nodes[i]);
            let weighted =
                |k: usize| Array2::from_shape_fn((p, p), |(l, m)| pairs[l * p + m][k][i]);
            let stretch = Array2::eye(p) + s * weighted(0);
            *d = stretch.t().dot(&*d).dot(&stretch) + s * s * phi * weighted(1);
        }
    }
}
