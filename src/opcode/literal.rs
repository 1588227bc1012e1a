//! What a literal opcode stands for, decoded from its position when someone asks.

use super::reader::{Arg, Dialect, Reader};
use super::table::{ArgumentKind, Opcode};
use super::text::{self, Number};
use super::window::{SliceWindow, Source};
use std::borrow::Cow;

/// The value of a literal opcode.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal<'a> {
    /// `None`.
    None,
    /// A boolean.
    Bool(bool),
    /// An int that fits.
    Int(i64),
    /// An int that does not: two's complement, little endian.
    BigInt(&'a [u8]),
    /// An int that does not fit, as its decimal or prefixed text.
    BigText(&'a [u8]),
    /// A float.
    Float(f64),
    /// Text, in UTF-8 in which a lone surrogate stands as three bytes.
    Str(Cow<'a, [u8]>),
    /// A string of Python 2: bytes, or text in the encoding that the reader is given.
    ByteStr(Cow<'a, [u8]>),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A bytearray, as it was when it was made.
    ByteArray(&'a [u8]),
    /// Bytes or a bytearray that were stepped over; this many.
    Absent(u64),
}

/// The literal whose opcode stands at `position`; `None` where no literal opcode stands there.
pub fn literal<'a>(source: Source<'a>, position: usize, dialect: Dialect) -> Option<Literal<'a>> {
    if let Some(len) = absent(source, position) {
        return Some(Literal::Absent(len));
    }
    if let Some(literal) = counted(source, position) {
        return Some(literal);
    }
    let bytes = source.bytes;
    let op = Reader::new(SliceWindow::new(bytes), position, dialect).next_op().ok()?;
    let run = |arg| if let Arg::Bytes(run) = arg { Some(source.slice(run.at, run.len)) } else { None };
    let number = |number| match number {
        Number::Bool(value) => Literal::Bool(value),
        Number::Int(value) => Literal::Int(value),
        Number::Big => {
            let line = bytes.get(position.saturating_add(1)..).unwrap_or_default();
            let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
            Literal::BigText(line.get(..end).unwrap_or_default())
        }
    };
    Some(match (op.opcode, op.arg) {
        (Opcode::None, _) => Literal::None,
        (Opcode::NewTrue, _) => Literal::Bool(true),
        (Opcode::NewFalse, _) => Literal::Bool(false),
        (Opcode::BinInt | Opcode::BinInt1 | Opcode::BinInt2, Arg::Int(value)) => Literal::Int(value),
        (Opcode::Int | Opcode::Long, Arg::Number(value)) => number(value),
        (Opcode::Float | Opcode::BinFloat, Arg::Float(value)) => Literal::Float(value),
        (Opcode::String, arg) => Literal::ByteStr(text::unescape(run(arg)?)?),
        (Opcode::Unicode, arg) => Literal::Str(text::raw_unicode_escape(run(arg)?)?),
        (Opcode::PersId, arg) => Literal::Str(Cow::Borrowed(run(arg)?)),
        _ => return None,
    })
}

/// A literal whose length stands in front of it. What it holds was checked when it was read, and is not looked at: many
/// may refer to it.
fn counted(source: Source<'_>, position: usize) -> Option<Literal<'_>> {
    let opcode = Opcode::from_byte(*source.bytes.get(position)?)?;
    let width = usize::try_from(opcode.info().argument.length_width()?).ok()?;
    let header = position.checked_add(1)?;
    let payload = header.checked_add(width)?;
    let mut len = [0; 8];
    len.get_mut(..width)?.copy_from_slice(source.bytes.get(header..payload)?);
    let end = payload.checked_add(usize::try_from(u64::from_le_bytes(len)).ok()?)?;
    let run = source.bytes.get(payload..end)?;
    Some(match opcode {
        Opcode::Long1 | Opcode::Long4 => long(run),
        Opcode::BinString | Opcode::ShortBinString => Literal::ByteStr(Cow::Borrowed(run)),
        Opcode::ShortBinUnicode | Opcode::BinUnicode | Opcode::BinUnicode8 => Literal::Str(Cow::Borrowed(run)),
        Opcode::ShortBinBytes | Opcode::BinBytes | Opcode::BinBytes8 => Literal::Bytes(run),
        Opcode::ByteArray8 => Literal::ByteArray(run),
        _ => return None,
    })
}

/// The length of a payload that was stepped over.
fn absent(source: Source<'_>, position: usize) -> Option<u64> {
    if source.gaps.is_empty() {
        return None;
    }
    let kind = Opcode::from_byte(*source.bytes.get(position)?)?.info().argument;
    let width = match kind {
        ArgumentKind::Bytes4 | ArgumentKind::SignedBytes4 | ArgumentKind::Long4 => 4_usize,
        ArgumentKind::Bytes8 => 8,
        _ => return None,
    };
    let header = position.checked_add(1)?;
    let payload = header.checked_add(width)?;
    if !source.is_gap(payload) {
        return None;
    }
    let mut len = [0; 8];
    len.get_mut(..width)?.copy_from_slice(source.bytes.get(header..payload)?);
    // The gap behind an empty payload belongs to whatever follows it.
    Some(u64::from_le_bytes(len)).filter(|&len| len > 0)
}

/// A little-endian two's complement number.
fn long(bytes: &[u8]) -> Literal<'_> {
    let Some(&last) = bytes.last() else { return Literal::Int(0) };
    let mut wide = if last >= 0x80 { [0xff; 8] } else { [0; 8] };
    match wide.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(bytes);
            Literal::Int(i64::from_le_bytes(wide))
        }
        None => Literal::BigInt(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_start(bytes: &[u8]) -> Option<Literal<'_>> {
        literal(Source { bytes, ..Source::default() }, 0, Dialect::C)
    }

    #[test]
    fn literals_are_decoded_where_they_stand() {
        assert_eq!(at_start(b"\x8a\x01\xff"), Some(Literal::Int(-1)));
        assert_eq!(at_start(b"\x8a\x00"), Some(Literal::Int(0)));
        assert_eq!(at_start(b"I01\n"), Some(Literal::Bool(true)));
        assert_eq!(at_start(b"S'a\\x41'\n"), Some(Literal::ByteStr(Cow::Owned(b"aA".to_vec()))));
        assert_eq!(at_start(b"C\x02ab"), Some(Literal::Bytes(b"ab")));
        assert_eq!(at_start(b"L99999999999999999999L\n"), Some(Literal::BigText(b"99999999999999999999L")));
        assert_eq!(at_start(b"."), None);
    }
}
