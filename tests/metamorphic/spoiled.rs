//! Malicious samples with one change: what is clean stands in `clean.txt`, where `cargo xtask spoil` wrote down what
//! CPython reaches in it.

use super::spoil::Change;
use super::{samples, scan};
use depickle::finding::Verdict;
use std::collections::BTreeSet;

/// A file and a change, and what loaders ask for: all of it allowed.
const CLEAN: &str = include_str!("clean.txt");

/// Of how many changes a test tries one; the task tries all.
const STRIDE: usize = 67;

/// The longest file of which all changes are tried.
pub(crate) const LONGEST: u64 = 2000;

#[test]
fn what_turns_clean_was_shown_to_cpython() {
    let known: BTreeSet<&str> =
        CLEAN.lines().filter(|line| !line.starts_with('#')).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (name, bytes) in samples("malicious", LONGEST) {
        for change in Change::all(bytes.len()).step_by(STRIDE) {
            tried += 1;
            let turned = format!("{name} {change}");
            if scan(&change.apply(&bytes)).verdict() == Verdict::Clean && !known.contains(turned.as_str()) {
                wrong.push(turned);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried} turn clean: run `cargo xtask spoil`\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 1500, "{tried}");
}
