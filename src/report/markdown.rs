//! `--format markdown`: for a comment or the summary of a CI step.
//!
//! Everything that a file can choose stands in a code span, where it is no link, no mention and no HTML.

use super::text::{code, place};
use super::{Report, counted, counts, sentence};
use crate::finding::{FileReport, Finding, Verdict};
use std::io::{self, Write};

/// Files told with their findings, findings of one file, and clean files named: GitHub takes 1 MiB for a step.
const FILES: usize = 100;
const FINDINGS: usize = 10;
const CLEAN: usize = 200;

/// Writes `report` as Markdown, the worst first.
///
/// # Errors
/// Those of `out`.
pub fn markdown(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let sum = report.summary();
    writeln!(out, "## depickle\n\n{}.", sentence(&sum))?;
    if sum.not_pickle > 0 {
        writeln!(out, "Not listed: {} that cannot hold a pickle.", counted(sum.not_pickle, "file"))?;
    }
    let mut files: Vec<&FileReport> = report.files.iter().filter(|file| file.verdict() > Verdict::Clean).collect();
    files.sort_by_cached_key(|file| std::cmp::Reverse(file.verdict()));
    for file in files.iter().take(FILES) {
        writeln!(out, "\n### {} {}\n", file.verdict().name(), code(&file.path))?;
        if let Some(error) = &file.error {
            writeln!(out, "- could not be read: {}", code(&error.message))?;
        }
        list(out, &file.findings)?;
    }
    rest(out, files.len().saturating_sub(FILES), "more file")?;
    for directory in report.directories.iter().take(FILES) {
        if directory.findings.iter().any(counts) {
            writeln!(out, "\n### directory {}\n", code(&directory.path))?;
            list(out, &directory.findings)?;
        }
    }
    let clean: Vec<&FileReport> = report.files.iter().filter(|file| file.verdict() == Verdict::Clean).collect();
    if !clean.is_empty() {
        writeln!(out, "\n<details><summary>{} clean</summary>\n", counted(clean.len() as u64, "file"))?;
        for file in clean.iter().take(CLEAN) {
            writeln!(out, "- {} ({})", code(&file.path), code(&file.format))?;
        }
        rest(out, clean.len().saturating_sub(CLEAN), "more file")?;
        writeln!(out, "\n</details>")?;
    }
    Ok(())
}

fn list(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    let told: Vec<&Finding> = findings.iter().filter(|finding| counts(finding)).collect();
    for finding in told.iter().take(FINDINGS) {
        writeln!(out, "- **{}** `{}`: {}", finding.level.name(), finding.rule, code(&finding.message))?;
        let place = place(&finding.location, finding.count);
        if !place.is_empty() {
            writeln!(out, "  at {}", code(&place))?;
        }
    }
    rest(out, told.len().saturating_sub(FINDINGS), "more finding")?;
    match findings.iter().filter(|finding| finding.accepted.is_some()).count() {
        0 => Ok(()),
        accepted => writeln!(out, "- {} accepted", counted(accepted as u64, "finding")),
    }
}

fn rest(out: &mut dyn Write, more: usize, what: &str) -> io::Result<()> {
    if more == 0 { Ok(()) } else { writeln!(out, "\nand {}", counted(more as u64, what)) }
}
