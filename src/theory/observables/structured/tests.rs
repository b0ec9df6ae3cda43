//! Tests of several files together.

mod lower_edge;
mod matrices;
mod white_noise;
