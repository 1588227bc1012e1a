//! Numbers, text and data types in JSON, exactly.

use super::base64::Base64;
use crate::array::named;
use crate::dtype::DType;
use crate::dtype::literal::Literal;
use crate::escape::json;
use crate::model::tree::BigInt;
use serde_json::Value;
use std::io::{self, Write};

/// The greatest number up to which every whole number is one of a double.
const EXACT: u128 = 1 << 53;

/// An int: a number where readers that know only doubles keep it.
pub(super) fn int(out: &mut dyn Write, number: i128) -> io::Result<()> {
    if number.unsigned_abs() <= EXACT { write!(out, "{number}") } else { write!(out, "{{\"$int\":\"{number}\"}}") }
}

/// An int beyond 64 bits: decimal, or hexadecimal where Python would not read so many digits.
pub(super) fn big_int(out: &mut dyn Write, number: &BigInt<'_>) -> io::Result<()> {
    if let Some(number) = number.to_i64() {
        return int(out, number.into());
    }
    if let Some(text) = number.to_decimal() {
        return write!(out, "{{\"$int\":\"{text}\"}}");
    }
    let mut carry = number.is_negative();
    let negate = |byte: &u8| {
        let (byte, over) = if number.is_negative() { (!byte).overflowing_add(u8::from(carry)) } else { (*byte, false) };
        carry = over;
        byte
    };
    let magnitude: Vec<u8> = number.le_bytes().iter().map(negate).collect();
    write!(out, "{{\"$int\":\"{}0x", if number.is_negative() { "-" } else { "" })?;
    for byte in magnitude.iter().rev() {
        write!(out, "{byte:02x}")?;
    }
    out.write_all(b"\"}")
}

/// A float, by the shortest digits that are it.
pub(super) fn float(out: &mut dyn Write, number: f64) -> io::Result<()> {
    if number.is_finite() {
        return json(out, &number);
    }
    let usual = [f64::NAN.to_bits(), f64::INFINITY.to_bits(), f64::NEG_INFINITY.to_bits()];
    let bits = (!usual.contains(&number.to_bits())).then(|| format!("{:016x}", number.to_bits()));
    unusual(out, number, bits)
}

/// The same of single precision.
pub(super) fn single(out: &mut dyn Write, number: f32) -> io::Result<()> {
    if number.is_finite() {
        return json(out, &number);
    }
    let usual = [f32::NAN.to_bits(), f32::INFINITY.to_bits(), f32::NEG_INFINITY.to_bits()];
    let bits = (!usual.contains(&number.to_bits())).then(|| format!("{:08x}", number.to_bits()));
    unusual(out, number.into(), bits)
}

/// What JSON has no number for.
fn unusual(out: &mut dyn Write, number: f64, bits: Option<String>) -> io::Result<()> {
    let word = match (number.is_nan(), number > 0.0) {
        (true, _) => "nan",
        (_, true) => "inf",
        _ => "-inf",
    };
    match bits {
        Some(bits) => write!(out, "{{\"$float\":\"{word}\",\"bits\":\"{bits}\"}}"),
        None => write!(out, "{{\"$float\":\"{word}\"}}"),
    }
}

/// Text; with lone surrogates as base64 of its bytes.
pub(super) fn text(out: &mut dyn Write, text: &[u8]) -> io::Result<()> {
    match std::str::from_utf8(text) {
        Ok(text) => json(out, &text),
        Err(_) => tagged(out, "$surrogates", text),
    }
}

/// Bytes as base64 under a name of ours.
pub(super) fn tagged(out: &mut dyn Write, tag: &str, bytes: &[u8]) -> io::Result<()> {
    write!(out, "{{\"{tag}\":")?;
    base64(out, bytes)?;
    out.write_all(b"}")
}

/// Bytes as text.
pub(super) fn base64(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut encoder = Base64::default();
    encoder.add(out, bytes)?;
    encoder.end(out)?;
    out.write_all(b"\"")
}

/// A data type: numpy's `descr`, or where it has none its name.
pub(super) fn dtype(out: &mut dyn Write, dtype: &DType) -> io::Result<()> {
    match named(dtype) {
        Ok(literal) => json(out, &literal_json(&literal)),
        Err(_) => json(out, &dtype.type_string()),
    }
}

/// A literal of Python as JSON: tuples are lists. As deep as a data type, which is bounded.
fn literal_json(literal: &Literal) -> Value {
    match literal {
        Literal::Str(text) => Value::from(text.as_str()),
        Literal::Int(number) => Value::from(*number),
        Literal::List(items) | Literal::Tuple(items) => items.iter().map(literal_json).collect(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn whole_numbers_are_exact() {
        assert_eq!(written(|out| int(out, 1 << 53)), "9007199254740992");
        assert_eq!(written(|out| int(out, -(1 << 53) - 1)), r#"{"$int":"-9007199254740993"}"#);
        let mut bytes = vec![0; 2000];
        bytes[1999] = 0x80;
        let text = written(|out| big_int(out, &BigInt::from_le_bytes(&bytes)));
        assert_eq!(text, format!(r#"{{"$int":"-0x80{}"}}"#, "00".repeat(1999)));
        bytes[0] = 1;
        let text = written(|out| big_int(out, &BigInt::from_le_bytes(&bytes)));
        assert_eq!(text, format!(r#"{{"$int":"-0x7f{}"}}"#, "ff".repeat(1999)));
    }

    #[test]
    fn floats_are_exact() {
        let of = |number| written(|out| float(out, number));
        assert_eq!([of(0.1), of(-0.0), of(3.0), of(5e-324)], ["0.1", "-0.0", "3.0", "5e-324"]);
        assert_eq!([of(f64::NAN), of(f64::NEG_INFINITY)], [r#"{"$float":"nan"}"#, r#"{"$float":"-inf"}"#]);
        assert_eq!(of(-f64::NAN), r#"{"$float":"nan","bits":"fff8000000000000"}"#);
        assert_eq!(written(|out| single(out, 0.1)), "0.1");
    }

    #[test]
    fn text_is_exact() {
        assert_eq!(written(|out| text(out, "a\u{e4}\n\u{1f600}".as_bytes())), r#""a\u00e4\n\ud83d\ude00""#);
        assert_eq!(written(|out| text(out, b"a\xed\xa0\x80")), r#"{"$surrogates":"Ye2ggA=="}"#);
    }
}
