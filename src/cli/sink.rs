//! What arrays are written through.

use super::progress;
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};

/// Of fewer bytes nothing is shown: they are there at once.
const SHOWN: u64 = 64 << 20;

/// A file that is being written, counted, and hashed where somebody asks for it.
pub(super) struct Sink<'s> {
    out: &'s mut dyn Write,
    hash: Option<Sha256>,
    size: u64,
    bar: ProgressBar,
}

impl<'s> Sink<'s> {
    /// A file that is called `name`.
    pub(super) fn new(out: &'s mut dyn Write, name: &str, hashed: bool) -> Self {
        Self { out, hash: hashed.then(Sha256::new), size: 0, bar: progress::written(name) }
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
        let count = self.out.write(bytes)?;
        if let Some(hash) = &mut self.hash {
            hash.update(bytes.get(..count).unwrap_or_default());
        }
        self.size = self.size.saturating_add(count as u64);
        if self.size >= SHOWN {
            self.bar.set_position(self.size);
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
