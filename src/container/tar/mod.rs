//! Tar archives (ustar, GNU, pax), as all their readers read them.
//!
//! Python's `tarfile` goes from header to header and ends at the first block that is none; with `ignore_zeros` it goes
//! on, block by block, and so it is done here: what stands behind the end is read, too, and said. Where readers give a
//! member different sizes, it is an entry once for each of them.

mod header;
mod pax;
mod sparse;

use super::archive::{Anomaly, Archive, Data, Entry};
use crate::error::{Error, Result};
use crate::limits::{Budget, Limit};
pub use header::BLOCK;
use header::{Header, header, text};
use pax::Extended;
pub use sparse::Sparse;
use std::ops::Range;

/// Whether bytes begin as a tar archive does: with a header whose sum is right. Python's `tarfile` looks at nothing
/// else, and a name comes first: it may begin as any other format does.
pub fn starts(bytes: &[u8]) -> bool {
    bytes.get(..BLOCK).is_some_and(|block| header(block).is_some())
}

/// Whether a header stands in a later block: a reader that passes over what is none comes to it.
pub fn begins_later(bytes: &[u8]) -> bool {
    bytes.chunks_exact(BLOCK).skip(1).any(starts)
}

/// Reads an archive; sparse files are apart, and no entries.
///
/// Never fails: what cannot be read is in [`Archive::errors`]. Spends [`Limit::Members`].
pub fn read(bytes: &[u8], budget: &mut Budget) -> (Archive, Vec<Sparse>) {
    let mut reading = Reading { bytes, ..Reading::default() };
    if let Err(error) = reading.all(budget) {
        reading.archive.errors.push(error);
    }
    let odd = reading.archive.entries.iter().enumerate().filter_map(|(number, entry)| entry.odd_name(number));
    reading.archive.anomalies.extend(odd.collect::<Vec<_>>());
    (reading.archive, reading.sparse)
}

/// What is being put together.
#[derive(Default)]
struct Reading<'a> {
    bytes: &'a [u8],
    archive: Archive,
    sparse: Vec<Sparse>,
    /// What headers before it say of the next member.
    name: Option<Vec<u8>>,
    extended: Extended,
    /// What is said of all members.
    global: Extended,
    /// Whether a reader that does not look behind the end has stopped.
    ended: bool,
}

impl Reading<'_> {
    fn all(&mut self, budget: &mut Budget) -> Result<()> {
        let mut at = 0;
        while let Some(block) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let block = block.get(..BLOCK).unwrap_or(block);
            if let Some(header) = header(block) {
                if std::mem::take(&mut self.ended) {
                    let what = "a header stands behind the end of the archive";
                    self.odd(at, None, what, "Python's tarfile reads it with ignore_zeros; others end before it");
                }
                let next = self.member(at, header, budget)?;
                at = next.max(at.saturating_add(BLOCK));
            } else {
                self.ended = true;
                self.forget();
                let end = at.saturating_add(block.len());
                self.unexplained(at..end);
                at = end;
            }
        }
        Ok(())
    }

    /// What is said of the next member only.
    fn forget(&mut self) {
        self.name = None;
        self.extended = Extended::default();
    }

    /// Reads the member whose header stands at `at`; answers where the next header is.
    fn member(&mut self, at: usize, header: Header, budget: &mut Budget) -> Result<usize> {
        budget.spend(Limit::Members, 1)?;
        let start = at.saturating_add(BLOCK);
        let (exact, first_digits) = header.size;
        let about = self.span(start, exact.unwrap_or(first_digits));
        let data = self.bytes.get(about.clone()).unwrap_or_default();
        match header.kind {
            b'L' => self.name = Some(text(data).to_vec()),
            b'K' => {}
            b'x' | b'X' | b'g' => {
                let extended = if header.kind == b'g' { &mut self.global } else { &mut self.extended };
                if !extended.read(data) {
                    self.odd(
                        at,
                        None,
                        "an extended header cannot be read",
                        "Python's tarfile ends there; others read on",
                    );
                }
            }
            _ => return Ok(self.content(at, header)),
        }
        self.truncated(at, &about, exact.unwrap_or(first_digits));
        Ok(self.filled(about.end))
    }

    /// A member with a name and perhaps data; answers where the next header is.
    fn content(&mut self, at: usize, header: Header) -> usize {
        let (exact, first_digits) = header.size;
        let mut extended = std::mem::take(&mut self.extended);
        let long = self.name.take();
        let name = extended.path.take().or(long).or_else(|| self.global.path.clone()).unwrap_or(header.name);
        let mut entry = Entry {
            name: String::from_utf8_lossy(&name).into_owned(),
            header: at,
            data: Data::Nothing,
            size: None,
            crc: None,
        };
        let mut start = at.saturating_add(BLOCK);
        let is_sparse = header.kind == b'S' || extended.is_sparse || self.global.is_sparse;
        if header.kind == b'S' && header.is_extended {
            start = self.map_end(start);
        }
        let own = exact.unwrap_or(first_digits);
        let first = Some(self.archive.entries.len());
        // Links and directories have no data, whatever the header says, unless there is something else than a header.
        let is_folder = header.kind == 0 && entry.name.ends_with('/');
        let has_none = is_folder || matches!(header.kind, b'1'..=b'6');
        if has_none && (own == 0 || self.is_header(start)) {
            self.archive.entries.push(entry);
            return start;
        }
        if has_none {
            self.odd(at, first, "a link or a directory has data", "some readers read it, Python's tarfile ends there");
        }
        if exact.is_none() {
            self.odd(at, first, "its size is no number", "Python's tarfile ends there; others read on");
        }
        // A size that does not fit the header stands in the extended one only.
        let mut sizes = match extended.size {
            Some(size) if own == 0 => vec![size],
            Some(size) => vec![size, own],
            None => vec![own],
        };
        sizes.extend(self.global.size);
        let (mut spans, mut next): (Vec<Range<usize>>, usize) = (Vec::new(), usize::MAX);
        for (index, &size) in sizes.iter().enumerate() {
            let span = self.span(start, size);
            if spans.contains(&span) || (index > 0 && span.is_empty()) {
                continue;
            }
            if index == 0 {
                self.truncated(at, &span, size);
                if is_sparse && let Some((sparse, covers)) = self.sparse_file(at, &entry.name, &extended, &span) {
                    self.sparse.push(sparse);
                    if covers {
                        (next, spans) = (span.end, vec![span]);
                        continue;
                    }
                }
            } else {
                let fools = "which of them a reader takes depends on the reader";
                self.odd(at, first, "its headers give it several sizes", fools);
            }
            next = next.min(span.end);
            entry.data = if is_sparse {
                Data::Unreadable("it is a sparse file, whose holes are not filled in", span.clone())
            } else {
                Data::Stored(span.clone())
            };
            self.archive.entries.push(entry.clone());
            spans.push(span);
        }
        self.filled(next.min(self.bytes.len()))
    }

    /// A sparse file whose map can be read, and whether its pieces are all that there is. `data` is where they stand,
    /// and perhaps the map.
    fn sparse_file(&self, at: usize, name: &str, extended: &Extended, data: &Range<usize>) -> Option<(Sparse, bool)> {
        let block = self.bytes.get(at..at.checked_add(BLOCK)?)?;
        let mut start = data.start;
        let (map, size) = if !extended.is_sparse {
            let more = self.bytes.get(at.checked_add(BLOCK)?..start)?;
            (sparse::of_header(block, more), header::number(block.get(483..495)?))
        } else if extended.map_in_data {
            let (map, taken) = sparse::of_data(self.bytes.get(data.clone())?)?;
            start = start.checked_add(taken)?;
            (map, extended.whole)
        } else {
            let rows = extended.map.chunks_exact(2).filter_map(<[u64]>::first_chunk);
            (rows.map(|&[offset, len]| (offset, len)).collect(), extended.whole)
        };
        let pieces = sparse::lay(&map, start..data.end)?;
        let covers = pieces.last().map_or(start, |(_, last)| last.end) == data.end;
        Some((Sparse { name: name.to_owned(), header: at, size: size?, pieces }, covers))
    }

    /// Whether a block is a header, or ends the archive.
    fn is_header(&self, at: usize) -> bool {
        let block = self.bytes.get(at..at.saturating_add(BLOCK)).unwrap_or_default();
        block.iter().all(|&byte| byte == 0) || header(block).is_some()
    }

    /// Where the blocks end that hold more of the map of a sparse file.
    fn map_end(&self, mut at: usize) -> usize {
        while let Some(block) = self.bytes.get(at..at.saturating_add(BLOCK)) {
            at = at.saturating_add(BLOCK);
            if block.get(504).is_none_or(|&more| more == 0) {
                break;
            }
        }
        at
    }

    /// As many bytes as there are.
    fn span(&self, start: usize, size: u64) -> Range<usize> {
        let len = self.bytes.len();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        start.min(len)..start.saturating_add(size).min(len)
    }

    fn truncated(&mut self, at: usize, span: &Range<usize>, size: u64) {
        if (span.len() as u64) < size {
            let error = Error::truncated(at as u64, "the archive ends inside of a member");
            self.archive.errors.push(error);
        }
    }

    /// Where the block ends in which data ends; the rest of it holds nothing.
    fn filled(&mut self, end: usize) -> usize {
        let next = end.checked_next_multiple_of(BLOCK).unwrap_or(usize::MAX).min(self.bytes.len());
        self.unexplained(end..next);
        next
    }

    /// Notes bytes that nothing explains, unless they are zeros. Runs that touch are one.
    fn unexplained(&mut self, run: Range<usize>) {
        let bytes = self.bytes.get(run.clone()).unwrap_or_default();
        if bytes.iter().all(|&byte| byte == 0) {
            return;
        }
        match self.archive.unexplained.last_mut().filter(|last| last.end == run.start) {
            Some(last) => last.end = run.end,
            None => self.archive.unexplained.push(run),
        }
    }

    fn odd(&mut self, offset: usize, entry: Option<usize>, what: &'static str, fools: &'static str) {
        self.archive.anomalies.push(Anomaly { offset, entry, what, fools });
    }
}
