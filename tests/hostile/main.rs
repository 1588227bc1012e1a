//! Files made to harm whoever reads them: cut short, random, deep, wide, full of claims. For each the right verdict,
//! memory and work in proportion to its bytes, and no panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

#[path = "../archives/assemble.rs"]
#[allow(dead_code, reason = "made for another test")]
mod archives;
mod bytes;
mod costs;
mod evasions;
mod gadgets;
mod inspect;
mod limits;
mod memory;
mod routes;
#[path = "../semantics/rows.rs"]
#[allow(dead_code, reason = "only the reading of bytes is needed here")]
mod rows;
mod shapes;
mod truncated;

use depickle::audit;
use depickle::finding::{FileReport, Verdict};
use depickle::input::Source;
use depickle::limits::{LIMITS, Limit, Limits};
use depickle::policy::Policy;

fn scan(bytes: &[u8]) -> FileReport {
    scan_with(bytes, &Limits::default())
}

fn scan_with(bytes: &[u8], limits: &Limits) -> FileReport {
    audit::scan(&Source::from_bytes("hostile.pkl", bytes), &Policy::builtin(), limits)
}

fn reaches_a_limit(report: &FileReport) -> bool {
    report.findings.iter().any(|finding| finding.rule == "limit-reached")
}

/// Whether `os.system` is called by name in the report.
fn names_the_call(report: &FileReport) -> bool {
    report.verdict() == Verdict::Dangerous && report.imports.iter().any(|import| import.symbol.ends_with(".system"))
}

/// Scans `bytes`, whose readers inflate them to `inflated`, and holds the scan to its bounds: memory at most
/// 64 x N + 16 MiB, work at most 64 x N + 100,000 of each kind.
fn bounded(name: &str, bytes: &[u8], inflated: usize) -> FileReport {
    let report = bounded_by(bytes, 64 * inflated + (16 << 20));
    let work = 64 * u64::try_from(inflated).unwrap() + 100_000;
    let kinds = LIMITS.iter().filter(|row| row.limit != Limit::Depth);
    let limits = kinds.fold(Limits::default(), |limits, row| limits.with(row.limit, work));
    assert!(!reaches_a_limit(&scan_with(bytes, &limits)), "{name}: more than {work} units of work");
    report
}

/// Scans `bytes` and holds the scan to so many bytes of memory.
fn bounded_by(bytes: &[u8], most: usize) -> FileReport {
    let (report, peak) = memory::peak(|| scan(bytes));
    assert!(peak <= most, "{peak} bytes of memory for {}, at most {most}", bytes.len());
    report
}
