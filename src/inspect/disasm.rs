//! A listing as text, in the columns of `python -m pickletools`, and as JSON.

use super::graph::json_start;
use super::listing::{Line, Listing};
use super::open::Contents;
use super::text::{cut_bytes, thousands};
use crate::escape::{self, Uint};
use crate::opcode::Opcode;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Levels of marks that are shown by indentation; deeper ones are shown by their number.
const LEVELS: usize = 20;

/// Prints the opcodes of a file; `all` cuts no argument. Answers whether everything was understood.
///
/// # Errors
/// Those of `out`.
pub fn human(out: &mut dyn Write, contents: &Contents<'_>, all: bool) -> io::Result<bool> {
    Listing::new(contents, all).write(&mut |line| writeln!(out, "{}", line_text(&line).trim_end()))
}

fn line_text(line: &Line) -> String {
    match line {
        Line::File(what) => format!("# {what}"),
        Line::Stream { number, nested: false, offset } => format!("# stream {number} at {offset}"),
        Line::Stream { number, nested: true, offset } => {
            format!("# stream {number} at {offset}: the elements of the array of objects")
        }
        Line::Op { offset, opcode, argument, depth, mark, memo } => {
            let info = opcode.info();
            let code = code(*opcode);
            let indent = "    ".repeat((*depth).min(LEVELS));
            let level = if *depth > LEVELS { format!("[{depth}] ") } else { String::new() };
            let argument = argument.as_deref().map(|argument| format!(" {argument}")).unwrap_or_default();
            let mark = mark.map(|mark| format!(" (MARK at {mark})")).unwrap_or_default();
            let memo = memo.map(|memo| format!(" (as {memo})")).unwrap_or_default();
            format!("{offset:>5}: {code:<4} {indent}{level}{:<10}{argument}{memo}{mark}", info.name)
        }
        Line::Bytes { offset, len, what, head } => {
            let head = if *len == 0 { String::new() } else { format!(": {}", cut_bytes(head, *len, head.len())) };
            format!("{offset:>5}: ---- {} {}{head}", thousands(*len), what.name())
        }
        Line::Refused { offset: Some(offset), message } => format!("error: {message} (at offset {offset})"),
        Line::Refused { offset: None, message } => format!("error: {message}"),
        Line::Loads { protocol, len } => format!("# protocol {protocol}, {} bytes", thousands(*len)),
    }
}

/// The byte of an opcode as pickletools shows it.
fn code(opcode: Opcode) -> String {
    let byte = opcode as u8;
    if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("\\x{byte:02x}") }
}

/// Prints the opcodes of a file as one JSON object, `depickle.disasm/1`. Answers whether everything was understood.
///
/// Arguments are texts, as Python writes the values; offsets are numbers up to 2^53 and texts beyond.
///
/// # Errors
/// Those of `out`.
pub fn json(out: &mut dyn Write, path: &str, contents: &Contents<'_>, all: bool) -> io::Result<bool> {
    json_start(out, "depickle.disasm/1", path, contents)?;
    out.write_all(b",\"lines\":[")?;
    let mut first = true;
    let complete = Listing::new(contents, all).write(&mut |line| {
        out.write_all(if first { b"\n" } else { b",\n" })?;
        first = false;
        escape::json(out, &line_json(&line))
    })?;
    writeln!(out, "\n],\"complete\":{complete}}}")?;
    Ok(complete)
}

fn line_json(line: &Line) -> Value {
    match line {
        Line::File(what) => json!({"kind": "file", "text": what}),
        Line::Stream { number: stream, nested, offset } => {
            json!({"kind": "stream", "stream": stream, "nested": nested, "offset": Uint(*offset)})
        }
        Line::Op { offset, opcode, argument, depth, mark, memo } => json!({
            "kind": "opcode",
            "offset": Uint(*offset),
            "opcode": opcode.info().name,
            "argument": argument,
            "depth": depth,
            "mark": mark.map(Uint),
            "memo": memo.map(Uint),
        }),
        Line::Bytes { offset, len, what, head } => {
            let head = crate::finding::hex(head);
            json!({"kind": "bytes", "what": what.name(), "offset": Uint(*offset), "length": Uint(*len), "head": head})
        }
        Line::Refused { offset, message } => {
            json!({"kind": "error", "offset": offset.map(Uint), "message": message})
        }
        Line::Loads { protocol, len } => json!({"kind": "end", "protocol": protocol, "length": Uint(*len)}),
    }
}
