//! `cargo xtask record`: runs the tiny streams of `tests/semantics/streams.txt` and writes what each reader of each
//! CPython does with them to `recorded.json` beside it.

use crate::compare::Load;
use crate::oracle::hex;
use crate::python::{Interpreter, Loads, Reader, Request, Worker};
use crate::rows::{Row, rows};
use crate::{Fallible, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Reader -> versions.
type By = BTreeMap<&'static str, Vec<String>>;

/// `cargo xtask record`.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/semantics");
    let rows = rows(&std::fs::read_to_string(directory.join("streams.txt"))?)?;
    let given: Vec<_> = arguments.iter().filter(|argument| *argument != "--python").map(Into::into).collect();
    let mut interpreters = Interpreter::find(&given);
    // Older ones are outside the table of readers.
    interpreters.retain(|interpreter| interpreter.version >= [3, 8, 0]);
    let versions: Vec<_> = interpreters.iter().map(Interpreter::name).collect();
    // For each row, what happened, and who it happened to.
    let mut results: Vec<Vec<(Value, By)>> = rows.iter().map(|_| Vec::new()).collect();
    for interpreter in &interpreters {
        let version = interpreter.name();
        let mut worker = Worker::new(interpreter.clone());
        for (row, results) in rows.iter().zip(&mut results) {
            for (reader, loads) in Reader::SMALL.iter().zip(ask(&mut worker, row)?) {
                let loads = json!(loads.parse()?.iter().map(load).collect::<Vec<_>>());
                let at = results.iter().position(|(known, _)| *known == loads).unwrap_or_else(|| {
                    results.push((loads, By::new()));
                    results.len() - 1
                });
                results[at].1.entry(reader.name()).or_default().push(version.clone());
            }
        }
    }
    let answers = pickletools(&interpreters, &rows)?;
    let mut text = format!("{{\n\"versions\": {},\n\"streams\": {{\n", json!(versions));
    for (number, ((row, results), answer)) in rows.iter().zip(results).zip(answers).enumerate() {
        let results: Vec<_> = results
            .into_iter()
            .map(|(loads, by)| {
                let by: BTreeMap<_, _> = by.into_iter().map(|(reader, by)| (reader, folded(by, &versions))).collect();
                json!({"readers": by, "loads": loads})
            })
            .collect();
        let value = json!({"stream": hex(&row.bytes), "encoding": row.encoding, "results": results,
            "pickletools": answer});
        let comma = if number + 1 < rows.len() { "," } else { "" };
        writeln!(text, "{}: {value}{comma}", json!(row.key()))?;
    }
    text += "}\n}\n";
    std::fs::write(directory.join("recorded.json"), text)?;
    println!("{} streams, CPython {}", rows.len(), versions.join(", "));
    Ok(true)
}

/// What the pickletools of the newest interpreter makes of each row.
fn pickletools(interpreters: &[Interpreter], rows: &[Row]) -> Fallible<Vec<String>> {
    let newest = interpreters.last().ok_or("no interpreter found")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/pickletools_rows.py");
    let mut process = Command::new(&newest.path).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let asked: String = rows.iter().map(|row| hex(&row.bytes) + "\n").collect();
    // Its answers are shorter than a pipe holds, and it answers line by line.
    process.stdin.take().ok_or("no standard input")?.write_all(asked.as_bytes())?;
    let answers = String::from_utf8(process.wait_with_output()?.stdout)?;
    let answers: Vec<_> = answers.lines().map(str::to_owned).collect();
    if answers.len() == rows.len() { Ok(answers) } else { Err("pickletools has not answered each row".into()) }
}

/// All versions by that word, others by name.
fn folded(by: Vec<String>, versions: &[String]) -> Value {
    if by == versions { json!("all") } else { json!(by) }
}

fn ask(worker: &mut Worker, row: &Row) -> Result<Vec<Loads>, Box<dyn std::error::Error + Send + Sync>> {
    let inherit = row.one_memo();
    let (streams, readers, encoding) = (&[row.bytes.as_slice()], &Reader::SMALL, row.encoding.as_str());
    let mut answers = worker.ask(&Request { streams, readers, encoding, values: true, inherit, hooks: true })?;
    answers.pop().flatten().ok_or_else(|| format!("{} kills CPython {}", row.key(), worker.interpreter.name()).into())
}

fn load(load: &Load) -> Value {
    let outcome = if load.loads() { ("value", &load.value) } else { ("refused", &load.failure) };
    json!({outcome.0: outcome.1, "end": load.end, "trace": load.lines})
}
