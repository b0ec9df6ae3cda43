//! How far one network lies from the prediction: estimates, calibrated on simulations
//! (docs/theory.md, section 7; docs/reliability.md).

use super::bulk::Bulk;
use super::label::Labels;
use super::law::Law;
use super::outlier::Outlier;
use super::setting::{BulkModel, Setting};
use crate::network::SecondLayerLaw;

/// What an [`Indicator`] measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum IndicatorKind {
    /// Expected deviation of the singular values of the outliers, relative.
    SingularValues,
    /// Expected deviation of their overlaps with the teacher, absolute.
    Overlaps,
    /// Expected deviation of the edge of the bulk, relative.
    Edge,
    /// Distance of the weakest outlier from the edge, relative to the edge.
    NearEdge,
    /// How many neurons carry the left vector of the outlier that fewest carry.
    FewNeurons,
    /// Relative change that the spikes left out can make to the singular value of an outlier.
    Truncation,
    /// Relative change of singular values when there are fewer quadrature nodes.
    Quadrature,
}

/// One check of the prediction.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Indicator {
    /// What is measured.
    pub kind: IndicatorKind,
    /// Its value.
    pub value: f64,
    /// The value from which on (or below which, see the sentence) the prediction is not trusted.
    pub threshold: f64,
    /// Whether the prediction is trusted on this count.
    pub trusted: bool,
    /// The finding in plain words.
    pub sentence: String,
}

/// Expected deviation of one network of this size from the prediction: root mean squares over
/// networks, which hold the error of the theory and the fluctuation from network to network.
///
/// With [`BulkModel::Structured`] right within a factor of 3 in at least four of five settings that
/// had no part in the calibration (tests/prediction/error_estimates.rs, table in docs/reliability.md).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ErrorEstimate {
    /// Of the singular values of the outliers, relative, root mean square over the outliers; 0
    /// without outliers.
    pub singular_value: f64,
    /// Of their overlaps with the teacher, absolute, root mean square over the outliers; 0 without
    /// outliers.
    pub overlap: f64,
    /// Of the edge of the bulk, relative: the first singular value below the outliers against the
    /// edge.
    pub edge: f64,
    /// Of every outlier, largest first.
    pub outliers: Vec<OutlierError>,
}

/// Expected deviation of one outlier, root mean square over networks.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OutlierError {
    /// Of its singular value, relative.
    pub singular_value: f64,
    /// Of its overlap with the teacher, absolute.
    pub overlap: f64,
}

impl std::fmt::Display for ErrorEstimate {
    /// "1.2 % in singular value, 0.020 in overlap, 0.8 % in edge"
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.outliers.is_empty() {
            let percent = 100.0 * self.singular_value;
            write!(f, "{percent:.1} % in singular value, {:.3} in overlap, ", self.overlap)?;
        }
        write!(f, "{:.1} % in edge", 100.0 * self.edge)
    }
}

/// Shares fitted to the calibration half of tests/golden/prediction_errors.csv, to one digit.
mod fitted {
    /// Of the Tracy-Widom spread and shift of the edge.
    pub const FINITE_SIZE: f64 = 1.2;
    /// Of the gap between the edges of level 1 and 2 that level 2 is off.
    pub const GAP: f64 = 0.2;
    /// Of the gap between the edges of level 1 and of W_0 that level 1 is off.
    pub const ISOTROPIC_GAP: f64 = 0.5;
    /// Of the change of the edge when ten rows are cut.
    pub const EXTREMES: f64 = 0.8;
    /// Of the spread of singular values by the draw of labels and second layer.
    pub const NORM: f64 = 0.9;
    /// Of the spread of overlaps by the draw of the labels.
    pub const OVERLAP: f64 = 0.8;
}

/// Rows that count as the most extreme ones.
pub(crate) const EXTREME_ROWS: f64 = 10.0;

/// What the estimates are computed from.
pub(crate) struct Evidence<'a> {
    pub setting: &'a Setting,
    pub bulk_model: BulkModel,
    pub law: &'a Law,
    pub labels: &'a Labels,
    /// Edge of the prediction.
    pub edge: f64,
    /// The bulk with isotropic noise.
    pub level_1: &'a Bulk,
    pub outliers: &'a [Outlier],
}

/// A contribution to an expected deviation, with its cause in words.
type Part = (f64, &'static str);

impl Evidence<'_> {
    /// The expected deviations.
    pub fn errors(&self) -> ErrorEstimate {
        let edge = root_sum(&self.edge_parts());
        let outliers: Vec<OutlierError> = self
            .outliers
            .iter()
            .map(|outlier| OutlierError {
                singular_value: root_sum(&self.value_parts(outlier, edge)),
                overlap: self.overlap(outlier),
            })
            .collect();
        let mean = |f: fn(&OutlierError) -> f64| {
            let count = outliers.len().max(1) as f64;
            (outliers.iter().map(|o| f(o).powi(2)).sum::<f64>() / count).sqrt()
        };
        ErrorEstimate {
            singular_value: mean(|o| o.singular_value),
            overlap: mean(|o| o.overlap),
            edge,
            outliers,
        }
    }

    /// The indicators that belong to `errors`.
    pub fn indicators(&self, errors: &ErrorEstimate) -> Vec<Indicator> {
        let mut list = Vec::new();
        let mut add = |kind, value: f64, threshold, sentence| {
            list.push(Indicator { kind, value, threshold, trusted: value <= threshold, sentence });
        };
        if let Some(weakest) = self.outliers.last() {
            let parts = self.outliers.iter().flat_map(|o| self.value_parts(o, errors.edge));
            add(
                IndicatorKind::SingularValues,
                errors.singular_value,
                0.05,
                format!(
                    "singular values of one network are expected to deviate by {:.1} %, mostly by {}",
                    100.0 * errors.singular_value,
                    largest(parts)
                ),
            );
            add(
                IndicatorKind::Overlaps,
                errors.overlap,
                0.1,
                format!(
                    "overlaps of one network with the teacher are expected to deviate by {:.3}, by the draw of its samples",
                    errors.overlap
                ),
            );
            let distance = weakest.singular_value / self.edge - 1.0;
            list.push(Indicator {
                kind: IndicatorKind::NearEdge,
                value: distance,
                threshold: errors.edge,
                trusted: distance >= errors.edge,
                sentence: format!(
                    "the weakest outlier lies {:.1} % above the edge of the bulk, which is known to {:.1} %",
                    100.0 * distance,
                    100.0 * errors.edge
                ),
            });
        }
        list.push(Indicator {
            kind: IndicatorKind::Edge,
            value: errors.edge,
            threshold: 0.05,
            trusted: errors.edge <= 0.05,
            sentence: format!(
                "the edge of the bulk of one network is expected to deviate by {:.1} %, mostly by {}",
                100.0 * errors.edge,
                largest(self.edge_parts().into_iter())
            ),
        });
        list
    }

    /// What moves the edge, relative (7.12).
    fn edge_parts(&self) -> [Part; 3] {
        let [n, d] = [self.setting.width as f64, self.setting.dimension as f64].map(f64::sqrt);
        // the edge of N x d white noise: mean -1.2 and deviation 1.3 in this unit of its square
        let unit = (1.0 / n + 1.0 / d).cbrt() / (n + d);
        let level_1 = self.level_1.edge();
        let gap = match self.bulk_model {
            BulkModel::Structured => fitted::GAP * change(self.edge, level_1),
            BulkModel::Isotropic => fitted::ISOTROPIC_GAP * change(level_1, 1.0 + n / d),
        };
        let extremes = if self.draws_second_layer() {
            change(level_1, self.level_1.without_extremes(EXTREME_ROWS / (n * n)).edge())
        } else {
            0.0
        };
        [
            (fitted::FINITE_SIZE * 0.9 * unit, "the finite size of the matrix"),
            (gap, "noise with the structure of the data, which the theory simplifies"),
            (fitted::EXTREMES * extremes, "the largest entries of the second layer"),
        ]
    }

    /// What moves the singular value of an outlier, relative, when the edge moves by `edge` (7.13).
    fn value_parts(&self, outlier: &Outlier, edge: f64) -> [Part; 3] {
        let near = (self.edge / outlier.singular_value).powi(4).min(1.0);
        let free = fitted::NORM * (1.0 - near);
        let labels = self.labels.sampling(self.setting.samples, self.setting.dimension).norm;
        [
            (free * self.second_layer(outlier).sqrt(), "the draw of the second layer"),
            (free * labels.sqrt(), "the draw of the samples"),
            (near * edge, "the edge of the bulk nearby"),
        ]
    }

    /// What moves the overlap of an outlier (7.14).
    fn overlap(&self, outlier: &Outlier) -> f64 {
        let sampling = self.labels.sampling(self.setting.samples, self.setting.dimension);
        let square = outlier.target_overlap.powi(2);
        fitted::OVERLAP * (1.0 - square) * (sampling.overlap + square * sampling.across).sqrt()
    }

    /// Variance of the logarithm of the norm of the left vector, its entries being functions of b.
    fn second_layer(&self, outlier: &Outlier) -> f64 {
        if !self.draws_second_layer() {
            return 0.0;
        }
        let (mut second, mut fourth) = (0.0, 0.0);
        for ((b, w), q) in self.law.fine.iter().zip(self.law.polynomials.rows()) {
            let square = (b * q.dot(&outlier.left)).powi(2);
            second += w * square;
            fourth += w * square * square;
        }
        let excess = if second > 0.0 { fourth / (second * second) - 1.0 } else { 0.0 };
        excess.max(0.0) / (4.0 * self.setting.width as f64)
    }

    fn draws_second_layer(&self) -> bool {
        !matches!(self.setting.second_layer, SecondLayerLaw::Fixed(_))
    }
}

/// |ln(a/b)|, at most 1.
fn change(a: f64, b: f64) -> f64 {
    (a / b).ln().abs().min(1.0)
}

fn root_sum(parts: &[Part]) -> f64 {
    parts.iter().map(|(part, _)| part * part).sum::<f64>().sqrt()
}

/// The cause of the largest part.
fn largest(parts: impl Iterator<Item = Part>) -> &'static str {
    parts.max_by(|a, b| a.0.total_cmp(&b.0)).map_or("", |(_, cause)| cause)
}

#[cfg(test)]
#[path = "validity_tests.rs"]
mod tests;
