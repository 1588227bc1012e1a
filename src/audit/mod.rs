//! The audit: the library's front door, and the queue of everything in a file that holds more bytes to read.
//!
//! [`scan`] recognises a source, has it read by each class of readers, has the policy judge what they reach, and
//! makes one [`FileReport`]. A member of an archive, a nested literal or a companion file is a job of the same queue
//! with the same budget; nothing else opens anything.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod archive;
mod bytes;
mod collect;
mod companion;
mod compressed;
mod directory;
mod evidence;
mod indices;
mod judge;
mod learn;
mod member;
mod models;
mod npy;
mod passes;
mod plain;
mod run;
mod sevenz;
mod skops;
mod structure;
mod torch;
mod torch_tar;

pub use directory::directories;

use crate::container::detect::{PREFIX, by_content, has_header, yields};
use crate::container::{Codec, Format, ZFile, tar, zip};
use crate::facts::Facts;
use crate::finding::{Companion, FileReport, Level, LoaderOutcome};
use crate::input::Source;
use crate::limits::{Budget, Limit, Limits};
use crate::loader::{Pass, Reading, Subject};
use crate::model;
use crate::opcode::{SliceWindow, Window};
use crate::policy::{InForce, Observations, Policy};
use crate::rules::{self, Rule};
use bytes::{Bytes, Ledger};
use collect::Collected;
use companion::Wanted;
use compressed::Claim;
use judge::Scope;
pub use learn::{Learned, learn};
use member::Member;
use passes::Passes;
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
    run::run(source, policy, limits, Collected::default(), None)
}

/// As [`scan`], and lists the entries of the policy that the file needs.
pub fn scan_with_grounds(source: &Source<'_>, policy: &Policy, limits: &Limits) -> FileReport {
    run::run(source, policy, limits, Collected::with_grounds(), None)
}

/// What a source says of its writer, with places counted in the file.
fn facts_of<'r, W: Window>(pass: &'r Pass<W>, readings: &'r [Reading], member: &Member) -> Facts {
    let subject = |reading| Subject { reading, source: pass.source() };
    let subjects: Vec<_> = readings.iter().map(subject).collect();
    let mut facts = model::facts(&subjects);
    for place in facts.places_mut() {
        place.file_offset = member.at(place.offset).file_offset;
    }
    facts
}

/// More bytes to read: a member of an archive, or a literal that a call would load.
struct Job<'a> {
    data: Bytes<'a>,
    /// What they are compressed with.
    codec: Option<Codec>,
    /// What an archive says of them.
    claim: Claim,
    member: Member,
}

struct Audit<'a> {
    source: &'a Source<'a>,
    policy: &'a InForce<'a>,
    limits: &'a Limits,
    budget: Budget,
    collected: Collected,
    learn: Option<&'a mut Observations>,
    jobs: VecDeque<Job<'a>>,
    /// Members that are archives themselves. They wait until all others are read, and the last is opened first: so
    /// what lies in front is judged before a limit is reached, and few are in memory at once.
    wrapped: Vec<Job<'a>>,
    /// What inflated bytes jobs hold.
    held: Ledger,
    /// Literals that were opened: one that several calls are given is opened once.
    opened: HashSet<String>,
    companions: Vec<Companion>,
    loaders: Vec<LoaderOutcome>,
    /// What the file itself says of its writer.
    facts: Option<Facts>,
    /// What it holds, where it is an archive.
    listing: Option<String>,
}

/// What reading a source told.
struct Read {
    format: String,
    loaders: Vec<LoaderOutcome>,
    companions: Vec<Wanted>,
    /// Whether it is known what the source is.
    known: bool,
}

impl Read {
    fn silent(format: impl Into<String>) -> Self {
        Self { format: format.into(), loaders: Vec::new(), companions: Vec::new(), known: true }
    }
}

impl<'a> Audit<'a> {
    /// Reads the file itself; answers its format.
    fn file(&mut self) -> String {
        let source = self.source;
        let member = Member::file();
        if source.bytes().is_empty() {
            self.incomplete(&rules::empty_file::RULE, "there is nothing in it", &member, 0);
            return "empty".to_owned();
        }
        let read = self.bytes(&Bytes::Lent(source.bytes()), &member);
        for wanted in read.companions {
            self.companion(source, wanted);
        }
        self.loaders = read.loaders;
        if self.limits.looks_at_models() {
            models::check(source.bytes(), self.limits, &mut self.collected);
        }
        read.format
    }

    /// Runs the queue to its end.
    fn queue(&mut self) {
        loop {
            self.budget.release(self.held.get());
            if let Some(job) = self.jobs.pop_front() {
                self.job(job);
            } else if let Some(job) = self.wrapped.pop() {
                self.unwrap(job);
            } else {
                return;
            }
        }
    }

    fn job(&mut self, job: Job<'a>) {
        let Job { data, codec, claim, member } = job;
        if data.get().is_empty() {
            return;
        }
        if member.depth > self.limits.get(Limit::Depth) {
            let message = "it lies too deep in others to be opened";
            self.collected.say(&rules::limit_reached::RULE, Level::Incomplete, message, member.at(None));
            return;
        }
        let read = match codec {
            Some(codec) => self.compressed(codec, &data, 0, codec.name(), &member, claim).0,
            None => {
                self.verify(&data, claim, &member);
                self.bytes(&data, &member)
            }
        };
        self.unanswered(&read, &member);
    }

    /// Says of a member that names companions that it has none.
    fn unanswered(&mut self, read: &Read, member: &Member) {
        for wanted in read.companions.iter().filter(|_| !member.evidence) {
            let message = "a member of an archive has no file beside it, and yet it names one";
            let location = wanted.location.clone();
            self.collected.say(&rules::companion::RULE, Level::Incomplete, message, location);
        }
    }

    /// Says that something could not be analysed. In a literal that was opened as evidence that is worth no word.
    fn incomplete(&mut self, rule: &'static Rule, message: impl Into<String>, member: &Member, offset: u64) {
        self.incomplete_at(rule, message, member, Some(offset));
    }

    /// The same, where the place may not be known.
    fn incomplete_at(&mut self, rule: &'static Rule, message: impl Into<String>, member: &Member, at: Option<u64>) {
        if !member.evidence {
            self.collected.say(rule, Level::Incomplete, message, member.at(at));
        }
    }

    /// Reads bytes as whatever they are: they may be several things at once.
    fn bytes(&mut self, data: &Bytes<'a>, member: &Member) -> Read {
        let bytes = data.get();
        let prefix = bytes.get(..PREFIX).unwrap_or(bytes);
        let format = by_content(bytes);
        let is_tar = tar::starts(prefix);
        let read = match format {
            Format::Zip => Some(self.zip(data, member)),
            Format::ZFile if !is_tar || ZFile::parse(bytes).is_ok() => Some(self.zfile(data, member)),
            // Frames that decoders skip are the same in both, and nothing without a frame behind them.
            Format::Compressed(Codec::Zstd) if yields(Codec::Lz4, bytes) => {
                Some(self.compressed(Codec::Lz4, data, 0, "lz4", member, Claim::default()).0)
            }
            Format::Compressed(codec) if has_header(codec, prefix) && (!is_tar || yields(codec, bytes)) => {
                Some(self.compressed(codec, data, 0, codec.name(), member, Claim::default()).0)
            }
            Format::SevenZip => Some(self.sevenz(data, member)),
            Format::Npy => {
                let open = |start| SliceWindow::new(bytes.get(start..).unwrap_or_default());
                Some(self.npy(&mut open(0), open, member))
            }
            _ if is_tar => Some(self.tar(data, member)),
            format => self.plain(data, format, member),
        };
        let Some(read) = read else { return self.zip(data, member) };
        if is_tar {
            if !matches!(read.format.as_str(), "tar" | "torch-tar") {
                self.tar(data, member);
            }
            self.also_pickle(bytes, member);
        }
        // Python's zipfile finds an archive behind anything.
        if format != Format::Zip && zip::ends_as_archive(bytes) {
            self.appended(data, member);
        }
        read
    }

    /// Judges what the readers of a source reach, and says what its layout tells.
    fn judge<'w, W: Window + 'w>(&mut self, passes: &Passes<'w, W>, member: &Member) {
        if !member.evidence {
            structure::describe(passes, member, &mut self.collected);
            if self.limits.gathers_facts() {
                self.facts.get_or_insert_with(|| facts_of(passes.own(), &passes.own().readings, member));
            }
        }
        if member.guess && !passes.import_anything() {
            return;
        }
        let collected = &mut self.collected;
        let learn = self.learn.as_deref_mut();
        let mut jobs = judge::judge(passes.own(), member, self.policy, collected, Scope::Own, learn);
        if let Some(other) = passes.other() {
            let known = passes.known(other);
            let scope = known.as_ref().map_or(Scope::Own, Scope::Foreign);
            jobs.extend(judge::judge(other, member, self.policy, collected, scope, None));
        }
        for other in &passes.further {
            let known = passes.known(other);
            let scope = known.as_ref().map_or(Scope::Own, Scope::Foreign);
            jobs.extend(judge::judge(other, member, self.policy, collected, scope, None));
        }
        let opened = &mut self.opened;
        self.jobs.extend(jobs.into_iter().filter(|job| opened.insert(job.member.name.clone())));
    }

    fn read<'w, W: Window + 'w>(&self, passes: &Passes<'w, W>, format: String, member: &Member) -> Read {
        let wanted = |companion: &crate::loader::Companion| {
            let reading = passes.joblib.readings.get(companion.reading);
            let effect = reading.and_then(|reading| reading.effects.get(companion.effect));
            let offset = effect.map(|effect| passes.joblib.source().offset(effect.at));
            Wanted { name: companion.name.clone(), wrapper: companion.wrapper, location: member.at(offset) }
        };
        let companions = passes.joblib.companions.iter().map(wanted).collect();
        Read { format, loaders: passes.outcomes(), companions, known: true }
    }
}
