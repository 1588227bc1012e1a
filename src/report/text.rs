//! Text from a file, made harmless for each format: one function for each way in which a format can be spoken to.
//!
//! All of them give printable ASCII on one line ([`escape`](crate::escape::escape)), and cut what is too long to be
//! read, saying so. JSON has an escape of its own ([`json`](crate::escape::json)), which cuts nothing.

use crate::escape::escape;
use crate::finding::Location;
use std::fmt::Write as _;

/// The longest text that is shown whole, in bytes.
const LONGEST: usize = 1000;

/// `text` for a reader: on one line, printable, cut where it is too long.
pub(super) fn shown(text: &str) -> String {
    if text.len() <= LONGEST {
        return escape(text).into_owned();
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    format!("{}... ({} bytes)", escape(text.get(..end).unwrap_or_default()), text.len())
}

/// `text` for XML and HTML, between tags or in a quoted attribute.
pub(super) fn markup(text: &str) -> String {
    let mut out = String::new();
    for char in shown(text).chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char => out.push(char),
        }
    }
    out
}

/// `text` as a code span of Markdown: nothing in it is markup, a link, a mention or HTML. Not for cells of tables, which
/// are split before code spans are read.
pub(super) fn code(text: &str) -> String {
    let text = shown(text);
    let (mut run, mut longest) = (0_usize, 0_usize);
    for char in text.chars() {
        run = if char == '`' { run.saturating_add(1) } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.saturating_add(1));
    // A span may neither be empty nor begin or end with a backtick; a space on both sides is taken off by readers.
    let pad = if text.is_empty() || text.starts_with([' ', '`']) || text.ends_with([' ', '`']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A path as a URI reference, percent-encoded, and whether it is relative to where depickle ran.
pub(super) fn uri(path: &str) -> (String, bool) {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    let drive = cfg!(windows) && path.as_bytes().get(1) == Some(&b':');
    let (scheme, relative) = match (path.starts_with('/'), drive) {
        (true, _) => ("file://", false),
        (_, true) => ("file:///", false),
        _ => ("", true),
    };
    let mut uri = String::from(scheme);
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            // Writing to a string cannot fail.
            byte => drop(write!(uri, "%{byte:02X}")),
        }
    }
    (uri, relative)
}

/// `root.steps[1][1].func (member data.pkl, stream 1, offset 34), first of 3`
pub(super) fn place(at: &Location, count: u64) -> String {
    let mut parts = Vec::new();
    if !at.member.is_empty() {
        parts.push(format!("member {}", at.member));
    }
    if at.stream > 0 {
        parts.push(format!("stream {}", at.stream));
    }
    match (at.offset, at.file_offset) {
        (Some(offset), Some(in_file)) if offset != in_file => {
            parts.push(format!("offset {offset}, byte {in_file} of the file"));
        }
        (Some(offset), _) => parts.push(format!("offset {offset}")),
        (None, Some(in_file)) => parts.push(format!("byte {in_file} of the file")),
        (None, None) => {}
    }
    let mut text = match (&at.object_path, parts.join(", ")) {
        (None, bytes) => bytes,
        (Some(path), bytes) if bytes.is_empty() => path.clone(),
        (Some(path), bytes) => format!("{path} ({bytes})"),
    };
    if count > 1 {
        text.push_str(&format!(", first of {count}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character_and_says_so() {
        assert_eq!(shown(&"x".repeat(LONGEST)).len(), LONGEST);
        let long = shown(&"\u{e4}".repeat(1 << 20));
        assert!(long.len() < 10 * LONGEST && long.ends_with("\\u{e4}... (2097152 bytes)"), "{}", long.len());
    }

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(uri("./a b/\u{e4}#?%:.pkl"), ("a%20b/%C3%A4%23%3F%25%3A.pkl".to_owned(), true));
        assert_eq!(uri("/tmp/x"), ("file:///tmp/x".to_owned(), false));
        assert_eq!(uri("../x").0, "../x");
    }

    #[test]
    fn code_spans_hold_backticks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code(""), "`  `");
    }
}
