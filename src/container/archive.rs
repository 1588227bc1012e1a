//! What every archive format gives: members, and what contradicts itself.
//!
//! A reader of a format is a pure function from bytes to an [`Archive`]. It judges nothing and inflates nothing: the
//! audit makes a job of every entry, and a finding of every anomaly.

use super::compress::Codec;
use crate::error::Error;
use std::ops::Range;

/// What an archive's own bytes say is in it.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    /// Its members, in order of place; one that readers read in several ways stands here once for each.
    pub entries: Vec<Entry>,
    /// What contradicts itself.
    pub anomalies: Vec<Anomaly>,
    /// Runs of bytes that are the archive's own: directories, records behind the data of a member or the whole archive.
    pub records: Vec<Range<usize>>,
    /// Runs of bytes that nothing explains.
    pub unexplained: Vec<Range<usize>>,
    /// Why entries are missing, where they are: a limit, or bytes that cannot be read.
    pub errors: Vec<Error>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name as the archive gives it: not escaped, and no path that anything is written to.
    pub name: String,
    /// Where its header stands.
    pub header: usize,
    /// What its bytes are.
    pub data: Data,
    /// How many bytes it says it has once it is inflated.
    pub size: Option<u64>,
    /// The CRC-32 that it says these have.
    pub crc: Option<u32>,
}

/// What the bytes of a member are, in the archive's own bytes. A range never reaches beyond them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Data {
    /// As they are.
    Stored(Range<usize>),
    /// Compressed.
    Compressed(Codec, Range<usize>),
    /// Not to be had, and why: encrypted, or by a method that is not known.
    Unreadable(&'static str, Range<usize>),
    /// None: a directory, a link.
    Nothing,
}

impl Data {
    /// Where they stand.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Stored(span) | Self::Compressed(_, span) | Self::Unreadable(_, span) => span.clone(),
            Self::Nothing => 0..0,
        }
    }
}

impl Entry {
    /// Something odd about it, where it is the entry of this number.
    pub(super) fn odd(&self, number: usize, what: &'static str, fools: &'static str) -> Anomaly {
        Anomaly { offset: self.header, entry: Some(number), what, fools }
    }

    /// What is odd about its name on its own.
    pub fn odd_name(&self, number: usize) -> Option<Anomaly> {
        let fools = "a program that unpacks the archive writes outside of its directory";
        leads_out(&self.name).then(|| self.odd(number, "its name leads out of the archive", fools))
    }
}

/// Whether a name leads out of the directory that an archive is unpacked to.
fn leads_out(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.starts_with(|first: char| first.is_ascii_alphabetic());
    drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}

/// Something about an archive that readers may take in different ways, or that no writer writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// Where.
    pub offset: usize,
    /// The entry that it is about, by its number.
    pub entry: Option<usize>,
    /// What is wrong, in words that hold nothing from the file.
    pub what: &'static str,
    /// The readers that it would fool.
    pub fools: &'static str,
}
