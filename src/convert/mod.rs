//! What a file holds, written in a format that cannot run anything.
//!
//! [`gate`] decides whether a file may be converted at all; a module for each format writes it, to a stream and in
//! constant memory: what it holds comes out of the bytes that were judged. What a format has no place for is never
//! dropped silently: it is [`Lost`], with its object path.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod gate;
pub mod json;
mod lost;
mod names;
pub mod npz;
mod number;
pub mod pkl;
pub mod report;
pub mod safetensors;
pub mod skops;

pub use json::Elements;
pub(crate) use json::trees;
pub use lost::{Loss, Lost};
pub use names::Names;

use crate::ast::path::Address;
use crate::error::{Error, ErrorKind, Result};
use crate::escape::thousands;
use crate::inspect::{All, ArrayRef, Arrays, Bytes, Contents, Outline};
use crate::loader::torch;
use crate::model::tree::Tree;
use safetensors::Other;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// A format to convert to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Arrays of numbers by name, and whatever else as JSON beside them (`safetensors`).
    Safetensors,
    /// Arrays by name, as `numpy.savez` writes them.
    Npz,
    /// The whole content, `depickle.content/1`.
    Json,
    /// Plain data of Python.
    Pkl,
    /// Models of scikit-learn and its friends, without pickles (`skops`).
    Skops,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Safetensors, Self::Npz, Self::Json, Self::Pkl, Self::Skops];

    /// Its name, which is also the ending of its files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Npz => "npz",
            Self::Json => "json",
            Self::Pkl => "pkl",
            Self::Skops => "skops",
        }
    }

    /// The format that a file of this name has.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|format| ending.eq_ignore_ascii_case(format.name()))
    }
}

/// What went from one format to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Object path and new name of every array.
    pub arrays: Vec<(String, String)>,
    /// What could not be carried.
    pub lost: Lost,
    /// For `.skops`: the types that skops has to be told to trust.
    pub untrusted: Option<Vec<String>>,
}

/// Writes what a file holds. Nothing is judged here: [`gate`] comes first. What was carried and what was not is added to
/// `carried`, even where this fails.
///
/// # Errors
/// Those of `out`; what keeps all of it from being carried.
pub fn write(
    out: &mut dyn Write,
    format: Format,
    elements: Elements<'_>,
    contents: &mut Contents<'_>,
    carried: &mut Carried,
) -> io::Result<()> {
    let outline = Outline::new(contents);
    let more = outline.more_streams();
    if more > 0 {
        let why = format!("{} more streams were not looked at", thousands(more));
        carried.lost.add(|| Loss { path: "root".to_owned(), why });
    }
    // Beside the pickle of a file of torch stand its storages, and nothing that holds more.
    let member = outline.contents().name.clone();
    if !member.is_empty() && !member.ends_with("/data.pkl") {
        carried.lost.add(|| Loss { path: member, why: "of the archive, only this member was looked at".to_owned() });
    }
    match format {
        Format::Json => json::write(out, &outline, elements, &mut carried.lost),
        Format::Pkl => {
            let lists = matches!(elements, Elements::Numbers);
            let arrays = if lists { pkl::Arrays::Lists } else { pkl::Arrays::Refused };
            pkl::write(out, &outline, arrays, &mut carried.lost)
        }
        Format::Skops => {
            let tree = Tree::new(&outline).map_err(io::Error::other)?;
            let plan = skops::plan(&tree).map_err(io::Error::other)?;
            plan.lost().for_each(|loss| carried.lost.add(|| loss));
            carried.untrusted = Some(plan.untrusted().to_vec());
            plan.write(out)
        }
        Format::Npz => {
            let arrays = Arrays::new(&outline);
            let chosen = choose((format, Other::AsBytes), object_of(&outline), &arrays, carried);
            npz::write(out, &chosen, &arrays, &mut Bytes::new(&outline))
        }
        Format::Safetensors => {
            let arrays = Arrays::new(&outline);
            let chosen = choose((format, Other::AsBytes), object_of(&outline), &arrays, carried);
            let of_torch = arrays.iter().any(|array| array.storage.is_some());
            let metadata = metadata(&outline, of_torch, carried)?;
            safetensors::write(out, (&chosen, Other::AsBytes), &metadata, &arrays, &mut Bytes::new(&outline))
        }
    }
}

/// Whether [`write_members`] is for a file: it is an archive with arrays in it, as `numpy.savez` writes them, and the
/// format has names for these.
pub fn is_of_members(format: Format, all: &All<'_>) -> bool {
    let has_arrays = all.contents.iter().any(|member| member.npy.is_some() && !member.name.is_empty());
    has_arrays && matches!(format, Format::Npz | Format::Safetensors)
}

/// The same of all members of an archive, for [`Format::Npz`] and [`Format::Safetensors`]: their arrays, by the names of
/// the members.
///
/// # Errors
/// As [`write()`]; and where it is another format.
pub fn write_members(out: &mut dyn Write, format: Format, all: &mut All<'_>, carried: &mut Carried) -> io::Result<()> {
    for (member, error) in &all.problems {
        carried.lost.add(|| Loss { path: member.clone(), why: error.message().to_owned() });
    }
    for member in all.contents.iter().filter(|member| member.pass.is_some()) {
        let why = "of this member, only arrays of numbers are carried".to_owned();
        carried.lost.add(|| Loss { path: member.name.clone(), why });
    }
    let outlines: Vec<Outline<'_, '_>> = all.contents.iter_mut().map(Outline::new).collect();
    let (arrays, mut bytes) = (Arrays::of_all(&outlines), Bytes::of_all(&outlines));
    let chosen = choose((format, Other::Refused), None, &arrays, carried);
    match format {
        Format::Npz => npz::write(out, &chosen, &arrays, &mut bytes),
        Format::Safetensors => {
            safetensors::write(out, (&chosen, Other::Refused), &BTreeMap::new(), &arrays, &mut bytes)
        }
        Format::Json | Format::Pkl | Format::Skops => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// What stands beside the arrays in a `.safetensors` file: the whole content, with the arrays by their names.
///
/// Readers of models ask for which library a file is (`format`).
fn metadata(outline: &Outline<'_, '_>, of_torch: bool, carried: &mut Carried) -> io::Result<BTreeMap<String, String>> {
    let names = carried.arrays.iter().cloned().collect();
    let mut text = Vec::new();
    json::write(&mut text, outline, Elements::Named { field: "tensor", names: &names }, &mut carried.lost)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    let mut metadata = BTreeMap::from([("depickle".to_owned(), text)]);
    if of_torch {
        metadata.insert("format".to_owned(), "pt".to_owned());
    }
    Ok(metadata)
}

/// The stream that has the object, where the others are there for the sake of the format: in files of torch before 1.6.
fn object_of(outline: &Outline<'_, '_>) -> Option<u32> {
    (outline.contents().format == "torch-legacy").then(|| u32::try_from(torch::OBJECT).unwrap_or(u32::MAX))
}

/// Object paths of the arrays that an `.npz` file has a place for, and their names there.
pub fn names(contents: &mut Contents<'_>) -> Vec<(String, String)> {
    let mut carried = Carried::default();
    let outline = Outline::new(contents);
    choose((Format::Npz, Other::AsBytes), object_of(&outline), &Arrays::new(&outline), &mut carried);
    carried.arrays
}

/// How many bytes of arrays [`write()`] writes of a file, or [`write_members`] of an archive.
pub fn nbytes(format: Format, contents: &mut [Contents<'_>]) -> u64 {
    let outlines: Vec<Outline<'_, '_>> = contents.iter_mut().map(Outline::new).collect();
    let arrays = Arrays::of_all(&outlines);
    let written = arrays.iter().filter(|array| has_place(format, array).is_ok());
    written.filter_map(|array| array.array.nbytes()).fold(0, u64::saturating_add)
}

/// The arrays that a format can hold, with their names there, in the order in which they are read best. `object` is the
/// stream that has no need of its number in these.
fn choose(
    (format, other): (Format, Other),
    object: Option<u32>,
    arrays: &Arrays<'_, '_, '_>,
    carried: &mut Carried,
) -> Vec<Named> {
    let keys = format == Format::Safetensors;
    let mut names = if keys { Names::of_keys() } else { Names::of_files() };
    let mut chosen = Vec::new();
    for index in arrays.by_offset() {
        let Some(array) = arrays.get(index) else { continue };
        let path = array.address.to_string();
        let place = match other {
            Other::Refused if keys => safetensors::check(&array, other),
            _ => has_place(format, &array),
        };
        match place {
            Ok(()) => {
                let stream = array.address.stream.filter(|stream| Some(*stream) != object);
                let name = names.name(&Address { stream, ..array.address });
                carried.arrays.push((path, name.clone()));
                chosen.push(Named { index, name });
            }
            // The content beside the arrays has it.
            Err(_) if keys && other == Other::AsBytes => {}
            Err(error) => carried.lost.add(|| Loss { path, why: error.message().to_owned() }),
        }
    }
    chosen
}

/// Whether an array has a place of its own in a format of arrays by name.
///
/// # Errors
/// Why not.
pub fn has_place(format: Format, array: &ArrayRef) -> Result<()> {
    if format == Format::Safetensors { safetensors::check(array, Other::AsBytes) } else { npz::check(array) }
}

/// An array that is written: its number among the arrays of the file, and its name in what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its number in [`Arrays`].
    pub index: usize,
    /// Its name, which no other has.
    pub name: String,
}

/// Writes every piece that `read` hands over. What the file system says comes out as it said it.
fn pour(out: &mut dyn Write, read: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>) -> io::Result<()> {
    let mut failed = None;
    let poured = read(&mut |piece| {
        out.write_all(piece).map_err(|error| {
            let told = Error::new(ErrorKind::Io, error.to_string());
            failed = Some(error);
            told
        })
    });
    failed.map_or_else(|| poured.map_err(io::Error::other), Err)
}
