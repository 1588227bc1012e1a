//! The table of readers and the table of divergences, as pages show them.

use depickle::escape::escape;
use depickle::loader::{Arrays, LOADERS, READERS};
use depickle::opcode::Access;
use serde_json::Value as Json;

#[path = "../semantics/divergences.rs"]
mod divergences;
#[path = "../semantics/rows.rs"]
#[allow(dead_code, reason = "how a row is read is for who reads it")]
mod rows;

/// Every class of readers.
pub(crate) fn readers() -> String {
    let head = "| reader | in reports | engine | bytes from | INT, LONG | array bytes |\n|---|---|---|---|---|---|\n";
    READERS.iter().fold(head.to_owned(), |table, info| {
        let engine = if info.dialect.is_c() { "C" } else { "Python" };
        let access = match info.access {
            Access::Memory if info.dialect.is_c() => "memory".to_owned(),
            Access::Memory => "anything".to_owned(),
            Access::Unbuffered => "a file without `peek`".to_owned(),
            Access::Buffered(size) => format!("a file with a buffer of {size} bytes"),
        };
        let base = if info.dialect.decimal { "decimal" } else { "by prefix" };
        let arrays = match info.arrays {
            Arrays::Unknown => "no",
            Arrays::Unpadded => "yes, no padding",
            Arrays::Padded => "yes",
        };
        table + &format!("| {:?} | `{}` | {engine} | {access} | {base} | {arrays} |\n", info.reader, info.name)
    })
}

/// Every call that opens pickles.
pub(crate) fn loaders() -> String {
    let head = "| call | readers | strings of Python 2 | |\n|---|---|---|---|\n".to_owned();
    LOADERS.iter().fold(head, |table, loader| {
        let readers: Vec<_> = loader.readers.iter().map(|reader| format!("{reader:?}")).collect();
        table + &format!("| `{}` | {} | {} | {} |\n", loader.call, readers.join(", "), loader.encoding, loader.note)
    })
}

/// Every divergence, with the rows that prove it.
pub(crate) fn divergences() -> String {
    let head = "| who | C over memory | the other | shown by |\n|---|---|---|---|\n".to_owned();
    let all = divergences::divergences(include_str!("../semantics/divergences.txt")).unwrap();
    all.iter().fold(head, |table, divergence| {
        let rows: Vec<_> = divergence.rows.iter().map(|row| format!("`{row}`")).collect();
        table + &format!("| {} | {} | {} | {} |\n", divergence.who, divergence.c, divergence.other, rows.join(" "))
    })
}

/// What was recorded of each row on which readers part.
pub(crate) fn recorded() -> String {
    let recorded: Json = serde_json::from_str(include_str!("../semantics/recorded.json")).unwrap();
    let parted = divergences::divergences(include_str!("../semantics/divergences.txt")).unwrap();
    let head = "| row | stream | C over memory | C without `peek` | Python |\n|---|---|---|---|---|\n".to_owned();
    let rows = rows::rows(include_str!("../semantics/streams.txt")).unwrap();
    let rows = rows.iter().filter(|row| parted.iter().any(|divergence| divergence.rows.contains(&row.key())));
    rows.fold(head, |table, row| {
        let stream: String =
            row.bytes.iter().flat_map(|&byte| std::ascii::escape_default(byte)).map(char::from).collect();
        let of = |reader| does(&recorded["streams"][row.key()], reader);
        let [memory, stream_only, python] = ["c-memory", "c-stream", "python"].map(of);
        table + &format!("| `{}` | {} | {memory} | {stream_only} | {python} |\n", row.key(), code(&stream))
    })
}

/// What a reader does with a row, shortly.
fn does(row: &Json, reader: &str) -> String {
    let mut results = row["results"].as_array().unwrap().iter();
    let result = results.find(|result| result["readers"].get(reader).is_some()).unwrap();
    let load = |load: &Json| {
        let lines = load["trace"].as_array().unwrap().iter().filter_map(Json::as_str);
        let imports: String = lines
            .filter_map(|line| line.strip_prefix("import ")?.split_once(':'))
            .map(|(module, name)| format!("{module}.{name}, "))
            .collect();
        let value = load["value"].as_str().map_or("refused".to_owned(), |value| value.chars().take(30).collect());
        imports + &value
    };
    let loads: Vec<_> = result["loads"].as_array().unwrap().iter().map(load).collect();
    code(&loads.join("; then "))
}

/// Text as it stands in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", escape(text).replace('|', "\\|").replace('`', "'"))
}
