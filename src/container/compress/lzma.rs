//! xz and lzma-alone members, either of which may follow the other (`lzma.LZMAFile` with `FORMAT_AUTO`), and the bare
//! data of both kinds that 7z archives hold.
//!
//! liblzma hands out all that the bytes before an error or the end of the file determine. The readers used here fail
//! by whole calls and whole chunks instead, so a broken member is decoded once more to rescue the rest: twice at a
//! time, byte by byte, the file continued once with zeros and once with ones. What both agree on, the file said.

use std::io::{ErrorKind, Read};

use lzma_rust2::{Lzma2Reader, LzmaReader, XzReader, lzma_get_memory_usage_by_props};

use super::blocks::Blocks;
use super::{Ending, Outcome, Step};

/// The largest dictionary, in KiB. The highest preset of xz, and so of joblib, has 64 MiB; the window grows with the
/// output, never with the claim alone.
pub(super) const MEMORY_KIB: u32 = 256 << 10;

const XZ_MAGIC: &[u8] = b"\xfd7zXZ\0";
const ALONE_HEADER: usize = 13;

/// Bytes that a file is continued with: one lzma symbol takes at most 20, an xz chunk 64 KiB. More could make a broken
/// file of zeros endless.
const ALONE_PADDING: usize = 32;
const XZ_PADDING: usize = 128 << 10;

/// A file, continued with `left` bytes that it does not have.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) data: &'a [u8],
    padding: u8,
    left: usize,
}

impl<'a> Source<'a> {
    /// The same, from a later byte on.
    pub(super) fn from(self, data: &'a [u8]) -> Self {
        Self { data, ..self }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if !self.data.is_empty() {
            return self.data.read(out);
        }
        let padded = out.len().min(self.left);
        out.iter_mut().take(padded).for_each(|byte| *byte = self.padding);
        self.left = self.left.saturating_sub(padded);
        Ok(padded)
    }
}

/// How a member begins.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// With a header that tells xz from lzma-alone.
    Headed,
    /// At once; properties, dictionary and size are known.
    Bare { properties: u8, dictionary: u32, size: u64 },
    /// At once, in chunks that tell their sizes; the dictionary is known.
    Chunks { dictionary: u32 },
}

/// A decoder of one member.
enum Reader<'a> {
    Alone(Box<LzmaReader<Source<'a>>>),
    Xz(Box<XzReader<Source<'a>>>),
    /// Of a broken xz stream.
    Blocks(Box<Blocks<'a>>),
    Chunks(Box<Lzma2Reader<Source<'a>>>),
}

impl<'a> Reader<'a> {
    fn new(member: &'a [u8], form: Form, padding: Option<u8>) -> std::io::Result<Self> {
        let source = |most| Source { data: member, padding: padding.unwrap_or(0), left: padding.map_or(0, |_| most) };
        match form {
            Form::Headed => {}
            Form::Bare { properties, dictionary, size } => {
                // Data refers back no further than to its beginning.
                let dictionary = u32::try_from(size).map_or(dictionary, |size| dictionary.min(size));
                if lzma_get_memory_usage_by_props(dictionary, properties)? > MEMORY_KIB {
                    return Err(ErrorKind::OutOfMemory.into());
                }
                let reader = LzmaReader::new_with_props(source(ALONE_PADDING), size, properties, dictionary, None)?;
                return Ok(Self::Alone(Box::new(reader)));
            }
            Form::Chunks { dictionary } => {
                let reader = Lzma2Reader::new_mem_limit(source(XZ_PADDING), dictionary, MEMORY_KIB, None)?;
                return Ok(Self::Chunks(Box::new(reader)));
            }
        }
        // The first byte decides, as in liblzma's `auto_decoder`.
        if member.first() == XZ_MAGIC.first() {
            let source = source(XZ_PADDING);
            if padding.is_some() {
                return Ok(Self::Blocks(Box::new(Blocks::new(source))));
            }
            return Ok(Self::Xz(Box::new(XzReader::new_mem_limit(source, false, MEMORY_KIB))));
        }
        if member.len() >= ALONE_HEADER && !starts_member(member) {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut reader = LzmaReader::new_mem_limit(source(ALONE_PADDING), MEMORY_KIB, None)?;
        // Without a size the stream ends with a marker, and the range coder has to end there too.
        let marked = member.get(5..ALONE_HEADER).is_some_and(|size| size.iter().all(|byte| *byte == 0xff));
        reader.set_relaxed_end_condition(!marked);
        Ok(Self::Alone(Box::new(reader)))
    }

    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Alone(reader) => reader.read(out),
            Self::Xz(reader) => reader.read(out),
            Self::Blocks(reader) => reader.read(out),
            Self::Chunks(reader) => reader.read(out),
        }
    }

    /// Bytes of the file that the whole member does not need.
    fn unread(self) -> usize {
        match self {
            Self::Alone(reader) => {
                let (source, buffered) = reader.into_parts();
                source.data.len().saturating_add(buffered.len())
            }
            Self::Xz(reader) => reader.inner().data.len(),
            // Nobody comes to its end.
            Self::Blocks(_) => 0,
            Self::Chunks(reader) => reader.inner().data.len(),
        }
    }

    /// The next byte after `skip` others.
    fn byte_after(&mut self, skip: &mut u64) -> Option<u8> {
        let mut buffer = [0; 4096];
        while *skip > 0 {
            let most = usize::try_from(*skip).map_or(buffer.len(), |skip| skip.min(buffer.len()));
            let read = self.read(buffer.get_mut(..most)?).ok().filter(|read| *read > 0)?;
            *skip = skip.saturating_sub(read.try_into().ok()?);
        }
        let [byte, ..] = &mut buffer;
        (self.read(std::slice::from_mut(byte)).ok()? == 1).then_some(*byte)
    }
}

/// One xz stream or lzma-alone file, or the data of either.
pub(super) struct Lzma<'a> {
    member: &'a [u8],
    form: Form,
    stage: Stage<'a>,
    written: u64,
}

enum Stage<'a> {
    Start,
    Decode(Reader<'a>),
    /// It broke; `skip` bytes of either have been handed out before.
    Rescue {
        readers: [Reader<'a>; 2],
        skip: [u64; 2],
        ending: Ending,
    },
    Broken(Ending),
}

impl<'a> Lzma<'a> {
    pub(super) fn new(member: &'a [u8], form: Form) -> Self {
        Self { member, form, stage: Stage::Start, written: 0 }
    }

    pub(super) fn step(&mut self, out: &mut [u8]) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Broken(Ending::Corrupt)) {
            Stage::Start => match Reader::new(self.member, self.form, None) {
                Ok(reader) => self.decode(reader, out),
                Err(error) => Step::failed(ending(&error)),
            },
            Stage::Decode(reader) => self.decode(reader, out),
            Stage::Rescue { readers, skip, ending } => self.rescue(readers, skip, ending, out),
            Stage::Broken(ending) => Step::failed(ending),
        }
    }

    fn decode(&mut self, mut reader: Reader<'a>, out: &mut [u8]) -> Step {
        match reader.read(out) {
            Ok(0) => Step::new(self.member.len().saturating_sub(reader.unread()), 0, Outcome::End),
            Ok(written) => {
                self.stage = Stage::Decode(reader);
                self.written = self.written.saturating_add(written.try_into().unwrap_or(u64::MAX));
                Step::new(0, written, Outcome::More)
            }
            Err(error) => {
                let ending = ending(&error);
                let padded = |byte| Reader::new(self.member, self.form, Some(byte)).ok();
                match (padded(0), padded(0xff)) {
                    (Some(zeros), Some(ones)) if ending != Ending::Refused => {
                        self.rescue([zeros, ones], [self.written; 2], ending, out)
                    }
                    _ => Step::failed(ending),
                }
            }
        }
    }

    fn rescue(&mut self, mut readers: [Reader<'a>; 2], mut skip: [u64; 2], ending: Ending, out: &mut [u8]) -> Step {
        let ([zeros, ones], [skip_zeros, skip_ones]) = (&mut readers, &mut skip);
        let mut written = 0_usize;
        for slot in out {
            match (zeros.byte_after(skip_zeros), ones.byte_after(skip_ones)) {
                (Some(byte), Some(same)) if byte == same => *slot = byte,
                _ => {
                    self.stage = Stage::Broken(ending);
                    return Step::new(0, written, Outcome::Failed(ending));
                }
            }
            written = written.saturating_add(1);
        }
        self.stage = Stage::Rescue { readers, skip, ending };
        Step::new(0, written, Outcome::More)
    }
}

fn ending(error: &std::io::Error) -> Ending {
    match error.kind() {
        ErrorKind::UnexpectedEof => Ending::Truncated,
        ErrorKind::OutOfMemory | ErrorKind::Unsupported => Ending::Refused,
        _ => Ending::Corrupt,
    }
}

/// Whether `rest` may be an xz stream or lzma-alone file. For the latter liblzma's `auto_decoder` demands a header that
/// an encoder writes: sane properties, at most 4 literal bits, a dictionary of `2^n` or `2^n + 2^(n-1)` bytes, less than 256 GiB of data.
pub(super) fn starts_member(rest: &[u8]) -> bool {
    if rest.starts_with(XZ_MAGIC) {
        return true;
    }
    let Some((properties, rest)) = rest.split_first() else { return false };
    let Some((dictionary, rest)) = rest.split_first_chunk() else { return false };
    let Some((size, _)) = rest.split_first_chunk() else { return false };
    let (dictionary, size) = (u32::from_le_bytes(*dictionary), u64::from_le_bytes(*size));
    let step = dictionary.checked_next_power_of_two();
    let round = match step {
        Some(step) => step == dictionary || step.checked_sub(dictionary) == Some(step >> 2),
        None => dictionary == u32::MAX || dictionary == 3 << 30,
    };
    let (high, literal_context) = (properties / 9, properties % 9);
    let literal_bits = literal_context.saturating_add(high % 5);
    *properties < 225 && literal_bits <= 4 && round && (size == u64::MAX || size < 1 << 38)
}
