//! STUB, to be replaced: gives every file the same `incomplete` report, so that `cli` can be built and tested.

use crate::error::{Error, ErrorKind};
use crate::finding::FileReport;
use crate::input::Source;
use crate::limits::Limits;
use crate::policy::Policy;

/// STUB: judges nothing.
pub fn scan(source: &Source<'_>, _policy: &Policy, _limits: &Limits) -> FileReport {
    let error = Error::new(ErrorKind::Unsupported, "the audit is not built yet");
    let mut report = FileReport::unreadable(source.name().to_owned(), &error);
    report.size = source.bytes().len() as u64;
    report.error = None;
    report
}
