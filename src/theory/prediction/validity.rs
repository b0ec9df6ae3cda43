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
    /// How many neurons carry the left vector of the outlier that fewest carry.
    FewNeurons,
    /// Relative change that the spikes left out can make to the singular value of an outlier.
    Truncation,
    /// Relative change of singular values when there are fewer quadrature nodes.
    Quadrature,
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

#[cfg(test)]
mod tests {
    use super::*;
    use IndicatorKind::{HeavyLabels, LargeRows, LinearPart, NearEdge, SteepActivation};

    fn outlier(singular_value: f64) -> Outlier {
        Outlier {
            singular_value,
            target_overlap: 0.0,
            direction_overlaps: Vec::new(),
            left_overlaps: Vec::new(),
            neuron_share: 1.0,
            left: ndarray::Array1::zeros(0),
            at: 0.0,
        }
    }

    /// Value and verdict of each indicator, at both sides of its threshold.
    #[test]
    fn values_and_thresholds() {
        let outliers = [outlier(9.0), outlier(2.1)];
        let good = || Evidence {
            phi: 0.25,
            label_quantile: 4.0,
            largest_row: 4.0,
            growth: 8.0,
            linear: 0.12,
            second_moment: 4.0,
            reused: true,
            noise_model: NoiseModel::Isotropic,
            edge: 2.0,
            outliers: &outliers,
        };
        let found = |evidence: Evidence| -> Vec<(IndicatorKind, f64, bool)> {
            let list = evidence.indicators().into_iter();
            list.map(|i| (i.kind, i.value, i.trusted)).collect()
        };
        let near = 2.1f64 / 2.0 - 1.0;
        let expected = [
            (HeavyLabels, 1.0, true),
            (LargeRows, 4.0, true),
            (SteepActivation, 8.0, true),
            (LinearPart, 0.06, true),
            (NearEdge, near, near >= 0.05),
        ];
        assert_eq!(found(good()), expected);
        let bad = Evidence {
            phi: 0.26,
            largest_row: 4.1,
            growth: 8.1,
            linear: 0.1,
            edge: 2.01,
            ..good()
        };
        assert!(found(bad).iter().all(|(.., trusted)| !trusted));
        assert!(found(Evidence { edge: 1.5, ..good() }).iter().all(|(.., trusted)| *trusted));
        // fresh samples, or noise from data, do without a linear part
        for other in [
            Evidence { linear: 0.0, reused: false, ..good() },
            Evidence { linear: 0.0, noise_model: NoiseModel::FromData, ..good() },
        ] {
            assert_eq!(found(other)[3], (LinearPart, 0.0, true));
        }
        assert_eq!(found(Evidence { outliers: &[], ..good() }).len(), 4);
        let sentence = &Evidence { edge: 1.5, ..good() }.indicators()[4].sentence;
        assert!(sentence.contains("40.0 %"), "{sentence}");
    }
}
