//! 7z archives: packed streams first, and at the end a header that says what they are, often packed itself.
//!
//! Members share packed streams: a [`Folder`] is one such stream and what lies in it one after another. Streams that
//! one method packed, behind filters or none, are read; where several methods or a password were used, they are not.
//! Nothing is inflated here but the header, within the budget.

mod records;
mod streams;

use super::compress::{Codec, Decoder, Filter};
use crate::error::{Error, Result};
use crate::limits::{Budget, Limit};
use records::{Records, broken, kind};
use std::ops::Range;
use streams::streams;

/// The first bytes.
pub const MAGIC: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// Bytes before the first packed stream.
const START: usize = 32;

/// The longest header that is read: what it says takes several times as much memory.
const HEADER: usize = 32 << 20;

/// How often a header may be packed in another one.
const DEPTH: usize = 4;

/// What an archive's header says.
#[derive(Clone, Debug, Default)]
pub struct SevenZip {
    /// Its packed streams.
    pub folders: Vec<Folder>,
    /// Runs of bytes that nothing explains.
    pub unexplained: Vec<Range<usize>>,
    /// Why folders are missing, where they are.
    pub error: Option<Error>,
}

/// A packed stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it stands; never beyond the archive's bytes.
    pub packed: Range<usize>,
    /// How it was packed; `None` where it is as it was.
    pub codec: std::result::Result<Option<Codec>, &'static str>,
    /// What has to be undone then, in order.
    pub filters: Vec<Filter>,
    /// What lies in it, in order.
    pub members: Vec<Member>,
}

/// A member, which begins where the one before it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name; empty where the header has none.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Their CRC-32.
    pub crc: Option<u32>,
}

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coder {
    Stored,
    Lzma(u8, u32),
    Lzma2(u32),
    Ppmd(u8, u32),
    Deflate,
    Deflate64,
    Bzip2,
    Zstd,
    Lz4,
    Filter(Filter),
    Unreadable(&'static str),
}

/// Reads the header of an archive. Spends [`Limit::Members`], and what a packed header inflates to.
pub fn read(bytes: &[u8], budget: &mut Budget) -> SevenZip {
    let mut archive = SevenZip::default();
    let mut explained = Vec::new();
    explained.push(0..START.min(bytes.len()));
    if let Err(error) = header(bytes, &mut archive, &mut explained, budget) {
        archive.error = Some(error);
    }
    explained.extend(archive.folders.iter().map(|folder| folder.packed.clone()));
    explained.sort_unstable_by_key(|run| (run.start, run.end));
    let mut end = 0;
    for run in explained {
        if run.start > end {
            archive.unexplained.push(end..run.start);
        }
        end = end.max(run.end);
    }
    if end < bytes.len() {
        archive.unexplained.push(end..bytes.len());
    }
    archive
}

/// Finds the header, unpacks it as often as it is packed, and reads it.
fn header(bytes: &[u8], archive: &mut SevenZip, explained: &mut Vec<Range<usize>>, budget: &mut Budget) -> Result<()> {
    let place = |from: usize| {
        let field = bytes.get(from..).and_then(<[u8]>::first_chunk).copied();
        field.map(u64::from_le_bytes).ok_or_else(|| broken("is not there"))
    };
    let begin = usize::try_from(place(12)?).ok().and_then(|offset| offset.checked_add(START));
    let end = begin.zip(usize::try_from(place(20)?).ok()).and_then(|(begin, len)| begin.checked_add(len));
    let (begin, end) = begin.zip(end).ok_or_else(|| broken("is not there"))?;
    let mut unpacked;
    let plain = bytes.get(begin..end).ok_or_else(|| broken("is not there"))?;
    let mut records = Records(plain.get(..HEADER).unwrap_or(plain));
    explained.push(begin..end);
    for _ in 0..DEPTH {
        if records.0.is_empty() {
            return Ok(());
        }
        match records.byte()? {
            kind::HEADER => return files(&mut records, bytes.len(), archive, budget),
            kind::ENCODED => {
                let folders = streams(&mut records, bytes.len(), budget)?;
                let folder = folders.first().ok_or_else(|| broken("is not there"))?;
                explained.push(folder.packed.clone());
                unpacked = unpack(bytes, folder, budget)?;
                records = Records(&unpacked);
            }
            _ => return Err(broken("has an unexpected record")),
        }
    }
    Err(broken("is packed too often"))
}

/// Inflates a header.
fn unpack(bytes: &[u8], folder: &Folder, budget: &mut Budget) -> Result<Vec<u8>> {
    let packed = bytes.get(folder.packed.clone()).unwrap_or_default();
    let codec = folder.codec.map_err(|why| broken(&format!("cannot be read: {why}")))?;
    if !folder.filters.is_empty() {
        return Err(broken("is filtered"));
    }
    let Some(codec) = codec else { return Ok(packed.to_vec()) };
    let (mut decoder, mut unpacked, mut chunk) = (Decoder::new(codec, packed), Vec::new(), [0; 4096]);
    loop {
        let count = decoder.read(&mut chunk)?;
        budget.spend(Limit::Inflated, count as u64)?;
        budget.spend(Limit::Retained, count as u64)?;
        match chunk.get(..count).filter(|new| !new.is_empty()) {
            Some(_) if unpacked.len() > HEADER => return Err(broken("is too long")),
            Some(new) => unpacked.extend_from_slice(new),
            None => return Ok(unpacked),
        }
    }
}

/// Reads the header proper.
fn files(records: &mut Records<'_>, len: usize, archive: &mut SevenZip, budget: &mut Budget) -> Result<()> {
    loop {
        match records.byte()? {
            kind::END => return Ok(()),
            kind::STREAMS => archive.folders = streams(records, len, budget)?,
            kind::FILES => names(records, &mut archive.folders)?,
            _ => return Err(broken("has a record that is not known")),
        }
    }
}

/// Gives the members their names.
fn names(records: &mut Records<'_>, folders: &mut [Folder]) -> Result<()> {
    let count = records.number()?;
    let (mut empty, mut texts) = (None, &[][..]);
    loop {
        let property = records.byte()?;
        if property == kind::END {
            break;
        }
        let length = records.number()?;
        let mut body = Records(records.bytes(length)?);
        match property {
            kind::EMPTY => empty = Some(body.bits(count)?),
            kind::NAMES => {
                body.must_be(0)?;
                texts = body.0;
            }
            _ => {}
        }
    }
    let mut members = folders.iter_mut().flat_map(|folder| &mut folder.members);
    let mut index = 0_usize;
    while let Some(name) = text(&mut texts) {
        if !empty.as_ref().is_some_and(|empty| empty.get(index)) {
            let Some(member) = members.next() else { break };
            member.name = String::from_utf16_lossy(&name);
        }
        index = index.saturating_add(1);
    }
    Ok(())
}

/// The next text of two bytes for each character, which ends in NUL.
fn text(rest: &mut &[u8]) -> Option<Vec<u16>> {
    let end = rest.chunks_exact(2).position(|unit| unit == [0, 0])?.checked_mul(2)?;
    let (text, after) = rest.split_at_checked(end)?;
    *rest = after.get(2..)?;
    Some(text.chunks_exact(2).filter_map(<[u8]>::first_chunk).map(|two| u16::from_le_bytes(*two)).collect())
}
