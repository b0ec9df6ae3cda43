//! The report as a table.

use std::fmt;

use super::{LeadingOrder, Report, Stage};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.settings;
        writeln!(
            f,
            "N = {}, d = {}, n = {}; {}; link {}, noise {}; {} batches; seed {}; {:?}, {}",
            s.width,
            s.dimension,
            s.samples,
            s.activation,
            s.link,
            s.noise,
            s.batches,
            s.seed,
            s.precision,
            s.backend
        )?;
        write!(f, "{}", self.leading_order)?;
        for stage in &self.stages {
            write!(f, "{stage}")?;
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
                first.strength, first.target_alignment
            )?;
        }
        if let Some(spikes) = &self.spikes {
            let exponents: Vec<String> =
                spikes.terms().iter().map(|t| format!("{:.2}", t.exponent)).collect();
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
            write!(f, " (eta = {eta:.3})")?;
        }
        writeln!(
            f,
            ": {} outlier{} (rule: {}, threshold {:.3}); {:.2} s gradient, {:.2} s spectrum",
            self.outliers.count,
            if self.outliers.count == 1 { "" } else { "s" },
            self.outliers.rule.name(),
            self.outliers.threshold,
            self.gradient_seconds,
            self.spectrum_seconds
        )?;
        let powers = self.triplets.first().map_or(0, |t| t.left_overlaps.len());
        write!(f, "    k  singular value   <v, target>")?;
        for power in 1..=powers {
            let label = if power == 1 { "<u, a>".into() } else { format!("<u, a^{power}>") };
            write!(f, "{label:>10}")?;
        }
        writeln!(f)?;
        for (k, triplet) in self.triplets.iter().enumerate() {
            let mark = if k < self.outliers.count { '*' } else { ' ' };
            write!(
                f,
                "  {mark} {}  {:>14.4}   {:>11.3}",
                k + 1,
                triplet.singular_value,
                triplet.target_overlap
            )?;
            for overlap in &triplet.left_overlaps {
                write!(f, "{overlap:>10.3}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
