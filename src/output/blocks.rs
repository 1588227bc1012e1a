//! A file that is written in whole blocks, wherever the pieces of its content end: the system copies a tenth quicker where
//! it need not come back to a page.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Write};

/// Writes end at multiples of this.
const BLOCK: usize = 128 << 10;

/// A file that is written from its start.
pub(super) struct Blocks {
    file: File,
    /// What is not written yet: less than ends a block.
    held: Vec<u8>,
    /// Bytes of the block that are written already.
    written: usize,
}

impl Blocks {
    pub(super) fn new(file: File) -> Self {
        Self { file, held: Vec::new(), written: 0 }
    }

    /// The file, with everything in it.
    pub(super) fn finish(mut self) -> io::Result<File> {
        self.flush()?;
        Ok(self.file)
    }
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let here = self.written + self.held.len();
        let whole = (here + bytes.len()) / BLOCK * BLOCK;
        let Some((now, later)) = whole.checked_sub(here).and_then(|count| bytes.split_at_checked(count)) else {
            self.held.extend_from_slice(bytes);
            return Ok(bytes.len());
        };
        write_both(&mut self.file, &self.held, now)?;
        self.held.clear();
        self.held.extend_from_slice(later);
        self.written = 0;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.held)?;
        self.written += self.held.len();
        self.held.clear();
        self.file.flush()
    }
}

/// Writes two runs of bytes, by one call where the system takes them.
fn write_both(out: &mut impl Write, mut first: &[u8], mut second: &[u8]) -> io::Result<()> {
    while !first.is_empty() {
        let count = match out.write_vectored(&[IoSlice::new(first), IoSlice::new(second)]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let of_first = count.min(first.len());
        first = first.get(of_first..).unwrap_or_default();
        second = second.get(count - of_first..).unwrap_or_default();
    }
    out.write_all(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_come_out_as_they_went_in() {
        let bytes: Vec<u8> = (0..=250).cycle().take(5 * BLOCK + 77).collect();
        for sizes in [&[1, 128, BLOCK, 3][..], &[BLOCK - 1, 2, 2 * BLOCK + 1], &[128, 2 * BLOCK], &[5 * BLOCK]] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut blocks = Blocks::new(file.reopen().unwrap());
            let (mut rest, mut sizes) = (&bytes[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                blocks.write_all(piece).unwrap();
                assert!(blocks.held.len() + blocks.written < BLOCK);
                if piece.len() == 3 {
                    blocks.flush().unwrap();
                }
                rest = after;
            }
            drop(blocks.finish().unwrap());
            assert!(std::fs::read(file.path()).unwrap() == bytes);
        }
    }

    /// Takes few bytes at a time.
    struct Few(Vec<u8>);

    impl Write for Few {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(3);
            self.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_taken_in_part_is_written_on() {
        let mut few = Few(Vec::new());
        write_both(&mut few, b"abcdefgh", b"ijklmn").unwrap();
        write_both(&mut few, b"", b"op").unwrap();
        assert_eq!(few.0, b"abcdefghijklmnop");
    }
}
