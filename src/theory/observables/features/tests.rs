//! Tests of several files together.

mod closed_forms;
mod given_weights;
mod golden_numbers;
mod misuse;
mod strong_spikes;
mod test_parts;
