//! The records of a 7z header as they stand (`7zFormat.txt` of the LZMA SDK). A count is a claim: whatever is counted is
//! read, and takes at least a byte each, before room is made for it.

use super::Coder;
use crate::error::{Error, Result};

/// Kinds of records.
pub(super) mod kind {
    pub(in crate::container::sevenz) const END: u8 = 0x00;
    pub(in crate::container::sevenz) const HEADER: u8 = 0x01;
    pub(in crate::container::sevenz) const STREAMS: u8 = 0x04;
    pub(in crate::container::sevenz) const FILES: u8 = 0x05;
    pub(in crate::container::sevenz) const PACKED: u8 = 0x06;
    pub(in crate::container::sevenz) const FOLDERS: u8 = 0x07;
    pub(in crate::container::sevenz) const SUBSTREAMS: u8 = 0x08;
    pub(in crate::container::sevenz) const SIZE: u8 = 0x09;
    pub(in crate::container::sevenz) const CRC: u8 = 0x0a;
    pub(in crate::container::sevenz) const FOLDER: u8 = 0x0b;
    pub(in crate::container::sevenz) const UNPACKED: u8 = 0x0c;
    pub(in crate::container::sevenz) const COUNT: u8 = 0x0d;
    pub(in crate::container::sevenz) const EMPTY: u8 = 0x0e;
    pub(in crate::container::sevenz) const NAMES: u8 = 0x11;
    pub(in crate::container::sevenz) const ENCODED: u8 = 0x17;
}

/// The bytes of a header that are still to be read.
pub(super) struct Records<'a>(pub(super) &'a [u8]);

impl<'a> Records<'a> {
    pub(super) fn bytes(&mut self, count: u64) -> Result<&'a [u8]> {
        let split = usize::try_from(count).ok().and_then(|count| self.0.split_at_checked(count));
        let (taken, rest) = split.ok_or_else(|| broken("ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.bytes(1)?.first().copied().ok_or_else(|| broken("ends too early"))
    }

    /// A number: as many bytes follow the first as it has leading ones, the lowest first; what is left of it is above.
    pub(super) fn number(&mut self) -> Result<u64> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let low = self.bytes(more.into())?.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let left = u64::from(first & 0x7f_u8.checked_shr(more).unwrap_or(0));
        Ok(low | left.checked_shl(more.saturating_mul(8)).unwrap_or(0))
    }

    /// One bit for each of `count`.
    pub(super) fn bits(&mut self, count: u64) -> Result<Bits<'a>> {
        Ok(Bits(Some(self.bytes(count.div_ceil(8))?)))
    }

    /// Checksums of `count` streams, where they have one.
    pub(super) fn checksums(&mut self, count: usize) -> Result<Vec<Option<u32>>> {
        let is_all = self.byte()? != 0;
        let has = if is_all { Bits(None) } else { self.bits(count as u64)? };
        let mut sums = Vec::new();
        for index in 0..count {
            let sum = if has.get(index) { self.bytes(4)?.first_chunk().copied().map(u32::from_le_bytes) } else { None };
            sums.push(sum);
        }
        Ok(sums)
    }

    /// Expects a byte.
    pub(super) fn expect(&mut self, expected: u8) -> Result<()> {
        if self.byte()? == expected { Ok(()) } else { Err(broken("has an unexpected record")) }
    }

    /// What a run of packed bytes was made by.
    pub(super) fn coders(&mut self) -> Result<Coders> {
        let count = self.number()?;
        let (mut first, mut inputs, mut outputs) = (None, 0_u64, 0_u64);
        for _ in 0..count {
            let flags = self.byte()?;
            let id = self.bytes(u64::from(flags & 0x0f))?;
            let (ins, outs) = if flags & 0x10 == 0 { (1, 1) } else { (self.number()?, self.number()?) };
            inputs = inputs.saturating_add(ins);
            outputs = outputs.saturating_add(outs);
            let properties = if flags & 0x20 == 0 { &[][..] } else { self.number().and_then(|len| self.bytes(len))? };
            first.get_or_insert((id, properties));
        }
        let bound = outputs.saturating_sub(1);
        for _ in 0..bound {
            self.number()?;
            self.number()?;
        }
        let packed = inputs.saturating_sub(bound);
        for _ in 0..if packed > 1 { packed } else { 0 } {
            self.number()?;
        }
        let coder = match (first, count, inputs, outputs) {
            (Some((id, properties)), 1, 1, 1) => coder(id, properties),
            _ => Coder::Unreadable("more than one method was used on it"),
        };
        Ok(Coders { coder, packed, outputs })
    }
}

/// How packed bytes become others.
pub(super) struct Coders {
    pub(super) coder: Coder,
    /// How many packed streams go in.
    pub(super) packed: u64,
    /// How many streams come out of the coders; all but the last go into others.
    pub(super) outputs: u64,
}

/// Bits, the highest of each byte first; all are set where there are none.
pub(super) struct Bits<'a>(Option<&'a [u8]>);

impl Bits<'_> {
    pub(super) fn get(&self, index: usize) -> bool {
        let bit = |bytes: &[u8]| bytes.get(index / 8).is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0);
        self.0.is_none_or(bit)
    }
}

/// The method of a number and its properties.
fn coder(id: &[u8], properties: &[u8]) -> Coder {
    match (id, properties) {
        ([0x00], _) => Coder::Stored,
        ([0x21], &[size @ 0..=40]) => {
            let base = u32::from(size & 1 | 2);
            Coder::Lzma2(if size == 40 { u32::MAX } else { base << (size / 2).saturating_add(11) })
        }
        ([0x03, 0x01, 0x01], &[properties, a, b, c, d]) => Coder::Lzma(properties, u32::from_le_bytes([a, b, c, d])),
        ([0x04, 0x01, 0x08], _) => Coder::Deflate,
        ([0x04, 0x02, 0x02], _) => Coder::Bzip2,
        ([0x04, 0xf7, 0x11, 0x01], _) => Coder::Zstd,
        ([0x04, 0xf7, 0x11, 0x04], _) => Coder::Lz4,
        ([0x06, 0xf1, ..], _) => Coder::Unreadable("it is encrypted"),
        _ => Coder::Unreadable("it is packed by a method that is not known"),
    }
}

pub(super) fn broken(what: &str) -> Error {
    Error::malformed(0, format!("the header of the 7z archive {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_many_bytes_as_their_first_has_ones() {
        for (bytes, number) in [
            (&b"\x7f"[..], 0x7f),
            (b"\x80\xff", 0xff),
            (b"\xbf\xff", 0x3fff),
            (b"\xc1\x02\x03", 0x1_0302),
            (b"\xfe\x01\0\0\0\0\0\x01", 0x01_0000_0000_0001),
            (b"\xff\x01\0\0\0\0\0\0\x80", 0x8000_0000_0000_0001),
        ] {
            let mut records = Records(bytes);
            assert_eq!((records.number().unwrap(), records.0.len()), (number, 0), "{}", bytes.escape_ascii());
        }
        assert!(Records(b"\xc1\x02").number().is_err());
    }
}
