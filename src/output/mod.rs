//! Writes files: all of one or nothing of it.
//!
//! Besides `input` the only room that touches the file system. A file is written beside its target and renamed
//! over it, so that a reader never sees half of one and a failure leaves what was there.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod zip;

pub use zip::ZipWriter;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Makes `path` hold what `write` writes, or leaves it as it was.
///
/// A target that exists and is no regular file (`/dev/stdout`, a named pipe) is written to as it is.
///
/// # Errors
/// Those of the file system and those of `write`.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if path.metadata().is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        let mut file = OpenOptions::new().write(true).open(path)?;
        return write(&mut file).and_then(|()| file.flush());
    }
    let (beside, file) = create_beside(path)?;
    let written = fill(file, write).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The directory at `path`, which is made if it is not there.
///
/// # Errors
/// Those of the file system.
pub fn directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// Whether two paths are one file.
pub fn is_same(one: &Path, two: &Path) -> bool {
    matches!((one.canonicalize(), two.canonicalize()), (Ok(one), Ok(two)) if one == two)
}

/// Adds what `write` writes to the end of the file at `path`, which is made if it is not there.
///
/// # Errors
/// Those of the file system and those of `write`.
pub fn append(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(OpenOptions::new().append(true).create(true).open(path)?);
    write(&mut file).and_then(|()| file.flush())
}

fn fill(file: File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    buffered.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// A new file in the directory of `path`; never one that is there already.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let Some(name) = path.file_name() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut number = 0_u32;
    loop {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{number}.tmp", std::process::id()));
        let beside = path.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((beside, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        replace(&path, |out| out.write_all(b"first")).unwrap();
        let failed = replace(&path, |out| out.write_all(b"half").and(Err(io::ErrorKind::Other.into())));
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
