//! Compresses as the writers of model files do.

use super::assemble::crc;
use std::io::{Read as _, Write as _};

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast()).read_to_end(&mut out).unwrap();
    out
}

pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A zstd frame whose one block is stored, without a checksum.
pub(crate) fn stored_frame(bytes: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = (u32::try_from(bytes.len()).unwrap() << 3 | 1).to_le_bytes();
    // A window of 1 MiB.
    [b"\x28\xb5\x2f\xfd\x00\x50".as_slice(), &[a, b, c], bytes].concat()
}

pub(crate) const SKIPPED: &[u8] = b"\x50\x2a\x4d\x18\x03\0\0\0abc";

/// As joblib wrote before 0.10: the length in hexadecimal, then zlib.
pub(crate) fn zfile(bytes: &[u8]) -> Vec<u8> {
    [format!("ZF{:<19}", format!("{:#x}", bytes.len())).into_bytes(), zlib(bytes)].concat()
}

/// A stream of xz whose data is stored (`lzma_stream_format`, .xz file format 1.2): one block of one chunk of LZMA2, no
/// checksum of the data but CRC-32.
pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let summed = |bytes: &[u8]| [bytes, &crc(bytes).to_le_bytes()].concat();
    let number = |mut number: usize| {
        let mut out = Vec::new();
        while number >= 0x80 {
            out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        out.push(u8::try_from(number).unwrap());
        out
    };
    let flags = [0, 1];
    let mut out = [b"\xfd7zXZ\0".to_vec(), summed(&flags)].concat();
    let mut index = Vec::new();
    if !bytes.is_empty() {
        let header = summed(&[2, 0, 0x21, 1, 0x16, 0, 0, 0]);
        let mut data = Vec::new();
        for (at, chunk) in bytes.chunks(1 << 16).enumerate() {
            data.push(if at == 0 { 1 } else { 2 });
            data.extend(u16::try_from(chunk.len() - 1).unwrap().to_be_bytes());
            data.extend(chunk);
        }
        data.push(0);
        index.extend(number(header.len() + data.len() + 4));
        index.extend(number(bytes.len()));
        data.resize(data.len().next_multiple_of(4), 0);
        out.extend([header, data, crc(bytes).to_le_bytes().to_vec()].concat());
    }
    let mut index = [vec![0, u8::from(!bytes.is_empty())], index].concat();
    index.resize(index.len().next_multiple_of(4), 0);
    let index = summed(&index);
    let back = u32::try_from(index.len() / 4 - 1).unwrap().to_le_bytes();
    let footer = [&back[..], &flags].concat();
    out.extend([index, crc(&footer).to_le_bytes().to_vec(), footer, b"YZ".to_vec()].concat());
    out
}
