//! What is said of zip archives, honest and odd.

use super::assemble::{Claims, Member, archive, body, deflate};
use super::{CALL, CALL_0, PLAIN, clean, named, scan, scan_with, told};
use depickle::finding::{Level, Verdict};
use depickle::limits::{Limit, Limits};

fn call() -> Member {
    Member::stored("data.pkl", CALL)
}

fn plain() -> Member {
    Member::stored("plain.pkl", PLAIN)
}

#[test]
fn honest_archives_are_clean_and_dangerous_members_are_named() {
    let text = Member::deflated("readme.txt", &b"hello world\n".repeat(100));
    let folder = Member::stored("folder/", b"");
    clean("stored and deflated", &archive(&[folder, plain(), Member::deflated("more.pkl", PLAIN), text.clone()]));
    clean("empty", &archive(&[]));
    for member in [call(), Member::deflated("data.pkl", CALL), Member::stored("no ending", CALL_0)] {
        let report = named("a call", &archive(&[text.clone(), member.clone()]));
        let import = &report.imports[0];
        assert_eq!(import.location.member.as_bytes(), member.central.name);
        assert_eq!(import.location.file_offset.is_some(), member.central.method == 0);
        assert!(report.findings.iter().all(|finding| finding.rule != "archive-anomaly"), "{:#?}", report.findings);
    }
}

#[test]
fn a_stored_member_is_told_by_its_place_in_the_file() {
    let bytes = archive(&[plain(), call()]);
    let report = named("stored", &bytes);
    let at = usize::try_from(report.imports[0].location.file_offset.unwrap()).unwrap();
    assert!(bytes[at..].starts_with(b"cposix\nsystem\n"));
}

#[test]
fn sizes_of_another_are_told_of_deflated_members_too() {
    let shorter = Member::deflated("data.pkl", CALL).both(|it| it.size -= 1);
    told("a size", &archive(&[shorter]), "archive-anomaly", Level::Suspicious);
    let forged = Member::deflated("plain.pkl", PLAIN).both(|it| it.crc ^= 1);
    told("a checksum", &archive(&[forged]), "archive-anomaly", Level::Suspicious);
    let behind = Member::deflated("plain.pkl", PLAIN);
    let data = [behind.data.clone(), deflate(CALL)].concat();
    let compressed = u32::try_from(data.len()).unwrap();
    let behind = Member { data, ..behind }.both(|it| it.compressed = compressed);
    told("a second stream", &archive(&[behind]), "trailing-data", Level::Suspicious);
}

#[test]
fn bytes_behind_an_archive_are_told() {
    let behind = [&archive(&[plain()])[..], b"and more"].concat();
    told("behind", &behind, "archive-anomaly", Level::Suspicious);
    told("behind", &behind, "trailing-data", Level::Suspicious);
}

#[test]
fn a_member_of_a_member_has_its_place_in_the_file() {
    let report = named("stored", &archive(&[Member::stored("inner.zip", &archive(&[call()]))]));
    assert_eq!(report.imports[0].location.member, "inner.zip!data.pkl");
    assert!(report.imports[0].location.file_offset.is_some());
}

#[test]
fn a_header_of_any_length_is_read() {
    // The fixed part takes 30 bytes; of a header 256 are read at once.
    for len in [1, 225, 226, 227, 3000] {
        let name = "n".repeat(len);
        clean("a long name", &archive(&[Member::stored(&name, PLAIN), plain()]));
        let padded = Member::stored("data.pkl", CALL).local(|it| it.extra = vec![0; len]);
        let report = named("a long extra field", &archive(&[Member::stored(&name, PLAIN), padded]));
        assert!(report.findings.iter().all(|finding| finding.rule != "archive-anomaly"), "{:#?}", report.findings);
    }
}

#[test]
fn sizes_behind_the_data_are_read_in_all_their_forms() {
    let deferred = |signed: bool, wide: bool| {
        let mut member = Member::deflated("plain.pkl", PLAIN).both(|it| it.flags |= 1 << 3);
        if signed {
            member.behind.extend(b"PK\x07\x08");
        }
        member.behind.extend(member.central.crc.to_le_bytes());
        for size in [member.central.compressed, member.central.size] {
            member.behind.extend(size.to_le_bytes());
            member.behind.extend(if wide { &[0; 4][..] } else { &[] });
        }
        member.local(|it| (it.crc, it.compressed, it.size) = (0, 0, 0))
    };
    for (signed, wide) in [(true, false), (true, true), (false, false), (false, true)] {
        clean("deferred sizes", &archive(&[deferred(signed, wide)]));
    }
    let mut lie = deferred(true, false);
    lie.behind[8] ^= 1;
    told("a lie", &archive(&[lie]), "archive-anomaly", Level::Suspicious);
}

#[test]
fn members_are_counted_over_all_archives_together() {
    let many: Vec<Member> = (0..60).map(|number| Member::stored(&number.to_string(), PLAIN)).collect();
    let inner = Member::stored("inner", &archive(&many));
    let limits = Limits::default().with(Limit::Members, 100);
    let within = scan_with(&archive(std::slice::from_ref(&inner)), &limits);
    assert_eq!(within.verdict(), Verdict::Clean, "{:#?}", within.findings);
    let other = Member { central: Claims { name: b"other".to_vec(), ..inner.central.clone() }, ..inner.clone() };
    let other = other.local(|it| it.name = b"other".to_vec());
    let beyond = scan_with(&archive(&[inner, other]), &limits);
    assert_eq!(beyond.verdict(), Verdict::Incomplete, "{:#?}", beyond.findings);
}

#[test]
fn a_deep_scan_finds_members_within_members() {
    let (member, ..) = body(&[call()]);
    let bytes = archive(&[Member::stored("bytes", &[b"\0bytes ".as_slice(), &member].concat())]);
    let (plain, deep) = (scan(&bytes), scan_with(&bytes, &Limits::default().deep()));
    assert!(plain.imports.is_empty(), "{:#?}", plain.imports);
    assert_eq!(deep.verdict(), Verdict::Dangerous, "{:#?}", deep.findings);
    // Four bytes are there by chance.
    let chance = archive(&[Member::stored("text", b"text PK\x03\x04 and so on, and so on, and so on")]);
    let honest = scan_with(&chance, &Limits::default().deep());
    assert!(honest.findings.iter().all(|finding| finding.rule != "archive-anomaly"), "{:#?}", honest.findings);
}

/// The same call as Python's `zipfile` packs it with lzma.
const LZMA: [u8; 43] = [
    0x09, 0x04, 0x05, 0x00, 0x5d, 0x00, 0x00, 0x80, 0x00, 0x00, 0x40, 0x00, 0x88, 0x03, 0xcb, 0x87, 0xe6, 0x0e, 0x3f,
    0xc6, 0xdb, 0xa6, 0x62, 0x3a, 0xd0, 0xe0, 0x17, 0xa4, 0x13, 0x09, 0xe6, 0xea, 0x1f, 0x35, 0x09, 0x51, 0x33, 0xff,
    0xff, 0x73, 0x84, 0x00, 0x00,
];

#[test]
fn other_methods_of_compression_are_read() {
    let len = u8::try_from(CALL.len()).unwrap();
    // A frame with one block that is stored.
    let zstd = [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, len, len << 3 | 1, 0, 0][..], CALL].concat();
    let lzma = Member::new("lzma", 14, CALL, LZMA.to_vec()).both(|it| it.flags = 2);
    // Without matches of more than 258 bytes, and so close, it is the same as deflate.
    let deflate64 = Member::new("deflate64", 9, CALL, deflate(CALL));
    for member in [lzma, Member::new("zstd", 93, CALL, zstd), deflate64] {
        let report = named("packed", &archive(&[member]));
        let anomaly = report.findings.iter().find(|it| matches!(it.rule, "archive-anomaly" | "trailing-data"));
        assert!(anomaly.is_none(), "{anomaly:#?}");
    }
    let broken = Member::new("lzma", 14, CALL, LZMA[..8].to_vec());
    assert_eq!(scan(&archive(&[broken])).verdict(), Verdict::Incomplete);
}
