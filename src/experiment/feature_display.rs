//! Readouts and the spectrum of the features as tables.

use std::fmt;

use super::feature_report::{FeatureVectors, StageFeatures, StageReadout};
use super::report::Stage;
use crate::number::Short;

/// From this share of the noise on, the predicted edge is too low by more than a percent.
const STRUCTURED: f64 = 0.1;

/// Readouts and features of a stage, measured (predicted); nothing where neither was asked for.
pub(super) fn tables(f: &mut fmt::Formatter<'_>, stage: &Stage) -> fmt::Result {
    readouts(f, stage)?;
    match &stage.features {
        Some(features) => spectrum(f, features),
        None => Ok(()),
    }
}

fn readouts(f: &mut fmt::Formatter<'_>, stage: &Stage) -> fmt::Result {
    if stage.readouts.is_empty() {
        return Ok(());
    }
    writeln!(f, "  ridge regression on the features (*: the best lambda)")?;
    writeln!(
        f,
        "  {:>8}{:>10}  {:<19}{:<9}{:<19}|u|^2",
        "m", "lambda", "test error", "+-", "training error"
    )?;
    for readout in &stage.readouts {
        let StageReadout { samples, lambda, measured, predicted } = readout;
        let best = stage.best_readout(*samples).is_some_and(|best| std::ptr::eq(best, readout));
        let mark = if best { '*' } else { ' ' };
        let row = format!(
            "  {mark}{samples:>7}{:>10}  {}{:<9}{}{}",
            Short(*lambda).to_string(),
            pair(measured.test_error.mean_square, predicted.map(|p| p.test_error), 19),
            digits(measured.test_error.standard_error),
            pair(measured.training_error, predicted.map(|p| p.training_error), 19),
            pair(measured.norm_squared, predicted.map(|p| p.norm_squared), 19),
        );
        writeln!(f, "{}", row.trim_end())?;
    }
    Ok(())
}

fn spectrum(f: &mut fmt::Formatter<'_>, features: &StageFeatures) -> fmt::Result {
    let StageFeatures { samples, measured, predicted } = features;
    let count = measured.outliers.count;
    write!(f, "  features of {samples} samples: {count} eigenvalues of F^T F / m above ")?;
    let threshold = measured.outliers.threshold.powi(2);
    writeln!(f, "{} (rule: {})", digits(threshold), measured.outliers.rule.name())?;
    if let Some(predicted) = predicted {
        let (count, edge) = (predicted.outliers.len(), digits(predicted.edge));
        writeln!(f, "    predicted (in brackets): {count} outliers, edge of the bulk {edge}")?;
        if predicted.noise_share > STRUCTURED {
            let share = predicted.noise_share;
            writeln!(
                f,
                "    note: {share:.2} of the noise of W came with the steps: the edge is low"
            )?;
        }
    }
    let names = ["<u, y>", "<u, He_1>", "<u, He_2>", "<u, He_3>", "<v, a>", "<v, a^2>"];
    let names: String = names.iter().map(|name| format!("{name:<15}")).collect();
    writeln!(f, "    k {:<21}{}", "eigenvalue", names.trim_end())?;
    let outliers = predicted.as_ref().map_or(&[][..], |predicted| &predicted.outliers);
    let pairs = features.pairing();
    let shown = count.max(outliers.len()).saturating_add(1);
    for (k, vectors) in measured.leading.iter().enumerate().take(shown) {
        let beside = pairs[k].and_then(|j| outliers.get(j));
        let mark = if k < count { '*' } else { ' ' };
        let mut row = format!("  {mark} {} ", k + 1);
        row += &pair(vectors.eigenvalue, beside.map(|beside| beside.eigenvalue), 21);
        let predicted = beside.map(overlaps);
        for (column, overlap) in overlaps(vectors).into_iter().enumerate() {
            let predicted = predicted.as_ref().and_then(|overlaps| overlaps.get(column)?.as_ref());
            row += &overlap_pair(overlap, predicted.copied());
        }
        writeln!(f, "{}", row.trim_end())?;
    }
    Ok(())
}

/// The overlaps with the label, He_1 to He_3, a and a^2, where they are known.
fn overlaps(vectors: &FeatureVectors) -> Vec<Option<f64>> {
    let hermite = (1..4).map(|k| vectors.hermite_overlaps.get(k).copied());
    let second = (1..3).map(|k| vectors.second_layer_overlaps.get(k).copied());
    [Some(vectors.label_overlap)].into_iter().chain(hermite).chain(second).collect()
}

fn overlap_pair(measured: Option<f64>, predicted: Option<f64>) -> String {
    let measured = measured.map_or("-".into(), |overlap| format!("{overlap:.3}"));
    let predicted = predicted.map_or(String::new(), |overlap| format!("({overlap:.3})"));
    format!("{:<15}", format!("{measured} {predicted}"))
}

/// A measured number with the predicted one in brackets, in a column of this width.
fn pair(measured: f64, predicted: Option<f64>, width: usize) -> String {
    let predicted = predicted.map_or(String::new(), |p| format!("({})", digits(p)));
    format!("{:<width$}", format!("{} {predicted}", digits(measured)))
}

/// Four decimals, and small numbers with a power of ten.
fn digits(x: f64) -> String {
    if x != 0.0 && x.abs() < 1e-3 { format!("{x:.1e}") } else { format!("{:.4}", Short(x)) }
}
