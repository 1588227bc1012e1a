//! The table that compares verdicts: other tools as they were measured, this one as it is.

use crate::page::root;
use depickle::finding::Verdict;
use depickle::{audit, input::Source, limits::Limits, policy::Policy};
use std::path::{Path, PathBuf};

/// How many files pass, raise an alarm, or get no answer.
#[derive(Default)]
struct Count {
    pass: usize,
    alarm: usize,
    no_answer: usize,
}

const fn count(pass: usize, alarm: usize, no_answer: usize) -> Count {
    Count { pass, alarm, no_answer }
}

/// What `xtask/python/peers.py` printed on 2026-11-21: benign samples, malicious samples.
const MEASURED: [(&str, Count, Count); 3] = [
    ("picklescan 1.0.5", count(50, 2, 21), count(40, 70, 14)),
    ("fickling 0.1.12", count(5, 47, 21), count(5, 106, 13)),
    ("modelscan 0.8.8", count(36, 1, 36), count(32, 66, 26)),
];

impl Count {
    fn row(&self) -> String {
        let files = self.pass + self.alarm + self.no_answer;
        format!("{files} | {} | {} | {}", self.pass, self.alarm, self.no_answer)
    }
}

/// A row for each tool.
pub(crate) fn table() -> String {
    let malicious = root().join("samples/malicious");
    let (bad, good): (Vec<_>, Vec<_>) =
        samples(&root().join("samples")).into_iter().partition(|path| path.starts_with(&malicious));
    let ours = (concat!("depickle ", env!("CARGO_PKG_VERSION")), judged(&good), judged(&bad));
    let mut table = "| | benign samples | pass | alarm | no answer | malicious samples | pass | alarm | no answer |\n\
                     |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (tool, benign, malicious) in std::iter::once(ours).chain(MEASURED) {
        table += &format!("| {tool} | {} | {} |\n", benign.row(), malicious.row());
    }
    table
}

/// As the exit codes of `depickle scan FILE` count.
fn judged(files: &[PathBuf]) -> Count {
    let limits = Limits::default();
    files.iter().fold(Count::default(), |mut count, file| {
        let source = Source::open(file, &limits).unwrap();
        match audit::scan(&source, &Policy::builtin(), &limits).verdict() {
            Verdict::Clean => count.pass += 1,
            Verdict::Incomplete => count.no_answer += 1,
            Verdict::Suspicious | Verdict::Dangerous => count.alarm += 1,
        }
        count
    })
}

/// The samples that `peers.py` asks about: not what tells of them, nor array files that
/// belong to another file, nor what holds no pickle.
fn samples(directory: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                open.push(path);
            } else if !["md", "py", "pyc", "npy", "skops"].contains(&extension) && name != "requirements.txt" {
                found.push(path);
            }
        }
    }
    found
}
