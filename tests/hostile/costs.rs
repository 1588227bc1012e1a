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
