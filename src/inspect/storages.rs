//! Where the bytes of tensors stand: in members beside a pickle, or behind it.

use super::open::Member;
use crate::container::{Data, Decoder, Entry};
use crate::dtype::ByteOrder;
use crate::error::{Error, ErrorKind, Result};
use crate::loader::torch::{RawStorages, pickle_of};
use crate::skops;
use std::collections::HashMap;

/// The storages beside a pickle of torch, by key.
#[derive(Clone, Debug)]
pub struct Storages {
    known: HashMap<String, Result<Place>>,
    /// The order of their bytes.
    pub order: ByteOrder,
}

/// Where a storage stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the member that it is; empty where it stands behind the pickles.
    pub name: String,
    /// Its first byte in the file, or how it is compressed.
    pub member: Member,
    /// How many bytes it has.
    pub len: u64,
}

impl Default for Storages {
    fn default() -> Self {
        Self { known: HashMap::new(), order: ByteOrder::Little }
    }
}

impl Storages {
    /// Those of the pickle of this name among members of an archive, whose bytes begin at `start` of the file; if it is
    /// one of torch.
    pub(super) fn beside<'e>(
        pickle: &str,
        entries: impl IntoIterator<Item = &'e Entry>,
        (bytes, start): (&[u8], usize),
    ) -> Option<Self> {
        let (root, folder) = pickle_of(pickle)?;
        let (prefix, order) = (format!("{root}/{folder}/"), format!("{root}/byteorder"));
        let mut storages = Self::default();
        for entry in entries {
            if entry.name == order && is_big(&entry.data, bytes) {
                storages.order = ByteOrder::Big;
            }
            let Some(key) = entry.name.strip_prefix(&prefix) else { continue };
            let at = start.saturating_add(entry.data.span().start) as u64;
            let (member, len) = match &entry.data {
                Data::Stored(span) => (Member::Plain { base: at }, span.len() as u64),
                Data::Compressed(codec, _) => {
                    (Member::Inflated { codec: *codec, start: at, base: 0 }, entry.size.unwrap_or_default())
                }
                Data::Unreadable(why, _) => {
                    storages.known.insert(key.to_owned(), Err(Error::new(ErrorKind::Unsupported, *why)));
                    continue;
                }
                Data::Nothing => continue,
            };
            let place = Place { name: entry.name.clone(), member, len };
            if storages.known.insert(key.to_owned(), Ok(place)).is_some() {
                let error = Error::new(ErrorKind::Malformed, "two members have the name of its storage");
                storages.known.insert(key.to_owned(), Err(error));
            }
        }
        Some(storages)
    }

    /// The same, this many bytes further on in the file.
    pub(super) fn further(mut self, count: u64) -> Self {
        for place in self.known.values_mut().flatten() {
            place.member = place.member.further(count);
        }
        self
    }

    /// Those behind the pickles of a file before torch 1.6.
    pub(super) fn behind(raw: RawStorages) -> Self {
        let place = |(key, span): (String, std::ops::Range<usize>)| {
            let member = Member::Plain { base: span.start as u64 };
            (key, Ok(Place { name: String::new(), member, len: span.len() as u64 }))
        };
        Self { known: raw.places.into_iter().map(place).collect(), order: ByteOrder::Little }
    }

    /// The members of a `.skops` file that hold arrays.
    pub(super) fn of_skops(storages: Vec<skops::Storage>) -> Self {
        let place = |storage: skops::Storage| {
            let start = storage.start as u64;
            let member = match storage.codec {
                Some(codec) => Member::Inflated { codec, start, base: 0 },
                None => Member::Plain { base: start },
            };
            (storage.key.clone(), Ok(Place { name: storage.key, member, len: storage.len }))
        };
        Self { known: storages.into_iter().map(place).collect(), order: ByteOrder::Little }
    }

    /// Those of a `.safetensors` file.
    pub(super) fn of_tensors(known: HashMap<String, Result<Place>>) -> Self {
        Self { known, order: ByteOrder::Little }
    }

    /// The storage of a key.
    ///
    /// # Errors
    /// Where it is not there, or cannot be read.
    pub fn get(&self, key: &str) -> Result<&Place> {
        let missing = || Error::new(ErrorKind::Malformed, "its storage is not there");
        self.known.get(key).ok_or_else(missing)?.as_ref().map_err(Clone::clone)
    }
}

/// Whether the record of torch 2 says so of the bytes of storages.
fn is_big(data: &Data, bytes: &[u8]) -> bool {
    let there = bytes.get(data.span()).unwrap_or_default();
    match data {
        Data::Stored(_) => there == b"big",
        Data::Compressed(codec, _) => {
            let mut text = [0; 4];
            matches!(Decoder::new(*codec, there).read(&mut text), Ok(3)) && text.starts_with(b"big")
        }
        Data::Unreadable(..) | Data::Nothing => false,
    }
}
