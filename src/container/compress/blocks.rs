//! The blocks of an xz stream that is broken (`xz-file-format.txt`, section 3): each byte is asked for alone where a
//! filter would ask for many, and lose all of them with the first that is not there.

use super::filter::Filter;
use super::lzma::{MEMORY_KIB, Source};
use lzma_rust2::Lzma2Reader;
use std::cell::Cell;
use std::io::{ErrorKind, Read, Result};
use std::rc::Rc;

/// Bytes of the header of a stream.
const HEADER: usize = 12;

/// The blocks of one stream, up to where it breaks.
pub(super) struct Blocks<'a> {
    /// The stream, from its first byte on.
    stream: Source<'a>,
    /// Where the next block begins.
    at: usize,
    block: Option<Block<'a>>,
}

struct Block<'a> {
    reader: Box<dyn Read + 'a>,
    /// Bytes of its data that were read.
    taken: Rc<Cell<usize>>,
    /// Where they begin.
    start: usize,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(stream: Source<'a>) -> Self {
        Self { stream, at: HEADER, block: None }
    }

    /// Opens the block at hand; `None` where there is none, but the index.
    fn open(&self) -> Option<Block<'a>> {
        let rest = self.stream.data.get(self.at..)?;
        let len = usize::from(*rest.first().filter(|len| **len > 0)?).checked_add(1)?.checked_mul(4)?;
        let (header, data) = rest.split_at_checked(len)?;
        let (&flags, mut fields) = header.get(1..)?.split_first()?;
        for flag in [0x40, 0x80] {
            if flags & flag != 0 {
                number(&mut fields)?;
            }
        }
        let (mut filters, mut dictionary) = (Vec::new(), None);
        for _ in 0..=flags & 3 {
            let (id, len) = (number(&mut fields)?, number(&mut fields)?);
            let (properties, after) = fields.split_at_checked(usize::try_from(len).ok()?)?;
            fields = after;
            match (id, properties) {
                (0x21, &[size]) => dictionary = Some(super::lzma2_dictionary(size)?),
                _ => filters.push(Filter::new(id, properties)?),
            }
        }
        let taken = Rc::new(Cell::new(0));
        let source = Counted { source: self.stream.from(data), taken: Rc::clone(&taken) };
        let reader = Lzma2Reader::new_mem_limit(source, dictionary?, MEMORY_KIB, None).ok()?;
        let plain: Box<dyn Read + 'a> = Box::new(reader);
        // The last filter was the last to be applied.
        let reader = filters.iter().rev().fold(plain, |reader, filter| filter.undo(Single(reader)));
        Some(Block { reader, taken, start: self.at.checked_add(len)? })
    }

    /// Where the block after one begins: behind its data, filled to four bytes, and its checksum.
    fn behind(&self, block: &Block<'_>) -> Option<usize> {
        let check = usize::from(self.stream.data.get(7)? & 0x0f);
        let check = if check == 0 { 0 } else { 4_usize.checked_shl(u32::try_from(check.checked_sub(1)? / 3).ok()?)? };
        block.start.checked_add(block.taken.get())?.checked_next_multiple_of(4)?.checked_add(check)
    }
}

impl Read for Blocks<'_> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        loop {
            let mut block = match self.block.take() {
                Some(block) => block,
                None => self.open().ok_or(ErrorKind::UnexpectedEof)?,
            };
            let count = block.reader.read(out)?;
            if count > 0 {
                self.block = Some(block);
                return Ok(count);
            }
            self.at = self.behind(&block).ok_or(ErrorKind::UnexpectedEof)?;
        }
    }
}

/// A number of seven bits a byte, the lowest first; all but the last have the highest bit set.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Counts what is read.
struct Counted<'a> {
    source: Source<'a>,
    taken: Rc<Cell<usize>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let count = self.source.read(out)?;
        self.taken.set(self.taken.get().saturating_add(count));
        Ok(count)
    }
}

/// Gives one byte at a time.
struct Single<R>(R);

impl<R: Read> Read for Single<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        self.0.read(out.get_mut(..1).unwrap_or_default())
    }
}
