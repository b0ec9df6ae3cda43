//! Signs that a prediction should not be trusted (docs/theory.md, section 7).

use super::outlier::Outlier;
use super::setting::NoiseModel;

/// What an [`Indicator`] measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum IndicatorKind {
    /// phi times the label exceeded once in n samples.
    HeavyLabels,
    /// max_t eta_t max_j |a_j|.
    LargeRows,
    /// Growth of sigma' over the preactivations reached after step one.
    SteepActivation,
    /// Whether the link has a linear part.
    LinearPart,
    /// Distance of the weakest outlier from the edge, relative to the edge.
    NearEdge,
}

/// One check of the assumptions behind a prediction.
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

/// What the indicators are computed from.
pub(crate) struct Evidence<'a> {
    pub phi: f64,
    pub label_quantile: f64,
    pub largest_row: f64,
    pub growth: f64,
    pub linear: f64,
    pub second_moment: f64,
    pub reused: bool,
    pub noise_model: NoiseModel,
    pub edge: f64,
    pub outliers: &'a [Outlier],
}

impl Evidence<'_> {
    /// All indicators.
    pub fn indicators(&self) -> Vec<Indicator> {
        let mut list = vec![
            at_most(
                IndicatorKind::HeavyLabels,
                self.phi * self.label_quantile,
                1.0,
                "the largest label of a batch, times d/n, is",
                "so that no single sample shows up in the spectrum",
                "so that single samples can show up as outliers of their own and widen the bulk",
            ),
            at_most(
                IndicatorKind::LargeRows,
                self.largest_row,
                4.0,
                "the largest eta_t |a_j| is",
                "within the range checked against simulation",
                "beyond the range checked against simulation: the noise rows are then far from isotropic",
            ),
            at_most(
                IndicatorKind::SteepActivation,
                self.growth,
                8.0,
                "over the preactivations reached after step one, the derivative of the activation grows to this many times its typical size:",
                "which is harmless",
                "so that rare samples dominate the averages",
            ),
        ];
        // A link without linear part: known gaps of level 1.
        let ratio = self.linear / self.second_moment.sqrt();
        let isotropic = self.noise_model == NoiseModel::Isotropic;
        let trusted = ratio > 0.05 || !self.reused || !isotropic;
        list.push(Indicator {
            kind: IndicatorKind::LinearPart,
            value: ratio,
            threshold: 0.05,
            trusted,
            sentence: if trusted {
                format!("the linear part of the link carries the share {ratio:.3} of the label's standard deviation")
            } else {
                format!(
                    "the link has almost no linear part (share {ratio:.3}) and samples are reused: expect errors of 5 % in singular values and 0.09 in overlaps"
                )
            },
        });
        if let Some(weakest) = self.outliers.last() {
            let distance = weakest.singular_value / self.edge - 1.0;
            let trusted = distance >= 0.05;
            let percent = 100.0 * distance;
            list.push(Indicator {
                kind: IndicatorKind::NearEdge,
                value: distance,
                threshold: 0.05,
                trusted,
                sentence: if trusted {
                    format!("the weakest outlier lies {percent:.1} % above the edge of the bulk")
                } else {
                    format!("the weakest outlier lies only {percent:.1} % above the edge: at finite size it may not separate")
                },
            });
        }
        list
    }
}

fn at_most(
    kind: IndicatorKind,
    value: f64,
    threshold: f64,
    what: &str,
    good: &str,
    bad: &str,
) -> Indicator {
    let trusted = value <= threshold;
    let end = if trusted { good } else { bad };
    Indicator { kind, value, threshold, trusted, sentence: format!("{what} {value:.2}, {end}") }
}
