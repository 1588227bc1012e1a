//! What costs a careless reader its memory, its time or its stack. Each holds a call, and memory is bounded for all.

use super::Row;
use crate::assemble::{Member, archive};
use crate::bytes::{CALL, join, text};
use crate::npz::npy_of;
use crate::press::{bz2, gzip, lz4, xz, zlib, zstd};
use crate::sevenz;
use crate::tape::{member, tar};
use crate::{CALL as FILE, PLAIN};
use depickle::finding::Verdict;
use depickle::limits::{Limit, Limits};

const HEADER: &[u8] = b"\x80\x04";

/// Single streams.
pub(super) fn streams() -> Vec<Row> {
    [sharing(), depth(), claims(), length()].concat()
}

/// Too much of something.
pub(super) fn floods() -> Vec<Row> {
    [many(), bombs(), names(), headers(), surroundings()].concat()
}

/// A stream in which the call stands behind something: `os.system`, as [`CALL`] makes it.
fn behind(number: &'static str, name: &str, before: &[u8]) -> Row {
    named(number, name, &[HEADER, before, b"0", CALL, b"."])
}

fn named(number: &'static str, name: &str, parts: &[&[u8]]) -> Row {
    Row::new(number, name, join(parts), super::Wanted::Named("os.system"))
}

fn sharing() -> Vec<Row> {
    let laughs: Vec<u8> = (0..200_u8).flat_map(|at| [b']', b'q', at + 1, b'(', b'h', at, b'h', at, b'e']).collect();
    let tens: Vec<u8> =
        (0..60_u8).flat_map(|at| [b"(".as_slice(), &[b'h', at].repeat(10), b"t\x94"].concat()).collect();
    vec![
        behind("D1", "lists of two", &[b"]q\0".as_slice(), &laughs].concat()),
        behind("D1", "tuples of ten, 60 times", &[b")\x94".as_slice(), &tens].concat()),
        behind("D1", "tuples of two", &[b"N".as_slice(), &b"2\x86".repeat(50_000)].concat()),
        behind("D1", "as a key", &[b"})".as_slice(), &b"2\x86".repeat(1000), b"Ns"].concat()),
        behind("D1", "as an argument", &[b"cbuiltins\nlist\n)".as_slice(), &b"2\x86".repeat(1000), b"\x85R"].concat()),
    ]
}

fn depth() -> Vec<Row> {
    let deep = 100_000;
    let list = b"cbuiltins\nlist\n\x94";
    vec![
        behind("D2", "lists", &[b"]".repeat(deep), b"a".repeat(deep - 1)].concat()),
        behind("D2", "tuples", &[b"N".as_slice(), &b"\x85".repeat(deep)].concat()),
        behind("D2", "dicts", &[&b"(N".repeat(deep)[..], b"N", &b"d".repeat(deep)].concat()),
        behind("D2", "marks", &[b"N".to_vec(), b"(".repeat(deep), b"1".repeat(deep)].concat()),
        behind("D2", "calls", &[list.as_slice(), b")R", &b"0h\0)R".repeat(deep / 10)].concat()),
        named("D2", "below lists", &[HEADER, &b"]".repeat(deep), CALL, &b"a".repeat(deep), b"."]),
    ]
}

/// Lengths and numbers that are claims.
fn claims() -> Vec<Row> {
    let claim = |number, name: &str, parts: &[&[u8]]| named(number, name, &[HEADER, CALL, b"0", &join(parts)]);
    let long = join(&[b"\x8b\x40\x42\x0f\0", &[1; 1_000_000]]);
    let digits = [b"L".as_slice(), &b"7".repeat(1_000_000), b"L\n"].concat();
    vec![
        claim("D3", "LONG4 of 2 GiB", &[b"\x8b\xff\xff\xff\x7fabc"]),
        behind("D3", "LONG4 of a million bytes", &long),
        behind("D3", "LONG of a million digits", &digits),
        claim("D4", "BINUNICODE8 of 2**63", &[b"\x8d\0\0\0\0\0\0\0\x80abc"]),
        claim("D4", "BINBYTES8 of 2**64 - 1", &[b"\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc"]),
        claim("D4", "BYTEARRAY8 of 2**62", &[b"\x96\0\0\0\0\0\0\0\x40abc"]),
        claim("D4", "FRAME of 2**64 - 1", &[b"\x95\xff\xff\xff\xff\xff\xff\xff\xffN."]),
        behind("D5", "LONG_BINPUT of 2**31 - 1", b"Nr\xff\xff\xff\x7f"),
        behind("D5", "PUT of 2**40", b"Np1099511627776\n"),
        claim("D5", "PUT of 10**400", &[b"Np1", &b"0".repeat(400), b"\n."]),
    ]
}

/// What has no limit because it costs no more than reading it.
fn length() -> Vec<Row> {
    let literal = 40_000_000_u32;
    vec![
        behind("D6", "1,200,000 opcodes", &[b"N0".repeat(600_000), b"N".to_vec()].concat()),
        behind("D6", "a literal of 40 MB", &[b"B", &literal.to_le_bytes()[..], &vec![b'x'; literal as usize]].concat()),
    ]
}

fn many() -> Vec<Row> {
    let member_of = |number: usize| Member::stored(&number.to_string(), if number == 4999 { FILE } else { PLAIN });
    let deep =
        |innermost: &[u8]| (0..30).fold(innermost.to_vec(), |inner, _| archive(&[Member::deflated("a", &inner)]));
    let gzips = (0..30).fold(gzip(FILE), |inner, _| gzip(&inner));
    let beside = |inner: &[u8]| archive(&[Member::stored("deep", inner), Member::stored("call", FILE)]);
    let tars = (0..30).fold(PLAIN.to_vec(), |inner, _| tar(&[member("x", FILE), member("y", &inner)]));
    let told: &[&str] = &["limit-reached"];
    vec![
        Row::call("D7", "50,000 pickles", [b"N.".repeat(50_000), FILE.to_vec()].concat()),
        Row::call("D7", "5,000 members", archive(&(0..5000).map(member_of).collect::<Vec<_>>())),
        Row::call("D7", "more members than the limit", archive(&(4999..5200).map(member_of).collect::<Vec<_>>()))
            .within(Limits::default().with(Limit::Members, 100))
            .told_by(told),
        Row::ends("D7", "30 archives deep", deep(FILE), Verdict::Incomplete).told_by(told),
        Row::ends("D7", "30 times compressed", gzips.clone(), Verdict::Incomplete).told_by(told),
        Row::call("D7", "30 archives deep, and a call beside them", beside(&deep(PLAIN))).told_by(told),
        Row::call("D7", "30 times compressed, and a call beside it", beside(&gzips)).told_by(told),
        Row::call("D7", "30 tars deep", tars).told_by(told),
    ]
}

/// What inflates to more than it is worth.
fn bombs() -> Vec<Row> {
    let zeros = vec![0; 300_000];
    let small = Limits::default().with(Limit::Inflated, 1 << 16).with(Limit::Retained, 1 << 16);
    let told: &[&str] = &["limit-reached"];
    let mut rows = Vec::new();
    type Press = fn(&[u8]) -> Vec<u8>;
    let presses: [(&str, Press); 5] = [("gzip", gzip), ("zlib", zlib), ("bz2", bz2), ("lz4", lz4), ("zstd", zstd)];
    for (name, press) in presses {
        let mut row = |what: &str, row: Row| {
            rows.push(Row { name: format!("{name}, {what}"), ..row.within(small.clone()).inflates_to(zeros.len()) });
        };
        row("behind a call", Row::call("D8", "", press(&[FILE, &zeros].concat())).told_by(told));
        row("before a call", Row::ends("D8", "", press(&[&zeros, FILE].concat()), Verdict::Incomplete));
        let behind = tar(&[member("x", FILE), member("zeros", &zeros)]);
        row("in a tar behind a call", Row::call("D8", "", press(&behind)));
        let plain = tar(&[member("plain", PLAIN), member("zeros", &zeros)]);
        row("in a tar", Row::ends("D8", "", press(&plain), Verdict::Incomplete).told_by(told));
        let beside = archive(&[Member::stored("zeros", &press(&zeros)), Member::stored("call", FILE)]);
        row("beside a call", Row::call("D8", "", beside));
    }
    // 42.zip in small: archives of many equal archives.
    let leaf = archive(&[Member::deflated("0.dll", &zeros)]);
    let wide = |inner: &[u8]| -> Vec<u8> {
        archive(&(0..8).map(|one| Member::deflated(&format!("lib {one}.zip"), inner)).collect::<Vec<_>>())
    };
    let bomb = wide(&wide(&wide(&leaf)));
    let both = [Member::deflated("lib.zip", &bomb), Member::deflated("data.pkl", FILE)];
    rows.push(
        Row::call("D8", "archives in archives", archive(&both))
            .within(Limits::default().with(Limit::Members, 100))
            .told_by(told)
            .inflates_to(1 << 20),
    );
    rows.push(Row::call("D8", "7z", sevenz::stored(&[FILE, &gzip(&zeros)])).within(small).inflates_to(zeros.len()));
    rows.push(Row::ends("D8", "xz", xz(&zeros), Verdict::Incomplete).inflates_to(zeros.len()));
    rows
}

fn names() -> Vec<Row> {
    let distinct: Vec<u8> = (0..20_000).flat_map(|index| format!("cm{index}\nn\n0").into_bytes()).collect();
    let long = "n".repeat(1 << 20);
    let word = |word: &str| join(&[b"X", &u32::try_from(word.len()).unwrap().to_le_bytes(), word.as_bytes()]);
    let dotted = "a.".repeat(30_000);
    vec![
        behind("D9", "20,000 names", &[&distinct, b"N".as_slice()].concat()),
        behind("D9", "a name of a MiB", format!("cm\n{long}\n").as_bytes()),
        behind("D9", "a name of 30,000 parts", &join(&[&text("m"), &word(&dotted), b"\x93"])),
        behind("D9", "a module of 30,000 parts", &join(&[&word(&dotted), &text("n"), b"\x93"])),
    ]
}

fn headers() -> Vec<Row> {
    let claim = [b"\x93NUMPY\x02\0\xff\xff\xff\xff".as_slice(), b"{'descr': '|O', "].concat();
    let nested = |open: &str, close: &str| {
        format!("{{'descr': '|O', 'fortran_order': False, 'shape': {}{}}}\n", open.repeat(500), close.repeat(500))
    };
    let not_clean = |name: &str, bytes: Vec<u8>| Row::ends("D10", name, bytes, Verdict::Incomplete);
    vec![
        not_clean("a header of 4 GiB", claim.clone()),
        not_clean("500 parentheses", npy_of(1, &nested("(", ")"), PLAIN)),
        not_clean("500 brackets", npy_of(2, &nested("[", "]"), PLAIN)),
        not_clean("a shape of many digits", npy_of(1, &nested("9", ""), PLAIN)),
        Row::call(
            "D10",
            "a header of 4 GiB, and a call beside it",
            archive(&[Member::stored("x.npy", &claim), Member::stored("y", FILE)]),
        ),
        Row::call("D10", "500 parentheses before a call", npy_of(1, &nested("(", ")"), FILE)),
    ]
}

/// What depends on what is installed, and what hangs one loader alone.
fn surroundings() -> Vec<Row> {
    let import = b"\x80\x02ccolorsys\nrgb_to_hsv\n.".to_vec();
    let (first, second) = PLAIN.split_at(4);
    vec![
        Row::ends("D11", "a harmless name of the standard library", import.clone(), Verdict::Suspicious),
        Row::ends("D11", "a module of that name beside it", import, Verdict::Suspicious)
            .beside("colorsys.py", b"def rgb_to_hsv(): pass\n".to_vec()),
        Row::ends("D12", "gzip in two members", [gzip(first), gzip(second)].concat(), Verdict::Suspicious)
            .told_by(&["compressed-tail"]),
        Row::ends("D12", "zlib in two members", [zlib(first), zlib(second)].concat(), Verdict::Suspicious)
            .told_by(&["compressed-tail"]),
        Row::call("D12", "gzip in two members, with a call", [gzip(&FILE[..9]), gzip(&FILE[9..])].concat())
            .told_by(&["compressed-tail"]),
    ]
}
