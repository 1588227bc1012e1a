//! `.npz`: arrays by name, each as `numpy.save` writes it, stored as they are (`numpy/lib/_npyio_impl.py`, `savez`).
//!
//! Arrays of objects have no place in it: an archive with a pickle inside can run code.

use super::{Named, pour};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{ArrayRef, Arrays, Bytes};
use crate::output::ZipWriter;
use flate2::Crc;
use std::io::{self, Write};

/// Whether an array can be written so.
///
/// # Errors
/// Why not.
pub fn check(array: &ArrayRef) -> Result<()> {
    if array.has_objects() {
        return Err(Error::new(ErrorKind::Unsupported, "its elements are objects, not bytes"));
    }
    let layout = array.layout();
    if let Some(problem) = &array.problem {
        return Err(problem.clone());
    }
    array.npy_header().and(layout.map(drop))
}

/// Writes header and elements of one array: what a `.npy` file is.
///
/// # Errors
/// What is wrong with the array, and those of `out`.
pub fn npy(
    out: &mut dyn Write,
    one: &Named,
    arrays: &Arrays<'_, '_, '_>,
    bytes: &mut Bytes<'_, '_, '_>,
) -> io::Result<()> {
    let gone = || io::Error::new(io::ErrorKind::InvalidData, "the array is not there");
    let array = arrays.get(one.index).ok_or_else(gone)?;
    pour(out, |sink| bytes.npy(&array, sink))
}

/// What is written, for the header in front of it.
#[derive(Default)]
pub(super) struct Sum {
    crc: Crc,
    len: u64,
}

impl Sum {
    /// Checksum and length.
    pub(super) fn about(&self) -> (u32, u64) {
        (self.crc.sum(), self.len)
    }
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.crc.update(bytes);
        self.len = self.len.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes an archive of these arrays, in this order. Each is read twice: its checksum stands in front of it.
///
/// # Errors
/// As [`npy`], and those of `out`.
pub fn write(
    out: &mut dyn Write,
    chosen: &[Named],
    arrays: &Arrays<'_, '_, '_>,
    bytes: &mut Bytes<'_, '_, '_>,
) -> io::Result<()> {
    let mut sums = Vec::new();
    for one in chosen {
        let mut sum = Sum::default();
        npy(&mut sum, one, arrays, bytes)?;
        sums.push(sum.about());
    }
    bytes.rewind();
    let mut zip = ZipWriter::new(out);
    for (one, about) in chosen.iter().zip(sums) {
        zip.add(&format!("{}.npy", one.name), about, |out| npy(out, one, arrays, bytes))?;
    }
    zip.finish()
}
