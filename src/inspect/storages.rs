//! Where the bytes of tensors stand: in members beside a pickle, or behind it.

use super::open::Member;
use crate::array::{self, Tensor};
use crate::ast::Value;
use crate::container::{Data, Decoder, Entry};
use crate::dtype::ByteOrder;
use crate::error::{Error, ErrorKind, Result};
use crate::loader::View;
use crate::loader::torch::{self, RawStorages, pickle_of};
use crate::loader::torch_tar::{self, Known};
use crate::machine::Action;
use crate::skops;
use std::collections::HashMap;

/// The storages beside a pickle of torch, by key.
#[derive(Clone, Debug)]
pub struct Storages {
    known: HashMap<String, Result<Place>>,
    /// The order of their bytes.
    pub order: ByteOrder,
    /// Tensors and storages of files of torch 0.1, by the keys that the object asks for.
    pub(super) asked: HashMap<u64, Tensor>,
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
        Self { known: HashMap::new(), order: ByteOrder::Little, asked: HashMap::new() }
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
        Self { known: raw.places.into_iter().map(place).collect(), ..Self::default() }
    }

    /// Those of a file of torch 0.1, whose member `storages` begins at `start` of the file.
    pub(super) fn in_tar(known: &Known, start: usize) -> Self {
        let mut storages = Self::default();
        let storage = |key: u64| {
            let of = known.storages.get(&key)?;
            Some(torch::Storage { key: key.to_string(), count: of.count, dtype: of.dtype, itemsize: of.itemsize })
        };
        for (&key, stored) in &known.storages {
            let member = Member::Plain { base: start.saturating_add(stored.place.start) as u64 };
            let place = Place { name: "storages".to_owned(), member, len: stored.place.len() as u64 };
            storages.known.insert(key.to_string(), Ok(place));
            storages.asked.extend(storage(key).map(|storage| (key, array::whole_storage(storage, ByteOrder::Little))));
        }
        for (&key, strided) in &known.tensors {
            let place = (strided.shape.clone(), strided.strides.clone());
            let tensor = storage(strided.storage).map(|storage| array::strided(storage, place, strided.offset));
            storages.asked.extend(tensor.map(|tensor| (key, tensor)));
        }
        storages
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
        Self { known: storages.into_iter().map(place).collect(), ..Self::default() }
    }

    /// Those of a `.safetensors` file.
    pub(super) fn of_tensors(known: HashMap<String, Result<Place>>) -> Self {
        Self { known, ..Self::default() }
    }

    /// What a value asks for, in a file of torch 0.1.
    pub(super) fn asked(&self, view: View<'_>, value: Value) -> Option<Tensor> {
        let effect = view.effects.get(value.index()).filter(|_| !self.asked.is_empty())?;
        let Action::Persistent { id } = effect.action else { return None };
        self.asked.get(&torch_tar::key(view, id)?).cloned()
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
