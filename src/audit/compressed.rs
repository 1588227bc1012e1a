//! Compressed bytes: a file, or a member of an archive.

use super::bytes::Bytes;
use super::member::Member;
use super::passes::Passes;
use super::structure::{self, is_exhaustion};
use super::{Audit, Job, Read};
use crate::container::detect::{PREFIX, is_text, text_so_far};
use crate::container::{Codec, Decoder, Ending, Format, ZFile, detect, tar};
use crate::error::Error;
use crate::escape::escape;
use crate::finding::{Level, LoaderOutcome};
use crate::limits::{Budget, Limit};
use crate::loader::{Inflating, Reader};
use crate::opcode::{StreamWindow, Window};
use crate::rules;
use flate2::Crc;
use std::cell::Cell;

/// What an archive says of a member's inflated bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claim {
    pub(super) crc: Option<u32>,
    pub(super) size: Option<u64>,
}

/// Members that are stored are summed up to this size.
const SUMMED: usize = 16 << 20;

impl<'a> Audit<'a> {
    /// A file of joblib before 0.10: a header and one zlib stream.
    pub(super) fn zfile(&mut self, data: &Bytes<'a>, member: &Member) -> Read {
        match ZFile::parse(data.get()) {
            Ok(header) => {
                let (read, inflated) =
                    self.compressed(Codec::Zlib, data, header.data_offset, "zf", member, Claim::default());
                if inflated.is_some_and(|inflated| inflated != header.length) {
                    let message = "the header does not give the length of the data: joblib refuses the file";
                    self.incomplete(&rules::refused_stream::RULE, message, member, 2);
                }
                read
            }
            Err(error) => {
                let message = format!("the header of an old joblib file is broken: {}", error.message());
                self.incomplete(&rules::unknown_format::RULE, message, member, 0);
                Read::silent("unknown")
            }
        }
    }

    /// Compressed bytes from `start` on; answers how many they inflate to, too, unless that is seen later.
    pub(super) fn compressed(
        &mut self,
        codec: Codec,
        data: &Bytes<'a>,
        start: usize,
        name: &str,
        member: &Member,
        claim: Claim,
    ) -> (Read, Option<u64>) {
        let bytes = data.get();
        let packed = bytes.get(start..).unwrap_or_default();
        let inner = member.inflated();
        let feed = self.budget.clone();
        let open_at = |skip| {
            let feed = Inflating::new(Decoder::new(codec, packed), feed.clone());
            let mut window = StreamWindow::new(if claim.crc.is_some() { feed.summed() } else { feed });
            // What cannot be skipped cannot be read.
            let _ = window.skip(0, skip as u64);
            window
        };
        // What tells the format is not inflated twice.
        let mut first = open_at(0);
        let format = detect(first.head(PREFIX), u64::MAX);
        let first = Cell::new(Some(first));
        let open = || first.take().unwrap_or_else(|| open_at(0));
        if codec == Codec::Deflate && !inflates(codec, packed) && !member.evidence {
            // Whoever does not go by the method finds them as they are.
            let member = member.guessed();
            self.jobs.push_back(Job { data: data.clone(), codec: None, claim: Claim::default(), member });
        }
        let read = match format {
            format if format.is_wrapper() => {
                let data = data.part(start..bytes.len());
                self.wrapped.push(Job { data, codec: Some(codec), claim, member: member.within(start as u64) });
                (Read::silent(format!("{}+{name}", format.name())), None)
            }
            Format::Npy => {
                let mut window = open();
                let read = self.npy(&mut window, open_at, &inner);
                (Read { format: format!("npy+{name}"), ..read }, Some(window))
            }
            Format::Other { kind, pickle_may_start: false } => {
                (Read::silent(format!("not-pickle:{kind}+{name}")), Some(open_at(0)))
            }
            format => {
                let (read, window) = self.inflated(open, format, codec, name, (member, start));
                // With `ignore_zeros` Python's tarfile passes over what is no header.
                if !read.known {
                    let mut again = open_at(0);
                    let is_tar = has_tar_header(&mut again);
                    self.spend(&feed, &again, &inner);
                    if is_tar {
                        let data = data.part(start..bytes.len());
                        self.wrapped.push(Job { data, codec: Some(codec), claim, member: member.within(start as u64) });
                    }
                }
                (read, Some(window))
            }
        };
        let (mut read, window) = read;
        let inflated = window.map(|mut window| {
            if claim.crc.is_some() && read.known {
                let here = window.bytes().len();
                // What keeps it from being read is in the window, and in its decoder.
                let _ = window.skip(here, u64::MAX);
            }
            self.spend(&feed, &window, &inner);
            self.ends(&window, codec, claim, start, member);
            window.feed.decoder.inflated()
        });
        // A reader of plain pickles sees the compressed bytes: where the first of them is an opcode, they are read so.
        let refused = LoaderOutcome { name: Reader::Pickle.name(), loads: false, offset: Some(0) };
        read.loaders.retain(|loader| loader.name != Reader::Pickle.name());
        read.loaders.insert(0, refused);
        if start == 0 && codec != Codec::Deflate {
            self.also_pickle(bytes, member);
        }
        (read, inflated)
    }

    /// All of compressed bytes, which are kept in memory.
    pub(super) fn inflate(&mut self, codec: Codec, data: &Bytes<'a>, claim: Claim, member: &Member) -> Bytes<'a> {
        let before = self.budget.clone();
        let mut window = StreamWindow::new(Inflating::new(Decoder::new(codec, data.get()), before.clone()).summed());
        // What is missing is told of the window when it is spent.
        let _ = window.fill(usize::MAX);
        self.spend(&before, &window, &member.inflated());
        self.ends(&window, codec, claim, 0, member);
        Bytes::inflated(window.take(), &self.held)
    }

    /// Compressed bytes that nothing is made of, and what an archive says of them.
    pub(super) fn measure(&mut self, codec: Codec, data: &Bytes<'a>, claim: Claim, member: &Member) {
        let before = self.budget.clone();
        let mut window = StreamWindow::new(Inflating::new(Decoder::new(codec, data.get()), before.clone()).summed());
        // What is missing is told of the window when it is spent.
        let _ = window.skip(0, u64::MAX);
        self.spend(&before, &window, &member.inflated());
        self.ends(&window, codec, claim, 0, member);
    }

    /// An archive or the like in compressed bytes: inflated as a whole, and a job of its own.
    pub(super) fn unwrap(&mut self, job: Job<'a>) {
        let Job { data, codec, claim, member } = job;
        let Some(codec) = codec else { return };
        let data = self.inflate(codec, &data, claim, &member);
        let inner = member.inflated().deeper();
        // Of an archive that is cut short by a limit, what is wrong with it is the limit's.
        let is_cut = [Limit::Inflated, Limit::Retained].into_iter().any(|limit| self.budget.left(limit) == 0);
        let member = if is_cut { inner.hushed() } else { inner };
        self.jobs.push_back(Job { data, codec: None, claim: Claim::default(), member });
    }

    /// A pickle in compressed bytes, or nothing that is known.
    fn inflated<'w>(
        &mut self,
        open: impl Fn() -> StreamWindow<Inflating<'w>>,
        format: Format,
        codec: Codec,
        name: &str,
        (member, start): (&Member, usize),
    ) -> (Read, StreamWindow<Inflating<'w>>) {
        let inner = member.inflated();
        let mut passes = Passes::read(open, &mut self.budget);
        let is_joblib = passes.is_joblib() || matches!(codec, Codec::Zlib | Codec::Lzma | Codec::Lz4);
        let as_pickle = format!("{}+{name}", if is_joblib { "joblib" } else { "pickle" });
        let known = passes.exhausted() || passes.reach_anything(|| is_text(passes.joblib.window.bytes()));
        let read = if known {
            self.judge(&passes, &inner);
            self.read(&passes, as_pickle, &inner)
        } else if let Format::Other { kind, .. } = format {
            Read::silent(format!("not-pickle:{kind}+{name}"))
        } else {
            let unread = Read { known: false, ..self.read(&passes, as_pickle, &inner) };
            let error = passes.own().first().and_then(|reading| reading.error.as_ref());
            let why = error.map_or_else(String::new, |error| format!(": {}", escape(error.message())));
            if is_text_to_the_end(&mut passes.joblib.window) {
                return (Read::silent(format!("not-pickle:text+{name}")), passes.joblib.window);
            }
            let (rule, message) = if passes.joblib.window.feed.decoder.inflated() == 0 {
                (&rules::unknown_format::RULE, format!("the {} data does not inflate{why}", codec.name()))
            } else {
                (&rules::refused_stream::RULE, format!("in the {} data{why}", codec.name()))
            };
            self.incomplete(rule, message, member, start as u64);
            unread
        };
        (read, passes.joblib.window)
    }

    /// Spends what a window has spent.
    fn spend(&mut self, before: &Budget, window: &StreamWindow<Inflating<'_>>, inner: &Member) {
        for limit in [Limit::Inflated, Limit::Retained] {
            let spent = before.left(limit).saturating_sub(window.feed.budget.left(limit));
            // What the feed could spend, the budget it was copied from can spend too.
            let _ = self.budget.spend(limit, spent);
        }
        if let Some(error) = exhaustion(window) {
            let message = escape(error.message()).into_owned();
            self.incomplete_at(&rules::limit_reached::RULE, message, inner, error.offset());
        }
    }

    /// What is to be said of the end of compressed data, and of what an archive says of it.
    fn ends(
        &mut self,
        window: &StreamWindow<Inflating<'_>>,
        codec: Codec,
        claim: Claim,
        start: usize,
        member: &Member,
    ) {
        let decoder = &window.feed.decoder;
        let inflated = decoder.inflated();
        if inflated > 0 && !member.evidence {
            self.tail(decoder, codec, start, member);
            if decoder.ending() == Some(Ending::Complete) {
                self.compare(claim, inflated, window.feed.crc(), member);
            }
        }
    }

    /// Compares what an archive says of a member with what it is.
    fn compare(&mut self, claim: Claim, size: u64, crc: Option<u32>, member: &Member) {
        let wrong_size = claim.size.is_some_and(|claimed| claimed != size);
        let wrong_crc = claim.crc.zip(crc).is_some_and(|(claimed, crc)| claimed != crc);
        let what = match (wrong_size, wrong_crc) {
            (true, _) => "it does not have the size that the archive says; Python's zipfile ends there or refuses it",
            (_, true) => {
                "it does not have the checksum that the archive says; Python's zipfile refuses it, torch does not"
            }
            _ => return,
        };
        self.collected.say(&rules::archive_anomaly::RULE, Level::Suspicious, what, member.at(Some(0)));
    }

    /// The same for a member that is stored as it is. Large ones are not read for it.
    pub(super) fn verify(&mut self, data: &Bytes<'a>, claim: Claim, member: &Member) {
        let bytes = data.get();
        if claim.crc.is_some() && (bytes.len() <= SUMMED || self.limits.is_deep()) && !member.evidence {
            let mut sum = Crc::new();
            sum.update(bytes);
            self.compare(claim, bytes.len() as u64, Some(sum.sum()), member);
        }
    }

    /// What is to be said of the end of compressed data.
    fn tail(&mut self, decoder: &Decoder<'_>, codec: Codec, start: usize, member: &Member) {
        let name = codec.name();
        let end = decoder.consumed().saturating_add(start as u64);
        let broken = match decoder.ending() {
            Some(Ending::Truncated) => Some("ends before its trailer"),
            Some(Ending::BadChecksum) => Some("has a wrong checksum"),
            Some(Ending::Corrupt | Ending::Refused) => Some("cannot be inflated to its end"),
            Some(Ending::Complete) | None => None,
        };
        if let Some(what) = broken {
            self.incomplete(&rules::refused_stream::RULE, format!("the {name} data {what}"), member, end);
        }
        if decoder.members() > 1 && matches!(codec, Codec::Zlib | Codec::Gzip) {
            let message =
                format!("{} members of {name} data: joblib never comes to the end of such a file", decoder.members());
            self.collected.say(
                &rules::compressed_tail::RULE,
                Level::Suspicious,
                message,
                member.at(Some(start as u64)),
            );
        }
        let trailing = decoder.trailing();
        // Data whose size is known may say again, in a few bytes, that it ends.
        let trailing = if matches!(codec, Codec::BareLzma(..)) && trailing.len() <= 8 { &[] } else { trailing };
        if !trailing.is_empty() && matches!(codec, Codec::Zlib | Codec::Gzip) {
            let message = format!("joblib never comes to the end of {name} data with bytes behind it");
            let location = member.run(end, trailing.len() as u64);
            self.collected.say(&rules::compressed_tail::RULE, Level::Suspicious, message, location);
        }
        if decoder.ending() == Some(Ending::Complete) && !structure::is_padding(trailing) {
            let message = format!("{} bytes behind the {name} data", trailing.len());
            let location = member.run(end, trailing.len() as u64);
            self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
        }
    }
}

/// Why a window could not be read on, where that is not about the bytes.
fn exhaustion<'w>(window: &'w StreamWindow<Inflating<'_>>) -> Option<&'w Error> {
    window.failure().filter(|error| is_exhaustion(error))
}

/// Whether anything comes out of a decompressor, be it that nothing was put in.
fn inflates(codec: Codec, packed: &[u8]) -> bool {
    let mut decoder = Decoder::new(codec, packed);
    decoder.read(&mut [0]).is_ok()
}

/// How many bytes are looked at at once, and in all, for a header of a tar archive: what is not known is `incomplete`
/// with or without one.
const BLOCKS: usize = 128 * tar::BLOCK;
const SOUGHT: usize = 64 << 20;

/// Whether one of the first blocks that come is a header of a tar archive. What was looked at is not kept.
fn has_tar_header(window: &mut impl Window) -> bool {
    for _ in 0..SOUGHT / BLOCKS {
        // What cannot be read on was told when it was read first.
        let _ = window.fill(BLOCKS);
        let blocks = window.bytes().chunks_exact(tar::BLOCK);
        let (count, found) = (blocks.len(), blocks.into_iter().any(tar::starts));
        if found || count == 0 || window.skip(0, count.saturating_mul(tar::BLOCK) as u64).is_err() {
            return found;
        }
    }
    false
}

/// How much text is looked at at once.
const TEXT: usize = 1 << 16;

/// Whether all that comes is text. What was looked at is not kept.
fn is_text_to_the_end(window: &mut impl Window) -> bool {
    if !window.gaps().is_empty() || window.bytes().is_empty() {
        return false;
    }
    let mut at = 0;
    loop {
        let rest = window.bytes().get(at..).unwrap_or_default();
        let Some(len) = text_so_far(rest) else { return false };
        let Ok((next, _)) = window.skip(at, len as u64) else { return false };
        at = next;
        let here = window.bytes().len();
        match window.fill(here.saturating_add(TEXT)) {
            Ok(()) if window.bytes().len() > here => {}
            Ok(()) => return at == here,
            Err(_) => return false,
        }
    }
}
