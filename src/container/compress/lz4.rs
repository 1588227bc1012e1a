//! lz4 frames (the LZ4 frame format description, `LZ4F_decompress`). The blocks within are `lz4_flex`'s; the frame is
//! read here because its empty blocks, missing end marks and checksums are facts to report.

use std::hash::Hasher as _;

use lz4_flex::block::decompress_into_with_dict;
use nom::Parser;
use nom::combinator::cond;
use nom::number::complete::{le_u32, le_u64, u8};
use twox_hash::XxHash32;

use super::{Ending, Outcome, Step};

const MAGIC: u32 = 0x184d_2204;
/// The last four bits are free: a frame of user data that decoders skip.
const SKIPPABLE: u32 = 0x184d_2a50;
/// How far back a block may refer.
const WINDOW: usize = 64 << 10;

/// The frame header.
#[derive(Clone, Copy)]
struct Header {
    linked: bool,
    block_checksums: bool,
    content_checksum: bool,
    content_size: Option<u64>,
    block_size: usize,
}

/// One frame.
pub(super) struct Frame {
    header: Option<Header>,
    /// The last output, for blocks that refer to it.
    window: Vec<u8>,
    /// The current block, and how far it is handed out.
    block: Vec<u8>,
    handed: usize,
    length: usize,
    size: u64,
    sum: XxHash32,
    /// How the frame ends once the current block is handed out, if badly.
    broken: Option<Ending>,
}

/// Whether `rest` may be another frame.
pub(super) fn starts_member(rest: &[u8]) -> bool {
    rest.first_chunk().is_some_and(|magic| {
        let magic = u32::from_le_bytes(*magic);
        magic == MAGIC || magic & !0xf == SKIPPABLE
    })
}

impl Frame {
    pub(super) fn new() -> Self {
        Self {
            header: None,
            window: Vec::new(),
            block: Vec::new(),
            handed: 0,
            length: 0,
            size: 0,
            sum: XxHash32::with_seed(0),
            broken: None,
        }
    }

    pub(super) fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if let Some(ready) = self.block.get(self.handed..self.length).filter(|ready| !ready.is_empty()) {
            let written = ready.len().min(out.len());
            if let (Some(to), Some(from)) = (out.get_mut(..written), ready.get(..written)) {
                to.copy_from_slice(from);
            }
            self.handed = self.handed.saturating_add(written);
            return Step::new(0, written, Outcome::More);
        }
        if let Some(ending) = self.broken {
            return Step::failed(ending);
        }
        let result = match self.header {
            None => self.start(input),
            Some(header) => self.next_block(header, input),
        };
        match result {
            Ok((rest, outcome)) => Step::new(input.len().saturating_sub(rest.len()), 0, outcome),
            Err(ending) => Step::failed(ending),
        }
    }

    fn start<'a>(&mut self, input: &'a [u8]) -> Result<(&'a [u8], Outcome), Ending> {
        let (rest, magic) = word(input)?;
        if magic & !0xf == SKIPPABLE {
            let (rest, length) = word(rest)?;
            return Ok((take(rest, length)?.1, Outcome::End));
        }
        if magic != MAGIC {
            return Err(Ending::Corrupt);
        }
        let (rest, header) = read_header(rest)?;
        self.header = Some(header);
        Ok((rest, Outcome::More))
    }

    fn next_block<'a>(&mut self, header: Header, input: &'a [u8]) -> Result<(&'a [u8], Outcome), Ending> {
        let (rest, head) = word(input)?;
        if head == 0 {
            return self.end(header, rest);
        }
        let (stored, length) = (head >> 31 == 1, head & 0x7fff_ffff);
        if usize::try_from(length).is_ok_and(|length| length > header.block_size) {
            return Err(Ending::Corrupt);
        }
        // Not before there is a block: a file may be full of empty frames.
        if self.block.is_empty() {
            self.block = vec![0; header.block_size];
        }
        if stored {
            return self.stored_block(header, rest, length);
        }
        let (data, mut rest) = take(rest, length)?;
        if header.block_checksums {
            let (after, stated) = word(rest)?;
            if stated != xxh32(data) {
                return Err(Ending::BadChecksum);
            }
            rest = after;
        }
        let length = decompress_into_with_dict(data, &mut self.block, &self.window).map_err(|_| Ending::Corrupt)?;
        self.ready(header, length);
        Ok((rest, Outcome::More))
    }

    /// A block that is not compressed is handed out as far as it is there, whatever its checksum, as liblz4 does.
    fn stored_block<'a>(
        &mut self,
        header: Header,
        input: &'a [u8],
        length: u32,
    ) -> Result<(&'a [u8], Outcome), Ending> {
        let whole = take(input, length);
        let (data, rest) = whole.unwrap_or((input, &[]));
        self.block.get_mut(..data.len()).ok_or(Ending::Corrupt)?.copy_from_slice(data);
        self.ready(header, data.len());
        self.broken = whole.err();
        if !header.block_checksums || self.broken.is_some() {
            return Ok((rest, Outcome::More));
        }
        let (rest, stated) = match word(rest) {
            Ok((rest, stated)) => (rest, Ok(stated)),
            Err(ending) => (rest, Err(ending)),
        };
        self.broken = match stated {
            Ok(stated) if stated == xxh32(data) => None,
            Ok(_) => Some(Ending::BadChecksum),
            Err(ending) => Some(ending),
        };
        Ok((rest, Outcome::More))
    }

    /// The block holds `length` bytes of output.
    fn ready(&mut self, header: Header, length: usize) {
        (self.handed, self.length) = (0, length);
        let output = self.block.get(..length).unwrap_or_default();
        self.size = self.size.saturating_add(length.try_into().unwrap_or(u64::MAX));
        if header.content_checksum {
            self.sum.write(output);
        }
        if header.linked {
            self.window.extend_from_slice(output);
            self.window.drain(..self.window.len().saturating_sub(WINDOW));
        }
    }

    fn end<'a>(&mut self, header: Header, rest: &'a [u8]) -> Result<(&'a [u8], Outcome), Ending> {
        if header.content_size.is_some_and(|size| size != self.size) {
            return Err(Ending::BadChecksum);
        }
        if !header.content_checksum {
            return Ok((rest, Outcome::End));
        }
        let (rest, stated) = word(rest)?;
        if u64::from(stated) == self.sum.finish() { Ok((rest, Outcome::End)) } else { Err(Ending::BadChecksum) }
    }
}

/// Flags, block descriptor, optional size and dictionary id, and a checksum over them.
fn read_header(input: &[u8]) -> Result<(&[u8], Header), Ending> {
    let (rest, (flags, descriptor)) = (u8::<_, nom::error::Error<_>>, u8).parse_complete(input).map_err(truncated)?;
    let has = |bit: u8| flags & bit != 0;
    let block_size = match descriptor >> 4 {
        4 => 64 << 10,
        5 => 256 << 10,
        6 => 1 << 20,
        7 => 4 << 20,
        _ => return Err(Ending::Corrupt),
    };
    if flags >> 6 != 1 || has(0x02) || descriptor & 0x0f != 0 {
        return Err(Ending::Corrupt);
    }
    // A frame that names a dictionary is decoded without one, as Python's reader does.
    let dictionary = cond(has(0x01), le_u32::<_, nom::error::Error<_>>);
    let (rest, content_size) =
        cond(has(0x08), le_u64).and(dictionary).map(|(size, _)| size).parse_complete(rest).map_err(truncated)?;
    let described = input.get(..input.len().saturating_sub(rest.len())).unwrap_or_default();
    let (rest, check) = u8::<_, nom::error::Error<_>>.parse_complete(rest).map_err(truncated)?;
    if xxh32(described).to_le_bytes().get(1) != Some(&check) {
        return Err(Ending::Corrupt);
    }
    let linked = !has(0x20);
    let header = Header { linked, block_checksums: has(0x10), content_checksum: has(0x04), content_size, block_size };
    Ok((rest, header))
}

fn word(input: &[u8]) -> Result<(&[u8], u32), Ending> {
    le_u32::<_, nom::error::Error<_>>.parse_complete(input).map_err(truncated)
}

fn take(input: &[u8], length: u32) -> Result<(&[u8], &[u8]), Ending> {
    usize::try_from(length).ok().and_then(|length| input.split_at_checked(length)).ok_or(Ending::Truncated)
}

fn truncated(_: nom::Err<nom::error::Error<&[u8]>>) -> Ending {
    Ending::Truncated
}

fn xxh32(data: &[u8]) -> u32 {
    XxHash32::oneshot(0, data)
}
