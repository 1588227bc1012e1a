//! Two files, opened and compared.

use super::Options;
use super::flat::{self, Flat};
use super::outcome::{Diff, Difference, Kind, Side, Unknown};
use super::walk::{Part, compare};
use crate::container::Codec;
use crate::convert::{Format, trees};
use crate::error::{Error, Result};
use crate::escape::{escape, thousands};
use crate::inspect::{All, Bytes, Contents, Outline, open_all};
use crate::model::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Why two files cannot be compared.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The file that cannot be read.
    pub side: Side,
    /// Why.
    pub error: Error,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.side.name(), self.error)
    }
}

impl std::error::Error for Failed {}

/// What two files are, and how they compare.
#[derive(Clone, Debug)]
pub struct Found {
    /// What each is: `pickle`, `joblib+zlib`, `npz`, ...
    pub formats: [String; 2],
    /// How they compare.
    pub diff: Diff,
}

/// Compares what two files hold.
///
/// # Errors
/// Where one of them cannot be read at all. What cannot be read of it else is [unknown](Diff::unknown).
pub fn files(a: &[u8], b: &[u8], options: &Options) -> std::result::Result<Found, Failed> {
    let failed = |side| move |error| Failed { side, error };
    let mut file_a = Opened { all: open_all(a, &options.limits).map_err(failed(Side::A))? };
    let mut file_b = Opened { all: open_all(b, &options.limits).map_err(failed(Side::B))? };
    let mut diff = Diff::default();
    unread(Side::A, &file_a, &mut diff);
    unread(Side::B, &file_b, &mut diff);
    others(&file_a, &file_b, &mut diff);
    let formats = [file_a.all.format.clone(), file_b.all.format.clone()];
    let flat = [file_a.flat(), file_b.flat()];
    let folders = [file_a.folder().to_owned(), file_b.folder().to_owned()];
    let outlines_a: Vec<Outline<'_, '_>> = file_a.all.contents.iter_mut().map(Outline::new).collect();
    let outlines_b: Vec<Outline<'_, '_>> = file_b.all.contents.iter_mut().map(Outline::new).collect();
    let mut trees_a = all_trees(&outlines_a).map_err(failed(Side::A))?;
    let mut trees_b = all_trees(&outlines_b).map_err(failed(Side::B))?;
    for (trees, folder) in [(&mut trees_a, &folders[0]), (&mut trees_b, &folders[1])] {
        trees.iter_mut().for_each(|(member, ..)| *member = inside(member, folder).to_owned());
    }
    let (parts_a, parts_b) = (parts(&trees_a), parts(&trees_b));
    match flat {
        [None, None] | [Some(Format::Npz), Some(Format::Npz)] => compare(&parts_a, &parts_b, options, &mut diff),
        [one, other] => {
            let arrays = |own: Option<Format>, of, outlines, parts: &[Part<'_>]| match own {
                Some(own) => Flat::of_names(own, outlines),
                None => Flat::of_trees(parts, of),
            };
            let format = one.or(other).unwrap_or(Format::Npz);
            let a = arrays(one, format, &outlines_a, &parts_a);
            let b = arrays(other, format, &outlines_b, &parts_b);
            let (mut bytes_a, mut bytes_b) = (Bytes::of_all(&outlines_a), Bytes::of_all(&outlines_b));
            flat::compare((a, &mut bytes_a), (b, &mut bytes_b), options, &mut diff);
        }
    }
    more(Side::A, &outlines_a, &mut diff);
    more(Side::B, &outlines_b, &mut diff);
    Ok(Found { formats, diff })
}

/// A file, opened.
struct Opened<'a> {
    all: All<'a>,
}

impl Opened<'_> {
    /// Whether it is an archive of arrays, and of nothing else.
    fn is_npz(&self) -> bool {
        let all = &self.all;
        let is_array = |one: &Contents<'_>| one.npy.is_some() && one.is_one_of_several;
        !all.contents.is_empty() && all.others.is_empty() && all.contents.iter().all(is_array)
    }

    /// The folder that all of an archive of torch stands in: it has the name of the file.
    fn folder(&self) -> &str {
        let folders = self.all.contents.iter().filter_map(|one| one.name.strip_suffix("/data.pkl"));
        folders.min_by_key(|folder| folder.len()).unwrap_or_default()
    }

    /// The format, if it has a place for nothing but arrays by name.
    fn flat(&self) -> Option<Format> {
        match self.all.format.as_str() {
            "safetensors" if self.all.contents.iter().all(|one| one.is_flat) => Some(Format::Safetensors),
            "zip" | "npy" if self.is_npz() => Some(Format::Npz),
            _ => None,
        }
    }
}

/// The name of a member, without the folder that all stand in.
fn inside<'n>(name: &'n str, folder: &str) -> &'n str {
    name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name)
}

/// What of a file cannot be read.
fn unread(side: Side, file: &Opened<'_>, diff: &mut Diff) {
    let all = &file.all;
    let broken = all.contents.iter().filter_map(|contents| Some((contents.name.clone(), contents.broken.clone()?)));
    let members = all.problems.iter().map(|(name, error)| (name.clone(), error.message().to_owned()));
    for (path, why) in broken.chain(members) {
        diff.unknown.add(|| Unknown { side: Some(side), path: escape(&path).into_owned(), why });
    }
}

/// What torch writes of a file as a file.
const OF_TORCH: [&str; 5] = ["version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id"];

/// Members that are neither pickles nor arrays: their bytes as they stand there, and what these are compressed with.
fn members<'a>(file: &Opened<'a>) -> BTreeMap<String, (&'a [u8], Option<Codec>)> {
    let folder = file.folder();
    let all = file.all.others.iter().map(|one| (inside(&one.name, folder), (one.bytes, one.codec)));
    let of_torch = |name: &str| !folder.is_empty() && OF_TORCH.contains(&name);
    all.filter(|(name, _)| !of_torch(name)).map(|(name, member)| (name.to_owned(), member)).collect()
}

/// Compares members that are neither pickles nor arrays, byte by byte.
fn others(a: &Opened<'_>, b: &Opened<'_>, diff: &mut Diff) {
    let (ours, theirs) = (members(a), members(b));
    let told =
        |one: Option<&(&[u8], Option<Codec>)>| one.map(|(bytes, _)| format!("{} bytes", thousands(bytes.len() as u64)));
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let (one, other) = (ours.get(name), theirs.get(name));
        let (path, of_a, of_b) = (escape(name).into_owned(), told(one), told(other));
        let kind = match (one, other) {
            (Some((one, packed)), Some((other, packed_too))) => match one == other {
                true if packed == packed_too => continue,
                // What is compressed in two ways may be the same.
                _ if packed.is_some() || packed_too.is_some() => {
                    let why = "a member that is neither pickle nor array is compressed in two ways".to_owned();
                    diff.unknown.add(|| Unknown { side: None, path, why });
                    continue;
                }
                _ => Kind::Value,
            },
            (Some(_), None) => Kind::OnlyA,
            _ => Kind::OnlyB,
        };
        diff.differences.add(|| Difference { kind, path, other: None, a: of_a, b: of_b, elements: None });
    }
}

/// Streams that are not looked at.
fn more(side: Side, outlines: &[Outline<'_, '_>], diff: &mut Diff) {
    for outline in outlines.iter().filter(|outline| outline.more_streams() > 0) {
        let why = format!("{} more streams are not looked at", outline.more_streams());
        let path = escape(&outline.contents().name).into_owned();
        diff.unknown.add(|| Unknown { side: Some(side), path, why });
    }
}

/// A tree, its member and its stream.
type Of<'t> = (String, Option<u32>, Tree<'t>);

fn all_trees<'t>(outlines: &'t [Outline<'t, 't>]) -> Result<Vec<Of<'t>>> {
    let mut found = Vec::new();
    for outline in outlines {
        let Contents { name, is_one_of_several, .. } = outline.contents();
        let member = if *is_one_of_several { name.as_str() } else { "" };
        found.extend(trees(outline)?.into_iter().map(|(stream, tree)| (member.to_owned(), stream, tree)));
    }
    Ok(found)
}

fn parts<'t>(trees: &'t [Of<'t>]) -> Vec<Part<'t>> {
    trees.iter().map(|(member, stream, tree)| Part { member: member.clone(), stream: *stream, tree }).collect()
}
