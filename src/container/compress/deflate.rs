//! zlib and gzip members, and deflate without either. Header and trailer are read here, so that a wrong checksum is told from corrupt data and
//! costs nothing of it.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{CHUNK, Ending, Outcome, Step, chunk, grown};

/// The checksum of the inflated data.
enum Sum {
    Adler(Adler32),
    Crc(Crc),
    /// None: the data stands on its own.
    Nothing,
}

/// One zlib or gzip member.
pub(super) struct Deflate {
    sum: Sum,
    started: bool,
    inflate: Decompress,
}

impl Deflate {
    pub(super) fn zlib() -> Self {
        Self::new(Sum::Adler(Adler32::new()))
    }

    pub(super) fn gzip() -> Self {
        Self::new(Sum::Crc(Crc::new()))
    }

    pub(super) fn raw() -> Self {
        // There is no header to begin with.
        Self { started: true, ..Self::new(Sum::Nothing) }
    }

    fn new(sum: Sum) -> Self {
        Self { sum, started: false, inflate: Decompress::new(false) }
    }

    pub(super) fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if !self.started {
            self.started = true;
            let header = match self.sum {
                Sum::Adler(_) => zlib_header(input),
                Sum::Crc(_) => gzip_header(input),
                Sum::Nothing => return Step::new(0, 0, Outcome::More),
            };
            return match header {
                Ok(length) => Step::new(length, 0, Outcome::More),
                Err(ending) => Step::failed(ending),
            };
        }
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(chunk(input, CHUNK), out, FlushDecompress::None);
        let used = grown(before_in, self.inflate.total_in());
        let written = grown(before_out, self.inflate.total_out());
        let data = out.get(..written).unwrap_or_default();
        match &mut self.sum {
            Sum::Adler(sum) => sum.update(data),
            Sum::Crc(sum) => sum.update(data),
            Sum::Nothing => {}
        }
        match result {
            Ok(Status::StreamEnd) => match self.trailer(input.get(used..).unwrap_or_default()) {
                Ok(length) => Step::new(used.saturating_add(length), written, Outcome::End),
                Err(ending) => Step::new(used, written, Outcome::Failed(ending)),
            },
            Ok(_) => Step::new(used, written, Outcome::More),
            Err(_) => Step::new(used, written, Outcome::Failed(Ending::Corrupt)),
        }
    }

    fn trailer(&self, rest: &[u8]) -> Result<usize, Ending> {
        let expected = match &self.sum {
            Sum::Adler(sum) => sum.value().to_be_bytes().to_vec(),
            Sum::Crc(sum) => [sum.sum().to_le_bytes(), sum.amount().to_le_bytes()].concat(),
            Sum::Nothing => Vec::new(),
        };
        match rest.get(..expected.len()) {
            None => Err(Ending::Truncated),
            Some(stated) if stated == expected => Ok(expected.len()),
            Some(_) => Err(Ending::BadChecksum),
        }
    }
}

/// Whether `prefix` starts a zlib stream by RFC 1950: method 8, a window of at most 32 KiB, the check bits right.
pub(in crate::container) fn is_zlib(prefix: &[u8]) -> bool {
    match prefix {
        [method, flags, ..] => {
            method & 0x0f == 8 && method >> 4 <= 7 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
        }
        _ => false,
    }
}

fn zlib_header(input: &[u8]) -> Result<usize, Ending> {
    match input {
        [] | [_] => Err(Ending::Truncated),
        _ if !is_zlib(input) => Err(Ending::Corrupt),
        // A preset dictionary: no Python reader has one.
        [_, flags, ..] if flags & 0x20 != 0 => Err(Ending::Corrupt),
        _ => Ok(2),
    }
}

/// The length of a gzip header. Its own checksum and the reserved bits are not looked at: Python's `gzip` does not,
/// zlib does.
fn gzip_header(input: &[u8]) -> Result<usize, Ending> {
    let (Some(fixed), Some(flags)) = (input.get(..10), input.get(3)) else { return Err(Ending::Truncated) };
    if !fixed.starts_with(b"\x1f\x8b\x08") {
        return Err(Ending::Corrupt);
    }
    let mut rest = input.get(10..).ok_or(Ending::Truncated)?;
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk().ok_or(Ending::Truncated)?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..).ok_or(Ending::Truncated)?;
    }
    // The original name, then a comment.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = memchr::memchr(0, rest).ok_or(Ending::Truncated)?;
            rest = rest.get(end..).and_then(<[u8]>::split_first).ok_or(Ending::Truncated)?.1;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..).ok_or(Ending::Truncated)?;
    }
    Ok(input.len().saturating_sub(rest.len()))
}

/// RFC 1950's checksum.
struct Adler32 {
    low: u32,
    high: u32,
}

impl Adler32 {
    const PRIME: u32 = 65521;
    /// So many bytes cannot overflow 32 bits.
    const RUN: usize = 5552;

    fn new() -> Self {
        Self { low: 1, high: 0 }
    }

    fn update(&mut self, data: &[u8]) {
        for run in data.chunks(Self::RUN) {
            for byte in run {
                self.low = self.low.wrapping_add(u32::from(*byte));
                self.high = self.high.wrapping_add(self.low);
            }
            self.low %= Self::PRIME;
            self.high %= Self::PRIME;
        }
    }

    fn value(&self) -> u32 {
        self.high << 16 | self.low
    }
}
