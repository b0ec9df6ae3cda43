//! Which predicted outlier belongs to which measured one.

use super::feature_report::{MeasuredFeatures, StageFeatures};
use super::report::Stage;

/// Differences that count as one: 5 % in singular value, 0.15 in an overlap. Outliers that lie
/// apart are then paired by size, and close ones, whose order chance decides, by their vectors.
const VALUE: f64 = 0.05;
const OVERLAP: f64 = 0.15;
/// No pair costs more, so that sums stay finite.
const LARGEST: f64 = 1e6;

impl Stage {
    /// For each of [`triplets`](Self::triplets), the number of its outlier in the prediction; `None`
    /// where it has none.
    ///
    /// The pairs are the assignment with the smallest sum of (ln(s/s') / 0.05)^2 and, for each
    /// overlap that both sides have, ((o - o') / 0.15)^2, so that the vectors tell apart two outliers
    /// of nearly the same size. When the prediction has more outliers than were measured, the
    /// largest values of the bulk take part.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(200).dimension(100).samples(300).target(target);
    /// let report = settings.activation(Tanh::default()).steps([12.0, 20.0]).build()?.run()?;
    /// let stage = &report.stages[2];
    /// let predicted = &stage.prediction.as_ref().unwrap().outliers;
    /// for (measured, pair) in stage.triplets.iter().zip(stage.pairing()) {
    ///     let beside = pair.map(|j| predicted[j].singular_value);
    ///     println!("{} {beside:?}", measured.singular_value);
    /// }
    /// # assert_eq!(stage.pairing()[0], Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pairing(&self) -> Vec<Option<usize>> {
        let predicted = self.prediction.as_ref().map_or(&[][..], |p| &p.outliers);
        paired_by(&self.triplets, self.outliers.count, predicted, |measured, predicted| {
            let directions = measured.direction_overlaps.iter().zip(&predicted.direction_overlaps);
            let left = measured.left_overlaps.iter().zip(&predicted.left_overlaps);
            let overlaps = directions.chain(left).map(|(m, p)| (*m, *p)).collect();
            (measured.singular_value / predicted.singular_value, overlaps)
        })
    }
}

impl StageFeatures {
    /// For each of the leading measured eigenvalues, the number of its outlier in the prediction;
    /// `None` where it has none. Pairs are found as by [`Stage::pairing`].
    pub fn pairing(&self) -> Vec<Option<usize>> {
        let predicted = self.predicted.as_ref().map_or(&[][..], |p| &p.outliers);
        let MeasuredFeatures { outliers, leading, .. } = &self.measured;
        paired_by(leading, outliers.count, predicted, |measured, predicted| {
            let labels = (measured.label_overlap, predicted.label_overlap);
            let zip = |a: &[f64], b: &[f64]| a.iter().copied().zip(b.iter().copied()).collect();
            let hermite: Vec<_> = zip(&measured.hermite_overlaps, &predicted.hermite_overlaps);
            let second: Vec<_> =
                zip(&measured.second_layer_overlaps, &predicted.second_layer_overlaps);
            let root = (measured.eigenvalue / predicted.eigenvalue).sqrt();
            (root, [vec![labels], hermite, second].concat())
        })
    }
}

/// For each of `measured`, of which `outliers` are outliers, the number of its partner among
/// `predicted`. `compared` gives the ratio of the singular values of two, and the pairs of overlaps
/// that both have.
pub(super) fn paired_by<T>(
    measured: &[T],
    outliers: usize,
    predicted: &[T],
    compared: impl Fn(&T, &T) -> (f64, Vec<(f64, f64)>),
) -> Vec<Option<usize>> {
    let taking_part = &measured[..outliers.max(predicted.len()).min(measured.len())];
    // outliers predicted beyond the measured ones go to columns that cost nothing
    let cost = |j: usize, k: usize| match taking_part.get(k) {
        Some(measured) => {
            let (ratio, overlaps) = compared(measured, &predicted[j]);
            distance(ratio, &overlaps)
        }
        None => 0.0,
    };
    let columns = taking_part.len().max(predicted.len());
    let mut pairs = assignment(predicted.len(), columns, cost);
    pairs.resize(measured.len(), None);
    pairs
}

/// Whether the pair of triplet `k` stands in another order than some other pair.
pub(super) fn exchanged(pairs: &[Option<usize>], k: usize) -> bool {
    let Some(j) = pairs[k] else { return false };
    let others = pairs.iter().enumerate().filter_map(|(k, j)| Some((k, (*j)?)));
    others.into_iter().any(|(other, its)| (other < k) != (its < j) && other != k)
}

fn distance(ratio: f64, overlaps: &[(f64, f64)]) -> f64 {
    let value = ratio.ln() / VALUE;
    let overlaps = overlaps.iter().map(|(m, p)| ((m - p) / OVERLAP).powi(2));
    // a singular value of 0 is infinitely far
    (value * value + overlaps.sum::<f64>()).min(LARGEST)
}

/// The assignment of each of `rows` <= `columns` rows to a column of its own with the least total
/// cost: the row of each column. Rows are added one by one, each along its cheapest path: the row
/// takes the first column, the column's old row the second, and so on up to a free column.
fn assignment(
    rows: usize,
    columns: usize,
    cost: impl Fn(usize, usize) -> f64,
) -> Vec<Option<usize>> {
    let mut row_of = vec![None; columns];
    for row in 0..rows {
        // the cheapest path known to each column
        let direct = |column| (cost(row, column), vec![column]);
        let mut paths: Vec<(f64, Vec<usize>)> = (0..columns).map(direct).collect();
        for _ in 0..row {
            for via in 0..columns {
                let Some(moved) = row_of[via] else { continue };
                for column in 0..columns {
                    let total = paths[via].0 - cost(moved, via) + cost(moved, column);
                    // rounding can make a circle look cheaper
                    if total < paths[column].0 && !paths[via].1.contains(&column) {
                        let longer = [&paths[via].1[..], &[column]].concat();
                        paths[column] = (total, longer);
                    }
                }
            }
        }
        let free = (0..columns).filter(|column| row_of[*column].is_none());
        let cheapest = free.min_by(|i, j| paths[*i].0.total_cmp(&paths[*j].0));
        let mut moved = Some(row);
        for column in cheapest.map_or(&[][..], |end| &paths[end].1) {
            moved = std::mem::replace(&mut row_of[*column], moved);
        }
    }
    row_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{PredictedSpectrum, Triplet};
    use crate::rmt::EdgeLaw;
    use crate::spectral::{OutlierRule, Outliers};
    use crate::theory::prediction::{BulkModel, ErrorEstimate};
    use ndarray::Array1;

    fn triplet(singular_value: f64, direction: f64, left: [f64; 2]) -> Triplet {
        Triplet {
            singular_value,
            target_overlap: direction,
            direction_overlaps: vec![direction],
            left_overlaps: left.to_vec(),
            left_vector: None,
            right_vector: None,
        }
    }

    fn stage(count: usize, triplets: Vec<Triplet>, outliers: Vec<Triplet>) -> Stage {
        let rule = OutlierRule::MarchenkoPastur { margin: 0.1 };
        Stage {
            step: 2,
            eta: Some(1.0),
            change: None,
            singular_values: Array1::from_iter(triplets.iter().map(|t| t.singular_value)),
            outliers: Outliers { count, rule, threshold: 2.0, p_values: Vec::new() },
            bulk_law: None,
            triplets,
            prediction: Some(PredictedSpectrum {
                bulk_model: BulkModel::Isotropic,
                edge: 2.0,
                lower_edge: 0.5,
                edge_law: EdgeLaw { centre: 4.0, scale: 0.1 },
                outliers,
                errors: ErrorEstimate::default(),
                warnings: Vec::new(),
            }),
            readouts: Vec::new(),
            features: None,
            weights: None,
            gradient_seconds: 0.0,
            spectrum_seconds: 0.0,
            feature_seconds: 0.0,
        }
    }

    /// The cheapest of all assignments, by trying all.
    fn exhaustive(rows: usize, columns: usize, cost: &dyn Fn(usize, usize) -> f64) -> f64 {
        fn rest(
            row: usize,
            free: &[usize],
            rows: usize,
            cost: &dyn Fn(usize, usize) -> f64,
        ) -> f64 {
            if row == rows {
                return 0.0;
            }
            let with = |j: &usize| {
                let left: Vec<usize> = free.iter().copied().filter(|k| k != j).collect();
                cost(row, *j) + rest(row + 1, &left, rows, cost)
            };
            free.iter().map(with).fold(f64::INFINITY, f64::min)
        }
        rest(0, &(0..columns).collect::<Vec<_>>(), rows, cost)
    }

    #[test]
    fn the_assignment_is_the_cheapest() {
        for (rows, columns) in [(0, 0), (0, 3), (1, 1), (1, 4), (3, 3), (4, 6), (6, 6)] {
            for seed in 0..40_usize {
                let cost = |i: usize, j: usize| {
                    let x = ((seed * 37 + i * 11 + j * 5 + 1) as f64 * 12.9898).sin() * 43758.5453;
                    (x - x.floor()) * if seed % 2 == 0 { 1.0 } else { 1e6 }
                };
                let found = assignment(rows, columns, cost);
                let mut assigned: Vec<usize> = found.iter().copied().flatten().collect();
                assigned.sort_unstable();
                assert_eq!(assigned, (0..rows).collect::<Vec<_>>());
                let pairs = found.iter().enumerate();
                let total: f64 = pairs.filter_map(|(j, i)| Some(cost((*i)?, j))).sum();
                let least = exhaustive(rows, columns, &cost);
                assert!((total - least).abs() <= 1e-9 * least, "{rows} {columns}: {total} {least}");
            }
        }
    }

    /// Two directions and a reused batch, as measured once: the two lie within 5 % of one another
    /// and have changed places.
    #[test]
    fn close_outliers_are_paired_by_their_vectors() {
        let measured =
            vec![triplet(5.661, 0.147, [0.9, 0.082]), triplet(5.428, 0.667, [0.1, 0.640])];
        let predicted =
            vec![triplet(4.913, 0.666, [0.1, 0.681]), triplet(4.889, 0.053, [0.9, 0.0])];
        let stage = stage(2, measured, predicted);
        let pairs = stage.pairing();
        assert_eq!(pairs, [Some(1), Some(0)]);
        assert!(exchanged(&pairs, 0) && exchanged(&pairs, 1));
    }

    /// However the overlaps lie: no vector turns a value into another three times as large.
    #[test]
    fn outliers_that_lie_apart_are_paired_by_size() {
        let measured = vec![triplet(16.0, 0.0, [1.0, 0.0]), triplet(5.0, 1.0, [0.0, 1.0])];
        let predicted = vec![triplet(15.0, 1.0, [0.0, 1.0]), triplet(5.2, 0.0, [1.0, 0.0])];
        let pairs = stage(2, measured, predicted).pairing();
        assert_eq!(pairs, [Some(0), Some(1)]);
        assert!(!exchanged(&pairs, 0) && !exchanged(&pairs, 1));
    }

    #[test]
    fn one_outlier_more_on_either_side_does_not_shift_the_others() {
        // a row of its own at the top, which no prediction has
        let (a, b) = (triplet(9.0, 0.9, [0.9, 0.1]), triplet(4.0, 0.1, [0.1, 0.9]));
        let extra = triplet(11.0, 0.0, [0.1, 0.1]);
        let bulk = triplet(2.0, 0.0, [0.0, 0.0]);
        let measured = vec![extra, a.clone(), b.clone(), bulk.clone()];
        let pairs = stage(3, measured, vec![a.clone(), b.clone()]).pairing();
        assert_eq!(pairs, [None, Some(0), Some(1), None]);
        // one predicted too many: it stands beside the bulk
        let third = triplet(2.1, 0.0, [0.0, 0.1]);
        let predicted = vec![a.clone(), b.clone(), third];
        let stage = stage(2, vec![a, b, bulk.clone(), bulk], predicted.clone());
        assert_eq!(stage.pairing(), [Some(0), Some(1), Some(2), None]);
        // fewer triplets than predicted outliers
        let few = super::tests::stage(1, vec![predicted[1].clone()], predicted);
        assert_eq!(few.pairing(), [Some(1)]);
    }

    #[test]
    fn nothing_to_pair_and_zeros_are_no_trouble() {
        let zero = triplet(0.0, 0.0, [0.0, 0.0]);
        let stage = stage(0, vec![zero.clone()], Vec::new());
        assert_eq!(stage.pairing(), [None]);
        let stage =
            super::tests::stage(0, vec![zero.clone(), zero], vec![triplet(3.0, 0.1, [0.0; 2])]);
        assert_eq!(stage.pairing(), [Some(0), None]);
    }
}
