//! `--format gitlab`: a code quality report of GitLab.
//!
//! GitLab asks for a line, so each finding stands in line 1; the offset is in the description.

use super::json::lines;
use super::text::{place, shown};
use super::{Report, Said};
use crate::finding::{Level, Severity, hex};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// Writes the findings that nobody accepted, the worst first, and the files that could not be read.
///
/// # Errors
/// Those of `out`.
pub fn gitlab(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let findings = report.findings();
    let open = findings.iter().filter(|said| said.finding.accepted.is_none()).map(|said| issue(*said));
    let unread = report.files.iter().filter_map(|file| {
        let error = file.error.as_ref()?;
        let what = format!("could not be read: {}", error.message);
        Some(row(&file.path, "unreadable", "major", &what, "unreadable"))
    });
    lines(out, unread.chain(open))?;
    out.write_all(b"\n")
}

fn issue(Said { path, finding, .. }: Said<'_>) -> Value {
    let severity = match (finding.level, finding.severity) {
        (Level::Note, _) => "info",
        (Level::Incomplete, _) => "major",
        (_, Severity::Critical) => "blocker",
        (_, Severity::High) => "critical",
        (_, Severity::Medium) => "major",
        (_, Severity::Low | Severity::Info) => "minor",
    };
    let at = match place(&finding.location, finding.count) {
        place if place.is_empty() => place,
        place => format!(" at {place}"),
    };
    let what = format!("{}: {}{at}", finding.level.name(), finding.message);
    row(path, finding.rule, severity, &what, &finding.fingerprint())
}

fn row(path: &str, rule: &str, severity: &str, what: &str, fingerprint: &str) -> Value {
    // GitLab takes two rows with one fingerprint for the same: the path has to be in it.
    let digest = Sha256::digest(format!("{path}\0{fingerprint}").as_bytes());
    json!({
        "description": shown(what),
        "check_name": rule,
        "fingerprint": hex(digest.get(..16).unwrap_or_default()),
        "severity": severity,
        "location": { "path": path.strip_prefix("./").unwrap_or(path), "lines": { "begin": 1 } },
    })
}
