//! Where readers find the directory of an archive.
//!
//! Python (`zipfile._EndRecData`), miniz (`mz_zip_reader_locate_header_sig`) and most others take the last record that
//! looks like an end; some take one whose comment reaches to the end of the file. Python then counts backward from that
//! record, and every offset moves with bytes put before the archive; others count from the first byte of the file.

use super::TAIL;
use super::records::{CENTRAL, END, END_LEN, END64, END64_LEN, End, LOCATOR64, LOCATOR64_LEN, end, end64, locator64};
use std::ops::Range;

/// How many records that look like an end are followed.
const MOST: usize = 16;

/// A directory that some reader may find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// Where the record stands that leads to it.
    pub(super) end_at: usize,
    /// What that record says.
    pub(super) end: End,
    /// The runs of that record, of its larger form and of the locator.
    pub(super) records: Vec<Range<usize>>,
    /// Where its first header is.
    pub(super) at: usize,
    /// What is added to the places of members.
    pub(super) shift: usize,
    /// Whether the comment of the record reaches exactly to the end.
    pub(super) is_last: bool,
}

impl Directory {
    /// Whether it begins as a directory does, or is that of an archive without members.
    pub(super) fn is_there(&self, bytes: &[u8]) -> bool {
        let begins = bytes.get(self.at..).is_some_and(|rest| rest.starts_with(CENTRAL));
        begins || (self.end.count == 0 && self.end.directory_len == 0)
    }
}

/// Every directory that some reader may find; the one that Python finds first.
pub(super) fn find(bytes: &[u8]) -> Vec<Directory> {
    let mut found: Vec<Directory> = Vec::new();
    let begin = bytes.len().saturating_sub(TAIL);
    let tail = bytes.get(begin..).unwrap_or_default();
    // Searching forward is many times faster, and most files have none.
    let ends: Vec<usize> = memchr::memmem::find_iter(tail, END).map(|at| begin.saturating_add(at)).collect();
    for at in ends.into_iter().rev().take(MOST) {
        let Some(record) = bytes.get(at..).filter(|record| record.len() >= END_LEN) else { continue };
        let Ok((_, first)) = end(record) else { continue };
        let comment_end = at.saturating_add(END_LEN).saturating_add(first.comment.into());
        let is_last = comment_end == bytes.len();
        // Before the last of them, only one whose comment reaches to the end is anyone's; others are in members.
        if !is_last && found.iter().any(|found| found.is_there(bytes)) {
            continue;
        }
        let own = at..comment_end.min(bytes.len());
        let mut forms = larger(bytes, at, own.clone());
        // Readers that do not know the larger form count from the first byte.
        let backward = forms.is_empty();
        forms.push((first, at, vec![own]));
        for (end, end_at, records) in forms {
            for (at, shift) in places(&end, end_at, backward || end_at != at) {
                let directory = Directory { end_at, end, records: records.clone(), at, shift, is_last };
                let known = found.iter().any(|known| known.at == at && known.shift == shift);
                if !known && (directory.is_there(bytes) || found.is_empty()) {
                    found.push(directory);
                }
            }
        }
    }
    // The first stands in for an archive whose directory is not there; with a better one it is of no use.
    let there = found.iter().skip(1).any(|other| other.is_there(bytes));
    if there && found.first().is_some_and(|first| !first.is_there(bytes)) {
        found.remove(0);
    }
    found
}

/// The larger forms of the record at `end_at`: right before the locator, where Python looks, and where the locator
/// says.
fn larger(bytes: &[u8], end_at: usize, own: Range<usize>) -> Vec<(End, usize, Vec<Range<usize>>)> {
    let mut forms = Vec::new();
    let Some(locator) = end_at.checked_sub(LOCATOR64_LEN) else { return forms };
    let Some(Ok((_, said))) = bytes.get(locator..).filter(|it| it.starts_with(LOCATOR64)).map(locator64) else {
        return forms;
    };
    let before = locator.checked_sub(END64_LEN);
    let said = usize::try_from(said).ok().filter(|&said| Some(said) != before);
    for at in [before, said].into_iter().flatten() {
        let Some(record) = bytes.get(at..).filter(|record| record.starts_with(END64)) else { continue };
        if let Ok((_, end)) = end64(record) {
            let run = at..at.saturating_add(END64_LEN).min(bytes.len());
            forms.push((end, at, vec![own.clone(), locator..end_at, run]));
        }
    }
    forms
}

/// Where a directory begins and what is added to the places in it: counted backward from the record, and from the
/// first byte.
fn places(end: &End, end_at: usize, backward: bool) -> Vec<(usize, usize)> {
    let (Ok(len), Ok(said)) = (usize::try_from(end.directory_len), usize::try_from(end.directory)) else {
        return Vec::new();
    };
    let mut places = Vec::new();
    if backward
        && let Some(at) = end_at.checked_sub(len)
        && let Some(shift) = at.checked_sub(said)
    {
        places.push((at, shift));
    }
    if !places.contains(&(said, 0)) {
        places.push((said, 0));
    }
    places
}
