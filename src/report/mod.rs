//! Prints what was found: one file per format, each from plain [`FileReport`]s and generic over a writer.
//!
//! Nothing is decided here. Nothing from a scanned file leaves this room unescaped
//! ([`escape`](crate::escape::escape)). Colour is a function that the caller hands in ([`Paint`]), so that the library
//! needs no terminal.

mod about;
mod facts;
mod human;
mod json;

pub use about::{about, requirements};
pub use facts::about_json;
pub use human::{Detail, Paint, Role, human, plain};
pub use json::json;

use crate::finding::{DirectoryReport, FileReport, Verdict};

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
    /// What was found about directories themselves.
    pub directories: Vec<DirectoryReport>,
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
}

impl Tool {
    /// This version of depickle with the built-in policy alone.
    pub fn builtin() -> Self {
        let policy = PolicyInfo { builtin: true, file: None, sha256: None };
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
}

impl Report {
    /// The counts.
    pub fn summary(&self) -> Summary {
        let mut sum = Summary { not_pickle: self.not_pickle, skipped: self.skipped, ..Summary::default() };
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
