//! The map of a file in JSON: what its bytes are.

use super::json::member;
use crate::escape::Uint;
use crate::finding::Region;
use serde::Serialize;

/// A run of bytes.
#[derive(Serialize)]
pub(super) struct RegionRow<'a> {
    kind: &'a str,
    member: Option<&'a str>,
    offset: Option<Uint>,
    file_offset: Option<Uint>,
    length: Option<Uint>,
}

impl<'a> From<&'a Region> for RegionRow<'a> {
    fn from(region: &'a Region) -> Self {
        let at = &region.location;
        Self {
            kind: region.kind,
            member: member(at),
            offset: at.offset.map(Uint),
            file_offset: at.file_offset.map(Uint),
            length: at.length.map(Uint),
        }
    }
}
