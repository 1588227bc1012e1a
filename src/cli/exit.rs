//! Exit codes: the contract with CI.

use crate::finding::{DirectoryReport, FileReport, Level, Verdict};
use crate::report::Report;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing to complain about.
    Success = 0,
    /// A verdict at or above `--fail-on`.
    Verdict = 1,
    /// Wrong usage or configuration, no file found, or a file that could not be read.
    Trouble = 2,
    /// Something could not be analysed.
    Incomplete = 3,
    /// The run was interrupted: 128 and the number of SIGINT, as shells have it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit code of a finished scan; `gate` is the least verdict that fails it, `None` reports without gating. A file may
/// have another gate. A file that could not be read is trouble with a gate or without.
pub(super) fn of(report: &Report, gate: Option<Verdict>) -> Exit {
    let fails = |gate| move |file: &FileReport| file.verdict() >= file.gate.unwrap_or(gate);
    if gate.is_some_and(|gate| report.files.iter().any(fails(gate))) {
        return Exit::Verdict;
    }
    if report.files.iter().any(|file| file.error.is_some()) {
        return Exit::Trouble;
    }
    let partial = report.files.iter().any(|file| file.verdict() == Verdict::Incomplete);
    if gate.is_some() && (partial || report.directories.iter().any(unseen)) {
        return Exit::Incomplete;
    }
    Exit::Success
}

/// Whether part of a directory was not looked at. What else is found about a directory is never a verdict.
fn unseen(directory: &DirectoryReport) -> bool {
    directory.findings.iter().any(|finding| finding.level == Level::Incomplete && finding.accepted.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::finding::{Class, Completeness, Confidence, Finding, Location, Severity};

    fn finding(level: Level) -> Finding {
        Finding {
            rule: "rule",
            level,
            class: Class::Code,
            severity: Severity::Info,
            confidence: Confidence::High,
            message: String::new(),
            why: String::new(),
            help: String::new(),
            symbol: None,
            location: Location::default(),
            loaders: Vec::new(),
            count: 1,
            accepted: None,
        }
    }

    fn file(level: Level) -> FileReport {
        let unread = FileReport::unreadable("a".to_owned(), &Error::new(ErrorKind::Io, "gone"));
        FileReport { completeness: Completeness::Full, findings: vec![finding(level)], error: None, ..unread }
    }

    fn exit(files: Vec<FileReport>, gate: Option<Verdict>) -> u8 {
        of(&Report { files, ..Report::default() }, gate) as u8
    }

    #[test]
    fn the_first_that_holds() {
        use Level::{Dangerous, Incomplete, Note, Suspicious};
        let unread = || FileReport::unreadable("a".to_owned(), &Error::new(ErrorKind::Io, "gone"));
        let gate = |verdict| Some(verdict);
        let (dangerous, suspicious) = (gate(Verdict::Dangerous), gate(Verdict::Suspicious));
        assert_eq!(exit(vec![file(Note)], suspicious), 0);
        assert_eq!(exit(vec![file(Note), file(Suspicious)], suspicious), 1);
        assert_eq!(exit(vec![file(Suspicious)], dangerous), 0);
        assert_eq!(exit(vec![file(Incomplete), file(Suspicious)], dangerous), 3);
        assert_eq!(exit(vec![file(Incomplete)], gate(Verdict::Incomplete)), 1);
        assert_eq!(exit(vec![unread(), file(Incomplete)], suspicious), 2);
        assert_eq!(exit(vec![unread(), file(Dangerous)], suspicious), 1);
        assert_eq!(exit(vec![unread()], gate(Verdict::Incomplete)), 1);
    }

    #[test]
    fn without_a_gate_only_trouble_counts() {
        assert_eq!(exit(vec![file(Level::Dangerous), file(Level::Incomplete)], None), 0);
        let unread = FileReport::unreadable("a".to_owned(), &Error::new(ErrorKind::Io, "gone"));
        assert_eq!(exit(vec![unread], None), 2);
    }

    #[test]
    fn a_directory_that_was_not_followed_is_incomplete_and_other_findings_there_are_nothing() {
        let directory = |level| DirectoryReport { path: "d".to_owned(), findings: vec![finding(level)] };
        let report = |level| Report { directories: vec![directory(level)], ..Report::default() };
        assert_eq!(of(&report(Level::Incomplete), Some(Verdict::Suspicious)), Exit::Incomplete);
        assert_eq!(of(&report(Level::Dangerous), Some(Verdict::Suspicious)), Exit::Success);
    }
}
