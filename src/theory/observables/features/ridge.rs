//! Test error, training error and norm of ridge regression on the features (docs/theory.md, section
//! 15.4).

use super::continuation::Continuation;
use super::fixed_point::Equations;
use super::system::FeatureSystem;
use crate::theory::error::{Fallible, PredictionError, finite};

/// [test error, training error, |u|^2].
pub(super) type Errors = [f64; 3];

/// The errors at every one of `lambdas`, in their order.
pub(super) fn errors(
    system: &FeatureSystem,
    samples: usize,
    lambdas: &[f64],
) -> Fallible<Vec<Errors>> {
    let equations = Equations { system, samples: samples as f64 };
    let mut order: Vec<usize> = (0..lambdas.len()).collect();
    order.sort_by(|&i, &j| lambdas[j].total_cmp(&lambdas[i]));
    let Some(&largest) = order.first() else { return Ok(Vec::new()) };
    let mut path = Continuation::new(equations, lambdas[largest])?;
    let mut found = vec![[f64::NAN; 3]; lambdas.len()];
    for i in order {
        found[i] = at(&equations, &mut path, lambdas[i])?;
    }
    Ok(found)
}

/// The errors at the next `lambda` of `path`.
pub(super) fn at(
    equations: &Equations<'_>,
    path: &mut Continuation<'_>,
    lambda: f64,
) -> Fallible<Errors> {
    let singular = PredictionError::Singular { name: "ridge regression" };
    let (point, tangents) = path.solve(lambda)?;
    let fit = equations.fit(&point).ok_or_else(|| singular.clone())?;
    let slope = |d_lambda: f64, d_rho: f64| {
        let motion = equations.motion(&point, &tangents, d_lambda, d_rho)?;
        Some(fit.change(equations, &motion, d_rho))
    };
    let test = slope(0.0, 1.0).ok_or_else(|| singular.clone())?;
    let norm = slope(1.0, 0.0).ok_or(singular)?;
    let found = [test, fit.objective - lambda * norm, norm];
    finite("an error of ridge regression", &found)?;
    Ok(found)
}
