//! Which member of an archive is looked into: the one that was asked for, or the one that holds the model.

use super::sevenz;
use super::storages::Storages;
use crate::container::archive::{Data, Entry};
use crate::container::detect::PREFIX;
use crate::container::sevenz::MAGIC;
use crate::container::{Archive, Codec, Decoder, Format, detect, tar, zip};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::escape;
use crate::limits::{Budget, Limit};
use crate::loader::torch::pickle_of;
use std::collections::{HashMap, HashSet};

/// How many members are named where none was.
const NAMED: usize = 20;

/// What a member of an archive is.
pub(super) struct Found<'a> {
    /// Its name as `scan` prints it.
    pub(super) name: String,
    /// Where its bytes begin in the file.
    pub(super) start: usize,
    /// Its bytes as they stand in the file.
    pub(super) bytes: &'a [u8],
    /// What they are compressed with.
    pub(super) codec: Option<Codec>,
    /// The bytes of tensors beside it, where it is a pickle of torch.
    pub(super) storages: Option<Storages>,
    /// The bytes that it is, where it shares what is compressed with others.
    pub(super) held: Option<Vec<u8>>,
}

/// The member of a zip or tar archive that is called `asked`, where archives in each other have a `!` between their names; the
/// one that holds the model where that is empty.
///
/// # Errors
/// Where there is none, or it cannot be read, with the names of those that are there.
pub(super) fn find<'a>(bytes: &'a [u8], asked: &str, budget: &mut Budget) -> Result<Found<'a>> {
    let (mut start, mut whole, mut rest) = (0_usize, bytes, asked);
    if bytes.starts_with(MAGIC) {
        return packed(bytes, asked, budget);
    }
    for _ in 0..budget.left(Limit::Depth) {
        let archive = read(whole, budget);
        let entry = if rest.is_empty() { model(&archive.entries, whole) } else { named(&archive.entries, rest) };
        let Some(entry) = entry else { return Err(missing(names(&archive.entries), asked)) };
        let inner = rest.strip_prefix(entry.name.as_str()).unwrap_or_default();
        let span = entry.data.span();
        let data = whole.get(span.clone()).unwrap_or_default();
        let around = start;
        start = start.saturating_add(span.start);
        let codec = match &entry.data {
            Data::Stored(_) => None,
            Data::Compressed(codec, _) => Some(*codec),
            Data::Unreadable(why, _) => return Err(Error::new(ErrorKind::Unsupported, *why)),
            Data::Nothing => return Err(missing(names(&archive.entries), asked)),
        };
        match (inner.strip_prefix('!'), codec) {
            (None, _) => {
                let name = if asked.is_empty() { entry.name.clone() } else { asked.to_owned() };
                let storages = Storages::beside(&entry.name, &archive.entries, (whole, around));
                return Ok(Found { name, start, bytes: data, codec, storages, held: None });
            }
            (Some(inner), None) => (whole, rest) = (data, inner),
            (Some(_), Some(_)) => {
                let message = format!("{} is compressed: unpack it to look into it", escape(&entry.name));
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        }
    }
    Err(Error::new(ErrorKind::Limit, "it lies too deep in others to be opened"))
}

/// The member of a 7z archive that is called `asked`, or the only one that begins as a pickle where that is empty.
fn packed<'a>(bytes: &'a [u8], asked: &str, budget: &mut Budget) -> Result<Found<'a>> {
    let Members { mut found, problems } = all(bytes, budget);
    let begins = |one: &Found<'_>| match (&one.held, one.codec) {
        (Some(held), _) => held.first() == Some(&0x80),
        (None, codec) => first(codec, one.bytes) == Some(0x80),
    };
    let numbered = || found.iter().enumerate();
    let chosen = match asked {
        "" => only(numbered().filter(|(_, one)| begins(one))).or_else(|| only(numbered())).map(|(number, _)| number),
        _ => found.iter().position(|one| one.name == asked),
    };
    match (chosen, problems.into_iter().find(|(name, _)| name.is_empty() || name == asked)) {
        (Some(chosen), _) => Ok(found.swap_remove(chosen)),
        (None, Some((_, error))) => Err(error),
        (None, None) => Err(missing(found.iter().map(|one| one.name.as_str()), asked)),
    }
}

/// The members of an archive that may hold something.
#[derive(Default)]
pub(super) struct Members<'a> {
    pub(super) found: Vec<Found<'a>>,
    /// The names of those that cannot be read, and why.
    pub(super) problems: Vec<(String, Error)>,
}

/// An archive that is still to be read: its name, where it begins, its bytes, how many may lie in each other.
type Open<'a> = (String, usize, &'a [u8], u64);

impl<'a> Members<'a> {
    /// Adds a member, or puts it where archives wait.
    fn add(&mut self, found: Found<'a>, depth: u64, open: &mut Vec<Open<'a>>) {
        let Found { name, start, bytes, codec, held, .. } = &found;
        let is_plain = codec.is_none() && held.is_none();
        let is_archive = is_plain && is_archive(detect(bytes.get(..PREFIX).unwrap_or(bytes), bytes.len() as u64));
        match depth.checked_sub(1) {
            Some(depth) if is_archive => open.push((name.clone(), *start, bytes, depth)),
            None if is_archive => {
                let error = Error::new(ErrorKind::Limit, "it lies too deep in others");
                self.problems.push((name.clone(), error));
            }
            _ => self.found.push(found),
        }
    }
}

/// Whether members of such a file are looked into.
pub(super) fn is_archive(format: Format) -> bool {
    matches!(format, Format::Zip | Format::Tar | Format::SevenZip)
}

/// All members of an archive, those of archives in it included. The bytes of tensors belong to the pickle
/// beside them.
pub(super) fn all<'a>(bytes: &'a [u8], budget: &mut Budget) -> Members<'a> {
    let mut members = Members::default();
    let mut open = vec![(String::new(), 0_usize, bytes, budget.left(Limit::Depth))];
    while let Some((around, start, whole, depth)) = open.pop() {
        if whole.starts_with(MAGIC) {
            let own = sevenz::members(whole, start, budget);
            let named = |name: String| if around.is_empty() { name } else { format!("{around}!{name}") };
            for found in own.found {
                members.add(Found { name: named(found.name), ..found }, depth, &mut open);
            }
            members.problems.extend(own.problems.into_iter().map(|(name, error)| (named(name), error)));
            continue;
        }
        let archive = read(whole, budget);
        members.problems.extend(archive.errors.iter().map(|error| (around.clone(), error.clone())));
        let pickles: HashSet<_> = archive.entries.iter().filter_map(|entry| pickle_of(&entry.name)).collect();
        let mut beside: HashMap<(&str, &str), Vec<&Entry>> = HashMap::new();
        for entry in &archive.entries {
            beside.entry(folder_of(&entry.name)).or_default().push(entry);
        }
        let is_storage = |entry: &&Entry| pickles.contains(&folder_of(&entry.name));
        for entry in archive.entries.iter().filter(|entry| !is_storage(entry)) {
            let name = if around.is_empty() { entry.name.clone() } else { format!("{around}!{}", entry.name) };
            let span = entry.data.span();
            let (bytes, at) = (whole.get(span.clone()).unwrap_or_default(), start.saturating_add(span.start));
            let codec = match &entry.data {
                _ if bytes.is_empty() => continue,
                Data::Nothing => continue,
                Data::Unreadable(why, _) => {
                    members.problems.push((name, Error::new(ErrorKind::Unsupported, *why)));
                    continue;
                }
                Data::Stored(_) => None,
                Data::Compressed(codec, _) => Some(*codec),
            };
            let storages = pickle_of(&entry.name).and_then(|(root, folder)| {
                let of = |folder| beside.get(&(root, folder)).into_iter().flatten().copied();
                Storages::beside(&entry.name, of(folder).chain(of("byteorder")), (whole, start))
            });
            members.add(Found { name, start: at, bytes, codec, storages, held: None }, depth, &mut open);
        }
    }
    members
}

/// The first two folders of a name, or the first and the file in it.
fn folder_of(name: &str) -> (&str, &str) {
    let (root, rest) = name.split_once('/').unwrap_or((name, ""));
    (root, rest.split_once('/').map_or(rest, |(folder, _)| folder))
}

fn read(bytes: &[u8], budget: &mut Budget) -> Archive {
    if tar::starts(bytes) { tar::read(bytes, budget).0 } else { zip::read(bytes, false, budget) }
}

/// The member of a name, or the archive that the name goes on in.
fn named<'e>(entries: &'e [Entry], name: &str) -> Option<&'e Entry> {
    let exact = entries.iter().find(|entry| entry.name == name);
    let goes_on = |entry: &&Entry| name.strip_prefix(entry.name.as_str()).is_some_and(|rest| rest.starts_with('!'));
    exact.or_else(|| entries.iter().find(goes_on))
}

/// torch's pickle, or the only member that begins as a pickle or is the only one.
fn model<'e>(entries: &'e [Entry], bytes: &[u8]) -> Option<&'e Entry> {
    let of_torch = |entry: &&Entry| entry.name.split_once('/').is_some_and(|(_, name)| name == "data.pkl");
    if let Some(entry) = entries.iter().find(of_torch) {
        return Some(entry);
    }
    let is_pickle = |entry: &&Entry| {
        let there = bytes.get(entry.data.span()).unwrap_or_default();
        match &entry.data {
            Data::Stored(_) => first(None, there) == Some(0x80),
            Data::Compressed(codec, _) => first(Some(*codec), there) == Some(0x80),
            Data::Unreadable(..) | Data::Nothing => false,
        }
    };
    only(entries.iter().filter(is_pickle)).or_else(|| only(entries.iter().filter(|entry| entry.data != Data::Nothing)))
}

fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

/// The first byte of a member.
fn first(codec: Option<Codec>, bytes: &[u8]) -> Option<u8> {
    let Some(codec) = codec else { return bytes.first().copied() };
    let mut first = [0];
    matches!(Decoder::new(codec, bytes).read(&mut first), Ok(1)).then_some(first[0])
}

/// The names of members with bytes.
fn names(entries: &[Entry]) -> impl Iterator<Item = &str> {
    entries.iter().filter(|entry| entry.data != Data::Nothing).map(|entry| entry.name.as_str())
}

fn missing<'n>(names: impl Iterator<Item = &'n str>, asked: &str) -> Error {
    let names: Vec<_> = names.map(escape).collect();
    let listed = names.get(..NAMED).unwrap_or(&names).join(", ");
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let message = match (names.is_empty(), asked.is_empty()) {
        (true, _) => "an archive with nothing in it that could be shown".to_owned(),
        (_, true) => format!(
            "an archive of several members: {listed}{more}; name one, as in `show FILE NAME:root` or `disasm --member NAME FILE`"
        ),
        (_, false) => format!("no member is called {}; there are {listed}{more}", escape(asked)),
    };
    Error::new(ErrorKind::Unsupported, message)
}
