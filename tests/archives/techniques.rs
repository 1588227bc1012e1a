//! Every known way to hide a pickle in a container, and to exhaust whoever opens one: a table, by number. C1 to C29 are
//! containers, D1 to D12 exhaustion; the techniques of opcodes and names stand in `tests/hostile/evasions.txt`.
//!
//! Each row is a file. Where any reader would make the call that is in it, the call has to be named; what no reader
//! reaches may be less, but never clean. A trap is an honest file that looks like a technique.

mod arrays;
mod exhaustion;
mod wrappers;
mod zips;

use super::memory::peak;
use depickle::audit;
use depickle::finding::{Completeness, FileReport, Verdict};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use std::collections::BTreeSet;

/// What a scan has to answer.
#[derive(Clone, Copy)]
enum Wanted {
    /// Dangerous, and this symbol is among the imports.
    Named(&'static str),
    /// This verdict: nothing runs, or nobody can see what.
    Verdict(Verdict),
    /// Clean, and all of it was read.
    Clean,
}

/// A file that is made by a technique.
#[derive(Clone)]
struct Row {
    number: &'static str,
    name: String,
    bytes: Vec<u8>,
    wanted: Wanted,
    /// Rules of which one has to speak.
    told_by: &'static [&'static str],
    /// What the file is called; the model file of a directory where others lie beside it.
    file: String,
    beside: Vec<(&'static str, Vec<u8>)>,
    limits: Limits,
    /// How many bytes its readers have in hand when all is inflated.
    inflated: usize,
}

impl Row {
    fn new(number: &'static str, name: impl Into<String>, bytes: Vec<u8>, wanted: Wanted) -> Self {
        let inflated = bytes.len();
        let file = "model".to_owned();
        let (name, limits) = (name.into(), Limits::default());
        Self { number, name, bytes, wanted, told_by: &[], file, beside: Vec::new(), limits, inflated }
    }

    /// A file in which some reader calls `posix.system`.
    fn call(number: &'static str, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::new(number, name, bytes, Wanted::Named("posix.system"))
    }

    /// A file of which no more can be said than this.
    fn ends(number: &'static str, name: impl Into<String>, bytes: Vec<u8>, verdict: Verdict) -> Self {
        Self::new(number, name, bytes, Wanted::Verdict(verdict))
    }

    /// An honest file.
    fn trap(number: &'static str, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::new(number, name, bytes, Wanted::Clean)
    }

    fn told_by(self, rules: &'static [&'static str]) -> Self {
        Self { told_by: rules, ..self }
    }

    fn called(self, file: &str) -> Self {
        Self { file: file.to_owned(), ..self }
    }

    fn beside(self, name: &'static str, bytes: Vec<u8>) -> Self {
        Self { beside: vec![(name, bytes)], ..self }
    }

    fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    fn inflates_to(self, inflated: usize) -> Self {
        Self { inflated, ..self }
    }

    fn scan(&self) -> FileReport {
        let policy = Policy::builtin();
        if self.beside.is_empty() {
            return audit::scan(&Source::from_bytes(self.file.as_str(), &self.bytes), &policy, &self.limits);
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(&self.file);
        std::fs::write(&path, &self.bytes).unwrap();
        for (name, bytes) in &self.beside {
            std::fs::write(directory.path().join(name), bytes).unwrap();
        }
        audit::scan(&Source::open(&path, &self.limits).unwrap(), &policy, &self.limits)
    }

    /// What is wrong with the answer.
    fn complaint(&self) -> Option<String> {
        let (report, held) = peak(|| self.scan());
        let verdict = report.verdict();
        let answered = match self.wanted {
            Wanted::Named(symbol) => {
                verdict == Verdict::Dangerous && report.imports.iter().any(|import| import.symbol == symbol)
            }
            Wanted::Verdict(wanted) => verdict == wanted,
            Wanted::Clean => verdict == Verdict::Clean && report.completeness == Completeness::Full,
        };
        let told =
            self.told_by.is_empty() || report.findings.iter().any(|finding| self.told_by.contains(&finding.rule));
        let bounded = held <= 64 * self.inflated + (16 << 20);
        let why = match (answered, told, bounded) {
            (false, ..) => format!("{verdict:?}"),
            (_, false, _) => format!("none of {:?} speaks", self.told_by),
            (.., false) => format!("{held} bytes held"),
            _ => return None,
        };
        let told = report.findings.iter().take(4).map(|finding| format!("\n    {}: {}", finding.rule, finding.message));
        Some(format!("{} {}: {why}{}", self.number, self.name, told.collect::<String>()))
    }
}

fn hold(rows: &[Row]) {
    let wrong: Vec<String> = rows.iter().filter_map(Row::complaint).collect();
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn no_technique_of_zip_archives_is_clean() {
    hold(&zips::rows());
}

#[test]
fn no_technique_of_other_wrappers_is_clean() {
    hold(&wrappers::rows());
}

#[test]
fn no_technique_of_arrays_and_tensors_is_clean() {
    hold(&arrays::rows());
}

#[test]
fn no_deep_or_long_stream_is_clean() {
    hold(&exhaustion::streams());
}

#[test]
fn no_flood_and_no_bomb_is_clean() {
    hold(&exhaustion::floods());
}

/// A trap alone is no row of a technique.
#[test]
fn every_technique_has_a_row() {
    let exhaustion = [exhaustion::streams(), exhaustion::floods()].concat();
    let rows = [zips::rows(), wrappers::rows(), arrays::rows(), exhaustion].concat();
    let hostile = rows.iter().filter(|row| !matches!(row.wanted, Wanted::Clean));
    let there: BTreeSet<String> = hostile.map(|row| row.number.to_owned()).collect();
    let containers = (1..=29).map(|number| format!("C{number}"));
    let wanted: BTreeSet<String> = containers.chain((1..=12).map(|number| format!("D{number}"))).collect();
    assert_eq!(there, wanted);
    assert!(rows.len() >= 450, "{}", rows.len());
}
