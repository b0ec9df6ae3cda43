//! The report as a table, and what must be known to read it.

use std::fmt;

use super::power_law::PowerLaw;
use super::summary::SpectrumReport;
use crate::spectral::outliers::OutlierRule;

/// A number of five digits, with a power of ten where that is shorter.
struct Digits(f64);

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x, size) = (self.0, self.0.abs());
        if x != 0.0 && !(1e-3..1e5).contains(&size) {
            return f.pad(&format!("{x:.2e}"));
        }
        let before = if size < 1.0 { 0 } else { size.log10() as usize };
        f.pad(&format!("{x:.*}", 4 - before.min(4)))
    }
}

/// A p-value, which may be far below any number worth printing.
fn p_text(p: f64) -> String {
    if p < 1e-99 { "< 1e-99".into() } else { format!("{}", Digits(p)) }
}

fn values(count: usize) -> String {
    format!("{count} value{}", if count == 1 { "" } else { "s" })
}

impl fmt::Display for SpectrumReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.singular_values;
        writeln!(f, "{} x {} matrix of rank {}", self.rows, self.columns, self.rank)?;
        let mut row = |name: &str, value: &dyn fmt::Display, meaning: String| {
            writeln!(f, "  {name:<26}{value:>10}  {meaning}")
        };
        row(
            "largest singular value",
            &Digits(s[0]),
            format!("smallest {}", Digits(s[s.len() - 1])),
        )?;
        row(
            "Frobenius norm",
            &Digits(self.frobenius_norm),
            "root of the sum of squared entries".into(),
        )?;
        let most = format!("Frobenius norm over largest value, squared; at most {}", self.rank);
        row("stable rank", &Digits(self.stable_rank), most)?;
        if let Some(bulk) = &self.bulk {
            let median = format!(
                "per entry, by least distance; {} by the median",
                Digits(bulk.scale_by_median)
            );
            row("noise", &Digits(bulk.scale), median)?;
            let edges =
                format!("white noise of that scale lies from {} to here", Digits(bulk.lower_edge));
            row("edge of the bulk", &Digits(bulk.edge), edges)?;
            let verdict =
                if bulk.white { "no evidence against white noise" } else { "NOT white noise" };
            let noise =
                format!("white noise stays below {}: {verdict}", Digits(bulk.distance_of_noise));
            row("distance to white noise", &Digits(bulk.distance), noise)?;
        }
        let outliers = &self.outliers;
        let above =
            format!("above {} (rule: {})", Digits(outliers.threshold), outliers.rule.name());
        row("outliers", &outliers.count, above)?;
        if let Some(hard) = &self.hard_threshold {
            let by_scale = format!(
                "{} above; best for denoising, at the noise above",
                values(hard.rank_by_scale)
            );
            row("hard threshold", &Digits(hard.by_scale), by_scale)?;
            let by_median =
                format!("{} above; the same by the median alone", values(hard.rank_by_median));
            row("  by the median", &Digits(hard.by_median), by_median)?;
        }
        let law = |law: &PowerLaw| {
            let PowerLaw { standard_error, from, tail, distance, .. } = *law;
            format!(
                "± {}; eigenvalues s² of the {tail} values from {} on; distance {}",
                Digits(standard_error),
                Digits(from),
                Digits(distance)
            )
        };
        if let Some(fit) = &self.power_law {
            row("power-law exponent", &Digits(fit.exponent), law(fit))?;
        }
        if let Some(fit) = self.power_law_with_outliers.as_ref().filter(|_| outliers.count > 0) {
            row("  with the outliers", &Digits(fit.exponent), law(fit))?;
        }
        if let Some(null) = &self.null {
            let largest = null.largest.iter().fold(0.0, |largest: f64, s| largest.max(*s));
            let count = null.largest.len();
            let p = format!(
                "largest value in {count} random orders of the entries; {} of W above; p = {}",
                values(null.values_above),
                p_text(null.p_value)
            );
            row("permuted entries", &Digits(largest), p)?;
            if let Some(bulk) = &null.bulk {
                let distance = format!("of the first; its edge {}", Digits(bulk.edge));
                row("  distance to white noise", &Digits(bulk.distance), distance)?;
            }
        }
        self.vectors(f)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

impl SpectrumReport {
    /// The leading values with p-values and the shape of their vectors.
    fn vectors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes = &self.localisation;
        if shapes.left.is_empty() {
            return Ok(());
        }
        let head = ["k", "value", "p-value", "left: spread", "top 1 %", "right: spread", "top 1 %"];
        let line = |f: &mut fmt::Formatter<'_>, mark: char, cells: [String; 7]| {
            let [k, value, p, left, left_top, right, right_top] = cells;
            let text = format!(
                "  {mark} {k:<8}{value:>10}{p:>12}{left:>14}{left_top:>9}{right:>15}{right_top:>9}"
            );
            writeln!(f, "{}", text.trim_end())
        };
        line(f, ' ', head.map(str::to_owned))?;
        let share = |x: f64| format!("{x:.3}");
        for (k, (left, right)) in shapes.left.iter().zip(&shapes.right).enumerate() {
            let mark = if k < self.outliers.count { '*' } else { ' ' };
            let p = self.outliers.p_values.get(k).map_or(String::new(), |p| p_text(*p));
            let value = Digits(self.singular_values[k]).to_string();
            let left = [left.participation, left.largest_share].map(share);
            let right = [right.participation, right.largest_share].map(share);
            let ([a, b], [c, d]) = (left, right);
            line(f, mark, [(k + 1).to_string(), value, p, a, b, c, d])?;
        }
        let (left, right) = (shapes.gaussian_left, shapes.gaussian_right);
        let [a, b, c, d] =
            [left.participation, left.largest_share, right.participation, right.largest_share]
                .map(share);
        line(f, ' ', ["Gaussian".into(), String::new(), String::new(), a, b, c, d])
    }
}

/// What must be known to read the numbers.
pub(super) fn notes(report: &SpectrumReport) -> Vec<String> {
    let mut notes = Vec::new();
    let (count, available) = (report.outliers.count, report.singular_values.len());
    match &report.bulk {
        None if count < available && 2 * report.rank <= available + count => notes.push(format!(
            "the rank is {} and leaves no bulk: all values above rounding error stand alone, and no noise is fitted",
            report.rank
        )),
        None => notes.push("no value is left for a bulk: no noise is fitted".into()),
        Some(bulk) if !bulk.white => {
            let assumed = if report.outliers.p_values.is_empty() {
                ""
            } else {
                "; the p-values assume white noise and here only say that the matrix is no such noise"
            };
            notes.push(format!(
                "the bulk is not white noise: its distance to the Marchenko-Pastur law, {}, is above {}, which \
                 white noise of this size exceeds once in 100 matrices{assumed}. Edge and noise describe the \
                 nearest white noise, not this matrix",
                Digits(bulk.distance),
                Digits(bulk.distance_of_noise)
            ));
        }
        Some(_) if available - count < 20 => notes.push(format!(
            "{} of the bulk are few: only a bulk far from white noise would be noticed",
            values(available - count)
        )),
        Some(_) => {}
    }
    let tested = matches!(report.outliers.rule, OutlierRule::TracyWidom { .. });
    if tested && report.outliers.p_values.is_empty() {
        notes.push("too few values for a test: no p-value, and no outlier is counted".into());
    }
    let null = report.null.as_ref().and_then(|null| null.bulk.as_ref());
    if null.is_some_and(|bulk| !bulk.white) {
        notes.push(
            "the entries themselves are too heavy or too sparse for the Marchenko-Pastur law: even in \
             a random order they do not follow it"
                .into(),
        );
    }
    notes
}
