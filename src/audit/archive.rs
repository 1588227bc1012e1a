//! Archives: what they say of themselves becomes findings, what they hold becomes jobs.

use super::bytes::Bytes;
use super::compressed::Claim;
use super::member::Member;
use super::structure::is_padding;
use super::{Audit, Job, Read};
use crate::container::detect::PREFIX;
use crate::container::safetensors::{Safetensors, Tensor};
use crate::container::tar::Sparse;
use crate::container::{Archive, Codec, Data, Decoder, Entry, NpyHeader, tar, zip};
use crate::error::ErrorKind;
use crate::escape::escape;
use crate::finding::Level;
use crate::limits::Limit;
use crate::loader::Inflating;
use crate::opcode::StreamWindow;
use crate::rules;

/// The codecs that are tried on a member whose own cannot be.
const TRIED: [Option<Codec>; 2] = [None, Some(Codec::Deflate)];

/// How many members a listing names.
const NAMED: usize = 8;

/// The longest text that a listing has.
const TEXT: usize = 100;

/// How many there are, and the first of them.
fn listing(kind: &str, count: usize, named: &[String]) -> String {
    let (plural, more) = (if count == 1 { "" } else { "s" }, if count > NAMED { ", ..." } else { "" });
    let colon = if count == 0 { "" } else { ": " };
    format!("{count} {kind}{plural}{colon}{}{more}", named.join(", "))
}

impl<'a> Audit<'a> {
    /// A zip archive.
    pub(super) fn zip(&mut self, data: &Bytes<'a>, member: &Member) -> Read {
        let archive = self.headers(data);
        self.archive(&archive, data, member);
        if let Some(read) = self.torch(&archive, data, member) {
            self.schemas(&archive, data, &member.hushed());
            return read;
        }
        if let Some(read) = self.skops(&archive, data, member) {
            self.list("member", &archive, data, member);
            return read;
        }
        self.entries(&archive.entries, data, member);
        let is_array = |entry: &Entry| entry.name.ends_with(".npy");
        let npz = !archive.entries.is_empty() && archive.entries.iter().all(is_array);
        self.list(if npz { "array" } else { "member" }, &archive, data, member);
        Read::silent(if npz { "npz" } else { "zip" })
    }

    /// The headers of a zip archive.
    fn headers(&mut self, data: &Bytes<'a>) -> Archive {
        let source = self.source;
        let copy = |from: &[u8], into: &mut [u8]| {
            // Zeros are no header: what cannot be read is looked at where it stands.
            let _ = source.read(from, into);
        };
        zip::read_copying(data.get(), self.limits.is_deep(), &copy, &mut self.budget)
    }

    /// Lists what the file itself holds; arrays with type and shape where their headers are at hand.
    fn list(&mut self, kind: &str, archive: &Archive, data: &Bytes<'a>, member: &Member) {
        if member.depth > 0 || self.listing.is_some() {
            return;
        }
        let describe = |entry: &Entry| {
            let part = data.part(entry.data.span());
            let header = match &entry.data {
                Data::Compressed(codec, _) => {
                    let feed = Inflating::new(Decoder::new(*codec, part.get()), self.budget.clone());
                    NpyHeader::parse(StreamWindow::new(feed).head(PREFIX))
                }
                _ => NpyHeader::parse(part.get()),
            };
            let shape = |of: NpyHeader| format!(" {} {}", of.dtype.type_string(), tuple(&of.shape));
            format!("{}{}", entry.name, header.map(shape).unwrap_or_default())
        };
        let named: Vec<String> = archive.entries.iter().take(NAMED).map(describe).collect();
        self.listing = Some(listing(kind, archive.entries.len(), &named));
    }

    /// Lists the tensors of a `.safetensors` file, and what stands beside them.
    pub(super) fn tensors(&mut self, bytes: &[u8], member: &Member) {
        if member.depth > 0 || self.listing.is_some() || !self.limits.gathers_facts() {
            return;
        }
        let Ok(found) = Safetensors::parse(bytes) else { return };
        let describe = |tensor: &Tensor| format!("{} {} {}", tensor.name, tensor.dtype, tuple(&tensor.shape));
        let named: Vec<String> = found.tensors.iter().take(NAMED).map(describe).collect();
        let tensors = listing("tensor", found.tensors.len(), &named);
        // The text of another file, whole, is nothing to list.
        let short = |(name, text): &(String, String)| {
            let text = if text.len() > TEXT { "..." } else { text };
            format!("{name} = {text}")
        };
        let beside: Vec<String> = found.metadata.iter().take(NAMED).map(short).collect();
        let beside = listing("text", found.metadata.len(), &beside);
        self.listing = Some(if found.metadata.is_empty() { tensors } else { format!("{tensors}; {beside}") });
    }

    /// A tar archive.
    pub(super) fn tar(&mut self, data: &Bytes<'a>, member: &Member) -> Read {
        let (archive, sparse) = tar::read(data.get(), &mut self.budget);
        self.archive(&archive, data, member);
        for file in &sparse {
            self.sparse(file, data, member);
        }
        if let Some(read) = self.torch_tar(&archive, data, member) {
            return read;
        }
        self.list("member", &archive, data, member);
        self.entries(&archive.entries, data, member);
        Read::silent("tar")
    }

    /// Makes a job of a sparse file of a tar archive, with all its zeros.
    fn sparse(&mut self, file: &Sparse, data: &Bytes<'a>, member: &Member) {
        let inner = member.entry(&file.name, file.header).inflated();
        for limit in [Limit::Inflated, Limit::Retained] {
            if let Err(error) = self.budget.spend(limit, file.size) {
                return self.incomplete(&rules::limit_reached::RULE, error.message(), &inner, 0);
            }
        }
        let mut bytes = vec![0; usize::try_from(file.size).unwrap_or(0)];
        for (offset, piece) in &file.pieces {
            if !member.evidence {
                self.collected.region("member", member.run(piece.start as u64, piece.len() as u64));
            }
            // A piece behind the end is cut there.
            let into = usize::try_from(*offset).ok().and_then(|offset| bytes.get_mut(offset..)).unwrap_or_default();
            let from = data.part(piece.clone());
            into.iter_mut().zip(from.get()).for_each(|(to, from)| *to = *from);
        }
        let data = Bytes::inflated(bytes, &self.held);
        self.jobs.push_back(Job { data, codec: None, claim: Claim::default(), member: inner });
    }

    /// A zip archive behind something else, which stands on its own.
    pub(super) fn appended(&mut self, data: &Bytes<'a>, member: &Member) {
        let archive = self.headers(data);
        self.entries(&archive.entries, data, member);
        self.schemas(&archive, data, &member.hushed());
    }

    /// Says what is odd about an archive.
    pub(super) fn archive(&mut self, archive: &Archive, data: &Bytes<'a>, member: &Member) {
        if member.evidence {
            return;
        }
        for error in &archive.errors {
            let limit = error.kind() == ErrorKind::Limit;
            let rule = if limit { &rules::limit_reached::RULE } else { &rules::refused_stream::RULE };
            let location = member.at(error.offset());
            self.collected.say(rule, Level::Incomplete, escape(error.message()).into_owned(), location);
        }
        for anomaly in &archive.anomalies {
            let entry = anomaly.entry.and_then(|number| archive.entries.get(number));
            let whose = entry.map(|entry| format!("{}: ", escape(&entry.name))).unwrap_or_default();
            let message = format!("{whose}{}; {}", anomaly.what, anomaly.fools);
            let location = member.at(Some(anomaly.offset as u64));
            self.collected.say(&rules::archive_anomaly::RULE, Level::Suspicious, message, location);
        }
        for run in &archive.records {
            self.collected.region("directory", member.run(run.start as u64, run.len() as u64));
        }
        for run in &archive.unexplained {
            self.collected.region("unexplained", member.run(run.start as u64, run.len() as u64));
            let bytes = data.part(run.clone());
            if run.end < data.get().len() || !is_padding(bytes.get()) {
                let message = format!("{} bytes that belong to no member of the archive", run.len());
                let location = member.run(run.start as u64, run.len() as u64);
                self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
            }
        }
    }

    /// Makes a job of each entry.
    pub(super) fn entries(&mut self, entries: &[Entry], data: &Bytes<'a>, member: &Member) {
        // Members that share bytes are read once each, at the cost of what is inflated.
        let all = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.data.span().len() as u64));
        let again = all.saturating_sub(data.get().len() as u64);
        if let Err(error) = self.budget.spend(Limit::Inflated, again) {
            let location = member.at(Some(0));
            return self.collected.say(&rules::limit_reached::RULE, Level::Incomplete, error.message(), location);
        }
        for entry in entries {
            let span = entry.data.span();
            let inner = member.entry(&entry.name, span.start);
            let part = data.part(span);
            let claim = Claim::from(entry);
            if !member.evidence {
                self.place(entry, member);
            }
            let mut job = |codec, claim, member| {
                self.jobs.push_back(Job { data: part.clone(), codec, claim, member });
            };
            match &entry.data {
                Data::Nothing => {}
                Data::Stored(_) => job(None, claim, inner),
                Data::Compressed(codec, _) => job(Some(*codec), claim, inner),
                Data::Unreadable(why, _) => {
                    // Some readers ignore what keeps others from reading it.
                    for codec in TRIED {
                        job(codec, Claim::default(), inner.guessed());
                    }
                    let location = inner.at(Some(0));
                    self.collected.say(&rules::unread_member::RULE, Level::Incomplete, *why, location);
                }
            }
        }
    }

    /// Notes where a member stands in its archive.
    pub(super) fn place(&mut self, entry: &Entry, member: &Member) {
        let span = entry.data.span();
        let len = span.start.saturating_sub(entry.header) as u64;
        let inner = |start| member.entry(&entry.name, start);
        self.collected.region("header", inner(entry.header).run(0, len));
        let kind = if let Data::Compressed(..) = &entry.data { "compressed" } else { "member" };
        self.collected.region(kind, inner(span.start).run(0, span.len() as u64));
    }

    /// Makes jobs of entries that are no pickles by all that is known.
    pub(super) fn guesses(&mut self, entries: &[Entry], data: &Bytes<'a>, member: &Member) {
        for entry in entries {
            let span = entry.data.span();
            let inner = member.entry(&entry.name, span.start).guessed();
            let codec = if let Data::Compressed(codec, _) = &entry.data { Some(*codec) } else { None };
            self.jobs.push_back(Job { data: data.part(span), codec, claim: Claim::default(), member: inner });
        }
    }
}

/// A shape as numpy writes it.
fn tuple(shape: &[u64]) -> String {
    match shape {
        [one] => format!("({one},)"),
        more => format!("({})", more.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

impl From<&Entry> for Claim {
    fn from(entry: &Entry) -> Self {
        // Writers that compute no checksum leave it 0.
        Self { crc: entry.crc.filter(|&crc| crc != 0), size: entry.size }
    }
}
