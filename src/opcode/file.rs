//! A file as the C engine reads it: what a buffer holds that was taken from the file can be lost.
//!
//! Sources: `Modules/_pickle.c` (`_Unpickler_ReadFromFile`, `_Unpickler_SkipConsumed`), `Modules/_io/bufferedio.c`
//! (`_bufferedreader_peek_unlocked`, `_bufferedreader_read_generic`, `_buffered_readinto_generic`,
//! `_buffered_readline`).

use super::window::{Gap, Window, step_over};
use crate::error::{Error, ErrorKind, Result};

/// How the C engine gets at bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// All of them are in memory.
    Memory,
    /// From a file that cannot look ahead: `io.BytesIO`, a file opened with `buffering=0`.
    Unbuffered,
    /// From a file whose buffer of this many bytes can be looked at: `open(path, "rb")`.
    Buffered(u32),
}

/// The engine looks ahead only where it needs fewer bytes than this (`PREFETCH`).
const PREFETCH: u64 = 16 << 10;

/// The state of a file: how far its own buffer reaches.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// The size of the buffer; 0 where there is none.
    size: u64,
    /// Offset of the first byte behind it.
    end: u64,
}

impl File {
    fn new(access: Access) -> Self {
        let size = if let Access::Buffered(size) = access { u64::from(size) } else { 0 };
        Self { size, end: 0 }
    }

    /// Reads `count` bytes at offset `at`. Where the buffer can be looked at and holds them, nothing is taken: the
    /// answer is how many bytes it holds.
    pub(super) fn read(&mut self, at: u64, count: u64) -> Option<u64> {
        if self.size == 0 {
            return None;
        }
        if count < PREFETCH {
            if self.end <= at {
                self.end = at.saturating_add(self.size);
            }
            let held = self.end.saturating_sub(at);
            if count <= held {
                return Some(held);
            }
        }
        self.take(at, count, |size, rest| rest.div_ceil(size).saturating_mul(size));
        None
    }

    /// Reads `count` bytes at offset `at` into memory that the engine gives (`readinto`).
    pub(super) fn read_into(&mut self, at: u64, count: u64) {
        self.take(at, count, |size, rest| rest.max(size));
    }

    /// Reads a line that begins at offset `at`, `count` bytes long.
    pub(super) fn read_line(&mut self, at: u64, count: u64) {
        self.take(at, count, |size, rest| rest.div_ceil(size).saturating_mul(size));
    }

    /// Moves the end of the buffer as far as reading `rest` bytes behind it does.
    fn take(&mut self, at: u64, count: u64, moves: impl Fn(u64, u64) -> u64) {
        let end = at.saturating_add(count);
        let begin = self.end.max(at);
        if self.size > 0 && end > begin {
            self.end = begin.saturating_add(moves(self.size, end.saturating_sub(begin)));
        }
    }
}

/// The most bytes that are kept for one such reader.
const KEPT: usize = 256 << 20;

/// The bytes of another window, as the C engine reads them from a file.
pub struct FileWindow<W> {
    inner: W,
    /// Position in `inner` of the first byte that is not in `kept`.
    next: usize,
    kept: Vec<u8>,
    gaps: Vec<Gap>,
    /// In front of this position, what is skipped is kept.
    kept_until: usize,
    file: File,
    /// Set where more would have to be kept than may be.
    full: Option<Error>,
}

impl<W: Window> FileWindow<W> {
    /// A file with the bytes of `inner`, which nobody has read from.
    pub fn new(inner: W, access: Access) -> Self {
        let (kept, gaps, file) = (Vec::new(), Vec::new(), File::new(access));
        Self { inner, next: 0, kept, gaps, kept_until: 0, file, full: None }
    }

    /// Drops what is kept from position `at` on; answers where in `inner` it begins.
    fn rewind(&mut self, at: usize) -> usize {
        let dropped = self.kept.len().saturating_sub(at);
        self.kept.truncate(at);
        self.next.saturating_sub(dropped)
    }

    fn gap(&mut self, at: usize, count: u64, lost: bool) {
        let before = self.gaps.last().map_or(0, |gap| gap.total);
        self.gaps.push(Gap { at, total: before.saturating_add(count), lost });
    }
}

impl<W: Window> Window for FileWindow<W> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.kept
    }

    fn fill(&mut self, end: usize) -> Result<()> {
        let Some(wanted) = end.checked_sub(self.kept.len()).filter(|&wanted| wanted > 0) else { return Ok(()) };
        let until = self.next.saturating_add(wanted);
        self.inner.fill(until)?;
        let fresh = self.inner.bytes().get(self.next..).unwrap_or_default();
        let fresh = fresh.get(..wanted).unwrap_or(fresh);
        if self.kept.len().saturating_add(fresh.len()) > KEPT {
            let full = Error::new(ErrorKind::Limit, "too many bytes to read as one who reads from a file does");
            self.full = Some(full.clone());
            return Err(full);
        }
        self.kept.extend_from_slice(fresh);
        self.next = self.next.saturating_add(fresh.len());
        Ok(())
    }

    fn skip(&mut self, at: usize, count: u64) -> Result<(usize, u64)> {
        let at = at.min(self.kept.len());
        if at < self.kept_until {
            return step_over(self, at, count);
        }
        let from = self.rewind(at);
        let (next, taken) = self.inner.skip(from, count)?;
        self.next = next;
        if taken > 0 {
            self.gap(at, taken, false);
        }
        Ok((at, taken))
    }

    fn keep_until(&mut self, end: usize) {
        self.kept_until = end;
    }

    fn failure(&self) -> Option<&Error> {
        self.full.as_ref().or_else(|| self.inner.failure())
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    fn file(&mut self) -> Option<&mut File> {
        Some(&mut self.file)
    }

    fn lose(&mut self, from: usize, to: usize) -> Result<()> {
        let to = to.min(self.kept.len());
        self.next = self.rewind(to);
        let count = to.saturating_sub(from);
        self.kept.truncate(from);
        if count > 0 {
            self.gap(from, count as u64, true);
        }
        Ok(())
    }
}
