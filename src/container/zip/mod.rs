//! Zip archives, as all their readers read them.
//!
//! A zip archive says everything twice: in a header before each member and in a directory at the end, which is found by
//! searching backward. Readers differ in which copy they believe, in where they find the directory and in what they
//! refuse. Here every directory that a reader may find is read, both copies are compared, and the bytes that no member
//! explains are searched for further headers. Whatever a reader may take for a member is an entry; nothing hides one.

mod directory;
mod gaps;
mod members;
mod records;

use super::archive::{Archive, Entry};
use crate::limits::{Budget, Limit};
use std::ops::Range;

/// How many bytes from the end a directory is searched in: the longest comment and the records before it.
const TAIL: usize = (64 << 10) + 256;

/// Whether Python's `zipfile`, which searches backward, takes bytes of any kind for an archive.
pub fn ends_as_archive(bytes: &[u8]) -> bool {
    directory::find(bytes).iter().any(|found| found.is_there(bytes))
}

/// What is being put together.
struct Reading<'a> {
    bytes: &'a [u8],
    copy: &'a dyn Fn(&[u8], &mut [u8]),
    archive: Archive,
    /// Runs that something explains, in no order.
    explained: Vec<Range<usize>>,
}

/// Reads an archive. With `deep`, and wherever anything is odd, headers inside members count, too.
///
/// Never fails: what cannot be read is in [`Archive::errors`]. Spends [`Limit::Members`].
pub fn read(bytes: &[u8], deep: bool, budget: &mut Budget) -> Archive {
    let copy = |from: &[u8], into: &mut [u8]| {
        into.iter_mut().zip(from).for_each(|(into, from)| *into = *from);
    };
    read_copying(bytes, deep, &copy, budget)
}

/// The same, for bytes that lie in a map: `copy` copies some of them, as many as there is room for, and does better not to
/// look at them in the map. Headers before the data are spread over the whole archive, and the system would bring
/// pages around each into memory.
pub fn read_copying(bytes: &[u8], deep: bool, copy: &dyn Fn(&[u8], &mut [u8]), budget: &mut Budget) -> Archive {
    let mut reading = Reading { bytes, copy, archive: Archive::default(), explained: Vec::new() };
    let found = directory::find(bytes);
    let outcome = members::read(&mut reading, &found, budget)
        .and_then(|()| gaps::search(&mut reading, deep, budget).map(|()| gaps::overlaps(&mut reading)));
    if let Err(error) = outcome {
        reading.archive.errors.push(error);
    }
    reading.archive
}

impl Reading<'_> {
    /// Adds an entry, unless it is known; answers its number.
    fn entry(&mut self, entry: Entry, budget: &mut Budget) -> crate::error::Result<usize> {
        budget.spend(Limit::Members, 1)?;
        self.archive.entries.push(entry);
        Ok(self.archive.entries.len().saturating_sub(1))
    }

    /// The first bytes from `at` on, as many as there are of those asked for; zeros where they cannot be read.
    fn copied<'b>(&self, at: usize, room: &'b mut [u8]) -> &'b [u8] {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let len = rest.len().min(room.len());
        let room = room.get_mut(..len).unwrap_or_default();
        (self.copy)(rest.get(..len).unwrap_or_default(), room);
        room
    }

    fn odd(&mut self, offset: usize, entry: Option<usize>, what: &'static str, fools: &'static str) {
        self.archive.anomalies.push(super::archive::Anomaly { offset, entry, what, fools });
    }
}

#[cfg(test)]
mod tests;
