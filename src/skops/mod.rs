//! `.skops`: what `skops.io.load` (0.11 to 0.16, protocols 0 to 2) makes of the `schema.json` of such an archive.
//!
//! `json` reads JSON as Python does, without recursion; `nodes` puts together the tree of loaders that skops' `get_tree`
//! makes of it; `write` says what their `construct` does, as a pickle that does the same: names that it imports, calls,
//! states, arrays where they stand in the members of the archive (`files`). So one machine and one policy serve both
//! formats, and whatever can be done with a pickle can be done with a `.skops` file. `trust` is skops' own list.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic))]

mod array;
mod containers;
mod files;
pub(crate) mod json;
mod loaders;
mod nodes;
mod objects;
pub(crate) mod ops;
mod origin;
mod scan;
mod sparse;
mod trust;
mod values;
mod write;

pub use files::Storage;
pub use origin::Origin;
pub(crate) use sparse::FORMATS;
pub use trust::is_trusted;

use crate::container::{Archive, Entry};
use crate::error::{Error, Result};
use crate::limits::Budget;
use files::Files;
use json::Json;
use nodes::Nodes;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The member that says what the others are.
pub const SCHEMA: &str = "schema.json";

/// What is wrong with a file, and where in the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What kind of thing it is.
    pub kind: FlawKind,
    /// Where in the schema.
    pub offset: u64,
    /// In words. What of it comes from the file is not escaped.
    pub message: String,
}

/// What a flaw means for who loads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// skops refuses it, or it is not known what skops does.
    Refused,
    /// It says one thing to one reader, and another to another one.
    Ambiguous,
}

/// What a member is to a schema; where it is several things, the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// An array, or an archive of some.
    Array,
    /// Bytes, in an object that stands there again and is not read again.
    Unread,
    /// Bytes.
    Bytes,
}

/// What a `.skops` file says.
#[derive(Debug, Default)]
pub struct Skops {
    /// A pickle that does what loading the file does; arrays are persistent ids.
    pub pickle: Vec<u8>,
    /// Where in the schema the parts of the pickle come from.
    pub origin: Rc<Origin>,
    /// Members, or members of members, that hold the elements of arrays.
    pub storages: Vec<Storage>,
    /// What is wrong.
    pub flaws: Vec<Flaw>,
    /// Names of members that the schema names, and what they are to it.
    pub named: BTreeMap<String, Named>,
    /// The protocol, as it stands there.
    pub protocol: String,
    /// The version of skops that wrote it, by its own word.
    pub version: Option<String>,
    /// What `skops.io.get_untrusted_types` of skops 0.16 answers, as far as there is an answer.
    pub untrusted: BTreeSet<String>,
}

/// The member that `zipfile` gives for the name of the schema: the last of that name.
pub fn schema(archive: &Archive) -> Option<&Entry> {
    archive.entries.iter().rev().find(|entry| entry.name == SCHEMA)
}

/// Reads the schema of an archive whose bytes are `bytes`; `None` where it is valid JSON and none of skops. With `records`
/// the elements of arrays of structures are put into the pickle itself: the nodes of trees, for who looks at them.
///
/// Spends [`Limit::Retained`](crate::limits::Limit::Retained) and [`Limit::Inflated`](crate::limits::Limit::Inflated).
///
/// # Errors
/// Where the schema is no JSON, or a limit is spent.
pub fn read(
    schema: &[u8],
    archive: &Archive,
    bytes: &[u8],
    records: bool,
    budget: &mut Budget,
) -> Result<Option<Skops>> {
    let json = Json::parse(schema, budget)?;
    let root = json.root();
    if json.get(root, "__loader__").is_none() && json.get(root, "protocol").is_none() {
        return Ok(None);
    }
    let mut files = Files::of(archive, bytes);
    let nodes = Nodes::of(&json, budget)?;
    let mut skops = Skops {
        protocol: nodes.protocol.said.clone(),
        version: json.get(root, "_skops_version").and_then(|version| json.string(version)),
        untrusted: nodes.untrusted(),
        ..Skops::default()
    };
    write::write(nodes, &mut files, records, &mut skops, budget)?;
    skops.flaws.sort_by_key(|flaw| flaw.offset);
    Ok(Some(skops))
}

/// An error about a place in the schema.
fn malformed(at: u32, message: impl Into<String>) -> Error {
    Error::malformed(u64::from(at), message.into())
}
