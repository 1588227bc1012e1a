//! Archives that contradict themselves, and what Python's zipfile and torch's reader were recorded to hand over of them
//! (`xtask/python/zip_cases.py`): whatever any of them reads, a scan reads, too.

use super::scan;
use depickle::finding::Verdict;
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<usize> = text.bytes().filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte)).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let number = four.iter().fold(0, |number, digit| number << 6 | digit) << (6 * (4 - four.len()));
        let three = u32::try_from(number).unwrap().to_be_bytes();
        bytes.extend(&three[1..four.len()]);
    }
    bytes
}

#[test]
fn what_a_reader_hands_over_is_read() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("recorded.json")).unwrap();
    let names = |row: &Value, reader: &str| -> BTreeSet<String> {
        row[reader].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let mut parted = 0;
    for (number, row) in cases.iter().enumerate() {
        let report = scan(&base64(row["data"].as_str().unwrap()));
        let found: BTreeSet<String> = report.imports.iter().map(|import| import.module.clone()).collect();
        let (zipfile, torch) = (names(row, "zipfile"), names(row, "torch"));
        for (reader, reached) in [("zipfile", &zipfile), ("torch", &torch)] {
            let missing: Vec<_> = reached.difference(&found).collect();
            assert!(
                missing.is_empty(),
                "archive {number}, {reader}: {missing:?} of {reached:?}; {:#?}",
                report.findings
            );
        }
        parted += usize::from(zipfile != torch);
        assert_ne!(report.verdict(), Verdict::Clean);
    }
    assert!(cases.len() >= 300 && parted >= 100, "{} archives, {parted}", cases.len());
}
