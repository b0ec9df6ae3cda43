//! What the first layer shows, computed from its state: here the spectrum.

pub(crate) mod structured;
