//! The words of JSON: numbers, texts, and what a text is without its escapes.

use super::json::{Item, Kind, position};
use super::malformed;
use crate::error::{Error, Result};
use std::borrow::Cow;

/// What is still to be read.
pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn next(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    pub(super) fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.next();
        }
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        if is_there {
            self.next();
        }
        is_there
    }

    pub(super) fn expected(&self, what: &str) -> Error {
        malformed(position(self.at), format!("it is not JSON: here should be {what}"))
    }

    pub(super) fn word(&mut self, word: &str) -> bool {
        let is_there = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if is_there {
            self.at = self.at.saturating_add(word.len());
        }
        is_there
    }

    /// A scalar, or the beginning of a container.
    pub(super) fn value(&mut self) -> Result<Item> {
        let begin = self.at;
        let kind = match self.peek() {
            Some(b'"') => return self.key(),
            Some(b'[') => {
                self.next();
                Kind::Array
            }
            Some(b'{') => {
                self.next();
                Kind::Object
            }
            Some(b'n') if self.word("null") => Kind::Null,
            Some(b't') if self.word("true") => Kind::True,
            Some(b'f') if self.word("false") => Kind::False,
            Some(b'N') if self.word("NaN") => Kind::Float,
            Some(b'I') if self.word("Infinity") => Kind::Float,
            Some(b'-') if self.word("-Infinity") => Kind::Float,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.expected("a value")),
        };
        let start = position(begin);
        Ok(Item { kind, at: start, start, len: position(self.at).saturating_sub(start) })
    }

    pub(super) fn digits(&mut self) -> bool {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.next();
        }
        self.at > begin
    }

    /// `(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?`: what does not fit is not part of the number.
    pub(super) fn number(&mut self) -> Result<Kind> {
        self.eat(b'-');
        if !self.eat(b'0') && !self.digits() {
            return Err(self.expected("a value"));
        }
        let mut kind = Kind::Int;
        let end = self.at;
        if self.eat(b'.') {
            if self.digits() { kind = Kind::Float } else { self.at = end }
        }
        let end = self.at;
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'-') || self.eat(b'+');
            if self.digits() { kind = Kind::Float } else { self.at = end }
        }
        Ok(kind)
    }

    /// A text.
    pub(super) fn key(&mut self) -> Result<Item> {
        let at = position(self.at);
        if !self.eat(b'"') {
            return Err(self.expected("a text"));
        }
        let begin = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.next();
                    match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.next(),
                        Some(b'u') => {
                            self.next();
                            for _ in 0..4 {
                                if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                                    return Err(self.expected("four hexadecimal digits"));
                                }
                                self.next();
                            }
                        }
                        _ => return Err(self.expected("an escape that JSON has")),
                    }
                }
                Some(0..=0x1f) | None => return Err(self.expected("the end of a text")),
                Some(_) => self.next(),
            }
        }
        let item = Item { kind: Kind::Str, at, start: position(begin), len: position(self.at.saturating_sub(begin)) };
        self.next();
        Ok(item)
    }
}

/// A text without its escapes.
pub(super) fn unescaped(written: &[u8]) -> Cow<'_, [u8]> {
    if !written.contains(&b'\\') {
        return Cow::Borrowed(written);
    }
    let mut out = Vec::with_capacity(written.len());
    let mut rest = written;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else { break };
        rest = after;
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let high = unit(rest);
                rest = rest.get(4..).unwrap_or_default();
                let low = rest.strip_prefix(b"\\u").map(unit).filter(|low| (0xdc00..0xe000).contains(low));
                let code = match low {
                    Some(low) if (0xd800..0xdc00).contains(&high) => {
                        rest = rest.get(6..).unwrap_or_default();
                        0x1_0000_u32.saturating_add((high & 0x3ff) << 10 | (low & 0x3ff))
                    }
                    _ => high,
                };
                encode(&mut out, code);
            }
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// Four hexadecimal digits.
fn unit(digits: &[u8]) -> u32 {
    let digits = digits.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

/// A character, or a lone surrogate as three bytes.
fn encode(out: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let low = |shift: u32| u8::try_from(code >> shift & 0x3f).unwrap_or(0) | 0x80;
            out.extend([0xe0 | u8::try_from(code >> 12 & 0xf).unwrap_or(0), low(6), low(0)]);
        }
    }
}
