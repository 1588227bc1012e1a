//! What many objects share is shown once: everything that `show` prints is in proportion to the file.

use super::bytes::{join, text};
use depickle::inspect::{self, Outline, tree};
use depickle::limits::Limits;
use std::collections::HashSet;

const MANY: usize = 2000;

fn global(module: &str, name: &str) -> Vec<u8> {
    join(&[&text(module), &text(name), b"\x93"])
}

/// `head`, then a list that `each` makes many times.
fn many(head: &[&[u8]], each: &[u8]) -> Vec<u8> {
    join(&[b"\x80\x04", &join(head), b"](", &each.repeat(MANY), b"e."])
}

/// A dict of many keys in the memo.
fn dict() -> Vec<u8> {
    let items: Vec<Vec<u8>> = (0..MANY).map(|number| join(&[&text(&format!("{number:05}")), b"K\x01"])).collect();
    join(&[b"}(", &items.concat(), b"u\x940"])
}

/// Nodes below all roots with each child of each counted, and bytes of the whole tree as it is printed.
fn outlined(bytes: &[u8]) -> (usize, usize) {
    let mut contents = inspect::open(bytes, &Limits::default()).unwrap();
    let outline = Outline::new(&mut contents);
    let mut count = 0;
    let mut open: Vec<_> = outline.roots().iter().filter_map(|root| root.node).collect();
    let mut met: HashSet<_> = open.iter().copied().collect();
    while let Some(node) = open.pop() {
        let children = outline.children(node);
        count += children.len();
        open.extend(children.iter().map(|child| child.node).filter(|&node| met.insert(node)));
    }
    let mut out = Vec::new();
    let cuts = inspect::Cuts { depth: usize::MAX, long: false };
    for node in outline.roots().iter().filter_map(|root| root.node) {
        tree::write(&mut out, &outline, ("root", node), cuts).unwrap();
    }
    (count, out.len())
}

#[test]
fn what_objects_share_is_shown_once() {
    let class = join(&[&global("package", "Class"), b"\x940"]);
    let tuple = join(&[b"(", &b"K\x01".repeat(MANY), b"t\x940"]);
    let long = join(&[b"X", &100_000_u32.to_le_bytes(), &vec![b'a'; 100_000], b"\x940"]);
    let line = join(&[b"V", &vec![b'a'; 100_000], b"\n\x940"]);
    for (name, bytes) in [
        ("arguments of calls", many(&[&class, &tuple], b"h\x00h\x01R")),
        ("arguments of __new__", many(&[&class, &tuple], b"h\x00h\x01\x81")),
        ("keyword arguments", many(&[&class, &dict()], b"h\x00)h\x01\x92")),
        ("a state", many(&[&class, &dict()], b"h\x00)\x81h\x01b")),
        ("a state in a pair", many(&[&class, &dict()], b"h\x00)\x81h\x01N\x86b")),
        ("slots", many(&[&class, &dict()], b"h\x00)\x81Nh\x01\x86b")),
        ("a long text", many(&[&class, &long], b"h\x01")),
        ("a long line", many(&[&class, &line], b"h\x01")),
    ] {
        let (children, printed) = outlined(&bytes);
        assert!(children >= MANY, "{name}: {children} children");
        assert!(children <= 2 * bytes.len(), "{name}: {children} children in {} bytes", bytes.len());
        assert!(printed <= 40 * bytes.len(), "{name}: {printed} bytes printed of {}", bytes.len());
    }
}
