//! The elements of an array in C order, whatever order they are stored in: by blocks of bounded size, each byte copied
//! out of the stored ones rather than looked at there, as these may be a map of a large file.

use super::layout::{Layout, index};
use crate::error::Result;

/// Bytes that are put in order at a time.
const BLOCK: u64 = 12 << 20;
/// Fewer rows at a time are not worth it.
const ROWS: u64 = 8;
/// Columns that are read side by side, so that what is written one after the other stands so too.
const COLUMNS: usize = 32;
/// Bytes that are read at a time where elements follow each other.
const WINDOW: usize = 256 << 10;
/// What lies within so many bytes is read together.
const NEAR: u64 = 4 << 10;

/// Copies stored bytes from an offset on.
pub(super) type Stored<'s> = &'s mut dyn FnMut(u64, &mut [u8]) -> Result<()>;
pub(super) type Sink<'s> = &'s mut dyn FnMut(&[u8]) -> Result<()>;

/// Hands the elements of `layout` to `sink` in C order, in pieces of whole elements.
pub(super) fn turn(layout: &Layout, stored: Stored<'_>, sink: Sink<'_>) -> Result<()> {
    by_blocks(layout, BLOCK, stored, sink)
}

fn by_blocks(layout: &Layout, most: u64, stored: Stored<'_>, sink: Sink<'_>) -> Result<()> {
    // Elements are those runs of bytes that are in C order, as long as can be.
    let items = layout.runs();
    if let Some(axis) = items.fastest()
        && let Some((before, (rows, stride), columns)) = items.split(axis)
    {
        // So many rows fill a block, and their bytes as much again.
        let side_by_side = (COLUMNS as u64).min(columns.count());
        let widest = columns.nbytes().max(stride.saturating_mul(side_by_side));
        let at_once = most.checked_div(widest).unwrap_or(0).min(rows);
        if at_once >= ROWS {
            let mut turned = Turned { columns, stride, stored, side: Vec::new(), block: Vec::new() };
            for start in before.offsets() {
                let mut first = 0_u64;
                while first < rows {
                    let here = at_once.min(rows.saturating_sub(first));
                    sink(turned.rows(start.saturating_add(first.saturating_mul(stride)), here)?)?;
                    first = first.saturating_add(here);
                }
            }
            return Ok(());
        }
    }
    one_by_one(&items, layout.itemsize(), stored, sink)
}

/// Some rows of a matrix whose rows lie closer to each other than its columns.
struct Turned<'s> {
    columns: Layout,
    /// From a row to the next.
    stride: u64,
    stored: Stored<'s>,
    /// Bytes of columns as they are stored, and the rows that they give.
    side: Vec<u8>,
    block: Vec<u8>,
}

impl Turned<'_> {
    /// `count` rows from the one on that begins at `offset`.
    fn rows(&mut self, offset: u64, count: u64) -> Result<&[u8]> {
        let (item, row, stride) = (index(self.columns.itemsize()), index(self.columns.nbytes()), index(self.stride));
        let span = stride.saturating_mul(index(count).saturating_sub(1)).saturating_add(item);
        self.block.resize(index(count).saturating_mul(row), 0);
        let mut columns = self.columns.offsets();
        let mut at = 0_usize;
        loop {
            self.side.clear();
            for column in columns.by_ref().take(COLUMNS) {
                let from = self.side.len();
                self.side.resize(from.saturating_add(span), 0);
                let side = self.side.get_mut(from..).unwrap_or_default();
                (self.stored)(offset.saturating_add(column), side)?;
            }
            if self.side.is_empty() {
                return Ok(&self.block);
            }
            let from = at;
            let lines = self.block.chunks_exact_mut(row).map(|line| line.get_mut(from..).unwrap_or_default());
            let side = self.side.chunks_exact(span);
            at = at.saturating_add(side.len().saturating_mul(item));
            match item {
                1 => interleave::<1>(lines, &side, stride),
                2 => interleave::<2>(lines, &side, stride),
                4 => interleave::<4>(lines, &side, stride),
                8 => interleave::<8>(lines, &side, stride),
                _ => interleave_any(lines, &side, (item, stride)),
            }
        }
    }
}

type Columns<'s> = std::slice::ChunksExact<'s, u8>;

/// Puts the next item of each column into each line.
fn interleave<'l, const N: usize>(lines: impl Iterator<Item = &'l mut [u8]>, columns: &Columns<'_>, stride: usize) {
    let mut at = 0_usize;
    for line in lines {
        for (place, column) in line.as_chunks_mut::<N>().0.iter_mut().zip(columns.clone()) {
            if let Some(item) = column.get(at..).and_then(<[u8]>::first_chunk) {
                *place = *item;
            }
        }
        at = at.saturating_add(stride);
    }
}

/// The same for items of any size.
fn interleave_any<'l>(
    lines: impl Iterator<Item = &'l mut [u8]>,
    columns: &Columns<'_>,
    (size, stride): (usize, usize),
) {
    let mut at = 0_usize;
    for line in lines {
        for (place, column) in line.chunks_exact_mut(size).zip(columns.clone()) {
            if let Some(item) = column.get(at..).and_then(|rest| rest.get(..size)) {
                place.copy_from_slice(item);
            }
        }
        at = at.saturating_add(stride);
    }
}

/// Each item where it stands.
fn one_by_one(items: &Layout, element: u64, stored: Stored<'_>, sink: Sink<'_>) -> Result<()> {
    let len = items.itemsize();
    let mut block = Vec::new();
    if len >= WINDOW as u64 {
        // In pieces of whole elements.
        let element = index(element).max(1);
        let most = WINDOW.saturating_sub(WINDOW.checked_rem(element).unwrap_or(0)).max(element) as u64;
        for offset in items.offsets() {
            let mut done = 0_u64;
            while done < len {
                block.resize(index(most.min(len.saturating_sub(done))), 0);
                stored(offset.saturating_add(done), &mut block)?;
                sink(&block)?;
                done = done.saturating_add(block.len() as u64);
            }
        }
        return Ok(());
    }
    let mut window = Window { stored, end: items.extent(), bytes: Vec::new(), start: 0, len: 0 };
    for offset in items.offsets() {
        block.extend_from_slice(window.run(offset, index(len))?);
        if block.len() >= WINDOW {
            sink(&block)?;
            block.clear();
        }
    }
    if block.is_empty() { Ok(()) } else { sink(&block) }
}

/// Bytes that were read, and more behind them the longer they are read one after the other.
struct Window<'s> {
    stored: Stored<'s>,
    /// Where there are no more.
    end: u64,
    bytes: Vec<u8>,
    start: u64,
    len: usize,
}

impl Window<'_> {
    fn run(&mut self, offset: u64, len: usize) -> Result<&[u8]> {
        let end = self.start.saturating_add(self.bytes.len() as u64);
        if offset < self.start || offset.saturating_add(len as u64) > end {
            let goes_on = offset >= self.start && offset <= end.saturating_add(NEAR);
            self.len = if goes_on { self.len.saturating_mul(2).min(WINDOW) } else { index(NEAR) };
            self.start = if goes_on { offset } else { offset.saturating_sub(offset % NEAR) };
            let before = index(offset.saturating_sub(self.start));
            let left = index(self.end.saturating_sub(self.start));
            self.bytes.resize(self.len.max(before.saturating_add(len)).min(left), 0);
            (self.stored)(self.start, &mut self.bytes)?;
        }
        let at = index(offset.saturating_sub(self.start));
        Ok(self.bytes.get(at..).and_then(|rest| rest.get(..len)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Order;
    use crate::dtype::DType;
    use crate::error::Error;

    /// Turns an array of elements of this size by blocks of `most` bytes, and compares it with its elements one by one.
    /// Answers how many pieces came and how many bytes were read at most at once.
    fn pieces(descr: &[u8], shape: &[u64], order: &Order, most: u64) -> (usize, usize) {
        let dtype = DType::from_spec(descr).unwrap();
        let layout = Layout::new(&dtype, shape, order).unwrap();
        let stored: Vec<u8> = (0..=250).cycle().take(index(layout.extent())).collect();
        let (mut out, mut count, mut longest) = (Vec::new(), 0, 0);
        let mut read = |offset: u64, into: &mut [u8]| {
            longest = longest.max(into.len());
            into.copy_from_slice(&stored[index(offset)..][..into.len()]);
            Ok(())
        };
        let mut sink = |piece: &[u8]| {
            assert!(piece.len().is_multiple_of(index(dtype.itemsize())));
            count = usize::saturating_add(count, 1);
            out.extend_from_slice(piece);
            Ok(())
        };
        by_blocks(&layout, most, &mut read, &mut sink).unwrap();
        let item = index(dtype.itemsize());
        let one_by_one: Vec<u8> =
            layout.offsets().flat_map(|offset| stored[index(offset)..][..item].to_vec()).collect();
        assert!(out == one_by_one, "{shape:?} {order:?}");
        (count, longest)
    }

    #[test]
    fn every_order_by_every_way() {
        for descr in [&b"u1"[..], b"i2", b"f4", b"f8", b"c16", b"S3"] {
            for (shape, order) in [
                (vec![50, 70], Order::F),
                (vec![40, 3, 50], Order::F),
                (vec![9, 50, 20], Order::Axes(vec![0, 2, 1])),
                (vec![30, 8, 50], Order::Axes(vec![2, 0, 1])),
                (vec![64, 40], Order::Strides(vec![3, 200])),
                (vec![500], Order::Strides(vec![2])),
                (vec![3, 40, 40], Order::Strides(vec![0, 1, 41])),
            ] {
                for most in [1, 2000, 1 << 20] {
                    pieces(descr, &shape, &order, most);
                }
            }
        }
    }

    #[test]
    fn a_large_array_is_never_there_whole() {
        let (count, longest) = pieces(b"f8", &[300, 100], &Order::F, 20_000);
        assert!(count > 10 && longest < 1000, "{count} {longest}");
        // Long runs in another order, and rows that are longer than a block.
        let (count, longest) = pieces(b"f8", &[2, 40_000], &Order::Strides(vec![50_000, 1]), 20_000);
        assert!(count > 2 && longest <= WINDOW, "{count} {longest}");
        let (_, longest) = pieces(b"f4", &[3, 60_000], &Order::F, 1000);
        assert!(longest <= WINDOW, "{longest}");
    }

    #[test]
    fn what_cannot_be_read_ends_it() {
        let dtype = DType::from_spec(b"f8").unwrap();
        for shape in [[100, 100], [2, 5]] {
            let layout = Layout::new(&dtype, &shape, &Order::F).unwrap();
            let gone = || Error::truncated(0, "gone");
            let turned = turn(&layout, &mut |_, _| Err(gone()), &mut |_| Ok(()));
            assert_eq!(turned.unwrap_err().message(), "gone");
        }
    }
}
