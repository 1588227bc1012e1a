//! Replays what CPython does with tiny streams, as `cargo xtask record` wrote it down.
//!
//! For each stream and each engine: whether it loads, what it imports, calls and changes, in order, and the value.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

mod parting;
mod plain;
mod rows;

use depickle::limits::Limits;
use depickle::loader::{Manner, Pass, Reader, Readers, Reading, pass, with_one_memo};
use depickle::machine::Action;
use depickle::opcode::{Access, FileWindow, SliceWindow, Window};
use serde_json::Value as Json;

const STREAMS: &str = include_str!("streams.txt");
const RECORDED: &str = include_str!("recorded.json");

/// Where we claim more than CPython does, and why that is right. Everything that CPython does is in our log even so.
const WIDER: &[(&str, &str)] = &[
    ("string-as-name [bytes]", "the string is text for readers with another encoding"),
    ("append-on-bytearray-too-big", "the log has the append; whether the value fits is not looked at"),
    ("setitem-on-list-too-far", "the log has the assignment; whether the index exists is not looked at"),
    ("setitem-equal-keys", "keys that are equal and not alike stay apart"),
    ("reduce-class-as-args", "an imported name may stand for anything, a tuple too"),
    ("reduce-result-as-args", "a call may answer anything, a tuple too"),
    ("newobj-on-result", "a call may answer a class"),
    ("newobj-ex-on-result", "a call may answer a class"),
    ("newobj-ex-int-key", "the call is in the log; whether it takes these keywords is not looked at"),
    ("stack-global-result", "a call may answer a str: the import is unresolvable, not absent"),
    ("ext1-unknown", "the code may be registered where the file is loaded"),
    ("ext-unknown-after-import", "the code may be registered where the file is loaded"),
    ("readonly-buffer-on-object", "a call may answer a buffer"),
];

/// What one reader does with one pickle.
#[derive(Debug, PartialEq)]
struct Seen {
    loads: bool,
    effects: Vec<String>,
}

fn recorded_effects(load: &Json) -> Vec<String> {
    let effects = load["effects"].as_array().unwrap().iter();
    effects
        .map(|effect| match effect[0].as_str().unwrap() {
            "import" => format!("import {} {}", effect[1].as_str().unwrap(), effect[2].as_str().unwrap()),
            // Which of the two it is depends on what the name stands for.
            "new" => "call".to_owned(),
            "extend" => "append".to_owned(),
            other => other.to_owned(),
        })
        .collect()
}

/// Our log in the words of the recorder, which sees only what happens to its own objects.
fn our_effects(reading: &Reading) -> Vec<String> {
    let mut words = Vec::new();
    for effect in &reading.effects {
        let (word, times) = match effect.action {
            Action::Import { value, .. } => {
                let symbol = reading.ast.symbol(value).unwrap();
                (format!("import {} {}", symbol.module, symbol.name), 1)
            }
            Action::Call { .. } => ("call".to_owned(), 1),
            Action::Build { .. } => ("build".to_owned(), 1),
            Action::Append { target, .. } if !target.kind().is_builtin() => ("append".to_owned(), 1),
            Action::SetItem { target, count } if !target.kind().is_builtin() => ("setitem".to_owned(), count / 2),
            Action::Add { target, count } if !target.kind().is_builtin() => ("add".to_owned(), count),
            Action::Persistent { .. } => ("persid".to_owned(), 1),
            Action::Buffer => ("buffer".to_owned(), 1),
            _ => continue,
        };
        words.extend((0..times).map(|_| word.clone()));
    }
    words
}

fn read<'a>(bytes: &'a [u8], (reader, access, _): Recorded) -> Pass<Box<dyn Window + 'a>> {
    let open = || -> Box<dyn Window + 'a> {
        match access {
            Access::Memory => Box::new(SliceWindow(bytes)),
            _ => Box::new(FileWindow::new(SliceWindow(bytes), access)),
        }
    };
    let search = access == Access::Memory;
    let manner = Manner { readers: Readers::of(reader), dialect: reader.dialect(), joblib: false, search };
    let budget = &mut Limits::default().budget(bytes.len() as u64);
    let mut pass = pass(open(), manner, budget);
    if pass.wants_one_memo && !search {
        pass.readings.extend(with_one_memo(open(), manner, budget).readings);
    }
    pass
}

/// A reader, how it gets at bytes, and its name in the recording.
type Recorded = (Reader, Access, &'static str);

/// What was recorded, by the readers as we model them. The file that was looked ahead in had a buffer of 16 bytes.
const ENGINES: [Recorded; 4] = [
    (Reader::Pickle, Access::Memory, "c-memory"),
    (Reader::PurePython, Access::Memory, "python"),
    (Reader::Unbuffered, Access::Unbuffered, "c-stream"),
    (Reader::Buffered4K, Access::Buffered(16), "c-peek"),
];

/// Compares one stream, one engine, one result that some versions have.
fn compare(row: &rows::Row, reader: Recorded, result: &Json) -> Result<(), String> {
    let pass = read(&row.bytes, reader);
    let first = pass.first().ok_or("no reading")?;
    let loads = result["loads"].as_array().unwrap();
    let load = &loads[0];
    let theirs = Seen { loads: load.get("value").is_some(), effects: recorded_effects(load) };
    let ours = Seen { loads: first.root.is_some(), effects: our_effects(first) };
    let needs_encoding = first.first_8bit_string.is_some() && !theirs.loads;
    let wider = needs_encoding || WIDER.iter().any(|(name, _)| *name == row.key());
    if wider {
        if !ours.effects.starts_with(&theirs.effects) {
            return Err(format!("{theirs:?} is not the beginning of {ours:?}"));
        }
    } else if ours != theirs {
        return Err(format!("CPython {theirs:?}, depickle {ours:?}, {:?}", first.error));
    }
    // Later pickles of the file: whatever they import is in some reading.
    let known: Vec<_> = pass.readings.iter().flat_map(our_effects).collect();
    for word in loads.iter().flat_map(recorded_effects).filter(|word| word.starts_with("import")) {
        if !known.contains(&word) {
            return Err(format!("{word} is missing in {known:?}"));
        }
    }
    let (Some(root), Some(value)) = (first.root, load["value"].as_str()) else { return Ok(()) };
    match plain::plain(first, pass.source(), root, &row.encoding) {
        Some(text) if !wider && text != value => Err(format!("the value is {value}, depickle says {text}")),
        _ => Ok(()),
    }
}

#[test]
fn depickle_does_what_cpython_does() {
    let recorded: Json = serde_json::from_str(RECORDED).unwrap();
    let mut failures = Vec::new();
    for row in rows::rows(STREAMS).unwrap() {
        for result in recorded["streams"][row.key()]["results"].as_array().unwrap() {
            for reader in ENGINES.into_iter().filter(|(_, _, engine)| result["readers"].get(engine).is_some()) {
                let engine = reader.2;
                if let Err(failure) = compare(&row, reader, result) {
                    let versions = &result["readers"][engine];
                    failures.push(format!("{} {engine} {versions}: {failure}", row.key()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
}

/// Where the engines part by the recording, either engine's reading says so: the audit runs the other one only then.
#[test]
fn where_engines_part_both_readings_say_so() {
    let recorded: Json = serde_json::from_str(RECORDED).unwrap();
    let told = |load: &Json| (load.get("value").cloned(), recorded_effects(load));
    let mut failures = Vec::new();
    for row in rows::rows(STREAMS).unwrap() {
        let results = recorded["streams"][row.key()]["results"].as_array().unwrap();
        let of = |engine: &str| -> Vec<Vec<_>> {
            let results = results.iter().filter(|result| result["readers"].get(engine).is_some());
            results.map(|result| result["loads"].as_array().unwrap().iter().map(told).collect()).collect()
        };
        let wider = WIDER.iter().any(|(name, _)| *name == row.key());
        // Versions differ in the classes of exceptions, which nothing here looks at.
        if wider || of("c-memory").first() == of("python").first() {
            continue;
        }
        for reader in [ENGINES[0], ENGINES[1]] {
            if !read(&row.bytes, reader).parts() {
                failures.push(format!("{} {}", row.key(), reader.2));
            }
        }
    }
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_row_is_recorded_and_nothing_else() {
    let recorded: Json = serde_json::from_str(RECORDED).unwrap();
    let streams = recorded["streams"].as_object().unwrap();
    let rows = rows::rows(STREAMS).unwrap();
    for row in &rows {
        let hex = depickle::finding::hex(&row.bytes);
        let known = streams.get(&row.key()).and_then(|row| row["stream"].as_str());
        assert_eq!(known, Some(hex.as_str()), "{}: run `cargo xtask record`", row.key());
    }
    assert_eq!(rows.len(), streams.len(), "two rows have one name, or a row is gone: run `cargo xtask record`");
    for (name, _) in WIDER {
        assert!(rows.iter().any(|row| row.key() == *name), "no row is called {name}");
    }
}
