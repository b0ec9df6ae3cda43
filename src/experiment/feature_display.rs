//! Readouts and the spectrum of the features as tables.

use std::fmt;

use super::feature_report::{FeatureVectors, StageFeatures, StageReadout};
use super::report::Stage;
use crate::number::Short;

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
            pair(measured.test_error.mean_square, predicted.map(|p| p.test_error)),
            digits(measured.test_error.standard_error),
            pair(measured.training_error, predicted.map(|p| p.training_error)),
            pair(measured.norm_squared, predicted.map(|p| p.norm_squared)),
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
    }
    let Some(first) = measured.leading.first() else { return Ok(()) };
    let mut head = format!("    k {:<19}{:<19}", "eigenvalue", "<u, y>");
    for k in 1..=first.hermite_overlaps.len() {
        head += &format!("{:<19}", format!("<u, He_{k}>"));
    }
    for k in 1..=first.second_layer_overlaps.len() {
        let power = if k == 1 { "<v, a>".into() } else { format!("<v, a^{k}>") };
        head += &format!("{power:<19}");
    }
    writeln!(f, "{}", head.trim_end())?;
    let outliers = predicted.as_ref().map_or(&[][..], |predicted| &predicted.outliers);
    let pairs = features.pairing();
    let shown = count.max(outliers.len()).saturating_add(1);
    for (k, vectors) in measured.leading.iter().enumerate().take(shown) {
        let beside = pairs[k].and_then(|j| outliers.get(j));
        let mark = if k < count { '*' } else { ' ' };
        let mut row = format!("  {mark} {} ", k + 1);
        for (column, number) in numbers(vectors).into_iter().enumerate() {
            let beside = beside.map(numbers).and_then(|numbers| numbers.get(column).copied());
            row += &pair(number, beside);
        }
        writeln!(f, "{}", row.trim_end())?;
    }
    Ok(())
}

/// Eigenvalue and overlaps in the order of the columns.
fn numbers(vectors: &FeatureVectors) -> Vec<f64> {
    let FeatureVectors { eigenvalue, label_overlap, hermite_overlaps, second_layer_overlaps } =
        vectors;
    [&[*eigenvalue, *label_overlap], &hermite_overlaps[..], second_layer_overlaps].concat()
}

/// A measured number with the predicted one in brackets.
fn pair(measured: f64, predicted: Option<f64>) -> String {
    let predicted = predicted.map_or(String::new(), |p| format!("({})", digits(p)));
    format!("{:<19}", format!("{} {predicted}", digits(measured)))
}

/// Four decimals, and small numbers with a power of ten.
fn digits(x: f64) -> String {
    if x != 0.0 && x.abs() < 1e-3 { format!("{x:.1e}") } else { format!("{:.4}", Short(x)) }
}
