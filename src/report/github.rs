//! `--format github`: annotations of GitHub Actions, as workflow commands. The summary of a step is Markdown.
//!
//! A runner shows ten annotations of each kind for a step, so the worst come first and the tenth says how many more there
//! are. <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use super::text::{place, shown};
use super::{Report, sentence};
use crate::finding::Level;
use std::io::{self, Write};

/// Annotations of one kind that a step may have.
const ANNOTATIONS: usize = 10;

/// Writes annotations to the log of a step.
///
/// # Errors
/// Those of `out`.
pub fn github(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let all = annotations(report);
    for kind in ["error", "warning", "notice"] {
        let of_kind: Vec<&Annotation<'_>> = all.iter().filter(|annotation| annotation.kind == kind).collect();
        let room = if of_kind.len() > ANNOTATIONS { ANNOTATIONS.saturating_sub(1) } else { ANNOTATIONS };
        for annotation in of_kind.iter().take(room) {
            let (path, title) = (property(annotation.path), property(annotation.title));
            writeln!(out, "::{kind} file={path},line=1,title=depickle {title}::{}", data(&annotation.what))?;
        }
        match of_kind.len().saturating_sub(room) {
            0 => {}
            more => writeln!(out, "::{kind} title=depickle::and {more} more, in the summary of this step")?,
        }
    }
    writeln!(out, "depickle: {}", sentence(&report.summary()))
}

struct Annotation<'a> {
    kind: &'static str,
    path: &'a str,
    title: &'a str,
    what: String,
}

fn annotations(report: &Report) -> Vec<Annotation<'_>> {
    let findings = report.findings().into_iter().filter(|said| said.finding.accepted.is_none());
    let found = findings.map(|said| Annotation {
        kind: match said.finding.level {
            level if level > Level::Note && said.gate <= level.into() => "error",
            Level::Note => "notice",
            _ => "warning",
        },
        path: said.path,
        title: said.finding.rule,
        what: match place(&said.finding.location, said.finding.count) {
            place if place.is_empty() => said.finding.message.clone(),
            place => format!("{} at {place}", said.finding.message),
        },
    });
    let unread = report.files.iter().filter_map(|file| {
        let error = file.error.as_ref()?;
        Some(Annotation { kind: "error", path: &file.path, title: "unreadable", what: error.message.clone() })
    });
    let mut all: Vec<Annotation<'_>> = found.collect();
    all.extend(unread);
    all
}

/// Text behind `::`: percent signs stand for themselves, line ends are gone already.
fn data(text: &str) -> String {
    shown(text).replace('%', "%25")
}

/// Text between `=` and `,`.
fn property(text: &str) -> String {
    data(text.strip_prefix("./").unwrap_or(text)).replace(':', "%3A").replace(',', "%2C")
}
