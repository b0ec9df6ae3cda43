//! The normal equations of ridge regression, solved for any lambda and in any unit.

use ndarray::{Array1, Array2, Zip};

use super::ReadoutError;
use super::moments::{Centred, Means, Moments, Units};
use crate::error::{InvalidSetting, finite};
use crate::linalg::{Workplace, scale_both_sides};
use crate::numerics::{exponent, times_power};

/// Normal equations with a larger condition number are refused: fewer than three digits would be
/// left.
const MAX_CONDITION: f64 = 1e13;

/// Above this condition number, features of unequal size are scaled to one size first.
const FINE_CONDITION: f64 = 1e6;

/// Features are of unequal size when their mean squares differ by more than this power of two.
const UNEQUAL: i32 = 10;

/// A feature whose standard deviation is less than this part of its mean is rounding error only.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// The exponents of the smallest `f64` and of the rounding error of 1.
const SMALLEST: i32 = -1074;
const LABEL_ROUNDING: i32 = -53;

/// (G + (lambda/p) I) theta = c for all lambdas, G = Phi^T Phi / n; or its dual form, with Phi Phi^T
/// / n. All is counted in [`Units`].
#[derive(Clone, Debug)]
pub(super) struct NormalEquations {
    units: Units,
    means: Means,
    /// |y|^2 / n about the mean.
    square: f64,
    /// G = V diag(values) V^T in the largest unit of the features.
    eigen: Eigen,
    rest: Rest,
}

/// What the two forms keep beside the eigenvalues.
#[derive(Clone, Debug)]
enum Rest {
    /// The mean squares of the features about their means, c and, when the features are unequal in
    /// size, G: each entry in the units of its own features.
    Primal { squares: Array1<f64>, correlation: Array1<f64>, unequal: Option<Array2<f64>> },
    /// The centred features (n x p), which turn dual coefficients into weights.
    Dual(Array2<f64>),
}

/// A symmetric system of equations.
#[derive(Clone, Debug)]
struct Eigen {
    /// Eigenvalues, increasing, none below 0.
    values: Array1<f64>,
    /// Eigenvectors, columns.
    vectors: Array2<f64>,
    /// The right-hand side along them.
    right: Array1<f64>,
}

impl Eigen {
    fn new(
        matrix: Array2<f64>,
        right: &Array1<f64>,
        place: &dyn Workplace,
    ) -> Result<Self, ReadoutError> {
        finite("the Gram matrix of the features", matrix.iter())?;
        finite("the correlation of features and labels", right.iter())?;
        let (values, vectors) = place.symmetric_eigen(matrix)?;
        Ok(Self { values: values.mapv(|v| v.max(0.0)), right: vectors.t().dot(right), vectors })
    }

    /// The solution with `ridge` added to 2^-shift times the matrix, and the condition number.
    fn solved(&self, ridge: f64, shift: i32) -> (Array1<f64>, f64) {
        let values = self.values.mapv(|v| times_power(v, -shift) + ridge);
        let (smallest, largest) = (values[0], values[values.len() - 1]);
        let condition = if smallest > 0.0 { largest / smallest } else { f64::INFINITY };
        (self.vectors.dot(&(&self.right / &values)), condition)
    }
}

/// Weights mantissa 2^(power + unit of the labels).
struct Weights {
    mantissas: Array1<f64>,
    powers: Array1<i32>,
    condition: f64,
    /// The mean squared residual, where the dual form gives it.
    residual: Option<f64>,
}

/// What one lambda gives.
pub(super) struct Solution {
    pub weights: Array1<f64>,
    pub intercept: f64,
    /// The mean squared error on the batch.
    pub training_error: f64,
}

impl NormalEquations {
    pub fn primal(moments: Moments, place: &dyn Workplace) -> Result<Self, ReadoutError> {
        let Moments { units, means, mut gram, correlation, square } = moments;
        let squares = gram.diag().to_owned();
        let sizes = squares.iter().zip(&units.features).filter(|(square, _)| **square > 0.0);
        let sizes: Vec<i32> = sizes.map(|(square, e)| exponent(*square) + 2 * e).collect();
        let (least, most) = (sizes.iter().min(), sizes.iter().max());
        let unequal = least.zip(most).is_some_and(|(least, most)| most - least > UNEQUAL);
        let unequal = unequal.then(|| gram.clone());

        let to_one_unit = units.to_largest();
        scale_both_sides(&mut gram, &to_one_unit);
        let eigen = Eigen::new(gram, &(&correlation * &to_one_unit), place)?;
        let rest = Rest::Primal { squares, correlation, unequal };
        Ok(Self { units, means, square, eigen, rest })
    }

    /// With the kernel Phi Phi^T / n.
    pub fn dual(
        samples: Centred,
        kernel: Array2<f64>,
        place: &dyn Workplace,
    ) -> Result<Self, ReadoutError> {
        let Centred { units, means, features, labels } = samples;
        let n = features.nrows() as f64;
        let square = labels.iter().map(|y| y * y).sum::<f64>() / n;
        let eigen = Eigen::new(kernel, &(labels / n), place)?;
        Ok(Self { units, means, square, eigen, rest: Rest::Dual(features) })
    }

    /// Whether there are more features than samples, seen from the shape alone.
    pub fn undetermined(&self) -> bool {
        matches!(&self.rest, Rest::Dual(features) if features.nrows() < features.ncols())
    }

    /// Weights, intercept and training error.
    pub fn solve(&self, lambda: f64, place: &dyn Workplace) -> Result<Solution, ReadoutError> {
        let ridge = lambda / self.units.features.len() as f64;
        let refused = |condition| ReadoutError::IllConditioned { lambda, condition };
        if self.has_only_rounding(ridge) {
            return Err(refused(f64::INFINITY));
        }
        let mut weights = self.in_one_unit(ridge);
        if let Rest::Primal { unequal: Some(gram), correlation, .. } = &self.rest {
            if weights.condition.is_nan() || weights.condition > FINE_CONDITION {
                weights = self.equilibrated(ridge, gram.clone(), correlation, place)?;
            }
        }
        if weights.condition.is_nan() || weights.condition > MAX_CONDITION {
            return Err(refused(weights.condition));
        }
        let (own, intercept) = self.in_own_units(&weights)?;
        let error = self.training_error(ridge, &weights);
        let training_error = times_power(error, 2 * self.units.label);
        Ok(Solution { weights: own, intercept, training_error })
    }

    /// The mean squared residual in the unit of the labels. In the primal form it is |y|^2/n -
    /// theta^T c - ridge |theta|^2, as (G + ridge) theta = c.
    fn training_error(&self, ridge: f64, weights: &Weights) -> f64 {
        let Rest::Primal { correlation, .. } = &self.rest else {
            return weights.residual.unwrap_or(self.square);
        };
        let Weights { mantissas, powers, .. } = weights;
        let dimensionless = self.dimensionless(weights);
        let share: f64 = dimensionless.iter().zip(correlation).map(|(w, c)| w * c).sum();
        let root = ridge.sqrt();
        let penalty = Zip::from(mantissas)
            .and(powers)
            .fold(0.0, |sum, m, power| sum + times_power(root * m, *power).powi(2));
        (self.square - share - penalty).max(0.0)
    }

    /// The weights times the units of their features, in the unit of the labels.
    fn dimensionless(&self, weights: &Weights) -> Array1<f64> {
        Zip::from(&weights.mantissas)
            .and(&weights.powers)
            .and(&self.units.features)
            .map_collect(|mantissa, power, e| times_power(*mantissa, power + e))
    }

    /// Whether a feature is the same in every sample but for rounding in its mean, so that its square
    /// means nothing beside `ridge`.
    fn has_only_rounding(&self, ridge: f64) -> bool {
        let Rest::Primal { squares, .. } = &self.rest else { return false };
        Zip::from(squares)
            .and(&self.means.features)
            .and(&self.units.features)
            .any(|square, mean, e| square + times_power(ridge, -2 * e) < (ROUNDING * mean).powi(2))
    }

    /// By the eigenvalues that serve all lambdas.
    fn in_one_unit(&self, ridge: f64) -> Weights {
        let e = self.units.largest();
        // a large ridge becomes a number of ordinary size, and the matrix small beside it
        let shift = if ridge > 0.0 { (exponent(ridge) - 2 * e).max(0) } else { 0 };
        let ridge = times_power(ridge, -2 * e - shift);
        let (solution, condition) = self.eigen.solved(ridge, shift);
        let (mantissas, residual) = match &self.rest {
            Rest::Primal { .. } => (solution, None),
            Rest::Dual(features) => {
                // the residuals are n ridge times the dual coefficients
                let square: f64 = solution.iter().map(|alpha| (ridge * alpha).powi(2)).sum();
                (features.t().dot(&solution), Some(solution.len() as f64 * square))
            }
        };
        let powers = Array1::from_elem(mantissas.len(), -e - shift);
        Weights { mantissas, powers, condition, residual }
    }

    /// With each weight in a unit of its own, in which the diagonal of the matrix is near 1 (van der
    /// Sluis, Numer. Math. 14, 1969: no other scaling is better by more than a factor p).
    fn equilibrated(
        &self,
        ridge: f64,
        mut matrix: Array2<f64>,
        correlation: &Array1<f64>,
        place: &dyn Workplace,
    ) -> Result<Weights, ReadoutError> {
        let units = &self.units.features;
        let halves = Zip::from(matrix.diag()).and(units).map_collect(|square, e| {
            let of_square = (*square > 0.0).then(|| exponent(*square));
            let of_ridge = (ridge > 0.0).then(|| exponent(ridge) - 2 * e);
            of_square.max(of_ridge).unwrap_or(0).div_euclid(2)
        });
        let factors = halves.mapv(|half| times_power(1.0, -half));
        scale_both_sides(&mut matrix, &factors);
        let powers = -(units + &halves);
        matrix.diag_mut().zip_mut_with(&powers, |x, power| *x += times_power(ridge, 2 * power));
        let eigen = Eigen::new(matrix, &(correlation * factors), place)?;
        let (mantissas, condition) = eigen.solved(0.0, 0);
        Ok(Weights { mantissas, powers, condition, residual: None })
    }

    fn in_own_units(&self, weights: &Weights) -> Result<(Array1<f64>, f64), ReadoutError> {
        let Weights { mantissas, powers, .. } = weights;
        let dimensionless = self.dimensionless(weights);
        let Units { features: units, label } = &self.units;
        let own = Zip::from(mantissas)
            .and(powers)
            .map_collect(|mantissa, power| times_power(*mantissa, power + label));
        for ((own, mantissa), e) in own.iter().zip(mantissas).zip(units) {
            let lost = *mantissa != 0.0 && own.abs() < f64::MIN_POSITIVE;
            // times a feature, the lost digits are a part of a label
            if lost && SMALLEST + e > label + LABEL_ROUNDING {
                return Err(InvalidSetting::OutOfRange {
                    name: "a weight of the trained readout",
                    value: *own,
                    allowed: "2.3e-308 or more: give features and labels in other units",
                }
                .into());
            }
        }
        let means = self.means.features.iter();
        let share: f64 = means.zip(&dimensionless).map(|(mean, w)| mean * w).sum();
        Ok((own, times_power(self.means.label - share, *label)))
    }
}
