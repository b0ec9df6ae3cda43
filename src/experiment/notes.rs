//! Warnings to a reader of the report that its numbers do not show.

use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use super::bulk_law;
use super::checked::Experiment;
use super::report::Stage;
use crate::data::Dataset;
use crate::linalg::backend_note;

/// A largest change of the weights, over their largest entry, that no printed digit shows.
const UNSEEN: f64 = 1e-6;

/// All notes on a run with these stages.
pub(super) fn of(experiment: &Experiment, stages: &[Stage]) -> Vec<String> {
    let mut notes: Vec<String> = backend_note().map(str::to_owned).into_iter().collect();
    if let Some(data) = experiment.dataset() {
        if !data.has_standardised_inputs() {
            notes.extend(features(data.inputs()));
        }
        notes.extend(labels(data));
    }
    notes.extend(stages.iter().filter_map(unmoved));
    notes.extend(bulk_law::note(experiment, stages));
    notes
}

/// The note on a step that changed nothing, or nothing that can be seen.
fn unmoved(stage: &Stage) -> Option<String> {
    let step = stage.step;
    let change = stage.change?;
    let note = if change.relative > UNSEEN {
        return None;
    } else if stage.eta == Some(0.0) {
        format!("step {step} changed nothing: its step size is 0")
    } else if change.no_gradient {
        format!(
            "step {step} changed nothing: its gradient is 0; the activation is flat wherever the \
             samples reach, or nothing is left to learn, or the second layer is 0"
        )
    } else if change.relative == 0.0 {
        format!("step {step} changed W by less than rounding: take a larger step")
    } else {
        format!(
            "step {step} changed W by {:.0e} of its size, which no digit printed here shows: take a \
             larger step, or look whether the activation is flat where the samples are",
            change.relative
        )
    };
    Some(note)
}

/// Largest |mean|, smallest and largest standard deviation of the features.
fn moments(x: ArrayView2<'_, f64>) -> (f64, f64, f64) {
    // the first value as origin, so that a large mean costs no digits
    let of = |column: ArrayView1<'_, f64>| {
        let shifted = &column - column[0];
        ((column[0] + shifted.sum() / column.len() as f64).abs(), shifted.std(0.0))
    };
    let columns = x.columns().into_iter().collect::<Vec<_>>();
    let all: Vec<(f64, f64)> = columns.into_par_iter().map(of).collect();
    all.into_iter().fold((0.0, f64::INFINITY, 0.0), |(mean, low, high), (m, s)| {
        (mean.max(m), low.min(s), high.max(s))
    })
}

/// The note on features far from mean 0 and variance 1, beyond what chance does to n samples.
fn features(x: ArrayView2<'_, f64>) -> Option<String> {
    let chance = 4.0 / (x.nrows() as f64).sqrt();
    let (mean, low, high) = moments(x);
    let mut found = Vec::new();
    if mean > 0.5 + chance {
        found.push(format!("mean up to {}", number(mean)));
    }
    if low < 0.5 - chance || high > 2.0 + chance {
        let (low, high) = (number(low), number(high));
        found.push(format!("standard deviation from {low} to {high}"));
    }
    (!found.is_empty()).then(|| {
        format!(
            "the features have {}; the laws of the first layer suppose mean 0 and variance 1: \
             standardise them (Dataset::standardised)",
            found.join(" and ")
        )
    })
}

fn number(x: f64) -> String {
    if x == 0.0 || (1e-2..1e5).contains(&x) { format!("{x:.2}") } else { format!("{x:.1e}") }
}

/// The note on labels that are all the same, or far from size 1, which the step sizes multiply.
fn labels(data: &Dataset) -> Option<String> {
    let (labels, first) = (data.labels(), data.labels()[0]);
    if labels.iter().all(|y| *y == first) {
        return Some(format!("all labels are {first}: there is nothing to learn from the inputs"));
    }
    let largest = labels.iter().fold(0.0_f64, |m, y| m.max(y.abs()));
    // in units of the largest, so that no square overflows
    let square = labels.iter().map(|y| (y / largest).powi(2)).sum::<f64>() / labels.len() as f64;
    let size = largest * square.sqrt();
    (!(0.01..=10.0).contains(&size)).then(|| {
        format!(
            "the labels have root mean square {}; a step grows with them as with its size: \
             standardise them (Dataset::with_standardised_labels)",
            number(size)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use ndarray::{Array2, Axis};
    use rand_distr::{Distribution, StandardNormal};

    fn gaussian(samples: usize, dimension: usize) -> Array2<f64> {
        let mut generator = stream(5, Purpose::Inputs, 0, 0);
        Array2::from_shape_simple_fn((samples, dimension), || StandardNormal.sample(&mut generator))
    }

    #[test]
    fn what_chance_does_is_not_noted() {
        for (samples, dimension) in [(2, 50), (10, 2000), (60, 3000), (2000, 300)] {
            assert_eq!(features(gaussian(samples, dimension).view()), None, "{samples}");
        }
    }

    #[test]
    fn labels_of_another_size_are_noted() {
        for (scale, shift, said) in [
            (1.0, 0.0, None),
            (1.0, 3.0, None),
            (1e-3, 0.0, Some("root mean square 1.0e-3")),
            (1.0, 1e6, Some("root mean square 1.0e6")),
            (1e300, 0.0, Some("e300;")),
            (0.0, 7.0, Some("all labels are 7:")),
        ] {
            let y = gaussian(400, 1).column(0).mapv(|v| scale * v + shift);
            let data = Dataset::new(gaussian(400, 3), y).unwrap();
            let note = labels(&data);
            assert_eq!(note.is_some(), said.is_some(), "{note:?}");
            assert!(note.unwrap_or_default().contains(said.unwrap_or_default()), "{said:?}");
        }
    }

    #[test]
    fn one_feature_in_another_unit_is_noted() {
        for (shift, scale, said) in [
            (1099.0, 1.0, "mean up to 1099."),
            (-3.0, 1.0, "mean up to 2.9"),
            (0.0, 1e-6, "e-7 to 1."),
            (0.0, 1e6, "standard deviation from"),
            (5.0, 0.0, "mean up to 5.00 and standard deviation from 0.00 to"),
        ] {
            let mut x = gaussian(400, 20);
            x.index_axis_mut(Axis(1), 7).mapv_inplace(|v| scale * v + shift);
            let note = features(x.view()).unwrap();
            assert!(note.contains(said) && note.contains("standardise"), "{note}");
        }
    }
}
