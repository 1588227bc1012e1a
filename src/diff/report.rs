//! `depickle.diff/1`, and the same for a person.

use super::number::Tolerance;
use super::outcome::{Diff, Difference, Elements, Kept, Kind, NamesOf, NoteKind, Outcome, Unknown};
use crate::escape::{self, Uint, escape, thousands};
use crate::finding::Verdict;
use crate::inspect::text::float;
use crate::report::{Tool, tool_json};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

/// A file as a report names it.
#[derive(Clone, Debug)]
pub struct File {
    /// The path as given.
    pub path: String,
    /// What it is: `pickle`, `joblib+zlib`, `safetensors`, ...
    pub format: String,
    /// Its verdict, where it can carry a pickle.
    pub verdict: Option<Verdict>,
}

/// What is said of two files.
#[derive(Clone, Debug)]
pub struct Compared<'a> {
    /// Who compared, under which policy.
    pub tool: &'a Tool,
    /// The first file.
    pub a: File,
    /// The second.
    pub b: File,
    /// How far apart floats could be.
    pub tolerance: Tolerance,
    /// What was found.
    pub diff: &'a Diff,
}

/// Writes the report for machines.
///
/// # Errors
/// Those of `out`.
pub fn json(out: &mut dyn Write, compared: &Compared<'_>) -> io::Result<()> {
    let Compared { diff, tolerance, .. } = compared;
    let file =
        |file: &File| json!({ "path": file.path, "format": file.format, "verdict": file.verdict.map(Verdict::name) });
    let of = diff.compared;
    let (values, arrays, elements) = (Uint(of.values), Uint(of.arrays), Uint(of.elements));
    escape::json(out, &Row {
        schema: "depickle.diff/1",
        tool: tool_json(compared.tool),
        a: file(&compared.a),
        b: file(&compared.b),
        outcome: diff.outcome().name(),
        scope: diff.scope.name(),
        tolerance: json!({ "abs": real(tolerance.abs), "rel": real(tolerance.rel) }),
        compared: json!({ "values": values, "arrays": arrays, "elements": elements }),
        differences: kept(&diff.differences, difference),
        only_a: names(&diff.only_a),
        only_b: names(&diff.only_b),
        notes: diff.notes.iter().map(|note| {
            json!({ "kind": note.kind.name(), "count": Uint(note.count), "first": note.first, "message": note.kind.message() })
        }).collect(),
        unknown: kept(&diff.unknown, |one: &Unknown| {
            json!({ "file": one.side.map(super::Side::name), "object_path": one.path, "why": one.why })
        }),
    })?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Row<'a, T> {
    schema: &'a str,
    tool: T,
    a: Value,
    b: Value,
    outcome: &'a str,
    scope: &'a str,
    tolerance: Value,
    compared: Value,
    differences: Value,
    only_a: Value,
    only_b: Value,
    notes: Vec<Value>,
    unknown: Value,
}

fn kept<T>(all: &Kept<T>, row: impl Fn(&T) -> Value) -> Value {
    let first: Vec<Value> = all.first().iter().map(row).collect();
    json!({ "count": Uint(all.count()), "first": first })
}

fn names(of: &NamesOf) -> Value {
    kept(&of.only, |(name, path)| json!({ "symbol": name, "object_path": path }))
}

/// A number of JSON, or the word for one that it lacks.
fn real(number: f64) -> Value {
    if number.is_finite() { json!(number) } else { json!(float(number)) }
}

fn difference(of: &Difference) -> Value {
    let elements = of.elements.as_ref().map(|elements| {
        let first = elements.first.as_ref().map(|first| {
            let index: Vec<Uint> = first.index.iter().copied().map(Uint).collect();
            json!({ "index": index, "field": first.field, "a": first.a, "b": first.b })
        });
        json!({
            "count": Uint(elements.count),
            "differ": Uint(elements.differ),
            "within": Uint(elements.within),
            "nan": Uint(elements.nan),
            "max_abs": elements.max_abs.map(real),
            "max_rel": elements.max_rel.map(real),
            "first": first,
        })
    });
    json!({
        "kind": of.kind.name(),
        "object_path": of.path,
        "object_path_b": of.other,
        "a": of.a,
        "b": of.b,
        "elements": elements,
    })
}

/// How much a person is told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// The outcome alone.
    pub quiet: bool,
    /// The most lines of a kind.
    pub most: usize,
}

/// Writes the report for a person.
///
/// # Errors
/// Those of `out`.
pub fn human(out: &mut dyn Write, compared: &Compared<'_>, told: Told) -> io::Result<()> {
    let diff = compared.diff;
    if !told.quiet {
        for (letter, file) in [("a", &compared.a), ("b", &compared.b)] {
            let verdict = file.verdict.map(|verdict| format!(", {}", verdict.name())).unwrap_or_default();
            writeln!(out, "{letter}  {}  ({}{verdict})", escape(&file.path), escape(&file.format))?;
        }
        lines(out, &diff.differences, told.most, line)?;
        for (letter, of) in [("a", &diff.only_a), ("b", &diff.only_b)] {
            lines(out, &of.only, told.most, |(name, path)| format!("only {letter} names {name} (at {path})"))?;
        }
        for note in &diff.notes {
            let more = note.count.saturating_sub(1);
            let more = if more > 0 { format!(" and {} more", thousands(more)) } else { String::new() };
            writeln!(out, "note: {}: {}{more}", note.kind.message(), note.first)?;
        }
        lines(out, &diff.unknown, told.most, |one| {
            let side = one.side.map_or("a and b", super::Side::name);
            let path = if one.path.is_empty() { String::new() } else { format!("{}: ", one.path) };
            format!("not compared: {side}: {path}{}", one.why)
        })?;
    }
    writeln!(out, "{}", summary(diff))
}

/// The first lines of many, and how many more there are.
fn lines<T>(out: &mut dyn Write, all: &Kept<T>, most: usize, line: impl Fn(&T) -> String) -> io::Result<()> {
    for one in all.first().iter().take(most) {
        writeln!(out, "  {}", escape(&line(one)))?;
    }
    let more = all.count().saturating_sub(all.first().len().min(most) as u64);
    if more > 0 {
        writeln!(out, "  ... and {} more", thousands(more))?;
    }
    Ok(())
}

fn line(of: &Difference) -> String {
    let (a, b) = (of.a.as_deref().unwrap_or_default(), of.b.as_deref().unwrap_or_default());
    let other = of.other.as_ref().map(|other| format!(" (in b: {other})")).unwrap_or_default();
    let path = format!("{}{other}", of.path);
    match (of.kind, &of.elements) {
        (Kind::OnlyA, _) => format!("{path}: only in a: {a}"),
        (Kind::OnlyB, _) => format!("{path}: only in b: {b}"),
        (_, Some(elements)) => format!("{path}: {}", apart(elements)),
        _ => format!("{path}: {a} -> {b}"),
    }
}

fn apart(of: &Elements) -> String {
    let verb = if of.differ == 1 { "differs" } else { "differ" };
    let mut text = format!("{} of {} elements {verb}", thousands(of.differ), thousands(of.count));
    if let (Some(abs), Some(rel)) = (of.max_abs, of.max_rel) {
        let most = if of.differ == 1 { "by" } else { "by at most" };
        text.push_str(&format!(", {most} {} (relative {})", float(abs), float(rel)));
    }
    if of.nan > 0 {
        text.push_str(&format!(", {} of them NaN", thousands(of.nan)));
    }
    if let Some(first) = &of.first {
        let index: Vec<String> = first.index.iter().map(u64::to_string).collect();
        let field = first.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
        let word = if of.differ == 1 { "" } else { "first " };
        text.push_str(&format!("; {word}[{}]{field}: {} -> {}", index.join(", "), first.a, first.b));
    }
    text
}

/// The last line: the outcome, and what it rests on.
fn summary(diff: &Diff) -> String {
    let of = diff.compared;
    let count =
        |count: u64, one: &str, many: &str| format!("{} {}", thousands(count), if count == 1 { one } else { many });
    let rests = format!(
        "compared {}, and {} of {}",
        count(of.values, "value", "values"),
        count(of.arrays, "array", "arrays"),
        count(of.elements, "element", "elements")
    );
    let said = match diff.outcome() {
        Outcome::Equal if diff.has_note(NoteKind::NoPlace) => "equal in what both can hold".to_owned(),
        Outcome::Equal => "equal".to_owned(),
        Outcome::Different => format!("different: {}", count(diff.differences.count(), "difference", "differences")),
        Outcome::Unknown => {
            format!(
                "unknown: {}",
                count(diff.unknown.count(), "thing could not be compared", "things could not be compared")
            )
        }
    };
    format!("{said}; {rests}")
}
