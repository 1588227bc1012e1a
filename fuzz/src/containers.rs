//! Compressors and archives.

use crate::{INFLATED, bounded};
use depickle::container::detect::{PREFIX, detect, is_text, joblib_reads};
use depickle::container::{Codec, Decoder, ZFile};
use std::io::Cursor;

/// Formats by their first bytes, and every decompressor to its end.
pub(crate) fn compressed(data: &[u8]) {
    let prefix = data.get(..PREFIX).unwrap_or(data);
    let _ = (detect(prefix, data.len() as u64), joblib_reads(prefix), is_text(data), ZFile::parse(data).is_ok());
    let headed = [Codec::Zlib, Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Lzma, Codec::Lz4, Codec::Zstd];
    let bare = [
        Codec::Deflate,
        Codec::Deflate64,
        Codec::BareLzma(0x5d, 1 << 16, 1 << 12),
        Codec::Lzma2(1 << 16),
        Codec::Ppmd(6, 1 << 20, 1 << 12),
    ];
    for codec in headed.into_iter().chain(bare) {
        let mut decoder = Decoder::new(codec, data);
        let mut chunk = [0; 4096];
        let mut inflated = 0;
        while let Ok(count @ 1..) = decoder.read(&mut chunk) {
            inflated += count as u64;
            if inflated > INFLATED {
                break;
            }
        }
        assert_eq!(decoder.inflated(), inflated);
        assert!(decoder.consumed() <= data.len() as u64 && decoder.trailing().len() <= data.len());
    }
}

/// Every member lies in the file, and what another reader of archives finds is among them.
pub(crate) fn zip(data: &[u8]) {
    let archive = depickle::container::zip::read(data, true, &mut bounded(data.len()).budget(data.len() as u64));
    assert!(archive.entries.iter().all(|entry| entry.data.span().end <= data.len()));
    let Ok(mut peer) = zip::ZipArchive::new(Cursor::new(data)) else { return };
    for number in 0..peer.len().min(64) {
        let Ok(member) = peer.by_index_raw(number) else { continue };
        let Some(start) = member.data_start().and_then(|start| usize::try_from(start).ok()) else { continue };
        if member.is_dir() || member.compressed_size() == 0 || start >= data.len() {
            continue;
        }
        let found = archive.entries.iter().any(|entry| entry.data.span().start == start);
        assert!(found || !archive.anomalies.is_empty(), "{:?} at {start} is not read: {archive:?}", member.name());
    }
}

/// The same of tar archives.
pub(crate) fn tar(data: &[u8]) {
    let (archive, _) = depickle::container::tar::read(data, &mut bounded(data.len()).budget(data.len() as u64));
    assert!(archive.entries.iter().all(|entry| entry.data.span().end <= data.len()));
}

/// Folders of 7z archives lie in the file.
pub(crate) fn sevenz(data: &[u8]) {
    let archive = depickle::container::sevenz::read(data, &mut bounded(data.len()).budget(data.len() as u64));
    assert!(archive.folders.iter().all(|folder| folder.packed.end <= data.len()));
}
