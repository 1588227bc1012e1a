//! Prints what was found: one file per format, each from plain [`FileReport`]s and generic over a writer.
//!
//! Nothing is decided here. Nothing from a scanned file leaves this room unescaped
//! ([`escape`](crate::escape::escape)). Colour is a function that the caller hands in ([`Paint`]), so that the library
//! needs no terminal.

mod about;
mod cyclonedx;
mod facts;
mod github;
mod gitlab;
mod html;
mod human;
mod json;
mod junit;
mod map;
mod markdown;
mod ndjson;
mod sarif;
mod text;

pub use about::{about, requirements};
pub use cyclonedx::cyclonedx;
pub use facts::about_json;
pub use github::github;
pub use gitlab::gitlab;
pub use html::html;
pub use human::{Detail, Paint, Role, Screen, human, plain};
pub use json::{json, tool_json};
pub use junit::junit;
pub use markdown::markdown;
pub use ndjson::{Lines, ndjson};
pub use sarif::sarif;

use crate::baseline::Stale;
use crate::finding::{DirectoryReport, FileReport, Finding, Level, Verdict};

/// Everything that one run says.
#[derive(Clone, Debug)]
pub struct Report {
    /// Who says so.
    pub tool: Tool,
    /// One report per file, in the order in which they were found.
    pub files: Vec<FileReport>,
    /// Files found in directories that cannot carry a pickle: counted, not listed in `files`.
    pub not_pickle: u64,
    /// Files found in directories that are of no known format and that the user let be skipped: neither listed nor judged.
    pub skipped: u64,
    /// Files and directories that the user's globs left out.
    pub left_out: u64,
    /// What was found about directories themselves.
    pub directories: Vec<DirectoryReport>,
    /// The baseline that was applied, and its entries that accept nothing any more.
    pub baseline: Option<(String, Vec<Stale>)>,
    /// The least verdict that fails a file, unless it has a gate of its own; for formats in which something passes or
    /// fails.
    pub gate: Verdict,
}

impl Default for Report {
    /// A report of nothing, by the built-in policy, whose gate is `suspicious`.
    fn default() -> Self {
        Self {
            tool: Tool::builtin(),
            files: Vec::new(),
            not_pickle: 0,
            skipped: 0,
            left_out: 0,
            directories: Vec::new(),
            baseline: None,
            gate: Verdict::Suspicious,
        }
    }
}

/// The program and the policy that a report rests on.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The version of depickle.
    pub version: &'static str,
    /// The policy.
    pub policy: PolicyInfo,
}

/// The policy that a report rests on.
#[derive(Clone, Debug)]
pub struct PolicyInfo {
    /// Whether the built-in tables were in force.
    pub builtin: bool,
    /// The user's policy file, as given.
    pub file: Option<String>,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: Option<String>,
    /// What is to be said of items of that file.
    pub notes: Vec<PolicyNote>,
}

/// An item of the user's policy that does nothing.
#[derive(Clone, Debug)]
pub struct PolicyNote {
    /// The line in which it begins, from 1.
    pub line: usize,
    /// Why it does nothing: `expired`, `shadowed` or `unmatched`.
    pub kind: &'static str,
    /// The same in words.
    pub message: String,
}

impl Tool {
    /// This version of depickle with the built-in policy alone.
    pub fn builtin() -> Self {
        let policy = PolicyInfo { builtin: true, file: None, sha256: None, notes: Vec::new() };
        Self::with(policy)
    }

    /// This version of depickle with a policy.
    pub fn with(policy: PolicyInfo) -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), policy }
    }
}

/// How many files got which verdict. The four verdicts add up to `files`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files in the report.
    pub files: u64,
    /// Of these, clean.
    pub clean: u64,
    /// Of these, suspicious.
    pub suspicious: u64,
    /// Of these, dangerous.
    pub dangerous: u64,
    /// Of these, incomplete.
    pub incomplete: u64,
    /// Files that could not be read; they count under their verdict, too.
    pub errors: u64,
    /// Files found in directories that cannot carry a pickle; not among `files`.
    pub not_pickle: u64,
    /// Files found in directories that were skipped, and may hold anything; not among `files`.
    pub skipped: u64,
    /// Files and directories that the user's globs left out; not among `files`.
    pub left_out: u64,
}

/// Something that is said, and of what: a file or a directory.
#[derive(Clone, Copy)]
struct Said<'a> {
    path: &'a str,
    finding: &'a Finding,
    /// The least verdict that fails what it is said of.
    gate: Verdict,
}

impl Report {
    /// Every finding, the worst first; within a level in the order of the report.
    fn findings(&self) -> Vec<Said<'_>> {
        fn said<'a>(path: &'a str, findings: &'a [Finding], gate: Verdict) -> impl Iterator<Item = Said<'a>> {
            findings.iter().map(move |finding| Said { path, finding, gate })
        }
        let gate = |file: &FileReport| file.gate.unwrap_or(self.gate);
        let files = self.files.iter().flat_map(|file| said(&file.path, &file.findings, gate(file)));
        let directories = self.directories.iter();
        let directories = directories.flat_map(|directory| said(&directory.path, &directory.findings, self.gate));
        let mut all: Vec<Said<'_>> = files.chain(directories).collect();
        all.sort_by_key(|said| std::cmp::Reverse(said.finding.level));
        all
    }

    /// The counts.
    pub fn summary(&self) -> Summary {
        let mut sum = Summary {
            not_pickle: self.not_pickle,
            skipped: self.skipped,
            left_out: self.left_out,
            ..Summary::default()
        };
        for file in &self.files {
            sum.files += 1;
            sum.errors += u64::from(file.error.is_some());
            *match file.verdict() {
                Verdict::Clean => &mut sum.clean,
                Verdict::Suspicious => &mut sum.suspicious,
                Verdict::Dangerous => &mut sum.dangerous,
                Verdict::Incomplete => &mut sum.incomplete,
            } += 1;
        }
        sum
    }
}

/// The findings that count against a file: nobody accepted them, and they are no notes.
fn open(file: &FileReport) -> impl Iterator<Item = &Finding> {
    file.findings.iter().filter(|finding| counts(finding))
}

fn counts(finding: &Finding) -> bool {
    finding.accepted.is_none() && finding.level > Level::Note
}

/// Why a file was not analysed as a whole, if it was not.
fn unanalysed(file: &FileReport) -> Option<&str> {
    let partial = file.completeness == crate::finding::Completeness::Partial;
    match &file.error {
        Some(error) => Some(&error.message),
        None => partial.then_some("not all of it was analysed"),
    }
}

/// `1 file`, `2 files`.
fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

impl Summary {
    /// The verdicts and how many files have each, the harmless first.
    fn by_verdict(&self) -> [(u64, Verdict); 4] {
        [
            (self.clean, Verdict::Clean),
            (self.incomplete, Verdict::Incomplete),
            (self.suspicious, Verdict::Suspicious),
            (self.dangerous, Verdict::Dangerous),
        ]
    }
}

/// `3 files: 1 clean, 2 dangerous; 1 could not be read`
fn sentence(sum: &Summary) -> String {
    let parts = sum.by_verdict().into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, verdict)| format!("{count} {}", verdict.name())).collect();
    let mut text = counted(sum.files, "file");
    if !parts.is_empty() {
        text.push_str(&format!(": {}", parts.join(", ")));
    }
    if sum.errors > 0 {
        text.push_str(&format!("; {} could not be read", sum.errors));
    }
    text
}
