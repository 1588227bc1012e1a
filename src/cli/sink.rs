//! What arrays are written through.

use super::progress::Progress;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};

/// A file that is being written, counted, and hashed where somebody asks for it.
pub(super) struct Sink<'s> {
    out: &'s mut dyn Write,
    hash: Option<Sha256>,
    size: u64,
    progress: &'s mut Progress,
}

impl<'s> Sink<'s> {
    /// What is written to `out`.
    pub(super) fn new(out: &'s mut dyn Write, progress: &'s mut Progress, hashed: bool) -> Self {
        Self { out, hash: hashed.then(Sha256::new), size: 0, progress }
    }

    /// How many bytes were written, and their hash.
    pub(super) fn about(&mut self) -> (u64, Option<Sha256>) {
        (self.size, self.hash.take())
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        if let Some(hash) = &mut self.hash {
            hash.update(bytes.get(..count).unwrap_or_default());
        }
        self.size = self.size.saturating_add(count as u64);
        self.progress.add(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
