//! Positions: a run of bytes in one source.
//!
//! A *source* is a run of bytes with an address space of its own: the file, an inflated member, a nested literal.

/// A run of bytes in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte, counted from the start of the source.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

impl Span {
    /// The span of `len` bytes at `offset`.
    pub const fn new(offset: u64, len: u64) -> Self {
        Self { offset, len }
    }

    /// One past the last byte, saturating at `u64::MAX`.
    pub const fn end(self) -> u64 {
        self.offset.saturating_add(self.len)
    }
}
