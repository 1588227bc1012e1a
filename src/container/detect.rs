//! What a file is, by its content alone.
//!
//! Two questions, kept apart. [`joblib_reads`] answers as `joblib.load` does (`_detect_compressor` in
//! `numpy_pickle_utils.py`): a prefix of one to five bytes decides, real compressor or not. [`detect`] names the format
//! for people and for routing. A name is no proof: the first bytes of many formats are opcodes, so only a
//! [`Format::Other`] with `pickle_may_start` false keeps every pickle reader from reaching an effect.

use super::compress::{Codec, Decoder, is_zstd};
use super::npy::MAGIC as NPY;
use super::{sevenz, tar};

/// Bytes of a file's start that [`detect`] looks at.
pub const PREFIX: usize = 512;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Starts as a compressor writes.
    Compressed(Codec),
    /// A compressed file of joblib before 0.10.
    ZFile,
    /// A numpy array.
    Npy,
    /// A zip archive: npz, torch, skops and others.
    Zip,
    /// A tar archive.
    Tar,
    /// A 7z archive.
    SevenZip,
    /// An archive or a compressor that is not read.
    Unread(&'static str),
    /// Something else with a signature.
    Other {
        /// Its name in reports, after `not-pickle:`.
        kind: &'static str,
        /// Whether a pickle can start with the same signature, so that only reading it as one tells.
        pickle_may_start: bool,
    },
    /// No signature: perhaps a pickle, perhaps text.
    Unknown,
}

impl Format {
    /// Whether it holds other files.
    pub const fn is_wrapper(self) -> bool {
        matches!(self, Self::Compressed(_) | Self::ZFile | Self::Zip | Self::Tar | Self::SevenZip | Self::Unread(_))
    }

    /// The name as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compressed(codec) => codec.name(),
            Self::ZFile => "joblib-zf",
            Self::Npy => "npy",
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::SevenZip => "7z",
            Self::Unread(kind) | Self::Other { kind, .. } => kind,
            Self::Unknown => "unknown",
        }
    }
}

/// How `joblib.load` opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoblibReads {
    /// By its reader for old `ZF` files.
    ZFile,
    /// Through this decompressor.
    Compressed(Codec),
    /// As it is.
    Plain,
}

/// joblib's compressors in its own order, with its own prefixes. One byte is enough for zlib.
const JOBLIB: [(&[u8], Codec); 6] = [
    (b"\x78", Codec::Zlib),
    (b"\x1f\x8b", Codec::Gzip),
    (b"BZ", Codec::Bzip2),
    (b"\x5d\x00", Codec::Lzma),
    (b"\xfd7zXZ", Codec::Xz),
    (b"\x04\x22\x4d\x18", Codec::Lz4),
];

/// Which reader `joblib.load` takes for a file that starts with `prefix`.
pub fn joblib_reads(prefix: &[u8]) -> JoblibReads {
    if prefix.starts_with(b"ZF") {
        return JoblibReads::ZFile;
    }
    let codec = JOBLIB.iter().find(|(magic, _)| prefix.starts_with(magic));
    codec.map_or(JoblibReads::Plain, |(_, codec)| JoblibReads::Compressed(*codec))
}

/// Whether `prefix` starts as a compressor writes it, of which joblib looks at a byte or two.
pub fn has_header(codec: Codec, prefix: &[u8]) -> bool {
    match codec {
        Codec::Zlib => prefix.len() < 2 || is_zlib(prefix),
        Codec::Bzip2 => prefix.len() < 3 || prefix.starts_with(b"BZh"),
        _ => true,
    }
}

/// Whether `prefix` starts a zlib stream by RFC 1950, of which joblib looks at one byte only.
pub fn is_zlib(prefix: &[u8]) -> bool {
    super::compress::is_zlib(prefix)
}

/// A row of the table of signatures.
struct Signature {
    offset: usize,
    magic: &'static [u8],
    format: Format,
}

const fn row(offset: usize, magic: &'static [u8], format: Format) -> Signature {
    Signature { offset, magic, format }
}

/// A format whose first bytes make `pickle.load` fail, in C and in Python, before any effect: a byte that is no opcode, a
/// persistent id that nothing loads, a call with nothing to call, a string or a number that is none.
const fn never(offset: usize, magic: &'static [u8], kind: &'static str) -> Signature {
    row(offset, magic, Format::Other { kind, pickle_may_start: false })
}

/// A format whose first bytes are opcodes that run through (`G` and `M` take what follows as a number, `C` as a length),
/// or that has its signature after bytes of the file's choice.
const fn perhaps(offset: usize, magic: &'static [u8], kind: &'static str) -> Signature {
    row(offset, magic, Format::Other { kind, pickle_may_start: true })
}

/// An archive or a compressor that is not read: a pickle may be in it.
const fn unread(offset: usize, magic: &'static [u8], kind: &'static str) -> Signature {
    row(offset, magic, Format::Unread(kind))
}

/// Every signature. The first that fits counts.
const SIGNATURES: &[Signature] = &[
    row(0, NPY, Format::Npy),
    row(0, b"PK\x03\x04", Format::Zip),
    row(0, b"PK\x05\x06", Format::Zip),
    row(0, b"PK\x07\x08", Format::Zip),
    row(0, sevenz::MAGIC, Format::SevenZip),
    // Archives and compressors that are not read.
    unread(0, b"Rar!\x1a\x07", "rar"),
    unread(0, b"!<arch>\n", "ar"),
    unread(0, b"MSCF\0\0\0\0", "cab"),
    unread(0, b"hsqs", "squashfs"),
    unread(0, b"LZIP\x01", "lzip"),
    unread(0, b"\x89LZO\0\r\n\x1a\n", "lzop"),
    unread(0, b"\x1f\x9d", "compress"),
    unread(0, b"\x1f\xa0", "compress"),
    unread(0, b"\xff\x06\0\0sNaPpY", "snappy"),
    unread(0, b"\xed\xab\xee\xdb", "rpm"),
    // Models and arrays.
    never(0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    perhaps(0, b"GGUF", "gguf"),
    perhaps(4, b"TFL3", "tflite"),
    perhaps(0, b"CDF\x01", "netcdf"),
    perhaps(0, b"CDF\x02", "netcdf"),
    perhaps(0, b"CBM1", "catboost"),
    never(0, b"{L\0\0\0\0", "ubjson"),
    never(0, b"MATLAB 5.0 MAT-file", "matlab"),
    // Tables and databases.
    never(0, b"PAR1", "parquet"),
    never(0, b"ARROW1\0\0", "arrow"),
    never(0, b"\xff\xff\xff\xff", "arrow"),
    never(0, b"FEA1", "feather"),
    never(0, b"ORC", "orc"),
    never(0, b"Obj\x01", "avro"),
    never(0, b"SQLite format 3\0", "sqlite"),
    never(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole2"),
    // Programs.
    never(0, b"\x7fELF", "elf"),
    never(0, b"\xca\xfe\xba\xbe", "java-class"),
    never(0, b"\xce\xfa\xed\xfe", "mach-o"),
    never(0, b"\xcf\xfa\xed\xfe", "mach-o"),
    never(0, b"\xfe\xed\xfa\xce", "mach-o"),
    never(0, b"\xfe\xed\xfa\xcf", "mach-o"),
    never(0, b"\0asm", "wasm"),
    perhaps(0, b"MZ", "pe"),
    perhaps(1, b"\x0d\x0d\n", "python-bytecode"),
    perhaps(1, b"\x0e\x0d\n", "python-bytecode"),
    // Documents, images, sound and films.
    never(0, b"%PDF-", "pdf"),
    never(0, b"\xf7\x02\x01\x83\x92\xc0", "dvi"),
    never(0, b"\x89PNG\r\n\x1a\n", "png"),
    never(0, b"\xff\xd8\xff", "jpeg"),
    perhaps(0, b"GIF87a", "gif"),
    perhaps(0, b"GIF89a", "gif"),
    never(0, b"II*\0", "tiff"),
    never(0, b"MM\0*", "tiff"),
    never(0, b"\0\0\x01\0", "ico"),
    never(0, b"wOFF", "woff"),
    never(0, b"wOF2", "woff"),
    never(0, b"\0\x01\0\0", "truetype"),
    never(0, b"OTTO", "opentype"),
    never(0, b"RIFF", "riff"),
    never(0, b"fLaC", "flac"),
    never(0, b"OggS", "ogg"),
    never(0, b"ID3", "mp3"),
    never(0, b"\xff\xfb", "mp3"),
    never(0, b"\x1a\x45\xdf\xa3", "matroska"),
    perhaps(4, b"ftyp", "mp4"),
    never(0, b"\xef\xbb\xbf", "text"),
    never(0, b"\xff\xfe", "text-utf16"),
    never(0, b"\xfe\xff", "text-utf16"),
];

/// The format of a file of `len` bytes that starts with `prefix` (at least [`PREFIX`] bytes of it, or all).
pub fn detect(prefix: &[u8], len: u64) -> Format {
    // A name comes first in a tar header: it may begin as anything else does.
    if tar::starts(prefix) { Format::Tar } else { by_signature(prefix, len) }
}

/// The same for the first bytes alone: what a tar archive is whose first name is a signature, too.
pub fn by_signature(prefix: &[u8], len: u64) -> Format {
    match joblib_reads(prefix) {
        JoblibReads::ZFile => return Format::ZFile,
        JoblibReads::Compressed(codec) => return Format::Compressed(codec),
        JoblibReads::Plain => {}
    }
    whatever_joblib_reads(prefix, len)
}

/// The same for all bytes of a file. joblib goes by the first byte alone for zlib, and a length may begin with it: what
/// does not inflate is what else it begins as.
pub fn by_content(bytes: &[u8]) -> Format {
    let prefix = bytes.get(..PREFIX).unwrap_or(bytes);
    let len = bytes.len() as u64;
    match by_signature(prefix, len) {
        Format::Compressed(codec) => match whatever_joblib_reads(prefix, len) {
            other @ Format::Other { .. } if !has_header(codec, prefix) || !yields(codec, bytes) => other,
            _ => Format::Compressed(codec),
        },
        format => format,
    }
}

/// Whether there is a first byte that comes out of a decompressor.
pub fn yields(codec: Codec, packed: &[u8]) -> bool {
    matches!(Decoder::new(codec, packed).read(&mut [0]), Ok(1))
}

fn whatever_joblib_reads(prefix: &[u8], len: u64) -> Format {
    if is_zstd(prefix) {
        return Format::Compressed(Codec::Zstd);
    }
    let fits = |row: &&Signature| prefix.get(row.offset..).is_some_and(|rest| rest.starts_with(row.magic));
    if let Some(row) = SIGNATURES.iter().find(fits) {
        return row.format;
    }
    if is_safetensors(prefix, len) {
        return Format::Other { kind: "safetensors", pickle_may_start: true };
    }
    if is_bmp(prefix, len) {
        return Format::Other { kind: "bmp", pickle_may_start: true };
    }
    if is_onnx(prefix) {
        return Format::Other { kind: "onnx", pickle_may_start: false };
    }
    Format::Unknown
}

/// A length that fits the file, then a JSON object.
fn is_safetensors(prefix: &[u8], len: u64) -> bool {
    let Some((length, rest)) = prefix.split_first_chunk() else { return false };
    let length = u64::from_le_bytes(*length);
    let fits = length.checked_add(8).is_some_and(|end| end <= len);
    fits && length >= 2 && (rest.starts_with(b"{\"") || rest.starts_with(b"{}") || rest.starts_with(b"{ "))
}

/// The length of the file, and four bytes of nothing.
fn is_bmp(prefix: &[u8], len: u64) -> bool {
    let Some((length, rest)) = prefix.strip_prefix(b"BM").and_then(<[u8]>::split_first_chunk) else { return false };
    u64::from(u32::from_le_bytes(*length)) == len && rest.starts_with(&[0; 4])
}

/// The version of the format, then the name of its producer or what comes next: ONNX's own writers keep the order of
/// `onnx.proto`. Neither tag is an opcode.
fn is_onnx(prefix: &[u8]) -> bool {
    let [0x08, 1..=0x7f, tag, length, rest @ ..] = prefix else { return false };
    let name = rest.get(..usize::from(*length)).unwrap_or_default();
    *tag == 0x12 && *length < 0x80 && name.len() == usize::from(*length) && name.is_ascii()
}

/// Whether all of `bytes` is UTF-8 text without NUL. Pickles of protocol 0 are text too: read it as one first.
pub fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && memchr::memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

/// How many of `bytes` are text, where they may be the beginning of one: all but a last character that is cut short.
pub fn text_so_far(bytes: &[u8]) -> Option<usize> {
    let len = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.error_len().is_none().then(|| error.valid_up_to())?,
    };
    memchr::memchr(0, bytes).is_none().then_some(len)
}

/// The kind of a text in reports: `json` or `text`; `None` if it is not text.
pub fn text_kind(bytes: &[u8]) -> Option<&'static str> {
    let first = bytes.trim_ascii_start().first();
    is_text(bytes).then_some(if matches!(first, Some(b'{' | b'[')) { "json" } else { "text" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joblib_decides_by_a_prefix() {
        for (prefix, reads) in [
            (&b"x"[..], JoblibReads::Compressed(Codec::Zlib)),
            (b"x\x9c", JoblibReads::Compressed(Codec::Zlib)),
            (b"\x1f\x8b", JoblibReads::Compressed(Codec::Gzip)),
            (b"BZh9", JoblibReads::Compressed(Codec::Bzip2)),
            (b"]\0\0\x80\0", JoblibReads::Compressed(Codec::Lzma)),
            (b"\xfd7zXZ\0", JoblibReads::Compressed(Codec::Xz)),
            (b"\x04\"M\x18", JoblibReads::Compressed(Codec::Lz4)),
            (b"ZF0x1", JoblibReads::ZFile),
            (b"\x80\x04", JoblibReads::Plain),
            (b"]q\0", JoblibReads::Plain),
            (b"", JoblibReads::Plain),
        ] {
            assert_eq!(joblib_reads(prefix), reads, "{}", prefix.escape_ascii());
        }
        assert!(is_zlib(b"x\x9c") && is_zlib(b"x\x01") && !is_zlib(b"xx") && !is_zlib(b"x"));
    }

    #[test]
    fn signatures_are_found_where_they_are() {
        assert_eq!(detect(b"PK\x03\x04rest", 8), Format::Zip);
        assert_eq!(detect(b"\x93NUMPY\x01\x00", 8), Format::Npy);
        assert_eq!(detect(b"\x80\x04N.", 4), Format::Unknown);
        assert_eq!(detect(b"", 0), Format::Unknown);
        let mut tar = [0_u8; 512];
        tar[..5].copy_from_slice(b"a.txt");
        tar[148..156].fill(b' ');
        let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum();
        tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        assert_eq!(detect(&tar, 1024), Format::Tar);
        tar[0] = b'b';
        assert_eq!(detect(&tar, 1024), Format::Unknown);
        assert_eq!(detect(b"\x10\0\0\0\0\0\0\0{\"a\": 1}        ", 24).name(), "safetensors");
        assert_eq!(detect(b"\x11\0\0\0\0\0\0\0{\"a\": 1}        ", 24), Format::Unknown);
    }

    #[test]
    fn a_length_that_begins_as_zlib_data_does_is_a_length() {
        let header =
            |len: u16| [&u64::from(len).to_le_bytes()[..], b"{\"a\": 1}", &vec![b' '; usize::from(len) - 8]].concat();
        // `x\x01` begins zlib data, `x\x09` does not; joblib looks at the first byte only.
        for len in [0x178, 0x978] {
            let file = header(len);
            assert_eq!(by_signature(&file, file.len() as u64), Format::Compressed(Codec::Zlib));
            assert_eq!(by_content(&file).name(), "safetensors");
        }
        let inflates = b"x\x01\x01\x05\0\xfa\xffabcde\x05\xc8\x01\xf0";
        assert_eq!(by_content(inflates), Format::Compressed(Codec::Zlib));
        assert_eq!(by_content(b"x"), Format::Compressed(Codec::Zlib));
    }

    /// Below 0x80, the bytes that are opcodes; those from 0x80 to 0x98 are, too.
    const OPCODES: &[u8] = b"().012BCFGIJKLMNPQRSTUVX]abcdeghijlopqrstu}";

    /// No unpickler comes past the first bytes of what is said to be no pickle.
    #[test]
    fn no_pickle_starts_as_a_format_that_cannot_be_one() {
        let is_opcode = |byte: u8| OPCODES.contains(&byte) || (0x80..=0x98).contains(&byte);
        for row in SIGNATURES {
            let Format::Other { kind, pickle_may_start: false } = row.format else { continue };
            let refused = match row.magic {
                // A call with nothing to call, a persistent id; a number and a string that are none.
                [b'R' | b'P', ..] => true,
                [b'I' | b'F' | b'L', next, ..] => next.is_ascii_alphabetic(),
                [b'S', next, ..] => next.is_ascii_alphabetic(),
                // Two bytes of a number, then no opcode, or a number that is none.
                [b'M', _, _, next @ ..] => !is_opcode(next[0]) || (next[0] == b'L' && next[1].is_ascii_alphabetic()),
                // False, then a persistent id or no opcode.
                [0x89, next, ..] => *next == b'P' || !is_opcode(*next),
                [first, ..] => !is_opcode(*first),
                [] => false,
            };
            assert!(refused && row.offset == 0, "{kind}");
        }
    }

    #[test]
    fn text_has_no_nul() {
        assert!(is_text("héllo\n".as_bytes()));
        assert_eq!((text_kind(b" [1]"), text_kind(b"cos\n"), text_kind(b"{\0")), (Some("json"), Some("text"), None));
        assert!(!is_text(b"a\0b") && !is_text(b"\xff") && !is_text(b""));
    }
}
