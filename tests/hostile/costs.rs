//! What loading costs far beyond the size of the file is suspicious from one step on; what costs a step less is not.

use super::scan;
use depickle::finding::Verdict;

/// `count` times the number 1, in a tuple on top of the stack.
fn ones(count: usize) -> Vec<u8> {
    [b"(".as_slice(), &b"K\x01".repeat(count), b"t"].concat()
}

/// A dictionary whose one key is a tuple of 999 tuples of 999 numbers, and `further` numbers: a million values less 999,
/// and these.
fn key(further: usize) -> Vec<u8> {
    let rest = b"K\x01".repeat(further);
    let tuple = [ones(999).as_slice(), b"q\x000(", &b"h\x00".repeat(999), &rest, b"t"].concat();
    [b"\x80\x02}".as_slice(), &tuple, b"Ns."].concat()
}

fn number(opcode: u8, digits: usize, end: &[u8]) -> Vec<u8> {
    [&[opcode], b"1".repeat(digits).as_slice(), end, b"."].concat()
}

fn memo(index: u32) -> Vec<u8> {
    [b"\x80\x02Nr".as_slice(), &index.to_le_bytes(), b"."].concat()
}

/// Slices in each other.
fn slices(depth: usize) -> Vec<u8> {
    let further = b"q\x010h\x00h\x01NN\x87R".repeat(depth - 1);
    [b"\x80\x02cbuiltins\nslice\nq\x00NNN\x87R".as_slice(), &further, b"."].concat()
}

/// A dictionary whose one key are tuples in each other.
fn tuples(depth: usize) -> Vec<u8> {
    [b"\x80\x02}N".as_slice(), &b"\x85".repeat(depth), b"Ns."].concat()
}

#[test]
fn what_costs_too_much_is_suspicious_and_what_costs_a_step_less_is_not() {
    for (name, least, most) in [
        ("a key of a million values", key(999), key(1000)),
        ("an INT of 100,000 bytes", number(b'I', 99_998, b"\n"), number(b'I', 99_999, b"\n")),
        ("a LONG of 100,000 bytes", number(b'L', 99_997, b"L\n"), number(b'L', 99_998, b"L\n")),
        ("an index for which 64 MiB and 64 times the file are allocated", memo(4_194_340), memo(4_194_341)),
        ("2000 objects in each other", slices(2000), slices(2001)),
        ("2000 tuples in a key", tuples(2000), tuples(2001)),
    ] {
        let report = scan(&least);
        assert_eq!(report.verdict(), Verdict::Clean, "{name}: {:?}", report.findings);
        let report = scan(&most);
        let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!((report.verdict(), rules.as_slice()), (Verdict::Suspicious, ["load-cost"].as_slice()), "{name}");
    }
}

#[test]
fn tuples_in_a_key_are_counted_beside_a_number_too() {
    // The number stands where a tuple has its index.
    let report = scan(&[b"\x80\x02K\x01q\x000}N".as_slice(), &b"\x85".repeat(2000), b"h\x00\x86Ns."].concat());
    assert_eq!(report.verdict(), Verdict::Suspicious, "{:?}", report.findings);
}

/// A dictionary with so many keys: multiples of the prime that CPython reduces ints by (`_PyHASH_MODULUS`), or of that
/// less two, each between the two parts of `key`.
fn multiples(count: u64, collide: bool, key: &[&[u8]; 2]) -> Vec<u8> {
    let step = if collide { (1 << 61) - 1 } else { (1 << 61) - 3 };
    let long = |times: u64| [b"\x8a\x0a".as_slice(), &(u128::from(times) * step).to_le_bytes()[..10]].concat();
    let pair = |times| [key[0], &long(times), key[1], b"N"].concat();
    let pairs: Vec<u8> = (1..=count).flat_map(pair).collect();
    [b"\x80\x02}(".as_slice(), &pairs, b"u."].concat()
}

#[test]
fn a_thousand_keys_of_one_hash_are_looked_at_and_one_more_is_suspicious() {
    for key in [
        [b"".as_slice(), b"".as_slice()],
        [b"", b"\x85"],
        [b"K\x01", b"\x86"],
        // What is salted does not help where it is the same in all of them.
        [b"X\x01\0\0\0a", b"\x86"],
        [b"N", b"G\0\0\0\0\0\0\0\0\x87"],
        [b"\x88", b"\x86"],
        [b"C\x01x", b"\x86"],
        // Nor do tuples in tuples.
        [b"K\x01", b"\x85K\x02\x87"],
    ] {
        let name = key[0].escape_ascii();
        for (count, collide, expected) in
            [(1000, true, Verdict::Clean), (1001, true, Verdict::Suspicious), (2000, false, Verdict::Clean)]
        {
            let report = scan(&multiples(count, collide, &key));
            assert_eq!(report.verdict(), expected, "{name}, {count}, {collide}: {:?}", report.findings);
        }
    }
}
