//! Packed streams, as the records of a header describe them: where each stands, what it was packed by, what lies in it.

use super::records::{Coders, Records, broken, kind};
use super::{Coder, Folder, Member, START};
use crate::container::compress::{Codec, Filter};
use crate::error::Result;
use crate::limits::{Budget, Limit};

/// Reads what is said of packed streams.
pub(super) fn streams(records: &mut Records<'_>, len: usize, budget: &mut Budget) -> Result<Vec<Folder>> {
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
                records.must_be(kind::END)?;
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
    records.must_be(kind::FOLDER)?;
    let count = records.number()?;
    records.must_be(0)?;
    let (mut coders, mut rest) = (Vec::new(), packed);
    for _ in 0..count {
        budget.spend(Limit::Members, 1)?;
        coders.push(records.coders()?);
    }
    records.must_be(kind::UNPACKED)?;
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
