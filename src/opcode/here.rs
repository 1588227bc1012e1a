//! The bytes that may be read without asking anyone.

use super::table::Opcode;

/// What is here of a stream, up to the end of the frame: read by the same rules as a [`Reader`](super::Reader) does where
/// nothing has to be brought in and no border is crossed. Whoever asks for more is told nothing, and asks the reader.
pub struct Here<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Here<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where the next byte is read.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next opcode, if there is one here.
    #[inline(always)]
    pub fn opcode(&mut self) -> Option<Opcode> {
        let [byte] = self.array()?;
        Opcode::from_byte(byte)
    }

    /// The next bytes, if so many are here.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = self.bytes.get(self.at..)?.first_chunk()?;
        self.at = self.at.wrapping_add(N);
        Some(*bytes)
    }

    /// Steps over bytes, if so many are here.
    #[inline(always)]
    pub fn skip(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.at..)?.get(..len)?;
        self.at = self.at.wrapping_add(len);
        Some(bytes)
    }

    /// Steps over a text, if all of it is here and ASCII, so that it is text whatever the engine.
    #[inline(always)]
    pub fn ascii(&mut self, len: usize) -> Option<()> {
        self.skip(len)?.is_ascii().then_some(())
    }
}
