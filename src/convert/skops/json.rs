//! JSON as Python reads it.

use crate::model::tree::BigInt;
use std::fmt::Write;

/// A text in quotes. Lone surrogates, which stand as three bytes, are escaped as Python's `json` does.
pub(super) fn quoted(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    let mut rest = text;
    while !rest.is_empty() {
        let (valid, after) = match std::str::from_utf8(rest) {
            Ok(all) => (all, &[][..]),
            Err(error) => {
                let (valid, after) = rest.split_at(error.valid_up_to());
                (std::str::from_utf8(valid).unwrap_or_default(), after)
            }
        };
        for char in valid.chars() {
            match char {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                ' '..='~' => out.push(char),
                _ => {
                    let mut units = [0; 2];
                    for unit in char.encode_utf16(&mut units) {
                        escape(&mut out, *unit);
                    }
                }
            }
        }
        rest = match after {
            [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, rest @ ..] => {
                escape(&mut out, 0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f));
                rest
            }
            [_, rest @ ..] => {
                escape(&mut out, 0xfffd);
                rest
            }
            [] => after,
        };
    }
    out.push('"');
    out
}

fn escape(out: &mut String, unit: u16) {
    // Writing into a text does not fail.
    let _ = write!(out, "\\u{unit:04x}");
}

/// A float: the shortest text that reads as the same number, and Python's words for what is none.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{number:?}")
    }
}

/// An int; `None` where it has more digits than Python reads.
pub(super) fn big(number: &BigInt<'_>) -> Option<String> {
    number.to_decimal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_ascii_and_loses_nothing() {
        assert_eq!(quoted("a\"\\\n\u{e9}\u{1f600}\u{7f}".as_bytes()), r#""a\"\\\n\u00e9\ud83d\ude00\u007f""#);
        assert_eq!(quoted(b"\xed\xa0\x80x\xed\xbf\xbf"), r#""\ud800x\udfff""#);
    }

    #[test]
    fn floats_are_those_of_python() {
        assert_eq!(float(f64::NEG_INFINITY), "-Infinity");
        assert_eq!((float(f64::NAN).as_str(), float(-0.0).as_str(), float(1.0).as_str()), ("NaN", "-0.0", "1.0"));
        for number in [1e300, 5e-324, 0.1, 1e16, 123_456_789.123] {
            assert_eq!(float(number).parse::<f64>().unwrap().to_bits(), number.to_bits());
        }
    }
}
