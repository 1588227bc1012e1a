//! 7z archives: those of py7zr (`xtask/python/sevenz_cases.py`), and some with a header of our own.

use super::assemble::crc;
use super::readers::base64;
use super::{CALL, CALL_0, PLAIN, clean, named, scan, scan_with, told};
use depickle::finding::{Level, Verdict};
use depickle::inspect::{Outline, open_all, open_member};
use depickle::limits::{Limit, Limits};
use serde_json::Value;
use std::collections::BTreeSet;

/// What py7zr packs and nobody reads without a password.
const UNREAD: &str = "encrypted";

#[test]
fn what_py7zr_hands_over_is_read() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("recorded_7z.json")).unwrap();
    for row in &cases {
        let report = scan(&base64(row["data"].as_str().unwrap()));
        let names: BTreeSet<&str> =
            row["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let found: BTreeSet<&str> = report.imports.iter().map(|import| import.module.as_str()).collect();
        let packed = row["packed"].as_str().unwrap();
        if packed == UNREAD {
            assert_eq!(report.verdict(), Verdict::Incomplete, "{packed}");
            assert!(report.findings.iter().all(|finding| finding.rule == "unread-member"), "{:#?}", report.findings);
            continue;
        }
        assert_eq!(found, names, "{packed}: {:#?}", report.findings);
        assert!(
            report.findings.iter().all(|finding| finding.rule == "unlisted-import"),
            "{packed}: {:#?}",
            report.findings
        );
        for import in &report.imports {
            let number = import.module.trim_start_matches("member_");
            assert_eq!(import.location.member, format!("folder/{number}.pkl"));
        }
    }
    assert_eq!(cases.len(), 40);
}

/// An archive of stored members in one stream: its header, from the record of packed streams on, is given.
fn archive(packed: &[u8], header: &[u8]) -> Vec<u8> {
    let place = |number: usize| u64::try_from(number).unwrap().to_le_bytes();
    let start = [place(packed.len()).as_slice(), &place(header.len()), &crc(header).to_le_bytes()].concat();
    [b"7z\xbc\xaf\x27\x1c\0\x04".as_slice(), &crc(&start).to_le_bytes(), &start, packed, header].concat()
}

/// Members stored one after another.
pub(crate) fn stored(members: &[&[u8]]) -> Vec<u8> {
    let all = members.concat();
    let size = |len: usize| [0x80 | u8::try_from(len >> 8).unwrap(), u8::try_from(len & 0xff).unwrap()];
    let mut header = vec![0x01, 0x04, 0x06, 0, 1, 0x09];
    header.extend(size(all.len()));
    // One folder, whose one coder stores.
    header.extend([0, 0x07, 0x0b, 1, 0, 1, 1, 0, 0x0c]);
    header.extend(size(all.len()));
    header.extend([0, 0x08, 0x0d, u8::try_from(members.len()).unwrap(), 0x09]);
    for member in &members[..members.len() - 1] {
        header.extend(size(member.len()));
    }
    header.extend([0, 0, 0]);
    archive(&all, &header)
}

#[test]
fn members_are_cut_from_their_stream() {
    clean("plain", &stored(&[PLAIN]));
    named("alone", &stored(&[CALL]));
    named("without ending or header", &stored(&[CALL_0]));
    let report = clean("two of a size", &stored(&[PLAIN, PLAIN]));
    assert_eq!((report.format.as_str(), report.streams.len()), ("7z", 2));
    let call = [PLAIN, CALL].map(<[u8]>::to_vec);
    named("behind another", &stored(&[&call[1], &call[1]]));
    told("behind the archive", &[stored(&[PLAIN]), b"what".to_vec()].concat(), "trailing-data", Level::Suspicious);
}

#[test]
fn a_header_that_lies_is_never_clean() {
    let whole = stored(&[CALL, CALL]);
    for end in 3..whole.len() {
        assert_ne!(scan(&whole[..end]).verdict(), Verdict::Clean, "{end}");
    }
    let header = whole.len() - CALL.len() * 2;
    for at in (8..32).chain(header..whole.len()) {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            assert_ne!(scan(&bytes).verdict(), Verdict::Clean, "{at}");
        }
    }
    // Counts of what is not there: of packed streams, folders, coders, members.
    for claim in [
        &b"\x01\x04\x06\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x09"[..],
        b"\x01\x04\x07\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\0",
        b"\x01\x04\x07\x0b\x01\0\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x01\x04\x06\0\x01\x09\x05\0\x07\x0b\x01\0\x01\x01\0\x0c\x05\0\x08\x0d\xff\xff\xff\xff\xff\xff\xff\xff\xff\x09",
        b"\x01\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0e\x7f",
    ] {
        told("a claim", &archive(b"abcde", claim), "refused-stream", Level::Incomplete);
    }
    let few = Limits::default().with(Limit::Members, 1);
    let report = scan_with(&stored(&[PLAIN, PLAIN, PLAIN]), &few);
    assert!(report.findings.iter().any(|finding| finding.rule == "limit-reached"), "{:#?}", report.findings);
}

#[test]
fn every_member_is_looked_into_however_it_is_packed() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("recorded_7z.json")).unwrap();
    for row in cases.iter().filter(|row| row["packed"] != UNREAD) {
        let bytes = base64(row["data"].as_str().unwrap());
        let mut all = open_all(&bytes, &Limits::default()).unwrap();
        assert!(all.problems.is_empty() && all.others.is_empty(), "{}: {:?}", row["packed"], all.problems);
        let names: Vec<String> = all.contents.iter().map(|one| one.name.clone()).collect();
        let found: Vec<String> = all.contents.iter_mut().map(Outline::new).map(|outline| root(&outline)).collect();
        let number = 0..row["names"].as_array().unwrap().len();
        assert_eq!(found, number.clone().map(|n| format!("<member_{n}.found>")).collect::<Vec<_>>());
        assert_eq!(names, number.map(|n| format!("folder/{n}.pkl")).collect::<Vec<_>>());
        let mut asked = open_member(&bytes, "folder/0.pkl", &Limits::default()).unwrap();
        assert_eq!(root(&Outline::new(&mut asked)), "<member_0.found>");
    }
}

fn root(outline: &Outline<'_, '_>) -> String {
    outline.head(outline.roots()[0].node.unwrap())
}
