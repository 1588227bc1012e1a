//! How a path is written in a report.

use std::path::{Component, Path};

/// `path` as text, `/` between its parts on every platform, nothing resolved and nothing made absolute.
///
/// Bytes that are no UTF-8 are written `\xNN`, so that two names that differ stay different. The text may hold
/// any other character that a file name may hold: whoever prints it escapes it.
pub fn display_name(path: &Path) -> String {
    if let Some(text) = path.to_str().filter(|text| is_as_given(text)) {
        return text.to_owned();
    }
    let mut text = String::new();
    for (index, part) in path.components().enumerate() {
        // The root brings its own separator.
        if index > 0 && !text.ends_with('/') {
            text.push('/');
        }
        match part {
            Component::RootDir if text.ends_with('/') => {}
            Component::RootDir => text.push('/'),
            part => push(&mut text, part.as_os_str().as_encoded_bytes()),
        }
    }
    text
}

/// Whether a path is written as it was given: nothing in it is there for no one.
fn is_as_given(path: &str) -> bool {
    let odd = path.ends_with('/') || path.contains("//") || path.contains("/.");
    std::path::MAIN_SEPARATOR == '/' && !odd
}

fn push(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_parts_as_given() {
        for path in ["a/b.pkl", "./a", "../a/b", "/tmp/a", "/", "-", "with space\n"] {
            assert_eq!(display_name(Path::new(path)), path);
        }
        assert_eq!(display_name(Path::new("a//b/./c/")), "a/b/c");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_utf8_stay_apart() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        assert_eq!(display_name(Path::new(OsStr::from_bytes(b"a\xff\xc3\xa4/b"))), "a\\xff\u{e4}/b");
    }
}
