//! `depickle arrays FILE`: every embedded array.

use super::args::{ArraysArgs, ArraysFormat};
use super::look::{self, LookAll};
use super::{Exit, limit};
use crate::array::{self, Histogram};
use crate::dtype::literal::Literal;
use crate::error::Error;
use crate::escape::{self, Uint, escape, thousands};
use crate::inspect::text::float;
use crate::inspect::{ArrayRef, Arrays, Outline, Summary, Wanted, dtype_name, stats_text, summaries};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{self, Write};

/// Runs the command.
pub(super) fn run(args: &ArraysArgs) -> Exit {
    let Some(limits) = limit::limits(&args.limit) else { return look::limits_table() };
    look::all(&args.file, &limits, |LookAll { name, mut all }| {
        let outlines: Vec<Outline<'_, '_>> = all.contents.iter_mut().map(Outline::new).collect();
        let arrays = Arrays::of_all(&outlines);
        let wanted = Wanted { hash: args.hash, stats: args.stats };
        let summaries = summaries(wanted, &outlines, &arrays, &arrays.by_offset());
        let problems = problems(&outlines, &all.problems);
        look::each(&args.file, &args.format, |output, out| {
            let broken = match output.format {
                ArraysFormat::Human => human(out, &arrays, &summaries, &problems),
                ArraysFormat::Json => write_json(out, (name, &all.format), &arrays, &summaries, &problems),
            }?;
            Ok(if broken { Exit::Incomplete } else { Exit::Success })
        })
    })
}

/// What is wrong with the file as a whole: what cannot be read may hold more arrays.
pub(super) fn problems(outlines: &[Outline<'_, '_>], members: &[(String, Error)]) -> Vec<String> {
    let in_member = |name: &str, problem: String| {
        if name.is_empty() { problem } else { format!("{}: {problem}", escape(name)) }
    };
    let mut problems = Vec::new();
    for outline in outlines {
        let refused = outline.roots().iter().filter_map(|root| {
            let error = root.error.as_ref()?;
            Some(format!("stream {}: {error}", root.stream))
        });
        let more = outline.more_streams();
        let unread = (more > 0).then(|| format!("{more} more streams were not looked at"));
        let contents = outline.contents();
        let name = if contents.is_one_of_several { contents.name.as_str() } else { "" };
        let all = contents.broken.iter().cloned().chain(refused).chain(unread);
        problems.extend(all.map(|problem| in_member(name, problem)));
    }
    problems.extend(members.iter().map(|(name, error)| in_member(name, error.to_string())));
    problems
}

/// What an array is, on one line.
pub(super) fn line(array: &ArrayRef) -> String {
    let of = &array.array;
    let class = of.class.rsplit_once('.').map_or(of.class.as_str(), |(_, short)| short);
    let dtype = of.dtype.as_ref().map_or_else(|_| "of an unknown type".to_owned(), dtype_name);
    let shape = of.shape.as_ref().map_or_else(
        || "of an unknown shape".to_owned(),
        |shape| {
            let numbers: Vec<String> = shape.iter().map(u64::to_string).collect();
            format!("({}{})", numbers.join(", "), if shape.len() == 1 { "," } else { "" })
        },
    );
    let order = match of.order.letter() {
        "C" => String::new(),
        letter => format!(" {letter} order"),
    };
    let bytes = of.nbytes().map(|bytes| format!(", {} bytes", thousands(bytes))).unwrap_or_default();
    format!("{}: {} {dtype} {shape}{order}{bytes}", array.address, escape(class))
}

fn human(
    out: &mut dyn Write,
    arrays: &Arrays<'_, '_, '_>,
    summaries: &HashMap<usize, Summary>,
    problems: &[String],
) -> io::Result<bool> {
    let mut broken = !problems.is_empty();
    for index in 0..arrays.len() {
        let Some(array) = arrays.get(index) else { continue };
        let summary = summaries.get(&index);
        writeln!(out, "{}", line(&array))?;
        if let Some(problem) = problem(&array, summary) {
            writeln!(out, "  error: {}", escape(&problem))?;
            broken = true;
        }
        let Some(summary) = summary else { continue };
        if let Some(sha256) = &summary.sha256 {
            writeln!(out, "  sha256 {sha256}")?;
        }
        if let Some(stats) = &summary.stats {
            writeln!(out, "  {}", stats_text(stats))?;
        }
        if let Some(histogram) = &summary.histogram {
            writeln!(out, "  {}", bars(histogram))?;
        }
    }
    if arrays.is_empty() {
        writeln!(out, "no arrays")?;
    }
    for problem in problems {
        writeln!(out, "error: {}", escape(problem))?;
    }
    Ok(broken)
}

fn problem(array: &ArrayRef, summary: Option<&Summary>) -> Option<String> {
    let own = array.problem.as_ref().map(ToString::to_string);
    own.or_else(|| summary?.problem.clone())
}

/// Levels of a bar, least first.
const LEVELS: [char; 8] = [' ', '.', ':', '-', '=', '+', '*', '@'];

/// One character for each part of the range: the fuller, the darker.
fn bars(histogram: &Histogram) -> String {
    let most = histogram.bins.iter().copied().max().unwrap_or(0).max(1);
    let bar = |&count: &u64| {
        let top = LEVELS.len().saturating_sub(1) as u128;
        // A part that is not empty is never shown as one.
        let level = u128::from(count).saturating_mul(top).div_ceil(u128::from(most));
        usize::try_from(level).ok().and_then(|level| LEVELS.get(level)).copied().unwrap_or(' ')
    };
    format!("[{}]", histogram.bins.iter().map(bar).collect::<String>())
}

/// numpy's `descr` as JSON: tuples are lists.
fn descr_json(literal: &Literal) -> Value {
    // As deep as a data type, which is bounded.
    match literal {
        Literal::Str(text) => Value::from(text.as_str()),
        Literal::Int(number) => Value::from(*number),
        Literal::List(items) | Literal::Tuple(items) => items.iter().map(descr_json).collect(),
        _ => Value::Null,
    }
}

fn entry(array: &ArrayRef, summary: Option<&Summary>) -> Value {
    let of = &array.array;
    let dtype = of.dtype.as_ref().ok();
    let number = |number: f64| number.is_finite().then_some(number);
    let real = |number: array::Number| match number {
        array::Number::Int(number) => {
            u64::try_from(number).map_or_else(|_| json!(number.to_string()), |number| json!(Uint(number)))
        }
        array::Number::Float(number) if number.is_finite() => json!(number),
        array::Number::Float(number) => json!(float(number)),
    };
    let stats = summary.and_then(|summary| summary.stats.as_ref()).map(|stats| {
        json!({
            "count": Uint(stats.count),
            "nan": Uint(stats.nan),
            "min": stats.range.map(|(least, _)| real(least)),
            "max": stats.range.map(|(_, greatest)| real(greatest)),
            "mean": stats.mean().and_then(number),
            "histogram": summary.and_then(|summary| summary.histogram.as_ref())
                .map(|histogram| histogram.bins.map(Uint).to_vec()),
        })
    });
    let mut entry = json!({
        "object_path": array.address.path.to_string(),
        "class": escape(&of.class),
        "descr": dtype.and_then(|dtype| array::descr(dtype).ok()).map(|descr| descr_json(&descr)),
        "dtype": dtype.map(dtype_name),
        "shape": of.shape.as_ref().map(|shape| shape.iter().copied().map(Uint).collect::<Vec<_>>()),
        "order": of.order.letter(),
        "nbytes": of.nbytes().map(Uint),
        "member": Some(&array.member).filter(|member| !member.is_empty()).map(|member| escape(member)),
        "stream": array.stream,
        "storage": array.storage.as_ref().map(|storage| escape(&storage.key)),
        "offset": array.place.map(|(offset, _)| Uint(offset)),
        "file_offset": array.file_offset.map(Uint),
        "error": problem(array, summary),
    });
    if let Some(fields) = entry.as_object_mut() {
        if let Some(sha256) = summary.and_then(|summary| summary.sha256.as_ref()) {
            fields.insert("sha256".to_owned(), json!(sha256));
        }
        if let Some(stats) = stats {
            fields.insert("stats".to_owned(), stats);
        }
    }
    entry
}

fn write_json(
    out: &mut dyn Write,
    (name, format): (&str, &str),
    arrays: &Arrays<'_, '_, '_>,
    summaries: &HashMap<usize, Summary>,
    problems: &[String],
) -> io::Result<bool> {
    out.write_all(b"{\"schema\":\"depickle.arrays/1\",\"path\":")?;
    escape::json(out, &name)?;
    out.write_all(b",\"format\":")?;
    escape::json(out, &format)?;
    out.write_all(b",\"arrays\":[")?;
    let mut broken = !problems.is_empty();
    for index in 0..arrays.len() {
        let Some(array) = arrays.get(index) else { continue };
        let summary = summaries.get(&index);
        broken |= problem(&array, summary).is_some();
        out.write_all(if index > 0 { b",\n" } else { b"\n" })?;
        escape::json(out, &entry(&array, summary))?;
    }
    out.write_all(b"\n],\"errors\":")?;
    escape::json(out, &problems)?;
    out.write_all(b"}\n")?;
    Ok(broken)
}
