//! The reports of the files of one run, put in order as they come from several threads.

use crate::finding::{DirectoryReport, FileReport, Level, Location, Verdict};
use crate::report::{Lines, Report};
use crate::rules;
use std::collections::BTreeMap;
use std::io::{self, Stdout, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known so far. Shared by the threads that scan and the one that waits for an interruption.
pub(super) struct Gathered(Mutex<Inner>);

struct Inner {
    /// What is known of the files up to `next`; `None` once it was taken.
    report: Option<Report>,
    next: usize,
    /// What is known of later files, and whether they were named.
    waiting: BTreeMap<usize, (bool, FileReport)>,
    told: Told,
    /// Whether files of no known format are counted only.
    skip_unknown: bool,
}

/// Where each file is told as soon as it is known, if anywhere, and how that went.
pub(super) struct Told {
    lines: Option<Lines<Stdout>>,
    result: io::Result<()>,
}

impl Told {
    fn tell(&mut self, tell: impl FnOnce(&mut Lines<Stdout>) -> io::Result<()>) {
        if let (Some(lines), Ok(())) = (&mut self.lines, &self.result) {
            self.result = tell(lines);
        }
    }

    /// Tells what stands behind the files.
    pub(super) fn end(mut self, report: &Report) -> io::Result<()> {
        self.tell(|lines| lines.end(report));
        self.result
    }
}

/// Whether a file is of no known format, and nothing more is to be said of it.
fn is_unknown(file: &FileReport) -> bool {
    let mut findings = file.findings.iter();
    file.error.is_none() && file.format == "unknown" && findings.all(|one| one.rule == rules::unknown_format::RULE.id)
}

impl Gathered {
    /// Nothing yet. `stream` has each file told to standard output as soon as all before it are known.
    pub(super) fn new(report: Report, stream: bool, skip_unknown: bool) -> Self {
        let mut told = Told { lines: stream.then(|| Lines { out: stdout() }), result: Ok(()) };
        told.tell(|lines| lines.start(&report.tool));
        Self(Mutex::new(Inner { report: Some(report), next: 0, waiting: BTreeMap::new(), told, skip_unknown }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The report of the file of this number. Each number from 0 on is put once.
    pub(super) fn put(&self, number: usize, named: bool, file: FileReport) {
        self.lock().put(number, named, file);
    }

    /// Everything, and where it was told; `None` if it was taken before.
    pub(super) fn finish(&self) -> Option<(Report, Told)> {
        self.lock().take()
    }

    /// What is known now, of `total` files.
    pub(super) fn interrupt(&self, total: usize) -> Option<(Report, Told)> {
        let mut inner = self.lock();
        let done = inner.next.saturating_add(inner.waiting.len());
        for (_, (named, file)) in std::mem::take(&mut inner.waiting) {
            inner.list(named, file);
        }
        let message = format!("{} of {total} files were not scanned", total.saturating_sub(done));
        let finding = rules::interrupted::RULE.finding(Level::Incomplete, message, Location::default());
        let report = inner.report.as_mut()?;
        report.directories.push(DirectoryReport { path: ".".to_owned(), findings: vec![finding] });
        inner.take()
    }
}

impl Inner {
    fn put(&mut self, number: usize, named: bool, file: FileReport) {
        self.waiting.insert(number, (named, file));
        while let Some((named, file)) = self.waiting.remove(&self.next) {
            self.next = self.next.saturating_add(1);
            self.list(named, file);
        }
    }

    /// Content that cannot carry a pickle is counted; listed only if it was named, or if anything is to be said of it.
    fn list(&mut self, named: bool, file: FileReport) {
        let Some(report) = &mut self.report else { return };
        if !named && file.is_not_pickle() && file.verdict() == Verdict::Clean {
            report.not_pickle = report.not_pickle.saturating_add(1);
            return;
        }
        if !named && self.skip_unknown && is_unknown(&file) {
            report.skipped = report.skipped.saturating_add(1);
            return;
        }
        self.told.tell(|lines| lines.file(&file));
        report.files.push(file);
    }

    fn take(&mut self) -> Option<(Report, Told)> {
        let report = self.report.take()?;
        Some((report, std::mem::replace(&mut self.told, Told { lines: None, result: Ok(()) })))
    }
}
