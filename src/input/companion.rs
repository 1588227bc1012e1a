//! Files beside a scanned one.

use super::{Source, io_error};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::Ordering;

impl Source<'_> {
    /// The file `base_name` in the directory of this one, or `None` where there is none or this source has no
    /// directory.
    ///
    /// The name comes from a hostile file, so it is a base name or it is refused: no separators (of any platform),
    /// no `.` and `..`, not absolute, no drive. The file is a regular one; a symbolic link may point to a file in
    /// the same directory only.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for any other name or kind of file, [`ErrorKind::Io`] where the system refuses.
    pub fn companion(&self, base_name: &str, limits: &Limits) -> Result<Option<Source<'static>>> {
        self.looked_beside.store(true, Ordering::Relaxed);
        if !is_base_name(base_name) {
            return Err(refused("the name of a companion file is not a plain base name"));
        }
        let Some(path) = self.path() else { return Ok(None) };
        let path = path.with_file_name(base_name);
        match checked(&path) {
            Ok(()) => Source::open(&path, limits).map(Some),
            Err(Refusal::Missing) => Ok(None),
            Err(Refusal::Error(error)) => Err(error),
        }
    }
}

enum Refusal {
    Missing,
    Error(Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Error(io_error(&error)),
        }
    }
}

/// Says no before anything is opened: opening a pipe waits for its writer.
fn checked(path: &Path) -> std::result::Result<(), Refusal> {
    if path.symlink_metadata()?.is_symlink() && path.canonicalize()?.parent() != directory_of(path)?.as_deref() {
        return Err(Refusal::Error(refused("a companion file is a link that leaves its directory")));
    }
    if !path.metadata()?.is_file() {
        return Err(Refusal::Error(refused("a companion is not a regular file")));
    }
    Ok(())
}

fn directory_of(path: &Path) -> io::Result<Option<PathBuf>> {
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(None),
    };
    parent.canonicalize().map(Some)
}

fn is_base_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let one = matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name);
    // Windows reads a colon as a drive or a stream, and a backslash as a separator; elsewhere both are odd enough.
    one && !name.contains(['/', '\\', ':', '\0'])
}

#[cold]
fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn scene() -> (tempfile::TempDir, Source<'static>) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        fs::write(dir.path().join("outside"), b"secret").unwrap();
        fs::write(dir.path().join("in/model.pkl"), b"model").unwrap();
        fs::write(dir.path().join("in/model.pkl_01.npy"), b"array").unwrap();
        let source = Source::open(&dir.path().join("in/model.pkl"), &Limits::default()).unwrap();
        (dir, source)
    }

    #[test]
    fn a_file_beside_it_is_found_and_a_missing_one_is_none() {
        let (_dir, source) = scene();
        let found = source.companion("model.pkl_01.npy", &Limits::default()).unwrap().unwrap();
        assert_eq!(found.bytes(), b"array");
        assert!(source.companion("model.pkl_02.npy", &Limits::default()).unwrap().is_none());
        assert!(Source::from_bytes("x", b"").companion("model.pkl", &Limits::default()).unwrap().is_none());
    }

    #[test]
    fn nothing_but_a_base_name_is_taken() {
        let (dir, source) = scene();
        let absolute = dir.path().join("outside").to_str().unwrap().to_owned();
        let names = ["", ".", "..", "../outside", "./model.pkl", "model.pkl/", "a/b", "a\\b", "C:x", "a\0b", &absolute];
        for name in names {
            assert!(source.companion(name, &Limits::default()).is_err(), "{name:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_in_its_directory() {
        use std::os::unix::fs::symlink;
        let (dir, source) = scene();
        let inside = dir.path().join("in");
        symlink("../outside", inside.join("leaves")).unwrap();
        symlink("model.pkl", inside.join("stays")).unwrap();
        symlink("nothing", inside.join("broken")).unwrap();
        fs::create_dir(inside.join("directory")).unwrap();
        assert!(source.companion("leaves", &Limits::default()).is_err());
        assert!(source.companion("directory", &Limits::default()).is_err());
        assert!(source.companion("broken", &Limits::default()).unwrap().is_none());
        assert_eq!(source.companion("stays", &Limits::default()).unwrap().unwrap().bytes(), b"model");
    }
}
