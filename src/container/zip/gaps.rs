//! Bytes that no member explains, and headers in them.

use super::Reading;
use super::members::{NEWEST_VERSION, data, text};
use super::records::{LOCAL, Method, flags, local, method};
use crate::container::archive::{Data, Entry};
use crate::error::Result;
use crate::limits::Budget;
use std::collections::HashSet;
use std::ops::Range;

/// Searches for headers that no directory lists, and says which bytes nothing explains.
pub(super) fn search(reading: &mut Reading<'_>, deep: bool, budget: &mut Budget) -> Result<()> {
    for gap in gaps(reading) {
        let mut at = gap.start;
        while let Some(next) = find(reading.bytes, at..gap.end) {
            at = stray(reading, next, gap.end, budget)?.max(next.saturating_add(LOCAL.len()));
        }
        let rest = reading.bytes.get(gap.clone()).unwrap_or_default();
        if rest.iter().any(|&byte| byte != 0) {
            reading.archive.unexplained.push(gap);
        }
    }
    if deep || !reading.archive.anomalies.is_empty() {
        inside(reading, budget)?;
    }
    Ok(())
}

fn find(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let found = memchr::memmem::find(bytes.get(range.clone())?, LOCAL)?;
    range.start.checked_add(found)
}

/// Runs that nothing explains, in order.
fn gaps(reading: &mut Reading<'_>) -> Vec<Range<usize>> {
    reading.explained.extend(reading.archive.records.iter().cloned());
    reading.explained.sort_unstable_by_key(|run| (run.start, run.end));
    let mut gaps = Vec::new();
    let mut end = 0;
    for run in &reading.explained {
        if run.start > end {
            gaps.push(end..run.start);
        }
        end = end.max(run.end);
    }
    if end < reading.bytes.len() {
        gaps.push(end..reading.bytes.len());
    }
    gaps
}

/// A header that no directory lists; answers where its data ends.
fn stray(reading: &mut Reading<'_>, at: usize, limit: usize, budget: &mut Budget) -> Result<usize> {
    let bytes = reading.bytes.get(..limit).unwrap_or_default();
    let Some(Ok((_, header))) = bytes.get(at..).map(local) else { return Ok(at) };
    let name = text(header.claims.name);
    let start = at.saturating_add(header.len);
    let mut claims = header.claims;
    // Sizes that are not here stand behind the data, whose end only reading it tells.
    if claims.flags & flags::DESCRIPTOR != 0 && claims.compressed == 0 {
        claims.compressed = limit.saturating_sub(start) as u64;
    }
    let data = data(bytes, &name, start, &claims);
    let end = data.span().end;
    let number = reading.entry(Entry { name, header: at, data, size: None, crc: None }, budget)?;
    let fools = "readers that go from member to member read it; Python's zipfile and torch do not";
    reading.odd(at, Some(number), "the directory does not list it", fools);
    Ok(end)
}

/// Headers inside of stored members that are no archives themselves.
fn inside(reading: &mut Reading<'_>, budget: &mut Budget) -> Result<()> {
    let known: HashSet<usize> = reading.archive.entries.iter().map(|entry| entry.header).collect();
    let spans: Vec<Range<usize>> = reading
        .archive
        .entries
        .iter()
        .filter_map(|entry| match &entry.data {
            Data::Stored(span) => Some(span.clone()),
            _ => None,
        })
        .collect();
    let mut searched = 0;
    for span in spans {
        let is_archive = reading.bytes.get(span.clone()).is_some_and(|bytes| bytes.starts_with(LOCAL));
        let mut at = span.start.max(searched);
        searched = searched.max(span.end);
        while !is_archive && let Some(next) = find(reading.bytes, at..span.end) {
            if !known.contains(&next) && is_plausible(reading.bytes, next) {
                stray(reading, next, span.end, budget)?;
            }
            at = next.saturating_add(LOCAL.len());
        }
    }
    Ok(())
}

/// Whether a header among other bytes is one that any reader reads. Four bytes alone are in large members by chance.
fn is_plausible(bytes: &[u8], at: usize) -> bool {
    let Some(Ok((_, header))) = bytes.get(at..).map(local) else { return false };
    let claims = header.claims;
    let is_known = !matches!(method(claims.method), Method::Unknown(_));
    is_known && claims.version & 0xff <= NEWEST_VERSION && !claims.name.is_empty()
}

/// Members that share bytes.
pub(super) fn overlaps(reading: &mut Reading<'_>) {
    let mut runs: Vec<(usize, usize)> =
        reading.archive.entries.iter().map(|entry| (entry.header, entry.data.span().end)).collect();
    runs.sort_unstable();
    runs.dedup_by_key(|run| run.0);
    let mut end = 0;
    for (start, until) in runs {
        if start < end {
            let fools = "Python's zipfile refuses it from 3.13 on; others inflate the same bytes again and again";
            reading.odd(start, None, "members share bytes", fools);
            return;
        }
        end = end.max(until);
    }
}
