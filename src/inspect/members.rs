//! Which member of an archive is looked into: the one that was asked for, or the one that holds the model.

use super::storages::Storages;
use crate::container::archive::{Data, Entry};
use crate::container::detect::PREFIX;
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
}

/// The member of a zip or tar archive that is called `asked`, where archives in each other have a `!` between their names; the
/// one that holds the model where that is empty.
///
/// # Errors
/// Where there is none, or it cannot be read, with the names of those that are there.
pub(super) fn find<'a>(bytes: &'a [u8], asked: &str, budget: &mut Budget) -> Result<Found<'a>> {
    let (mut start, mut whole, mut rest) = (0_usize, bytes, asked);
    for _ in 0..budget.left(Limit::Depth) {
        let archive = read(whole, budget);
        let entry = if rest.is_empty() { model(&archive.entries, whole) } else { named(&archive.entries, rest) };
        let Some(entry) = entry else { return Err(missing(&archive.entries, asked)) };
        let inner = rest.strip_prefix(entry.name.as_str()).unwrap_or_default();
        let span = entry.data.span();
        let data = whole.get(span.clone()).unwrap_or_default();
        let around = start;
        start = start.saturating_add(span.start);
        let codec = match &entry.data {
            Data::Stored(_) => None,
            Data::Compressed(codec, _) => Some(*codec),
            Data::Unreadable(why, _) => return Err(Error::new(ErrorKind::Unsupported, *why)),
            Data::Nothing => return Err(missing(&archive.entries, asked)),
        };
        match (inner.strip_prefix('!'), codec) {
            (None, _) => {
                let name = if asked.is_empty() { entry.name.clone() } else { asked.to_owned() };
                let storages = Storages::beside(&entry.name, &archive.entries, (whole, around));
                return Ok(Found { name, start, bytes: data, codec, storages });
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

/// The members of an archive that may hold something.
#[derive(Default)]
pub(super) struct Members<'a> {
    pub(super) found: Vec<Found<'a>>,
    /// The names of those that cannot be read, and why.
    pub(super) problems: Vec<(String, Error)>,
}

/// All members of a zip or tar archive, those of archives in it included. The bytes of tensors belong to the pickle
/// beside them.
pub(super) fn all<'a>(bytes: &'a [u8], budget: &mut Budget) -> Members<'a> {
    let mut members = Members::default();
    let mut open = vec![(String::new(), 0_usize, bytes, budget.left(Limit::Depth))];
    while let Some((around, start, whole, depth)) = open.pop() {
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
            let prefix = bytes.get(..PREFIX).unwrap_or(bytes);
            let is_archive = matches!(detect(prefix, bytes.len() as u64), Format::Zip | Format::Tar) && codec.is_none();
            match depth.checked_sub(1) {
                Some(depth) if is_archive => open.push((name, at, bytes, depth)),
                None if is_archive => {
                    members.problems.push((name, Error::new(ErrorKind::Limit, "it lies too deep in others")));
                }
                _ => {
                    let storages = pickle_of(&entry.name).and_then(|(root, folder)| {
                        let of = |folder| beside.get(&(root, folder)).into_iter().flatten().copied();
                        Storages::beside(&entry.name, of(folder).chain(of("byteorder")), (whole, start))
                    });
                    members.found.push(Found { name, start: at, bytes, codec, storages });
                }
            }
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
    let is_pickle = |entry: &&Entry| first(entry, bytes) == Some(0x80);
    only(entries.iter().filter(is_pickle)).or_else(|| only(entries.iter().filter(|entry| entry.data != Data::Nothing)))
}

fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

/// The first byte of a member.
fn first(entry: &Entry, bytes: &[u8]) -> Option<u8> {
    let data = bytes.get(entry.data.span())?;
    match &entry.data {
        Data::Stored(_) => data.first().copied(),
        Data::Compressed(codec, _) => {
            let mut first = [0];
            matches!(Decoder::new(*codec, data).read(&mut first), Ok(1)).then_some(first[0])
        }
        Data::Unreadable(..) | Data::Nothing => None,
    }
}

fn missing(entries: &[Entry], asked: &str) -> Error {
    let names: Vec<_> = entries.iter().filter(|entry| entry.data != Data::Nothing).map(|it| escape(&it.name)).collect();
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
