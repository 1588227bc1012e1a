//! What `convert` wrote as JSON, read back: a pickle is made of it.

use super::open::{Contents, Member};
use super::skops;
use super::storages::Storages;
use super::window::Bytes;
use crate::content::{self, Content};
use crate::error::Result;
use crate::limits::Budget;
use crate::loader::{Manner, pass};
use crate::skops::Storage;
use std::collections::{HashMap, HashSet};

/// How the pickles of a content are read.
const MANNER: Manner = Manner { search: true, ..skops::MANNER };

pub(super) use crate::content::is_content;

/// What a file of JSON holds that may be one of `convert`.
///
/// # Errors
/// Where it is not of the scheme, or larger than the limits allow.
pub(super) fn contents<'a>(bytes: &'a [u8], budget: &mut Budget) -> Result<Contents<'a>> {
    made(bytes, bytes, "json", &HashMap::new(), budget)
}

/// The contents of a file in which such JSON stands, with tensors by their names.
///
/// # Errors
/// As [`contents`].
pub(super) fn made<'a>(
    bytes: &'a [u8],
    text: &[u8],
    format: &str,
    tensors: &HashMap<String, Storage>,
    budget: &mut Budget,
) -> Result<Contents<'a>> {
    let Content { pickles, storages } = content::read(text, tensors, budget)?;
    let named: HashSet<&String> = storages.iter().map(|storage| &storage.key).collect();
    let missing = tensors.keys().filter(|name| !named.contains(name)).count();
    let broken = (missing > 0).then(|| format!("{missing} tensors are no part of the content beside them"));
    let pass = pass(Bytes::Made(pickles), MANNER, budget);
    let (format, storages, member) = (format.to_owned(), Storages::of_skops(storages), Member::Made { start: 0 });
    Ok(Contents { format, bytes, member, pass: Some(pass), storages, broken, ..Contents::empty(budget.clone()) })
}
