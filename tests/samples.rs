//! Every benign sample is clean and wholly read; every malicious one is not clean, and names what it would run.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use depickle::finding::{Completeness, FileReport, Verdict};
use depickle::{audit, input::Source, limits::Limits, policy::Policy};
use std::path::{Path, PathBuf};

fn scan(path: &Path) -> FileReport {
    let limits = Limits::default();
    audit::scan(&Source::open(path, &limits).unwrap(), &Policy::builtin(), &limits)
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// All files below a directory, in order.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn benign_samples_are_clean_and_full() {
    let malicious = samples().join("malicious");
    let benign: Vec<PathBuf> = files(&samples()).into_iter().filter(|path| !path.starts_with(&malicious)).collect();
    let models = benign.iter().filter(|path| !scan(path).is_not_pickle()).count();
    assert!(models >= 40, "{models} benign samples are pickles");
    let alarms: Vec<String> = benign
        .iter()
        .map(|path| (path, scan(path)))
        .filter(|(_, report)| report.verdict() != Verdict::Clean || report.completeness != Completeness::Full)
        .map(|(path, report)| format!("{}: {:#?}", path.display(), report.findings))
        .collect();
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}

/// `joblib.dump(value, path)` by joblib 0.8.4, and with `compress=3, cache_size=0`: the first form of all.
#[test]
fn companions_of_the_oldest_joblib_are_read() {
    for (name, format, companions) in [("joblib_0.8.pkl", "joblib", 3), ("joblib_0.8_z.pkl", "joblib+zf", 2)] {
        let report = scan(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name));
        assert_eq!((report.verdict(), report.completeness), (Verdict::Clean, Completeness::Full), "{report:#?}");
        assert_eq!((report.format.as_str(), report.companions.len()), (format, companions));
    }
}

#[test]
fn malicious_samples_are_not_clean_and_name_what_they_run() {
    let directory = samples().join("malicious");
    // The rows of the table: file, symbols, what it shows.
    let readme = std::fs::read_to_string(directory.join("README.md")).unwrap();
    let rows: Vec<Vec<&str>> = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 100, "{} rows", rows.len());
    let mut failures = Vec::new();
    for row in &rows {
        let (name, symbols) = (row[1].trim_matches('`'), row[2]);
        let report = scan(&directory.join(name));
        let verdict = report.verdict();
        if verdict == Verdict::Clean {
            failures.push(format!("{name} is clean"));
        }
        for symbol in symbols.split(' ').map(|symbol| symbol.trim_matches('`')).filter(|&symbol| symbol != "-") {
            if !report.imports.iter().any(|import| import.symbol == symbol) {
                let found: Vec<&str> = report.imports.iter().map(|import| import.symbol.as_str()).collect();
                failures.push(format!("{name} does not name {symbol}, but {found:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
