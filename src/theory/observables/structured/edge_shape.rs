//! The bulk near its edge, from the branch z(a0) on both sides of it (docs/theory.md, (18.12)).

use super::real_branch::RealBranch;
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::observables::EdgeShape;

/// Step of x over the distance of the nearest pole of z(x): the error of the difference quotients is
/// about its square.
const STEP: f64 = 5e-3;

impl<const A: usize> RealBranch<A> {
    /// From the exact slope dz/dx, x = ln(-a0), at the edge and at three points before it, where the
    /// branch is known to exist.
    pub(super) fn edge_shape(&self) -> Fallible<EdgeShape> {
        let edge = self.edge;
        let d = self.bulk.row_variances(&edge.order);
        // 1 + m(b) and Delta vanish at the poles; Delta is quadratic in a0
        let rows = d.iter().map(|d| 1.0 + edge.a0() * d).fold(1.0, f64::min);
        let samples = self.bulk.smallest_delta(edge.a0(), &edge.order);
        let step = STEP * rows.min(0.5 * samples);
        let slope = |k: i32| self.at(edge.x - step * f64::from(k)).map(|point| point.slope);
        let slopes = [edge.slope, slope(1)?, slope(2)?, slope(3)?];
        let rows = (self.bulk.gamma, &self.bulk.b_weight[..], &d[..]);
        let shape = EdgeShape::from_logarithm((edge.x, edge.z), step, slopes, rows);
        let convex = shape.second > 0.0;
        if convex { Ok(shape) } else { Err(PredictionError::NotConverged { near: edge.a0() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{bulk, model};
    use super::*;
    use crate::theory::observables::isotropic;

    /// Without structure both models have the same shape.
    #[test]
    fn isotropic_limit() {
        let branch = RealBranch::new(bulk::<2>(&model(), 0.0)).unwrap();
        let found = branch.edge_shape().unwrap();
        let exact = isotropic::Bulk::new(1.5, vec![1.0], vec![1.0]).edge_shape();
        for (name, a, b) in [
            ("m", found.m, exact.m),
            ("square", found.square, exact.square),
            ("second", found.second, exact.second),
            ("third", found.third, exact.third),
            ("rows", found.rows, exact.rows),
            ("cubes", found.cubes, exact.cubes),
        ] {
            assert!((a / b - 1.0).abs() < 2e-3, "{name}: {a} {b}");
        }
    }

    /// The density of the bulk near the edge, sqrt(2 (z_e - z) / zeta'') / pi, is not computed from
    /// the derivatives.
    #[test]
    fn density_near_the_edge() {
        let branch = RealBranch::new(bulk::<2>(&model(), 0.3)).unwrap();
        let shape = branch.edge_shape().unwrap();
        let depth = 1e-4 * shape.square;
        let s = (shape.square - depth).sqrt();
        let found = super::super::density::density(&branch, &[s]).unwrap()[0];
        let curvature = shape.second / shape.m.abs().powi(3);
        let exact = 2.0 * s * (2.0 * depth / curvature).sqrt() / std::f64::consts::PI;
        assert!((found / exact - 1.0).abs() < 0.02, "{found} {exact}");
    }
}
