//! Tests of several files together.

mod matrices;
mod white_noise;
