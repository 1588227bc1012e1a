//! `divergences.txt` against the recording, and CPython 3.14 against those before as we read them.

use super::recorder::{Asked, Numbers, foretell};
use super::{ENGINES, STREAMS, read, rows};
use depickle::loader::Reader;
use depickle::opcode::Access;
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[path = "divergences.rs"]
#[allow(dead_code, reason = "the words are for the page that is made of them")]
mod divergences;

/// Who differs from the C engine over memory on which rows.
type Parted = BTreeMap<(String, String), String>;

/// What readers do with a row, whatever the exception.
fn done(row: &Json, reader: &str) -> Vec<Vec<(Option<Json>, Json)>> {
    let results = row["results"].as_array().unwrap().iter();
    let results = results.filter(|result| result["readers"].get(reader).is_some());
    let told = |load: &Json| (load.get("value").cloned(), load["trace"].clone());
    let mut all: Vec<_> =
        results.map(|result| result["loads"].as_array().unwrap().iter().map(told).collect()).collect();
    all.dedup();
    all
}

fn recorded() -> Parted {
    let recorded = super::recorded();
    let mut parted = Parted::new();
    for (name, row) in recorded["streams"].as_object().unwrap() {
        let memory = done(row, "c-memory");
        for (who, readers) in [("Python", ["python"].as_slice()), ("file", &["c-stream", "c-peek"])] {
            if let Some(reader) = readers.iter().find(|reader| done(row, reader) != memory) {
                parted.insert((who.to_owned(), name.clone()), (*reader).to_owned());
            }
        }
    }
    parted
}

/// Rows that pickletools refuses though the C engine loads them, or in which it reads another number.
fn pickletools() -> Parted {
    let recorded = super::recorded();
    let mut parted = Parted::new();
    for (name, row) in recorded["streams"].as_object().unwrap() {
        let answer = row["pickletools"].as_str().unwrap();
        let is_number = name.starts_with("int-") || name.starts_with("long-");
        let memory =
            row["results"].as_array().unwrap().iter().find(|it| it["readers"].get("c-memory").is_some()).unwrap();
        // The encoding of strings is nothing that pickletools is told.
        let Some(value) = memory["loads"][0]["value"].as_str().filter(|_| row["encoding"] == "ASCII") else { continue };
        if answer == "refuses" || is_number && !value.contains("0x") && answer != value {
            parted.insert(("pickletools".to_owned(), name.clone()), answer.to_owned());
        }
    }
    parted
}

/// Whether we read a row differently as CPython 3.14 does, by either engine.
fn decimal() -> Parted {
    let mut parted = Parted::new();
    // Nothing else depends on it.
    let rows = rows::rows(STREAMS).unwrap().into_iter();
    for row in rows.filter(|row| row.name.starts_with("int-") || row.name.starts_with("long-")) {
        for (before, from) in [(Reader::Pickle, Reader::Pickle314), (Reader::PurePython, Reader::PurePython314)] {
            let does = |reader: Reader| {
                let pass = read(&row, (reader, Access::Memory, "")).pass;
                let asked = Asked::new(reader.dialect().engine, &row.encoding);
                foretell(pass.first().unwrap(), &[], pass.source(), asked, &mut Numbers::default())
            };
            let noted = read(&row, (before, Access::Memory, "")).pass.is_decimal();
            if does(before) != does(from) {
                assert!(noted, "{} differs in 3.14, and nothing says so", row.key());
                parted.insert(("3.14".to_owned(), row.key()), before.name().to_owned());
            }
        }
    }
    parted
}

#[test]
fn every_divergence_is_in_the_table_and_shown_by_its_rows() {
    let mut parted = recorded();
    parted.extend(decimal());
    parted.extend(pickletools());
    let mut failures = Vec::new();
    for divergence in divergences::divergences(include_str!("divergences.txt")).unwrap() {
        for row in divergence.rows {
            if parted.remove(&(divergence.who.clone(), row.clone())).is_none() {
                failures.push(format!("{} does as C on {row}, or that stands twice, or is no row", divergence.who));
            }
        }
    }
    failures.extend(parted.keys().map(|(who, row)| format!("{who} parts on {row}, which is in no line")));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Nothing that CPython does with these streams differs by version from 3.8 to 3.13, but for the class of exceptions.
#[test]
fn versions_do_not_part() {
    let recorded = super::recorded();
    for (name, row) in recorded["streams"].as_object().unwrap() {
        for (_, _, reader) in ENGINES {
            assert_eq!(done(row, reader).len(), 1, "{name} {reader}");
        }
    }
}
