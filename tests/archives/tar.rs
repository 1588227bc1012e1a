//! Tar archives that readers take in different ways, plain and compressed.

use super::assemble::{Member as ZipMember, archive};
use super::readers::base64;
use super::{CALL, CALL_0, PLAIN, clean, named, scan, scan_with, told};
use depickle::finding::{Completeness, Level, Verdict};
use depickle::limits::{Limit, Limits};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

/// One header.
struct Header {
    block: [u8; 512],
}

impl Header {
    fn new(name: &[u8], size: usize, kind: u8) -> Self {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name);
        block[100..108].copy_from_slice(b"0000644\0");
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[156] = kind;
        block[257..265].copy_from_slice(b"ustar\x0000");
        Self { block }
    }

    fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn bytes(mut self) -> Vec<u8> {
        self.block[148..156].fill(b' ');
        let sum: u32 = self.block.iter().map(|byte| u32::from(*byte)).sum();
        self.block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.block.to_vec()
    }
}

/// Data and what fills its last block.
fn filled(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data.resize(data.len().next_multiple_of(512), 0);
    data
}

pub(crate) fn member(name: &str, data: &[u8]) -> Vec<u8> {
    [Header::new(name.as_bytes(), data.len(), b'0').bytes(), filled(data)].concat()
}

/// A link by another name.
pub(crate) fn linked(name: &str, to: &str) -> Vec<u8> {
    Header::new(name.as_bytes(), 0, b'2').with(157, to.as_bytes()).bytes()
}

fn special(kind: u8, data: &[u8]) -> Vec<u8> {
    [Header::new(b"special", data.len(), kind).bytes(), filled(data)].concat()
}

pub(crate) fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast()).read_to_end(&mut out).unwrap();
    out
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A zstd frame whose one block is stored, without a checksum.
fn stored_frame(bytes: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = (u32::try_from(bytes.len()).unwrap() << 3 | 1).to_le_bytes();
    // A window of 1 MiB.
    [b"\x28\xb5\x2f\xfd\x00\x50".as_slice(), &[a, b, c], bytes].concat()
}

const SKIPPED: &[u8] = b"\x50\x2a\x4d\x18\x03\0\0\0abc";

#[test]
fn honest_archives_are_clean_and_calls_in_them_are_named() {
    let text = member("readme.txt", &b"hello world\n".repeat(100));
    let folder = Header::new(b"folder/", 0, b'5').bytes();
    let link = linked("link", "../../outside");
    let report = clean("honest", &tar(&[folder, link, member("x.pkl", PLAIN), text.clone()]));
    assert_eq!(report.format, "tar");
    // A name may begin as anything else does.
    for name in
        ["data.pkl", "no ending", "xgb/model", "BZ", "ZF", "N.pkl", "config.json", "PERSON", "\u{7f}ELF", "%PDF-"]
    {
        clean(name, &tar(&[member(name, PLAIN), text.clone()]));
        for call in [CALL, CALL_0] {
            let bytes = tar(&[member(name, call), text.clone()]);
            let report = named(name, &bytes);
            let at = usize::try_from(report.imports[0].location.file_offset.unwrap()).unwrap();
            assert!(bytes[at..].starts_with(b"cposix\nsystem\n"), "{name}: {at}, {:#?}", report.imports);
            // `N.` is a pickle of its own.
            assert!(report.imports[0].location.member == name || name == "N.pkl", "{name}");
        }
    }
}

/// C15: whatever a reader may take for a member is read.
#[test]
fn nothing_hides_a_member() {
    let plain = member("plain.pkl", PLAIN);
    let (long, text) = ([b"long/".repeat(60), b"\0".to_vec()].concat(), "long/".repeat(60));
    let report = named("GNU name", &tar(&[special(b'L', &long), member("x", CALL)]));
    assert_eq!(report.imports[0].location.member, text);
    let path = format!("310 path={text}\n");
    let report = named("pax name", &tar(&[special(b'x', path.as_bytes()), member("x", CALL)]));
    assert_eq!(report.imports[0].location.member, text);

    let after = |before: Vec<u8>| [before, member("data.pkl", CALL)].concat();
    let size = |size: &[u8]| [Header::new(b"x", CALL.len(), b'0').with(124, size).bytes(), filled(CALL)].concat();
    let kind = |kind: u8| [Header::new(b"x", CALL.len(), kind).bytes(), filled(CALL)].concat();
    let base_256 = [&[0x80][..], &[0; 9], &u16::try_from(CALL.len()).unwrap().to_be_bytes()].concat();
    for (name, bytes, told_by) in [
        ("behind a zero block", after([plain.clone(), vec![0; 512]].concat()), Some("archive-anomaly")),
        ("behind the end", after(tar(std::slice::from_ref(&plain))), Some("archive-anomaly")),
        ("behind a broken block", after([plain.clone(), vec![1; 512]].concat()), Some("archive-anomaly")),
        ("in a number of bytes", tar(&[size(&base_256)]), None),
        ("a size that is none", tar(&[size(format!("{:010o}z", CALL.len()).as_bytes())]), Some("archive-anomaly")),
        ("a size of pax", tar(&[special(b'x', b"9 size=0\n"), member("x", CALL)]), Some("archive-anomaly")),
        ("a size of pax alone", tar(&[special(b'x', b"11 size=34\n"), kind(b'0')]), Some("archive-anomaly")),
        ("a size for all", tar(&[special(b'g', b"9 size=4\n"), member("x", CALL)]), Some("archive-anomaly")),
        ("of a vendor", tar(&[kind(b'Z')]), None),
        ("contiguous", tar(&[kind(b'7')]), None),
        ("of the oldest kind", tar(&[kind(0)]), None),
        ("sparse", tar(&[kind(b'S')]), Some("unread-member")),
        ("sparse by pax", tar(&[special(b'x', b"21 GNU.sparse.size=9\n"), kind(b'0')]), Some("unread-member")),
        ("a link with data", tar(&[kind(b'1')]), Some("archive-anomaly")),
        ("a directory with data", tar(&[kind(b'5')]), Some("archive-anomaly")),
        ("an extended header that is none", tar(&[special(b'x', b"99 x"), kind(b'0')]), Some("archive-anomaly")),
        ("cut off", kind(b'0')[..512 + CALL.len()].to_vec(), None),
    ] {
        let report = named(name, &bytes);
        let is_told = told_by.is_none_or(|rule| report.findings.iter().any(|finding| finding.rule == rule));
        assert!(is_told, "{name}: {:#?}", report.findings);
    }
    told("cut inside", &kind(b'0')[..512 + 20], "refused-stream", Level::Incomplete);
    told("bytes behind", &[tar(&[plain]), b"what".to_vec()].concat(), "trailing-data", Level::Suspicious);
}

/// A sparse file as GNU tar has written it at one time or another: bytes around a hole.
fn sparse(kind: &str, first: &[u8], hole: usize, second: &[u8]) -> Vec<u8> {
    let (cut, next, all) = (first.len(), first.len() + hole, first.len() + hole + second.len());
    let line = |text: String| {
        let len = (text.len() + 3..).find(|len| len.to_string().len() + 2 + text.len() == *len).unwrap();
        format!("{len} {text}\n")
    };
    let pax = |lines: &[String]| special(b'x', lines.iter().cloned().map(line).collect::<String>().as_bytes());
    let mut data = [first, second].concat();
    let lines = match kind {
        "header" => {
            let map = format!("{:011o}\0{cut:011o}\0{next:011o}\0{:011o}\0", 0, second.len());
            let header = Header::new(b"sparse", data.len(), b'S').with(257, b"ustar  \0").with(386, map.as_bytes());
            return [header.with(483, format!("{all:011o}\0").as_bytes()).bytes(), filled(&data)].concat();
        }
        "list" => [format!("GNU.sparse.size={all}"), format!("GNU.sparse.map=0,{cut},{next},{}", second.len())],
        _ => {
            data = [filled(format!("2\n0\n{cut}\n{next}\n{}\n", second.len()).as_bytes()), data].concat();
            [format!("GNU.sparse.realsize={all}"), "GNU.sparse.major=1".to_owned()]
        }
    };
    [pax(&lines), member("sparse", &data)].concat()
}

#[test]
fn the_holes_of_sparse_files_are_zeros() {
    // A text of zeros between the halves of a pickle.
    let halves = |tail: &[u8]| ([b"\x80\x02X\x00\x04\0\0".to_vec(), [b"0", tail].concat()], 1024);
    for kind in ["header", "list", "data"] {
        let ([first, second], hole) = halves(b"N.");
        let report = clean(kind, &tar(&[sparse(kind, &first, hole, &second)]));
        assert_eq!(report.streams.len(), 1, "{kind}");
        let ([first, second], hole) = halves(&CALL[2..]);
        named(kind, &tar(&[sparse(kind, &first, hole, &second)]));
        // Who knows no sparse files reads the pieces one behind the other.
        let vast = sparse(kind, CALL, 1 << 40, b"x");
        assert_ne!(scan(&tar(&[vast])).verdict(), Verdict::Clean, "{kind}");
    }
}

/// C9, C22: what is one thing to one reader and another thing to another.
#[test]
fn an_archive_may_be_a_pickle_too() {
    let both = tar(&[[Header::new(b"\x80\x02cposix\nsystem\nX\0\0\0\0\x85R.", 0, b'0').bytes()].concat()]);
    named("a name that is a pickle", &both);
    let zip = archive(&[ZipMember::stored("data.pkl", CALL)]);
    named("a zip in a tar", &tar(&[member("x", &zip)]));
    named("a tar in a zip", &archive(&[ZipMember::deflated("x", &tar(&[member("y", CALL)]))]));
    named("a tar in a tar", &tar(&[member("x", &tar(&[member("y", CALL)]))]));
    // A gzip header with a name in it, which is a tar header with a right sum.
    let packed = gzip(PLAIN);
    let name = [b"\x1f\x8b\x08\x08\0\0\0\0\0\x03".as_slice(), b"name"].concat();
    let header = Header::new(&name, CALL.len(), b'0').bytes();
    let header: Vec<u8> =
        header.iter().enumerate().map(|(at, &byte)| if at > 9 && byte == 0 { b'0' } else { byte }).collect();
    let mut header = Header { block: header.try_into().unwrap() }.bytes();
    header.truncate(512);
    if header[..156].iter().skip(10).all(|byte| *byte != 0) {
        named("a gzip file that is a tar", &[header, filled(CALL), b"\0".to_vec(), packed[10..].to_vec()].concat());
    }
}

/// C13, C16, C17: what is compressed is read as what it is.
#[test]
fn anything_may_be_compressed() {
    type Press = fn(&[u8]) -> Vec<u8>;
    let presses: [(&str, Press); 5] = [("gzip", gzip), ("zlib", zlib), ("bz2", bz2), ("lz4", lz4), ("zstd", zstd)];
    for (name, press) in presses {
        for (inside, what) in [
            ("pickle", CALL.to_vec()),
            ("tar", tar(&[member("x", CALL)])),
            ("zip", archive(&[ZipMember::stored("x", CALL)])),
        ] {
            named(&format!("{inside} in {name}"), &press(&what));
            for (_, around) in presses {
                named(&format!("{inside} in {name} in another"), &around(&press(&what)));
            }
        }
        let report = clean(name, &press(&tar(&[member("x", PLAIN)])));
        assert_eq!(report.format, format!("tar+{name}"));
        clean(name, &press(PLAIN));
        clean(name, &press(b"text\n"));
    }
    assert_eq!(clean("zstd", &zstd(PLAIN)).format, "pickle+zstd");
}

/// C17: frames one behind the other, frames that are skipped, and what is wrong at their end.
#[test]
fn frames_of_zstd_are_read_on() {
    let (first, second) = CALL.split_at(7);
    named("stored", &stored_frame(CALL));
    named("split", &[zstd(first), zstd(second)].concat());
    named("skipped first", &[SKIPPED, &zstd(CALL)].concat());
    named("skipped between", &[zstd(first), SKIPPED.to_vec(), zstd(second)].concat());
    named("skipped before lz4", &[SKIPPED, &lz4(CALL)].concat());
    let trailing = [zstd(CALL), b"rubbish".to_vec()].concat();
    told("trailing", &trailing, "trailing-data", Level::Suspicious);
    named("trailing", &trailing);
    for whole in [stored_frame(CALL), zstd(CALL)] {
        for end in 4..whole.len() {
            assert_ne!(scan(&whole[..end]).verdict(), Verdict::Clean, "{end}");
        }
    }
    // All that is stored is handed out, whether the block is whole or not.
    let cut = stored_frame(&[CALL, &[0; 40]].concat());
    for end in cut.len() - 39..cut.len() {
        named("cut", &cut[..end]);
    }
    // The window claims 128 MiB and more; nothing of it is there.
    for window in [0x88, 0xa0, 0xff] {
        let report = scan(&[b"\x28\xb5\x2f\xfd\x00".as_slice(), &[window], &stored_frame(PLAIN)[6..]].concat());
        assert_ne!(report.verdict(), Verdict::Dangerous);
    }
}

#[test]
fn what_a_reader_hands_over_is_read() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("recorded_tar.json")).unwrap();
    let names = |row: &Value, reader: &str| -> BTreeSet<String> {
        row[reader].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let (mut parted, mut missed) = (0, 0);
    for (number, row) in cases.iter().enumerate() {
        let mut data = Vec::new();
        let packed = base64(row["data"].as_str().unwrap());
        flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut data).unwrap();
        let report = scan(&data);
        let found: BTreeSet<String> = report.imports.iter().map(|import| import.module.clone()).collect();
        let (plain, zeros) = (names(row, "tarfile"), names(row, "ignore_zeros"));
        for (reader, reached) in [("tarfile", &plain), ("ignore_zeros", &zeros)] {
            let missing: Vec<_> = reached.difference(&found).collect();
            // Without a header at its beginning, what is inflated is not known to be an archive.
            missed += usize::from(!missing.is_empty());
            let excused = reader == "ignore_zeros" && report.completeness == Completeness::Partial;
            assert!(missing.is_empty() || excused, "archive {number}, {reader}: {missing:?}; {:#?}", report.findings);
        }
        parted += usize::from(plain != zeros);
        assert_ne!(report.verdict(), Verdict::Clean);
    }
    assert!(cases.len() >= 300 && parted >= 50 && missed < 10, "{} archives, {parted}, {missed}", cases.len());
}

/// D7, D8: what is deep or vast ends at a limit, and what stands before it is judged.
#[test]
fn bombs_end_at_limits() {
    let small = Limits::default().with(Limit::Inflated, 1 << 16).with(Limit::Retained, 1 << 16);
    let zeros = vec![0; 300_000];
    let vast = [CALL, &zeros].concat();
    for press in [gzip, zlib, bz2, lz4, zstd] {
        let limited = |bytes: &[u8]| {
            let report = scan_with(bytes, &small);
            assert!(report.findings.iter().any(|finding| finding.rule == "limit-reached"), "{:#?}", report.findings);
            report
        };
        assert_eq!(
            limited(&press(&tar(&[member("plain", PLAIN), member("zeros", &zeros)]))).verdict(),
            Verdict::Incomplete
        );
        let before = press(&tar(&[member("x", CALL), member("zeros", &zeros)]));
        for bytes in [before, press(&vast)] {
            let report = scan_with(&bytes, &small);
            assert_eq!(report.verdict(), Verdict::Dangerous, "{:#?}", report.findings);
        }
        let nested = (0..3).fold(tar(&[member("x", &zeros)]), |inner, _| press(&inner));
        assert_ne!(scan_with(&nested, &small).verdict(), Verdict::Clean);
    }
    let deep = |innermost: &[u8]| (0..30).fold(gzip(innermost), |inner, _| gzip(&inner));
    told("30 deep", &deep(PLAIN), "limit-reached", Level::Incomplete);
    let deep = (0..30).fold(PLAIN.to_vec(), |inner, _| tar(&[member("x", CALL), member("y", &inner)]));
    let report = named("30 deep", &deep);
    assert!(report.findings.iter().any(|finding| finding.rule == "limit-reached"));
    let members = vec![member("x", b""); 300];
    let report = scan_with(&tar(&members), &Limits::default().with(Limit::Members, 200));
    assert_eq!(report.verdict(), Verdict::Incomplete);
}

/// Whatever a byte becomes, a scan ends, and a frame that is not as it was is not clean.
#[test]
fn a_changed_byte_is_no_harm() {
    let text: Vec<u8> = (0_u32..300).flat_map(|number| (number * number % 977).to_string().into_bytes()).collect();
    for whole in [zstd(&text), zstd(&tar(&[member("x", PLAIN)]))] {
        for at in 0..whole.len() {
            for bit in [1, 0x10, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= bit;
                scan(&bytes);
            }
        }
    }
}
