//! Seeded streams of random numbers.
//!
//! Every random object of an experiment has its own ChaCha8 key, made of the experiment's seed,
//! what the object is, and an index; blocks within an object are streams of that key. So any block
//! of any batch can be generated at any time, by any thread, with the same numbers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What the numbers are for. The values are part of the meaning of a seed: never renumber.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    FirstLayer = 1,
    SecondLayer = 2,
    Teacher = 3,
    Inputs = 4,
    Noise = 5,
    KrylovStart = 6,
    LawCheck = 7,
    Permutation = 8,
}

/// The generator of block `block` of object `index`.
pub(crate) fn stream(seed: u64, purpose: Purpose, index: u64, block: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    let mut generator = ChaCha8Rng::from_seed(key);
    generator.set_stream(block);
    generator
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_differ_in_every_coordinate_and_never_change() {
        let first = |s, p, i, b| stream(s, p, i, b).random::<u64>();
        let base = first(1, Purpose::Inputs, 0, 0);
        assert_ne!(base, first(2, Purpose::Inputs, 0, 0));
        assert_ne!(base, first(1, Purpose::Noise, 0, 0));
        assert_ne!(base, first(1, Purpose::Inputs, 1, 0));
        assert_ne!(base, first(1, Purpose::Inputs, 0, 1));
        assert_eq!(base, first(1, Purpose::Inputs, 0, 0));
    }
}
