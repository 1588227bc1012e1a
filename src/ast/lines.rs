//! Long arguments of the text opcodes, decoded once however many values refer to them.
//!
//! An argument that stands on a line of its own has to be searched for its end and often unescaped. A stream may put one
//! of a megabyte into its memo and fetch it a million times.

use super::value::Value;
use crate::opcode::{Dialect, Literal, Opcode, Source, literal};
use elsa::FrozenMap;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Lines of more bytes are kept.
const LONG: usize = 1 << 10;

/// The decoded lines of one stream, by position. Most streams have none that are long.
#[derive(Default)]
pub(super) struct Lines(OnceCell<Box<FrozenMap<usize, Box<Line>>>>);

enum Line {
    /// Text or a number.
    Decoded(Literal<'static>),
    /// A number as its digits; so many of them.
    Digits(usize),
    /// Nothing that can be decoded.
    Nothing,
}

impl Lines {
    /// How many are kept.
    fn len(&self) -> usize {
        self.0.get().map_or(0, |lines| lines.len())
    }

    /// The literal that `value` is.
    pub(super) fn literal<'a>(&'a self, value: Value, source: Source<'a>, dialect: Dialect) -> Option<Literal<'a>> {
        let at = value.index();
        if !is_long(source.bytes, at) {
            return literal(source, at, dialect);
        }
        let lines = self.0.get_or_init(Box::default);
        let line = match lines.get(&at) {
            Some(line) => line,
            None => lines.insert(at, Box::new(keep(literal(source, at, dialect)))),
        };
        match line {
            Line::Decoded(Literal::Str(text)) => Some(Literal::Str(Cow::Borrowed(text))),
            Line::Decoded(Literal::ByteStr(text)) => Some(Literal::ByteStr(Cow::Borrowed(text))),
            Line::Decoded(short) => Some(short.clone()),
            Line::Digits(len) => Some(Literal::BigText(source.slice(at.saturating_add(1), *len))),
            Line::Nothing => None,
        }
    }
}

/// Whether the opcode at `at` has a line behind it that is long.
fn is_long(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let opcode = rest.first().and_then(|&byte| Opcode::from_byte(byte));
    let has_line = opcode.is_some_and(|opcode| opcode.info().argument.is_line());
    has_line && rest.get(..LONG).is_some_and(|head| memchr::memchr(b'\n', head).is_none())
}

fn keep(literal: Option<Literal<'_>>) -> Line {
    match literal {
        Some(Literal::Str(text)) => Line::Decoded(Literal::Str(Cow::Owned(text.into_owned()))),
        Some(Literal::ByteStr(text)) => Line::Decoded(Literal::ByteStr(Cow::Owned(text.into_owned()))),
        Some(Literal::Int(number)) => Line::Decoded(Literal::Int(number)),
        Some(Literal::Float(number)) => Line::Decoded(Literal::Float(number)),
        Some(Literal::Bool(value)) => Line::Decoded(Literal::Bool(value)),
        Some(Literal::BigText(digits)) => Line::Digits(digits.len()),
        // No other opcode has a line behind it.
        Some(_) | None => Line::Nothing,
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("kept", &self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Kind;

    #[test]
    fn a_long_line_is_decoded_once_and_reads_as_a_short_one_does() {
        let long = "7".repeat(2000);
        for (bytes, kind) in [
            (format!("V\\u0041{long}\n"), Kind::Str),
            (format!("S'{long}'\n"), Kind::ByteStr),
            (format!("L{long}L\n"), Kind::Int),
            (format!("F0.{long}\n"), Kind::Float),
            (format!("I{}7\n", " ".repeat(2000)), Kind::Int),
            (format!("V{long}"), Kind::Str),
        ] {
            let (lines, source) = (Lines::default(), Source { bytes: bytes.as_bytes(), ..Source::default() });
            let value = Value::new(kind, 0);
            let first = lines.literal(value, source, Dialect::C);
            assert_eq!(first, literal(source, 0, Dialect::C), "{}", &bytes[..8]);
            assert_eq!(lines.literal(value, source, Dialect::C), first);
            assert_eq!(lines.len(), 1);
        }
        let (lines, source) = (Lines::default(), Source { bytes: b"Va\n", ..Source::default() });
        assert!(lines.literal(Value::new(Kind::Str, 0), source, Dialect::C).is_some());
        assert_eq!(lines.len(), 0);
    }
}
