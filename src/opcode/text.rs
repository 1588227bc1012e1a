//! The text forms of protocol 0, by the rules of CPython's two engines.
//!
//! Sources: `Modules/_pickle.c` (`load_int`, `load_long`, `load_float`, `load_string`, `load_get`, `load_put`),
//! `Lib/pickle.py` (the same names), `Objects/longobject.c` (`PyLong_FromString`), `Objects/bytesobject.c`
//! (`_PyBytes_DecodeEscape`), `Objects/unicodeobject.c` (`_PyUnicode_DecodeRawUnicodeEscapeStateful`).
//! A line is given without its newline.

use super::{Dialect, Engine};
use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_while, take_while_m_n, take_while1};
use nom::character::complete::one_of;
use nom::combinator::{opt, recognize, value};
use nom::multi::many0_count;
use nom::{IResult, Parser};
use std::borrow::Cow;

/// A number as a text line gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// A boolean.
    Bool(bool),
    /// An int that fits.
    Int(i64),
    /// An int that does not.
    Big,
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// The part of a line that C code sees: up to the first NUL.
fn until_nul(line: &[u8]) -> &[u8] {
    memchr::memchr(0, line).and_then(|end| line.get(..end)).unwrap_or(line)
}

/// An int as honest writers write it, at the beginning of `bytes`: digits without a leading zero, `suffix` if it stands
/// there, a newline. INT, LONG and an index mean the same by it, to both engines; of any other line this says nothing.
/// Answers the length of the line, too.
#[inline]
pub fn plain_int(bytes: &[u8], suffix: Option<u8>) -> Option<(i64, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let begin = usize::from(negative);
    let mut total = 0_i64;
    // Eighteen digits fit.
    for (digits, &byte) in bytes.get(begin..)?.iter().take(19).enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let end = begin.saturating_add(digits);
            let len = end.saturating_add(usize::from(Some(byte) == suffix));
            // A zero stands alone and has no sign.
            let zero = bytes.get(begin) == Some(&b'0') && (negative || digits > 1);
            if digits == 0 || zero || bytes.get(len) != Some(&b'\n') {
                return None;
            }
            return Some((if negative { total.wrapping_neg() } else { total }, len));
        }
        total = total.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    None
}

/// A float as honest writers write it, the same to both engines: a finite number in decimal.
pub fn plain_float(line: &[u8]) -> Option<f64> {
    let numeric = line.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-'));
    let number: f64 = std::str::from_utf8(line).ok().filter(|_| numeric)?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The argument of INT.
pub fn int(line: &[u8], dialect: Dialect) -> Option<Number> {
    let base = base(dialect);
    match dialect.engine {
        // `load_int` demands two bytes, newline included.
        Engine::C if line.is_empty() => None,
        Engine::C => match strtol(line, base) {
            Some(number @ (0 | 1)) if line.len() == 2 => Some(Number::Bool(number == 1)),
            Some(number) => Some(Number::Int(number)),
            None => python_int(until_nul(line), base),
        },
        Engine::Python => match line {
            b"00" => Some(Number::Bool(false)),
            b"01" => Some(Number::Bool(true)),
            _ => python_int(line, base),
        },
    }
}

/// The argument of LONG.
pub fn long(line: &[u8], dialect: Dialect) -> Option<Number> {
    let digits = line.strip_suffix(b"L").unwrap_or(line);
    match dialect.engine {
        Engine::C => python_int(until_nul(digits), base(dialect)),
        Engine::Python => python_int(digits, base(dialect)),
    }
}

/// The argument of GET and PUT: an index in decimal.
pub fn index(line: &[u8], dialect: Dialect) -> Option<Number> {
    match dialect.engine {
        Engine::C => python_int(until_nul(line), 10),
        Engine::Python => python_int(line, 10),
    }
}

/// The base of INT and LONG: 0 means the one that the number's prefix says.
fn base(dialect: Dialect) -> u32 {
    if dialect.decimal { 10 } else { 0 }
}

/// `strtol(line, &end, base)` where it converts and ends at the end of the line or at a NUL.
fn strtol(line: &[u8], base: u32) -> Option<i64> {
    // Without digits strtol answers 0 and stops at the start, which is an end only when a NUL stands there.
    if line.first() == Some(&0) {
        return Some(0);
    }
    let text = until_nul(line);
    let start = text.iter().position(|&byte| !is_space(byte))?;
    let (digits, negative) = sign(text.get(start..)?).ok()?;
    let (digits, base) = match digits {
        [b'0', b'x' | b'X', rest @ ..] if base == 0 => (rest, 16),
        [b'0', ..] if base == 0 => (digits, 8),
        _ => (digits, 10),
    };
    if digits.is_empty() {
        return None;
    }
    fold(digits.iter().copied(), base, negative)
}

/// The value of digits in `base`; `None` where one is no digit or the value does not fit.
fn fold(digits: impl Iterator<Item = u8>, base: u32, negative: bool) -> Option<i64> {
    let mut total: i64 = 0;
    for byte in digits {
        let digit = i64::from(char::from(byte).to_digit(base)?);
        total = total.checked_mul(i64::from(base))?;
        total = if negative { total.checked_sub(digit)? } else { total.checked_add(digit)? };
    }
    Some(total)
}

fn sign(text: &[u8]) -> IResult<&[u8], bool> {
    opt(one_of("+-")).map(|sign| sign == Some('-')).parse_complete(text)
}

/// Digits of `base`, single underscores between them.
fn digits(base: u32) -> impl FnMut(&[u8]) -> IResult<&[u8], &[u8]> {
    move |text| {
        let run = || take_while1(move |byte: u8| char::from(byte).is_digit(base));
        recognize((run(), many0_count((tag("_"), run())))).parse_complete(text)
    }
}

/// `int(text, base)` for base 0 or 10, the whole of `text`.
fn python_int(text: &[u8], base: u32) -> Option<Number> {
    let (text, _) = take_while::<_, _, nom::error::Error<_>>(is_space).parse_complete(text).ok()?;
    let (text, negative) = sign(text).ok()?;
    let (text, base, zero_only) = match (base, text) {
        (0, [b'0', b'x' | b'X', rest @ ..]) => (rest.strip_prefix(b"_").unwrap_or(rest), 16, false),
        (0, [b'0', b'o' | b'O', rest @ ..]) => (rest.strip_prefix(b"_").unwrap_or(rest), 8, false),
        (0, [b'0', b'b' | b'B', rest @ ..]) => (rest.strip_prefix(b"_").unwrap_or(rest), 2, false),
        // In base 0 a leading zero is allowed only where the number is zero.
        (0, [b'0', ..]) => (text, 10, true),
        _ => (text, 10, false),
    };
    let (rest, run) = digits(base)(text).ok()?;
    if !rest.iter().copied().all(is_space) {
        return None;
    }
    let number = fold(run.iter().copied().filter(|&byte| byte != b'_'), base, negative);
    match number {
        Some(number) if zero_only && number != 0 => None,
        Some(number) => Some(Number::Int(number)),
        None if zero_only => None,
        None => Some(Number::Big),
    }
}

/// The argument of FLOAT.
pub fn float(line: &[u8], dialect: Dialect) -> Option<f64> {
    match dialect.engine {
        Engine::C => {
            let number = decimal(until_nul(line))?;
            // PyOS_string_to_double raises OverflowError where the text is finite and the value is not.
            let finite = until_nul(line).iter().any(u8::is_ascii_digit);
            (number.is_finite() || !finite).then_some(number)
        }
        Engine::Python => {
            let start = line.iter().position(|&byte| !is_space(byte))?;
            let end = line.iter().rposition(|&byte| !is_space(byte))?;
            let text = line.get(start..=end)?;
            if !text.contains(&b'_') {
                return decimal(text);
            }
            // An underscore stands between two digits.
            let joins = |at: usize| {
                let before = at.checked_sub(1).and_then(|before| text.get(before));
                let after = at.checked_add(1).and_then(|after| text.get(after));
                before.is_some_and(u8::is_ascii_digit) && after.is_some_and(u8::is_ascii_digit)
            };
            let good = text.iter().enumerate().all(|(at, &byte)| byte != b'_' || joins(at));
            let plain: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'_').collect();
            good.then(|| decimal(&plain)).flatten()
        }
    }
}

/// A decimal number, `inf`, `infinity` or `nan`, nothing around it.
fn decimal(text: &[u8]) -> Option<f64> {
    let unsigned = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    let named = [b"inf".as_slice(), b"infinity", b"nan"].iter().any(|name| unsigned.eq_ignore_ascii_case(name));
    let numeric = unsigned.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    // Rust's grammar is that of C without hexadecimal and without blanks.
    if named || numeric { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

/// What stands between the quotes of STRING: where it begins in the line, and how long it is.
pub fn quoted(line: &[u8]) -> Option<&[u8]> {
    match line {
        [open @ (b'\'' | b'"'), inner @ .., close] if open == close => Some(inner),
        _ => None,
    }
}

/// One piece of a quoted string: bytes as they are, or an escape.
fn string_piece(text: &[u8]) -> IResult<&[u8], Cow<'_, [u8]>> {
    let byte = |byte: u8| Cow::Owned(vec![byte]);
    let simple = alt((
        value(Cow::Borrowed(b"".as_slice()), tag("\n")),
        value(Cow::Borrowed(b"\\".as_slice()), tag("\\")),
        value(Cow::Borrowed(b"'".as_slice()), tag("'")),
        value(Cow::Borrowed(b"\"".as_slice()), tag("\"")),
        value(Cow::Borrowed(b"\x07".as_slice()), tag("a")),
        value(Cow::Borrowed(b"\x08".as_slice()), tag("b")),
        value(Cow::Borrowed(b"\x0c".as_slice()), tag("f")),
        value(Cow::Borrowed(b"\n".as_slice()), tag("n")),
        value(Cow::Borrowed(b"\r".as_slice()), tag("r")),
        value(Cow::Borrowed(b"\t".as_slice()), tag("t")),
        value(Cow::Borrowed(b"\x0b".as_slice()), tag("v")),
    ));
    let octal = take_while_m_n(1, 3, |digit: u8| matches!(digit, b'0'..=b'7')).map_opt(move |digits: &[u8]| {
        // \400 and above wrap around, as in CPython.
        fold(digits.iter().copied(), 8, false).and_then(|code| u8::try_from(code & 0xff).ok()).map(byte)
    });
    let hex = (tag("x"), take_while_m_n(2, 2, |digit: u8| digit.is_ascii_hexdigit())).map_opt(
        move |(_, digits): (_, &[u8])| {
            fold(digits.iter().copied(), 16, false).and_then(|code| u8::try_from(code).ok()).map(byte)
        },
    );
    // An unknown escape stays as it is, backslash included.
    let unknown = |text| {
        let (rest, next): (&[u8], &[u8]) = take(1_usize)(text)?;
        match next {
            b"x" => Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Escaped))),
            _ => Ok((rest, Cow::Owned([b"\\", next].concat()))),
        }
    };
    let escape = (tag("\\"), alt((simple, octal, hex, unknown))).map(|(_, piece)| piece);
    alt((take_while1(|byte| byte != b'\\').map(Cow::Borrowed), escape)).parse_complete(text)
}

/// The bytes that a quoted string stands for (`codecs.escape_decode`); `None` where an escape is broken.
pub fn unescape(quoted: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !quoted.contains(&b'\\') {
        return Some(Cow::Borrowed(quoted));
    }
    let mut out = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while !rest.is_empty() {
        let (left, piece) = string_piece(rest).ok()?;
        out.extend_from_slice(&piece);
        rest = left;
    }
    Some(Cow::Owned(out))
}

/// The text of a UNICODE line (codec `raw-unicode-escape`), as UTF-8 in which lone surrogates stand as three bytes
/// each; `None` where an escape is broken.
pub fn raw_unicode_escape(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    if line.is_ascii() && !line.contains(&b'\\') {
        return Some(Cow::Borrowed(line));
    }
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            push_code(&mut out, u32::from(byte));
            continue;
        }
        let digits = match tail.first() {
            Some(b'u') => 4_usize,
            Some(b'U') => 8,
            // A backslash takes the next byte with it, so that an even number of them escapes nothing.
            Some(&next) => {
                out.push(b'\\');
                push_code(&mut out, u32::from(next));
                rest = tail.get(1..)?;
                continue;
            }
            None => {
                out.push(b'\\');
                continue;
            }
        };
        let digits = tail.get(1..digits.checked_add(1)?)?;
        let code = u32::try_from(fold(digits.iter().copied(), 16, false)?).ok().filter(|&code| code <= 0x0010_ffff)?;
        push_code(&mut out, code);
        rest = tail.get(digits.len().checked_add(1)?..)?;
    }
    Some(Cow::Owned(out))
}

/// Appends a code point, a surrogate as three bytes.
pub fn push_code(out: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let low = |shift: u32| u8::try_from((code >> shift) & 0x3f).unwrap_or(0) | 0x80;
            out.extend_from_slice(&[0xe0 | u8::try_from((code >> 12) & 0xf).unwrap_or(0), low(6), low(0)]);
        }
    }
}

/// Whether bytes are UTF-8 in which surrogates may stand as three bytes each (codec `utf-8`, errors `surrogatepass`).
pub fn is_text(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(_) => return true,
            Err(error) => match rest.get(error.valid_up_to()..) {
                Some([0xed, 0xa0..=0xbf, 0x80..=0xbf, tail @ ..]) => rest = tail,
                _ => return false,
            },
        }
    }
}

/// Text with every lone surrogate written as `\ud800`: what reports may hold.
pub fn printable(text: &[u8]) -> Cow<'_, str> {
    let mut error = match std::str::from_utf8(text) {
        Ok(text) => return Cow::Borrowed(text),
        Err(error) => error,
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (valid, tail) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, b""));
        out.push_str(&String::from_utf8_lossy(valid));
        rest = match tail {
            [0xed, high @ 0xa0..=0xbf, low @ 0x80..=0xbf, after @ ..] => {
                let code = 0xd000 | (u32::from(*high & 0x3f) << 6) | u32::from(*low & 0x3f);
                out.push_str(&format!("\\u{code:04x}"));
                after
            }
            [byte, after @ ..] => {
                out.push_str(&format!("\\x{byte:02x}"));
                after
            }
            [] => return Cow::Owned(out),
        };
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                out.push_str(valid);
                return Cow::Owned(out);
            }
            Err(next) => error = next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    const C: Dialect = Dialect::C;
    const PYTHON: Dialect = Dialect::PYTHON;

    const fn some(number: i64) -> Option<Number> {
        Some(Number::Int(number))
    }

    #[test]
    fn ints_are_read_as_each_engine_does() {
        let rows: [(&[u8], Option<Number>, Option<Number>); 24] = [
            (b"00", Some(Number::Bool(false)), Some(Number::Bool(false))),
            (b"01", Some(Number::Bool(true)), Some(Number::Bool(true))),
            (b"+1", Some(Number::Bool(true)), some(1)),
            (b" 0", Some(Number::Bool(false)), some(0)),
            (b"1\0", Some(Number::Bool(true)), None),
            (b"\0", some(0), None),
            (b"1 ", some(1), some(1)),
            (b"1\x0b", some(1), some(1)),
            (b"\x0b1", Some(Number::Bool(true)), some(1)),
            (b"02", some(2), None),
            (b"010", some(8), None),
            (b"08", None, None),
            (b"0_1", None, None),
            (b"0_0", some(0), some(0)),
            (b"0x10", some(16), some(16)),
            (b"0x_f", some(15), some(15)),
            (b"0o17", some(15), some(15)),
            (b"0b11", some(3), some(3)),
            (b"1_000", some(1000), some(1000)),
            (b"1__0", None, None),
            (b"1\x002", some(1), None),
            (b"1L", None, None),
            (b"", None, None),
            (b"99999999999999999999", Some(Number::Big), Some(Number::Big)),
        ];
        for (line, c, python) in rows {
            assert_eq!((int(line, C), int(line, PYTHON)), (c, python), "{:?}", line.escape_ascii().to_string());
        }
    }

    #[test]
    fn what_is_plain_is_the_same_to_both_engines() {
        let lines: [&[u8]; 16] = [
            b"0",
            b"7",
            b"10",
            b"-1",
            b"-0",
            b"00",
            b"01",
            b"-",
            b"",
            b"1L",
            b"L",
            b"5 ",
            b"-12L",
            b"123456789012345678",
            b"1234567890123456789",
            b"1_0",
        ];
        let mut plain = 0;
        for line in lines {
            let bytes = [line, b"\n5"].concat();
            if let Some((number, len)) = plain_int(&bytes, None) {
                assert_eq!(len, line.len());
                for read in [int, long, index] {
                    assert_eq!((read(line, C), read(line, PYTHON)), (some(number), some(number)));
                }
                plain += 1;
            }
            if let Some((number, len)) = plain_int(&bytes, Some(b'L')) {
                assert_eq!(len, line.len());
                assert_eq!((long(line, C), long(line, PYTHON)), (some(number), some(number)));
                plain += 1;
            }
        }
        assert_eq!(plain, 12);
        assert_eq!((plain_int(b"5", None), plain_float(b"1e999"), plain_float(b"1_0")), (None, None, None));
        assert_eq!(plain_float(b"1e-05"), Some(1e-05));
    }

    #[test]
    fn floats_are_read_as_each_engine_does() {
        let same: [(&[u8], f64); 5] =
            [(b"1.5", 1.5), (b"-.5", -0.5), (b"1.", 1.0), (b"1e3", 1e3), (b"-INF", f64::NEG_INFINITY)];
        for (line, number) in same {
            assert_eq!((float(line, C), float(line, PYTHON)), (Some(number), Some(number)));
        }
        let python_only: [(&[u8], f64); 4] = [(b" 1", 1.0), (b"1\r", 1.0), (b"1_0", 10.0), (b"1e400", f64::INFINITY)];
        for (line, number) in python_only {
            assert_eq!((float(line, C), float(line, PYTHON)), (None, Some(number)));
        }
        assert_eq!((float(b"1\0x", C), float(b"1\0x", PYTHON)), (Some(1.0), None));
        for line in [b"".as_slice(), b".", b"1e", b"0x1p3", b"1__0", b"_1"] {
            assert_eq!((float(line, C), float(line, PYTHON)), (None, None), "{:?}", line.escape_ascii().to_string());
        }
    }

    #[test]
    fn escapes_are_those_of_bytes_literals() {
        let read = |line| quoted(line).and_then(unescape).map(Cow::into_owned);
        assert_eq!(read(br"'a\x41\101\n\q\400'"), Some(b"aAA\n\\q\0".to_vec()));
        assert_eq!(read(b"'a'b'"), Some(b"a'b".to_vec()));
        for broken in [br"'\x4'".as_slice(), b"'", b"'a\"", b"'a' ", br"'\'"] {
            assert_eq!(read(broken), None, "{:?}", broken.escape_ascii().to_string());
        }
    }

    #[test]
    fn raw_unicode_escapes_count_backslashes() {
        let read = |line| raw_unicode_escape(line).map(Cow::into_owned);
        assert_eq!(read(br"\u0041\\u0041"), Some(br"A\\u0041".to_vec()));
        assert_eq!(read(b"\xe9"), Some("é".as_bytes().to_vec()));
        assert_eq!(read(br"\ud800"), Some(b"\xed\xa0\x80".to_vec()));
        assert_eq!(read(br"\u12"), None);
        assert_eq!(read(br"\U00110000"), None);
        assert!(is_text(b"\xed\xa0\x80") && !is_text(b"\xc0\x80") && !is_text(b"\xff"));
        assert_eq!(printable(b"a\xed\xa0\x80b"), "a\\ud800b");
    }
}
