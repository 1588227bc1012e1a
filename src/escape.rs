//! Text from a file, made harmless for whatever shows it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether `char` shows as itself on every terminal and moves nothing: printable ASCII.
///
/// Anything else may hide text, reorder it (bidirectional controls), look like another letter, have no width, or
/// steer the terminal.
pub const fn is_plain(char: char) -> bool {
    matches!(char, ' '..='~')
}

/// `text` on one line of printable ASCII, every other character as `\n`, `\r`, `\t` or `\u{..}`.
///
/// A backslash stays as it is, so text that is escaped already stays as it is, too.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_printable_ascii_comes_through() {
        let every = (0..=0x10_ffff).filter_map(char::from_u32).collect::<String>();
        assert!(escape(&every).chars().all(is_plain));
    }

    #[test]
    fn what_is_hidden_shows() {
        assert_eq!(escape("a\x1b[31m\u{202e}b\u{200b}\n\u{e4}\\n"), "a\\u{1b}[31m\\u{202e}b\\u{200b}\\n\\u{e4}\\n");
        assert!(matches!(escape("plain"), Cow::Borrowed("plain")));
    }
}
