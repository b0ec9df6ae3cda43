//! The report as a table.

use std::fmt;

use super::{LeadingOrder, Report, Settings, Stage};
use crate::number::Short;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.settings;
        writeln!(
            f,
            "N = {}, d = {}, n = {}; {}; {}; {} batches; seed {}; {:?}, {}",
            s.width,
            s.dimension,
            s.samples,
            s.activation,
            data(s),
            s.batches,
            s.seed,
            s.precision,
            s.backend
        )?;
        write!(f, "{}", self.leading_order)?;
        for stage in &self.stages {
            write!(f, "{stage}")?;
        }
        if let Some(why) = &self.no_prediction {
            writeln!(f, "no prediction: {why}")?;
        }
        Ok(())
    }
}

impl fmt::Display for LeadingOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.link_coefficients.is_some() {
            let exponent = |e: Option<usize>| e.map_or("none".into(), |e| e.to_string());
            writeln!(
                f,
                "link: information exponent {}, reuse exponent {}",
                exponent(self.information_exponent),
                exponent(self.reuse_exponent)
            )?;
        }
        if let Some(first) = &self.first_step {
            writeln!(
                f,
                "leading order, W_1: spike of strength {:.3}, alignment with the target {:.3}",
                Short(first.strength),
                first.target_alignment
            )?;
        }
        if let Some(spikes) = &self.spikes {
            const SHOWN: usize = 12;
            let terms = spikes.terms();
            let mut exponents: Vec<String> =
                terms.iter().take(SHOWN).map(|t| format!("{:.2}", t.exponent)).collect();
            if terms.len() > SHOWN {
                exponents.push("...".into());
            }
            writeln!(
                f,
                "leading order, W_2: {} new directions, {} outliers in total ({} after special cases); spikes N^{{{}}}",
                spikes.new_directions_of_second_step(),
                spikes.total_outliers_after_second_step(),
                spikes.expected_outliers(),
                exponents.join(", ")
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W_{}", self.step)?;
        if let Some(eta) = self.eta {
            write!(f, " (eta = {:.3})", Short(eta))?;
        }
        writeln!(
            f,
            ": {} (rule: {}, threshold {:.3}); {:.2} s gradient, {:.2} s spectrum",
            outliers(self.outliers.count),
            self.outliers.rule.name(),
            Short(self.outliers.threshold),
            self.gradient_seconds,
            self.spectrum_seconds
        )?;
        let predicted = self.prediction.as_ref();
        if let Some(prediction) = predicted {
            writeln!(
                f,
                "  predicted (in brackets): {}, edge of the bulk {:.3}",
                outliers(prediction.outliers.len()),
                Short(prediction.edge)
            )?;
        }
        let powers = self.triplets.first().map_or(0, |t| t.left_overlaps.len());
        let taught = self.triplets.iter().any(|t| !t.direction_overlaps.is_empty());
        write!(f, "    k     singular value")?;
        if taught {
            write!(f, "      <v, target>")?;
        }
        for power in 1..=powers {
            let label = if power == 1 { "<u, a>".into() } else { format!("<u, a^{power}>") };
            write!(f, "{label:>17}")?;
        }
        writeln!(f)?;
        for (k, triplet) in self.triplets.iter().enumerate() {
            let mark = if k < self.outliers.count { '*' } else { ' ' };
            let beside = predicted.and_then(|p| p.outliers.get(k));
            write!(f, "  {mark} {}", k + 1)?;
            pair(f, 3, triplet.singular_value, beside.map(|b| b.singular_value))?;
            if taught {
                pair(f, 3, triplet.target_overlap, beside.map(|b| b.target_overlap))?;
            }
            for (power, overlap) in triplet.left_overlaps.iter().enumerate() {
                pair(f, 3, *overlap, beside.and_then(|b| b.left_overlaps.get(power).copied()))?;
            }
            writeln!(f)?;
        }
        for warning in predicted.into_iter().flat_map(|p| &p.warnings) {
            writeln!(f, "  note: {warning}")?;
        }
        Ok(())
    }
}

/// Where the labels come from.
fn data(settings: &Settings) -> String {
    let Some(given) = &settings.given_data else {
        return format!("link {}, noise {}", settings.link, Short(settings.noise));
    };
    let standardised = match (given.standardised_inputs, given.standardised_labels) {
        (true, true) => ", inputs and labels standardised",
        (true, false) => ", inputs standardised",
        (false, true) => ", labels standardised",
        (false, false) => "",
    };
    let removed = match given.removed_features.len() {
        0 => String::new(),
        1 => ", 1 constant feature removed".into(),
        count => format!(", {count} constant features removed"),
    };
    format!("{} ({} samples{standardised}{removed})", settings.link, given.samples)
}

fn outliers(count: usize) -> String {
    format!("{count} outlier{}", if count == 1 { "" } else { "s" })
}

/// A measured number with the predicted one in brackets.
fn pair(
    f: &mut fmt::Formatter<'_>,
    digits: usize,
    measured: f64,
    predicted: Option<f64>,
) -> fmt::Result {
    let predicted = predicted.map_or(String::new(), |p| format!("({:.digits$})", Short(p)));
    write!(f, "{:>8.digits$} {predicted:<8}", Short(measured))
}
