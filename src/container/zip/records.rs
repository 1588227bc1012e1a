//! The records of a zip archive as they stand (PKWARE's APPNOTE, sections 4.3 to 4.5). Nothing is believed here.

use crate::container::compress::Codec;
use nom::bytes::complete::{tag, take};
use nom::error::Error;
use nom::number::complete::{le_u16, le_u32, le_u64};
use nom::{IResult, Parser};

/// Signatures, which begin each record.
pub(super) const LOCAL: &[u8] = b"PK\x03\x04";
pub(super) const CENTRAL: &[u8] = b"PK\x01\x02";
pub(super) const END: &[u8] = b"PK\x05\x06";
pub(super) const END64: &[u8] = b"PK\x06\x06";
pub(super) const LOCATOR64: &[u8] = b"PK\x06\x07";
pub(super) const DESCRIPTOR: &[u8] = b"PK\x07\x08";

/// Bytes of the record that ends an archive, without its comment.
pub(super) const END_LEN: usize = 22;
/// Bytes of the locator of its larger form.
pub(super) const LOCATOR64_LEN: usize = 20;
/// Bytes of its larger form.
pub(super) const END64_LEN: usize = 56;

/// Flag bits.
pub(super) mod flags {
    /// The data is encrypted.
    pub(in crate::container::zip) const ENCRYPTED: u16 = 1;
    /// What lzma gives ends with a mark, and not after so many bytes.
    pub(in crate::container::zip) const LZMA_MARK: u16 = 1 << 1;
    /// CRC and sizes stand behind the data.
    pub(in crate::container::zip) const DESCRIPTOR: u16 = 1 << 3;
    /// The data is a patch; encrypted by a newer method; names in the central directory are masked.
    pub(in crate::container::zip) const ODD: u16 = 1 << 5 | 1 << 6 | 1 << 13;
    /// Names are UTF-8.
    pub(in crate::container::zip) const UTF8: u16 = 1 << 11;
}

/// What both headers of a member say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claims<'a> {
    pub(super) version: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
    pub(super) name: &'a [u8],
}

/// A member as the central directory has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Central<'a> {
    pub(super) claims: Claims<'a>,
    /// Where its local header is said to stand.
    pub(super) header: u64,
}

/// A member as the header before its data has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local<'a> {
    pub(super) claims: Claims<'a>,
    /// Bytes of the header.
    pub(super) len: usize,
}

/// What ends an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) disk: u32,
    pub(super) count: u64,
    pub(super) directory_len: u64,
    pub(super) directory: u64,
    pub(super) comment: u16,
}

type Parsed<'a, T> = IResult<&'a [u8], T, Error<&'a [u8]>>;

/// A header of the central directory, and what follows it.
pub(super) fn central(input: &[u8]) -> Parsed<'_, Central<'_>> {
    let (rest, (_, _, version, flags, method)) =
        (tag(CENTRAL), le_u16, le_u16, le_u16, le_u16).parse_complete(input)?;
    let (rest, (_, crc, compressed, size)) = (le_u32, le_u32, le_u32, le_u32).parse_complete(rest)?;
    let (rest, (name, extra, comment)) = (le_u16, le_u16, le_u16).parse_complete(rest)?;
    let (rest, (_, _, _, header)) = (le_u16, le_u16, le_u32, le_u32).parse_complete(rest)?;
    // Python's zipfile takes what there is of these.
    let (rest, [name, extra, _]) = as_far([name, extra, comment], rest);
    let mut wide = [u64::from(size), u64::from(compressed), u64::from(header)];
    widen(extra, &mut wide);
    let [size, compressed, header] = wide;
    Ok((rest, Central { claims: Claims { version, flags, method, crc, compressed, size, name }, header }))
}

/// Runs of these lengths, as far as there are bytes, and what follows them.
fn as_far(lengths: [u16; 3], mut input: &[u8]) -> (&[u8], [&[u8]; 3]) {
    let runs = lengths.map(|len| {
        let (run, rest) = input.split_at_checked(len.into()).unwrap_or((input, &[]));
        input = rest;
        run
    });
    (input, runs)
}

/// A local header, and what follows it.
pub(super) fn local(input: &[u8]) -> Parsed<'_, Local<'_>> {
    let (rest, (_, version, flags, method, _)) = (tag(LOCAL), le_u16, le_u16, le_u16, le_u32).parse_complete(input)?;
    let (rest, (crc, compressed, size)) = (le_u32, le_u32, le_u32).parse_complete(rest)?;
    let (rest, (name, extra)) = (le_u16, le_u16).parse_complete(rest)?;
    let (rest, (name, extra)) = (take(name), take(extra)).parse_complete(rest)?;
    let mut wide = [u64::from(size), u64::from(compressed)];
    widen(extra, &mut wide);
    let [size, compressed] = wide;
    let len = input.len().saturating_sub(rest.len());
    Ok((rest, Local { claims: Claims { version, flags, method, crc, compressed, size, name }, len }))
}

/// One extra field: its kind, its body.
fn field(input: &[u8]) -> Parsed<'_, (u16, &[u8])> {
    (le_u16, nom::multi::length_data(le_u16)).parse_complete(input)
}

/// Takes what does not fit 32 bits from the extra field for it: one number for each that is full, in order.
fn widen(mut extra: &[u8], narrow: &mut [u64]) {
    while let Ok((rest, (kind, body))) = field(extra) {
        if kind == 1 {
            let mut body = body;
            for number in narrow.iter_mut().filter(|number| **number == u64::from(u32::MAX)) {
                let Ok((after, wide)) = le_u64::<_, Error<&[u8]>>(body) else { return };
                (body, *number) = (after, wide);
            }
            return;
        }
        extra = rest;
    }
}

/// The record that ends an archive.
pub(super) fn end(input: &[u8]) -> Parsed<'_, End> {
    let (rest, (_, disk, _, _)) = (tag(END), le_u16, le_u16, le_u16).parse_complete(input)?;
    let (rest, (count, len, directory, comment)) = (le_u16, le_u32, le_u32, le_u16).parse_complete(rest)?;
    let end =
        End { disk: disk.into(), count: count.into(), directory_len: len.into(), directory: directory.into(), comment };
    Ok((rest, end))
}

/// Where the locator says that the larger form of the record that ends an archive stands.
pub(super) fn locator64(input: &[u8]) -> Parsed<'_, u64> {
    let (rest, (_, _, at, _)) = (tag(LOCATOR64), le_u32, le_u64, le_u32).parse_complete(input)?;
    Ok((rest, at))
}

/// The larger form of the record that ends an archive.
pub(super) fn end64(input: &[u8]) -> Parsed<'_, End> {
    let (rest, (_, _, _, _)) = (tag(END64), le_u64, le_u16, le_u16).parse_complete(input)?;
    let (rest, (disk, _, _, count, len, directory)) =
        (le_u32, le_u32, le_u64, le_u64, le_u64, le_u64).parse_complete(rest)?;
    Ok((rest, End { disk, count, directory_len: len, directory, comment: 0 }))
}

/// Compression methods: what they are to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Codec(Codec),
    /// lzma behind a header of its own (APPNOTE 5.8).
    Lzma,
    Unknown(&'static str),
}

/// The method with a number (APPNOTE 4.4.5).
pub(super) const fn method(number: u16) -> Method {
    match number {
        0 => Method::Stored,
        8 => Method::Codec(Codec::Deflate),
        12 => Method::Codec(Codec::Bzip2),
        95 => Method::Codec(Codec::Xz),
        1 => Method::Unknown("it is shrunk, which is not read"),
        2..=5 => Method::Unknown("it is reduced, which is not read"),
        6 => Method::Unknown("it is imploded, which is not read"),
        9 => Method::Codec(Codec::Deflate64),
        10 => Method::Unknown("it is compressed by PKWARE's DCL, which is not read"),
        14 => Method::Lzma,
        20 | 93 => Method::Codec(Codec::Zstd),
        16 => Method::Unknown("it is compressed by CMPSC, which is not read"),
        18 => Method::Unknown("it is compressed by TERSE, which is not read"),
        19 => Method::Unknown("it is compressed by IBM's LZ77, which is not read"),
        94 => Method::Unknown("it is a packed MP3, which is not read"),
        96 => Method::Unknown("it is a packed JPEG, which is not read"),
        97 => Method::Unknown("it is compressed by WavPack, which is not read"),
        98 => Method::Unknown("it is compressed by PPMd, which is not read"),
        99 => Method::Unknown("it is encrypted (AES)"),
        _ => Method::Unknown("its compression method is none that is known"),
    }
}
