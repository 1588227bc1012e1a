//! `.skops` files: the pickle that does what loading one does, and where the elements of arrays stand.

use super::open::{Contents, Member};
use super::storages::Storages;
use super::window::Bytes;
use crate::container::{Archive, Data, compress, zip};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::escape;
use crate::limits::Budget;
use crate::loader::{Arrays, Manner, Reader, Readers, pass};
use crate::opcode::Dialect;
use crate::skops::{self, Skops};
use std::borrow::Cow;

/// What an archive holds; `None` where it is none of skops.
///
/// # Errors
/// Where it is one of skops by its schema, and that cannot be read.
pub(super) fn contents<'a>(bytes: &'a [u8], budget: &mut Budget) -> Option<Result<Contents<'a>>> {
    let mut own = budget.clone();
    let archive = zip::read(bytes, false, &mut own);
    let entry = skops::schema(&archive)?;
    let start = entry.data.span().start as u64;
    let found =
        schema(&archive, bytes, &mut own)?.and_then(|schema| skops::read(&schema, &archive, bytes, false, &mut own));
    match found {
        Ok(None) => None,
        Ok(Some(skops)) => {
            *budget = own;
            Some(Ok(opened(skops, bytes, start, budget)))
        }
        Err(error) => Some(Err(error)),
    }
}

/// The bytes of the schema of an archive.
pub(super) fn schema<'a>(archive: &Archive, bytes: &'a [u8], budget: &mut Budget) -> Option<Result<Cow<'a, [u8]>>> {
    let entry = skops::schema(archive)?;
    let there = bytes.get(entry.data.span()).unwrap_or_default();
    Some(match &entry.data {
        Data::Compressed(codec, _) => compress::at_most(Some(*codec), there, u64::MAX, budget),
        Data::Unreadable(why, _) => Err(Error::new(ErrorKind::Unsupported, *why)),
        Data::Stored(_) | Data::Nothing => Ok(Cow::Borrowed(there)),
    })
}

/// How the pickle of a schema is read.
pub(crate) const MANNER: Manner =
    Manner { readers: Readers::of(Reader::Skops), dialect: Dialect::C, arrays: Arrays::Unknown, search: false };

fn opened<'a>(skops: Skops, bytes: &'a [u8], start: u64, budget: &mut Budget) -> Contents<'a> {
    let broken = skops.flaws.first().map(|flaw| {
        let more = skops.flaws.len().saturating_sub(1);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!("schema.json at {}: {}{more}", flaw.offset, escape(&flaw.message))
    });
    let storages = Storages::of_skops(skops.storages);
    let pass = pass(Bytes::Made(skops.pickle), MANNER, budget);
    Contents {
        format: "skops".to_owned(),
        bytes,
        member: Member::Made { start },
        pass: Some(pass),
        storages,
        broken,
        ..Contents::empty(budget.clone())
    }
}
