//! The records of a 7z header as they stand (`7zFormat.txt` of the LZMA SDK). A count is a claim: whatever is counted is
//! read, and takes at least a byte each, before room is made for it.

use super::Coder;
use crate::container::compress::{Filter, lzma2_dictionary};
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

/// How many methods a stream may be packed by, and how many streams may be between them. 7-Zip has the same limit.
const MOST: u64 = 64;

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

    /// Takes a byte that has to be this one.
    pub(super) fn must_be(&mut self, wanted: u8) -> Result<()> {
        if self.byte()? == wanted { Ok(()) } else { Err(broken("has an unexpected record")) }
    }

    /// What a run of packed bytes was made by.
    pub(super) fn coders(&mut self) -> Result<Coders> {
        let count = self.number()?;
        let (mut coders, mut inputs, mut outputs) = (Vec::new(), 0_u64, 0_u64);
        if count > MOST {
            return Err(broken("has too many methods"));
        }
        for _ in 0..count {
            let flags = self.byte()?;
            let id = self.bytes(u64::from(flags & 0x0f))?;
            let (ins, outs) = if flags & 0x10 == 0 { (1, 1) } else { (self.number()?, self.number()?) };
            inputs = inputs.saturating_add(ins);
            outputs = outputs.saturating_add(outs);
            let properties = if flags & 0x20 == 0 { &[][..] } else { self.number().and_then(|len| self.bytes(len))? };
            coders.push(coder(id, properties));
        }
        if inputs.max(outputs) > MOST {
            return Err(broken("has too many streams"));
        }
        let mut bound = Vec::new();
        for _ in 0..outputs.saturating_sub(1) {
            bound.push((self.number()?, self.number()?));
        }
        let packed = inputs.saturating_sub(bound.len() as u64);
        for _ in 0..if packed > 1 { packed } else { 0 } {
            self.number()?;
        }
        let is_chain = inputs == outputs && outputs == coders.len() as u64 && packed == 1;
        let chain = if is_chain { chain(&coders, &bound) } else { None };
        let why = coders.iter().find_map(|coder| if let Coder::Unreadable(why) = coder { Some(*why) } else { None });
        Ok(Coders { chain, why, packed, outputs })
    }
}

/// How packed bytes become others.
pub(super) struct Coders {
    /// Methods in the order in which they are undone, each with the number of the stream that comes out of it; `None`
    /// where that is no row.
    pub(super) chain: Option<Vec<(usize, Coder)>>,
    /// Why one of them cannot be undone.
    pub(super) why: Option<&'static str>,
    /// How many packed streams go in.
    pub(super) packed: u64,
    /// How many streams come out of the coders; all but one go into others.
    pub(super) outputs: u64,
}

/// Coders of one input and one output each, in a row. Each pair says which input is fed by which output.
fn chain(coders: &[Coder], bound: &[(u64, u64)]) -> Option<Vec<(usize, Coder)>> {
    let is_bound = |input: &usize| bound.iter().any(|(to, _)| *to == *input as u64);
    let mut next = (0..coders.len()).find(|input| !is_bound(input));
    let mut row = Vec::new();
    while let Some(index) = next {
        // What goes round in a circle never ends.
        row.push((index, *coders.get(index).filter(|_| row.len() < coders.len())?));
        let fed = bound.iter().find(|(_, from)| *from == index as u64);
        next = fed.map(|(to, _)| usize::try_from(*to)).transpose().ok()?;
    }
    (row.len() == coders.len()).then_some(row)
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
        ([0x21], &[size]) => lzma2_dictionary(size).map_or(UNKNOWN, Coder::Lzma2),
        ([0x03, 0x01, 0x01], &[properties, a, b, c, d]) => Coder::Lzma(properties, u32::from_le_bytes([a, b, c, d])),
        ([0x03, 0x04, 0x01], &[order, a, b, c, d, ..]) => Coder::Ppmd(order, u32::from_le_bytes([a, b, c, d])),
        ([0x03, 0x03, 0x01, 0x1b], _) => Coder::Unreadable("it was filtered by BCJ2, which is not read"),
        ([0x04, 0x01, 0x08], _) => Coder::Deflate,
        ([0x04, 0x01, 0x09], _) => Coder::Deflate64,
        ([0x04, 0xf7, 0x11, 0x02], _) => Coder::Unreadable("it is packed by Brotli, which is not read"),
        ([0x04, 0xf7, 0x11, 0x05], _) => Coder::Unreadable("it is packed by LZ5, which is not read"),
        ([0x04, 0xf7, 0x11, 0x06], _) => Coder::Unreadable("it is packed by Lizard, which is not read"),
        ([0x04, 0x02, 0x02], _) => Coder::Bzip2,
        ([0x04, 0xf7, 0x11, 0x01], _) => Coder::Zstd,
        ([0x04, 0xf7, 0x11, 0x04], _) => Coder::Lz4,
        ([0x06, 0xf1, ..], _) => Coder::Unreadable("it is encrypted"),
        // The older numbers of filters.
        ([0x03, 0x03, 0x01, 0x03], _) => filter(4, properties),
        ([0x03, 0x03, 0x02, 0x05], _) => filter(5, properties),
        ([0x03, 0x03, 0x04, 0x01], _) => filter(6, properties),
        ([0x03, 0x03, 0x05, 0x01], _) => filter(7, properties),
        ([0x03, 0x03, 0x07, 0x01], _) => filter(8, properties),
        ([0x03, 0x03, 0x08, 0x05], _) => filter(9, properties),
        (&[number], _) => filter(number, properties),
        _ => UNKNOWN,
    }
}

const UNKNOWN: Coder = Coder::Unreadable("it is packed by a method that is not known");

fn filter(number: u8, properties: &[u8]) -> Coder {
    Filter::new(number.into(), properties).map_or(UNKNOWN, Coder::Filter)
}

pub(super) fn broken(what: &str) -> Error {
    Error::malformed(0, format!("the header of the 7z archive {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_numbers_of_filters_mean_the_same() {
        for (old, number) in [
            ([3, 3, 1, 3], 4),
            ([3, 3, 2, 5], 5),
            ([3, 3, 4, 1], 6),
            ([3, 3, 5, 1], 7),
            ([3, 3, 7, 1], 8),
            ([3, 3, 8, 5], 9),
        ] {
            assert!(
                matches!((coder(&old, b""), coder(&[number], b"")), (Coder::Filter(a), Coder::Filter(b)) if a == b)
            );
        }
    }

    #[test]
    fn methods_that_are_not_read_are_told() {
        for id in
            [b"\x03\x03\x01\x1b", b"\x04\xf7\x11\x02", b"\x04\xf7\x11\x05", b"\x04\xf7\x11\x06", b"\x06\xf1\x07\x01"]
        {
            assert!(matches!(coder(id, b""), Coder::Unreadable(why) if why.starts_with("it ")), "{id:x?}");
        }
    }

    #[test]
    fn methods_are_undone_in_a_row() {
        let names = |bound: &[(u64, u64)]| {
            let coders = [Coder::Filter(Filter::Delta(0)), Coder::Lzma2(1), Coder::Stored];
            chain(&coders, bound).map(|row| row.iter().map(|(index, _)| *index).collect::<Vec<_>>())
        };
        assert_eq!(names(&[(0, 1), (2, 0)]), Some(vec![1, 0, 2]));
        assert_eq!(names(&[(1, 0), (2, 1)]), Some(vec![0, 1, 2]));
        for bound in [&[(0, 1), (1, 0)][..], &[(0, 0), (1, 1)], &[(0, 9), (1, 9)], &[(7, 0), (8, 1)], &[]] {
            assert_eq!(names(bound), None, "{bound:?}");
        }
    }

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
