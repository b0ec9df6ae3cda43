//! The predictions as a table.

use std::fmt;

use linear_width::experiment::Settings;

use super::{PredictedReport, PredictedStage};

impl fmt::Display for PredictedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { width, dimension, samples, batches, second_layer, .. } = &self.settings;
        writeln!(
            f,
            "N = {width}, d = {dimension}, n = {samples}; {batches} batches; b {second_layer}; \
             predicted, nothing simulated"
        )?;
        write!(f, "{}", self.leading_order)?;
        for stage in &self.stages {
            write!(f, "{stage}")?;
        }
        if let Some(why) = &self.no_prediction {
            let some = self.stages.iter().any(|stage| stage.spectrum.is_some());
            let stages = if some { " for some stages" } else { "" };
            writeln!(f, "no prediction{stages}: {why}")?;
        }
        if let Some(why) = &self.no_feature_prediction {
            writeln!(f, "no prediction for the features: {why}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PredictedStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W_{}", self.step)?;
        if let Some(eta) = self.eta {
            write!(f, " (eta = {eta:.3})")?;
        }
        match (&self.spectrum, &self.density) {
            (Some(spectrum), _) => {
                let count = spectrum.outliers.len();
                let plural = if count == 1 { "" } else { "s" };
                let (lower, edge) = (spectrum.lower_edge, spectrum.edge);
                writeln!(f, ": {count} outlier{plural}, bulk from {lower:.3} to {edge:.3}")?;
                writeln!(f, "  expected deviation of one network: {}", spectrum.errors)?;
                outliers(f, self)?;
            }
            (None, Some(density)) => {
                let edge = |s: Option<&f64>| s.copied().unwrap_or(f64::NAN);
                let s = &density.singular_values;
                let (lower, edge) = (edge(s.first()), edge(s.last()));
                writeln!(f, ": no outliers, bulk from {lower:.3} to {edge:.3}")?;
            }
            (None, None) => writeln!(f, ": no prediction")?,
        }
        if !self.readouts.is_empty() {
            writeln!(f, "  ridge regression on the features")?;
            writeln!(
                f,
                "  {:>8}{:>10}  {:<12}{:<16}|u|^2",
                "m", "lambda", "test error", "training error"
            )?;
        }
        for readout in &self.readouts {
            let errors = readout.errors;
            let [test, training, norm] =
                [errors.test_error, errors.training_error, errors.norm_squared].map(digits);
            let (samples, lambda) = (readout.samples, readout.lambda);
            writeln!(f, "  {samples:>8}{lambda:>10}  {test:<12}{training:<16}{norm}")?;
        }
        if let Some(features) = &self.features {
            write!(f, "  eigenvalues of F^T F / m: edge of the bulk {}", digits(features.edge))?;
            match features.outliers.len() {
                0 => writeln!(f, ", no outliers")?,
                _ => writeln!(f, "; outliers:\n    {:<13}<u, y>", "eigenvalue")?,
            }
            for outlier in &features.outliers {
                let eigenvalue = digits(outlier.eigenvalue);
                writeln!(f, "    {eigenvalue:<13}{:.3}", outlier.label_overlap)?;
            }
        }
        for warning in self.spectrum.iter().flat_map(|spectrum| &spectrum.warnings) {
            writeln!(f, "  note: {warning}")?;
        }
        Ok(())
    }
}

fn outliers(f: &mut fmt::Formatter<'_>, stage: &PredictedStage) -> fmt::Result {
    let outliers = stage.spectrum.as_ref().map_or(&[][..], |spectrum| &spectrum.outliers);
    let Some(first) = outliers.first() else { return Ok(()) };
    let powers = (1..=first.left_overlaps.len()).map(|power| match power {
        1 => format!("{:<11}", "<u, a>"),
        _ => format!("{:<11}", format!("<u, a^{power}>")),
    });
    let head = format!(
        "    k {:<17}{:<14}{}",
        "singular value",
        "<v, target>",
        powers.collect::<String>()
    );
    writeln!(f, "{}", head.trim_end())?;
    for (k, outlier) in (1..).zip(outliers) {
        let left: String = outlier.left_overlaps.iter().map(|o| format!("{o:<11.3}")).collect();
        let (value, target) = (format!("{:.3}", outlier.singular_value), outlier.target_overlap);
        writeln!(f, "{}", format!("  {k:>3} {value:<17}{target:<14.3}{left}").trim_end())?;
    }
    Ok(())
}

/// Four decimals, and small numbers with a power of ten.
fn digits(x: f64) -> String {
    if x != 0.0 && x.abs() < 1e-3 { format!("{x:.1e}") } else { format!("{x:.4}") }
}
