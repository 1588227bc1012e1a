//! Archives and other containers, read as their hostile author meant them. `techniques` has all known ways to hide a
//! pickle in one, by number; the other files look closer at one format each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

mod assemble;
mod bombs;
#[path = "../hostile/bytes.rs"]
#[allow(dead_code, reason = "made for another test")]
mod bytes;
mod compressed;
mod look;
#[path = "../hostile/memory.rs"]
mod memory;
mod npz;
mod press;
mod readers;
mod sevenz;
mod tape;
mod tar;
mod techniques;
mod torch;
mod torch_sparse;
mod torch_tar;
mod zip;

use depickle::audit;
use depickle::finding::{Completeness, FileReport, Level, Verdict};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;

/// Calls `os.system` when it is loaded.
const CALL: &[u8] = b"\x80\x02cposix\nsystem\nX\0\0\0\0\x85R.";

/// The same in protocol 0, which has no header.
const CALL_0: &[u8] = b"cposix\nsystem\n(V\ntR.";

/// Does nothing.
const PLAIN: &[u8] = b"\x80\x02]K\x01a.";

fn scan(bytes: &[u8]) -> FileReport {
    scan_with(bytes, &Limits::default())
}

fn scan_with(bytes: &[u8], limits: &Limits) -> FileReport {
    audit::scan(&Source::from_bytes("model", bytes), &Policy::builtin(), limits)
}

/// Holds a file to being clean, and read as a whole.
fn clean(name: &str, bytes: &[u8]) -> FileReport {
    let report = scan(bytes);
    assert_eq!(report.verdict(), Verdict::Clean, "{name}: {:#?}", report.findings);
    assert_eq!(report.completeness, Completeness::Full, "{name}");
    report
}

/// Holds a file to being dangerous, with the call named.
fn named(name: &str, bytes: &[u8]) -> FileReport {
    let report = scan(bytes);
    assert_eq!(report.verdict(), Verdict::Dangerous, "{name}: {:#?}", report.findings);
    let names = report.imports.iter().any(|import| import.symbol == "posix.system");
    assert!(names, "{name}: {:#?}", report.imports);
    report
}

/// Holds a file to a finding of a rule at a level.
fn told(name: &str, bytes: &[u8], rule: &str, level: Level) -> FileReport {
    let report = scan(bytes);
    let is = report.findings.iter().any(|finding| finding.rule == rule && finding.level == level);
    assert!(is, "{name}: {:#?}", report.findings);
    report
}
