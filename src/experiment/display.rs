//! The report as a table.

use std::fmt;

use super::feature_display;
use super::pairing::exchanged;
use super::report::{Report, Stage};
use super::settings::Settings;
use crate::number::Short;
use crate::spectral::Outliers;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { width, dimension, samples, batches, second_layer, seed, .. } =
            &self.settings;
        let labels = match &self.dataset {
            Some(summary) => format!("{} {summary}", self.link),
            None => format!("link {}, noise {}", self.link, Short(self.noise)),
        };
        writeln!(
            f,
            "N = {width}, d = {dimension}, n = {samples}; {}; {labels}; {batches} batches; \
             b {second_layer}; seed {seed}; {:?}, {}",
            self.activation, self.settings.precision, self.backend
        )?;
        write!(f, "{}", self.leading_order)?;
        for stage in &self.stages {
            table(f, stage, Some(self.chance_overlaps()))?;
        }
        if let Some(why) = &self.no_prediction {
            let some = self.stages.iter().any(|stage| stage.prediction.is_some());
            let stages = if some { " for some stages" } else { "" };
            writeln!(f, "no prediction{stages}: {why}")?;
        }
        if let Some(why) = &self.no_feature_prediction {
            writeln!(f, "no prediction for the features: {why}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, self, None)
    }
}

/// The outliers of one stage, measured and predicted, and the first value of the bulk. `chance` are
/// the overlaps that chance gives with the target and with powers of a.
fn table(f: &mut fmt::Formatter<'_>, stage: &Stage, chance: Option<(f64, f64)>) -> fmt::Result {
    write!(f, "W_{}", stage.step)?;
    if let Some(eta) = stage.eta {
        write!(f, " (eta = {:.3})", Short(eta))?;
    }
    let Outliers { count, rule, threshold, p_values } = &stage.outliers;
    let tests = p_values.iter().rev().take(2).map(|p| probability(*p)).collect::<Vec<_>>();
    let tests = match &tests[..] {
        [next, weakest] => format!(", {weakest}; next value {next}"),
        [next] => format!("; next value {next}"),
        _ => String::new(),
    };
    let (threshold, rule) = (Short(*threshold), rule.name());
    writeln!(f, ": {} above {threshold:.3} (rule: {rule}{tests})", outliers(*count))?;
    let predicted = stage.prediction.as_ref();
    if let Some(prediction) = predicted {
        writeln!(
            f,
            "  predicted (in brackets): {}, edge of the bulk {:.3}",
            outliers(prediction.outliers.len()),
            Short(prediction.edge)
        )?;
        writeln!(f, "  expected deviation of one network: {}", prediction.errors)?;
    }
    let triplets = &stage.triplets;
    let powers = triplets.first().map_or(0, |t| t.left_overlaps.len());
    let taught = triplets.iter().any(|t| !t.direction_overlaps.is_empty());
    let mut head = format!("    k{:^17}", "singular value");
    if taught {
        head += &format!("{:^17}", "<v, target>");
    }
    for power in 1..=powers {
        let label = if power == 1 { "<u, a>".into() } else { format!("<u, a^{power}>") };
        head += &format!("{label:^17}");
    }
    writeln!(f, "{}", head.trim_end())?;
    let pairs = stage.pairing();
    let shown = (*count).max(predicted.map_or(0, |p| p.outliers.len())).saturating_add(1);
    for (k, triplet) in triplets.iter().enumerate().take(shown) {
        let mark = if k < *count { '*' } else { ' ' };
        let beside = predicted.and_then(|p| p.outliers.get(pairs[k]?));
        let mut row = format!("  {mark} {}", k + 1);
        row += &pair(triplet.singular_value, beside.map(|b| b.singular_value));
        if taught {
            row += &pair(triplet.target_overlap, beside.map(|b| b.target_overlap));
        }
        for (power, overlap) in triplet.left_overlaps.iter().enumerate() {
            row += &pair(*overlap, beside.and_then(|b| b.left_overlaps.get(power).copied()));
        }
        if exchanged(&pairs, k) {
            row += "order exchanged";
        }
        writeln!(f, "{}", row.trim_end())?;
    }
    if let Some((target, left)) = chance {
        let columns = taught.then_some(target).into_iter().chain((0..powers).map(|_| left));
        let row: String = columns.map(|level| pair(level, None)).collect();
        writeln!(f, "    chance            {}", row.trim_end())?;
    }
    feature_display::tables(f, stage)?;
    for warning in predicted.into_iter().flat_map(|p| &p.warnings) {
        writeln!(f, "  note: {warning}")?;
    }
    Ok(())
}

fn outliers(count: usize) -> String {
    format!("{count} outlier{}", if count == 1 { "" } else { "s" })
}

/// A p-value to two digits.
fn probability(p: f64) -> String {
    match p {
        ..1e-12 => "p < 1e-12".into(),
        ..0.01 => format!("p = {p:.0e}"),
        _ => format!("p = {p:.2}"),
    }
}

/// A measured number with the predicted one in brackets.
fn pair(measured: f64, predicted: Option<f64>) -> String {
    let predicted = predicted.map_or(String::new(), |p| format!("({:.3})", Short(p)));
    format!("{:>8.3} {predicted:<8}", Short(measured))
}
