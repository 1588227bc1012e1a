//! What arrays are written through: bytes of the input go from file to file, all others through memory.

use super::progress;
use crate::input::{Source, display_name};
use crate::output::Out;
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};
use std::path::Path;

/// The most that is written at a time.
const STEP: usize = 4 << 20;
/// Of fewer bytes nothing is shown: they are there at once.
const SHOWN: u64 = 64 << 20;
/// Fewer bytes are copied as quickly through memory.
const COPIED: usize = 64 << 10;

/// A file that is being written, counted, and hashed where somebody asks for it.
pub(super) struct Sink<'s> {
    out: &'s mut Out,
    /// Whose bytes may be written.
    source: &'s Source<'s>,
    hash: Option<Sha256>,
    size: u64,
    bar: ProgressBar,
    buffer: Vec<u8>,
}

impl<'s> Sink<'s> {
    pub(super) fn new(out: &'s mut Out, source: &'s Source<'s>, (path, hashed): (&Path, bool)) -> Self {
        let hash = hashed.then(Sha256::new);
        Self { out, source, hash, size: 0, bar: progress::written(&display_name(path)), buffer: Vec::new() }
    }

    /// How many bytes were written, and their hash.
    pub(super) fn about(&mut self) -> (u64, Option<Sha256>) {
        (self.size, self.hash.take())
    }
}

impl Drop for Sink<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = bytes.get(..STEP).unwrap_or(bytes);
        match (self.source.find(some).filter(|_| some.len() >= COPIED), &mut self.hash) {
            (Some((file, offset)), None) => self.out.copy(file, offset, some.len() as u64)?,
            (Some(_), Some(hash)) => {
                self.buffer.resize(some.len(), 0);
                self.source.read(some, &mut self.buffer).map_err(io::Error::other)?;
                self.out.write_all(&self.buffer)?;
                hash.update(&self.buffer);
            }
            (None, hash) => {
                self.out.write_all(some)?;
                hash.iter_mut().for_each(|hash| hash.update(some));
            }
        }
        self.size = self.size.saturating_add(some.len() as u64);
        if self.size >= SHOWN {
            self.bar.set_position(self.size);
        }
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
