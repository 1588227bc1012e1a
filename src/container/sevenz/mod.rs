//! 7z archives: packed streams first, and at the end a header that says what they are, often packed itself.
//!
//! Members share packed streams: a [`Folder`] is one such stream and what lies in it one after another. Streams that
//! one method packed, behind filters or none, are read; where several methods or a password were used, they are not.
//! Nothing is inflated here but the header, within the budget.

mod records;

use super::compress::{Codec, Decoder, Filter};
use crate::error::{Error, Result};
use crate::limits::{Budget, Limit};
use records::{Coders, Records, broken, kind};
use std::ops::Range;

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
                body.expect(0)?;
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

/// Reads what is said of packed streams.
fn streams(records: &mut Records<'_>, len: usize, budget: &mut Budget) -> Result<Vec<Folder>> {
    let (mut place, mut packed) = (START, Vec::new());
    let (mut folders, mut sizes): (Vec<Folder>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut known: Vec<Option<u32>> = Vec::new();
    loop {
        match records.byte()? {
            kind::END => break,
            kind::PACKED => {
                let offset = usize::try_from(records.number()?).unwrap_or(usize::MAX);
                place = place.saturating_add(offset);
                let count = records.number()?;
                packed = sections(records, count)?;
            }
            kind::FOLDERS => (folders, sizes, known) = packed_by(records, place, &packed, len, budget)?,
            kind::SUBSTREAMS => {
                substreams(records, &mut folders, &sizes, &known, budget)?;
                records.expect(kind::END)?;
                return Ok(folders);
            }
            _ => return Err(broken("has a record that is not known")),
        }
    }
    // Each holds one member then.
    for ((folder, size), crc) in folders.iter_mut().zip(sizes).zip(known) {
        folder.members.push(Member { name: String::new(), size, crc });
    }
    Ok(folders)
}

/// The sizes of packed streams.
fn sections(records: &mut Records<'_>, count: u64) -> Result<Vec<u64>> {
    let mut sizes = Vec::new();
    loop {
        match records.byte()? {
            kind::END => return Ok(sizes),
            kind::SIZE => {
                for _ in 0..count {
                    sizes.push(records.number()?);
                }
            }
            kind::CRC => drop(records.checksums(sizes.len())?),
            _ => return Err(broken("has a record that is not known")),
        }
    }
}

/// Folders, how many bytes come out of each, and their checksums.
type Folders = (Vec<Folder>, Vec<u64>, Vec<Option<u32>>);

/// Reads by what streams were packed. They stand one after another from `place` on.
fn packed_by(
    records: &mut Records<'_>,
    mut place: usize,
    packed: &[u64],
    len: usize,
    budget: &mut Budget,
) -> Result<Folders> {
    records.expect(kind::FOLDER)?;
    let count = records.number()?;
    records.expect(0)?;
    let (mut coders, mut rest) = (Vec::new(), packed);
    for _ in 0..count {
        budget.spend(Limit::Members, 1)?;
        coders.push(records.coders()?);
    }
    records.expect(kind::UNPACKED)?;
    let (mut folders, mut sizes, mut sums) = (Vec::new(), Vec::new(), Vec::new());
    for coders in coders {
        let mut outputs = Vec::new();
        for _ in 0..coders.outputs {
            outputs.push(records.number()?);
        }
        let begin = place.min(len);
        for _ in 0..coders.packed {
            let (first, others) = rest.split_first().ok_or_else(|| broken("lacks the size of a stream"))?;
            place = place.saturating_add(usize::try_from(*first).unwrap_or(usize::MAX));
            rest = others;
        }
        let (codec, filters, size) = method(&coders, &outputs);
        folders.push(Folder { packed: begin..place.min(len), codec, filters, members: Vec::new() });
        sizes.push(size);
        sums.push(None);
    }
    loop {
        match records.byte()? {
            kind::END => return Ok((folders, sizes, sums)),
            kind::CRC => sums = records.checksums(folders.len())?,
            _ => return Err(broken("has a record that is not known")),
        }
    }
}

/// How a stream was packed, by which filters before that, and how many bytes there were. `outputs` are the bytes that
/// come out of each method.
fn method(coders: &Coders, outputs: &[u64]) -> (std::result::Result<Option<Codec>, &'static str>, Vec<Filter>, u64) {
    let Some(chain) = &coders.chain else {
        let why = coders.why.unwrap_or("several streams were mixed in it");
        return (Err(why), Vec::new(), outputs.last().copied().unwrap_or(0));
    };
    let (mut codec, mut filters, mut size) = (Ok(None), Vec::new(), 0);
    for (place, &(index, coder)) in chain.iter().enumerate() {
        size = outputs.get(index).copied().unwrap_or(0);
        let method = match coder {
            Coder::Stored => continue,
            Coder::Filter(filter) => {
                filters.push(filter);
                continue;
            }
            Coder::Lzma(properties, dictionary) => Ok(Codec::BareLzma(properties, dictionary, size)),
            Coder::Lzma2(dictionary) => Ok(Codec::Lzma2(dictionary)),
            Coder::Ppmd(order, memory) => Ok(Codec::Ppmd(order, memory, size)),
            Coder::Deflate => Ok(Codec::Deflate),
            Coder::Deflate64 => Ok(Codec::Deflate64),
            Coder::Bzip2 => Ok(Codec::Bzip2),
            Coder::Zstd => Ok(Codec::Zstd),
            Coder::Lz4 => Ok(Codec::Lz4),
            Coder::Unreadable(why) => Err(why),
        };
        let is_only = place == 0 || (codec == Ok(None) && filters.is_empty());
        codec = if is_only || method.is_err() { method.map(Some) } else { Err("more than one method was used on it") };
        if codec.is_err() {
            break;
        }
    }
    (codec, filters, size)
}

/// Reads what lies in folders.
fn substreams(
    records: &mut Records<'_>,
    folders: &mut [Folder],
    sizes: &[u64],
    known: &[Option<u32>],
    budget: &mut Budget,
) -> Result<()> {
    let mut kind = records.byte()?;
    let mut counts = vec![1; folders.len()];
    if kind == kind::COUNT {
        for count in &mut counts {
            *count = records.number()?;
        }
        kind = records.byte()?;
    }
    let has_sizes = kind == kind::SIZE;
    for ((folder, &count), &size) in folders.iter_mut().zip(&counts).zip(sizes) {
        let mut left = size;
        // The last one has what is left.
        for _ in 1..count {
            if !has_sizes {
                return Err(broken("lacks the size of a member"));
            }
            let size = records.number()?;
            budget.spend(Limit::Members, 1)?;
            left = left.saturating_sub(size);
            folder.members.push(Member { name: String::new(), size, crc: None });
        }
        if count > 0 {
            folder.members.push(Member { name: String::new(), size: left, crc: None });
        }
    }
    if has_sizes {
        kind = records.byte()?;
    }
    for (folder, crc) in folders.iter_mut().zip(known) {
        if let ([member], Some(crc)) = (folder.members.as_mut_slice(), crc) {
            member.crc = Some(*crc);
        }
    }
    if kind == kind::CRC {
        let unknown = || folders.iter().flat_map(|folder| &folder.members).filter(|member| member.crc.is_none());
        let mut sums = records.checksums(unknown().count())?.into_iter();
        let members = folders.iter_mut().flat_map(|folder| &mut folder.members);
        for member in members.filter(|member| member.crc.is_none()) {
            member.crc = sums.next().flatten();
        }
        kind = records.byte()?;
    }
    if kind == kind::END { Ok(()) } else { Err(broken("has a record that is not known")) }
}
