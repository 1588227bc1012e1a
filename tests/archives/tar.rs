//! Tar archives that readers take in different ways, plain and compressed.

use super::assemble::{Member as ZipMember, archive};
use super::press::{bz2, gzip, lz4, stored_frame, zlib, zstd};
use super::readers::base64;
use super::tape::{Header, filled, linked, member, sparse, special, tar};
use super::{CALL, CALL_0, PLAIN, clean, named, scan, told};
use depickle::finding::{Level, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read as _;

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

#[test]
fn a_long_name_is_that_of_the_member() {
    let (long, text) = ([b"long/".repeat(60), b"\0".to_vec()].concat(), "long/".repeat(60));
    let pax = format!("310 path={text}\n");
    for special in [special(b'L', &long), special(b'x', pax.as_bytes())] {
        let report = named("a long name", &tar(&[special, member("x", CALL)]));
        assert_eq!(report.imports[0].location.member, text);
    }
}

#[test]
fn what_is_cut_or_follows_is_told() {
    let whole = member("x", PLAIN);
    told("cut inside", &whole[..512 + 4], "refused-stream", Level::Incomplete);
    told("bytes behind", &[tar(&[whole]), b"what".to_vec()].concat(), "trailing-data", Level::Suspicious);
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

/// What is one thing to one reader and another thing to another.
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

/// What is compressed is read as what it is.
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

#[test]
fn frames_of_zstd_that_are_not_whole_are_never_clean() {
    told("trailing", &[zstd(PLAIN), b"rubbish".to_vec()].concat(), "trailing-data", Level::Suspicious);
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
    let mut parted = 0;
    for (number, row) in cases.iter().enumerate() {
        let mut data = Vec::new();
        let packed = base64(row["data"].as_str().unwrap());
        flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut data).unwrap();
        let report = scan(&data);
        let found: BTreeSet<String> = report.imports.iter().map(|import| import.module.clone()).collect();
        let (plain, zeros) = (names(row, "tarfile"), names(row, "ignore_zeros"));
        for (reader, reached) in [("tarfile", &plain), ("ignore_zeros", &zeros)] {
            let missing: Vec<_> = reached.difference(&found).collect();
            assert!(missing.is_empty(), "archive {number}, {reader}: {missing:?}; {:#?}", report.findings);
        }
        parted += usize::from(plain != zeros);
        assert_ne!(report.verdict(), Verdict::Clean);
    }
    assert!(cases.len() >= 300 && parted >= 50, "{} archives, {parted}", cases.len());
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
