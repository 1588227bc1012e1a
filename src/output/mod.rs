//! Writes files: all of one or nothing of it.
//!
//! Besides `input` the only room that touches the file system. A file is written beside its target and renamed
//! over it, so that a reader never sees half of one and a failure leaves what was there. What takes the place of a file
//! is on the disk before: even a machine that fails has one of them whole. A new file is not waited for, as `cp` does not:
//! nothing is lost with it, and waiting for a large one costs more than a tenth of writing it.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod blocks;
mod zip;

pub use zip::ZipWriter;

use blocks::Blocks;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Files that are being written beside their targets; nothing once they were abandoned.
static UNFINISHED: Mutex<Option<Vec<PathBuf>>> = Mutex::new(Some(Vec::new()));

/// The longest name that something is added to, in bytes: most file systems take 255.
const LONGEST: usize = 200;

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
    let synced = path.symlink_metadata().is_ok();
    write_beside(path, synced, write, |beside| fs::rename(beside, path))
}

/// Makes a file at `path` that holds what `write` writes, where there is none.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where anything stands at `path`, even if it came there meanwhile; those of the file
/// system and those of `write`.
pub fn create(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let free = || path.symlink_metadata().map_or(Ok(()), |_| Err(io::ErrorKind::AlreadyExists.into()));
    free()?;
    write_beside(path, false, write, |beside| match fs::hard_link(beside, path) {
        Ok(()) => fs::remove_file(beside),
        // Not every file system has links.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => free().and_then(|()| fs::rename(beside, path)),
        Err(error) => Err(error),
    })
}

fn write_beside(
    path: &Path,
    synced: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    finish: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let (beside, file) = create_beside(path)?;
    let written = fill(file, synced, write).and_then(|()| {
        // What is unfinished is abandoned before this or after, not meanwhile.
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let unfinished = unfinished.as_mut().ok_or(io::ErrorKind::Interrupted)?;
        finish(&beside).map(|()| unfinished.retain(|one| *one != beside))
    });
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&beside);
        if let Some(unfinished) = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            unfinished.retain(|one| *one != beside);
        }
    }
    written
}

/// Removes what is half-written, for a process that is about to end: no file is begun after this, and none gets its
/// final name.
pub fn abandon() {
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).take();
    for path in unfinished.into_iter().flatten() {
        // There is nobody left to tell.
        let _ = fs::remove_file(path);
    }
}

/// The directory at `path`, which is made if it is not there.
///
/// # Errors
/// Those of the file system.
pub fn directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if path.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        }
        made => made,
    }
}

/// Whether two paths are one file, by links of either kind.
pub fn is_same(one: &Path, two: &Path) -> bool {
    let canonical = matches!((one.canonicalize(), two.canonicalize()), (Ok(one), Ok(two)) if one == two);
    canonical || matches!((identity(one), identity(two)), (Some(one), Some(two)) if one == two)
}

/// What the system knows a file by, whatever its names.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().ok().map(|about| (about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<(u64, u64)> {
    None
}

/// Adds what `write` writes to the end of the file at `path`, which is made if it is not there.
///
/// # Errors
/// Those of the file system and those of `write`.
pub fn append(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(OpenOptions::new().append(true).create(true).open(path)?);
    write(&mut file).and_then(|()| file.flush())
}

fn fill(file: File, synced: bool, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut blocks = Blocks::new(file);
    write(&mut blocks)?;
    let file = blocks.finish()?;
    if synced { file.sync_all() } else { Ok(()) }
}

/// A new file in the directory of `path`; never one that is there already.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let Some(name) = path.file_name() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    let unfinished = unfinished.as_mut().ok_or(io::ErrorKind::Interrupted)?;
    let mut number = 0_u32;
    loop {
        let mut hidden = std::ffi::OsString::from(".");
        // What is added may be too much for a file system where the name is not.
        hidden.push(if name.len() > LONGEST { std::ffi::OsStr::new("depickle") } else { name });
        hidden.push(format!(".{}-{number}.tmp", std::process::id()));
        let beside = path.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(file) => {
                unfinished.push(beside.clone());
                return Ok((beside, file));
            }
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

    #[test]
    fn what_came_there_meanwhile_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.npz");
        let made = create(&path, |out| fs::write(&path, b"other").and_then(|()| out.write_all(b"ours")));
        assert_eq!(made.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"other");
        fs::remove_file(&path).unwrap();
        create(&path, |out| out.write_all(b"ours")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ours");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_name_may_be_as_long_as_the_system_takes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n".repeat(255));
        create(&path, |out| out.write_all(b"whole")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert!(create(&dir.path().join("n".repeat(256)), |_| Ok(())).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_is_one_or_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let (new, file) = (dir.path().join("new"), dir.path().join("file"));
        fs::write(&file, b"x").unwrap();
        directory(&new).unwrap();
        directory(&new).unwrap();
        assert_eq!(directory(&file).unwrap_err().kind(), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn one_file_may_have_several_names() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, b"x").unwrap();
        assert!(!is_same(&one, &two) && is_same(&one, &dir.path().join("./one")));
        fs::hard_link(&one, &two).unwrap();
        assert!(is_same(&one, &two));
    }
}
