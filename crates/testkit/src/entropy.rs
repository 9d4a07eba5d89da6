//! Chance that repeats itself.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::Entropy;
use uuid::Uuid;

/// An [`Entropy`] that yields the same ids and secrets for the same seed. Ids of one seed grow, as UUID v7 do.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// The same seed twice gives the same run.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
        }
    }

    fn draw(&self) -> u64 {
        self.drawn.fetch_add(1, Ordering::Relaxed)
    }

    fn mix(&self, n: u64, lane: u64) -> u64 {
        // splitmix64
        let mut z =
            (self.seed ^ lane.rotate_left(32)).wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn id(&self) -> Uuid {
        let n = self.draw();
        let mut random = [0_u8; 10];
        random[..8].copy_from_slice(&self.mix(n, 1).to_be_bytes());
        random[8..].copy_from_slice(&self.mix(n, 2).to_be_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(1_767_614_400_000 + n, &random).into_uuid()
    }

    fn secret(&self) -> [u8; 32] {
        let n = self.draw();
        let mut bytes = [0_u8; 32];
        for (lane, chunk) in bytes.chunks_mut(8).enumerate() {
            chunk.copy_from_slice(&self.mix(n, lane as u64 + 3).to_be_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_draws_and_ids_grow() {
        let (a, b, other) = (SeededEntropy::new(7), SeededEntropy::new(7), SeededEntropy::new(8));
        let first = a.id();
        assert_eq!(first, b.id());
        assert_ne!(first, other.id());
        assert!(a.id() > first);
        assert_eq!(first.get_version_num(), 7);
        b.id();
        assert_eq!(a.secret(), b.secret());
    }
}
