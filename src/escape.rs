//! Text from a file, made harmless for whatever shows it.

use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Whether `char` shows as itself on every terminal and moves nothing: printable ASCII.
///
/// Anything else may hide text, reorder it (bidirectional controls), look like another letter, have no width, or
/// steer the terminal.
pub const fn is_plain(char: char) -> bool {
    matches!(char, ' '..='~')
}

/// What CI runners take for the start of a command wherever it stands in a line: `##[error]`, `##vso[task.setvariable]`.
const COMMAND: &str = "##";

/// `text` on one line of printable ASCII, every other character as `\n`, `\r`, `\t` or `\u{..}`; so is the second of
/// two `#`, with which a file could speak to the CI runner that shows a report.
///
/// A backslash stays as it is, so text that is escaped already stays as it is, too.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) && !text.contains(COMMAND) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '#' if escaped.ends_with('#') => escaped.push_str("\\u{23}"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            char if is_plain(char) => escaped.push(char),
            // Writing to a string cannot fail.
            char => drop(write!(escaped, "\\u{{{:x}}}", u32::from(char))),
        }
    }
    Cow::Owned(escaped)
}

/// Writes `value` as JSON without spaces and without a character that is not printable ASCII; others stand as JSON
/// escapes, which parse back to themselves.
///
/// # Errors
/// Those of `out`.
pub fn json(out: &mut dyn io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Ascii)).map_err(io::Error::from)
}

struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        let mut before = ' ';
        let mut steers = |char: char| {
            let pair = (std::mem::replace(&mut before, char), char);
            !is_plain(char) || pair == ('#', '#')
        };
        while let Some((at, char)) = rest.char_indices().find(|(_, char)| steers(*char)) {
            let (plain, tail) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = tail.strip_prefix(char).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}

/// `number` with commas between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count or position in JSON: a number up to 2^53, its decimal digits as a string beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uint(pub u64);

impl Serialize for Uint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 <= 1 << 53 { serializer.serialize_u64(self.0) } else { serializer.collect_str(&self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_printable_ascii_comes_through() {
        let every = (0..=0x10_ffff).filter_map(char::from_u32).collect::<String>();
        assert!(escape(&every).chars().all(is_plain));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(["0", "999", "1,234,567"], [0, 999, 1_234_567].map(thousands).as_slice());
    }

    #[test]
    fn what_is_hidden_shows() {
        assert_eq!(escape("a\x1b[31m\u{202e}b\u{200b}\n\u{e4}\\n"), "a\\u{1b}[31m\\u{202e}b\\u{200b}\\n\\u{e4}\\n");
        assert!(matches!(escape("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn no_command_for_a_ci_runner_comes_through() {
        assert_eq!(escape("x ##[add-mask]#####"), "x #\\u{23}[add-mask]#\\u{23}#\\u{23}#");
        let mut out = Vec::new();
        let text = "###vso[x]\"#";
        json(&mut out, &text).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains(COMMAND), "{out}");
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
