//! Inflating: one streaming decoder for the six compressors of joblib (`joblib/compressor.py`), and for those of
//! archives and pandas.
//!
//! Members that follow one another are read on as the Python readers do: gzip (Python's `gzip`; joblib's own gzip and
//! zlib files never do, see [`Decoder::members`]), bz2, lzma and xz (mixed, as `lzma.LZMAFile` reads them), lz4
//! and zstd frames. Whatever was decoded before an error has been handed out by then.

mod blocks;
mod deflate;
mod deflate64;
mod filter;
mod lz4;
mod lzma;
mod ppmd;
mod whole;
mod zstd;

pub(super) use deflate::is_zlib;
pub use filter::Filter;
pub use whole::at_most;
pub(super) use zstd::starts_member as is_zstd;

use crate::error::{Error, ErrorKind, Result};
use lzma::Form;

/// A compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 1950.
    Zlib,
    /// RFC 1952.
    Gzip,
    /// RFC 1951, without header and checksum: what zip archives hold.
    Deflate,
    /// Deflate with a window of 64 KiB: what 7-Zip and Windows put into zip archives.
    Deflate64,
    /// bzip2.
    Bzip2,
    /// The old `.lzma` format with a 13-byte header.
    Lzma,
    /// `.xz`
    Xz,
    /// What lzma-alone files hold, without their header: one byte of properties, the dictionary and the size.
    BareLzma(u8, u32, u64),
    /// What xz files hold, without all around it: the size of the dictionary.
    Lzma2(u32),
    /// PPMd, variant H, as 7z archives hold it: the order, the memory and the size.
    Ppmd(u8, u32, u64),
    /// An lz4 frame.
    Lz4,
    /// A zstd frame.
    Zstd,
}

impl Codec {
    /// Its name; the one that joblib has for it, where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Deflate64 => "deflate64",
            Self::Bzip2 => "bz2",
            Self::Lzma | Self::BareLzma(..) => "lzma",
            Self::Lzma2(_) => "lzma2",
            Self::Xz => "xz",
            Self::Ppmd(..) => "PPMd",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// How much memory a decoder takes at once, before anything comes out of it; 0 where that is little.
    pub const fn memory(self) -> u64 {
        match self {
            Self::Ppmd(order, memory, size) => ppmd::memory(order, memory, size) as u64,
            _ => 0,
        }
    }
}

/// How a compressed stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every member is whole. Bytes after the last one are [`Decoder::trailing`].
    Complete,
    /// The bytes end within a member or its trailer.
    Truncated,
    /// A member's data is whole, its checksum or length is not that of the data.
    BadChecksum,
    /// The compressed data makes no sense.
    Corrupt,
    /// It would need more memory or time than allowed, or a rare feature that is not supported.
    Refused,
}

impl Ending {
    fn error(self, codec: Codec, at: usize) -> Error {
        let (kind, what) = match self {
            Self::Complete | Self::Corrupt => (ErrorKind::Malformed, "data is corrupt"),
            Self::Truncated => (ErrorKind::Truncated, "data ends too early"),
            Self::BadChecksum => (ErrorKind::Malformed, "checksum is wrong"),
            Self::Refused => (
                ErrorKind::Unsupported,
                "data needs too large a dictionary, a rare filter, or has too many tiny members",
            ),
        };
        Error::new(kind, format!("the {} {what}", codec.name())).at(u64::try_from(at).unwrap_or(u64::MAX))
    }
}

/// A place between two members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// Bytes of the file up to here.
    pub compressed: u64,
    /// Bytes inflated up to here.
    pub inflated: u64,
}

/// What one call of an engine did.
struct Step {
    /// Bytes taken from the input.
    used: usize,
    /// Bytes written to the output, valid even if the call failed.
    written: usize,
    outcome: Outcome,
}

enum Outcome {
    /// Call again. An engine that used and wrote nothing has run dry.
    More,
    /// The member is whole.
    End,
    Failed(Ending),
}

impl Step {
    fn new(used: usize, written: usize, outcome: Outcome) -> Self {
        Self { used, written, outcome }
    }

    fn failed(ending: Ending) -> Self {
        Self::new(0, 0, Outcome::Failed(ending))
    }
}

/// The decoder of one member. `step` is given everything that is left of the file.
enum Engine<'a> {
    Deflate(deflate::Deflate),
    Deflate64(deflate64::Deflate64),
    Bzip2(bzip2::Decompress),
    Lzma(lzma::Lzma<'a>),
    Ppmd(Box<ppmd::Ppmd<'a>>),
    Lz4(lz4::Frame),
    Zstd(Box<zstd::Frame>),
}

impl<'a> Engine<'a> {
    fn new(codec: Codec, member: &'a [u8]) -> Self {
        match codec {
            Codec::Zlib => Self::Deflate(deflate::Deflate::zlib()),
            Codec::Gzip => Self::Deflate(deflate::Deflate::gzip()),
            Codec::Deflate => Self::Deflate(deflate::Deflate::raw()),
            Codec::Deflate64 => Self::Deflate64(deflate64::Deflate64::new()),
            Codec::Bzip2 => Self::Bzip2(bzip2::Decompress::new(false)),
            Codec::Lzma | Codec::Xz => Self::Lzma(lzma::Lzma::new(member, Form::Headed)),
            Codec::BareLzma(properties, dictionary, size) => {
                Self::Lzma(lzma::Lzma::new(member, Form::Bare { properties, dictionary, size }))
            }
            Codec::Lzma2(dictionary) => Self::Lzma(lzma::Lzma::new(member, Form::Chunks { dictionary })),
            Codec::Ppmd(order, memory, size) => Self::Ppmd(Box::new(ppmd::Ppmd::new(member, order, memory, size))),
            Codec::Lz4 => Self::Lz4(lz4::Frame::new()),
            Codec::Zstd => Self::Zstd(Box::new(zstd::Frame::new())),
        }
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        match self {
            Self::Deflate(engine) => engine.step(input, out),
            Self::Deflate64(engine) => engine.step(input, out),
            Self::Bzip2(engine) => bzip2_step(engine, input, out),
            Self::Lzma(engine) => engine.step(out),
            Self::Ppmd(engine) => engine.step(out),
            Self::Lz4(engine) => engine.step(input, out),
            Self::Zstd(engine) => engine.step(input, out),
        }
    }
}

/// So many members may be of any size; of more, the average has to be [`FULL_MEMBER`] bytes. Fourteen bytes are a bzip2
/// member, whose decoder clears 3.6 MB.
const FREE_MEMBERS: u64 = 4096;
const FULL_MEMBER: u64 = 1024;

/// At most this many bytes go to a library in one call; some count in 32 bits.
const CHUNK: usize = 1 << 20;

fn chunk(input: &[u8], most: usize) -> &[u8] {
    input.get(..most).unwrap_or(input)
}

/// The difference of two running totals of a library.
fn grown(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

fn bzip2_step(engine: &mut bzip2::Decompress, input: &[u8], out: &mut [u8]) -> Step {
    let (before_in, before_out) = (engine.total_in(), engine.total_out());
    let result = engine.decompress(chunk(input, CHUNK), out);
    let outcome = match result {
        Ok(bzip2::Status::StreamEnd) => Outcome::End,
        Ok(bzip2::Status::MemNeeded) => Outcome::Failed(Ending::Refused),
        Ok(_) => Outcome::More,
        // Of a wrong block checksum and nonsense the library says the same.
        Err(_) => Outcome::Failed(Ending::Corrupt),
    };
    Step::new(grown(before_in, engine.total_in()), grown(before_out, engine.total_out()), outcome)
}

/// Inflates a compressed file in memory. Keeps a window and no output; the caller spends its budget on what it reads.
pub struct Decoder<'a> {
    codec: Codec,
    data: &'a [u8],
    /// Everything before is decoded.
    at: usize,
    engine: Engine<'a>,
    /// Where the current member starts.
    member: usize,
    /// Bytes inflated before the current member.
    member_inflated: u64,
    members: u64,
    first_member: Option<Boundary>,
    inflated: u64,
    ending: Option<Ending>,
}

impl<'a> Decoder<'a> {
    /// Inflates `data` from its first byte. A wrong header is an error of the first [`read`](Self::read).
    pub fn new(codec: Codec, data: &'a [u8]) -> Self {
        Self {
            codec,
            data,
            at: 0,
            engine: Engine::new(codec, data),
            member: 0,
            member_inflated: 0,
            members: 0,
            first_member: None,
            inflated: 0,
            ending: None,
        }
    }

    /// Writes the next inflated bytes to `out` and says how many; 0 is the end of the last member (or an empty `out`).
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`], [`ErrorKind::Malformed`] or [`ErrorKind::Unsupported`], again on every later call,
    /// after everything that could be inflated has been handed out. [`ending`](Self::ending) says it as a fact.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.ending {
                Some(Ending::Complete) => return Ok(0),
                Some(ending) => return Err(ending.error(self.codec, self.at)),
                None => {}
            }
            let step = self.engine.step(self.rest(), out);
            let written = step.written.min(out.len());
            self.at = self.at.saturating_add(step.used).min(self.data.len());
            self.inflated = self.inflated.saturating_add(written.try_into().unwrap_or(u64::MAX));
            match step.outcome {
                Outcome::More if step.used == 0 && written == 0 => self.fail(Ending::Truncated),
                Outcome::More => {}
                Outcome::End => self.end_member(),
                Outcome::Failed(ending) => self.fail(ending),
            }
            if written > 0 {
                return Ok(written);
            }
        }
    }

    /// How the stream ended; `None` while there may be more.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Bytes of the file read so far; at the end, up to the end of the last member.
    pub fn consumed(&self) -> u64 {
        u64::try_from(self.at).unwrap_or(u64::MAX)
    }

    /// Bytes inflated so far.
    pub fn inflated(&self) -> u64 {
        self.inflated
    }

    /// What follows the last member, once the ending is known: bytes that no reader of this format decodes.
    pub fn trailing(&self) -> &'a [u8] {
        match self.ending {
            Some(Ending::Complete) => self.data.get(self.at..).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Whole members so far. Python's `gzip` reads all of them, joblib's zlib and gzip files only the first: on anything
    /// after it they loop for ever, doubling their memory.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// Where the first member ends, once it has.
    pub fn first_member(&self) -> Option<Boundary> {
        self.first_member
    }

    fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..).unwrap_or_default()
    }

    fn end_member(&mut self) {
        self.members = self.members.saturating_add(1);
        let here = Boundary { compressed: self.consumed(), inflated: self.inflated };
        self.first_member.get_or_insert(here);
        let Some(skip) = next_member(self.codec, self.rest()) else {
            self.ending = Some(Ending::Complete);
            return;
        };
        if self.members >= FREE_MEMBERS && self.inflated < self.members.saturating_mul(FULL_MEMBER) {
            self.ending = Some(Ending::Refused);
            return;
        }
        self.member = self.at;
        self.at = self.at.saturating_add(skip);
        self.member_inflated = self.inflated;
        self.engine = Engine::new(self.codec, self.rest());
    }

    fn fail(&mut self, ending: Ending) {
        // What only looked like another member is trailing data.
        if self.members > 0 && self.inflated == self.member_inflated && ending != Ending::Refused {
            self.at = self.member;
            self.ending = Some(Ending::Complete);
        } else {
            self.ending = Some(ending);
        }
    }
}

/// The size of a dictionary of LZMA2, by the byte that says it (`xz-file-format.txt`, section 5.3.1).
pub(super) fn lzma2_dictionary(size: u8) -> Option<u32> {
    let base = u32::from(size & 1 | 2);
    match size {
        0..40 => base.checked_shl(u32::from(size / 2).checked_add(11)?),
        40 => Some(u32::MAX),
        _ => None,
    }
}

/// Whether another member follows in `rest`, and after how many bytes of padding.
fn next_member(codec: Codec, rest: &[u8]) -> Option<usize> {
    match codec {
        // Nothing reads these on.
        Codec::Zlib | Codec::Deflate | Codec::Deflate64 | Codec::BareLzma(..) | Codec::Lzma2(_) | Codec::Ppmd(..) => {
            None
        }
        Codec::Gzip => {
            // `gzip._GzipReader` skips NULs between members.
            let padding = rest.iter().position(|byte| *byte != 0)?;
            rest.get(padding..)?.starts_with(b"\x1f\x8b").then_some(padding)
        }
        Codec::Bzip2 => rest.starts_with(b"BZh").then_some(0),
        Codec::Lzma | Codec::Xz => lzma::starts_member(rest).then_some(0),
        Codec::Lz4 => lz4::starts_member(rest).then_some(0),
        Codec::Zstd => zstd::starts_member(rest).then_some(0),
    }
}

#[cfg(test)]
mod tests;
