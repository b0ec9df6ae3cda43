//! How a prediction is evaluated.

use crate::theory::error::{PredictionError, require};

/// The largest number of right vectors that may be asked for.
pub(super) const MOST_RIGHT_VECTORS: usize = 96;

/// How the noise rows of W, the bulk, are modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum BulkModel {
    /// Independent rows of covariance D(b) I / d (docs/theory.md, section 5): level 1. Fast; good
    /// for links with a linear part.
    Isotropic,
    /// Rows with the covariance that the batch gives them (docs/theory.md, section 10): level 2.
    /// The better one for links without linear part and for the edge of the bulk. After more than two
    /// steps the outliers see this bulk, but as vectors independent of it (section 17).
    #[default]
    Structured,
}

/// How the prediction is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct Options {
    /// Model of the bulk.
    pub bulk_model: BulkModel,
    /// With [`BulkModel::Isotropic`]: give the columns of the bulk along the teacher directions their
    /// own variance (docs/theory.md, section 7.2). [`BulkModel::Structured`] contains this.
    pub target_column: bool,
    /// With [`BulkModel::Structured`]: terms kept of the expansion in b of the linear part of the
    /// noise, 1 to 3 (docs/theory.md, sections 10.3 and 10.8). Two agree best with simulations.
    pub linear_terms: usize,
    /// Largest number R of right vectors v_k, one for each orthogonal polynomial q_k of the second
    /// layer; 1 to 96 (docs/theory.md, section 5.1). The indicator
    /// [`TRUNCATION`](super::Indicator::TRUNCATION) tells when `tolerance` needs more.
    pub right_vectors: usize,
    /// Largest relative change of the singular value of an outlier by omitted right vectors; above 0.
    pub tolerance: f64,
    /// Predict again with three quarters of the quadrature nodes, in about half the time, and report
    /// the change as the indicator [`QUADRATURE`](super::Indicator::QUADRATURE).
    pub compare_nodes: bool,
    /// Multiplies every number of quadrature nodes and the sizes of the interpolation tables; 0.1 to
    /// 20. The default 1 is enough for a relative accuracy of about 1e-4.
    pub node_factor: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bulk_model: BulkModel::default(),
            target_column: true,
            linear_terms: 2,
            right_vectors: 64,
            tolerance: 5e-3,
            compare_nodes: true,
            node_factor: 1.0,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), PredictionError> {
        let count = self.right_vectors;
        let fine = (1..=MOST_RIGHT_VECTORS).contains(&count);
        require("prediction_options.right_vectors", count as f64, fine, "between 1 and 96")?;
        let (name, fine) = ("prediction_options.tolerance", self.tolerance > 0.0);
        require(name, self.tolerance, fine, "a finite number above 0")?;
        let terms = self.linear_terms;
        let fine = (1..=3).contains(&terms);
        require("prediction_options.linear_terms", terms as f64, fine, "between 1 and 3")?;
        let factor = self.node_factor;
        let fine = (0.1..=20.0).contains(&factor);
        require("prediction_options.node_factor", factor, fine, "between 0.1 and 20")
    }

    /// Whether the columns along the teacher are separate.
    pub(super) fn separate_columns(&self) -> bool {
        self.bulk_model == BulkModel::Isotropic && self.target_column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_options() {
        let allowed = |options: Options| options.check().is_ok();
        let default = Options::default();
        assert!(allowed(default));
        for (right_vectors, good) in [(0, false), (1, true), (96, true), (97, false)] {
            assert_eq!(allowed(Options { right_vectors, ..default }), good);
        }
        for (tolerance, good) in [(0.0, false), (1e-9, true), (f64::INFINITY, false)] {
            assert_eq!(allowed(Options { tolerance, ..default }), good);
        }
        for (linear_terms, good) in [(0, false), (1, true), (3, true), (4, false)] {
            assert_eq!(allowed(Options { linear_terms, ..default }), good);
        }
        for (node_factor, good) in [(0.1, true), (20.0, true), (0.09, false), (f64::NAN, false)] {
            assert_eq!(allowed(Options { node_factor, ..default }), good);
        }
    }
}
