//! Zip archives that readers take in different ways.

use super::assemble::{Claims, Member, archive, body, deflate, end};
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

/// C1 to C4: headers that make one reader refuse and another read.
#[test]
fn a_lie_in_a_header_hides_no_member() {
    type Change = fn(&mut Claims);
    let lies: [(&str, Change); 12] = [
        ("C1 encrypted", |it| it.flags |= 1),
        ("C1 patched", |it| it.flags |= 1 << 5),
        ("C1 strongly encrypted", |it| it.flags |= 1 << 6),
        ("C2 another name, that of a member", |it| it.name = b"plain.pkl".to_vec()),
        ("C2 a name with a NUL", |it| it.name = b"readme.txt\0.pkl".to_vec()),
        ("C3 wrong checksum", |it| it.crc ^= 1),
        ("C4 method 99", |it| it.method = 99),
        ("C4 deflated, and yet stored", |it| it.method = 8),
        ("C4 a method of no one", |it| it.method = 0x1234),
        ("C4 version 65535", |it| it.version = 0xffff),
        ("a size less than it has", |it| it.size -= 1),
        ("more compressed bytes than there are", |it| it.compressed = 0x7fff_ffff),
    ];
    for (name, change) in lies {
        for (which, member) in [
            ("both headers", call().both(change)),
            ("the directory", call().central(change)),
            ("the header", call().local(change)),
        ] {
            let name = format!("{name}, in {which}");
            let report = named(&name, &archive(&[plain(), member, plain().both(|it| it.name = b"z".to_vec())]));
            let odd = |rule: &str| matches!(rule, "archive-anomaly" | "unread-member" | "unknown-format");
            assert!(report.findings.iter().any(|finding| odd(finding.rule)), "{name}: {:#?}", report.findings);
        }
    }
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

/// C5, C6: one name, two members.
#[test]
fn of_two_members_with_one_name_both_are_read() {
    for name in ["plain.pkl", "PLAIN.pkl"] {
        let other = Member::stored(name, CALL);
        for members in [[plain(), other.clone()], [other, plain()]] {
            let report = named(name, &archive(&members));
            assert!(report.findings.iter().any(|finding| finding.rule == "archive-anomaly"));
        }
    }
}

/// C7: more than one directory, or none.
#[test]
fn whatever_directory_a_reader_finds_is_read() {
    let (honest, evil) = (archive(&[plain()]), archive(&[call()]));
    named("two archives, the last is honest", &[&evil[..], &honest].concat());
    named("two archives, the first is honest", &[&honest[..], &evil].concat());
    named("not listed", &archive(&[plain(), call().unlisted()]));
    named("not listed, before all others", &archive(&[call().unlisted(), plain()]));
    let (bytes, ..) = body(&[call()]);
    named("no end", &bytes);
    named("an end cut short", &[&bytes[..], b"PK\x05\x06\0\0\0\0\x01\0"].concat());

    // An end in the comment of the other: readers that check where the comment ends take the first.
    let (both, _, len, at) = body(&[plain(), call().unlisted()]);
    let fake = end(1, len, at, b"");
    let whole = [&both[..], &end(1, len, at, &fake)].concat();
    named("an end in a comment", &whole);

    // Two directories over the same members.
    let mut bytes = Vec::new();
    let (first, _, len, at) = body(&[call(), plain()]);
    bytes.extend(&first);
    bytes.extend(end(2, len, at, b""));
    let second = &first[usize::try_from(at).unwrap()..];
    let row = second.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    let place = u32::try_from(bytes.len()).unwrap();
    bytes.extend(&second[row..]);
    bytes.extend(end(1, u32::try_from(second.len() - row).unwrap(), place, b""));
    named("a second directory that leaves one out", &bytes);
}

/// C8, C9: bytes before and behind.
#[test]
fn an_archive_is_found_behind_and_before_other_bytes() {
    let evil = archive(&[Member::deflated("data.pkl", CALL)]);
    named("one byte", &[b"x", &evil[..]].concat());
    named("a script", &[b"#!/bin/sh\nexit\n", &evil[..]].concat());
    named("a pickle", &[PLAIN, &evil[..]].concat());
    named("a thousand NULs", &[&[0; 1024], &evil[..]].concat());
    named("a picture", &[b"\x89PNG\r\n\x1a\n", &evil[..]].concat());
    let behind = [&archive(&[plain()])[..], b"and more"].concat();
    told("behind", &behind, "archive-anomaly", Level::Suspicious);
    told("behind", &behind, "trailing-data", Level::Suspicious);
    named("a pickle with a harmless archive behind it", &[CALL, &archive(&[plain()])].concat());
}

/// C13: archives in archives.
#[test]
fn archives_in_archives_are_opened() {
    let gzip = |bytes: &[u8]| {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let evil = archive(&[call()]);
    let report = named("stored", &archive(&[Member::stored("inner.zip", &evil)]));
    assert_eq!(report.imports[0].location.member, "inner.zip!data.pkl");
    assert!(report.imports[0].location.file_offset.is_some());
    named("deflated", &archive(&[Member::deflated("inner.zip", &evil)]));
    named("in gzip", &gzip(&evil));
    named("gzip in it", &archive(&[Member::stored("inner", &gzip(CALL))]));
    named("gzip of a zip in a zip", &archive(&[Member::deflated("inner", &gzip(&evil))]));
}

/// C26: names that lead elsewhere.
#[test]
fn names_that_lead_out_of_the_archive_are_told() {
    for name in ["../plain.pkl", "/plain.pkl", "a/../../plain.pkl", "C:\\plain.pkl", "a\\..\\plain.pkl"] {
        told(name, &archive(&[Member::stored(name, PLAIN)]), "archive-anomaly", Level::Suspicious);
    }
}

/// C27: what nobody can read without a password.
#[test]
fn an_encrypted_member_is_incomplete() {
    let noise: Vec<u8> = (0..300_u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let member = Member::stored("secret.pkl", &noise).both(|it| it.flags |= 1);
    let report = scan(&archive(&[member]));
    assert_eq!(report.verdict(), Verdict::Incomplete, "{:#?}", report.findings);
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

/// D7: a limit ends it, and what stands before it is judged.
#[test]
fn thirty_archives_in_each_other_are_incomplete() {
    let deep = (0..30).fold(PLAIN.to_vec(), |inner, _| archive(&[Member::stored("a", &inner)]));
    let report = told("thirty deep", &deep, "limit-reached", Level::Incomplete);
    assert_eq!(report.verdict(), Verdict::Incomplete);
    named("a call before them", &archive(&[call(), Member::stored("deep", &deep)]));
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
    for member in [lzma, Member::new("zstd", 93, CALL, zstd)] {
        let report = named("packed", &archive(&[member]));
        let anomaly = report.findings.iter().find(|it| matches!(it.rule, "archive-anomaly" | "trailing-data"));
        assert!(anomaly.is_none(), "{anomaly:#?}");
    }
    let broken = Member::new("lzma", 14, CALL, LZMA[..8].to_vec());
    assert_eq!(scan(&archive(&[broken])).verdict(), Verdict::Incomplete);
}
