//! `cargo xtask spoil`: every malicious sample with every bit turned, cut at every byte, with bytes in front and behind.
//! Those that are clean are shown to every CPython at hand, whose `find_class` is a recorder: a name that a loader asks
//! for and the report does not allow is a failure. What was found is kept in `tests/metamorphic/clean.txt`.

use crate::changes::Change;
use crate::python::{Interpreter, Reader, Request, Worker};
use crate::subject::Report;
use crate::{Fallible, Outcome};
use depickle::audit::scan;
use depickle::container::detect::{JoblibReads, PREFIX, joblib_reads};
use depickle::container::{Codec, Decoder, NpyHeader, ZFile};
use depickle::finding::Verdict;
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::policy::Policy;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The longest sample whose every change is tried.
const LONGEST: u64 = 2000;
/// Streams that an interpreter is asked for at once.
const BATCH: usize = 500;

/// A changed sample that is clean.
struct Clean {
    name: String,
    /// What is read by loaders of pickles in it: the file, what it inflates to, what stands behind a header.
    streams: Vec<Vec<u8>>,
    report: Report,
    /// What was asked for.
    names: BTreeSet<String>,
}

/// `cargo xtask spoil`.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let given: Vec<PathBuf> = arguments.iter().filter(|argument| *argument != "--python").map(Into::into).collect();
    let mut interpreters = Interpreter::find(&given);
    interpreters.retain(|interpreter| interpreter.version >= [3, 8, 0]);
    if interpreters.is_empty() {
        return Err("no interpreter found; name one with --python PATH".into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut all, files, changes) = cleaned(&root.join("samples/malicious"))?;
    println!("{changes} changes of {files} files, {} of them clean", all.len());
    let mut failures = BTreeSet::new();
    for interpreter in &interpreters {
        ask(interpreter, &mut all, &mut failures)?;
    }
    let versions: Vec<String> = interpreters.iter().map(Interpreter::name).collect();
    let versions = versions.join(", ");
    let is_text = |clean: &&Clean| clean.names.iter().any(|name| clean.report.takes_for_text(name));
    let texts = all.iter().filter(is_text).count();
    let mut text = format!(
        "# Malicious samples with one change that are clean, and what loaders ask for in them. Written by `cargo xtask spoil`:\n\
         # {changes} changes of {files} files, {} of them clean; CPython {versions}.\n\
         # {texts} are texts that begin like an import from a module that cannot be: its name holds characters that none\n\
         # does.\n",
        all.len()
    );
    for clean in &all {
        let names: Vec<&str> = clean.names.iter().map(String::as_str).collect();
        writeln!(text, "{}: {}", clean.name, names.join(" "))?;
    }
    if failures.is_empty() {
        std::fs::write(root.join("tests/metamorphic/clean.txt"), text.replace(": \n", ":\n"))?;
        println!("no loader of CPython {versions} asks for a name that is not allowed");
    }
    failures.iter().for_each(|failure| println!("{failure}"));
    Ok(failures.is_empty())
}

/// The changed samples that are clean, of how many samples and changes.
fn cleaned(directory: &Path) -> Fallible<(Vec<Clean>, usize, usize)> {
    let (mut all, mut files, mut changes) = (Vec::new(), 0, 0);
    let mut paths: Vec<PathBuf> = directory.read_dir()?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let is_sample = !path.extension().is_some_and(|it| it == "md" || it == "py");
        if !is_sample || path.metadata()?.len() > LONGEST {
            continue;
        }
        files += 1;
        let (bytes, name) =
            (std::fs::read(&path)?, path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        for change in Change::all(bytes.len()) {
            changes += 1;
            let changed = change.apply(&bytes);
            let source = Source::from_bytes("model", &changed);
            let report = scan(&source, &Policy::builtin(), &Limits::default());
            if report.verdict() == Verdict::Clean {
                let name = format!("{name} {change}");
                let streams = streams(&changed);
                all.push(Clean { name, streams, report: Report::new(report), names: BTreeSet::new() });
            }
        }
    }
    Ok((all, files, changes))
}

/// What loaders read as pickles.
fn streams(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    if let JoblibReads::Compressed(codec) = joblib_reads(bytes.get(..PREFIX).unwrap_or(bytes)) {
        all.push(inflated(codec, bytes));
    }
    if let Ok(file) = ZFile::parse(bytes) {
        all.push(inflated(Codec::Zlib, &bytes[file.data_offset..]));
    }
    if let Ok(header) = NpyHeader::parse(bytes) {
        all.push(bytes[header.data_offset..].to_vec());
    }
    all
}

fn inflated(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    let (mut decoder, mut all, mut chunk) = (Decoder::new(codec, bytes), Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = decoder.read(&mut chunk) {
        all.extend_from_slice(&chunk[..count]);
    }
    all
}

/// Has an interpreter read all that is clean.
fn ask(interpreter: &Interpreter, all: &mut [Clean], failures: &mut BTreeSet<String>) -> Fallible<()> {
    let mut worker = Worker::new(interpreter.clone());
    for batch in all.chunks_mut(BATCH) {
        let streams: Vec<&[u8]> = batch.iter().flat_map(|clean| clean.streams.iter().map(Vec::as_slice)).collect();
        let request = Request {
            streams: &streams,
            readers: &Reader::ALL,
            encoding: "latin1",
            values: false,
            inherit: false,
            hooks: false,
        };
        let mut answers = worker.ask(&request)?.into_iter();
        for clean in batch {
            for _ in 0..clean.streams.len() {
                let Some(readers) = answers.next().flatten() else {
                    failures.insert(format!("{}: kills CPython {}", clean.name, interpreter.name()));
                    continue;
                };
                for loads in &readers {
                    for line in loads.parse()?.iter().flat_map(|load| &load.lines) {
                        let Some(name) = line.strip_prefix("import ") else { continue };
                        clean.names.insert(name.escape_default().to_string().replace(' ', "\\x20"));
                        if !clean.report.allows(name) {
                            failures.insert(format!("{}: {name} is asked for, and not allowed", clean.name));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}
