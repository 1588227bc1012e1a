//! The audit: the library's front door, and the queue of everything in a file that holds more bytes to read.
//!
//! [`scan`] recognises a source, has it read by each class of readers, has the policy judge what they reach, and
//! makes one [`FileReport`]. A nested literal or a companion file is a job of the same queue with the same budget;
//! nothing else opens anything.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod collect;
mod evidence;
mod judge;
mod learn;
mod member;
mod passes;
mod structure;

use crate::container::detect::{JoblibReads, PREFIX, is_text, joblib_reads};
use crate::container::{Codec, Decoder, Ending, Format, NpyHeader, ZFile, detect};
use crate::error::ErrorKind;
use crate::escape::escape;
use crate::facts::Facts;
use crate::finding::{Companion, Completeness, FileReport, Level, LoaderOutcome, Location, hex};
use crate::input::Source;
use crate::limits::{Budget, Limit, Limits};
use crate::loader::joblib::Wrapper;
use crate::loader::{Inflating, Pass, Reader, Subject};
use crate::model;
use crate::opcode::{Opcode, SliceWindow, StreamWindow, Window};
use crate::policy::{InForce, Observations, Policy};
use crate::rules::{self, Rule};
use collect::Collected;
use judge::Scope;
pub use learn::{Learned, learn};
use member::Member;
use passes::Passes;
use sha2::{Digest, Sha256};
use std::collections::{HashSet, VecDeque};

/// Says what loading `source` would do.
///
/// Never fails: what cannot be read or understood is said in the report, whose verdict is then never clean.
///
/// ```
/// use depickle::{audit, finding::Verdict, input::Source, limits::Limits, policy::Policy};
///
/// let source = Source::from_bytes("model.pkl", b"\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.");
/// let report = audit::scan(&source, &Policy::builtin(), &Limits::default());
/// assert_eq!(report.verdict(), Verdict::Dangerous);
/// ```
pub fn scan(source: &Source<'_>, policy: &Policy, limits: &Limits) -> FileReport {
    FileReport { grounds: None, ..scan_with_grounds(source, policy, limits) }
}

/// As [`scan`], and lists the entries of the policy that the file needs.
pub fn scan_with_grounds(source: &Source<'_>, policy: &Policy, limits: &Limits) -> FileReport {
    run(source, policy, limits, None)
}

/// Scans, and notes for `learn` what only a user's policy can allow.
fn run(source: &Source<'_>, policy: &Policy, limits: &Limits, learn: Option<&mut Observations>) -> FileReport {
    let (bytes, limits) = (source.bytes(), &policy.limits(source.name(), limits));
    let policy = policy.for_file(source.name(), || hex(&Sha256::digest(bytes)));
    let mut audit = Audit {
        policy: &policy,
        limits,
        budget: limits.budget(source.bytes().len() as u64),
        collected: Collected::default(),
        learn,
        jobs: VecDeque::new(),
        opened: HashSet::new(),
        companions: Vec::new(),
        loaders: Vec::new(),
        facts: None,
    };
    let format = audit.file(source);
    while let Some(job) = audit.jobs.pop_front() {
        audit.job(job);
    }
    let grounds = audit.collected.grounds();
    let mut policy_items = std::mem::take(&mut audit.collected.policy_items);
    let (mut findings, imports, streams) = audit.collected.finish();
    policy_items.extend(policy.accept(&mut findings));
    let partial = findings.iter().any(|finding| finding.level == Level::Incomplete);
    FileReport {
        path: source.name().to_owned(),
        size: source.bytes().len() as u64,
        sha256: None,
        format,
        completeness: if partial { Completeness::Partial } else { Completeness::Full },
        loaders: audit.loaders,
        companions: audit.companions,
        streams,
        imports,
        findings,
        grounds: Some(grounds),
        policy_items,
        facts: audit.facts.unwrap_or_default(),
        error: None,
    }
}

/// What a source says of its writer, with places counted in the file.
fn facts_of<W: Window>(pass: &Pass<W>, member: &Member) -> Facts {
    let subject = |reading| Subject { reading, source: pass.source() };
    let subjects: Vec<_> = pass.readings.iter().map(subject).collect();
    let mut facts = model::facts(&subjects);
    for place in facts.places_mut() {
        place.file_offset = member.at(place.offset).file_offset;
    }
    facts
}

/// More bytes to read: a literal that a call would load.
struct Job {
    bytes: Vec<u8>,
    member: Member,
}

/// A companion file that a stream names.
struct Wanted {
    name: String,
    wrapper: Wrapper,
    location: Location,
}

struct Audit<'a> {
    policy: &'a InForce<'a>,
    limits: &'a Limits,
    budget: Budget,
    collected: Collected,
    learn: Option<&'a mut Observations>,
    jobs: VecDeque<Job>,
    /// Literals that were opened: one that several calls are given is opened once.
    opened: HashSet<String>,
    companions: Vec<Companion>,
    loaders: Vec<LoaderOutcome>,
    /// What the file itself says of its writer.
    facts: Option<Facts>,
}

/// What reading a source told.
struct Read {
    format: String,
    loaders: Vec<LoaderOutcome>,
    companions: Vec<Wanted>,
}

impl Read {
    fn silent(format: impl Into<String>) -> Self {
        Self { format: format.into(), loaders: Vec::new(), companions: Vec::new() }
    }
}

impl Audit<'_> {
    /// Reads the file itself; answers its format.
    fn file(&mut self, source: &Source<'_>) -> String {
        let member = Member::file();
        if source.bytes().is_empty() {
            self.incomplete(&rules::empty_file::RULE, "there is nothing in it", &member, 0);
            return "empty".to_owned();
        }
        let read = self.bytes(source.bytes(), &member);
        for wanted in read.companions {
            self.companion(source, wanted);
        }
        self.loaders = read.loaders;
        read.format
    }

    fn job(&mut self, job: Job) {
        if job.member.depth > self.limits.get(Limit::Depth) {
            let message = "a literal lies too deep in others to be opened";
            self.collected.say(&rules::limit_reached::RULE, Level::Incomplete, message, job.member.at(None));
        } else if self.opened.insert(job.member.name.clone()) {
            self.bytes(&job.bytes, &job.member);
        }
    }

    /// Says that something could not be analysed. In a literal that was opened as evidence that is worth no word.
    fn incomplete(&mut self, rule: &'static Rule, message: impl Into<String>, member: &Member, offset: u64) {
        if !member.evidence {
            self.collected.say(rule, Level::Incomplete, message, member.at(Some(offset)));
        }
    }

    /// Reads bytes as whatever they are.
    fn bytes(&mut self, bytes: &[u8], member: &Member) -> Read {
        let prefix = bytes.get(..PREFIX).unwrap_or(bytes);
        match (joblib_reads(prefix), detect(prefix, bytes.len() as u64)) {
            (JoblibReads::ZFile, _) => self.zfile(bytes, member),
            (JoblibReads::Compressed(codec), Format::Compressed(_)) => {
                self.compressed(codec, bytes, 0, codec.name(), member).0
            }
            (_, Format::Npy) => self.npy(bytes, member),
            (_, format) => self.plain(bytes, format, member),
        }
    }

    /// Judges what the readers of a source reach, and says what its layout tells.
    fn judge<'a, W: Window + 'a>(&mut self, passes: &Passes<'a, W>, member: &Member) {
        if !member.evidence {
            structure::describe(passes, member, &mut self.collected);
            self.facts.get_or_insert_with(|| facts_of(passes.own(), member));
        }
        let collected = &mut self.collected;
        self.jobs.extend(judge::judge(
            passes.own(),
            member,
            self.policy,
            collected,
            Scope::Own,
            self.learn.as_deref_mut(),
        ));
        if let Some(other) = passes.other() {
            let known = passes.known(other);
            let scope = known.as_ref().map_or(Scope::Own, Scope::Foreign);
            self.jobs.extend(judge::judge(other, member, self.policy, collected, scope, None));
        }
        for other in &passes.further {
            let known = passes.known(other);
            let scope = known.as_ref().map_or(Scope::Own, Scope::Foreign);
            self.jobs.extend(judge::judge(other, member, self.policy, collected, scope, None));
        }
    }

    /// Bytes that are not compressed: a pickle, or something else.
    fn plain(&mut self, bytes: &[u8], format: Format, member: &Member) -> Read {
        if let Format::Other { kind, pickle_may_start: false } = format {
            return Read::silent(format!("not-pickle:{kind}"));
        }
        let passes = Passes::read(|| SliceWindow(bytes), &mut self.budget);
        // Opcodes are tried before text: a pickle of protocol 0 is text.
        if passes.exhausted() || passes.reach_anything(|| is_text(bytes)) {
            self.judge(&passes, member);
            let format = if passes.is_joblib() { "joblib" } else { "pickle" };
            return self.read(&passes, format.to_owned(), member);
        }
        match format {
            Format::Other { kind, .. } => Read::silent(format!("not-pickle:{kind}")),
            Format::Zip | Format::Tar | Format::SevenZip | Format::Zstd => {
                let message = format!("{} files are not analysed yet", format.name());
                self.incomplete(&rules::unsupported_format::RULE, message, member, 0);
                Read::silent(format.name())
            }
            _ if is_text(bytes) => Read::silent("not-pickle:text"),
            _ => {
                let error = passes.own().first().and_then(|reading| reading.error.as_ref());
                let begins = bytes.first() == Some(&0x80);
                let (rule, what) = match error {
                    // It begins as a pickle does, and is cut short or broken before it does anything.
                    Some(error) if begins => (&rules::refused_stream::RULE, escape(error.message()).into_owned()),
                    _ => (&rules::unknown_format::RULE, "neither a pickle nor a format that is known".to_owned()),
                };
                let offset = error.and_then(|error| error.offset()).filter(|_| begins).unwrap_or(0);
                self.incomplete(rule, what, member, offset);
                self.read(&passes, if begins { "pickle" } else { "unknown" }.to_owned(), member)
            }
        }
    }

    fn read<'a, W: Window + 'a>(&self, passes: &Passes<'a, W>, format: String, member: &Member) -> Read {
        let wanted = |companion: &crate::loader::Companion| {
            let reading = passes.joblib.readings.get(companion.reading);
            let effect = reading.and_then(|reading| reading.effects.get(companion.effect));
            let offset = effect.map(|effect| passes.joblib.source().offset(effect.at));
            Wanted { name: companion.name.clone(), wrapper: companion.wrapper, location: member.at(offset) }
        };
        let companions = passes.joblib.companions.iter().map(wanted).collect();
        Read { format, loaders: passes.outcomes(), companions }
    }

    /// A file of joblib before 0.10: a header and one zlib stream.
    fn zfile(&mut self, bytes: &[u8], member: &Member) -> Read {
        match ZFile::parse(bytes) {
            Ok(header) => {
                let (read, inflated) = self.compressed(Codec::Zlib, bytes, header.data_offset, "zf", member);
                if inflated != header.length {
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

    /// Compressed bytes from `start` on; answers how many they inflate to, too.
    fn compressed(&mut self, codec: Codec, bytes: &[u8], start: usize, name: &str, member: &Member) -> (Read, u64) {
        let data = bytes.get(start..).unwrap_or_default();
        let inner = member.inflated();
        let feed = self.budget.clone();
        let open = || StreamWindow::new(Inflating { decoder: Decoder::new(codec, data), budget: feed.clone() });
        let passes = Passes::read(open, &mut self.budget);
        let window = &passes.joblib.window;
        for limit in [Limit::Inflated, Limit::Retained] {
            let spent = feed.left(limit).saturating_sub(window.feed.budget.left(limit));
            // What the feed could spend, the budget it was copied from can spend too.
            let _ = self.budget.spend(limit, spent);
        }
        let decoder = &window.feed.decoder;
        let is_joblib = passes.is_joblib() || matches!(codec, Codec::Zlib | Codec::Lzma | Codec::Lz4);
        let format = format!("{}+{name}", if is_joblib { "joblib" } else { "pickle" });
        let mut read = if passes.exhausted() || passes.reach_anything(|| is_text(window.bytes())) {
            self.judge(&passes, &inner);
            self.tail(decoder, codec, start, member);
            self.read(&passes, format, &inner)
        } else {
            let error = passes.own().first().and_then(|reading| reading.error.as_ref());
            let why = error.map_or_else(String::new, |error| format!(": {}", escape(error.message())));
            let (rule, message) = match detect(window.bytes(), u64::MAX) {
                _ if window.bytes().is_empty() => {
                    (&rules::unknown_format::RULE, format!("the {} data does not inflate{why}", codec.name()))
                }
                Format::Unknown => (&rules::refused_stream::RULE, format!("in the {} data{why}", codec.name())),
                format => (
                    &rules::unsupported_format::RULE,
                    format!("{} inside {} is not analysed yet", format.name(), codec.name()),
                ),
            };
            self.incomplete(rule, message, member, start as u64);
            self.read(&passes, format, &inner)
        };
        let inflated = decoder.inflated();
        // A reader of plain pickles sees the compressed bytes: where the first of them is an opcode, they are read so.
        let refused = LoaderOutcome { name: Reader::Pickle.name(), loads: false, offset: Some(0) };
        read.loaders.retain(|loader| loader.name != Reader::Pickle.name());
        read.loaders.insert(0, refused);
        if start == 0 && bytes.first().copied().and_then(Opcode::from_byte).is_some() {
            let raw = Passes::read(|| SliceWindow(bytes), &mut self.budget);
            if raw.exhausted() || raw.reach_anything(|| false) {
                self.judge(&raw, member);
            }
        }
        (read, inflated)
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

    /// A numpy array: numbers, or one pickle of all elements (`numpy/lib/_format_impl.py`, `read_array`).
    fn npy(&mut self, bytes: &[u8], member: &Member) -> Read {
        let header = match NpyHeader::parse(bytes) {
            Ok(header) => header,
            Err(error) => {
                let message = format!("the header of a numpy array is broken: {}", escape(error.message()));
                self.incomplete(&rules::refused_stream::RULE, message, member, error.offset().unwrap_or(0));
                return Read::silent("npy");
            }
        };
        let begin = header.data_offset as u64;
        let data = bytes.get(header.data_offset..).unwrap_or_default();
        if header.has_object() {
            let inner = member.within(begin);
            let passes = Passes::read(|| SliceWindow(data), &mut self.budget);
            self.judge(&passes, &inner);
            return self.read(&passes, "npy".to_owned(), &inner);
        }
        if header.is_vast() {
            let message = "numpy walks over elements that have no size, more than a file can name";
            let location = member.at(Some(0));
            self.collected.say(&rules::load_cost::RULE, Level::Suspicious, message, location);
        }
        match header.nbytes().and_then(|len| data.get(usize::try_from(len).ok()?..)) {
            Some(rest) if structure::is_padding(rest) => {}
            Some(rest) => {
                let end = (bytes.len().saturating_sub(rest.len())) as u64;
                let message = format!("{} bytes behind the array", rest.len());
                let location = member.run(end, rest.len() as u64);
                self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
            }
            None => self.incomplete(
                &rules::refused_stream::RULE,
                "the file ends inside the array",
                member,
                bytes.len() as u64,
            ),
        }
        Read::silent("npy")
    }

    /// A file beside this one that a joblib file of before 0.10 names.
    fn companion(&mut self, source: &Source<'_>, wanted: Wanted) {
        if self.companions.iter().any(|companion| companion.path == wanted.name) {
            return;
        }
        let name = escape(&wanted.name).into_owned();
        let (rule, level, message) = match source.companion(&wanted.name, self.limits) {
            Ok(Some(companion)) => {
                let sha256 = hex(&Sha256::digest(companion.bytes()));
                let size = companion.bytes().len() as u64;
                self.companions.push(Companion { path: wanted.name.clone(), size, sha256 });
                // What a compressed companion holds is the bytes of an array; nothing unpickles them.
                if wanted.wrapper == Wrapper::File {
                    self.bytes(companion.bytes(), &Member::named(&wanted.name));
                }
                return;
            }
            Ok(None) => {
                (&rules::companion::RULE, Level::Incomplete, format!("the companion file {name} is not beside it"))
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => (
                &rules::companion_path::RULE,
                Level::Suspicious,
                format!("the companion file {name}: {}", error.message()),
            ),
            Err(error) => {
                (&rules::companion::RULE, Level::Incomplete, format!("the companion file {name}: {}", error.message()))
            }
        };
        self.collected.say(rule, level, message, wanted.location);
    }
}
