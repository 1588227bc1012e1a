//! Two files, opened and compared.

use super::Options;
use super::outcome::{Diff, Side, Unknown};
use super::walk::{Part, compare};
use crate::convert::trees;
use crate::error::{Error, Result};
use crate::escape::escape;
use crate::inspect::{All, Contents, Outline, open_all};
use crate::model::tree::Tree;
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
    let mut all_a = open_all(a, &options.limits).map_err(failed(Side::A))?;
    let mut all_b = open_all(b, &options.limits).map_err(failed(Side::B))?;
    let mut diff = Diff::default();
    unread(Side::A, &all_a, &mut diff);
    unread(Side::B, &all_b, &mut diff);
    let outlines_a: Vec<Outline<'_, '_>> = all_a.contents.iter_mut().map(Outline::new).collect();
    let outlines_b: Vec<Outline<'_, '_>> = all_b.contents.iter_mut().map(Outline::new).collect();
    let trees_a = all_trees(&outlines_a).map_err(failed(Side::A))?;
    let trees_b = all_trees(&outlines_b).map_err(failed(Side::B))?;
    compare(&parts(&trees_a), &parts(&trees_b), options, &mut diff);
    more(Side::A, &outlines_a, &mut diff);
    more(Side::B, &outlines_b, &mut diff);
    Ok(Found { formats: [all_a.format, all_b.format], diff })
}

/// What of a file cannot be read.
fn unread(side: Side, all: &All<'_>, diff: &mut Diff) {
    let broken = all.contents.iter().filter_map(|contents| Some((contents.name.clone(), contents.broken.clone()?)));
    let members = all.problems.iter().map(|(name, error)| (name.clone(), error.message().to_owned()));
    for (path, why) in broken.chain(members) {
        diff.unknown.add(|| Unknown { side: Some(side), path: escape(&path).into_owned(), why });
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
