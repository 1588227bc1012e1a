//! A decompressor as a feed that spends the budget of its file.

use crate::container::Decoder;
use crate::error::Result;
use crate::limits::{Budget, Limit};
use crate::opcode::Feed;

/// A decoder and what it may still spend.
pub struct Inflating<'a> {
    /// What inflates.
    pub decoder: Decoder<'a>,
    /// What may still be spent.
    pub budget: Budget,
}

impl Feed for Inflating<'_> {
    fn read(&mut self, out: &mut [u8], kept: bool) -> Result<usize> {
        let count = self.decoder.read(out)?;
        self.budget.spend(Limit::Inflated, count as u64)?;
        if kept {
            self.budget.spend(Limit::Retained, count as u64)?;
        }
        Ok(count)
    }
}
