//! [`Source`]: a name and its bytes.

use super::{display_name, io_error};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limit, Limits};
use memmap2::Mmap;
#[cfg(target_os = "linux")]
use memmap2::UncheckedAdvice;
use sha2::{Digest as _, Sha256};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Files below this many bytes are read: a map costs more than the copy.
const MAP_FROM: u64 = 256 << 10;
/// Of a large file, so many bytes are read at a time: more do not stay in the caches on their way.
pub const RUN: usize = 256 << 10;

/// Of a mapped file, so many bytes that were read stay in memory.
const HELD: usize = 8 << 20;

/// A run of bytes with a name: a file, standard input, or a buffer of the caller.
pub struct Source<'a> {
    name: String,
    path: Option<PathBuf>,
    data: Data<'a>,
    /// Whether a file beside it was asked for.
    pub(super) looked_beside: AtomicBool,
}

enum Data<'a> {
    Mapped(Mmap, Box<Origin>),
    Owned(Vec<u8>),
    Borrowed(&'a [u8]),
}

/// The file behind a map, and what it was when it was opened.
struct Origin {
    file: File,
    about: Metadata,
    /// Where what may be in memory begins.
    held: AtomicUsize,
}

impl<'a> Source<'a> {
    /// Bytes that the caller holds. Such a source has no directory, so it has no companions.
    pub fn from_bytes(name: impl Into<String>, bytes: &'a [u8]) -> Self {
        Self { name: name.into(), path: None, data: Data::Borrowed(bytes), looked_beside: AtomicBool::new(false) }
    }
}

impl AsRef<[u8]> for Source<'_> {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Source<'static> {
    /// The file at `path`. A large regular file is mapped into memory and read only where it is looked at;
    /// anything else (small, empty, a pipe) is read.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where the system refuses; [`ErrorKind::Limit`] where what cannot be mapped is longer
    /// than the limit `retained`.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self> {
        let file = File::open(path).map_err(|error| io_error(&error))?;
        let about = file.metadata().map_err(|error| io_error(&error))?;
        if about.is_dir() {
            return Err(Error::new(ErrorKind::Io, "is a directory, not a file"));
        }
        let data = match map(&file, &about) {
            Some(map) => Data::Mapped(map, Box::new(Origin { file, about, held: AtomicUsize::new(0) })),
            None => Data::Owned(read(file, about.len(), limits)?),
        };
        let (name, path) = (display_name(path), Some(path.to_owned()));
        Ok(Self { name, path, data, looked_beside: AtomicBool::new(false) })
    }

    /// Everything that comes from standard input, named `-`.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn stdin(limits: &Limits) -> Result<Self> {
        let data = Data::Owned(read(io::stdin().lock(), 0, limits)?);
        Ok(Self { name: "-".to_owned(), path: None, data, looked_beside: AtomicBool::new(false) })
    }
}

impl Source<'_> {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.data {
            Data::Mapped(map, _) => map,
            Data::Owned(bytes) => bytes,
            Data::Borrowed(bytes) => bytes,
        }
    }

    /// Hands some of these bytes to `sink`, in pieces of `most` bytes and a last one. Those of a mapped file are read from it
    /// and not looked at in the map: that costs half, and a large file never stands in memory whole.
    ///
    /// # Errors
    /// As [`read`](Self::read), and those of `sink`.
    pub fn in_pieces(&self, bytes: &[u8], most: usize, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if !matches!(self.data, Data::Mapped(..)) || self.offset(bytes).is_none() {
            return sink(bytes);
        }
        let mut block = vec![0; most.min(bytes.len())];
        for piece in bytes.chunks(most.max(1)) {
            let block = block.get_mut(..piece.len()).unwrap_or_default();
            self.read(piece, block)?;
            sink(block)?;
        }
        Ok(())
    }

    /// Copies bytes out of these, as many as there is room for. Those of a mapped file are read from it, so that they do
    /// not stay in memory.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where the file cannot be read, or ends before them by now.
    pub fn read(&self, from: &[u8], into: &mut [u8]) -> Result<()> {
        let len = from.len().min(into.len());
        let (from, into) = (from.get(..len).unwrap_or_default(), into.get_mut(..len).unwrap_or_default());
        match (&self.data, self.offset(from)) {
            (Data::Mapped(_, origin), Some(offset)) => {
                read_at(&origin.file, offset as u64, from, into).map_err(|error| io_error(&error))
            }
            _ => {
                into.copy_from_slice(from);
                Ok(())
            }
        }
    }

    /// Hears that `bytes` were read and will hardly be read again. Those of a mapped file do not stay in memory: what is
    /// looked at all the same comes from the file once more.
    pub fn passed(&self, bytes: &[u8]) {
        if let (Data::Mapped(map, origin), Some(offset)) = (&self.data, self.offset(bytes)) {
            origin.let_go(map, offset.saturating_add(bytes.len()));
        }
    }

    /// The SHA-256 of all bytes, as they are when they are read.
    pub fn sha256(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let read = self.in_pieces(self.bytes(), RUN, &mut |piece| {
            hash.update(piece);
            Ok(())
        });
        // Of a file that was cut short meanwhile, the map still has as many bytes.
        if read.is_ok() { hash.finalize() } else { Sha256::digest(self.bytes()) }.into()
    }

    /// The index of bytes among these.
    fn offset(&self, bytes: &[u8]) -> Option<usize> {
        let whole = self.bytes();
        let offset = bytes.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
        (offset.checked_add(bytes.len())? <= whole.len()).then_some(offset)
    }

    /// The name as it stands in reports: the path as given with `/` between its parts, or what the caller said.
    /// Not escaped.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the file was written to since it was opened, so that what was read may never have been one file.
    /// Bytes that were copied do not change.
    pub fn changed(&self) -> bool {
        match &self.data {
            Data::Mapped(_, origin) => origin.changed(),
            Data::Owned(_) | Data::Borrowed(_) => false,
        }
    }

    /// Whether a [companion](Self::companion) was asked for, so that more was looked at than these bytes.
    pub fn looked_beside(&self) -> bool {
        self.looked_beside.load(Ordering::Relaxed)
    }

    /// The path that was opened; `None` for standard input and for the caller's bytes.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl Origin {
    /// Has the system drop the pages in front of `end`, once they are many.
    fn let_go(&self, map: &Mmap, end: usize) {
        let held = self.held.load(Ordering::Relaxed);
        if end < held {
            // Read again from the beginning.
            self.held.store(end, Ordering::Relaxed);
        } else if end.saturating_sub(held) >= HELD {
            self.held.store(end, Ordering::Relaxed);
            drop_pages(map, held..end);
        }
    }

    fn changed(&self) -> bool {
        let key = |about: &Metadata| (about.len(), about.modified().ok());
        self.file.metadata().map_or(true, |now| key(&now) != key(&self.about))
    }
}

/// The file as a memory map, if it is a regular file that is worth one and the system agrees.
#[allow(unsafe_code, reason = "a memory map cannot be had without it; there is no other")]
fn map(file: &File, about: &Metadata) -> Option<Mmap> {
    if !about.is_file() || about.len() < MAP_FROM {
        return None;
    }
    // SAFETY: the map is private and read-only, and lives no longer than the bytes lent from it. What remains is
    // that another process writes to the file meanwhile: bytes are only ever read as plain numbers and checked at
    // each use, so changed bytes give a wrong answer about a file that no longer exists, and a file cut short ends
    // the process with SIGBUS unless it was told to survive that (`survive_shrinking`).
    unsafe { Mmap::map(file) }.ok()
}

/// Takes pages of a map out of memory. Where the system refuses, they stay.
#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "advice that may change what a map holds is unsafe; this map is of a file and never written to"
)]
fn drop_pages(map: &Mmap, range: Range<usize>) {
    // SAFETY: nothing is ever written to the map, so each page is what the file has there, and so it is again when it
    // is looked at the next time. On other systems the same advice may mean something else.
    let _ = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len()) };
}

#[cfg(not(target_os = "linux"))]
fn drop_pages(_map: &Mmap, _range: Range<usize>) {}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, _mapped: &[u8], into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

/// Elsewhere reading moves the cursor that all threads share.
#[cfg(not(unix))]
fn read_at(_file: &File, _offset: u64, mapped: &[u8], into: &mut [u8]) -> io::Result<()> {
    into.copy_from_slice(mapped);
    Ok(())
}

/// All bytes of `reader`, which has no length we could believe. `about` how many are expected: with room for them all and
/// one more, the system is asked once where it gives just as many, and not once for each doubling of the room.
fn read(mut reader: impl Read, about: u64, limits: &Limits) -> Result<Vec<u8>> {
    let most = limits.get(Limit::Retained);
    let room = usize::try_from(about.min(MAP_FROM).min(most)).unwrap_or(0);
    let mut bytes = vec![0; room.saturating_add(1)];
    // What keeps it from being read now is met again below.
    let got = reader.read(&mut bytes).unwrap_or(0);
    bytes.truncate(got);
    if got == 0 || got as u64 != about {
        let left = most.saturating_add(1).saturating_sub(got as u64);
        reader.take(left).read_to_end(&mut bytes).map_err(|error| io_error(&error))?;
    }
    if bytes.len() as u64 <= most {
        return Ok(bytes);
    }
    let message = format!("more than {most} bytes that cannot be mapped; raise it with --limit retained=VALUE");
    Err(Error::new(ErrorKind::Limit, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn open(bytes: &[u8], limits: &Limits) -> Result<Source<'static>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Source::open(file.path(), limits)
    }

    #[test]
    fn empty_small_and_mapped_files_give_their_bytes() {
        for len in [0, 1, MAP_FROM - 1, MAP_FROM, MAP_FROM + 1] {
            let bytes = vec![7; usize::try_from(len).unwrap()];
            let source = open(&bytes, &Limits::default()).unwrap();
            assert_eq!(source.bytes(), bytes);
            assert_eq!(matches!(source.data, Data::Mapped(..)), len >= MAP_FROM, "{len}");
        }
    }

    #[test]
    fn bytes_of_a_map_are_read_from_its_file() {
        let bytes: Vec<u8> = (0..=255).cycle().take(usize::try_from(MAP_FROM).unwrap()).collect();
        let source = open(&bytes, &Limits::default()).unwrap();
        let part = &source.bytes()[5000..20_000];
        let mut copy = [0; 15_000];
        source.read(part, &mut copy).unwrap();
        assert_eq!(copy, bytes[5000..20_000]);
        source.read(&bytes[..100], &mut copy).unwrap();
        assert_eq!(copy[..101], [&bytes[..100], &bytes[5100..5101]].concat());
        for (from, pieces) in [(part, 3), (&bytes[5000..20_000], 1)] {
            let (mut read, mut count) = (Vec::new(), 0);
            let mut sink = |piece: &[u8]| {
                count += 1;
                read.extend_from_slice(piece);
                Ok(())
            };
            source.in_pieces(from, 6000, &mut sink).unwrap();
            assert_eq!((count, read == from), (pieces, true));
        }
        let [digest, same] = [source, Source::from_bytes("x", &bytes)].map(|source| source.sha256());
        assert_eq!(digest, same);
    }

    #[test]
    fn bytes_that_were_passed_are_the_same_when_they_are_read_again() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * HELD).collect();
        let source = open(&bytes, &Limits::default()).unwrap();
        for end in [HELD + 5, 2 * HELD, 3 * HELD, HELD] {
            source.passed(&source.bytes()[..end]);
            source.passed(&bytes[..end]);
        }
        assert!(source.bytes() == bytes);
    }

    /// How much of a mapped file is in memory, in KiB.
    #[cfg(target_os = "linux")]
    fn resident(path: &Path) -> u64 {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let of_file = maps.lines().skip_while(|line| !line.ends_with(path.to_str().unwrap()));
        let size = of_file.filter_map(|line| line.strip_prefix("Rss:")).next().unwrap();
        size.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn bytes_that_were_passed_leave_memory() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![7; 2 * HELD]).unwrap();
        let source = Source::open(file.path(), &Limits::default()).unwrap();
        assert!(source.bytes().iter().all(|byte| *byte == 7));
        let all = resident(file.path());
        source.passed(source.bytes());
        assert_eq!((all, resident(file.path())), (2 * (HELD as u64 >> 10), 0));
    }

    #[test]
    fn a_file_that_is_written_to_meanwhile_has_changed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![0; usize::try_from(MAP_FROM).unwrap()]).unwrap();
        let source = Source::open(file.path(), &Limits::default()).unwrap();
        assert!(!source.changed());
        std::fs::OpenOptions::new().append(true).open(file.path()).unwrap().write_all(b"x").unwrap();
        assert!(source.changed());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_cut_short_reads_as_zeros_and_has_changed() {
        crate::input::survive_shrinking();
        let file = tempfile::NamedTempFile::new().unwrap();
        let len = usize::try_from(MAP_FROM).unwrap();
        std::fs::write(file.path(), vec![7; len]).unwrap();
        let source = Source::open(file.path(), &Limits::default()).unwrap();
        std::fs::OpenOptions::new().write(true).open(file.path()).unwrap().set_len(5000).unwrap();
        // What is left of the last page is the system's zeros, what lies behind it the handler's.
        assert_eq!((source.bytes()[4999], source.bytes()[5000], source.bytes()[len - 1]), (7, 0, 0));
        assert!(source.bytes()[5000..].iter().all(|byte| *byte == 0));
        assert!(source.changed());
    }

    #[test]
    fn what_cannot_be_mapped_is_limited() {
        let limits = Limits::default().with(Limit::Retained, 3);
        assert_eq!(open(b"abc", &limits).unwrap().bytes(), b"abc");
        assert_eq!(open(b"abcd", &limits).err().unwrap().kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_missing_file_and_a_directory_are_refused_in_plain_words() {
        let dir = tempfile::tempdir().unwrap();
        let limits = Limits::default();
        let missing = Source::open(&dir.path().join("no"), &limits).err().unwrap();
        assert_eq!((missing.kind(), missing.message()), (ErrorKind::Io, "no such file"));
        assert_eq!(Source::open(dir.path(), &limits).err().unwrap().message(), "is a directory, not a file");
    }
}
