//! Which singular values are too large for white noise (docs/theory.md, section 18.2).

use super::largest_gap::Spectrum;
use super::noise_scale::by_median;
use crate::error::{InvalidSetting, has_length, nonzero};
use crate::numerics::{exponent, times_power};
use crate::rmt::{EdgeLaw, TracyWidom};

/// Fewer values than this are no bulk that a scale can be fitted to.
const LEAST_BULK: usize = 5;

/// Values that noise exceeds with probability 1e-3 are kept out of the fit of the scale: the
/// Tracy-Widom variable that belongs to it.
const SET_APART: f64 = 3.272;

const MEAN: f64 = TracyWidom::MEAN;
const VARIANCE: f64 = TracyWidom::VARIANCE;

/// What the sequential test found: how many outliers, the value above which they lie, and the
/// p-values of them and of the next value.
pub(super) struct Found {
    pub count: usize,
    pub threshold: f64,
    pub p_values: Vec<f64>,
}

/// Tests the decreasing values `s`, one or more, all min(N, d) of an N x d matrix, at `level`.
pub(super) fn outliers(
    s: &[f64],
    width: usize,
    dimension: usize,
    level: f64,
) -> Result<Found, InvalidSetting> {
    let (long, short) = (width.max(dimension), width.min(dimension));
    nonzero("width", width)?;
    nonzero("dimension", dimension)?;
    has_length("the list of singular values", s.len(), short)?;
    let spectrum = Spectrum::new(s, width as f64 + dimension as f64);
    let rank = spectrum.rank();
    if 2 * rank <= short {
        // noise of the fitted scale 0 exceeds nothing
        let mut p_values = vec![0.0; rank];
        p_values.push(1.0);
        return Ok(Found { count: rank, threshold: spectrum.rounding_error(), p_values });
    }
    // in a unit without overflow; zeros are what whole rows or columns of zeros leave
    let unit = exponent(s[0]);
    let values: Vec<f64> = s[..rank].iter().map(|s| times_power(*s, -unit)).collect();
    let apart = set_apart(&values, long)?;
    let mut found = sequential(&values, level, |k| {
        Ok((rank - k >= LEAST_BULK).then(|| fitted_edge(&values, long, k.max(apart))))
    })?;
    found.threshold = times_power(found.threshold, unit);
    Ok(found)
}

/// Tests one value after the other at the law of what is left, until one is no outlier or there is
/// no law.
pub(super) fn sequential(
    values: &[f64],
    level: f64,
    law: impl Fn(usize) -> Result<Option<EdgeLaw>, InvalidSetting>,
) -> Result<Found, InvalidSetting> {
    let upper = TracyWidom.upper_quantile(level)?;
    let threshold = values.first().copied().unwrap_or(0.0);
    let mut found = Found { count: 0, threshold, p_values: Vec::new() };
    for (k, value) in values.iter().enumerate() {
        let Some(law) = law(k)? else { break };
        found.threshold = law.singular_value(upper);
        found.p_values.push(law.p_value(*value));
        if *value <= found.threshold {
            break;
        }
        found.count += 1;
    }
    Ok(found)
}

/// How many of the largest values a fit of the scale leaves out: those that stand out from the
/// noise of the median's scale, and then from that of the fit itself until nothing changes.
fn set_apart(values: &[f64], long: usize) -> Result<usize, InvalidSetting> {
    let short = values.len();
    let most = (short / 2).min(short.saturating_sub(LEAST_BULK));
    let above = |law: EdgeLaw| {
        let threshold = law.singular_value(SET_APART);
        values.iter().take(most).take_while(|s| **s > threshold).count()
    };
    let sigma = by_median(values, long, short, 0)?;
    let mut count = above(EdgeLaw::white(long, short, sigma * sigma)?);
    for _ in 0..30 {
        let next = above(fitted_edge(values, long, count));
        if next == count {
            break;
        }
        count = next;
    }
    Ok(count)
}

/// The law of the largest squared value of noise, given the first two moments of the nonzero
/// `values` (decreasing, the first `apart` of them set apart), by (18.6) to (18.10).
fn fitted_edge(values: &[f64], long: usize, apart: usize) -> EdgeLaw {
    let [all_n, all_p] = [long, values.len()].map(|size| size as f64);
    let [n, p] = [all_n, all_p].map(|size| size - apart as f64);
    let entries = n * p;
    let squares = || values[apart..].iter().map(|s| s * s);
    let sum: f64 = squares().sum();
    // what the values set apart take from the others (18.10), at a scale that depends on it a little
    let mut variance = sum / entries;
    let mut taken = [0.0; 2];
    for _ in 0..3 {
        taken = [0.0; 2];
        let root = (all_n * all_p).sqrt();
        for s in &values[..apart] {
            let x = ((s * s / variance - all_n - all_p) / (2.0 * root)).max(1.0);
            let strength = 1.0 / (x + ((x - 1.0) * (x + 1.0)).sqrt());
            taken[0] += root * strength;
            taken[1] += 0.5 * strength * strength;
        }
        variance = sum / (entries - taken[0]).max(0.5 * entries);
    }
    let white = EdgeLaw::johnstone(n, p);
    let (root, middle) = (entries.sqrt(), n + p);
    // the second Chebyshev moment less that of Gaussian noise with the same first moment (18.7)
    let second: f64 = squares().map(|square| (square / variance - middle).powi(2)).sum();
    let gaussian = entries * (middle + 1.0) / (1.0 + 2.0 / entries) - 2.0 * middle * entries
        + p * middle * middle;
    let moment = (second - gaussian) / (2.0 * entries) + taken[1];
    // a fourth cumulant is at least -2, which gives -1; the rest is chance
    let moment = moment.max(-4.0);
    // where the largest value is on average, and what it follows there (18.8)
    let largest = MEAN.mul_add(white.scale, white.centre);
    let x = ((largest - middle) / (2.0 * root)).clamp(0.0, 1.0);
    let of_scale = largest / (root * white.scale);
    let of_moment = 2.0 * x * of_scale;
    // the variance that is left (18.9)
    let left = VARIANCE - 2.0 * of_scale * of_scale - of_moment * of_moment;
    let shrink = (left / VARIANCE).max(0.2).sqrt();
    let centre = white.centre + white.scale * (of_moment * moment + MEAN * (1.0 - shrink));
    EdgeLaw { centre: variance * centre, scale: variance * white.scale * shrink }
}
