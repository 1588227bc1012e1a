//! Literals as Python writes them, in printable ASCII, cut where they are long.

pub use crate::escape::thousands;
use crate::opcode::Literal;
use crate::opcode::text::printable;
use std::fmt::Write as _;

/// Text in quotes; of more than `most` characters only the first, and how many there are.
pub fn text(utf8: &[u8], most: usize) -> String {
    // Four bytes are the most that a character has.
    let head = utf8.get(..most.saturating_mul(4).saturating_add(4)).unwrap_or(utf8);
    let mut out = String::from("'");
    let mut taken = 0_usize;
    let shown = printable(head);
    // What is not UTF-8 is escaped already; a surrogate shows as `\ud800`.
    let escaped = matches!(shown, std::borrow::Cow::Owned(_));
    for char in shown.chars().take(most) {
        push_char(&mut out, char, escaped);
        taken = taken.saturating_add(char.len_utf8());
    }
    out.push('\'');
    if taken < utf8.len() && !(escaped && shown.chars().count() <= most && head.len() == utf8.len()) {
        push(&mut out, format_args!("... ({} bytes)", thousands(utf8.len() as u64)));
    }
    out
}

fn push_char(out: &mut String, char: char, escaped: bool) {
    match char {
        '\'' => out.push_str("\\'"),
        '\\' if !escaped => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        ' '..='~' => out.push(char),
        _ => match u32::from(char) {
            code @ 0..=0xff => push(out, format_args!("\\x{code:02x}")),
            code @ 0x100..=0xffff => push(out, format_args!("\\u{code:04x}")),
            code => push(out, format_args!("\\U{code:08x}")),
        },
    }
}

/// Bytes as a Python literal; of more than `most` only the first, and how many there are.
pub fn bytes(bytes: &[u8], most: usize) -> String {
    cut_bytes(bytes, bytes.len() as u64, most)
}

/// As [`bytes`], for `len` bytes of which these are the first.
pub fn cut_bytes(bytes: &[u8], len: u64, most: usize) -> String {
    let shown = bytes.get(..most).unwrap_or(bytes);
    let mut out = String::from("b'");
    for &byte in shown {
        match byte {
            b'\'' => out.push_str("\\'"),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => push(&mut out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push('\'');
    if (shown.len() as u64) < len {
        push(&mut out, format_args!("... ({} bytes)", thousands(len)));
    }
    out
}

/// A float as `repr` writes it.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = format!("{value}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// A little-endian two's complement number of any length: in decimal up to 16 bytes, in hexadecimal beyond.
pub fn big(le: &[u8], most: usize) -> String {
    let negative = le.last().is_some_and(|&last| last >= 0x80);
    let mut wide = if negative { [0xff; 16] } else { [0; 16] };
    if let Some(low) = wide.get_mut(..le.len()) {
        low.copy_from_slice(le);
        return i128::from_le_bytes(wide).to_string();
    }
    let shown = le.iter().rev().take(most.div_ceil(2));
    // Two's complement as it stands: a sign is said in words.
    let mut out = String::from("0x");
    shown.for_each(|byte| push(&mut out, format_args!("{byte:02x}")));
    if le.len() > most.div_ceil(2) {
        out.push_str("...");
    }
    let sign = if negative { ", negative, two's complement" } else { "" };
    push(&mut out, format_args!(" ({} bytes{sign})", thousands(le.len() as u64)));
    out
}

/// A literal on one line.
pub fn literal(literal: &Literal<'_>, most: usize) -> String {
    match literal {
        Literal::None => "None".to_owned(),
        Literal::Bool(true) => "True".to_owned(),
        Literal::Bool(false) => "False".to_owned(),
        Literal::Int(value) => value.to_string(),
        Literal::BigInt(le) => big(le, most),
        Literal::BigText(line) => {
            let line = line.strip_suffix(b"L").unwrap_or(line);
            let shown = line.get(..most).unwrap_or(line);
            let more = if shown.len() < line.len() { "..." } else { "" };
            format!("{}{more}", shown.escape_ascii())
        }
        Literal::Float(value) => float(*value),
        Literal::Str(utf8) => text(utf8, most),
        Literal::ByteStr(bytes) => cut_bytes(bytes, bytes.len() as u64, most).split_off(1),
        Literal::Bytes(of) => bytes(of, most),
        Literal::ByteArray(of) => format!("bytearray({})", bytes(of, most)),
        Literal::Absent(len) => format!("({} bytes)", thousands(*len)),
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_read_as_in_python() {
        for (value, shown) in
            [(0.1, "0.1"), (1.0, "1.0"), (1e16, "1e+16"), (1.5e-7, "1.5e-07"), (-0.0, "-0.0"), (f64::NAN, "nan")]
        {
            assert_eq!(float(value), shown);
        }
        assert_eq!(text("a'\u{e4}\u{202e}\\\n".as_bytes(), 80), r"'a\'\xe4\u202e\\\n'");
        assert_eq!(text(b"\xed\xa0\x80x", 80), r"'\ud800x'");
        assert_eq!(text(b"abcdef", 3), "'abc'... (6 bytes)");
        assert_eq!(bytes(b"\x00a'", 80), r"b'\x00a\''");
        assert_eq!(big(&[0; 16], 80), "0");
        assert_eq!(big(&[0xff; 9], 80), "-1");
        assert_eq!(big(&[1; 20], 8), "0x01010101... (20 bytes)");
    }
}
