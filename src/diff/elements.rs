//! Two arrays of one shape, element by element, in pieces: as much memory as a piece, however they are compressed.

use super::columns::{Column, Types, columns, row, types};
use super::{Elements, First, Tolerance};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{ArrayRef, Bytes};

/// Bytes that are compared at a time.
const PIECE: u64 = 64 << 10;

/// Compares the elements of two arrays that have as many. What the types have in common is compared where they differ.
///
/// # Errors
/// What is wrong with an array; that there is nothing to compare, as the types have nothing in common.
pub(super) fn elements(
    (a, bytes_a): (&ArrayRef, &mut Bytes<'_, '_, '_>),
    (b, bytes_b): (&ArrayRef, &mut Bytes<'_, '_, '_>),
    tolerance: Tolerance,
) -> Result<Elements> {
    let (type_a, type_b) = (a.array.dtype.clone()?, b.array.dtype.clone()?);
    let columns = columns(&type_a, &type_b);
    if columns.is_empty() && type_a.itemsize() > 0 && type_b.itemsize() > 0 && types(&type_a, &type_b) == Types::Other {
        return Err(Error::new(ErrorKind::Unsupported, "their types have nothing in common that could be compared"));
    }
    let size = |itemsize: u64| usize::try_from(itemsize).unwrap_or(usize::MAX);
    let (size_a, size_b) = (size(type_a.itemsize()), size(type_b.itemsize()));
    let shape = a.array.shape.as_deref().unwrap_or_default();
    let all = Elements { count: a.array.count().unwrap_or(0), ..Elements::default() };
    // Elements without bytes are all one; beside others, their types differ.
    if size_a == 0 || size_b == 0 {
        return Ok(all);
    }
    let mut compare = Compare { columns: &columns, shape, tolerance, next: 0, all };
    let same = type_a == type_b;
    let mut other = bytes_b.cursor(b)?;
    let mut buffer = Vec::new();
    let step = size_a.saturating_mul(size(PIECE.checked_div(type_a.itemsize()).unwrap_or(0).max(1)));
    bytes_a.c_order(a, &mut |piece| {
        for part in piece.chunks(step) {
            let count = part.len().checked_div(size_a).unwrap_or(0);
            buffer.resize(count.saturating_mul(size_b), 0);
            other.fill(&mut buffer)?;
            if !(same && part == buffer.as_slice()) {
                part.chunks_exact(size_a).zip(buffer.chunks_exact(size_b)).for_each(|pair| compare.add(pair));
                continue;
            }
            compare.next = compare.next.saturating_add(count as u64);
        }
        Ok(())
    })?;
    Ok(compare.all)
}

struct Compare<'c> {
    columns: &'c [Column],
    shape: &'c [u64],
    tolerance: Tolerance,
    /// The number of the next element, in C order.
    next: u64,
    all: Elements,
}

impl Compare<'_> {
    fn add(&mut self, pair: (&[u8], &[u8])) {
        let row = row(self.columns, pair, self.tolerance);
        self.all.add(row);
        if let (Some((number, index)), None) = (row.first, &self.all.first)
            && let Some(column) = self.columns.get(number)
        {
            let (a, b) = column.shown(pair, index);
            let field = Some(&column.field).filter(|field| !field.is_empty()).cloned();
            self.all.first = Some(First { index: place(self.next, self.shape), field, a, b });
        }
        self.next = self.next.saturating_add(1);
    }
}

/// The index of the n-th element in C order.
fn place(number: u64, shape: &[u64]) -> Vec<u64> {
    let mut rest = number;
    let mut index: Vec<u64> = Vec::new();
    for &length in shape.iter().rev() {
        index.push(rest.checked_rem(length).unwrap_or(0));
        rest = rest.checked_div(length).unwrap_or(0);
    }
    index.reverse();
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_has_a_number_for_each_axis() {
        assert_eq!(place(0, &[]), [0; 0]);
        assert_eq!(place(7, &[2, 3, 4]), [0, 1, 3]);
        assert_eq!(place(23, &[2, 3, 4]), [1, 2, 3]);
        assert_eq!(place(3, &[0]), [0]);
    }
}
