//! The same file in other bytes: written by other opcodes, in other frames, with another memo, compressed, put into an
//! archive, split. Verdict and symbols stay what they were. And files that are spoiled in one place: none is clean in
//! which a loader still reaches what is not allowed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

#[path = "../archives/assemble.rs"]
#[allow(dead_code, reason = "made for another test")]
mod archives;
#[path = "../../xtask/src/listing.rs"]
#[allow(dead_code, reason = "only the opcodes are needed here")]
mod listing;
mod recode;
mod spoil;
mod spoiled;
mod wrap;

use depickle::audit;
use depickle::finding::{Decision, FileReport, Verdict};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use std::collections::BTreeSet;
use std::path::Path;

/// What has to stay: the verdict, and each symbol with what was decided about it.
type Answer = (Verdict, BTreeSet<(String, Decision)>);

fn scan(bytes: &[u8]) -> FileReport {
    audit::scan(&Source::from_bytes("model", bytes), &Policy::builtin(), &Limits::default())
}

fn answer(report: &FileReport) -> Answer {
    (report.verdict(), report.imports.iter().map(|row| (row.symbol.clone(), row.decision)).collect())
}

/// The files of a directory of samples that are no longer than `most` bytes, by name, in order.
fn samples(directory: &str, most: u64) -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(directory);
    let paths = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let is_sample = |path: &Path| {
        let other = path.extension().is_none_or(|extension| ["md", "py", "txt"].iter().any(|it| extension == *it));
        path.metadata().unwrap().len() <= most && path.is_file() && !other
    };
    let mut files: Vec<_> = paths
        .filter(|path| is_sample(path))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// All samples, benign and malicious.
fn all(most: u64) -> Vec<(String, Vec<u8>)> {
    [samples("", most), samples("malicious", most)].concat()
}
