//! `cargo xtask around`: random streams in the containers that joblib, numpy, pandas and torch open, opened by them with a
//! recorder for a `find_class` (`xtask/python/around.py`). Every name that a loader asks for has to stand in the report of
//! a scan of the same file, and in a clean one it has to be allowed.

use crate::oracle::generated;
use crate::subject::Report;
use crate::{Fallible, Outcome};
use depickle::audit::scan;
use depickle::finding::Verdict;
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// How often a loader opened a container, the names it asked for, and how often it got through.
#[derive(Default)]
struct Row {
    files: u64,
    names: u64,
    loaded: u64,
}

/// `cargo xtask around`.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (mut streams, mut seed, mut pythons) = (1000, 1, Vec::<PathBuf>::new());
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--streams" => streams = value.parse()?,
            "--seed" => seed = value.parse()?,
            "--python" => pythons.push(value.into()),
            _ => return Err(format!("no option {name}").into()),
        }
    }
    if pythons.is_empty() {
        return Err("name interpreters that have joblib, numpy, pandas or torch: --python PATH".into());
    }
    let (mut rows, mut wrong) = (BTreeMap::<String, Row>::new(), Vec::new());
    for python in &pythons {
        opened(python, seed, streams, &mut rows, &mut wrong)?;
    }
    println!("{:20} {:14} {:>8} {:>10} {:>8}", "loader", "container", "files", "names", "loaded");
    for (way, row) in &rows {
        let (loader, container) = way.split_once('|').unwrap_or((way, ""));
        println!("{loader:20} {container:14} {:8} {:10} {:8}", row.files, row.names, row.loaded);
    }
    println!("{} names are missing", wrong.len());
    wrong.iter().take(10).for_each(|text| println!("{text}"));
    Ok(wrong.is_empty())
}

/// Has one interpreter open all streams in all containers. One that a stream kills is started again.
fn opened(
    python: &Path,
    seed: u64,
    streams: u64,
    rows: &mut BTreeMap<String, Row>,
    wrong: &mut Vec<String>,
) -> Fallible<()> {
    let mut script = None;
    for number in 0..streams {
        let running = match script.take() {
            Some(running) => running,
            None => Script::start(python)?,
        };
        let file = generated(seed, number);
        let (answers, running) = running.ask(&file.bytes)?;
        script = running;
        for line in answers {
            let answer: Value = serde_json::from_str(&line)?;
            let text = |key: &str| answer[key].as_str().unwrap_or_default();
            let (way, names) = (format!("{}|{}", text("loader"), text("container")), answer["names"].as_array());
            let names: Vec<&str> = names.into_iter().flatten().filter_map(Value::as_str).collect();
            let row = rows.entry(way.clone()).or_default();
            row.files += 1;
            row.names += names.len() as u64;
            row.loaded += u64::from(text("failure").is_empty());
            wrong.extend(missing(&unhex(text("file"))?, &names).map(|what| format!("stream {number}, {way}: {what}")));
        }
    }
    Ok(())
}

/// The script, running.
struct Script {
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Script {
    fn start(python: &Path) -> Fallible<Self> {
        let mut child = Command::new(python)
            .arg("-E")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/around.py"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("OPENBLAS_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (requests, answers) = child.stdin.take().zip(child.stdout.take()).ok_or("the script has no pipes")?;
        Ok(Self { child, requests, answers: BufReader::new(answers).lines() })
    }

    /// Its answers to one stream, and itself unless that killed it.
    fn ask(mut self, stream: &[u8]) -> Fallible<(Vec<String>, Option<Self>)> {
        writeln!(self.requests, "{}", crate::oracle::hex(stream))?;
        let mut answers = Vec::new();
        for line in self.answers.by_ref() {
            let line = line?;
            if line.is_empty() {
                return Ok((answers, Some(self)));
            }
            answers.push(line);
        }
        // 3 is what the script ends with where a name would have been looked up.
        let status = self.child.wait()?;
        if status.code().is_some() { Err(format!("the script ends: {status}").into()) } else { Ok((answers, None)) }
    }
}

/// What a scan of a file does not say of the names that a loader asks for.
fn missing(file: &[u8], names: &[&str]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let report = scan(&Source::from_bytes("model", file), &Policy::builtin(), &Limits::default());
    let is_clean = report.verdict() == Verdict::Clean;
    let (format, report) = (report.format.clone(), Report::new(report));
    let lost = names.iter().find(|name| if is_clean { !report.allows(name) } else { !report.lists(name) })?;
    Some(format!("{lost} is not listed, format {format}: {}", crate::oracle::hex(file)))
}

fn unhex(text: &str) -> Fallible<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}
