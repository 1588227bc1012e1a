//! `--format junit`: a test suite with a test for each file.
//!
//! A file fails at or above the gate. One that could not be analysed is an error, not a test that was skipped: readers of
//! such reports pass what is skipped.

use super::text::{markup, place};
use super::{Report, open, unanalysed};
use crate::finding::{FileReport, Verdict};
use std::io::{self, Write};

/// Findings told of one file.
const FINDINGS: usize = 50;

/// Writes `report` as JUnit XML.
///
/// # Errors
/// Those of `out`.
pub fn junit(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let outcomes: Vec<Outcome> = report.files.iter().map(|file| outcome(file, report.gate)).collect();
    let count = |wanted: Outcome| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    let (tests, failures, errors) = (outcomes.len(), count(Outcome::Failure), count(Outcome::Error));
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\" time=\"0\"");
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"depickle\" {counts}>\n<testsuite name=\"depickle\" {counts}>")?;
    for (file, outcome) in report.files.iter().zip(outcomes) {
        case(out, file, outcome)?;
    }
    writeln!(out, "</testsuite>\n</testsuites>")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Pass,
    Failure,
    Error,
}

fn outcome(file: &FileReport, gate: Verdict) -> Outcome {
    match file.verdict() {
        // Whatever the gate, what was not analysed is no pass.
        Verdict::Incomplete => Outcome::Error,
        verdict if verdict >= file.gate.unwrap_or(gate) => Outcome::Failure,
        _ => Outcome::Pass,
    }
}

fn case(out: &mut dyn Write, file: &FileReport, outcome: Outcome) -> io::Result<()> {
    let verdict = file.verdict().name();
    let path = markup(&file.path);
    writeln!(out, "<testcase classname=\"depickle\" name=\"{path}\" file=\"{path}\" time=\"0\">")?;
    let (tag, close) = match outcome {
        Outcome::Pass => ("<system-out>".to_owned(), "</system-out>"),
        Outcome::Failure | Outcome::Error => {
            let name = if outcome == Outcome::Failure { "failure" } else { "error" };
            let message = open(file).next().map(|finding| finding.message.as_str()).or(unanalysed(file));
            let message = markup(message.unwrap_or(verdict));
            let close = if outcome == Outcome::Failure { "</failure>" } else { "</error>" };
            (format!("<{name} type=\"{verdict}\" message=\"{message}\">"), close)
        }
    };
    writeln!(out, "{tag}{verdict} ({})", markup(&file.format))?;
    if let Some(error) = &file.error {
        writeln!(out, "error: {}", markup(&error.message))?;
    }
    for finding in open(file).take(FINDINGS) {
        writeln!(out, "{}[{}]: {}", finding.level.name(), finding.rule, markup(&finding.message))?;
        writeln!(out, "  at: {}", markup(&place(&finding.location, finding.count)))?;
    }
    match open(file).count().saturating_sub(FINDINGS) {
        0 => {}
        more => writeln!(out, "and {more} more findings")?,
    }
    writeln!(out, "{close}</testcase>")
}
