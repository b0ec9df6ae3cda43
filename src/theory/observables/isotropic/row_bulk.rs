//! What outliers of spikes that do not know the noise rows need of the bulk.

use super::bulk::Bulk;
use crate::theory::error::PredictionError;
use crate::theory::observables::EdgeShape;

/// A bulk of independent rows with the normalised trace m of its resolvent as parameter.
pub(crate) trait RowBulk: Send + Sync {
    /// Largest singular value of the bulk.
    fn edge(&self) -> f64;

    /// Smallest of the min(N, d) singular values of the bulk.
    fn lower_edge(&self) -> Result<f64, PredictionError>;

    /// m at the edge.
    fn edge_m(&self) -> f64;

    /// The bulk near its edge.
    fn edge_shape(&self) -> Result<EdgeShape, PredictionError>;

    /// The point m between the edge's and 0.
    fn at(&self, m: f64) -> Result<BulkPoint, PredictionError>;

    /// Density at each of `singular_values`, of mass one over the min(N, d) singular values.
    fn densities(&self, singular_values: &[f64]) -> Result<Vec<f64>, PredictionError>;
}

/// A point outside the bulk.
#[derive(Clone, Debug)]
pub(crate) struct BulkPoint {
    pub m: f64,
    /// The squared singular value.
    pub zeta: f64,
    /// Its derivative by m.
    pub slope: f64,
    /// m D(b) at each node of b.
    pub rows: Vec<f64>,
    /// Its derivative by m.
    pub growth: Vec<f64>,
}

impl BulkPoint {
    /// 1 + m D(b) at node `i`.
    pub fn denominator(&self, i: usize) -> f64 {
        1.0 + self.rows[i]
    }
}

impl RowBulk for Bulk {
    fn edge(&self) -> f64 {
        self.edge
    }

    fn lower_edge(&self) -> Result<f64, PredictionError> {
        Ok(self.lower_edge)
    }

    fn edge_m(&self) -> f64 {
        self.edge_m
    }

    fn edge_shape(&self) -> Result<EdgeShape, PredictionError> {
        Ok(Bulk::edge_shape(self))
    }

    fn at(&self, m: f64) -> Result<BulkPoint, PredictionError> {
        let rows = self.d.iter().map(|d| m * d).collect();
        let (zeta, slope) = (self.zeta(m), self.zeta_slope(m));
        Ok(BulkPoint { m, zeta, slope, rows, growth: self.d.clone() })
    }

    fn densities(&self, singular_values: &[f64]) -> Result<Vec<f64>, PredictionError> {
        Ok(singular_values.iter().map(|x| self.density(*x)).collect())
    }
}
