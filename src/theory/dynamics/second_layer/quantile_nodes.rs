//! Quadrature over a second-layer law that is given by its quantile function or its values.

use crate::distribution::{CustomLaw, CustomLawKind};
use crate::quadrature::{
    Rule, chebyshev_points, gauss_legendre, normal_density, normal_distribution, normal_quantile,
};
use crate::theory::error::PredictionError;

/// The law as nodes in increasing order, its values or about `fine` nodes of its quantile function;
/// and `coarse` points to interpolate between.
///
/// With u uniform on (0, 1), an unbounded end is cut at probability 1/(2N) as for Gaussian entries,
/// and the nodes next to it are taken in z with u = P(Z < z), where quantile functions are smooth.
/// The rest is Gauss-Legendre in u. So a law that equals a built-in one gets the nodes of that.
pub(super) fn nodes(
    law: &CustomLaw,
    width: usize,
    coarse: usize,
    fine: usize,
) -> Result<(Rule, Vec<f64>), PredictionError> {
    let (function, kinks) = match &law.kind {
        CustomLawKind::Discrete(values) => {
            let (nodes, weights) = values.iter().copied().unzip();
            let rule = Rule { nodes, weights };
            let points = chebyshev_points(coarse, rule.nodes[0], rule.nodes[rule.len() - 1]);
            return Ok((rule, points));
        }
        CustomLawKind::Sampled(_) => {
            return Err(PredictionError::LawWithoutQuantile { law: law.name().to_owned() });
        }
        CustomLawKind::Quantile { function, kinks } => (function, kinks),
    };
    let unbounded = [0.0, 1.0].map(|u| !function(u).is_finite());
    let cut = 0.5 / width as f64;
    let mut ends = vec![0.0];
    ends.extend(kinks.iter().copied().filter(|u| (cut..1.0 - cut).contains(u)));
    if ends.len() == 1 && unbounded[0] != unbounded[1] {
        ends.push(0.5);
    }
    ends.push(1.0);

    let pieces = ends.len() - 1;
    let per_piece = fine.div_ceil(pieces).max(8);
    let mut rule = Rule { nodes: Vec::new(), weights: Vec::new() };
    for (i, pair) in ends.windows(2).enumerate() {
        let (left, right) = (i == 0 && unbounded[0], i + 1 == pieces && unbounded[1]);
        if left || right {
            let low = normal_quantile(if left { cut } else { pair[0] });
            let high = if right { -normal_quantile(cut) } else { normal_quantile(pair[1]) };
            let piece = gauss_legendre(per_piece, low, high);
            rule.nodes.extend(piece.nodes.iter().map(|z| function(normal_distribution(*z))));
            rule.weights.extend(piece.iter().map(|(z, weight)| weight * normal_density(z)));
        } else {
            let piece = gauss_legendre(per_piece, pair[0], pair[1]);
            rule.nodes.extend(piece.nodes.iter().map(|u| function(*u)));
            rule.weights.extend(piece.weights);
        }
    }
    let low = function(if unbounded[0] { cut } else { 0.0 });
    let high = if unbounded[1] { 1.0 - cut } else { 1.0 };
    let points = gauss_legendre(coarse, low, function(high)).nodes;
    Ok((rule, points))
}
