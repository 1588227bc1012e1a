//! Members as the directory and their own headers have them, and where the two contradict each other.

use super::Reading;
use super::directory::Directory;
use super::records::{Central, Claims, DESCRIPTOR, Local, Method, central, flags, local, method};
use crate::container::archive::{Data, Entry};
use crate::container::compress::Codec;
use crate::error::{Error, Result};
use crate::limits::Budget;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The highest version that Python's `zipfile` reads (`MAX_EXTRACT_VERSION`).
pub(super) const NEWEST_VERSION: u16 = 63;

/// Of a header before the data, so many bytes are read at once. Most are shorter; longer ones are read where they stand.
const HEADER: usize = 256;

/// Bytes of the longest record behind the data: a signature, the checksum and two sizes.
const RECORD: usize = 24;

/// Reads every directory that was found.
pub(super) fn read(reading: &mut Reading<'_>, found: &[Directory], budget: &mut Budget) -> Result<()> {
    let Some(first) = found.first() else {
        reading.odd(
            0,
            None,
            "the archive has no directory at its end",
            "Python's zipfile and torch refuse it; readers \
            that go from member to member do not",
        );
        return Ok(());
    };
    let several: HashSet<(usize, usize)> = found.iter().map(|one| (one.at, one.shift)).collect();
    if several.len() > 1 {
        let fools = "which of them a reader takes depends on the reader";
        reading.odd(first.end_at, None, "more than one directory can be found", fools);
    }
    let mut known: HashSet<(usize, Data)> = HashSet::new();
    for directory in found {
        one(reading, directory, &mut known, budget)?;
    }
    names(reading);
    Ok(())
}

/// Reads one directory.
fn one(
    reading: &mut Reading<'_>,
    directory: &Directory,
    known: &mut HashSet<(usize, Data)>,
    budget: &mut Budget,
) -> Result<()> {
    let bytes = reading.bytes;
    reading.archive.records.extend(directory.records.iter().cloned());
    if !directory.is_last {
        let what = "bytes stand behind the record that ends the archive";
        reading.odd(directory.end_at, None, what, "Python's zipfile and torch read on; others refuse it");
    }
    if directory.shift > 0 {
        let what = "the archive begins behind other bytes";
        reading.odd(0, None, what, "Python's zipfile finds it there; torch counts from the first byte");
    }
    if directory.end.disk != 0 {
        reading.odd(
            directory.end_at,
            None,
            "the archive says that it is one of several parts",
            "some readers refuse it",
        );
    }
    let mut at = directory.at;
    let mut count = 0_u64;
    while let Some(rest) = bytes.get(at..)
        && let Ok((after, header)) = central(rest)
    {
        at = bytes.len().saturating_sub(after.len());
        count = count.saturating_add(1);
        member(reading, &header, directory.shift, known, budget)?;
    }
    reading.archive.records.push(directory.at.min(at)..at);
    let len = at.saturating_sub(directory.at) as u64;
    if !directory.is_there(bytes) {
        let message = "there is no directory where the end of the archive says";
        reading.archive.errors.push(Error::malformed(directory.at as u64, message));
    } else if len != directory.end.directory_len {
        let fools = "Python's zipfile goes by the length, torch by the number of members";
        reading.odd(directory.at, None, "the directory is not as long as the end of the archive says", fools);
    }
    // The small record holds the lower 16 bits where there are more.
    if count != directory.end.count && count & 0xffff != directory.end.count {
        let fools = "Python's zipfile goes by the length of the directory, torch by the number";
        reading.odd(
            directory.at,
            None,
            "the directory does not hold as many members as the end of the archive says",
            fools,
        );
    }
    Ok(())
}

/// One member of a directory.
fn member(
    reading: &mut Reading<'_>,
    listed: &Central<'_>,
    shift: usize,
    known: &mut HashSet<(usize, Data)>,
    budget: &mut Budget,
) -> Result<()> {
    let bytes = reading.bytes;
    let name = text(listed.claims.name);
    let entry = |header, data| Entry {
        name: name.clone(),
        header,
        data,
        size: Some(listed.claims.size),
        crc: Some(listed.claims.crc),
    };
    let at = usize::try_from(listed.header).ok().and_then(|header| header.checked_add(shift));
    let mut room = [0; HEADER];
    let own = at.and_then(|at| {
        let (_, own) =
            local(reading.copied(at, &mut room)).or_else(|_| local(bytes.get(at..).unwrap_or_default())).ok()?;
        Some((at, own))
    });
    let Some((at, own)) = own else {
        let place = at.unwrap_or(usize::MAX).min(bytes.len());
        let data = Data::Unreadable("there is no header where the directory says", place..place);
        if known.insert((place, data.clone())) {
            reading.entry(entry(place, data), budget)?;
        }
        return Ok(());
    };
    let start = at.saturating_add(own.len);
    let mut datas = vec![data(bytes, &name, start, &listed.claims)];
    let deferred = own.claims.flags & flags::DESCRIPTOR != 0;
    if own.claims.method != listed.claims.method || (!deferred && own.claims.compressed != listed.claims.compressed) {
        let compressed = if deferred { listed.claims.compressed } else { own.claims.compressed };
        datas.push(data(bytes, &name, start, &Claims { compressed, ..own.claims }));
    }
    let mut first = None;
    for data in datas {
        if known.insert((at, data.clone())) {
            let number = reading.entry(entry(at, data), budget)?;
            first.get_or_insert(number);
        }
    }
    let end = start.saturating_add(usize::try_from(listed.claims.compressed).unwrap_or(usize::MAX));
    let Some(number) = first else { return Ok(()) };
    let descriptor = if deferred { descriptor(reading.copied(end, &mut [0; RECORD]), &listed.claims) } else { Some(0) };
    let behind = end.saturating_add(descriptor.unwrap_or(0)).min(bytes.len());
    reading.explained.push(at..behind);
    if behind > end {
        reading.archive.records.push(end..behind);
    }
    if descriptor.is_none() {
        let fools = "readers that go from member to member take another size";
        reading.odd(at, Some(number), "the sizes behind its data are not those of the directory", fools);
    }
    contradictions(reading, at, number, &listed.claims, &own);
    Ok(())
}

/// What the bytes of a member are by what a header claims.
pub(super) fn data(bytes: &[u8], name: &str, start: usize, claims: &Claims<'_>) -> Data {
    let len = usize::try_from(claims.compressed).unwrap_or(usize::MAX);
    let span = start.min(bytes.len())..start.saturating_add(len).min(bytes.len());
    if claims.flags & (flags::ENCRYPTED | flags::ODD) != 0 {
        return Data::Unreadable("it is marked as encrypted or patched", span);
    }
    match method(claims.method) {
        Method::Stored if span.is_empty() && name.ends_with('/') => Data::Nothing,
        Method::Stored => Data::Stored(span),
        Method::Codec(codec) => Data::Compressed(codec, span),
        Method::Lzma => lzma(bytes, span, claims),
        Method::Unknown(why) => Data::Unreadable(why, span),
    }
}

/// What lzma packed: two bytes of its version, the length of its properties, these, and the data.
fn lzma(bytes: &[u8], span: Range<usize>, claims: &Claims<'_>) -> Data {
    let packed = bytes.get(span.clone()).unwrap_or_default();
    match packed.first_chunk() {
        Some(&[_, _, 5, 0, properties, a, b, c, d]) => {
            let is_marked = claims.flags & (flags::LZMA_MARK | flags::DESCRIPTOR) != 0;
            let size = if is_marked { u64::MAX } else { claims.size };
            let codec = Codec::BareLzma(properties, u32::from_le_bytes([a, b, c, d]), size);
            Data::Compressed(codec, span.start.saturating_add(9)..span.end)
        }
        _ => Data::Unreadable("it is compressed by lzma, behind a header that is none", span),
    }
}

/// How long the record behind the data is that repeats CRC and sizes; `None` where it is not there or says otherwise.
fn descriptor(rest: &[u8], claims: &Claims<'_>) -> Option<usize> {
    let (signed, body) = rest.strip_prefix(DESCRIPTOR).map_or((0, rest), |body| (4, body));
    let narrow = [u64::from(claims.crc), claims.compressed, claims.size];
    let fits = |sizes: Range<usize>, width: usize| {
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let crc = body.get(..4).map(number);
        let compressed = body.get(sizes.start..sizes.start.saturating_add(width)).map(number);
        let size = body.get(sizes.start.saturating_add(width)..sizes.end).map(number);
        [crc, compressed, size] == narrow.map(Some)
    };
    if fits(4..20, 8) {
        Some(20_usize.saturating_add(signed))
    } else if fits(4..12, 4) {
        Some(12_usize.saturating_add(signed))
    } else {
        None
    }
}

/// Where the two headers of a member contradict each other, or say what no writer says.
fn contradictions(reading: &mut Reading<'_>, at: usize, number: usize, listed: &Claims<'_>, own: &Local<'_>) {
    let deferred = own.claims.flags & flags::DESCRIPTOR != 0;
    let left = reading.bytes.len().saturating_sub(at).saturating_sub(own.len) as u64;
    let own = &own.claims;
    let mut odd = |is: bool, what: &'static str, fools: &'static str| {
        if is {
            reading.odd(at, Some(number), what, fools);
        }
    };
    odd(
        own.name != listed.name,
        "the header before its data gives it another name",
        "Python's zipfile refuses it; torch and others read it by the name in the directory, others by the other",
    );
    odd(
        own.method != listed.method,
        "the header before its data names another method of compression",
        "Python's zipfile and torch go by the directory, readers that go from member to member by the header",
    );
    let other_size = own.compressed != listed.compressed || own.size != listed.size;
    odd(
        !deferred && (other_size || own.crc != listed.crc),
        "the header before its data gives it another size or checksum",
        "Python's zipfile and torch go by the directory, readers that go from member to member by the header",
    );
    odd(
        (own.flags ^ listed.flags) & !flags::UTF8 != 0,
        "the two headers have different flags",
        "Python's zipfile goes by the directory, others by the header",
    );
    let newest = (own.version & 0xff).max(listed.version & 0xff);
    odd(
        newest > NEWEST_VERSION,
        "it asks for a version that does not exist",
        "Python's zipfile refuses it; torch does not",
    );
    let stored = method(listed.method) == Method::Stored;
    odd(
        stored && listed.size != listed.compressed && listed.flags & flags::ENCRYPTED == 0,
        "it is stored, and yet has two sizes",
        "Python's zipfile ends at the smaller one; torch refuses it",
    );
    odd(listed.compressed > left, "the file ends inside it", "readers take what there is, or refuse it");
}

/// Names that more than one member has, and names that are taken for others.
fn names(reading: &mut Reading<'_>) {
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut odd = Vec::new();
    for (number, entry) in reading.archive.entries.iter().enumerate() {
        let key = entry.name.to_lowercase();
        match by_name.get(&key) {
            Some(&header) if header == entry.header => {}
            Some(_) => {
                let fools = "Python's zipfile takes the last, torch one of them whatever its case, others the first";
                odd.push(entry.odd(number, "another member has its name, but for case", fools));
            }
            None => drop(by_name.insert(key, entry.header)),
        }
        if entry.name.contains('\0') {
            let fools = "Python's zipfile cuts the name there, others do not";
            odd.push(entry.odd(number, "its name holds a NUL", fools));
        }
        odd.extend(entry.odd_name(number));
    }
    reading.archive.anomalies.extend(odd);
}

/// A name as text: UTF-8 where it is, else a character for each byte.
pub(super) fn text(name: &[u8]) -> String {
    std::str::from_utf8(name).map_or_else(|_| name.iter().copied().map(char::from).collect(), str::to_owned)
}
