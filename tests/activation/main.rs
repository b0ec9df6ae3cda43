//! Activations, Hermite coefficients and the quadrature behind them.

mod adaptive_quadrature;
mod properties;

#[path = "../common/strategies.rs"]
mod strategies;
