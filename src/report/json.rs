//! `--format json`: the schema `depickle.scan/1`.
//!
//! The structs below *are* the schema: serde writes their fields in the order in which they stand. One file per
//! line, pure ASCII (other characters as JSON escapes, which parse back to themselves), no integer as a number
//! that a double cannot hold.

use super::facts::EnvironmentRow;
use super::map::RegionRow;
use super::{PolicyInfo, PolicyNote, Report, Summary, Tool};
use crate::baseline::Stale;
use crate::escape::{Uint, json as value};
use crate::finding::{
    Accepted, Companion, DirectoryReport, FileError, FileReport, Finding, Ground, Import, LoaderOutcome, Location,
    Stream,
};
use serde::Serialize;
use std::io::{self, Write};

/// Writes `report` as one JSON document, one line per file.
///
/// # Errors
/// Those of `out`.
pub fn json(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    out.write_all(b"{\"schema\":\"depickle.scan/1\",\n\"tool\":")?;
    value(out, &ToolRow::from(&report.tool))?;
    out.write_all(b",\n\"summary\":")?;
    value(out, &SummaryRow::from(report.summary()))?;
    out.write_all(b",\n\"files\":")?;
    lines(out, report.files.iter().map(FileRow::from))?;
    out.write_all(b",\n\"directories\":")?;
    lines(out, report.directories.iter().map(DirectoryRow::from))?;
    out.write_all(b",\n\"baseline\":")?;
    value(out, &report.baseline.as_ref().map(BaselineRow::from))?;
    out.write_all(b"}\n")
}

/// An array with one row on each line, written as it is made.
pub(super) fn lines<T: Serialize>(out: &mut dyn Write, rows: impl Iterator<Item = T>) -> io::Result<()> {
    let mut before: &[u8] = b"[\n";
    let mut after: &[u8] = b"[]";
    for row in rows {
        out.write_all(before)?;
        value(out, &row)?;
        (before, after) = (b",\n", b"\n]");
    }
    out.write_all(after)
}

/// The program and the policy that a report rests on, as every report of JSON has them.
pub fn tool_json(tool: &Tool) -> impl Serialize {
    ToolRow::from(tool)
}

pub(super) fn rows<'a, T, R: From<&'a T>>(items: &'a [T]) -> Vec<R> {
    items.iter().map(R::from).collect()
}

#[derive(Serialize)]
pub(super) struct ToolRow<'a> {
    name: &'a str,
    version: &'a str,
    policy: PolicyRow<'a>,
}

#[derive(Serialize)]
pub(super) struct PolicyRow<'a> {
    builtin: bool,
    file: Option<&'a str>,
    sha256: Option<&'a str>,
    notes: Vec<NoteRow<'a>>,
}

#[derive(Serialize)]
struct NoteRow<'a> {
    line: Uint,
    kind: &'a str,
    message: &'a str,
}

impl<'a> From<&'a PolicyNote> for NoteRow<'a> {
    fn from(note: &'a PolicyNote) -> Self {
        Self { line: Uint(note.line as u64), kind: note.kind, message: &note.message }
    }
}

impl<'a> From<&'a PolicyInfo> for PolicyRow<'a> {
    fn from(policy: &'a PolicyInfo) -> Self {
        let (file, sha256) = (policy.file.as_deref(), policy.sha256.as_deref());
        Self { builtin: policy.builtin, file, sha256, notes: rows(&policy.notes) }
    }
}

impl<'a> From<&'a Tool> for ToolRow<'a> {
    fn from(tool: &'a Tool) -> Self {
        let policy = PolicyRow::from(&tool.policy);
        Self { name: "depickle", version: tool.version, policy }
    }
}

#[derive(Serialize)]
pub(super) struct SummaryRow {
    files: Uint,
    clean: Uint,
    suspicious: Uint,
    dangerous: Uint,
    incomplete: Uint,
    errors: Uint,
    not_pickle: Uint,
    skipped: Uint,
    left_out: Uint,
}

impl From<Summary> for SummaryRow {
    fn from(sum: Summary) -> Self {
        Self {
            files: Uint(sum.files),
            clean: Uint(sum.clean),
            suspicious: Uint(sum.suspicious),
            dangerous: Uint(sum.dangerous),
            incomplete: Uint(sum.incomplete),
            errors: Uint(sum.errors),
            not_pickle: Uint(sum.not_pickle),
            skipped: Uint(sum.skipped),
            left_out: Uint(sum.left_out),
        }
    }
}

#[derive(Serialize)]
pub(super) struct FileRow<'a> {
    path: &'a str,
    size: Uint,
    sha256: Option<&'a str>,
    format: &'a str,
    verdict: &'a str,
    completeness: &'a str,
    loaders: Vec<LoaderRow<'a>>,
    companions: Vec<CompanionRow<'a>>,
    streams: Vec<StreamRow<'a>>,
    imports: Vec<ImportRow<'a>>,
    findings: Vec<FindingRow<'a>>,
    why: Option<Vec<GroundRow<'a>>>,
    map: Option<Vec<RegionRow<'a>>>,
    environment: EnvironmentRow<'a>,
    error: Option<ErrorRow<'a>>,
}

impl<'a> From<&'a FileReport> for FileRow<'a> {
    fn from(file: &'a FileReport) -> Self {
        Self {
            path: &file.path,
            size: Uint(file.size),
            sha256: file.sha256.as_deref(),
            format: &file.format,
            verdict: file.verdict().name(),
            completeness: file.completeness.name(),
            loaders: rows(&file.loaders),
            companions: rows(&file.companions),
            streams: rows(&file.streams),
            imports: rows(&file.imports),
            findings: rows(&file.findings),
            why: file.grounds.as_deref().map(rows),
            map: (!file.regions.is_empty()).then(|| rows(&file.regions)),
            environment: EnvironmentRow::from(&file.facts),
            error: file.error.as_ref().map(ErrorRow::from),
        }
    }
}

#[derive(Serialize)]
struct LoaderRow<'a> {
    name: &'a str,
    outcome: &'a str,
    offset: Option<Uint>,
}

impl<'a> From<&'a LoaderOutcome> for LoaderRow<'a> {
    fn from(loader: &'a LoaderOutcome) -> Self {
        let outcome = if loader.loads { "loads" } else { "refuses" };
        Self { name: loader.name, outcome, offset: loader.offset.map(Uint) }
    }
}

#[derive(Serialize)]
struct CompanionRow<'a> {
    path: &'a str,
    size: Uint,
    sha256: &'a str,
}

impl<'a> From<&'a Companion> for CompanionRow<'a> {
    fn from(companion: &'a Companion) -> Self {
        Self { path: &companion.path, size: Uint(companion.size), sha256: &companion.sha256 }
    }
}

#[derive(Serialize)]
struct StreamRow<'a> {
    member: Option<&'a str>,
    stream: u32,
    offset: Option<Uint>,
    file_offset: Option<Uint>,
    length: Option<Uint>,
    protocol: u8,
    opcodes: Uint,
}

impl<'a> From<&'a Stream> for StreamRow<'a> {
    fn from(stream: &'a Stream) -> Self {
        let at = &stream.location;
        Self {
            member: member(at),
            stream: at.stream,
            offset: at.offset.map(Uint),
            file_offset: at.file_offset.map(Uint),
            length: at.length.map(Uint),
            protocol: stream.protocol,
            opcodes: Uint(stream.opcodes),
        }
    }
}

/// The member's name, null for the file itself.
pub(super) fn member(at: &Location) -> Option<&str> {
    Some(at.member.as_str()).filter(|member| !member.is_empty())
}

#[derive(Serialize)]
struct ImportRow<'a> {
    module: &'a str,
    name: &'a str,
    symbol: &'a str,
    decision: &'a str,
    entry: Option<&'a str>,
    uses: &'a [&'static str],
    loaders: &'a [&'static str],
    member: Option<&'a str>,
    stream: u32,
    offset: Option<Uint>,
    count: Uint,
}

impl<'a> From<&'a Import> for ImportRow<'a> {
    fn from(import: &'a Import) -> Self {
        Self {
            module: &import.module,
            name: &import.name,
            symbol: &import.symbol,
            decision: import.decision.name(),
            entry: import.entry.as_deref(),
            uses: &import.uses,
            loaders: &import.loaders,
            member: member(&import.location),
            stream: import.location.stream,
            offset: import.location.offset.map(Uint),
            count: Uint(import.count),
        }
    }
}

#[derive(Serialize)]
struct FindingRow<'a> {
    rule: &'a str,
    level: &'a str,
    class: &'a str,
    severity: &'a str,
    confidence: &'a str,
    message: &'a str,
    member: Option<&'a str>,
    stream: u32,
    offset: Option<Uint>,
    file_offset: Option<Uint>,
    length: Option<Uint>,
    object_path: Option<&'a str>,
    loaders: &'a [&'static str],
    fingerprint: String,
    accepted: Option<AcceptedRow<'a>>,
}

impl<'a> From<&'a Finding> for FindingRow<'a> {
    fn from(finding: &'a Finding) -> Self {
        let at = &finding.location;
        Self {
            rule: finding.rule,
            level: finding.level.name(),
            class: finding.class.name(),
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            message: &finding.message,
            member: member(at),
            stream: at.stream,
            offset: at.offset.map(Uint),
            file_offset: at.file_offset.map(Uint),
            length: at.length.map(Uint),
            object_path: at.object_path.as_deref(),
            loaders: &finding.loaders,
            fingerprint: finding.fingerprint(),
            accepted: finding.accepted.as_ref().map(AcceptedRow::from),
        }
    }
}

#[derive(Serialize)]
struct AcceptedRow<'a> {
    by: &'a str,
    reason: &'a str,
    expires: Option<&'a str>,
}

impl<'a> From<&'a Accepted> for AcceptedRow<'a> {
    fn from(accepted: &'a Accepted) -> Self {
        Self { by: &accepted.by, reason: &accepted.reason, expires: accepted.expires.as_deref() }
    }
}

/// An entry of the policy that the verdict rests on.
#[derive(Serialize)]
struct GroundRow<'a> {
    entry: &'a str,
    uses: &'a [&'static str],
    by: Option<&'a str>,
    reason: &'a str,
}

impl<'a> From<&'a Ground> for GroundRow<'a> {
    fn from(ground: &'a Ground) -> Self {
        Self { entry: &ground.entry, uses: &ground.uses, by: ground.by.as_deref(), reason: &ground.reason }
    }
}

#[derive(Serialize)]
struct ErrorRow<'a> {
    message: &'a str,
    kind: &'a str,
}

impl<'a> From<&'a FileError> for ErrorRow<'a> {
    fn from(error: &'a FileError) -> Self {
        Self { message: &error.message, kind: error.kind }
    }
}

#[derive(Serialize)]
pub(super) struct DirectoryRow<'a> {
    path: &'a str,
    findings: Vec<FindingRow<'a>>,
}

impl<'a> From<&'a DirectoryReport> for DirectoryRow<'a> {
    fn from(directory: &'a DirectoryReport) -> Self {
        Self { path: &directory.path, findings: rows(&directory.findings) }
    }
}

/// The baseline that was applied.
#[derive(Serialize)]
pub(super) struct BaselineRow<'a> {
    file: &'a str,
    stale: Vec<StaleRow<'a>>,
}

#[derive(Serialize)]
struct StaleRow<'a> {
    path: &'a str,
    rule: &'a str,
    fingerprint: &'a str,
    why: &'a str,
}

impl<'a> From<&'a (String, Vec<Stale>)> for BaselineRow<'a> {
    fn from((file, stale): &'a (String, Vec<Stale>)) -> Self {
        Self { file, stale: rows(stale) }
    }
}

impl<'a> From<&'a Stale> for StaleRow<'a> {
    fn from(stale: &'a Stale) -> Self {
        Self { path: &stale.path, rule: &stale.rule, fingerprint: &stale.fingerprint, why: stale.why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::is_plain;

    fn written(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        super::value(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_number_that_a_double_cannot_hold_is_a_string() {
        assert_eq!(written(&Uint(1 << 53)), "9007199254740992");
        assert_eq!(written(&Uint((1 << 53) + 1)), "\"9007199254740993\"");
        assert_eq!(written(&Uint(u64::MAX)), "\"18446744073709551615\"");
    }

    #[test]
    fn strings_are_ascii_and_parse_back() {
        let text = "a\"\\\u{1b}\u{7f}\u{9b}\u{202e}\u{1f600}\u{e4}/\n";
        let json = written(&text);
        assert!(json.chars().all(is_plain), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
