//! Plain data that every report is made from: findings, verdicts, one [`FileReport`] per file.
//!
//! Nothing here decides anything: `policy` judges, `rules` words it, `report` prints it.

use crate::facts::Facts;
use crate::glance::Glance;
use crate::word::{self, Word};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What a finding does to the verdict of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Worth knowing; never changes a verdict.
    Note,
    /// Something could not be analysed.
    Incomplete,
    /// Some effect is not on the allowlist, or the bytes mean different things to different readers.
    Suspicious,
    /// Known to run code, reach the file system or the network, load another pickle, or abuse an allowed name.
    Dangerous,
}

impl Level {
    /// The level as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Incomplete => "incomplete",
            Self::Suspicious => "suspicious",
            Self::Dangerous => "dangerous",
        }
    }
}

/// The judgement of one file: the worst level of its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Everything that loading would do is allowed, and every byte is accounted for.
    Clean,
    /// Something could not be analysed and nothing worse was found.
    Incomplete,
    /// Some effect is not on the allowlist, or readers part in a way that matters.
    Suspicious,
    /// An effect is known to do harm.
    Dangerous,
}

impl Verdict {
    /// The verdict as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Incomplete => "incomplete",
            Self::Suspicious => "suspicious",
            Self::Dangerous => "dangerous",
        }
    }
}

impl From<Level> for Verdict {
    fn from(level: Level) -> Self {
        match level {
            Level::Note => Self::Clean,
            Level::Incomplete => Self::Incomplete,
            Level::Suspicious => Self::Suspicious,
            Level::Dangerous => Self::Dangerous,
        }
    }
}

/// What kind of harm a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Code runs, or a file or the network is reached.
    Code,
    /// Memory of the loading process is read or written out of bounds.
    Memory,
    /// Loading costs far more than the file's size.
    Cost,
    /// The bytes contradict themselves.
    Integrity,
    /// Harm only when the loaded object is used.
    UseTime,
    /// The layout of the file itself.
    Structure,
}

impl Class {
    /// The class as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Memory => "memory",
            Self::Cost => "cost",
            Self::Integrity => "integrity",
            Self::UseTime => "use-time",
            Self::Structure => "structure",
        }
    }
}

/// How bad it would be; for readers and SARIF, never for a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Nothing to do.
    Info,
    /// Unlikely to matter.
    Low,
    /// May matter.
    Medium,
    /// Likely harm.
    High,
    /// Harm as soon as the file is loaded.
    Critical,
}

impl Severity {
    /// The severity as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure the rule is; for readers and SARIF, never for a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Confidence {
    /// A guess.
    Low,
    /// Probable.
    Medium,
    /// Proven from the bytes.
    High,
}

impl Confidence {
    /// The confidence as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Where in a file something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The archive member, empty for the file itself.
    pub member: String,
    /// The number of the stream in its member, from 0.
    pub stream: u32,
    /// The first byte, counted in the member as it is after decompression.
    pub offset: Option<u64>,
    /// The first byte, counted in the file; `None` where the member is compressed.
    pub file_offset: Option<u64>,
    /// How many bytes.
    pub length: Option<u64>,
    /// The path from the root of the object, such as `root.steps[1][1].func`.
    pub object_path: Option<String>,
}

/// Who accepted a finding, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The policy or baseline.
    pub by: String,
    /// The reason given there.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// One thing worth saying about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's identifier, such as `dangerous-call`.
    #[serde(deserialize_with = "word::one")]
    pub rule: Word,
    /// What it does to the verdict.
    pub level: Level,
    /// What kind of harm.
    pub class: Class,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What is wrong, one line, escaped.
    pub message: String,
    /// Why it matters, one sentence.
    pub why: String,
    /// What to do about it, one sentence.
    pub help: String,
    /// The symbol it is about, after name mapping.
    pub symbol: Option<String>,
    /// Where it is.
    pub location: Location,
    /// The readers that reach it.
    #[serde(deserialize_with = "word::several")]
    pub loaders: Vec<Word>,
    /// How often it occurs; the location is that of the first.
    pub count: u64,
    /// Who accepted it, if anyone.
    pub accepted: Option<Accepted>,
}

impl Finding {
    /// An identity that does not move with offsets: SHA-256 over rule, symbol, member, object path and message, as
    /// 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let path = self.location.object_path.as_deref().unwrap_or("");
        for part in [self.rule, self.symbol.as_deref().unwrap_or(""), &self.location.member, path, &self.message] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hex(hash.finalize().get(..8).unwrap_or_default())
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the policy said of one imported symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// An entry allows it, in every way it is used.
    Allowed,
    /// No entry knows it.
    Unlisted,
    /// An entry knows it, but not this use of it; or the user's policy forbids it.
    Denied,
    /// Known to do harm.
    Dangerous,
    /// The name is made at run time.
    Unresolvable,
}

impl Decision {
    /// The decision as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Unlisted => "unlisted",
            Self::Denied => "denied",
            Self::Dangerous => "dangerous",
            Self::Unresolvable => "unresolvable",
        }
    }
}

/// One imported symbol: one row per (symbol, decision), at its first occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module, exactly as written in the file.
    pub module: String,
    /// The name, exactly as written in the file.
    pub name: String,
    /// After name mapping and dotted resolution: `pkg.mod.attr`.
    pub symbol: String,
    /// What the policy said.
    pub decision: Decision,
    /// The entry that allows it.
    pub entry: Option<String>,
    /// What is done with it: `import`, `call`, `new`, `init`, `build`, `setitem`, `append`, `add`, `slots`, `key`.
    #[serde(deserialize_with = "word::several")]
    pub uses: Vec<Word>,
    /// The readers that import it.
    #[serde(deserialize_with = "word::several")]
    pub loaders: Vec<Word>,
    /// Where it is first imported.
    pub location: Location,
    /// How often it is imported.
    pub count: u64,
}

/// An entry of the policy that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// Its symbol; that of the file may be another name for it.
    pub entry: String,
    /// What the file does with it: the words of [`Import::uses`].
    #[serde(deserialize_with = "word::several")]
    pub uses: Vec<Word>,
    /// Where the user's policy says so, such as `depickle.toml:12`; none is built in.
    pub by: Option<String>,
    /// Why it is safe; empty where the table holds that to be plain.
    pub reason: String,
}

/// How one loader fares with the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoaderOutcome {
    /// The loader, such as `joblib.load`.
    #[serde(deserialize_with = "word::one")]
    pub name: Word,
    /// Whether it reads the format's first stream to its end.
    pub loads: bool,
    /// Where it refuses.
    pub offset: Option<u64>,
}

/// A file beside the scanned one that the scanned one names, and that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Companion {
    /// Its base name.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// One pickle stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Where it starts, and how many bytes it spans.
    pub location: Location,
    /// The highest protocol it declares.
    pub protocol: u8,
    /// How many opcodes ran.
    pub opcodes: u64,
}

/// A run of bytes, and what they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// `pickle`, `array`, `storage`, `header`, `directory`, `member`, `compressed`, `padding` or `unexplained`.
    #[serde(deserialize_with = "word::one")]
    pub kind: Word,
    /// Where it stands.
    pub location: Location,
}

/// Whether the whole file was analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Completeness {
    /// Every byte.
    Full,
    /// Something was not.
    Partial,
}

impl Completeness {
    /// The completeness as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
        }
    }
}

/// Why a file could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileError {
    /// What is wrong.
    pub message: String,
    /// [`ErrorKind::name`](crate::error::ErrorKind::name).
    #[serde(deserialize_with = "word::one")]
    pub kind: Word,
}

/// Everything that is said about one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// The path as given, `/` between its parts.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file, in hexadecimal, if asked for.
    pub sha256: Option<String>,
    /// What the file is: `pickle`, `joblib`, `joblib+zlib`, `not-pickle:text`, `unknown`, ...
    pub format: String,
    /// Whether all of it was analysed.
    pub completeness: Completeness,
    /// How each loader fares.
    pub loaders: Vec<LoaderOutcome>,
    /// Files beside it that were read.
    pub companions: Vec<Companion>,
    /// The pickle streams in it.
    pub streams: Vec<Stream>,
    /// What its bytes are, in order of place; of very many the first.
    pub regions: Vec<Region>,
    /// The symbols it imports.
    pub imports: Vec<Import>,
    /// What was found, worst first, then by position.
    pub findings: Vec<Finding>,
    /// The entries of the policy that it needs, by symbol; none where nobody asked for them.
    pub grounds: Option<Vec<Ground>>,
    /// The items of the user's policy that had a say, by their number there.
    pub policy_items: BTreeSet<u32>,
    /// What it says about who wrote it, and what is in it.
    pub facts: Facts,
    /// The least verdict that fails it, where that is not the run's.
    pub gate: Option<Verdict>,
    /// What it holds, where that was asked for.
    pub glance: Option<Glance>,
    /// Why it could not be read.
    pub error: Option<FileError>,
}

impl FileReport {
    /// The report of a file that could not be read.
    pub fn unreadable(path: String, error: &crate::error::Error) -> Self {
        Self {
            path,
            size: 0,
            sha256: None,
            format: "unknown".to_owned(),
            completeness: Completeness::Partial,
            loaders: Vec::new(),
            companions: Vec::new(),
            streams: Vec::new(),
            regions: Vec::new(),
            imports: Vec::new(),
            findings: Vec::new(),
            grounds: None,
            policy_items: BTreeSet::new(),
            facts: Facts::default(),
            gate: None,
            glance: None,
            error: Some(FileError { message: error.to_string(), kind: error.kind().name() }),
        }
    }

    /// The worst level of the findings that nobody accepted. A file that could not be read is `incomplete`.
    pub fn verdict(&self) -> Verdict {
        let unread = self.error.is_some() || self.completeness == Completeness::Partial;
        let floor = if unread { Verdict::Incomplete } else { Verdict::Clean };
        let open = self.findings.iter().filter(|finding| finding.accepted.is_none());
        open.map(|finding| Verdict::from(finding.level)).fold(floor, Verdict::max)
    }

    /// Whether the file is of a kind that cannot carry a pickle.
    pub fn is_not_pickle(&self) -> bool {
        self.format.starts_with("not-pickle")
    }
}

/// What is said about a directory that was walked; never part of the verdict of a file in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryReport {
    /// The path as given, `/` between its parts.
    pub path: String,
    /// What was found.
    pub findings: Vec<Finding>,
}
