//! Zip archives that their readers take in different ways.

use super::Row;
use crate::assemble::{Claims, Member, archive, body, end};
use crate::press::gzip;
use crate::{CALL, CALL_0, PLAIN};
use depickle::finding::Verdict;

/// What is said of an archive whose readers part.
const ODD: &[&str] = &["archive-anomaly", "unread-member", "unknown-format"];

fn call() -> Member {
    Member::stored("data.pkl", CALL)
}

fn plain() -> Member {
    Member::stored("plain.pkl", PLAIN)
}

pub(super) fn rows() -> Vec<Row> {
    [headers(), names(), directories(), places(), members(), nested(), strangers()].concat()
}

/// Headers that make one reader refuse and another read.
fn headers() -> Vec<Row> {
    type Change = fn(&mut Claims);
    let lies: [(&str, &str, Change); 12] = [
        ("C1", "encrypted", |it| it.flags |= 1),
        ("C1", "patched", |it| it.flags |= 1 << 5),
        ("C1", "strongly encrypted", |it| it.flags |= 1 << 6),
        ("C2", "another name, that of a member", |it| it.name = b"plain.pkl".to_vec()),
        ("C2", "a name with a NUL", |it| it.name = b"readme.txt\0.pkl".to_vec()),
        ("C3", "wrong checksum", |it| it.crc ^= 1),
        ("C4", "method 99", |it| it.method = 99),
        ("C4", "deflated, and yet stored", |it| it.method = 8),
        ("C4", "a method of no one", |it| it.method = 0x1234),
        ("C4", "version 65535", |it| it.version = 0xffff),
        ("C4", "a size less than it has", |it| it.size -= 1),
        ("C4", "more compressed bytes than there are", |it| it.compressed = 0x7fff_ffff),
    ];
    let mut rows = Vec::new();
    for (number, name, change) in lies {
        for (which, member) in [
            ("both headers", call().both(change)),
            ("the directory", call().central(change)),
            ("the header", call().local(change)),
        ] {
            let bytes = archive(&[plain(), member, plain().both(|it| it.name = b"z".to_vec())]);
            rows.push(Row::call(number, format!("{name}, in {which}"), bytes).told_by(ODD));
        }
    }
    rows
}

/// One name, two members; names that lead elsewhere.
fn names() -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, name) in [("C5", "plain.pkl"), ("C6", "PLAIN.pkl")] {
        let other = Member::stored(name, CALL);
        rows.push(Row::call(number, "last", archive(&[plain(), other.clone()])).told_by(ODD));
        rows.push(Row::call(number, "first", archive(&[other, plain()])).told_by(ODD));
    }
    for name in ["../x.pkl", "/x.pkl", "a/../../x.pkl", "C:\\x.pkl", "a\\..\\x.pkl", "//host/share/x.pkl"] {
        let harmless = Row::ends("C26", name, archive(&[Member::stored(name, PLAIN)]), Verdict::Suspicious);
        rows.push(harmless.told_by(ODD));
        rows.push(Row::call("C26", name, archive(&[Member::stored(name, CALL)])).told_by(ODD));
    }
    rows
}

/// More than one directory, or none.
fn directories() -> Vec<Row> {
    let (honest, evil) = (archive(&[plain()]), archive(&[call()]));
    let (bytes, ..) = body(&[call()]);
    // An end in the comment of the other: readers that check where the comment ends take the first.
    let (both, _, len, at) = body(&[plain(), call().unlisted()]);
    let comment = end(1, len, at, b"");
    // Two directories over the same members.
    let (first, _, len_2, at_2) = body(&[call(), plain()]);
    let second = &first[usize::try_from(at_2).unwrap()..];
    let row = second.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    let mut two = [first.as_slice(), &end(2, len_2, at_2, b"")].concat();
    let place = u32::try_from(two.len()).unwrap();
    two.extend(&second[row..]);
    two.extend(end(1, u32::try_from(second.len() - row).unwrap(), place, b""));
    [
        ("two archives, the last is honest", [&evil[..], &honest].concat()),
        ("two archives, the first is honest", [&honest[..], &evil].concat()),
        ("not listed", archive(&[plain(), call().unlisted()])),
        ("not listed, before all others", archive(&[call().unlisted(), plain()])),
        ("no end", bytes.clone()),
        ("an end cut short", [&bytes[..], b"PK\x05\x06\0\0\0\0\x01\0"].concat()),
        ("an end in a comment", [&both[..], &end(1, len, at, &comment)].concat()),
        ("a second directory that leaves one out", two),
    ]
    .map(|(name, bytes)| Row::call("C7", name, bytes))
    .into()
}

/// Bytes before and behind.
fn places() -> Vec<Row> {
    let evil = archive(&[Member::deflated("data.pkl", CALL)]);
    let before: [(&str, &[u8]); 5] = [
        ("one byte", b"x"),
        ("a script", b"#!/bin/sh\nexit\n"),
        ("a pickle", PLAIN),
        ("a thousand NULs", &[0; 1024]),
        ("a picture", b"\x89PNG\r\n\x1a\n"),
    ];
    let mut rows: Vec<Row> =
        before.map(|(name, before)| Row::call("C8", name, [before, &evil].concat())).into_iter().collect();
    let behind = [CALL, &archive(&[plain()])].concat();
    rows.push(Row::call("C9", "a pickle with a harmless archive behind it", behind));
    rows.push(Row::call("C9", "a harmless pickle with an archive behind it", [PLAIN, &evil].concat()));
    rows
}

/// Members that say nothing of what they are, and literals in them.
fn members() -> Vec<Row> {
    let literal = |call: &[u8], inner: &[u8]| {
        let length = u32::try_from(inner.len()).unwrap().to_le_bytes();
        [b"\x80\x03", call, b"B", &length, inner, b"\x85R."].concat()
    };
    let loads = literal(b"cpickle\nloads\n", CALL);
    let in_a_file = literal(b"ctorch\nload\nc_io\nBytesIO\n", &archive(&[call()]));
    let in_a_file = [&in_a_file[..in_a_file.len() - 1], b"\x85R."].concat();
    let data = literal(b"cbuiltins\nlen\n", CALL);
    let mut rows = vec![
        Row::call("C10", "a literal that a member loads", archive(&[Member::deflated("x", &loads)])),
        Row::call("C10", "two such literals", archive(&[Member::stored("x", &literal(b"cpickle\nloads\n", &loads))])),
        Row::new(
            "C10",
            "an archive in a literal",
            archive(&[Member::stored("x", &in_a_file)]),
            super::Wanted::Named("torch.load"),
        ),
        Row::call("C10", "a literal that a call is given", archive(&[Member::stored("x", &data)])),
    ];
    let kept = [b"\x80\x03C", &[u8::try_from(CALL.len()).unwrap()][..], CALL, b"."].concat();
    rows.push(Row::trap("C10", "a literal that is kept", archive(&[Member::stored("x.pkl", &kept)])));
    for (name, bytes) in [("protocol 0", CALL_0), ("protocol 1", &CALL[2..]), ("protocol 2", CALL)] {
        for member in ["x", "data", ".hidden", "a/b/c", "\u{e4}"] {
            rows.push(Row::call("C12", format!("{name}, stored"), archive(&[Member::stored(member, bytes)])));
            rows.push(Row::call(
                "C12",
                format!("{name}, deflated"),
                archive(&[plain(), Member::deflated(member, bytes)]),
            ));
        }
    }
    rows
}

/// Archives in archives.
fn nested() -> Vec<Row> {
    let evil = archive(&[call()]);
    let levels = (0..6).fold(evil.clone(), |inner, _| archive(&[Member::deflated("inner.zip", &inner)]));
    [
        ("stored", archive(&[Member::stored("inner.zip", &evil)])),
        ("deflated", archive(&[Member::deflated("inner.zip", &evil)])),
        ("six levels", levels),
        ("in gzip", gzip(&evil)),
        ("gzip in it", archive(&[Member::stored("inner", &gzip(CALL))])),
        ("gzip of a zip in a zip", archive(&[Member::deflated("inner", &gzip(&evil))])),
    ]
    .map(|(name, bytes)| Row::call("C13", name, bytes))
    .into()
}

/// What nobody can read without a password.
fn strangers() -> Vec<Row> {
    let noise: Vec<u8> = (0..300_u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let secret = Member::stored("secret.pkl", &noise).both(|it| it.flags |= 1);
    vec![
        Row::ends("C27", "encrypted", archive(std::slice::from_ref(&secret)), Verdict::Incomplete).told_by(ODD),
        Row::call("C27", "encrypted, and a call beside it", archive(&[secret, call()])),
    ]
}
