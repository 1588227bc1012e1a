//! Entropy as bytes: the same generator serves seeded runs, shrinking and fuzzing.

/// Decisions drawn from bytes. When the bytes are spent every decision is the first, and a generator should stop.
pub(crate) struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Source<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Whether all bytes are spent.
    pub(crate) fn is_spent(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// One byte, 0 when spent.
    pub(crate) fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// Four bytes as a number.
    pub(crate) fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// A number below `bound`; 0 if there is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        match bound {
            0 | 1 => 0,
            2..=256 => usize::from(self.byte()) % bound,
            _ => self.word() as usize % bound,
        }
    }

    /// True in about `count` of `total` cases, `total` at most 65536; never when spent.
    pub(crate) fn one_in(&mut self, count: u32, total: u32) -> bool {
        let draw = u32::from(self.byte()) << 8 | u32::from(self.byte());
        u64::from(draw) * u64::from(total) >= u64::from(65536_u32) * u64::from(total - count)
    }

    /// One of `items`.
    pub(crate) fn pick<'b, T>(&mut self, items: &'b [T]) -> &'b T {
        &items[self.below(items.len())]
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): entropy for seeded runs.
pub(crate) fn entropy(seed: u64, number: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
