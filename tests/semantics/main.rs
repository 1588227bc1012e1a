//! Replays what CPython does with tiny streams, as `cargo xtask record` wrote it down.
//!
//! For each stream and each reader: what happens, in order and with its target, whether it loads, where the next stream
//! begins, and the value.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

mod compare;
mod described;
mod parting;
mod recorder;
mod rows;

use compare::{Load, Read, Verdict};
use depickle::loader::Reader;
use depickle::opcode::Access;
use recorder::{Asked, DIFFERENCES, METHOD, NAME_BYTES};
use serde_json::Value as Json;
use std::collections::BTreeSet;

const STREAMS: &str = include_str!("streams.txt");
const RECORDED: &str = include_str!("recorded.json");

/// The rows on which a difference shows that is known: everything that CPython does is in our log even so.
const KNOWN: &[(&str, &str)] = &[
    ("string-as-name [bytes]", NAME_BYTES),
    ("append-on-bytearray-too-big", METHOD),
    ("setitem-on-list-too-far", METHOD),
];

/// A reader, how it gets at bytes, and its name in the recording.
type Recorded = (Reader, Access, &'static str);

/// What was recorded, by the readers as we model them. The file that was looked ahead in had a buffer of 16 bytes.
const ENGINES: [Recorded; 4] = [
    (Reader::Pickle, Access::Memory, "c-memory"),
    (Reader::PurePython, Access::Memory, "python"),
    (Reader::Unbuffered, Access::Unbuffered, "c-stream"),
    (Reader::Buffered4K, Access::Buffered(16), "c-peek"),
];

/// A row as one of the readers reads it.
fn read(row: &rows::Row, (reader, access, _): Recorded) -> Read<'_> {
    Read::new(&row.bytes, reader, access, access == Access::Memory)
}

fn recorded() -> Json {
    serde_json::from_str(RECORDED).unwrap()
}

fn load(load: &Json) -> Load {
    let text = |key: &str| load[key].as_str().unwrap_or_default().to_owned();
    let lines = load["trace"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect();
    Load { failure: text("refused"), end: load["end"].as_u64().unwrap(), value: text("value"), lines }
}

fn loads(result: &Json) -> Vec<Load> {
    result["loads"].as_array().unwrap().iter().map(load).collect()
}

#[test]
fn depickle_does_what_cpython_does() {
    let recorded = recorded();
    let (mut failures, mut known) = (Vec::new(), BTreeSet::new());
    for row in rows::rows(STREAMS).unwrap() {
        for result in recorded["streams"][row.key()]["results"].as_array().unwrap() {
            for reader in ENGINES.into_iter().filter(|(_, _, name)| result["readers"].get(name).is_some()) {
                let asked = Asked::new(reader.0.dialect().engine, &row.encoding);
                match read(&row, reader).compare(asked, row.one_memo(), &loads(result)) {
                    Verdict::Same => {}
                    Verdict::Known(why) => _ = known.insert((row.key(), why)),
                    Verdict::Differs(text) => {
                        failures.push(format!("{} {} {}: {text}", row.key(), reader.2, result["readers"][reader.2]));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(known, KNOWN.iter().map(|(row, why)| ((*row).to_owned(), *why)).collect());
}

/// Where the engines part by the recording, either engine's reading says so: the audit runs the other one only then.
#[test]
fn where_engines_part_both_readings_say_so() {
    let recorded = recorded();
    // Of the methods, `extend` and `append` are one effect to us.
    let told = |load: Load| (load.loads(), load.value, load.lines.join(" ").replace("append", "extend"));
    let mut failures = Vec::new();
    for row in rows::rows(STREAMS).unwrap() {
        let results = recorded["streams"][row.key()]["results"].as_array().unwrap();
        let of = |engine: &str| -> Vec<_> {
            let result = results.iter().find(|result| result["readers"].get(engine).is_some()).unwrap();
            loads(result).into_iter().map(told).collect()
        };
        if SILENT.contains(&row.key().as_str()) || of("c-memory") == of("python") {
            continue;
        }
        for reader in [ENGINES[0], ENGINES[1]] {
            if !read(&row, reader).pass.parts() {
                failures.push(format!("{} {}", row.key(), reader.2));
            }
        }
    }
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
}

/// Rows on which the engines part over what a call answers: we go on whatever it is.
const SILENT: &[&str] = &["newobj-on-result", "newobj-ex-on-result"];

#[test]
fn the_page_on_the_oracle_names_every_known_difference() {
    let page = include_str!("../../docs/oracle.md");
    for (name, _) in DIFFERENCES {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_row_is_recorded_and_nothing_else() {
    let recorded = recorded();
    let streams = recorded["streams"].as_object().unwrap();
    let rows = rows::rows(STREAMS).unwrap();
    for row in &rows {
        let hex = depickle::finding::hex(&row.bytes);
        let known = streams.get(&row.key()).and_then(|row| row["stream"].as_str());
        assert_eq!(known, Some(hex.as_str()), "{}: run `cargo xtask record`", row.key());
    }
    assert_eq!(rows.len(), streams.len(), "two rows have one name, or a row is gone: run `cargo xtask record`");
}
