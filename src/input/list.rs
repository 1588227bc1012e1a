//! A list of paths, as other programs write it.

use super::Source;
use crate::error::Result;
use crate::limits::Limits;
use std::path::{Path, PathBuf};

/// The paths in the file at `path`, or in standard input where that is `-`: one on each line, or with a NUL behind each
/// where there is any NUL (`find -print0`, `git ls-files -z`).
///
/// # Errors
/// As [`Source::open`].
pub fn paths_in(path: &Path, limits: &Limits) -> Result<Vec<PathBuf>> {
    let source = if path.as_os_str() == "-" { Source::stdin(limits)? } else { Source::open(path, limits)? };
    Ok(split(source.bytes()))
}

fn split(bytes: &[u8]) -> Vec<PathBuf> {
    let by_nul = bytes.contains(&0);
    let separator = if by_nul { 0 } else { b'\n' };
    let names = bytes.split(|&byte| byte == separator);
    let names = names.map(|name| if by_nul { name } else { name.strip_suffix(b"\r").unwrap_or(name) });
    names.filter(|name| !name.is_empty()).map(path).collect()
}

#[cfg(unix)]
fn path(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_or_nul() {
        let names = |bytes: &[u8]| -> Vec<String> {
            split(bytes).iter().map(|path| super::super::display_name(path)).collect()
        };
        assert_eq!(names(b"a b\r\n\nc\n"), ["a b", "c"]);
        assert_eq!(names(b"a\nb\0c\0"), ["a\nb", "c"]);
        assert!(names(b"").is_empty());
    }
}
