//! A decompressor as a feed that spends the budget of its file.

use crate::container::Decoder;
use crate::error::Result;
use crate::limits::{Budget, Limit};
use crate::opcode::Feed;
use flate2::Crc;

/// A decoder and what it may still spend.
pub struct Inflating<'a> {
    /// What inflates.
    pub decoder: Decoder<'a>,
    /// What may still be spent.
    pub budget: Budget,
    sum: Option<Crc>,
}

impl<'a> Inflating<'a> {
    /// A feed from a decoder, spending a budget.
    pub fn new(decoder: Decoder<'a>, budget: Budget) -> Self {
        Self { decoder, budget, sum: None }
    }

    /// The same, with the CRC-32 of all that comes out.
    #[must_use]
    pub fn summed(mut self) -> Self {
        self.sum = Some(Crc::new());
        self
    }

    /// The CRC-32 so far, where it was asked for.
    pub fn crc(&self) -> Option<u32> {
        self.sum.as_ref().map(Crc::sum)
    }
}

impl Feed for Inflating<'_> {
    fn read(&mut self, out: &mut [u8], kept: bool) -> Result<usize> {
        let count = self.decoder.read(out)?;
        if let Some(sum) = &mut self.sum {
            sum.update(out.get(..count).unwrap_or_default());
        }
        self.budget.spend(Limit::Inflated, count as u64)?;
        if kept {
            self.budget.spend(Limit::Retained, count as u64)?;
        }
        Ok(count)
    }

    fn forget(&mut self, count: u64) {
        self.budget.forget(count);
    }
}
