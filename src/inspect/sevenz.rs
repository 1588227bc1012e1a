//! Members of 7z archives. Those that share a packed stream, or stand behind a filter, are held in memory.

use super::members::{Found, Members};
use crate::container::sevenz::{self, Folder, Member};
use crate::container::{Codec, Filter, compress};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Budget, Limit};
use std::io::Read as _;

/// All members of an archive that begins at `start` of the file, in the order in which they are packed.
pub(super) fn members<'a>(bytes: &'a [u8], start: usize, budget: &mut Budget) -> Members<'a> {
    let archive = sevenz::read(bytes, budget);
    let mut members = Members::default();
    members.problems.extend(archive.error.map(|error| (String::new(), error)));
    for folder in &archive.folders {
        if let Err(error) = unpacked(folder, (bytes, start), &mut members, budget) {
            let name = |member: &Member| (member.name.clone(), error.clone());
            members.problems.extend(folder.members.iter().map(name));
        }
    }
    members
}

/// Adds what lies in a packed stream.
fn unpacked<'a>(
    folder: &Folder,
    (bytes, start): (&'a [u8], usize),
    members: &mut Members<'a>,
    budget: &mut Budget,
) -> Result<()> {
    let codec = folder.codec.map_err(|why| Error::new(ErrorKind::Unsupported, why))?;
    let packed = bytes.get(folder.packed.clone()).unwrap_or_default();
    let start = start.saturating_add(folder.packed.start);
    let found = |member: &Member, start, bytes, codec, held| Found {
        name: member.name.clone(),
        start,
        bytes,
        codec,
        storages: None,
        held,
    };
    budget.spend(Limit::Inflated, codec.map_or(0, Codec::memory))?;
    match (codec, folder.members.as_slice()) {
        (_, [only]) if only.size == 0 => {}
        (Some(_), [only]) if folder.filters.is_empty() => {
            members.found.push(found(only, start, packed, codec, None));
        }
        (None, all) if folder.filters.is_empty() => {
            let mut at = 0_usize;
            for one in all {
                let len = usize::try_from(one.size).unwrap_or(usize::MAX);
                let there = packed.get(at..).unwrap_or_default();
                let there = there.get(..len).unwrap_or(there);
                if !there.is_empty() {
                    members.found.push(found(one, start.saturating_add(at), there, None, None));
                }
                at = at.saturating_add(len);
            }
        }
        (codec, all) => {
            let mut rest = compress::at_most(codec, packed, u64::MAX, budget)?.into_owned();
            for filter in &folder.filters {
                rest = unfiltered(*filter, &rest, budget)?;
            }
            for one in all {
                let len = usize::try_from(one.size).unwrap_or(usize::MAX).min(rest.len());
                let behind = rest.split_off(len);
                let held = std::mem::replace(&mut rest, behind);
                if !held.is_empty() {
                    members.found.push(found(one, start, packed, codec, Some(held)));
                }
            }
        }
    }
    Ok(())
}

/// The bytes before a filter.
fn unfiltered(filter: Filter, bytes: &[u8], budget: &mut Budget) -> Result<Vec<u8>> {
    budget.spend(Limit::Inflated, bytes.len() as u64)?;
    budget.spend(Limit::Retained, bytes.len() as u64)?;
    let mut plain = Vec::new();
    filter.undo(bytes).read_to_end(&mut plain).map_err(|error| Error::new(ErrorKind::Malformed, error.to_string()))?;
    Ok(plain)
}
