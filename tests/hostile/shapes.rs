//! Shapes that cost a careless reader memory, time or its stack.

use super::bounded;
use super::bytes::{CALL, bytes, claim, joblib, join, text, zlib};
use depickle::finding::Verdict::{self, Clean, Incomplete};
use depickle::finding::{FileReport, Level};

const HEADER: &[u8] = b"\x80\x04";

/// Holds `bytes` to the bounds and, where one is known, to its verdict.
fn check(name: &str, bytes: &[u8], verdict: Option<Verdict>) {
    let report = bounded(name, bytes, bytes.len());
    if let Some(verdict) = verdict {
        assert_eq!(report.verdict(), verdict, "{name}: {:#?}", report.findings);
    }
}

#[test]
fn a_length_is_a_claim() {
    let four = 0xffff_ffff_u32.to_le_bytes();
    let eight = 0x7fff_ffff_ffff_ffff_u64.to_le_bytes();
    let gib4 = (4_u64 << 30).to_le_bytes();
    let rows: [(&str, Vec<u8>); 10] = [
        ("BINBYTES", claim(b'B', &four)),
        ("BINUNICODE", claim(b'X', &four)),
        ("BINSTRING", claim(b'T', &four)),
        ("LONG4", claim(0x8b, &0x7fff_ffff_u32.to_le_bytes())),
        ("BINBYTES8", claim(0x8e, &gib4)),
        ("BINUNICODE8", claim(0x8d, &gib4)),
        ("BYTEARRAY8", claim(0x96, &eight)),
        ("BINUNICODE8 of all", claim(0x8d, &u64::MAX.to_le_bytes())),
        ("FRAME", claim(0x95, &gib4)),
        ("FRAME of all", claim(0x95, &u64::MAX.to_le_bytes())),
    ];
    for (name, head) in rows {
        check(name, &head, Some(Incomplete));
        check(name, &join(&[&head, b"N."]), None);
        let zipped = zlib(&head);
        assert_eq!(bounded(name, &zipped, 1 << 16).verdict(), Incomplete, "{name} in zlib");
    }
}

#[test]
fn imports_beyond_counting_are_judged_and_not_all_listed() {
    let lines = |range: std::ops::Range<u32>| range.map(|number| format!("cm\nn{number}\n0")).collect::<String>();
    let file = |count| join(&[lines(0..count).as_bytes(), b"cos\nsystem\n0", lines(0..count / 4).as_bytes(), b"N."]);
    let most = 1 << 14;
    let few = bounded("imports", &file(most), 1 << 19);
    assert_eq!((few.verdict(), few.imports.len()), (Verdict::Dangerous, 16_385));
    let many = bounded("imports", &file(most + 100), 1 << 19);
    assert_eq!((many.verdict(), many.imports.len()), (Verdict::Dangerous, 16_385));
    let note = many.findings.iter().find(|finding| finding.level == Level::Note).unwrap();
    assert_eq!(note.message, "100 more names are imported than are listed; all of them were judged");
    // Where there are too many findings to tell, each is counted.
    let told = |report: &FileReport| -> u64 {
        let findings = report.findings.iter().filter(|finding| finding.level == Level::Suspicious);
        findings.map(|finding| finding.count).sum()
    };
    assert_eq!((told(&few), told(&many)), (u64::from(most), u64::from(most + 100)));
}

#[test]
fn the_shape_of_an_array_is_a_claim() {
    let huge = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
    for shape in [
        join(&[b"J\0\0\0\x20\x85"]),
        join(&[huge, b"\x85"]),
        join(&[huge, huge, b"\x86"]),
        join(&[huge, huge, huge, b"\x87"]),
        join(&[b"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x85"]),
        join(&[b"K\x01J\xff\xff\xff\xff\x86"]),
    ] {
        let file = joblib(&shape, &[0; 64]);
        let report = bounded("shape", &file, file.len());
        assert!(report.verdict() >= Incomplete, "{:#?}", report.findings);
        let zipped = zlib(&file);
        assert!(bounded("shape in zlib", &zipped, 1 << 16).verdict() >= Incomplete);
    }
}

#[test]
fn a_million_levels_are_read_and_dropped() {
    let deep = 1_000_000;
    check("lists", &join(&[HEADER, &b"]".repeat(deep), &b"a".repeat(deep - 1), b"."]), Some(Clean));
    check("tuples", &join(&[HEADER, b"N", &b"\x85".repeat(deep), b"."]), None);
    check("lists left open", &join(&[HEADER, &b"]".repeat(deep)]), Some(Incomplete));
    check("dicts by marks", &join(&[HEADER, &b"(N".repeat(deep / 2), &b"d".repeat(deep / 2), b"."]), None);
}

#[test]
fn a_million_marks() {
    let many = 1_000_000;
    check("open", &join(&[HEADER, &b"(".repeat(many)]), Some(Incomplete));
    check("popped", &join(&[HEADER, &b"(".repeat(many), &b"0".repeat(many), b"N."]), Some(Clean));
    check("popped to the mark", &join(&[HEADER, &b"(".repeat(many), &b"1".repeat(many), b"N."]), Some(Clean));
    check("tuples of nothing", &join(&[HEADER, &b"(t0".repeat(many / 3), b"N."]), Some(Clean));
}

#[test]
fn sharing_is_not_expanded() {
    // Each level holds the one before twice: two to the power of the levels when written out.
    check("tuples", &join(&[HEADER, b"N", &b"2\x86".repeat(200_000), b"."]), None);
    check("lists", &join(&[HEADER, b"]\x94", &b"]\x94(22e".repeat(50_000), b"."]), None);
    let laughs: Vec<u8> = (0..200_u8).flat_map(|at| [b']', b'q', at + 1, b'(', b'h', at, b'h', at, b'e']).collect();
    check("laughs", &join(&[HEADER, b"]q\0", &laughs, b"."]), None);
    check("a key that is all laughs", &join(&[HEADER, b"})", &b"2\x86".repeat(1000), b"Ns."]), None);
    check(
        "keys that are all laughs",
        &join(&[HEADER, b"})", &b"2\x86\x94".repeat(100), &b"h\x50Ns".repeat(10_000), b"."]),
        None,
    );
    check("into itself", &join(&[HEADER, b"]", &b"2a".repeat(200_000), b"."]), None);
}

#[test]
fn indexes_of_the_memo_are_claims() {
    let sparse: Vec<u8> =
        (0..50_000_u32).flat_map(|index| join(&[b"r", &index.wrapping_mul(2_654_435_761).to_le_bytes()])).collect();
    check("sparse", &join(&[HEADER, b"N", &sparse, b"."]), None);
    check("the last one", &join(&[HEADER, b"Nr\xff\xff\xff\xff."]), None);
    let vast: Vec<u8> =
        (0..5_000_u32).flat_map(|index| format!("p{index}99999999999999999999\n").into_bytes()).collect();
    check("beyond 64 bits", &join(&[b"N", &vast, b"."]), None);
    let long = join(&[b"Np", &b"9".repeat(200_000), b"\n."]);
    check("of 200,000 digits", &long, None);
    check("get of 200,000 digits", &join(&[b"Ng", &b"9".repeat(200_000), b"\n."]), None);
}

#[test]
fn numbers_of_many_digits() {
    for opcode in [b"I".as_slice(), b"L", b"F"] {
        check("digits", &join(&[opcode, &b"7".repeat(1_000_000), b"\n."]), None);
        check("digits without end", &join(&[opcode, &b"7".repeat(1_000_000)]), None);
        check("one number after another", &join(&[&join(&[opcode, b"0x_\n0"]).repeat(50_000), b"N."]), None);
    }
    check("a long of a million bytes", &join(&[HEADER, b"\x8b\x40\x42\x0f\0", &[1; 1_000_000], b"."]), Some(Clean));
    check("escapes", &join(&[b"S'", &b"\\x41".repeat(200_000), b"'\n."]), None);
    check("surrogates", &join(&[b"V", &b"\\ud800".repeat(100_000), b"\n."]), None);
}

#[test]
fn storms_of_calls() {
    let list = join(&[HEADER, &text("builtins"), &text("list"), b"\x93\x94"]);
    check("of one import", &join(&[&list, &b"0h\0)R".repeat(100_000), b"."]), None);
    check("of what was called", &join(&[&list, &b")R".repeat(100_000), b"."]), None);
    check("on its own answers", &join(&[&list, &b"\x85h\0\x93R".repeat(30_000), b"."]), None);
    check("built upon", &join(&[&list, b")R", &b"}b".repeat(100_000), b"."]), None);
    check("put into", &join(&[&list, b")R", &b"Na".repeat(100_000), b"."]), None);
    check("put into by marks", &join(&[&list, b")R", &b"(NNe".repeat(60_000), b"."]), None);
    check("dangerous", &join(&[&CALL.repeat(20_000), b"."]), Some(Verdict::Dangerous));
    let deep = join(&[CALL, b"0", &b"]".repeat(500_000), CALL, &b"a".repeat(500_000), b"."]);
    check("below many lists", &deep, Some(Verdict::Dangerous));
    let keyed: Vec<u8> = (0..100_000).flat_map(|index| format!("I{index}\n]s").into_bytes()).collect();
    check("beside many lists", &join(&[b"}N", CALL, b"s", &keyed, b"."]), Some(Verdict::Dangerous));
    check("persistent ids", &join(&[&b"Pid\n0".repeat(50_000), b"N."]), None);
    check("buffers", &join(&[HEADER, &b"\x970".repeat(100_000), b"N."]), None);
    check("extension codes", &join(&[HEADER, &b"\x82\x010".repeat(100_000), b"N."]), None);
}

#[test]
fn names_of_any_length_and_number() {
    let distinct: Vec<u8> = (0..50_000).flat_map(|index| format!("cm{index}\nn\n0").into_bytes()).collect();
    check("distinct", &join(&[&distinct, b"N."]), Some(Verdict::Suspicious));
    let long = "n".repeat(1 << 20);
    check("long", format!("cm\n{long}\n.").as_bytes(), Some(Verdict::Suspicious));
    let dotted = "a.".repeat(100_000);
    let stack = |module: &str, name: &str| {
        let word = |word: &str| join(&[b"X", &u32::try_from(word.len()).unwrap().to_le_bytes(), word.as_bytes()]);
        join(&[HEADER, &word(module), &word(name), b"\x93."])
    };
    check("of 100,000 parts", &stack("m", &dotted), Some(Verdict::Suspicious));
    check("modules of 100,000 parts", &stack(&dotted, "n"), Some(Verdict::Suspicious));
}

#[test]
fn one_long_name_for_many() {
    // One text of a module, one short text for each name: what is told of each import may not hold the text again.
    let module = "m".repeat(100_000);
    let head = join(&[HEADER, b"X", &100_000_u32.to_le_bytes(), module.as_bytes(), b"\x940"]);
    let imports: Vec<u8> =
        (0..5_000).flat_map(|index| join(&[b"h\0", &text(&format!("n{index}")), b"\x930"])).collect();
    let report = super::bounded_by(&join(&[&head, &imports, b"N."]), 64 * 150_000 + (16 << 20));
    assert!(super::reaches_a_limit(&report) && report.verdict() == Verdict::Suspicious, "{:#?}", report.findings);
}

#[test]
fn many_streams() {
    check("tiny", &b"N.".repeat(300_000), Some(Clean));
    check("headers", &HEADER.repeat(300_000), Some(Incomplete));
    check("frames", &join(&[HEADER, &b"\x95\0\0\0\0\0\0\0\0".repeat(50_000), b"N."]), None);
    check("streams that are refused", &join(&[b"N.", &b"\x80\x04a".repeat(30_000)]), None);
    check("streams that never end", &join(&[b"N.", &b"\x80\x04(".repeat(30_000)]), None);
    check("beginnings of names", &join(&[b"N.", &b"ca".repeat(50_000)]), None);
    check("beginnings of marks", &join(&[b"N.", &b"((".repeat(50_000)]), None);
    check("zeros", &join(&[b"N.", &[0; 1_000_000]]), None);
    check("dangerous ones", &join(&[CALL, b"."]).repeat(10_000), Some(Verdict::Dangerous));
    check("memos of those before", &join(&[b"Np0\n.", &b"g0\n.".repeat(50_000)]), None);
    check("fetches of nothing", &b"\x80\x04h\0.".repeat(30_000), None);
}

#[test]
fn literals_within_literals() {
    let loads = |inner: &[u8]| join(&[HEADER, &text("pickle"), &text("loads"), b"\x93", &bytes(inner), b"\x85R."]);
    let deep = |levels| (0..levels).fold(b"N.".to_vec(), |inner, _| loads(&inner));
    check("deep", &deep(10), Some(Verdict::Dangerous));
    let report = super::scan(&deep(200));
    assert!(report.verdict() == Verdict::Dangerous && super::reaches_a_limit(&report), "{:#?}", report.findings);
    let head = join(&[HEADER, &text("pickle"), &text("loads"), b"\x93\x940", &bytes(&b"N.".repeat(20_000)), b"\x940"]);
    let wide = join(&[&head, &b"h\0h\x01\x85R0".repeat(10_000), b"N."]);
    check("one literal for many calls", &wide, Some(Verdict::Dangerous));
}

#[test]
fn what_inflates_a_thousandfold() {
    let stream = join(&[HEADER, &b"N0".repeat(2_000_000), b"N."]);
    let zipped = zlib(&stream);
    assert!(zipped.len() * 100 < stream.len());
    assert_eq!(bounded("opcodes", &zipped, stream.len()).verdict(), Clean);
    let payload = join(&[HEADER, b"B\0\0\0\x02", &vec![0; 2 << 24], b"."]);
    let (_, peak) = super::memory::peak(|| super::scan(&zlib(&payload)));
    assert!(peak < 8 << 20, "{peak} bytes for a payload that nobody looks at");
}

#[test]
fn elements_without_a_size_are_counted() {
    let header = |count: u64| {
        let text = format!("{{'descr': '|S0', 'fortran_order': False, 'shape': ({count},), }}\n");
        join(&[b"\x93NUMPY\x01\0", &u16::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()])
    };
    check("few", &header(1000), Some(Clean));
    check("more than memory", &header(1 << 40), Some(Verdict::Suspicious));
}
