//! A listing of a stream for people, and a count of its opcodes: straight from the table, no semantics.

use depickle::opcode::table::{ArgumentKind as Kind, OpcodeInfo, info};
use std::fmt::Write as _;

/// The opcodes of a stream up to its end, its first byte that is no opcode, or its first cut argument.
pub(crate) fn opcodes(bytes: &[u8]) -> impl Iterator<Item = (usize, &'static OpcodeInfo, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let row = info(*bytes.get(at)?)?;
        let rest = &bytes[at + 1..];
        let len = argument(row.argument, rest)?;
        let found = (at, row, rest.get(..len)?);
        at += 1 + len;
        Some(found)
    })
}

/// How many bytes the argument takes.
fn argument(kind: Kind, rest: &[u8]) -> Option<usize> {
    let line = |from: usize| Some(from + rest.get(from..)?.iter().position(|byte| *byte == b'\n')? + 1);
    let counted = |width: usize| {
        let mut count = [0; 8];
        count[..width].copy_from_slice(rest.get(..width)?);
        usize::try_from(u64::from_le_bytes(count)).ok()?.checked_add(width)
    };
    match kind {
        Kind::None => Some(0),
        Kind::U1 => Some(1),
        Kind::U2 => Some(2),
        Kind::U4 | Kind::I4 => Some(4),
        Kind::U8 | Kind::F8 => Some(8),
        Kind::IntLine
        | Kind::LongLine
        | Kind::FloatLine
        | Kind::StringLine
        | Kind::UnicodeLine
        | Kind::PersidLine
        | Kind::IndexLine => line(0),
        Kind::NameLines => line(line(0)?),
        Kind::Long1 | Kind::Bytes1 | Kind::Text1 => counted(1),
        Kind::Long4 | Kind::Bytes4 | Kind::SignedBytes4 | Kind::Text4 => counted(4),
        Kind::Bytes8 | Kind::Text8 => counted(8),
    }
}

/// One line per opcode: offset, name, argument escaped.
pub(crate) fn listing(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut end = 0;
    for (at, row, argument) in opcodes(bytes) {
        end = at + 1 + argument.len();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{at:6}: {:16} {}", row.name, argument.escape_ascii());
    }
    if end < bytes.len() {
        let _ = writeln!(text, "{end:6}: (not read on) {}", bytes[end..].escape_ascii());
    }
    text
}
