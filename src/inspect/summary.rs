//! What the elements of many arrays come to: digests, statistics, histograms.

use super::arrays::{ArrayRef, Arrays};
use super::outline::Outline;
use super::stored::Bytes;
use super::text::{float, thousands};
use crate::array::{Histogram, Number, Stats};
use crate::error::Result;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// What to make of arrays.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The SHA-256 of the elements in C order.
    pub hash: bool,
    /// Least, greatest, mean, how many are no numbers; and how they spread.
    pub stats: bool,
}

/// What the elements of an array come to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The SHA-256 of its elements, in hexadecimal.
    pub sha256: Option<String>,
    /// What its numbers come to, where its type has any.
    pub stats: Option<Stats>,
    /// How they spread, where they do.
    pub histogram: Option<Histogram>,
    /// Why it could not be read.
    pub problem: Option<String>,
}

/// Sums up the arrays of these numbers, which are best given in the order of [`Arrays::by_offset`]; `outlines` are those
/// that `arrays` was made of. Arrays of objects, and those with something wrong, have no summary. No more bytes are read
/// than the limits of the file allow, in each of two passes.
pub fn summaries(
    wanted: Wanted,
    outlines: &[Outline<'_, '_>],
    arrays: &Arrays<'_, '_, '_>,
    numbers: &[usize],
) -> HashMap<usize, Summary> {
    let mut summaries: HashMap<usize, Summary> = HashMap::new();
    if !wanted.hash && !wanted.stats {
        return summaries;
    }
    let mut bytes = Bytes::of_all(outlines);
    let readable = |index: &usize| {
        let array = arrays.get(*index)?;
        (array.problem.is_none() && !array.has_objects()).then_some((*index, array))
    };
    for (index, array) in numbers.iter().filter_map(readable) {
        let summary = summarize(wanted, &mut bytes, &array);
        summaries.insert(
            index,
            summary.unwrap_or_else(|error| Summary { problem: Some(error.to_string()), ..Summary::default() }),
        );
    }
    if wanted.stats {
        bytes.rewind();
        for (index, array) in numbers.iter().filter_map(readable) {
            let Some(summary) = summaries.get_mut(&index) else { continue };
            let Some(mut histogram) = summary.stats.as_ref().and_then(Stats::histogram) else { continue };
            let read = bytes.stored(&array, &mut |piece| {
                histogram.add(piece);
                Ok(())
            });
            summary.histogram = read.is_ok().then_some(histogram);
        }
    }
    summaries
}

fn summarize(wanted: Wanted, bytes: &mut Bytes<'_, '_, '_>, array: &ArrayRef) -> Result<Summary> {
    let mut stats = array.array.dtype.as_ref().ok().filter(|_| wanted.stats).and_then(Stats::new);
    let mut hash = wanted.hash.then(Sha256::new);
    let mut add = |piece: &[u8]| {
        hash.iter_mut().for_each(|hash| hash.update(piece));
        stats.iter_mut().for_each(|stats| stats.add(piece));
        Ok(())
    };
    if wanted.hash {
        bytes.c_order(array, &mut add)?;
    } else {
        bytes.stored(array, &mut add)?;
    }
    Ok(Summary { sha256: hash.map(hex), stats, ..Summary::default() })
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What numbers come to, on one line.
pub fn stats_text(stats: &Stats) -> String {
    let (Some((least, greatest)), Some(mean)) = (stats.range, stats.mean()) else {
        return format!("no numbers, {} NaN", thousands(stats.nan));
    };
    let number = |number| match number {
        Number::Int(number) => number.to_string(),
        Number::Float(number) => float(number),
    };
    format!("min {}, max {}, mean {}, {} NaN", number(least), number(greatest), float(mean), thousands(stats.nan))
}
