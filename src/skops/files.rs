//! The members of the archive: arrays as `.npy`, sparse matrices as `.npz`, bytes as they are.

use super::Named;
use crate::container::compress::at_most;
use crate::container::npy::MAX_HEADER;
use crate::container::{Archive, Codec, Data, Entry, NpyHeader, zip};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Budget;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// A run of bytes in the archive that holds the elements of arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The name of the member; of one in another, with a `!` between the two.
    pub key: String,
    /// Where its bytes begin in the archive.
    pub start: usize,
    /// What they are compressed with.
    pub codec: Option<Codec>,
    /// How many they are, or say they are once they are inflated.
    pub len: u64,
}

/// An array that a member holds.
pub(super) struct Npy<'a> {
    pub(super) header: NpyHeader,
    /// How many bytes its elements take.
    pub(super) len: u64,
    pub(super) elements: Elements<'a>,
}

/// Where the elements of an array stand.
pub(super) enum Elements<'a> {
    /// In a storage, behind the header.
    There(Storage),
    /// In an archive that is compressed itself: these bytes.
    Here(Cow<'a, [u8]>),
}

/// Members by their names.
pub(super) struct Files<'a> {
    bytes: &'a [u8],
    by_name: HashMap<&'a str, &'a Entry>,
    /// Those that the schema names.
    pub(super) named: BTreeMap<String, Named>,
}

/// The most that the header of a `.npy` file takes.
const HEADER: usize = 4 * MAX_HEADER + 64;

/// The longest member that is taken for the name of a format, or a shape.
const SMALL: u64 = 64 << 10;

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

impl<'a> Files<'a> {
    /// Those of an archive whose bytes are `bytes`.
    pub(super) fn of(archive: &'a Archive, bytes: &'a [u8]) -> Self {
        let by_name = archive.entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        Self { bytes, by_name, named: BTreeMap::new() }
    }

    /// The member of a name (`ZipFile.read`), and what it is to its loader.
    fn entry(&mut self, name: &str, what: Named) -> Result<&'a Entry> {
        self.named.entry(name.to_owned()).and_modify(|was| *was = what.min(*was)).or_insert(what);
        let missing = || malformed(format!("the member `{name}` is not there"));
        let entry = self.by_name.get(name).copied().ok_or_else(missing)?;
        match &entry.data {
            Data::Unreadable(why, _) => Err(Error::new(ErrorKind::Unsupported, format!("the member `{name}`: {why}"))),
            _ => Ok(entry),
        }
    }

    /// All bytes of a member.
    pub(super) fn plain(&mut self, name: &str, budget: &mut Budget) -> Result<Cow<'a, [u8]>> {
        let entry = self.entry(name, Named::Bytes)?;
        let (codec, there) = place(entry, self.bytes);
        at_most(codec, there, u64::MAX, budget)
    }

    /// The array in a member.
    pub(super) fn npy(&mut self, name: &str, budget: &mut Budget) -> Result<Npy<'a>> {
        let entry = self.entry(name, Named::Array)?;
        npy(name, entry, self.bytes, 0, budget)
    }

    /// The arrays in a member that is an archive of them, by name, as `numpy.load` gives them.
    pub(super) fn npz(&mut self, name: &str, budget: &mut Budget) -> Result<HashMap<String, Npy<'a>>> {
        let entry = self.entry(name, Named::Array)?;
        let (codec, there) = place(entry, self.bytes);
        let mut arrays = HashMap::new();
        if codec.is_none() {
            let archive = read(there, budget)?;
            for inner in &archive.entries {
                let Some(array) = inner.name.strip_suffix(".npy") else { continue };
                let key = format!("{name}!{}", inner.name);
                arrays.insert(array.to_owned(), npy(&key, inner, there, entry.data.span().start, budget)?);
            }
            return Ok(arrays);
        }
        let whole = at_most(codec, there, u64::MAX, budget)?;
        let archive = read(&whole, budget)?;
        for inner in &archive.entries {
            let Some(array) = inner.name.strip_suffix(".npy") else { continue };
            let (codec, there) = place(inner, &whole);
            let bytes = at_most(codec, there, u64::MAX, budget)?;
            let header = NpyHeader::parse(&bytes)?;
            let data = bytes.get(header.data_offset..).unwrap_or_default();
            let len = bytes_of(&header, data.len() as u64)?;
            let data = data.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or_default().to_vec();
            arrays.insert(array.to_owned(), Npy { header, len, elements: Elements::Here(Cow::Owned(data)) });
        }
        Ok(arrays)
    }

    /// The elements of a small array.
    pub(super) fn small(&self, npy: &Npy<'a>, budget: &mut Budget) -> Result<Vec<u8>> {
        if npy.len > SMALL { Err(malformed("an array that should be small")) } else { self.elements(npy, budget) }
    }

    /// The elements of an array.
    pub(super) fn elements(&self, npy: &Npy<'a>, budget: &mut Budget) -> Result<Vec<u8>> {
        let all = npy.len.saturating_add(npy.header.data_offset as u64);
        let bytes = match &npy.elements {
            Elements::Here(bytes) => return Ok(bytes.to_vec()),
            Elements::There(storage) => {
                let there = self.bytes.get(storage.start..).unwrap_or_default();
                let there = there.get(..usize::try_from(all).unwrap_or(usize::MAX)).unwrap_or(there);
                let there =
                    if storage.codec.is_some() { self.bytes.get(storage.start..).unwrap_or_default() } else { there };
                at_most(storage.codec, there, all, budget)?
            }
        };
        let elements = bytes.get(npy.header.data_offset..).unwrap_or_default();
        let len = usize::try_from(npy.len).unwrap_or(usize::MAX);
        elements.get(..len).map(<[u8]>::to_vec).ok_or_else(|| malformed("a member ends inside its array"))
    }
}

/// How a member is compressed, and its bytes as they stand there.
fn place<'b>(entry: &Entry, bytes: &'b [u8]) -> (Option<Codec>, &'b [u8]) {
    let codec = if let Data::Compressed(codec, _) = &entry.data { Some(*codec) } else { None };
    (codec, bytes.get(entry.data.span()).unwrap_or_default())
}

fn read(bytes: &[u8], budget: &mut Budget) -> Result<Archive> {
    let archive = zip::read(bytes, false, budget);
    match archive.errors.first() {
        Some(error) => Err(error.clone()),
        None if archive.entries.is_empty() => Err(malformed("a sparse matrix that is no archive")),
        None => Ok(archive),
    }
}

/// The array of a member of an archive that stands at `start` of the file.
fn npy<'a>(key: &str, entry: &Entry, bytes: &'a [u8], start: usize, budget: &mut Budget) -> Result<Npy<'a>> {
    let (codec, there) = place(entry, bytes);
    let head = at_most(codec, there, HEADER as u64, budget)?;
    budget.forget(head.len() as u64);
    let header = NpyHeader::parse(&head)?;
    let size = if codec.is_some() { entry.size.unwrap_or(0) } else { there.len() as u64 };
    let len = bytes_of(&header, size.saturating_sub(header.data_offset as u64))?;
    let start = start.saturating_add(entry.data.span().start);
    let storage = Storage { key: key.to_owned(), start, codec, len: size };
    Ok(Npy { header, len, elements: Elements::There(storage) })
}

/// How many bytes the elements of an array take, of those that are there.
fn bytes_of(header: &NpyHeader, there: u64) -> Result<u64> {
    if header.has_object() {
        return Err(malformed("an array of objects, which is a pickle: skops refuses to load it"));
    }
    let len = header.nbytes().ok_or_else(|| malformed("an array that is larger than any memory"))?;
    if len > there { Err(malformed("a member ends inside its array")) } else { Ok(len) }
}
