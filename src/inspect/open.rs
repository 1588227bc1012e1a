//! A file as its format's own reader reads it.

use super::beside::Beside;
use super::content;
use super::members::{self, Found};
use super::npy::{HEADER, inflate, inflated_npy, npy};
use super::safetensors;
use super::skops;
use super::storages::Storages;
use super::torch_tar;
use super::window::Bytes;
use crate::container::compress;
use crate::container::detect::{PREFIX, by_content, is_text};
use crate::container::{Codec, Decoder, Ending, Format, NpyHeader, ZFile, detect, zip};
use crate::error::{Error, ErrorKind, Result};
use crate::input;
use crate::limits::{Budget, Limit, Limits};
use crate::loader::{Arrays, Manner, Pass, Reader, Readers, pass, torch};
use crate::machine::Action;
use crate::opcode::{Dialect, SliceWindow, Source, Window};
use std::borrow::Cow;

/// What a file holds.
pub struct Contents<'a> {
    /// What the file is, as `scan` calls it: `pickle`, `joblib+zlib`, `npy`, ...
    pub format: String,
    /// All of the file.
    pub bytes: &'a [u8],
    /// The member of an archive that is shown, as `scan` calls it; empty for the file itself.
    pub name: String,
    /// What is around the pickles.
    pub member: Member,
    /// The pickles in it; `None` for an array of numbers.
    pub pass: Option<Pass<Bytes<'a>>>,
    /// The header of a `.npy` file and the bytes of its array; the first of them where they are inflated.
    pub npy: Option<(NpyHeader, Cow<'a, [u8]>)>,
    /// Where the bytes of tensors stand.
    pub storages: Storages,
    /// What is wrong with the file beyond its streams.
    pub broken: Option<String>,
    /// The file behind the bytes, where [`stand_in`](Self::stand_in) gave it.
    pub file: Option<&'a input::Source<'a>>,
    /// The files beside it that hold its arrays.
    pub beside: Beside,
    /// Whether paths in it need its name in front, as the file holds others.
    pub is_one_of_several: bool,
    /// Whether it is of a format that has arrays by name, and nothing else in it.
    pub is_flat: bool,
    /// What is left to spend.
    pub budget: Budget,
}

/// How the pickles of a file are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// They are the file, from this offset on.
    Plain {
        /// Where they begin.
        base: u64,
    },
    /// They are compressed.
    Inflated {
        /// By which codec.
        codec: Codec,
        /// Where the compressed data begins in the file.
        start: u64,
        /// Inflated bytes before them.
        base: u64,
    },
    /// They were written for a schema, which begins here.
    Made {
        /// Where it begins in the file.
        start: u64,
    },
}

impl Member {
    /// Where it begins in the file.
    pub(super) const fn start(self) -> u64 {
        match self {
            Self::Plain { base: start } | Self::Inflated { start, .. } | Self::Made { start } => start,
        }
    }

    /// Where in the file a place in it stands, if it stands there as it is.
    pub(super) fn file_offset(self, place: Option<(u64, u64)>) -> Option<u64> {
        match self {
            Self::Plain { base } => base.checked_add(place?.0),
            Self::Inflated { .. } | Self::Made { .. } => None,
        }
    }

    /// The same, this many bytes further on in the file.
    pub(super) fn further(self, count: u64) -> Self {
        match self {
            Self::Plain { base } => Self::Plain { base: base.saturating_add(count) },
            Self::Inflated { codec, start, base } => Self::Inflated { codec, start: start.saturating_add(count), base },
            Self::Made { start } => Self::Made { start: start.saturating_add(count) },
        }
    }
}

impl<'a> Contents<'a> {
    /// Whether it is what [`convert`](crate::convert) wrote of another file: `scan` takes that for text or tensors, and
    /// judges nothing of what it describes.
    pub fn is_described(&self) -> bool {
        matches!(self.format.as_str(), "json" | "safetensors") && !self.is_flat
    }

    /// Nothing, in a file of no bytes.
    pub(super) fn empty(budget: Budget) -> Contents<'a> {
        Contents {
            format: String::new(),
            bytes: &[],
            name: String::new(),
            member: Member::Plain { base: 0 },
            pass: None,
            npy: None,
            storages: Storages::default(),
            broken: None,
            file: None,
            beside: Beside::new(),
            is_one_of_several: false,
            is_flat: false,
            budget,
        }
    }

    /// The bytes of the streams, as far as they are kept.
    pub fn source(&self) -> Source<'_> {
        self.pass.as_ref().map(Pass::source).unwrap_or_default()
    }

    /// The first bytes of a run of `len` at `offset`, at most `HEAD` where they were inflated and not kept.
    pub fn head(&self, offset: u64, len: u64) -> &[u8] {
        let source = self.source();
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        match source.position(offset) {
            Some(position) => source.slice(position, len),
            None => {
                let heads = self.pass.as_ref().and_then(|pass| pass.window.heads());
                let head = heads.and_then(|heads| heads.get(&offset)).map(Vec::as_slice).unwrap_or_default();
                head.get(..len).unwrap_or(head)
            }
        }
    }
}

impl Contents<'_> {
    /// The first bytes of a run in a storage.
    pub(super) fn storage_head(&self, key: &str, offset: u64, len: u64) -> Vec<u8> {
        let Ok(place) = self.storages.get(key) else { return Vec::new() };
        let from =
            |start: u64| usize::try_from(start).ok().and_then(|start| self.bytes.get(start..)).unwrap_or_default();
        let (skip, len) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(len).unwrap_or(usize::MAX));
        let there = match place.member {
            Member::Plain { base } => Cow::Borrowed(from(base)),
            // Nobody looks far into what is compressed for a few numbers.
            Member::Inflated { codec, start, base: 0 } if skip <= HEADER => {
                Cow::Owned(inflate(&mut Decoder::new(codec, from(start)), skip.saturating_add(len.min(HEADER))))
            }
            Member::Inflated { .. } | Member::Made { .. } => return Vec::new(),
        };
        let rest = there.get(skip..).unwrap_or_default();
        rest.get(..len).unwrap_or(rest).to_vec()
    }
}

/// Opens the bytes of a file.
///
/// # Errors
/// Where there is nothing in it that could be shown: it is empty, of another kind, or of a format that is not read yet.
pub fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Contents<'a>> {
    open_member(bytes, "", limits)
}

/// The same for a member of an archive, by the name that `scan` has for it; for the one that holds the model where it is
/// empty.
///
/// # Errors
/// As [`open`], and where there is no such member: the message names those that are there.
pub fn open_member<'a>(bytes: &'a [u8], name: &str, limits: &Limits) -> Result<Contents<'a>> {
    let whole = bytes;
    let mut budget = limits.budget(bytes.len() as u64);
    let format = detect(bytes.get(..PREFIX).unwrap_or(bytes), bytes.len() as u64);
    let is_archive = members::is_archive(format);
    if name.is_empty()
        && let Some(found) = of_schema(bytes, format, &mut budget)
    {
        return found;
    }
    if name.is_empty() && !is_archive {
        return contents(bytes, budget);
    }
    if !is_archive && !zip::ends_as_archive(bytes) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the file is no archive that is looked into, and has no members",
        ));
    }
    let found = members::find(bytes, name, &mut budget)?;
    open_found(whole, found, budget)
}

/// An archive whose members are parts of one object.
fn of_schema<'a>(bytes: &'a [u8], format: Format, budget: &mut Budget) -> Option<Result<Contents<'a>>> {
    match format {
        Format::Zip => skops::contents(bytes, budget),
        Format::Tar => torch_tar::contents(bytes, budget),
        _ => None,
    }
}

fn open_found<'a>(whole: &'a [u8], found: Found<'a>, budget: Budget) -> Result<Contents<'a>> {
    let Found { name, start, bytes, codec, storages, held } = found;
    let found = match codec {
        _ if held.is_some() => self::held(held.unwrap_or_default(), budget)?,
        Some(codec) => compressed(codec, bytes, 0, codec.name(), budget)?,
        None => contents(bytes, budget)?,
    };
    let storages = storages.unwrap_or_else(|| found.storages.further(start as u64));
    Ok(Contents { name, bytes: whole, member: found.member.further(start as u64), storages, ..found })
}

/// All that a file holds.
pub struct All<'a> {
    /// What the file is, or the one thing that it holds.
    pub format: String,
    /// The file itself; of an archive, its members that hold pickles or arrays.
    pub contents: Vec<Contents<'a>>,
    /// The names of members that could not be opened, and why.
    pub problems: Vec<(String, Error)>,
    /// Members that hold something else: texts, pictures.
    pub others: Vec<Other<'a>>,
}

/// A member of an archive that is neither pickle nor array.
#[derive(Clone, Debug)]
pub struct Other<'a> {
    /// Its name, as `scan` has it.
    pub name: String,
    /// Its bytes, as they stand in the file.
    pub bytes: &'a [u8],
    /// What they are compressed with.
    pub codec: Option<Codec>,
}

impl<'a> All<'a> {
    /// A file that is no archive.
    pub fn one(contents: Contents<'a>) -> Self {
        let format = contents.format.clone();
        Self { format, contents: vec![contents], problems: Vec::new(), others: Vec::new() }
    }
}

/// Opens the bytes of a file with all members of an archive that hold pickles or arrays, archives in it included. They
/// spend one budget.
///
/// # Errors
/// As [`open`]; of an archive, only where nothing in it could be opened.
pub fn open_all<'a>(bytes: &'a [u8], limits: &Limits) -> Result<All<'a>> {
    let format = detect(bytes.get(..PREFIX).unwrap_or(bytes), bytes.len() as u64);
    let mut budget = limits.budget(bytes.len() as u64);
    // What is no archive by its beginning is not searched for one: it may be large.
    if let Some(found) = of_schema(bytes, format, &mut budget) {
        return Ok(All::one(found?));
    }
    if !members::is_archive(format) {
        return Ok(All::one(contents(bytes, budget)?));
    }
    let members = members::all(bytes, &mut budget);
    let (contents, others) = (Vec::new(), Vec::new());
    let mut all = All { format: format.name().to_owned(), contents, problems: members.problems, others };
    for found in members.found {
        let name = found.name.clone();
        let other = Other { name: name.clone(), bytes: found.bytes, codec: found.codec };
        match open_found(bytes, found, budget.clone()) {
            Ok(contents) => {
                budget = contents.budget.clone();
                all.contents.push(contents);
            }
            // Texts and pictures are no trouble.
            Err(error) if error.message().starts_with(NO_PICKLE) => all.others.push(other),
            Err(error) => all.problems.push((name, error)),
        }
    }
    if let [only] = all.contents.as_slice() {
        all.format.clone_from(&only.format);
    }
    let several = all.contents.len() > 1;
    for contents in &mut all.contents {
        // An array in an archive has a name, and one alone should not change it.
        contents.is_one_of_several = several || contents.npy.is_some();
    }
    Ok(all)
}

/// How it is said of a file that it is of another kind.
const NO_PICKLE: &str = "this is no pickle";

fn contents(bytes: &[u8], budget: Budget) -> Result<Contents<'_>> {
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::Truncated, "there is nothing in it"));
    }
    let prefix = bytes.get(..PREFIX).unwrap_or(bytes);
    let format = match detect(prefix, bytes.len() as u64) {
        Format::Compressed(_) => by_content(bytes),
        format => format,
    };
    match format {
        Format::ZFile => match ZFile::parse(bytes) {
            Ok(header) => compressed(Codec::Zlib, bytes, header.data_offset, "zf", budget),
            Err(error) => Err(error),
        },
        Format::Compressed(codec) => compressed(codec, bytes, 0, codec.name(), budget),
        Format::Npy => npy(bytes, budget),
        format => plain(bytes, format, budget),
    }
}

fn plain<'a>(bytes: &'a [u8], format: Format, mut budget: Budget) -> Result<Contents<'a>> {
    if content::is_content(bytes) {
        return content::contents(bytes, &mut budget);
    }
    let other = |kind: &str| Error::new(ErrorKind::Unsupported, format!("{NO_PICKLE}: {kind}"));
    if let Format::Other { kind, pickle_may_start: false } = format {
        return Err(other(kind));
    }
    if let Some(contents) = legacy(bytes, &mut budget) {
        return Ok(contents);
    }
    let pass = read(|_| Bytes::Plain(SliceWindow::new(bytes)), &mut budget);
    if !reaches_anything(&pass) {
        match format {
            Format::Other { kind: "safetensors", .. } => return safetensors::contents(bytes, budget),
            Format::Other { kind, .. } => return Err(other(kind)),
            Format::Zip | Format::Tar | Format::SevenZip => {
                let message = format!("a {} archive in another file", format.name());
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            _ if is_text(bytes) => return Err(other("text")),
            _ if bytes.first() != Some(&0x80) => return Err(other("nothing that is known")),
            _ => {}
        }
    }
    let format = if pass.is_joblib() { "joblib" } else { "pickle" }.to_owned();
    Ok(Contents { format, bytes, pass: Some(pass), ..Contents::empty(budget) })
}

/// A file of torch before 1.6: five pickles, and the bytes of tensors behind them.
fn legacy<'a>(bytes: &'a [u8], budget: &mut Budget) -> Option<Contents<'a>> {
    if !bytes.starts_with(torch::MAGIC) {
        return None;
    }
    let manner = Manner {
        readers: Readers::of(Reader::Torch),
        dialect: Reader::Torch.dialect(),
        arrays: Arrays::Unknown,
        search: false,
    };
    let end = torch::end(&pass(SliceWindow::new(bytes), manner, budget))?;
    let pickles = bytes.get(..end)?;
    let five = pass(Bytes::Plain(SliceWindow::new(pickles)), manner, budget);
    let raw = torch::raw_storages(&five, bytes, end, budget)?;
    let broken = (!raw.explained).then(|| "the bytes behind the pickles are not those of its storages".to_owned());
    let (format, storages) = ("torch-legacy".to_owned(), Storages::behind(raw));
    Some(Contents { format, bytes, pass: Some(five), storages, broken, ..Contents::empty(budget.clone()) })
}

/// Reads a source as its format's own reader does: joblib's where an array of joblib is met, pickle's otherwise.
pub(super) fn read<'a>(open: impl Fn(&Budget) -> Bytes<'a>, budget: &mut Budget) -> Pass<Bytes<'a>> {
    let joblib = Readers::of(Reader::Joblib);
    let manner = Manner { readers: joblib, dialect: Dialect::PYTHON, arrays: Arrays::Padded, search: true };
    let window = open(budget);
    let first = pass(window, manner, budget);
    if first.is_joblib() || !first.parts() {
        return first;
    }
    let manner =
        Manner { readers: Readers::of(Reader::Pickle), dialect: Dialect::C, arrays: Arrays::Unknown, search: true };
    let window = open(budget);
    pass(window, manner, budget)
}

/// Whether a stream loads or does anything beyond an import of what no module can be called.
fn reaches_anything<W: Window>(pass: &Pass<W>) -> bool {
    let possible = |module: &str| module.chars().all(|char| char.is_alphanumeric() || "_.".contains(char));
    pass.readings.iter().any(|reading| {
        let acts = reading.effects.iter().any(|effect| match effect.action {
            Action::Import { value, .. } => reading.ast.symbol(value).is_some_and(|symbol| possible(&symbol.module)),
            _ => true,
        });
        reading.root.is_some() || acts
    })
}

fn compressed<'a>(codec: Codec, bytes: &'a [u8], start: usize, name: &str, mut budget: Budget) -> Result<Contents<'a>> {
    let data = bytes.get(start..).unwrap_or_default();
    if let Some(found) = inflated_npy(codec, data, start, &mut budget)? {
        return Ok(Contents { bytes, ..found });
    }
    let open = |budget: &Budget| Bytes::inflated(Decoder::new(codec, data), budget.clone());
    let pass = read(open, &mut budget);
    let is_joblib = pass.is_joblib() || matches!(codec, Codec::Zlib | Codec::Lzma | Codec::Lz4);
    let format = format!("{}+{name}", if is_joblib { "joblib" } else { "pickle" });
    if !reaches_anything(&pass) {
        if pass.window.bytes().is_empty() {
            return Err(Error::malformed(start as u64, format!("the {} data does not inflate", codec.name())));
        }
        let there = pass.window.bytes();
        // How long it is in the end is not known.
        still_packed(detect(there.get(..PREFIX).unwrap_or(there), u64::MAX))?;
        if there.first() != Some(&0x80) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("{NO_PICKLE}: none is in the {} data", codec.name()),
            ));
        }
    }
    let broken = match &pass.window {
        Bytes::Inflated { window, .. } => end_of(&window.feed.decoder, codec),
        Bytes::Plain(_) | Bytes::Made(_) => None,
    };
    let member = Member::Inflated { codec, start: start as u64, base: 0 };
    Ok(Contents { format, bytes, member, pass: Some(pass), broken, ..Contents::empty(budget) })
}

/// What is wrong with the end of compressed data.
fn end_of(decoder: &Decoder<'_>, codec: Codec) -> Option<String> {
    let name = codec.name();
    match decoder.ending()? {
        Ending::Complete if decoder.trailing().is_empty() => None,
        Ending::Complete => Some(format!("{} bytes stand behind the {name} data", decoder.trailing().len())),
        Ending::Truncated => Some(format!("the {name} data ends before its trailer")),
        Ending::BadChecksum => Some(format!("the {name} data has a wrong checksum")),
        Ending::Corrupt | Ending::Refused => Some(format!("the {name} data cannot be inflated to its end")),
    }
}

/// Whether nothing is looked into that came out of what is compressed.
///
/// # Errors
/// Where it may have arrays: of archives and `.safetensors` files only those are read that stand in the file as they are.
fn still_packed(format: Format) -> Result<()> {
    if !members::is_archive(format) && format.name() != "safetensors" {
        return Ok(());
    }
    let message = format!("a {} file in what is compressed: unpack it to look into it", format.name());
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// Bytes that are held in memory, of a member of an archive.
fn held<'a>(mut bytes: Vec<u8>, mut budget: Budget) -> Result<Contents<'a>> {
    let mut packed = None;
    if let Format::Compressed(codec) = by_content(&bytes) {
        bytes = compress::at_most(Some(codec), &bytes, u64::MAX, &mut budget)?.into_owned();
        packed = Some(codec);
    }
    let (member, format) = (Member::Made { start: 0 }, by_content(&bytes));
    let named = |name: &str| packed.map_or_else(|| name.to_owned(), |codec| format!("{name}+{}", codec.name()));
    let made = |bytes: &[u8], budget: &mut Budget| {
        let data = bytes.to_vec();
        budget.spend(Limit::Retained, data.len() as u64).map(|()| read(|_| Bytes::Made(data.clone()), budget))
    };
    if format == Format::Npy {
        let header = NpyHeader::parse(&bytes)?;
        bytes.drain(..header.data_offset.min(bytes.len()));
        let pass = header.has_object().then(|| made(&bytes, &mut budget)).transpose()?;
        let (format, npy) = (named("npy"), Some((header, Cow::Owned(bytes))));
        return Ok(Contents { format, member, pass, npy, ..Contents::empty(budget) });
    }
    still_packed(format)?;
    let pass = made(&bytes, &mut budget)?;
    if !reaches_anything(&pass) && bytes.first() != Some(&0x80) {
        return Err(Error::new(ErrorKind::Unsupported, format!("{NO_PICKLE}: {}", format.name())));
    }
    let format = named(if pass.is_joblib() { "joblib" } else { "pickle" });
    Ok(Contents { format, member, pass: Some(pass), ..Contents::empty(budget) })
}
